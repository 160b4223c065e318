/* gitops/engine/health.c: health of an object for an Application (Argo CD's health checks): a rule for each built-in
 * kind and for Argo's own. Custom resources: health_custom_kinds.c; Kustomizations: kstatus.c. */
#include "gitops/engine/health.h"
#include <string.h>
#include "base/str.h"
#include "gitops/engine/health_custom_kinds.h"
#include "kube/api/meta.h"

/* The input of a rule, and its message. */
struct health_input {
	struct arena *arena;
	const json_t *object, *spec, *status;
	json_int_t generation;
	const char *message;
};

typedef enum health rule(struct health_input *);

const char *
health_name(enum health h)
{
	return health_names[h];
}

enum health
health_named(const char *name)
{
	return (enum health)enum_named(health_names, HEALTH_MAX, name);
}

static bool
health_is_true(const json_t *c)
{
	return str_eq(json_str(c, "status"), "True");
}

static enum health
health_say(struct health_input *l, enum health h, const char *message)
{
	l->message = message != NULL ? message : "";
	return h;
}

/* Returns whether its controller has not observed the current generation. */
static bool
health_is_unobserved(const struct health_input *l)
{
	return l->generation > json_int(l->status, "observedGeneration", 0);
}

static enum health
health_waiting(struct health_input *l, const char *what, json_int_t have, json_int_t want)
{
	return health_say(l, HEALTH_PROGRESSING,
	    arena_printf(l->arena,
		"Waiting for rollout to finish: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " %s...", have, want,
		what));
}

static enum health
health_of_deployment(struct health_input *l)
{
	json_int_t want = json_int(l->spec, "replicas", 1), updated = json_int(l->status, "updatedReplicas", 0),
		   all = json_int(l->status, "replicas", 0), available = json_int(l->status, "availableReplicas", 0);
	const json_t *progressing = status_condition(l->status, "Progressing");

	if (json_is_true(json_object_get(l->spec, "paused")))
		return health_say(l, HEALTH_SUSPENDED, "Deployment is paused");
	if (health_is_unobserved(l))
		return health_say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed deployment generation less than desired generation");
	if (str_eq(json_str(progressing, "reason"), "ProgressDeadlineExceeded"))
		return health_say(l, HEALTH_DEGRADED,
		    arena_printf(l->arena, "Deployment \"%s\" exceeded its progress deadline",
			json_str(json_object_get(l->object, "metadata"), "name")));
	if (updated < want)
		return health_waiting(l, "new replicas have been updated", updated, want);
	if (all > updated)
		return health_say(l, HEALTH_PROGRESSING,
		    arena_printf(l->arena,
			"Waiting for rollout to finish: %" JSON_INTEGER_FORMAT
			" old replicas are pending termination...",
			all - updated));
	if (available < updated)
		return health_waiting(l, "updated replicas are available", available, updated);
	return health_say(l, HEALTH_HEALTHY, NULL);
}

static enum health
health_of_stateful_set(struct health_input *l)
{
	json_int_t want = json_int(l->spec, "replicas", 1), ready = json_int(l->status, "readyReplicas", 0),
		   updated = json_int(l->status, "updatedReplicas", 0);
	const json_t *strategy = json_object_get(l->spec, "updateStrategy");
	const json_t *rolling = json_object_get(strategy, "rollingUpdate");
	json_int_t partition = json_int(rolling, "partition", 0);

	if (json_int(l->status, "observedGeneration", 0) == 0 || health_is_unobserved(l))
		return health_say(l, HEALTH_PROGRESSING, "Waiting for statefulset spec update to be observed...");
	if (ready < want)
		return health_waiting(l, "pods are ready", ready, want);
	if (str_eq(json_str(strategy, "type"), "OnDelete"))
		return health_say(l, HEALTH_HEALTHY, NULL);
	if (rolling != NULL && json_object_get(rolling, "partition") != NULL)
		return updated < want - partition
			   ? health_waiting(l, "new pods have been updated", updated, want - partition)
			   : health_say(l, HEALTH_HEALTHY, "partitioned roll out complete");
	if (!str_eq(json_str(l->status, "updateRevision"), json_str(l->status, "currentRevision")))
		return health_waiting(l, "new pods have been updated", updated, want);
	return health_say(l, HEALTH_HEALTHY, NULL);
}

