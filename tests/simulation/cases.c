/* tests/simulation/cases.c: one rule a case, played against the store in virtual time with the judge looking on.
 *
 * The last of them play a whole life again and again: with its n-th request failing, with the answer to its n-th request
 * lost, and with the controller killed after its n-th write, for every n.
 */
#include <stdio.h>
#include <string.h>
#include "tests/simulation/judge.h"

#define ROLLOUT_OTHER "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/other"
#define ISTIO "tests/data/traces/istio.yaml"
#define ANALYSIS "tests/data/traces/analysis.yaml"
#define SEVERAL "tests/simulation/several.yaml"

/* What went wrong in the case that runs. */
static char complaint[600];

static bool
expect(struct cluster *c, bool holds, const char *what)
{
	if (!holds && complaint[0] == '\0')
		snprintf(complaint, sizeof(complaint), "not so at %.3f s: %s", (double)loop_mono(c->loop) / 1000, what);
	if (!holds)
		cluster_note(c, "NOT SO: %s", what);
	return holds;
}

static const char *
status_of(struct cluster *c, const char *field)
{
	return json_str(json_object_get(cluster_rollout(c), "status"), field) ?: "";
}

static bool
says(struct cluster *c, const char *text)
{
	return strstr(status_of(c, "message"), text) != NULL;
}

static bool
start(struct cluster *c, const char *manifests)
{
	cluster_apply(c, manifests);
	return expect(c, cluster_wait(c, "Healthy", 4, 60000), "v1 becomes healthy");
}

static bool
to_the_pause(struct cluster *c, const char *image)
{
	cluster_set_image(c, image);
	cluster_run(c, 100);
	return expect(c, cluster_wait(c, "Paused", 1, 60000), "the update comes to its pause");
}

static const char *
condition(struct cluster *c, const char *type, const char *field)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_at(cluster_rollout(c), "/status/conditions"), i, one)
		if (str_eq(json_str(one, "type"), type))
			return json_str(one, field) ?: "";
	return "";
}

static size_t
lines_with(struct cluster *c, const char *text)
{
	size_t n = 0;

	for (const char *s = str_text(&c->story); (s = strstr(s, text)) != NULL; s += strlen(text))
		n++;
	return n;
}

/* A fault: the API server answers `status` to requests of this method whose path has this text. */
struct refusal {
	const char *method, *path;
	int status;
};

static void
refuse(struct cluster *c, const struct request *r, struct fault *f)
{
	const struct refusal *what = c->fault_arg;

	if (str_eq(r->method, what->method) && strstr(r->url, what->path) != NULL)
		f->status = what->status;
}

/* --- writes that are refused --------------------------------------------------------------------------------------- */

/* v1 is healthy, and v2 was deployed twenty seconds ago, while these writes are refused. */
static bool
deploy_while_refused(struct cluster *c, struct refusal *what)
{
	if (!start(c, ISTIO))
		return false;
	c->fault = refuse;
	c->fault_arg = what;
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 20000);
	return true;
}

static void
refused_weight_is_told_and_survived(struct cluster *c)
{
	struct refusal no = { "PATCH", "/virtualservices/", 403 };

	if (!deploy_while_refused(c, &no))
		return;
	expect(c, str_eq(status_of(c, "phase"), "Progressing"), "it is Progressing while the weight cannot be written");
	expect(c, says(c, "VirtualService myapp-vs cannot be written: "), "the status says which write is refused");
	expect(c, lines_with(c, "event TrafficRoutingError") == 1, "one warning says it");
	expect(c, cluster_weight(c) == 0, "the weight stands");
	c->fault = NULL;
	expect(c, cluster_wait(c, "Paused", 1, 30000), "it goes on once it may");
	expect(c, str_eq(status_of(c, "message"), "CanaryPauseStep"), "and forgets the refusal");
}

/* The API server answers a JSON patch whose result it does not accept as it answers one whose tests fail. */
static void
an_unacceptable_weight_is_no_conflict(struct cluster *c)
{
	struct refusal no = { "PATCH", "/virtualservices/", 422 };

	if (!deploy_while_refused(c, &no))
		return;
	expect(c, says(c, "VirtualService myapp-vs cannot be written: "), "the status says which write is refused");
	expect(c, lines_with(c, "event TrafficRoutingError") == 1, "one warning says it");
	c->fault = NULL;
	expect(c, cluster_wait(c, "Paused", 1, 30000), "it goes on once it is accepted");
}

