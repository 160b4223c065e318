/* tests/simulation/gitops_test.c: Applications against the store in virtual time: the controller killed at every
 * moment of a sync, every request failing or losing its response, and the cost of a comparison without changes.
 *
 * The repository is in memory, and the work of `sluice gitops-worker` is done in this process, over the same
 * transport as everything else.
 */
#include <stdio.h>
#include <string.h>
#include "gitops/argocd/application.h"
#include "tests/simulation/gitops_world.h"

/* Random lives of each of the two; the requests that have a fault: every one, or some; and objects of a
 * large Application. The sanitizers make all of it several times slower, and the other build plays the rest. */
#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 15
#define REQUEST_STRIDE 7
#define OBJECTS_MAX 2000
#else
#define SEEDS 200
#define REQUEST_STRIDE 1
#define OBJECTS_MAX 10000
#endif
#define SOAK_SEEDS 2000
#define STORED_MAX (1500u << 10) /* bytes of an object that etcd takes (--max-request-bytes) */

static const char *
status(struct process *p, const char *pointer)
{
	return json_string_value(json_at(store_get(p->cluster->store, "applications", "argocd", "web"), pointer)) ?: "";
}

static void
make_application(struct process *p)
{
	make_namespaces(p->cluster->store);
	syncers[0].make(p->cluster->store);
}

static const char in_waves[] =
    "{apiVersion: batch/v1, kind: Job, metadata: {name: before, annotations: {argocd.argoproj.io/hook: PreSync}},"
    " spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n"
    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: first}, data: {a: b}}\n"
    "---\n{apiVersion: v1, kind: Service, metadata: {name: second, annotations: {argocd.argoproj.io/sync-wave: '1'}}, "
    "spec: {ports: [{port: 80}]}}\n"
    "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: after, annotations: {argocd.argoproj.io/hook: PostSync}},"
    " spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n";

struct made {
	unsigned before, after;
};

static void
count_jobs(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct made *m = arg;
	const char *name = json_str(json_object_get(object, "metadata"), "name");

	(void)old;
	if (strcmp(r->plural, "jobs") != 0 || strcmp(type, "ADDED") != 0)
		return;
	m->before += str_eq(name, "before");
	m->after += str_eq(name, "after");
}

/* One life of a sync with that fault. NULL: it went well; else what did not. *ret_requests: how many requests it
 * took. */
static const char *
live(unsigned at, int how, unsigned *ret_requests)
{
	static char why[512];
	struct cluster *c = cluster_new(1);
	struct memory m = { 0 };
	struct process p = {
		.cluster = c, .memory = &m, .controllers = syncers[0].controllers, .at = at == 0 ? ~0u : at, .how = how
	};
	struct made made = { 0 };
	bool well;

	memory_commit(&m, in_waves);
	store_on_write(c->store, count_jobs, &made);
	process_start(&p);
	make_application(&p);
	for (int i = 0; i < (at == 0 ? 15 : 60) && strcmp(status(&p, "/status/operationState/phase"), "Succeeded") != 0;
	     i++)
		process_run(&p, 1000);
	process_run(&p, 5000);
	well = strcmp(status(&p, "/status/operationState/phase"), "Succeeded") == 0 &&
	       strcmp(status(&p, "/status/sync/status"), "Synced") == 0 &&
	       store_get(c->store, "configmaps", "shop", "first") != NULL &&
	       store_get(c->store, "services", "shop", "second") != NULL &&
	       json_object_get(store_get(c->store, "applications", "argocd", "web"), "operation") == NULL &&
	       made.before == 1 && made.after == 1;
	snprintf(why, sizeof(why), "%s, %s; hooks made: before %u, after %u: %s",
	    status(&p, "/status/operationState/phase"), status(&p, "/status/sync/status"), made.before, made.after,
	    status(&p, "/status/operationState/message"));
	*ret_requests = p.requests;
	process_stop(&p);
	cluster_free(c);
	return well ? NULL : why;
}