static enum health
health_of_daemon_set(struct health_input *l)
{
	json_int_t want = json_int(l->status, "desiredNumberScheduled", 0),
		   updated = json_int(l->status, "updatedNumberScheduled", 0),
		   available = json_int(l->status, "numberAvailable", 0);

	if (health_is_unobserved(l))
		return health_say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed daemon set generation less than desired generation");
	if (str_eq(json_str(json_object_get(l->spec, "updateStrategy"), "type"), "OnDelete"))
		return health_say(l, HEALTH_HEALTHY, NULL);
	if (updated < want)
		return health_waiting(l, "new pods have been updated", updated, want);
	if (available < want)
		return health_waiting(l, "updated pods are available", available, want);
	return health_say(l, HEALTH_HEALTHY, NULL);
}

static enum health
health_of_replica_set(struct health_input *l)
{
	const json_t *failure = status_condition(l->status, "ReplicaFailure");
	json_int_t want = json_int(l->spec, "replicas", 1), available = json_int(l->status, "availableReplicas", 0);

	if (health_is_unobserved(l))
		return health_say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed replica set generation less than desired generation");
	if (health_is_true(failure))
		return health_say(l, HEALTH_DEGRADED, json_str(failure, "message"));
	if (available < want)
		return health_waiting(l, "replicas are available", available, want);
	return health_say(l, HEALTH_HEALTHY, NULL);
}

/* Returns whether a controller has set the address of the object. */
static bool
health_has_ingress(const struct health_input *l)
{
	return json_array_size(json_object_get(json_object_get(l->status, "loadBalancer"), "ingress")) > 0;
}

static enum health
health_of_service(struct health_input *l)
{
	return health_say(l,
	    !str_eq(json_str(l->spec, "type"), "LoadBalancer") || health_has_ingress(l) ? HEALTH_HEALTHY
											: HEALTH_PROGRESSING,
	    NULL);
}

static enum health
health_of_ingress(struct health_input *l)
{
	return health_say(l, health_has_ingress(l) ? HEALTH_HEALTHY : HEALTH_PROGRESSING, NULL);
}

static enum health
health_of_claim(struct health_input *l)
{
	const char *phase = json_str(l->status, "phase");

	return health_say(l,
	    str_eq(phase, "Bound")     ? HEALTH_HEALTHY
	    : str_eq(phase, "Pending") ? HEALTH_PROGRESSING
	    : str_eq(phase, "Lost")    ? HEALTH_DEGRADED
				       : HEALTH_UNKNOWN,
	    NULL);
}

/* Reasons of containers that wait and cannot start without a change, separated by ", "; NULL: there is no such
 * container. */
static const char *
health_failing_containers(const struct health_input *l)
{
	const char *all = NULL;
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(l->status, "containerStatuses"), i, c) {
		const json_t *at = json_object_get(json_object_get(c, "state"), "waiting");
		const char *reason = json_str(at, "reason"), *message = json_str(at, "message") ?: "";

		if (reason != NULL &&
		    (str_starts(reason, "Err") || str_ends(reason, "Error") || str_ends(reason, "BackOff")))
			all = all == NULL ? message : arena_printf(l->arena, "%s, %s", all, message);
	}
	return all;
}

/* Why the first of these containers that failed did; NULL: none says so. */
static const char *
health_failed_container(const struct health_input *l, const char *statuses)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(l->status, statuses), i, c) {
		const json_t *end = json_object_get(json_object_get(c, "state"), "terminated");
		json_int_t code = json_int(end, "exitCode", 0);

		if (!str_empty(json_str(end, "message")))
			return json_str(end, "message");
		if (str_eq(json_str(end, "reason"), "OOMKilled"))
			return "OOMKilled";
		if (code != 0)
			return arena_printf(l->arena, "container \"%s\" failed with exit code %" JSON_INTEGER_FORMAT,
			    json_str(c, "name") ?: "", code);
	}
	return NULL;
}