static void
refused_replicaset_is_told_and_survived(struct cluster *c)
{
	struct refusal no = { "POST", "/replicasets", 422 };

	if (!deploy_while_refused(c, &no))
		return;
	expect(c, str_eq(status_of(c, "phase"), "Degraded"), "it is Degraded without its ReplicaSet");
	expect(c, says(c, "ReplicaSetCreateError: "), "the status says why");
	expect(c, lines_with(c, "event ReplicaSetCreateError") == 1, "one warning says it");
	c->fault = NULL;
	expect(c, cluster_wait(c, "Paused", 1, 30000), "it goes on once it may");
	expect(c,
	    condition(c, "Progressing", "reason")[0] != '\0' &&
		!str_eq(condition(c, "Progressing", "reason"), "ReplicaSetCreateError"),
	    "and forgets the refusal");
}

/* --- names that are taken ------------------------------------------------------------------------------------------ */

static void
make_replicaset(struct cluster *c, const char *name, const char *app, const char *image, const char *hash)
{
	json_t *labels = json_pack("{s:s,s:s}", "app", app, "rollouts-pod-template-hash", hash);

	store_do(c->store, "POST", "application/json", "/apis/apps/v1/namespaces/default/replicasets",
	    json_pack("{s:s,s:s,s:{s:s,s:O},s:{s:i,s:{s:O},s:{s:{s:O},s:{s:[{s:s,s:s,s:[{s:i,s:s}],s:{}}]}}}}",
		"apiVersion", "apps/v1", "kind", "ReplicaSet", "metadata", "name", name, "labels", labels, "spec",
		"replicas", 4, "selector", "matchLabels", labels, "template", "metadata", "labels", labels, "spec",
		"containers", "name", app, "image", image, "ports", "containerPort", 8080, "protocol", "TCP",
		"resources"));
	json_decref(labels);
}

static void
a_strangers_replicaset_is_left_alone(struct cluster *c)
{
	const json_t *strange;

	make_replicaset(c, "myapp-697df5b887", "other", "other:v1", "697df5b887");
	cluster_run(c, 3000);
	if (!start(c, ISTIO))
		return;
	strange = store_get(c->store, "replicasets", "default", "myapp-697df5b887");
	expect(c, json_int(json_object_get(cluster_rollout(c), "status"), "collisionCount", 0) == 1,
	    "the collision is counted once");
	expect(c, !str_eq(status_of(c, "currentPodHash"), "697df5b887"), "the hash is another");
	expect(c, json_int(json_object_get(strange, "spec"), "replicas", 0) == 4, "the stranger keeps its pods");
	expect(c, json_at(strange, "/metadata/ownerReferences") == NULL, "and has no owner");
}

static void
an_orphaned_replicaset_is_adopted(struct cluster *c)
{
	const json_t *rs;

	make_replicaset(c, "myapp-697df5b887", "myapp", "myregistry/myapp:v1", "697df5b887");
	cluster_run(c, 3000);
	if (!start(c, ISTIO))
		return;
	rs = store_get(c->store, "replicasets", "default", "myapp-697df5b887");
	expect(c, str_eq(json_string_value(json_at(rs, "/metadata/ownerReferences/0/name")), "myapp"),
	    "the rollout owns it");
	expect(c, json_at(cluster_rollout(c), "/status/collisionCount") == NULL, "there was no collision");
	expect(c, lines_with(c, "ADDED ReplicaSet") == 1, "no other ReplicaSet was made");
	expect(c, lines_with(c, "wants 0") == 0, "no pod was taken away");
}

/* The answer to the create is lost, and so is the watch's word of it for a while. */
static void
lose_create(struct cluster *c, const struct request *r, struct fault *f)
{
	bool *done = c->fault_arg;

	if (r->stream && strstr(r->url, "replicasets") != NULL)
		f->lag_ms = 3000;
	if (!*done && str_eq(r->method, "POST") && strstr(r->url, "/replicasets") != NULL)
		f->lost = *done = true;
}

