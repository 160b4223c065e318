/* tests/bench/passes.c: the cost of a pass, from the cache to the plan: bytes, allocations and instructions.
 *
 * Kept in passes.want. Bytes, and allocations outside the arena of the plan, are exact; instructions (counted by
 * valgrind, which runs this program again with `--count NAME`) may differ by a tenth, as they do between builds of a
 * library. All memory of a pass is freed at its end: between passes the controller allocates nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "io/log.h"
#include "kube/api/analysis.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "kube/cache.h"
#include "rollout/controller.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/passes.want"

/* Everything that asks glibc for memory comes here first. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static unsigned long allocations;

void *
malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *
realloc(void *at, size_t n)
{
	allocations++;
	return __libc_realloc(at, n);
}

/* A paused canary with an analysis behind it, and what is new about it. */
struct situation {
	const char *name;
	const char *status; /* merged into the Rollout's */
	bool writes;
	bool first; /* in this process: nothing is noted yet */
};

static const struct situation situations[] = {
	{ "nothing to do", "{}", false, false },
	{ "nothing to do, for the first time", "{}", false, true },
	{ "an abort", "{\"abort\":true}", true, false },
	{ "a promotion", "{\"pauseConditions\":null,\"controllerPause\":true}", true, false },
};

struct filling {
	struct cache *cache;
	const struct type *type;
	const json_t *status;
};

static void
fill(const json_t *j, void *arg)
{
	_cleanup_(json_decrefp) json_t *copy = json_deep_copy(j);
	struct filling *f = arg;

	if (f->type == &rollout_type)
		copy = merge_patch_apply(copy, f->status);
	cache_put(f->cache, f->type, copy, NULL);
}

static void
ignore(const struct object *o, bool deleted, void *arg)
{
	(void)o;
	(void)deleted;
	(void)arg;
}

/* valgrind counts this function, whose name is on its command line. */
void bench_pass(const struct pass *, struct plan *);

__attribute__((noinline)) void
bench_pass(const struct pass *p, struct plan *plan)
{
	rollout_controller.pass(p, plan);
}

/* A cache of what the store holds, with this in the Rollout's status. */
static struct cache *
load(struct cluster *c, const char *text)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type,
		&analysis_template_type, &virtual_service_type, &destination_rule_type };
	_cleanup_(json_decrefp) json_t *status = json_pack("{s:o}", "status", json_loads(text, 0, NULL));
	struct filling f = { .cache = cache_new(ignore, NULL), .status = status };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		f.type = types[i];
		store_each(c->store, types[i]->plural, fill, &f);
	}
	return f.cache;
}

/* One pass over what the store holds, after one that noted what it found. */
static bool
measure(struct cluster *c, const struct situation *s, size_t *ret_bytes, unsigned long *ret_allocations)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *before = arena_new();
	struct cache *was = load(c, "{}"), *is = load(c, s->status);
	struct plan *noted = plan_new(before), *plan = plan_new(a);
	struct seen seen = { 0 };
	size_t chunks;
	struct pass p = { .view = cache_view(was),
		.namespace = "default",
		.name = "myapp",
		.now = loop_wall(c->loop),
		.seen = &seen };
	bool ok;

	rollout_controller.pass(&p, noted);
	p.view = cache_view(is);
	rollout_controller.pass(&p, plan_new(before)); /* the indexes that it uses are made */
	if (!s->first)
		seen = (struct seen){ .notes = noted->notes, .n_notes = noted->n_notes };
	chunks = arena_chunks(a);
	allocations = 0;
	bench_pass(&p, plan);
	*ret_allocations = allocations - (arena_chunks(a) - chunks);
	*ret_bytes = arena_used(a);
	ok = plan_is_quiet(plan) != s->writes;
	cache_free(was);
	cache_free(is);
	return ok;
}

/* The same but for instructions. */
static bool
is_as_wanted(const char *want, const struct situation *s, size_t bytes, unsigned long n, int64_t count)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *line = strstr(want, arena_printf(a, "%s: %zu bytes, %lu other allocations, ", s->name, bytes, n)),
		   *at;

	if (line == NULL || (at = strstr(line, "other allocations, ")) == NULL)
		return false;
	return bench_is_near(count, strtoll(at + strlen("other allocations, "), NULL, 10));
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cluster *c = cluster_new(1);
	const char *want;
	bool ok, all = true;

	log_setup(LOG_LEVEL_ERROR, false);
	ok = bench_pause_canary(c);
	want = bench_want(a, WANT);
	for (size_t i = 0; i < ARRAY_SIZE(situations); i++) {
		const struct situation *s = &situations[i];
		unsigned long n;
		size_t bytes;
		int64_t count;

		if (argc > 2 && strcmp(argv[2], s->name) != 0)
			continue;
		ok &= measure(c, s, &bytes, &n);
		if (argc > 2)
			continue;
		count = bench_instructions(argv[0], "bench_pass", s->name);
		if (is_as_wanted(want, s, bytes, n, count))
			continue;
		all = false;
		printf("%s: %zu bytes, %lu other allocations, %" PRId64 " instructions\n", s->name, bytes, n, count);
	}
	if (argc <= 2)
		printf("%s costs of a pass\n", ok && all ? "ok" : "not ok");
	cluster_free(c);
	return !ok || !all;
}