/* The Pod itself rarely has a message when a container failed. */
static const char *
health_pod_failure(const struct health_input *l)
{
	const char *message = json_str(l->status, "message");

	if (str_empty(message))
		message = health_failed_container(l, "initContainerStatuses")
			      ?: health_failed_container(l, "containerStatuses");
	return message;
}

static enum health
health_of_pod(struct health_input *l)
{
	const char *phase = json_str(l->status, "phase"), *message = json_str(l->status, "message"),
		   *policy = json_str(l->spec, "restartPolicy");
	const json_t *annotations = json_object_get(json_object_get(l->object, "metadata"), "annotations");
	/* A Pod that ends is often a hook, which must not fail while it waits for its image. */
	bool is_hook = json_str(annotations, "argocd.argoproj.io/hook") != NULL ||
		       json_str(annotations, "helm.sh/hook") != NULL,
	     always = policy == NULL || strcmp(policy, "Always") == 0 ||
		      (!is_hook && str_eq(json_str(annotations, "argocd.argoproj.io/ignore-restart-policy"), "true"));
	const char *failing = always ? health_failing_containers(l) : NULL;
	const json_t *c;
	size_t i;

	if (failing != NULL)
		return health_say(l, HEALTH_DEGRADED, failing);
	if (str_eq(phase, "Pending"))
		return health_say(l, HEALTH_PROGRESSING, message);
	if (str_eq(phase, "Succeeded"))
		return health_say(l, HEALTH_HEALTHY, message);
	if (str_eq(phase, "Failed"))
		return health_say(l, HEALTH_DEGRADED, health_pod_failure(l));
	if (!str_eq(phase, "Running"))
		return health_say(l, HEALTH_UNKNOWN, message);
	if (!always)
		return health_say(l, HEALTH_PROGRESSING, message);
	if (health_is_true(status_condition(l->status, "Ready")))
		return health_say(l, HEALTH_HEALTHY, message);
	json_array_foreach (json_object_get(l->status, "containerStatuses"), i, c)
		if (json_object_get(json_object_get(c, "lastState"), "terminated") != NULL)
			return health_say(l, HEALTH_DEGRADED, message);
	return health_say(l, HEALTH_PROGRESSING, message);
}

static enum health
health_of_job(struct health_input *l)
{
	const json_t *c;

	if (health_is_true(c = status_condition(l->status, "Failed")))
		return health_say(l, HEALTH_DEGRADED, json_str(c, "message"));
	if (health_is_true(c = status_condition(l->status, "Suspended")))
		return health_say(l, HEALTH_SUSPENDED, json_str(c, "message"));
	if (health_is_true(c = status_condition(l->status, "Complete")))
		return health_say(l, HEALTH_HEALTHY, json_str(c, "message"));
	return health_say(l, HEALTH_PROGRESSING, "Job is running");
}

static enum health
health_of_cron_job(struct health_input *l)
{
	const char *scheduled = json_str(l->status, "lastScheduleTime"),
		   *succeeded = json_str(l->status, "lastSuccessfulTime");

	if (json_is_true(json_object_get(l->spec, "suspend")))
		return health_say(l, HEALTH_SUSPENDED, "CronJob is Suspended");
	if (scheduled == NULL)
		return health_say(l, HEALTH_HEALTHY, "CronJob has not been scheduled yet");
	/* How a first, or a present, execution ends is not known. */
	if (succeeded == NULL)
		return health_say(l, HEALTH_HEALTHY, "The Cronjob never completed succesfully. It may not be healthy");
	if (json_array_size(json_object_get(l->status, "active")) > 0)
		return health_say(
		    l, HEALTH_HEALTHY, "The job is running. Its last execution may not have been successful");
	if (strcmp(succeeded, scheduled) < 0)
		return health_say(l, HEALTH_DEGRADED, "CronJob has not completed its last execution successfully");
	return health_say(l, HEALTH_HEALTHY, "CronJob has completed its last execution successfully");
}

