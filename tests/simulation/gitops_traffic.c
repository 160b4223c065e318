/* tests/simulation/gitops_traffic.c: a commit starts a canary, and at each of its steps a user changes the
 * VirtualService by hand, which is synced with Git again. The weights must never change by that, under every fault.
 * With the ownership of rollouts switched off they do change. */
#include <stdio.h>
#include <string.h>
#include "tests/simulation/gitops_world.h"

#define APART_MS 15000 /* a change is set right by then */
#define MEET_MS 40 /* at least as long as a comparison and its sync */
#define PATIENCE_MS 120000 /* the second healing waits longer than the first */
#define ROLLOUT "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shop"
#define MESH "/apis/networking.istio.io/v1beta1/namespaces/shop/virtualservices/shop"

#define OF_VERSION(version, timeout)                                                                                   \
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: shop}, spec: {replicas: 2, selector: "     \
	"{matchLabels: {app: shop}}, template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, "    \
	"image: 'shop:" version "'}]}}, strategy: {canary: {trafficRouting: {istio: {virtualService: {name: shop}, "   \
	"destinationRule: {name: shop, canarySubsetName: canary, stableSubsetName: stable}}}, steps: [{setWeight: "    \
	"25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}}}}\n"                                                        \
	"---\n{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: shop}, spec: {hosts: "  \
	"[shop], http: [{timeout: " timeout ", route: [{destination: {host: shop, subset: stable}, weight: 100}, "     \
	"{destination: {host: shop, subset: canary}, weight: 0}]}]}}\n"                                                \
	"---\n{apiVersion: networking.istio.io/v1beta1, kind: DestinationRule, metadata: {name: shop}, spec: {host: "  \
	"shop, subsets: [{name: canary, labels: {app: shop}}, {name: stable, labels: {app: shop}}]}}\n"

static const char first[] = OF_VERSION("v1", "5s");
static const char second[] = OF_VERSION("v2", "7s");

struct life {
	const struct syncer *syncer;
	struct process process;
	struct memory memory;
	char why[512];
};

static int
canary_weight(const json_t *mesh)
{
	return (int)json_integer_value(json_at(mesh, "/spec/http/0/route/1/weight"));
}

static const char *
hash(const json_t *rule, const char *pointer)
{
	return json_string_value(json_at(rule, pointer));
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	static const char *const hashes[] = { "/spec/subsets/0/labels/rollouts-pod-template-hash",
		"/spec/subsets/1/labels/rollouts-pod-template-hash" };
	struct life *l = arg;
	int was, is;

	if (strcmp(type, "MODIFIED") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(hashes) && strcmp(r->plural, "destinationrules") == 0; i++)
		if (hash(old, hashes[i]) != NULL && hash(object, hashes[i]) == NULL)
			snprintf(l->why, sizeof(l->why), "the pod template hash of subset %zu is gone", i);
	if (strcmp(r->plural, "virtualservices") != 0)
		return;
	was = canary_weight(old);
	is = canary_weight(object);
	/* A canary that is promoted only gets more, until it is the stable version. */
	if (is < was && !(was == 100 && is == 0))
		snprintf(l->why, sizeof(l->why), "the canary's weight goes from %d to %d", was, is);
}

static void
wait_for(struct life *l, const char *image, const char *phase, const char *timeout, int weight)
{
	const json_t *mesh = NULL;

	if (l->why[0] != '\0')
		return;
	if (!process_wait(&l->process, image, phase, PATIENCE_MS)) {
		snprintf(l->why, sizeof(l->why), "the rollout is not %s with %s", phase, image);
		return;
	}
	for (int64_t ms = 0; ms < PATIENCE_MS && l->why[0] == '\0'; ms += 10) {
		mesh = store_get(l->process.cluster->store, "virtualservices", "shop", "shop");
		if (canary_weight(mesh) == weight &&
		    str_eq(json_string_value(json_at(mesh, "/spec/http/0/timeout")), timeout))
			return;
		process_run(&l->process, 10);
	}
	if (l->why[0] == '\0')
		snprintf(
		    l->why, sizeof(l->why), "at weight %d the VirtualService does not have Git's time-out", weight);
}