static void
a_lost_answer_makes_no_second_revision(struct cluster *c)
{
	bool done = false;

	c->fault = lose_create;
	c->fault_arg = &done;
	if (!start(c, ISTIO))
		return;
	expect(c, done, "an answer was lost");
	expect(c, lines_with(c, "ADDED ReplicaSet") == 1, "there is one ReplicaSet");
	expect(c, json_at(cluster_rollout(c), "/status/collisionCount") == NULL, "its name was no collision");
}

static void
a_destination_rule_of_another_rollout_is_left_alone(struct cluster *c)
{
	const char *dr = "/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules/myapp-dr";
	const char *manager = "argo-rollouts.argoproj.io/managed-by-rollouts";

	store_do(c->store, "POST", "application/json", "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts",
	    json_pack("{s:s,s:s,s:{s:s},s:{}}", "apiVersion", "argoproj.io/v1alpha1", "kind", "Rollout", "metadata",
		"name", "other", "spec"));
	cluster_apply(c, ISTIO);
	store_do(c->store, "PATCH", "application/merge-patch+json", dr,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", manager, "other"));
	cluster_run(c, 5000);
	expect(c, says(c, "it is managed by rollout \"other\""), "the status says whose it is");
	store_do(c->store, "DELETE", NULL, ROLLOUT_OTHER, NULL);
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "revisionHistoryLimit", 3));
	expect(c, cluster_wait(c, "Healthy", 4, 30000), "once that is gone it is taken");
	cluster_run(c, 1000);
	expect(c,
	    str_eq(json_str(
		       json_at(store_get(c->store, "destinationrules", "default", "myapp-dr"), "/metadata/annotations"),
		       manager),
		"myapp"),
	    "and carries our name");
}

/* --- giving up ----------------------------------------------------------------------------------------------------- */

static void
slow_events(struct cluster *c, const struct request *r, struct fault *f)
{
	(void)c;
	if (str_eq(r->method, "POST") && strstr(r->url, "/events") != NULL)
		f->before_ms = 25000;
}

static void
an_abort_does_not_wait_for_events(struct cluster *c)
{
	if (!start(c, ISTIO) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	c->fault = slow_events;
	cluster_set_image(c, "myregistry/myapp:v3");
	cluster_run(c, 4000);
	expect(c, cluster_weight(c) == 25, "v3 has its weight");
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 1));
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 0, "an abort takes the weight away within 100 ms");
}

/* Waits for the run of the present revision to fail; the weight must be back 100 ms later. */
static void
a_failed_analysis_returns_traffic_within_100_ms(struct cluster *c)
{
	cluster_apply(c, ANALYSIS);
	c->metric = 0.01;
	if (!expect(c, cluster_wait(c, "Healthy", 4, 60000), "v1 becomes healthy"))
		return;
	cluster_set_image(c, "myregistry/myapp:v2");
	if (!expect(c, cluster_wait(c, "Paused", 1, 60000), "the update comes to its pause"))
		return;
	c->metric = 0.4;
	for (int i = 0; i < 30000 && lines_with(c, "AnalysisRun myapp-5d8d759cf8-2 Failed") == 0; i++)
		cluster_run(c, 1);
	expect(c, lines_with(c, "AnalysisRun myapp-5d8d759cf8-2 Failed") == 1, "the analysis fails");
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 0, "the weight is 0 within 100 ms of the verdict");
	expect(c, cluster_wait(c, "Degraded", -1, 1000), "the rollout says so");
}

static void
an_invalid_spec_does_not_hide_a_failed_analysis(struct cluster *c)
{
	c->metric = 0.01;
	if (!start(c, ANALYSIS) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	store_do(c->store, "DELETE", NULL, "/apis/argoproj.io/v1alpha1/namespaces/default/analysistemplates/error-rate",
	    NULL);
	cluster_run(c, 100);
	expect(c, says(c, "InvalidSpec"), "the missing template is told");
	expect(c, cluster_weight(c) == 25, "the weight stands");
	c->metric = 0.4;
	cluster_run(c, 20000);
	expect(c, cluster_weight(c) == 0, "the failed analysis takes the weight away");
	expect(
	    c, str_eq(condition(c, "Progressing", "reason"), "RolloutAborted"), "a condition says that it was aborted");
}

static void
an_invalid_spec_does_not_hide_a_persons_abort(struct cluster *c)
{
	if (!start(c, ISTIO) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "progressDeadlineSeconds", 0));
	cluster_run(c, 100);
	expect(c, says(c, "progressDeadlineSeconds"), "what is wrong is told");
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 1));
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 0, "the abort takes the weight away");
}

