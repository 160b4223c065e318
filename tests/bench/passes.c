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
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "kube/cache.h"
#include "rollout/controller.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/passes.want"

/* Every allocation from glibc comes here first. */
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
	int others; /* other Rollouts in the namespace, each with its objects */
	bool events; /* no pass, but a change of an object of each kind that concerns one of the others */
};

static const struct situation situations[] = {
	{ "nothing to do", "{}", .writes = false },
	{ "nothing to do, for the first time", "{}", .first = true },
	{ "an abort", "{\"abort\":true}", .writes = true },
	{ "a promotion", "{\"pauseConditions\":null,\"controllerPause\":true}", .writes = true },
	{ "nothing to do, among 10,000", "{}", .others = 10000 },
	{ "events of each kind, of one", "{}", .others = 1, .events = true },
	{ "events of each kind, among 10,000", "{}", .others = 10000, .events = true },
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

/* Puts a Rollout with all that it may refer to. Its spec is larger than a valid one: it refers to objects of every
 * kind. */
static void
put_other(struct cache *cache, int i)
{
	static const struct type *const types[] = { &replicaset_type, &analysis_run_type, &service_type,
		&virtual_service_type, &destination_rule_type, &analysis_template_type };
	_cleanup_(freep) char *name = mem_printf("other-%d", i);
	_cleanup_(json_decrefp) json_t *rollout = json_pack("{s:{s:s,s:s,s:s,s:s},s:{s:{s:s,s:s},s:{s:{s:s}},s:{s:{s:s,"
							    "s:{s:[{s:s}]},s:{s:{s:{s:s},s:{s:s,s:s,s:s}}}}}}}",
	    "metadata", "name", name, "namespace", "default", "uid", name, "resourceVersion", "1", "spec",
	    "workloadRef", "kind", "Deployment", "name", name, "selector", "matchLabels", "app", name, "strategy",
	    "canary", "canaryService", name, "analysis", "templates", "templateName", name, "trafficRouting", "istio",
	    "virtualService", "name", name, "destinationRule", "name", name, "canarySubsetName", "c",
	    "stableSubsetName", "s");

	cache_put(cache, &rollout_type, rollout, NULL);
	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		_cleanup_(json_decrefp) json_t *j = json_pack("{s:{s:s,s:s,s:s,s:s,s:[{s:s,s:s,s:s,s:b}]}}", "metadata",
		    "name", name, "namespace", "default", "uid", name, "resourceVersion", "1", "ownerReferences",
		    "kind", "Rollout", "name", name, "uid", name, "controller", 1);

		cache_put(cache, types[k], j, NULL);
	}
}

/* The objects whose changes are the events: named like the last of the others, without an owner. */
static size_t
make_events(struct arena *a, int others, const struct object *ret[6])
{
	static const struct type *const types[] = { &replicaset_type, &service_type, &deployment_type,
		&virtual_service_type, &destination_rule_type, &analysis_template_type };
	const char *name = arena_printf(a, "other-%d", others - 1);
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:{s:s,s:s,s:{s:s}}}", "metadata", "name", name, "namespace", "default", "labels", "app", name);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		ret[i] = object_decode(types[i], j, a);
	return ARRAY_SIZE(types);
}

static void
count_key(const char *ns, const char *name, void *arg)
{
	(void)ns;
	(void)name;
	++*(size_t *)arg;
}

/* valgrind counts this function, whose name is on its command line. Without a plan it maps the events, and returns
 * the number of keys that they concern. */
size_t bench_pass(const struct pass *, struct plan *, const struct object *const *, size_t);

__attribute__((noinline)) size_t
bench_pass(const struct pass *p, struct plan *plan, const struct object *const *events, size_t n_events)
{
	struct controller_watch w;
	size_t n = 0;

	if (plan != NULL)
		rollout_controller.pass(p, plan);
	for (size_t i = 0; i < n_events; i++)
		for (size_t k = 0; controller_watch_at(&rollout_controller, k, &w); k++)
			if (w.type == events[i]->type && w.map != NULL)
				w.map(p->view, events[i], count_key, &n);
	return n;
}

/* A cache of what the store holds, with this in the Rollout's status. */
static struct cache *
load(struct cluster *c, const char *text, int others)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type,
		&analysis_template_type, &virtual_service_type, &destination_rule_type };
	_cleanup_(json_decrefp) json_t *status = json_pack("{s:o}", "status", json_loads(text, 0, NULL));
	struct filling f = { .cache = cache_new(ignore, NULL), .status = status };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		f.type = types[i];
		store_each(c->store, types[i]->plural, fill, &f);
	}
	for (int i = 0; i < others; i++)
		put_other(f.cache, i);
	return f.cache;
}

/* Indexes are made when they are used first. */
static void
make_indexes(const struct pass *p, struct arena *a, const struct object *const *events, size_t n_events)
{
	struct controller_watch w;
	size_t n = 0;

	rollout_controller.pass(p, plan_new(a));
	for (size_t i = 0; i < n_events; i++)
		for (size_t k = 0; controller_watch_at(&rollout_controller, k, &w); k++)
			if (w.type == events[i]->type && w.map != NULL)
				w.map(p->view, events[i], count_key, &n);
}

/* One pass over what the store holds, after one that noted what it found. */
static bool
measure(struct cluster *c, const struct situation *s, size_t *ret_bytes, unsigned long *ret_allocations)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *before = arena_new();
	struct cache *was = load(c, "{}", 0), *is = load(c, s->status, s->others);
	struct plan *noted = plan_new(before), *plan = plan_new(a);
	const struct object *events[6];
	size_t chunks, n_events = s->events ? make_events(before, s->others, events) : 0, n_keys;
	struct seen seen = { 0 };
	struct pass p = { .view = cache_view(was),
		.namespace = "default",
		.name = "myapp",
		.now = loop_wall(c->loop),
		.seen = &seen };
	bool ok;

	rollout_controller.pass(&p, noted);
	p.view = cache_view(is);
	make_indexes(&p, before, events, n_events);
	if (!s->first)
		seen = (struct seen){ .notes = noted->notes, .n_notes = noted->n_notes };
	chunks = arena_chunks(a);
	allocations = 0;
	n_keys = bench_pass(&p, s->events ? NULL : plan, events, n_events);
	*ret_allocations = allocations - (arena_chunks(a) - chunks);
	*ret_bytes = arena_used(a);
	ok = plan_is_quiet(plan) != s->writes && n_keys == n_events;
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