static bool
every_request(unsigned stride)
{
	unsigned n = 0, ignored, played = 1;
	const char *why = live(0, REQUEST_FAULT_FAILS, &n);

	if (why != NULL) {
		printf("not ok a sync: %s\n", why);
		return false;
	}
	for (int how = 0; how < REQUEST_FAULT_NONE; how++)
		for (unsigned at = 1 + (unsigned)how % stride; at <= n; at += stride, played++)
			if ((why = live(at, how, &ignored)) != NULL) {
				printf("not ok a sync whose request %u of %u %s: %s\n", at, n, request_fault_names[how],
				    why);
				return false;
			}
	printf("ok a sync ends well, and its hooks run once, when one of its %u requests fails, loses its response, or "
	       "is its process' last (%u lives)\n",
	    n, played);
	return true;
}

static bool
a_comparison_without_changes(int many)
{
	struct cluster *c = cluster_new(1);
	struct memory m = { 0 };
	struct process p = { .cluster = c, .memory = &m, .controllers = syncers[0].controllers };
	unsigned long requests, writes, requests_then, writes_then;
	struct str text;
	char *stored;
	bool ok;

	str_init(&text, 4u << 20);
	for (int i = 0; i < many; i++)
		str_addf(&text, "---\n{apiVersion: v1, kind: %s, metadata: {name: object-%d}, %s}\n",
		    i % 2 ? "ConfigMap" : "Service", i, i % 2 ? "data: {a: b}" : "spec: {ports: [{port: 80}]}");
	memory_commit(&m, str_text(&text));
	process_start(&p);
	make_application(&p);
	process_run(&p, 60000);
	ok = strcmp(status(&p, "/status/sync/status"), "Synced") == 0 &&
	     strcmp(status(&p, "/status/operationState/phase"), "Succeeded") == 0;
	store_counts(c->store, &requests, &writes);
	runner_touch(p.runner, application_controller.name, "argocd", "web");
	process_run(&p, 10000);
	store_counts(c->store, &requests_then, &writes_then);
	/* Three settings; Rollouts, whose part would be left to them; ConfigMaps; Services. */
	ok &= requests_then - requests == 6 && writes_then == writes;
	printf("%s a comparison of %d objects of two kinds, nothing changed: %lu requests, %lu writes\n",
	    ok ? "ok" : "not ok", many, requests_then - requests, writes_then - writes);
	stored = json_dumps(store_get(c->store, "applications", "argocd", "web"), JSON_COMPACT);
	if (strlen(stored) > STORED_MAX) {
		printf("not ok an application of %d objects: it has %zu bytes, which is more than etcd takes\n", many,
		    strlen(stored));
		ok = false;
	}
	free(stored);
	process_stop(&p);
	cluster_free(c);
	str_done(&text);
	return ok;
}

static bool
lives_run(unsigned stride)
{
	return gitops_lives(stride == 1 ? 1 : REQUEST_STRIDE);
}

static bool
found_run(unsigned stride)
{
	(void)stride;
	return gitops_found();
}

static bool
seeds_of(unsigned stride)
{
	return gitops_seeds(1, stride == 1 ? SOAK_SEEDS : SEEDS, NULL, false);
}

static bool
requests_run(unsigned stride)
{
	return every_request(stride == 1 ? 1 : REQUEST_STRIDE);
}

static bool
quiet_run(unsigned stride)
{
	bool ok = a_comparison_without_changes(1000);

	return a_comparison_without_changes(stride == 1 ? 10000 : OBJECTS_MAX) && ok;
}

bool
gitops_run(unsigned stride, const char *part)
{
	static const struct {
		const char *name;
		bool (*run)(unsigned stride);
	} parts[] = { { "requests", requests_run }, { "lives", lives_run }, { "found", found_run },
		{ "aborts", gitops_aborts }, { "traffic", gitops_traffic }, { "seeds", seeds_of },
		{ "quiet", quiet_run } };
	bool ok = true, any = false;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (part == NULL || strcmp(part, parts[i].name) == 0) {
			any = true;
			ok &= parts[i].run(stride);
		}
	if (!any)
		printf("not ok --gitops has the parts requests, lives, found, aborts, traffic, seeds and quiet\n");
	return ok && any;
}
