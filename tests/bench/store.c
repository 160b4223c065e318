/* tests/bench/store.c: the cost of an operation of the laptop cluster, which must not grow with the number of its
 * objects.
 *
 * The instructions of each operation are kept in store.want, once: they must be the same with ten times as many
 * ReplicaSets and Pods. Each namespace has ten ReplicaSets.
 */
#include <stdio.h>
#include "io/log.h"
#include "sim/pods.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/store.want"
#define FEW 60
#define MANY 600
#define IN_NAMESPACE 10
#define READY_MS 300
#define WATCHES 3
#define RUN_MS 1000

struct bench {
	struct loop *loop;
	struct store *store;
	struct pods *pods;
	struct store_watch *watches[WATCHES];
	size_t lines; /* of watches */
	int64_t now;
};

static json_t *
replicaset(const char *name)
{
	return json_pack("{s:s,s:s,s:{s:s},s:{s:i,s:{s:{s:s}},s:{s:{s:{s:s}},s:{s:[{s:s,s:s}]}}}}", "apiVersion",
	    "apps/v1", "kind", "ReplicaSet", "metadata", "name", name, "spec", "replicas", 1, "selector", "matchLabels",
	    "app", name, "template", "metadata", "labels", "app", name, "spec", "containers", "name", "app", "image",
	    "registry/app:v1");
}

static void
bench_on_line(void *arg, const char *line, size_t len)
{
	(void)line;
	((struct bench *)arg)->lines += len > 0;
}

static void
bench_on_ended(void *arg)
{
	(void)arg;
}

static struct store_watch *
bench_watch(struct bench *b, const char *path)
{
	json_t *refusal = NULL;
	int status;

	return store_watch_start(b->store, &(struct store_request){ .method = "GET", .path = path }, bench_on_line,
	    bench_on_ended, b, &status, &refusal);
}

static void
bench_run(struct bench *b)
{
	b->now += RUN_MS;
	loop_virtual_run_until(b->loop, b->now);
}

static void
bench_do(struct bench *b, const char *method, const char *path, const char *body)
{
	json_t *response = NULL;

	store_handle(b->store,
	    &(struct store_request){ .method = method,
		.path = path,
		.content_type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json",
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0 },
	    &response);
	json_decref(response);
}

#define REPLICASETS "/apis/apps/v1/namespaces/ns5/replicasets"

static void
write_status(struct bench *b)
{
	bench_do(b, "PATCH", REPLICASETS "/app3/status", "{\"status\":{\"fullyLabeledReplicas\":7}}");
}

static void
list_namespace(struct bench *b)
{
	bench_do(b, "GET", "/api/v1/namespaces/ns5/pods", NULL);
}

static void
list_page(struct bench *b)
{
	bench_do(b, "GET", "/api/v1/pods?limit=10&continue=pods_ns4~app9-z", NULL);
}

/* The ReplicaSet controller compares, creates a Pod, and the Pod becomes ready. */
static void
scale_up(struct bench *b)
{
	bench_do(b, "PATCH", REPLICASETS "/app3", "{\"spec\":{\"replicas\":2}}");
	bench_run(b);
}

/* Its Pod goes too. */
static void
delete_one(struct bench *b)
{
	bench_do(b, "DELETE", REPLICASETS "/app3", NULL);
	bench_run(b);
}

/* From ten versions ago. */
static void
resume_watch(struct bench *b)
{
	_cleanup_(freep) char *path =
	    mem_printf("/api/v1/pods?watch=1&resourceVersion=%lld", store_version(b->store) - 10);

	store_watch_stop(bench_watch(b, path));
}

static const struct operation {
	const char *name;
	void (*run)(struct bench *);
} operations[] = {
	{ "write a status, with three watches", write_status },
	{ "list the Pods of a namespace", list_namespace },
	{ "list a page of ten Pods", list_page },
	{ "scale a ReplicaSet from one Pod to two", scale_up },
	{ "delete a ReplicaSet with its Pod", delete_one },
	{ "resume a watch", resume_watch },
};

/* valgrind counts this function, whose name is on its command line. */
void bench_operation(const struct operation *, struct bench *);