/* --- scaling ------------------------------------------------------------------------------------------------------- */

static int
stable_weight_without_pods(struct cluster *c)
{
	const json_t *dr = store_get(c->store, "destinationrules", "default", "myapp-dr");
	const char *hash = json_str(json_at(dr, "/spec/subsets/1/labels"), "rollouts-pod-template-hash");
	_cleanup_(freep) char *name = mem_printf("myapp-%s", hash != NULL ? hash : "");
	const json_t *rs = store_get(c->store, "replicasets", "default", name);

	return json_int(json_object_get(rs, "status"), "availableReplicas", 0) == 0;
}

static void
a_rollout_of_no_replicas_goes_through(struct cluster *c)
{
	if (!start(c, ISTIO))
		return;
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "replicas", 0));
	cluster_run(c, 3000);
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 100);
	if (!expect(c, cluster_wait(c, "Paused", 1, 10000), "it comes to its pause"))
		return;
	cluster_promote(c);
	cluster_run(c, 100);
	expect(c, cluster_wait(c, "Healthy", 4, 20000), "and to its end");
	expect(c, str_eq(status_of(c, "stableRS"), "5d8d759cf8"), "v2 is the stable version");
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "replicas", 3));
	cluster_run(c, 1600);
	expect(c, !stable_weight_without_pods(c), "scaled up, the first pods have the traffic");
	expect(c, cluster_wait(c, "Healthy", 4, 20000), "and all is well");
}

static void
scaling_in_the_middle_keeps_both_sides_whole(struct cluster *c)
{
	if (!start(c, ISTIO) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "replicas", 12));
	cluster_run(c, 5000);
	expect(c,
	    json_integer_value(json_at(
		store_get(c->store, "replicasets", "default", "myapp-5d8d759cf8"), "/status/availableReplicas")) == 3,
	    "the canary has its quarter");
	expect(c,
	    json_integer_value(json_at(
		store_get(c->store, "replicasets", "default", "myapp-697df5b887"), "/status/availableReplicas")) == 12,
	    "the stable version all");
	expect(c, cluster_weight(c) == 25, "the weight stands");
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "replicas", 4));
	cluster_run(c, 5000);
	expect(c,
	    json_integer_value(
		json_at(store_get(c->store, "replicasets", "default", "myapp-5d8d759cf8"), "/spec/replicas")) == 1,
	    "scaled down, the canary too");
}

/* What the ReplicaSet of the rollout's present version wants, or that of the stable one. */
static int
wanted_by(struct cluster *c, const char *hash_field)
{
	_cleanup_(freep) char *name = mem_printf("%s-%s", c->name, status_of(c, hash_field));

	return (int)json_int(
	    json_object_get(store_get(c->store, "replicasets", "default", name), "spec"), "replicas", -1);
}

static void
a_scale_step_brings_pods_without_traffic(struct cluster *c)
{
	if (!start(c, ISTIO))
		return;
	cluster_patch(c, false,
	    json_pack("{s:{s:{s:{s:[{s:{s:i}},{s:{}},{s:i},{s:{}}]}}}}", "spec", "strategy", "canary", "steps",
		"setCanaryScale", "replicas", 3, "pause", "setWeight", 25, "pause"));
	if (!to_the_pause(c, "myregistry/myapp:v2"))
		return;
	expect(c, wanted_by(c, "currentPodHash") == 3, "the new version has the pods that the step asks for");
	expect(c, cluster_weight(c) == 0, "and no traffic");
	cluster_promote(c);
	expect(c, cluster_wait(c, "Paused", 3, 60000), "it goes on to the weight");
	expect(c, cluster_weight(c) == 25, "which is there");
	expect(c, wanted_by(c, "currentPodHash") == 3, "with the pods that were asked for");
	cluster_promote(c);
	expect(c, cluster_wait(c, "Healthy", 4, 60000), "and to its end");
	expect(c, wanted_by(c, "stableRS") == 4, "with all pods");
}