/* Returns the health of a HorizontalPodAutoscaler. In autoscaling/v1 its conditions are JSON in an annotation. */
static enum health
health_of_autoscaler(struct health_input *l)
{
	const char *text = json_str(json_object_get(json_object_get(l->object, "metadata"), "annotations"),
	    "autoscaling.alpha.kubernetes.io/conditions");
	_cleanup_(json_decrefp) json_t *status = text != NULL && json_object_get(l->status, "conditions") == NULL
						     ? json_pack("{s:o*}", "conditions", json_loads(text, 0, NULL))
						     : NULL;
	const struct health_input by_annotation = { .status = status }, *of = status != NULL ? &by_annotation : l;
	const json_t *able = status_condition(of->status, "AbleToScale"),
		     *active = status_condition(of->status, "ScalingActive"),
		     *limited = status_condition(of->status, "ScalingLimited"),
		     *says = health_is_true(able) ? able : limited;
	const char *why = json_str(able, "reason");
	enum health is;

	if (able != NULL && !health_is_true(able) &&
	    (str_eq(why, "FailedGetScale") || str_eq(why, "FailedUpdateScale"))) {
		is = HEALTH_DEGRADED;
		says = able;
	} else if (active != NULL && !health_is_true(active) && (why = json_str(active, "reason")) != NULL &&
		   ((str_starts(why, "Failed") && str_ends(why, "Metric")) || strcmp(why, "InvalidSelector") == 0)) {
		is = HEALTH_DEGRADED;
		says = active;
	} else if (health_is_true(able) || health_is_true(limited)) {
		is = HEALTH_HEALTHY;
	} else {
		return health_say(l, HEALTH_PROGRESSING, "Waiting to Autoscale");
	}
	return health_say(l, is, arena_strdup(l->arena, json_str(says, "message")));
}

static enum health
health_of_api_service(struct health_input *l)
{
	const json_t *c = status_condition(l->status, "Available");

	return health_is_true(c)
		   ? health_say(l, HEALTH_HEALTHY, json_str(c, "message"))
		   : health_say(l, HEALTH_PROGRESSING, c != NULL ? json_str(c, "message") : "Waiting to be processed");
}

/* Returns whether the status is of this spec. observedGeneration is a string here. Before Argo Rollouts 0.10 it was
 * a hash of the spec, which has no order, and may be read as a large number. */
static bool
health_is_observed_rollout(const struct health_input *l)
{
	const char *observed = json_str(l->status, "observedGeneration"),
		   *workload = json_str(json_object_get(json_object_get(l->object, "metadata"), "annotations"),
		       "rollout.argoproj.io/workload-generation"),
		   *observed_workload = json_str(l->status, "workloadObservedGeneration");
	long long n;

	if (str_int(observed, 0, INT64_MAX, &n) && n < l->generation)
		return false;
	return workload == NULL || observed_workload == NULL || json_object_get(l->spec, "workloadRef") == NULL ||
	       strcmp(workload, observed_workload) == 0;
}

static bool
health_is_paused_rollout(const struct health_input *l)
{
	return json_array_size(json_object_get(l->status, "pauseConditions")) > 0 ||
	       json_is_true(json_object_get(l->spec, "paused"));
}

