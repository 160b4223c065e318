/* tests/simulation/gitops_aborts.c: a commit whose update a rollout aborted is not applied to it again, even if a
 * user reverts by hand and Git and the cluster differ. It is not held any more when a user retries and the update
 * succeeds. The next commit is applied, even while the rollout is still aborted. All of this under every fault. */
#include <stdio.h>
#include <string.h>
#include "kube/api/application.h"
#include "tests/simulation/gitops_world.h"

#define PATIENCE_MS 60000
#define QUIET_MS 400000 /* longer than any interval */
#define ROLLOUT "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shop"

/* A hook and an object that only the third has come before its rollout. */
#define OF_VERSION(version)                                                                                            \
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: shop, annotations: "                       \
	"{argocd.argoproj.io/sync-wave: '1'}}, spec: {replicas: 2, selector: {matchLabels: {app: shop}}, template: "   \
	"{metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: 'shop:" version "'}]}}, strategy: " \
	"{canary: {steps: [{setWeight: 50}, {pause: {}}]}}}}\n"

static const char first[] = OF_VERSION("v1");
static const char second[] = OF_VERSION("v2");
static const char third[] =
    OF_VERSION("v3") "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new}, data: {a: b}}\n";

struct life {
	const struct syncer *syncer;
	struct process process;
	struct memory memory;
	bool aborted; /* the second version may not come any more */
	char why[512];
};

static const char *
held(const struct life *l)
{
	return json_string_value(json_object_get(
	    json_at(syncer_object(l->syncer, l->process.cluster->store), "/metadata/annotations"), ANNOTATION_HELD));
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct life *l = arg;

	(void)type;
	if (l->aborted && strcmp(r->plural, "rollouts") == 0 && strcmp(rollout_image(object), "shop:v2") == 0 &&
	    strcmp(rollout_image(old), "shop:v2") != 0)
		snprintf(l->why, sizeof(l->why), "the version that was aborted is applied again");
}

static void
wait_for(struct life *l, const char *image, const char *phase)
{
	if (l->why[0] == '\0' && !process_wait(&l->process, image, phase, PATIENCE_MS))
		snprintf(l->why, sizeof(l->why), "the rollout is not %s with %s; held: %s", phase, image,
		    held(l) != NULL ? held(l) : "nothing");
}

static void
begin(struct life *l)
{
	struct store *s = l->process.cluster->store;

	memory_commit(&l->memory, first);
	memory_commit(&l->memory, second);
	memory_commit(&l->memory, third);
	store_on_write(s, on_write, l);
	make_namespaces(s);
	process_start(&l->process);
	l->syncer->make(s);
	wait_for(l, "shop:v1", "Healthy");
	syncer_move(l->syncer, &l->process, 1);
	wait_for(l, "shop:v2", "Paused");
	/* The commit is recorded as applied before it turns out to be bad. */
	process_run(&l->process, 20000);
}

static void
abort_by_hand(struct life *l)
{
	store_do(l->process.cluster->store, "PATCH", "application/merge-patch+json", ROLLOUT "/status",
	    json_pack("{s:{s:b}}", "status", "abort", 1));
	for (int64_t ms = 0; ms < PATIENCE_MS && held(l) == NULL; ms += 10)
		process_run(&l->process, 10);
	if (held(l) == NULL)
		snprintf(l->why, sizeof(l->why), "the commit is not held");
	l->aborted = true;
}

static void
go_back_by_hand(struct life *l)
{
	store_do(l->process.cluster->store, "PATCH", "application/json-patch+json", ROLLOUT,
	    json_pack("[{s:s, s:s, s:s}]", "op", "replace", "path", "/spec/template/spec/containers/0/image", "value",
		"shop:v1"));
	wait_for(l, "shop:v1", "Healthy");
	process_run(&l->process, QUIET_MS);
}

static void
try_again(struct life *l)
{
	struct store *s = l->process.cluster->store;

	store_do(s, "PATCH", "application/merge-patch+json", ROLLOUT "/status",
	    json_pack("{s:{s:b}}", "status", "abort", 0));
	wait_for(l, "shop:v2", "Paused");
	store_do(s, "PATCH", "application/merge-patch+json", ROLLOUT "/status",
	    json_pack("{s:{s:n}}", "status", "pauseConditions"));
	wait_for(l, "shop:v2", "Healthy");
	for (int64_t ms = 0; ms < PATIENCE_MS && held(l) != NULL; ms += 10)
		process_run(&l->process, 10);
	if (l->why[0] == '\0' && held(l) != NULL)
		snprintf(l->why, sizeof(l->why), "it is healthy, and held: %s", held(l));
}

/* The reaction of users: none, undo, or retry. */
enum remedy { NOTHING, UNDO, RETRY, REMEDIES };

static const char *const remedies[REMEDIES] = { "", ", and gone back from by hand", ", and tried again by hand" };

/* Returns false after a failure, whose reason was printed. */
static bool
live(const struct syncer *syncer, bool known, enum remedy by_hand, unsigned at, enum request_fault how,
    unsigned *ret_requests)
{
	const struct controller *rows[ARRAY_SIZE(syncer->controllers) + 1] = { NULL };
	struct life l = { .syncer = syncer };
	size_t n = 0;

	for (; syncer->controllers[n] != NULL; n++)
		rows[n] = syncer->controllers[n];
	rows[n] = known ? &rollouts_known : NULL;
	l.process = (struct process){ .cluster = cluster_new(1), .memory = &l.memory, .controllers = rows, .how = how };
	begin(&l);
	l.process.at = at;
	abort_by_hand(&l);
	if (by_hand == UNDO)
		go_back_by_hand(&l);
	if (by_hand == RETRY)
		try_again(&l);
	syncer_move(syncer, &l.process, 2);
	wait_for(&l, "shop:v3", "Paused");
	process_run(&l.process, 2000);
	if (held(&l) != NULL && l.why[0] == '\0')
		snprintf(l.why, sizeof(l.why), "held: %s", held(&l));
	*ret_requests = l.process.requests;
	process_stop(&l.process);
	cluster_free(l.process.cluster);
	if (l.why[0] != '\0')
		printf("not ok a commit of one %s that is aborted%s%s, when request %u %s: %s\n", syncer->name,
		    remedies[by_hand], known ? "" : ", rollouts being decided elsewhere", at, request_fault_names[how],
		    l.why);
	return l.why[0] == '\0';
}

/* With every fault, at every stride-th request. */
static bool
lives(const struct syncer *syncer, bool known, enum remedy by_hand, unsigned stride)
{
	unsigned n, ignored, played = 1;

	if (!live(syncer, known, by_hand, UINT32_MAX, REQUEST_FAULT_FAILS, &n))
		return false;
	for (int how = 0; how < REQUEST_FAULT_NONE; how++)
		for (unsigned at = 1 + (unsigned)how % stride; at <= n; at += stride, played++)
			if (!live(syncer, known, by_hand, at, (enum request_fault)how, &ignored))
				return false;
	printf("ok a commit of one %s that is aborted%s%s, is held, and the next one is not, when one of %u "
	       "requests fails, loses its response, or is its process' last (%u lives)\n",
	    syncer->name, remedies[by_hand], known ? "" : ", rollouts being decided elsewhere", n, played);
	return true;
}

bool
gitops_aborts(unsigned stride)
{
	bool ok = true;

	for (size_t i = 0; i < SYNCERS; i++)
		for (int by_hand = 0; by_hand < REMEDIES; by_hand++)
			for (int known = 0; known < 2; known++)
				ok &= lives(&syncers[i], known, (enum remedy)by_hand, stride);
	return ok;
}