static void
without_a_router_a_failed_analysis_takes_the_pods_away(struct cluster *c)
{
	cluster_apply(c, ANALYSIS);
	store_do(c->store, "DELETE", NULL,
	    "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices/myapp-vs", NULL);
	cluster_patch(c, false,
	    json_pack("{s:{s:{s:{s:n,s:n,s:n}}}}", "spec", "strategy", "canary", "trafficRouting",
		"scaleDownDelaySeconds", "abortScaleDownDelaySeconds"));
	if (!expect(c, cluster_wait(c, "Healthy", 4, 60000), "v1 becomes healthy"))
		return;
	if (!to_the_pause(c, "myregistry/myapp:v2"))
		return;
	c->metric = 0.4;
	expect(c, wanted_by(c, "currentPodHash") == 1 && wanted_by(c, "stableRS") == 3, "a quarter of the pods is new");
	expect(c, cluster_wait(c, "Degraded", 0, 60000), "the analysis fails and aborts it");
	cluster_run(c, 10000);
	expect(
	    c, wanted_by(c, "currentPodHash") == 0 && wanted_by(c, "stableRS") == 4, "all pods are the old version's");
}

static int
second_weight(struct cluster *c)
{
	const json_t *vs = store_get(c->store, "virtualservices", "edge", "myapp-edge");

	return (int)json_integer_value(json_at(vs, "/spec/tls/0/route/1/weight"));
}

static void
several_virtual_services_step_together(struct cluster *c)
{
	if (!start(c, SEVERAL) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	expect(c, cluster_weight(c) == 25 && second_weight(c) == 25, "both have the step's weight at its end");
	cluster_promote(c);
	cluster_run(c, 100);
	expect(c, cluster_wait(c, "Healthy", 4, 60000), "it goes to its end");
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 0 && second_weight(c) == 0, "and both are back");
}

static void
a_refused_virtual_service_does_not_keep_the_others_traffic(struct cluster *c)
{
	struct refusal no = { "PATCH", "/virtualservices/myapp-vs", 403 };

	if (!start(c, SEVERAL) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	c->fault = refuse;
	c->fault_arg = &no;
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 1));
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 25 && second_weight(c) == 0, "what can be written is");
	c->fault = NULL;
	cluster_run(c, 60000);
	expect(c, cluster_weight(c) == 0, "and the rest once it may");
}

static void
a_lost_virtual_service_does_not_keep_the_others_traffic(struct cluster *c)
{
	if (!start(c, SEVERAL) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	store_do(c->store, "DELETE", NULL,
	    "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices/myapp-vs", NULL);
	cluster_run(c, 1000);
	expect(
	    c, says(c, "virtualservices.networking.istio.io \"myapp-vs\" not found"), "the status says what is lost");
	expect(c, second_weight(c) == 25, "the other one stands");
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 1));
	cluster_run(c, 100);
	expect(c, second_weight(c) == 0, "until a person aborts");
}

/* --- analysis as a step -------------------------------------------------------------------------------------------- */

/* v1 healthy; then steps: a weight, an analysis that takes some ten seconds, another weight. */
static bool
start_with_analysis_step(struct cluster *c)
{
	if (!start(c, ANALYSIS))
		return false;
	cluster_patch(c, false,
	    json_pack("{s:{s:{s:{s:n,s:[{s:i},{s:{s:[{s:s}],s:[{s:s,s:s}]}},{s:i},{s:{s:s}}]}}}}", "spec", "strategy",
		"canary", "analysis", "steps", "setWeight", 25, "analysis", "templates", "templateName", "error-rate",
		"args", "name", "service-name", "value", "myapp", "setWeight", 50, "pause", "duration", "1s"));
	cluster_run(c, 1000);
	cluster_set_image(c, "myregistry/myapp:v2");
	return true;
}

static const char *
step_run(struct cluster *c)
{
	return json_str(json_at(cluster_rollout(c), "/status/canary/currentStepAnalysisRunStatus"), "name") ?: "";
}

