/* tests/bench/memory.c: bytes of decoded objects, and passes of an idle Rollout.
 *
 * Kept in memory.want. A cached object is its arena: the bytes allocated from it are counted. The pod template is
 * counted separately, because its length is the user's.
 */
#include <stdio.h>
#include <string.h>
#include "base/pool.h"
#include "io/log.h"
#include "kube/api/analysis.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/memory.want"

struct counting {
	struct arena *arena;
	const char *text;
	const struct type *type;
	bool done;
};

/* The first object of a kind, once. */
static void
measure(const json_t *j, void *arg)
{
	struct counting *c = arg;
	struct arena *a = arena_new();
	const struct object *o = object_decode(c->type, j, a);
	const char *template = c->type == &rollout_type	     ? ((const struct rollout *)o)->spec.template
			       : c->type == &replicaset_type ? ((const struct replicaset *)o)->spec.template
							     : NULL;
	size_t template_bytes = template != NULL ? strlen(template) + 1 : 0;

	if (!c->done)
		c->text =
		    arena_printf(c->arena, "%s%6zu bytes of a %s, beyond %zu of its template; %zu as JSON\n", c->text,
			arena_used(a) - template_bytes, c->type->kind, template_bytes, strlen(json_text(c->arena, j)));
	c->done = true;
	arena_free(a);
}

#define PIECES 10000
#define PIECE 600

/* The slabs of a pool: full, with the first tenth of its pieces, and empty. */
static const char *
measure_pool(struct arena *a)
{
	_cleanup_(freep) void **pieces = mem_alloc(PIECES * sizeof(*pieces));
	struct pool *p = pool_new();
	size_t full, tenth, none;

	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = pool_take(p, PIECE);
	full = pool_size(p);
	for (size_t i = PIECES / 10; i < PIECES; i++)
		pool_give(p, pieces[i], PIECE);
	tenth = pool_size(p);
	for (size_t i = 0; i < PIECES / 10; i++)
		pool_give(p, pieces[i], PIECE);
	none = pool_size(p);
	pool_free(p);
	return arena_printf(a, "%6zu KiB of %d pieces of %d bytes; %zu KiB of a tenth of them; %zu KiB of none\n",
	    full / 1024, PIECES, PIECE, tenth / 1024, none / 1024);
}

int
main(void)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cluster *c = cluster_new(1);
	struct counting counting = { .arena = a, .text = "" };
	unsigned long plans;
	bool ok;

	log_setup(LOG_LEVEL_ERROR, false);
	ok = bench_pause_canary(c);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		counting.type = types[i];
		counting.done = false;
		store_each(c->store, types[i]->plural, measure, &counting);
	}
	/* A Rollout that waits for a promotion causes no pass. */
	plans = c->plans;
	cluster_run(c, 3600000);
	counting.text = arena_printf(a, "%s%6lu plans in an hour of a pause\n", counting.text, c->plans - plans);
	counting.text = arena_printf(a, "%s%s", counting.text, measure_pool(a));
	ok &= strcmp(counting.text, bench_want(a, WANT)) == 0;
	printf("%s%s bytes of cached objects\n", ok ? "" : counting.text, ok ? "ok" : "not ok");
	cluster_free(c);
	return !ok;
}