/* One whose controller is too old (before 1.0) to say its phase. */
static enum health
health_of_rollout_without_phase(struct health_input *l)
{
	static const char *const failures[] = { "RolloutAborted", "ProgressDeadlineExceeded" };
	const json_t *progressing = status_condition(l->status, "Progressing"),
		     *strategy = json_object_get(l->spec, "strategy");
	json_int_t want = json_int(l->spec, "replicas", 1), all = json_int(l->status, "replicas", 0),
		   updated = json_int(l->status, "updatedReplicas", 0),
		   available = json_int(l->status, "availableReplicas", 0);
	const char *hash = json_str(l->status, "currentPodHash"),
		   *stable =
		       json_str(l->status, "stableRS") ?: json_str(json_object_get(l->status, "canary"), "stableRS");

	if (status_condition(l->status, "InvalidSpec") != NULL)
		return health_say(l, HEALTH_DEGRADED, json_str(status_condition(l->status, "InvalidSpec"), "message"));
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (str_eq(json_str(progressing, "reason"), failures[i]))
			return health_say(l, HEALTH_DEGRADED, json_str(progressing, "message"));
	if (health_is_paused_rollout(l))
		return health_say(l, HEALTH_SUSPENDED, "Rollout is paused");
	if (hash == NULL)
		return health_say(
		    l, HEALTH_PROGRESSING, "Waiting for rollout to finish: status has not been reconciled.");
	if (updated < want)
		return health_say(
		    l, HEALTH_PROGRESSING, "Waiting for roll out to finish: More replicas need to be updated");
	if (available < updated)
		return health_say(l, HEALTH_PROGRESSING,
		    "Waiting for roll out to finish: updated replicas are still becoming available");
	if (json_object_get(strategy, "blueGreen") != NULL) {
		if (!str_eq(json_str(json_object_get(l->status, "blueGreen"), "activeSelector"), hash))
			return health_say(l, HEALTH_PROGRESSING, "active service cutover pending");
		if (!str_eq(stable, hash))
			return health_say(l, HEALTH_PROGRESSING, "waiting for analysis to complete");
	} else if (json_object_get(strategy, "canary") != NULL) {
		if (all > updated)
			return health_say(l, HEALTH_PROGRESSING,
			    "Waiting for roll out to finish: old replicas are pending termination");
		if (!str_eq(stable, hash))
			return health_say(l, HEALTH_PROGRESSING, "Waiting for rollout to finish steps");
	}
	return health_say(l, HEALTH_HEALTHY, NULL);
}

static enum health
health_of_rollout(struct health_input *l)
{
	const char *phase = json_str(l->status, "phase");

	if (l->status == NULL || !health_is_observed_rollout(l))
		return health_say(l, HEALTH_PROGRESSING, "Waiting for rollout spec update to be observed");
	if (phase == NULL)
		return health_of_rollout_without_phase(l);
	if (str_eq(phase, "Paused"))
		return health_say(l, HEALTH_SUSPENDED, json_str(l->status, "message"));
	return health_say(l, health_named(phase) != HEALTH_NONE ? health_named(phase) : HEALTH_PROGRESSING,
	    json_str(l->status, "message"));
}

static enum health
health_of_workflow(struct health_input *l)
{
	const char *phase = json_str(l->status, "phase") ?: "", *message = json_str(l->status, "message");

	if (phase[0] == '\0' || strcmp(phase, "Pending") == 0 || strcmp(phase, "Running") == 0)
		return health_say(l, HEALTH_PROGRESSING, message);
	if (strcmp(phase, "Succeeded") == 0)
		return health_say(l, HEALTH_HEALTHY, message);
	return health_say(
	    l, strcmp(phase, "Failed") == 0 || strcmp(phase, "Error") == 0 ? HEALTH_DEGRADED : HEALTH_UNKNOWN, message);
}

/* An AnalysisRun or an Experiment. */
static enum health
health_of_run(struct health_input *l)
{
	const char *phase = json_str(l->status, "phase"), *message = json_str(l->status, "message");

	if (str_eq(phase, "Pending") || str_eq(phase, "Running"))
		return health_say(l, HEALTH_PROGRESSING, message);
	if (str_eq(phase, "Successful") || str_eq(phase, "Inconclusive"))
		return health_say(l, str_eq(phase, "Successful") ? HEALTH_HEALTHY : HEALTH_UNKNOWN, message);
	return phase == NULL ? health_say(l, HEALTH_PROGRESSING, "Waiting to be started")
			     : health_say(l, HEALTH_DEGRADED, message);
}