static void
an_analysis_step_is_over_when_its_run_is(struct cluster *c)
{
	if (!start_with_analysis_step(c))
		return;
	cluster_run(c, 6000);
	expect(c, cluster_weight(c) == 25, "at the analysis the weight stands");
	expect(c, str_eq(step_run(c), "myapp-5d8d759cf8-2-1"), "the status names its run");
	expect(c, store_get(c->store, "analysisruns", "default", "myapp-5d8d759cf8-2-1") != NULL, "which there is");
	cluster_kill_controller(c);
	expect(c, cluster_wait(c, "Healthy", 4, 60000), "it goes to its end");
	expect(c, lines_with(c, "Rollout step 2/4 completed (analysis)") == 1, "and says that the analysis is over");
	expect(c, lines_with(c, "ADDED AnalysisRun") == 1, "one was enough");
	expect(c, step_run(c)[0] == '\0', "the status forgets it");
}

static void
an_inconclusive_analysis_step_waits_for_a_person(struct cluster *c)
{
	json_t *metrics;

	if (!start_with_analysis_step(c))
		return;
	metrics =
	    json_deep_copy(json_at(store_get(c->store, "analysistemplates", "default", "error-rate"), "/spec/metrics"));
	json_object_set_new(json_array_get(metrics, 0), "failureCondition", json_string("result[0] > 0.5"));
	store_do(c->store, "PATCH", "application/merge-patch+json",
	    "/apis/argoproj.io/v1alpha1/namespaces/default/analysistemplates/error-rate",
	    json_pack("{s:{s:o}}", "spec", "metrics", metrics));
	c->metric = 0.2;
	expect(c, cluster_wait(c, "Paused", 1, 30000), "it waits at the analysis");
	expect(c, str_eq(status_of(c, "message"), "InconclusiveAnalysisRun"), "and says why");
	cluster_promote(c);
	cluster_run(c, 100);
	expect(c, cluster_wait(c, "Paused", 1, 30000), "resumed, it measures again, and waits again");
	expect(c, str_eq(step_run(c), "myapp-5d8d759cf8-2-1.1"), "with a run of its own");
	cluster_patch(c, true,
	    json_pack("{s:{s:n,s:b,s:i}}", "status", "pauseConditions", "controllerPause", 0, "currentStepIndex", 2));
	cluster_run(c, 100);
	expect(c, cluster_wait(c, "Healthy", 4, 30000), "promoted past the step, it goes to its end");
	expect(c, lines_with(c, "ADDED AnalysisRun") == 2, "without a third run");
}

static void
a_failed_analysis_step_aborts(struct cluster *c)
{
	c->metric = 0;
	if (!start_with_analysis_step(c))
		return;
	cluster_run(c, 4000);
	c->metric = 0.4;
	expect(c, cluster_wait(c, "Degraded", 0, 60000), "it is aborted");
	cluster_run(c, 100);
	expect(c, cluster_weight(c) == 0, "and its traffic taken back");
	expect(c, says(c, "Step-based analysis phase error/failed: Metric"), "the status says why");
	c->metric = 0;
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 0));
	expect(c, cluster_wait(c, "Healthy", 4, 60000), "tried again, it measures again and goes to its end");
	expect(c, lines_with(c, "ADDED AnalysisRun") == 2, "with a run of its own");
}

/* --- time ---------------------------------------------------------------------------------------------------------- */

static void
min_ready_seconds_are_waited_for(struct cluster *c)
{
	if (!start(c, ISTIO))
		return;
	cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "minReadySeconds", 10));
	cluster_run(c, 1000);
	expect(c,
	    json_integer_value(json_at(
		store_get(c->store, "replicasets", "default", "myapp-697df5b887"), "/spec/minReadySeconds")) == 10,
	    "the ReplicaSet follows");
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 9000);
	expect(c, cluster_weight(c) == 0, "no weight before the pods are available");
	cluster_run(c, 6000);
	expect(c, cluster_weight(c) == 25, "then there is");
}

static void
a_pause_ends_on_time_after_the_machine_slept(struct cluster *c)
{
	if (!start(c, ISTIO))
		return;
	cluster_patch(c, false,
	    json_pack("{s:{s:{s:{s:[{s:i},{s:{s:s}},{s:i}]}}}}", "spec", "strategy", "canary", "steps", "setWeight", 25,
		"pause", "duration", "1h", "setWeight", 50));
	cluster_run(c, 1000);
	cluster_set_image(c, "myregistry/myapp:v2");
	if (!expect(c, cluster_wait(c, "Paused", 1, 60000), "the update comes to its pause"))
		return;
	cluster_run(c, 20000);
	c->loop->wall_now += 3600000;
	cluster_run(c, 20000);
	expect(c, cluster_weight(c) != 25,
	    "the pause is over by the wall clock, though hardly any time has passed on the other");
}

