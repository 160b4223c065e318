/* gitops/health.c: a rule for each kind that has a health. */
#include "gitops/health.h"
#include <string.h>
#include "base/str.h"

/* What a rule sees and says. */
struct look {
	struct arena *arena;
	const json_t *object, *spec, *status;
	json_int_t generation;
	const char *message;
};

typedef enum health rule(struct look *);

const char *
health_name(enum health h)
{
	static const char *const names[HEALTH_MAX] = { "", "Healthy", "Suspended", "Progressing", "Missing", "Degraded",
		"Unknown" };

	return names[h];
}

enum health
health_named(const char *name)
{
	for (int h = HEALTH_HEALTHY; h < HEALTH_MAX; h++)
		if (str_eq(name, health_name((enum health)h)))
			return (enum health)h;
	return HEALTH_NONE;
}

/* The condition of a type, or NULL. */
static const json_t *
condition(const struct look *l, const char *type)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(l->status, "conditions"), i, c)
		if (str_eq(json_str(c, "type"), type))
			return c;
	return NULL;
}

static bool
is_true(const json_t *c)
{
	return str_eq(json_str(c, "status"), "True");
}

static enum health
say(struct look *l, enum health h, const char *message)
{
	l->message = message != NULL ? message : "";
	return h;
}

/* Not seen yet by its own controller. */
static bool
is_unobserved(const struct look *l)
{
	return l->generation > json_int(l->status, "observedGeneration", 0);
}

static enum health
waiting(struct look *l, const char *what, json_int_t have, json_int_t want)
{
	return say(l, HEALTH_PROGRESSING,
	    arena_printf(l->arena,
		"Waiting for rollout to finish: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " %s...", have, want,
		what));
}

static enum health
of_deployment(struct look *l)
{
	json_int_t want = json_int(l->spec, "replicas", 1), updated = json_int(l->status, "updatedReplicas", 0),
		   all = json_int(l->status, "replicas", 0), available = json_int(l->status, "availableReplicas", 0);
	const json_t *progressing = condition(l, "Progressing");

	if (json_is_true(json_object_get(l->spec, "paused")))
		return say(l, HEALTH_SUSPENDED, "Deployment is paused");
	if (is_unobserved(l))
		return say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed deployment generation less than desired generation");
	if (str_eq(json_str(progressing, "reason"), "ProgressDeadlineExceeded"))
		return say(l, HEALTH_DEGRADED,
		    arena_printf(l->arena, "Deployment \"%s\" exceeded its progress deadline",
			json_str(json_object_get(l->object, "metadata"), "name")));
	if (updated < want)
		return waiting(l, "new replicas have been updated", updated, want);
	if (all > updated)
		return say(l, HEALTH_PROGRESSING,
		    arena_printf(l->arena,
			"Waiting for rollout to finish: %" JSON_INTEGER_FORMAT
			" old replicas are pending termination...",
			all - updated));
	if (available < updated)
		return waiting(l, "updated replicas are available", available, updated);
	return say(l, HEALTH_HEALTHY, NULL);
}

static enum health
of_stateful_set(struct look *l)
{
	json_int_t want = json_int(l->spec, "replicas", 1), ready = json_int(l->status, "readyReplicas", 0),
		   updated = json_int(l->status, "updatedReplicas", 0);
	const json_t *strategy = json_object_get(l->spec, "updateStrategy");
	const json_t *rolling = json_object_get(strategy, "rollingUpdate");
	json_int_t partition = json_int(rolling, "partition", 0);

	if (json_int(l->status, "observedGeneration", 0) == 0 || is_unobserved(l))
		return say(l, HEALTH_PROGRESSING, "Waiting for statefulset spec update to be observed...");
	if (ready < want)
		return waiting(l, "pods are ready", ready, want);
	if (str_eq(json_str(strategy, "type"), "OnDelete"))
		return say(l, HEALTH_HEALTHY, NULL);
	if (rolling != NULL && json_object_get(rolling, "partition") != NULL)
		return updated < want - partition ? waiting(l, "new pods have been updated", updated, want - partition)
						  : say(l, HEALTH_HEALTHY, "partitioned roll out complete");
	if (!str_eq(json_str(l->status, "updateRevision"), json_str(l->status, "currentRevision")))
		return waiting(l, "new pods have been updated", updated, want);
	return say(l, HEALTH_HEALTHY, NULL);
}

static enum health
of_daemon_set(struct look *l)
{
	json_int_t want = json_int(l->status, "desiredNumberScheduled", 0),
		   updated = json_int(l->status, "updatedNumberScheduled", 0),
		   available = json_int(l->status, "numberAvailable", 0);

	if (is_unobserved(l))
		return say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed daemon set generation less than desired generation");
	if (str_eq(json_str(json_object_get(l->spec, "updateStrategy"), "type"), "OnDelete"))
		return say(l, HEALTH_HEALTHY, NULL);
	if (updated < want)
		return waiting(l, "new pods have been updated", updated, want);
	if (available < want)
		return waiting(l, "updated pods are available", available, want);
	return say(l, HEALTH_HEALTHY, NULL);
}