/* A user changes an object that Git has, and requests a sync. */
static void
drift(struct life *l, const char *request)
{
	struct store *s = l->process.cluster->store;

	store_do(s, "PATCH", "application/json-patch+json", MESH,
	    json_pack("[{s:s, s:s, s:s}]", "op", "replace", "path", "/spec/http/0/timeout", "value", "1s"));
	store_do(s, "PATCH", "application/merge-patch+json", l->syncer->path,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", l->syncer->patch, request));
}

static void
promote(struct life *l)
{
	store_do(l->process.cluster->store, "PATCH", "application/merge-patch+json", ROLLOUT "/status",
	    json_pack("{s:{s:n}}", "status", "pauseConditions"));
}

/* `moments` is how many ms after a change by hand the canary is promoted: the two meet. NULL: it went well; else why
 * not. Static. */
static const char *
live(const struct syncer *syncer, const char *option, int64_t moments, unsigned at, enum request_fault how,
    unsigned *ret_requests)
{
	static char why[512];
	struct life l = { .syncer = syncer };

	l.process = (struct process){
		.cluster = cluster_new(1), .memory = &l.memory, .controllers = syncer->controllers, .how = how
	};
	memory_commit(&l.memory, first);
	memory_commit(&l.memory, second);
	make_namespaces(l.process.cluster->store);
	process_start(&l.process);
	syncer->make(l.process.cluster->store);
	if (option != NULL)
		store_do(l.process.cluster->store, "PATCH", "application/merge-patch+json", syncer->path,
		    json_pack("{s:{s:{s:[s]}}}", "spec", "syncPolicy", "syncOptions", option));
	wait_for(&l, "shop:v1", "Healthy", "5s", 0);
	store_on_write(l.process.cluster->store, on_write, &l);
	l.process.at = at;
	syncer_move(syncer, &l.process, 1);
	wait_for(&l, "shop:v2", "Paused", "7s", 25);
	drift(&l, "first");
	process_run(&l.process, moments);
	promote(&l);
	wait_for(&l, "shop:v2", "Paused", "7s", 50);
	drift(&l, "second");
	process_run(&l.process, moments);
	promote(&l);
	wait_for(&l, "shop:v2", "Healthy", "7s", 0);
	*ret_requests = l.process.requests;
	process_stop(&l.process);
	cluster_free(l.process.cluster);
	memcpy(why, l.why, sizeof(why));
	return why[0] != '\0' ? why : NULL;
}

static bool
lives(const struct syncer *syncer, unsigned stride)
{
	unsigned n, ignored, played = 1;
	const char *why = live(syncer, NULL, APART_MS, UINT32_MAX, REQUEST_FAULT_FAILS, &n);

	if (why != NULL) {
		printf("not ok the canary of one %s: %s\n", syncer->name, why);
		return false;
	}
	for (int how = 0; how < REQUEST_FAULT_NONE; how++)
		for (unsigned at = 1 + (unsigned)how % stride; at <= n; at += stride, played++)
			if ((why = live(syncer, NULL, APART_MS, at, (enum request_fault)how, &ignored)) != NULL) {
				printf("not ok the canary of one %s, when request %u %s: %s\n", syncer->name, at,
				    request_fault_names[how], why);
				return false;
			}
	for (int64_t moments = 0; moments < MEET_MS; moments++, played++)
		if ((why = live(syncer, NULL, moments, UINT32_MAX, REQUEST_FAULT_FAILS, &ignored)) != NULL) {
			printf("not ok the canary of one %s, promoted %d ms after a change by hand: %s\n", syncer->name,
			    (int)moments, why);
			return false;
		}
	printf("ok what Git sets right in the canary of one %s changes no weight, when one of %u requests fails, loses "
	       "its "
	       "response, or is its process' last (%u lives)\n",
	    syncer->name, n, played);
	return true;
}

bool
gitops_traffic(unsigned stride)
{
	unsigned ignored;
	bool ok = true;

	for (size_t i = 0; i < SYNCERS; i++)
		ok &= lives(&syncers[i], stride);
	if (live(&syncers[0], "RespectRollouts=false", APART_MS, UINT32_MAX, REQUEST_FAULT_FAILS, &ignored) == NULL) {
		printf("not ok with RespectRollouts=false no weight is changed either: this could not fail\n");
		return false;
	}
	return ok;
}