struct looping {
	struct cluster *c;
	int ready; /* so many of them */
};

static void
set_ready(const json_t *pod, void *arg)
{
	struct looping *l = arg;
	const json_t *m = json_object_get(pod, "metadata");

	if (str_eq(json_str(json_object_get(m, "labels"), "rollouts-pod-template-hash"), "5d8d759cf8"))
		pods_ready(l->c->pods, json_str(m, "namespace"), json_str(m, "name"), l->ready-- > 0, NULL);
}

/* Three pods of v2 are wanted; never more than one of them stands at a time. */
static void
a_crash_loop_does_not_move_the_deadline(struct cluster *c)
{
	struct looping loop = { .c = c };
	int seconds = 0;

	if (!start(c, ISTIO))
		return;
	cluster_patch(c, false,
	    json_pack("{s:{s:i,s:b,s:{s:{s:[{s:i}]}}}}", "spec", "progressDeadlineSeconds", 20, "progressDeadlineAbort",
		1, "strategy", "canary", "steps", "setWeight", 75));
	cluster_run(c, 1000);
	cluster_set_image(c, "myregistry/myapp:v2");
	for (; seconds < 120 && !str_eq(status_of(c, "phase"), "Degraded"); seconds++) {
		loop.ready = seconds % 2;
		store_each(c->store, "pods", set_ready, &loop);
		cluster_run(c, 1000);
	}
	expect(c, seconds < 45, "the deadline comes although readiness comes and goes");
	expect(c, says(c, "timed out progressing"), "the status says so");
	cluster_run(c, 2000);
	expect(c, cluster_weight(c) == 0, "and the traffic is back");
}

/* --- every request ------------------------------------------------------------------------------------------------- */

struct nth {
	unsigned n, at; /* this one, and how many came so far */
	bool lost, kill;
	struct timer timer;
};

static void
on_kill(struct timer *t, void *arg)
{
	(void)t;
	cluster_kill_controller(arg);
}

static void
fail_nth(struct cluster *c, const struct request *r, struct fault *f)
{
	struct nth *nth = c->fault_arg;

	if (r->stream || (nth->kill && str_eq(r->method, "GET")) || ++nth->at != nth->n)
		return;
	cluster_note(c, "--- request %u: %s %s %s", nth->n, r->method, r->url,
	    nth->kill	? "and then the end"
	    : nth->lost ? "lost"
			: "refused");
	if (nth->kill) {
		/* The request arrives 1 ms after it was sent, and its answer at once: killed between the two, and between two
		 * writes. */
		nth->timer = (struct timer){ .fire = on_kill, .arg = c };
		loop_timer(c->loop, &nth->timer, nth->n % 2 == 0 ? 1 : 2);
		f->after_ms = nth->n % 2 == 0 ? 1 : 0;
	} else if (nth->lost) {
		f->lost = true;
	} else {
		f->refused = true;
	}
}

/* v1; v2 by way of its pause to the end; v3, which fails its analysis. */
static void
play_life(struct cluster *c)
{
	c->metric = 0.01;
	if (!start(c, ANALYSIS) || !to_the_pause(c, "myregistry/myapp:v2"))
		return;
	cluster_run(c, 500);
	cluster_promote(c);
	cluster_run(c, 100);
	if (!expect(c, cluster_wait(c, "Healthy", 4, 60000), "v2 is promoted"))
		return;
	cluster_run(c, 7000);
	if (!to_the_pause(c, "myregistry/myapp:v3"))
		return;
	c->metric = 0.4;
	expect(c, cluster_wait(c, "Degraded", -1, 60000), "v3 is aborted");
	cluster_run(c, 60000);
	expect(c, cluster_weight(c) == 0, "and has no traffic");
	expect(c, lines_with(c, "ADDED ReplicaSet") == 3, "there were three revisions");
}