static enum health
of_replica_set(struct look *l)
{
	const json_t *failure = condition(l, "ReplicaFailure");
	json_int_t want = json_int(l->spec, "replicas", 1), available = json_int(l->status, "availableReplicas", 0);

	if (is_unobserved(l))
		return say(l, HEALTH_PROGRESSING,
		    "Waiting for rollout to finish: observed replica set generation less than desired generation");
	if (is_true(failure))
		return say(l, HEALTH_DEGRADED, json_str(failure, "message"));
	if (available < want)
		return waiting(l, "replicas are available", available, want);
	return say(l, HEALTH_HEALTHY, NULL);
}

/* Somebody outside has given it an address. */
static bool
has_ingress(const struct look *l)
{
	return json_array_size(json_object_get(json_object_get(l->status, "loadBalancer"), "ingress")) > 0;
}

static enum health
of_service(struct look *l)
{
	return say(l,
	    !str_eq(json_str(l->spec, "type"), "LoadBalancer") || has_ingress(l) ? HEALTH_HEALTHY : HEALTH_PROGRESSING,
	    NULL);
}

static enum health
of_ingress(struct look *l)
{
	return say(l, has_ingress(l) ? HEALTH_HEALTHY : HEALTH_PROGRESSING, NULL);
}

static enum health
of_claim(struct look *l)
{
	const char *phase = json_str(l->status, "phase");

	return say(l,
	    str_eq(phase, "Bound")     ? HEALTH_HEALTHY
	    : str_eq(phase, "Pending") ? HEALTH_PROGRESSING
	    : str_eq(phase, "Lost")    ? HEALTH_DEGRADED
				       : HEALTH_UNKNOWN,
	    NULL);
}

/* What a container waits for and will not get by itself. */
static const json_t *
failing_container(const struct look *l)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(l->status, "containerStatuses"), i, c) {
		const json_t *at = json_object_get(json_object_get(c, "state"), "waiting");
		const char *reason = json_str(at, "reason");

		if (reason != NULL &&
		    (str_starts(reason, "Err") || str_ends(reason, "Error") || str_ends(reason, "BackOff")))
			return at;
	}
	return NULL;
}

static enum health
of_pod(struct look *l)
{
	const char *phase = json_str(l->status, "phase"), *message = json_str(l->status, "message"),
		   *policy = json_str(l->spec, "restartPolicy");
	bool always = policy == NULL || strcmp(policy, "Always") == 0;
	const json_t *failing = always ? failing_container(l) : NULL, *c;
	size_t i;

	if (failing != NULL)
		return say(l, HEALTH_DEGRADED, json_str(failing, "message"));
	if (str_eq(phase, "Pending"))
		return say(l, HEALTH_PROGRESSING, message);
	if (str_eq(phase, "Succeeded"))
		return say(l, HEALTH_HEALTHY, message);
	if (str_eq(phase, "Failed"))
		return say(l, HEALTH_DEGRADED, message);
	if (!str_eq(phase, "Running"))
		return say(l, HEALTH_UNKNOWN, message);
	if (!always)
		return say(l, HEALTH_PROGRESSING, message);
	if (is_true(condition(l, "Ready")))
		return say(l, HEALTH_HEALTHY, message);
	json_array_foreach (json_object_get(l->status, "containerStatuses"), i, c)
		if (json_object_get(json_object_get(c, "lastState"), "terminated") != NULL)
			return say(l, HEALTH_DEGRADED, message);
	return say(l, HEALTH_PROGRESSING, message);
}

static enum health
of_job(struct look *l)
{
	const json_t *c;

	if (is_true(c = condition(l, "Failed")))
		return say(l, HEALTH_DEGRADED, json_str(c, "message"));
	if (is_true(c = condition(l, "Suspended")))
		return say(l, HEALTH_SUSPENDED, json_str(c, "message"));
	if (is_true(c = condition(l, "Complete")))
		return say(l, HEALTH_HEALTHY, json_str(c, "message"));
	return say(l, HEALTH_PROGRESSING, "Job is running");
}

static enum health
of_autoscaler(struct look *l)
{
	const json_t *able = condition(l, "AbleToScale"), *active = condition(l, "ScalingActive"),
		     *limited = condition(l, "ScalingLimited");
	const char *why;

	if (able != NULL && !is_true(able) && (why = json_str(able, "reason")) != NULL &&
	    (strcmp(why, "FailedGetScale") == 0 || strcmp(why, "FailedUpdateScale") == 0))
		return say(l, HEALTH_DEGRADED, json_str(able, "message"));
	if (active != NULL && !is_true(active) && (why = json_str(active, "reason")) != NULL &&
	    ((str_starts(why, "Failed") && str_ends(why, "Metric")) || strcmp(why, "InvalidSelector") == 0))
		return say(l, HEALTH_DEGRADED, json_str(active, "message"));
	if (is_true(able) || is_true(limited))
		return say(l, HEALTH_HEALTHY, json_str(is_true(able) ? able : limited, "message"));
	return say(l, HEALTH_PROGRESSING, "Waiting to Autoscale");
}