static enum health
health_of_definition(struct health_input *l)
{
	const json_t *terminating = status_condition(l->status, "Terminating"),
		     *names = status_condition(l->status, "NamesAccepted"),
		     *established = status_condition(l->status, "Established"),
		     *violations = status_condition(l->status, "NonStructuralSchema");

	if (health_is_true(terminating))
		return health_say(l, HEALTH_PROGRESSING,
		    arena_printf(l->arena, "CRD is terminating: %s", json_str(terminating, "message") ?: ""));
	if (names != NULL && !health_is_true(names))
		return health_say(l, HEALTH_DEGRADED,
		    arena_printf(l->arena, "CRD names have not been accepted: %s", json_str(names, "message") ?: ""));
	/* Until the API server has begun with it, it has not failed. */
	if (established == NULL ||
	    (!health_is_true(established) && str_eq(json_str(established, "reason"), "Installing")))
		return health_say(l, HEALTH_PROGRESSING, "Status conditions not found");
	if (!health_is_true(established))
		return health_say(l, HEALTH_DEGRADED, "CRD is not established");
	if (health_is_true(violations))
		return health_say(l, HEALTH_DEGRADED,
		    arena_printf(l->arena, "Schema violations found: %s", json_str(violations, "message") ?: ""));
	return health_say(l, HEALTH_HEALTHY, "CRD is healthy");
}

static const struct {
	const char *group, *kind;
	rule *rule;
} rules[] = {
	{ "apps", "Deployment", health_of_deployment },
	{ "apps", "StatefulSet", health_of_stateful_set },
	{ "apps", "DaemonSet", health_of_daemon_set },
	{ "apps", "ReplicaSet", health_of_replica_set },
	{ "", "Service", health_of_service },
	{ "networking.k8s.io", "Ingress", health_of_ingress },
	{ "extensions", "Ingress", health_of_ingress },
	{ "", "PersistentVolumeClaim", health_of_claim },
	{ "", "Pod", health_of_pod },
	{ "batch", "Job", health_of_job },
	{ "batch", "CronJob", health_of_cron_job },
	{ "autoscaling", "HorizontalPodAutoscaler", health_of_autoscaler },
	{ "apiregistration.k8s.io", "APIService", health_of_api_service },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", health_of_definition },
	{ "argoproj.io", "Rollout", health_of_rollout },
	{ "argoproj.io", "Workflow", health_of_workflow },
	{ "argoproj.io", "AnalysisRun", health_of_run },
	{ "argoproj.io", "Experiment", health_of_run },
};

bool
health_is_pending_deletion(const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata"), *f;
	size_t i;

	if (json_str(meta, "deletionTimestamp") == NULL)
		return false;
	/* A hook that Argo CD holds until it has seen how it ended. */
	json_array_foreach (json_object_get(meta, "finalizers"), i, f)
		if (str_eq(json_string_value(f), "argocd.argoproj.io/hook-finalizer"))
			return false;
	return true;
}

enum health
health_of(struct arena *a, const json_t *object, const char **ret_message)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *api = json_str(object, "apiVersion") ?: "", *kind = json_str(object, "kind");
	const char *slash = strchr(api, '/');
	size_t n = slash != NULL ? (size_t)(slash - api) : 0;
	struct health_input l = { .arena = a,
		.object = object,
		.spec = json_object_get(object, "spec"),
		.status = json_object_get(object, "status"),
		.generation = json_int(meta, "generation", 0),
		.message = "" };
	enum health h = HEALTH_NONE;

	if (health_is_pending_deletion(object)) {
		*ret_message = "Pending deletion";
		return HEALTH_PROGRESSING;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (str_eq(rules[i].kind, kind) && strlen(rules[i].group) == n && strncmp(rules[i].group, api, n) == 0)
			h = rules[i].rule(&l);
	if (h == HEALTH_NONE)
		h = health_custom_of(a, object, &l.message);
	*ret_message = arena_strdup(a, l.message);
	return h;
}
