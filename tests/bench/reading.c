/* tests/bench/reading.c: the cost of a watch event, from its text to the cache: allocations and instructions.
 *
 * Kept in reading.want. Allocations are exact; instructions (counted by valgrind, which runs this program again with
 * `--count NAME`) may differ by a tenth. The objects have managedFields as an API server writes them, which nothing
 * reads: half of an event's text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "io/log.h"
#include "kube/api/replicaset.h"
#include "kube/cache.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/reading.want"

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

static const struct situation {
	const char *name;
	const struct type *type;
	enum { CACHED_NONE, CACHED_SAME, CACHED_OLDER } cached; /* which version the cache has */
} situations[] = {
	{ "a Rollout", &rollout_type, CACHED_NONE },
	{ "a ReplicaSet", &replicaset_type, CACHED_NONE },
	{ "a Rollout of a known version", &rollout_type, CACHED_SAME },
	{ "a Rollout of a known generation", &rollout_type, CACHED_OLDER },
	{ "a ReplicaSet of a known generation", &replicaset_type, CACHED_OLDER },
};

static const char managed_fields[] =
    "[{\"manager\":\"kubectl-client-side-apply\",\"operation\":\"Update\",\"apiVersion\":\"argoproj.io/v1alpha1\","
    "\"time\":\"2026-11-23T16:48:07Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:annotations\":{"
    "\".\":{},\"f:kubectl.kubernetes.io/last-applied-configuration\":{}},\"f:labels\":{\".\":{},\"f:app\":{}}},"
    "\"f:spec\":{\".\":{},\"f:replicas\":{},\"f:revisionHistoryLimit\":{},\"f:selector\":{},\"f:strategy\":{\".\":{},"
    "\"f:canary\":{\".\":{},\"f:canaryService\":{},\"f:stableService\":{},\"f:steps\":{},\"f:trafficRouting\":{}}},"
    "\"f:template\":{\".\":{},\"f:metadata\":{\".\":{},\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:spec\":{\".\":{},"
    "\"f:containers\":{\"k:{\\\"name\\\":\\\"app\\\"}\":{\".\":{},\"f:image\":{},\"f:imagePullPolicy\":{},\"f:name\":{}"
    ","
    "\"f:ports\":{\".\":{},\"k:{\\\"containerPort\\\":8080,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
    "\"f:containerPort\":{},\"f:protocol\":{}}},\"f:resources\":{\".\":{},\"f:limits\":{\".\":{},\"f:cpu\":{},"
    "\"f:memory\":{}},\"f:requests\":{\".\":{},\"f:cpu\":{},\"f:memory\":{}}},\"f:terminationMessagePath\":{},"
    "\"f:terminationMessagePolicy\":{}}},\"f:dnsPolicy\":{},\"f:restartPolicy\":{},\"f:schedulerName\":{},"
    "\"f:securityContext\":{},\"f:terminationGracePeriodSeconds\":{}}}}}},{\"manager\":\"sluice\",\"operation\":"
    "\"Update\",\"apiVersion\":\"argoproj.io/v1alpha1\",\"time\":\"2026-11-23T16:48:09Z\",\"fieldsType\":\"FieldsV1\","
    "\"fieldsV1\":{\"f:status\":{\".\":{},\"f:HPAReplicas\":{},\"f:availableReplicas\":{},\"f:conditions\":{},"
    "\"f:currentPodHash\":{},\"f:currentStepHash\":{},\"f:currentStepIndex\":{},\"f:observedGeneration\":{},"
    "\"f:phase\":{},\"f:readyReplicas\":{},\"f:replicas\":{},\"f:selector\":{},\"f:stableRS\":{},"
    "\"f:updatedReplicas\":{}}},\"subresource\":\"status\"}]";

/* valgrind counts this function, whose name is on its command line. */
bool bench_event(struct cache *, const struct type *, const char *text, size_t len);

__attribute__((noinline)) bool
bench_event(struct cache *c, const struct type *t, const char *text, size_t len)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct item_text item;
	const char *type;
	bool put = item_event(a, text, len, false, &type, &item) && cache_put_item(c, t, &item);

	item_done(&item);
	return put;
}

static void
keep_first(const json_t *j, void *arg)
{
	json_t **ret = arg;

	if (*ret == NULL)
		*ret = json_deep_copy(j);
}

static void
ignore(const struct object *o, bool deleted, void *arg)
{
	(void)o;
	(void)deleted;
	(void)arg;
}

struct filling {
	struct cache *cache;
	const struct type *type;
};

static void
fill(const json_t *j, void *arg)
{
	const struct filling *f = arg;

	cache_put(f->cache, f->type, j, NULL);
}

/* The event of an object, as an API server writes it. In the arena. */
static const char *
event_of(struct arena *a, struct cluster *c, const struct situation *s)
{
	json_t *object = NULL, *meta;
	const char *text;

	store_each(c->store, s->type->plural, keep_first, &object);
	meta = json_object_get(object, "metadata");
	json_object_set_new(meta, "managedFields", json_loads(managed_fields, 0, NULL));
	if (s->cached == CACHED_OLDER)
		json_object_set_new(meta, "resourceVersion", json_string("999"));
	text = arena_printf(a, "{\"type\":\"MODIFIED\",\"object\":%s}", json_text_go(a, object));
	json_decref(object);
	return text;
}

static bool
measure(struct cluster *c, const struct situation *s, size_t *ret_bytes, unsigned long *ret_allocations)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = event_of(a, c, s);
	struct cache *cache = cache_new(ignore, NULL);
	bool ok = true;

	if (s->cached != CACHED_NONE)
		store_each(c->store, s->type->plural, fill, &(struct filling){ cache, s->type });
	allocations = 0;
	ok &= bench_event(cache, s->type, text, strlen(text));
	*ret_allocations = allocations;
	*ret_bytes = strlen(text);
	cache_free(cache);
	return ok;
}

static bool
is_as_wanted(const char *want, const struct situation *s, size_t bytes, unsigned long n, int64_t count)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *line = strstr(want, arena_printf(a, "%s: %zu bytes, %lu allocations, ", s->name, bytes, n)), *at;

	if (line == NULL || (at = strstr(line, "allocations, ")) == NULL)
		return false;
	return bench_is_near(count, strtoll(at + strlen("allocations, "), NULL, 10));
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
		count = bench_instructions(argv[0], "bench_event", s->name);
		if (is_as_wanted(want, s, bytes, n, count))
			continue;
		all = false;
		printf("%s: %zu bytes, %lu allocations, %" PRId64 " instructions\n", s->name, bytes, n, count);
	}
	if (argc <= 2)
		printf("%s costs of a watch event\n", ok && all ? "ok" : "not ok");
	cluster_free(c);
	return !ok || !all;
}