/* Plays the life for every n. Returns how many there were; *ret_wrong as in run_case. */
static unsigned
play_every(bool lost, bool kill)
{
	unsigned n = 1;

	for (;; n++) {
		struct cluster *c = cluster_new(n);
		struct judge *j = judge_new(c);
		struct nth nth = { .n = n, .lost = lost, .kill = kill };
		unsigned long requests, before, after;
		bool reached;

		c->fault = fail_nth;
		c->fault_arg = &nth;
		play_life(c);
		store_counts(c->store, &requests, &before);
		cluster_run(c, 60000);
		store_counts(c->store, &requests, &after);
		reached = nth.at >= n;
		if (judge_end(j, after - before) != NULL)
			expect(c, false, judge_verdict(j));
		if (complaint[0] != '\0') {
			fputs(str_text(&c->story), stdout);
			printf("  in the life whose request %u failed\n", n);
		}
		loop_timer_stop(c->loop, &nth.timer);
		judge_free(j);
		cluster_free(c);
		if (!reached || complaint[0] != '\0')
			return n - 1;
	}
}

/* --- the list ------------------------------------------------------------------------------------------------------ */

#define CASE(f)                                                                                                        \
	{                                                                                                              \
#f, f                                                                                                  \
	}
static const struct {
	const char *name;
	void (*play)(struct cluster *);
} cases[] = {
	CASE(refused_weight_is_told_and_survived),
	CASE(an_unacceptable_weight_is_no_conflict),
	CASE(refused_replicaset_is_told_and_survived),
	CASE(a_strangers_replicaset_is_left_alone),
	CASE(an_orphaned_replicaset_is_adopted),
	CASE(a_lost_answer_makes_no_second_revision),
	CASE(a_destination_rule_of_another_rollout_is_left_alone),
	CASE(a_rollout_of_no_replicas_goes_through),
	CASE(scaling_in_the_middle_keeps_both_sides_whole),
	CASE(an_abort_does_not_wait_for_events),
	CASE(a_failed_analysis_returns_traffic_within_100_ms),
	CASE(an_invalid_spec_does_not_hide_a_failed_analysis),
	CASE(an_invalid_spec_does_not_hide_a_persons_abort),
	CASE(a_scale_step_brings_pods_without_traffic),
	CASE(without_a_router_a_failed_analysis_takes_the_pods_away),
	CASE(several_virtual_services_step_together),
	CASE(a_refused_virtual_service_does_not_keep_the_others_traffic),
	CASE(a_lost_virtual_service_does_not_keep_the_others_traffic),
	CASE(an_analysis_step_is_over_when_its_run_is),
	CASE(an_inconclusive_analysis_step_waits_for_a_person),
	CASE(a_failed_analysis_step_aborts),
	CASE(min_ready_seconds_are_waited_for),
	CASE(a_pause_ends_on_time_after_the_machine_slept),
	CASE(a_crash_loop_does_not_move_the_deadline),
};

static const struct {
	const char *name;
	bool lost, kill;
} lives[] = {
	{ "a_life_in_which_the_nth_request_fails", false, false },
	{ "a_life_in_which_the_nth_answer_is_lost", true, false },
	{ "a_life_in_which_the_controller_is_killed_after_the_nth_write", false, true },
};

static bool
run_case(size_t i, bool verbose)
{
	struct cluster *c = cluster_new(1);
	struct judge *j = judge_new(c);

	complaint[0] = '\0';
	cases[i].play(c);
	if (judge_verdict(j) != NULL)
		expect(c, false, judge_verdict(j));
	if (verbose)
		fputs(str_text(&c->story), stdout);
	if (complaint[0] != '\0')
		printf(
		    "not ok %s: %s\n  replay: build/simulation --case %s\n", cases[i].name, complaint, cases[i].name);
	else
		printf("ok %s\n", cases[i].name);
	judge_free(j);
	cluster_free(c);
	return complaint[0] == '\0';
}

bool
cases_run(const char *name)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (name == NULL || strcmp(name, cases[i].name) == 0)
			ok &= run_case(i, name != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		unsigned n;

		if (name != NULL && strcmp(name, lives[i].name) != 0)
			continue;
		complaint[0] = '\0';
		n = play_every(lives[i].lost, lives[i].kill);
		if (complaint[0] != '\0')
			printf("not ok %s: %s\n  replay: build/simulation --case %s\n", lives[i].name, complaint,
			    lives[i].name);
		else
			printf("ok %s (%u of them)\n", lives[i].name, n);
		ok &= complaint[0] == '\0';
	}
	return ok;
}