static enum health
of_api_service(struct look *l)
{
	const json_t *c = condition(l, "Available");

	return is_true(c) ? say(l, HEALTH_HEALTHY, json_str(c, "message"))
			  : say(l, HEALTH_PROGRESSING, c != NULL ? json_str(c, "message") : "Waiting to be processed");
}

/* Its status is about this spec: observedGeneration is a string here. */
static bool
is_observed_rollout(const struct look *l)
{
	const char *observed = json_str(l->status, "observedGeneration");
	const char *workload = json_str(json_object_get(json_object_get(l->object, "metadata"), "annotations"),
	    "rollout.argoproj.io/workload-generation");
	long long n;

	if (!str_int(observed, 0, INT64_MAX, &n) || n != l->generation)
		return false;
	return workload == NULL || str_eq(workload, json_str(l->status, "workloadObservedGeneration"));
}

static enum health
of_rollout(struct look *l)
{
	const char *phase = json_str(l->status, "phase");

	if (l->status == NULL || !is_observed_rollout(l))
		return say(l, HEALTH_PROGRESSING, "Waiting for rollout spec update to be observed");
	if (str_eq(phase, "Paused"))
		return say(l, HEALTH_SUSPENDED, json_str(l->status, "message"));
	return say(l, health_named(phase) != HEALTH_NONE ? health_named(phase) : HEALTH_PROGRESSING,
	    json_str(l->status, "message"));
}

/* An AnalysisRun or an Experiment. */
static enum health
of_run(struct look *l)
{
	const char *phase = json_str(l->status, "phase"), *message = json_str(l->status, "message");

	if (str_eq(phase, "Pending") || str_eq(phase, "Running"))
		return say(l, HEALTH_PROGRESSING, message);
	if (str_eq(phase, "Successful") || str_eq(phase, "Inconclusive"))
		return say(l, str_eq(phase, "Successful") ? HEALTH_HEALTHY : HEALTH_UNKNOWN, message);
	return phase == NULL ? say(l, HEALTH_PROGRESSING, "Waiting to be started") : say(l, HEALTH_DEGRADED, message);
}

static enum health
of_definition(struct look *l)
{
	const json_t *terminating = condition(l, "Terminating"), *names = condition(l, "NamesAccepted"),
		     *established = condition(l, "Established");

	if (is_true(terminating))
		return say(l, HEALTH_PROGRESSING, json_str(terminating, "message"));
	if (names != NULL && !is_true(names))
		return say(l, HEALTH_DEGRADED, json_str(names, "message"));
	return is_true(established) ? say(l, HEALTH_HEALTHY, json_str(established, "message"))
				    : say(l, HEALTH_PROGRESSING, "Waiting for the definition to be established");
}

static const struct {
	const char *group, *kind;
	rule *rule;
} rules[] = {
	{ "apps", "Deployment", of_deployment },
	{ "apps", "StatefulSet", of_stateful_set },
	{ "apps", "DaemonSet", of_daemon_set },
	{ "apps", "ReplicaSet", of_replica_set },
	{ "", "Service", of_service },
	{ "networking.k8s.io", "Ingress", of_ingress },
	{ "extensions", "Ingress", of_ingress },
	{ "", "PersistentVolumeClaim", of_claim },
	{ "", "Pod", of_pod },
	{ "batch", "Job", of_job },
	{ "autoscaling", "HorizontalPodAutoscaler", of_autoscaler },
	{ "apiregistration.k8s.io", "APIService", of_api_service },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", of_definition },
	{ "argoproj.io", "Rollout", of_rollout },
	{ "argoproj.io", "AnalysisRun", of_run },
	{ "argoproj.io", "Experiment", of_run },
};

enum health
health_of(struct arena *a, const json_t *object, const char **ret_message)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *api = json_str(object, "apiVersion") ?: "", *kind = json_str(object, "kind");
	const char *slash = strchr(api, '/');
	size_t n = slash != NULL ? (size_t)(slash - api) : 0;
	struct look l = { .arena = a,
		.object = object,
		.spec = json_object_get(object, "spec"),
		.status = json_object_get(object, "status"),
		.generation = json_int(meta, "generation", 0),
		.message = "" };
	enum health h = HEALTH_NONE;

	if (json_str(meta, "deletionTimestamp") != NULL) {
		*ret_message = "Pending deletion";
		return HEALTH_PROGRESSING;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (str_eq(rules[i].kind, kind) && strlen(rules[i].group) == n && strncmp(rules[i].group, api, n) == 0)
			h = rules[i].rule(&l);
	*ret_message = arena_strdup(a, l.message);
	return h;
}