__attribute__((noinline)) void
bench_operation(const struct operation *o, struct bench *b)
{
	o->run(b);
}

/* The i-th ReplicaSet and its Pod, which is ready. */
static void
bench_create(struct bench *b, size_t i)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *ns = arena_printf(a, "ns%zu", i / IN_NAMESPACE),
		   *name = arena_printf(a, "app%zu", i % IN_NAMESPACE);
	const json_t *rs;

	if (i % IN_NAMESPACE == 0)
		store_do(b->store, "POST", "application/json", "/api/v1/namespaces",
		    json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", ns));
	store_do(b->store, "POST", "application/json", arena_printf(a, "/apis/apps/v1/namespaces/%s/replicasets", ns),
	    replicaset(name));
	rs = store_get(b->store, "replicasets", ns, name);
	store_do(b->store, "POST", "application/json", arena_printf(a, "/api/v1/namespaces/%s/pods", ns),
	    json_pack("{s:s,s:s,s:{s:s,s:[{s:s,s:s,s:s,s:s}]},s:{s:[{s:s,s:s}]},s:{s:s,s:[{s:s,s:s,s:s}]}}",
		"apiVersion", "v1", "kind", "Pod", "metadata", "name", arena_printf(a, "%s-x", name), "ownerReferences",
		"apiVersion", "apps/v1", "kind", "ReplicaSet", "name", name, "uid",
		json_str(json_object_get(rs, "metadata"), "uid"), "spec", "containers", "name", "app", "image",
		"registry/app:v1", "status", "phase", "Running", "conditions", "type", "Ready", "status", "True",
		"lastTransitionTime", "1970-01-01T00:00:00Z"));
}

/* A cluster with n ReplicaSets, whose sixth namespace was used last. */
static void
bench_fill(struct bench *b, size_t n)
{
	b->loop = loop_virtual_new(0);
	b->store = store_new(b->loop);
	for (size_t i = 0; i < n; i++)
		bench_create(b, i);
	b->pods = pods_new(b->loop, b->store, &(struct pods_settings){ .ready_ms = READY_MS, .node = "laptop" });
	for (size_t i = 0; i < WATCHES; i++) {
		_cleanup_(freep) char *path =
		    mem_printf("/apis/apps/v1/replicasets?watch=1&resourceVersion=%lld", store_version(b->store));

		b->watches[i] = bench_watch(b, path);
	}
	for (size_t i = 0; i < IN_NAMESPACE; i++) {
		_cleanup_(freep) char *path = mem_printf(REPLICASETS "/app%zu/status", i);

		bench_do(b, "PATCH", path, "{\"status\":{\"fullyLabeledReplicas\":5}}");
	}
	bench_run(b);
	list_namespace(b);
}

static void
bench_done(struct bench *b)
{
	for (size_t i = 0; i < WATCHES; i++)
		store_watch_stop(b->watches[i]);
	pods_free(b->pods);
	store_free(b->store);
	loop_free(b->loop);
}

/* `--count "N NAME"`: runs one operation. */
static int
count_one(const char *what)
{
	char *name;
	size_t n = strtoul(what, &name, 10);
	struct bench b = { 0 };
	bool found = false;

	bench_fill(&b, n);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].name, name + 1) == 0) {
			bench_operation(&operations[i], &b);
			found = true;
		}
	bench_done(&b);
	return !found;
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *want = bench_want(a, WANT);
	bool all = true;

	log_setup(LOG_LEVEL_ERROR, false);
	if (argc > 2)
		return count_one(argv[2]);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		const char *what = arena_printf(a, "%s: ", operations[i].name), *line = strstr(want, what);

		for (int n = FEW; n <= MANY; n += MANY - FEW) {
			int64_t count = bench_instructions(
			    argv[0], "bench_operation", arena_printf(a, "%d %s", n, operations[i].name));

			if (line != NULL && bench_is_near(count, strtoll(line + strlen(what), NULL, 10)))
				continue;
			all = false;
			printf("%s%" PRId64 " instructions, with %d ReplicaSets\n", what, count, n);
		}
	}
	printf("%s costs of the laptop cluster's operations\n", all ? "ok" : "not ok");
	return !all;
}
