/* gitops/engine/kstatus.c: readiness of an object for a Kustomization's `wait` and `healthChecks` (kstatus): a rule
 * for each built-in kind, and one for all others. Applications use health.c. */
#include "gitops/engine/kstatus.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/engine/health.h"
#include "kube/api/meta.h"

#define UNSCHEDULABLE_MS 15000 /* a Pod has this long to be scheduled before it counts as failed */

struct kstatus_pass {
	struct arena *arena;
	const json_t *object, *meta, *spec, *status;
	int64_t now;
	const char *message;
};

typedef enum kstatus kstatus_rule(struct kstatus_pass *);

static enum kstatus
kstatus_say(struct kstatus_pass *p, enum kstatus k, const char *message)
{
	p->message = message != NULL ? message : "";
	return k;
}

/* Returns "WHAT: HAVE/WANT" if there are too few, or else NULL. */
static enum kstatus
kstatus_too_few(struct kstatus_pass *p, const char *what, json_int_t have, json_int_t want)
{
	return kstatus_say(p, KSTATUS_IN_PROGRESS,
	    arena_printf(p->arena, "%s: %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, what, have, want));
}

static enum kstatus
kstatus_too_many(struct kstatus_pass *p, json_int_t n)
{
	return kstatus_say(
	    p, KSTATUS_IN_PROGRESS, arena_printf(p->arena, "Pending termination: %" JSON_INTEGER_FORMAT, n));
}

static bool
kstatus_condition_is(const json_t *condition, const char *status)
{
	return str_eq(json_str(condition, "status"), status);
}

static enum kstatus
kstatus_of_always(struct kstatus_pass *p)
{
	return kstatus_say(p, KSTATUS_CURRENT, "Resource is always ready");
}

static enum kstatus
kstatus_of_deployment(struct kstatus_pass *p)
{
	json_int_t want = json_int(p->spec, "replicas", 1), all = json_int(p->status, "replicas", 0),
		   updated = json_int(p->status, "updatedReplicas", 0), ready = json_int(p->status, "readyReplicas", 0),
		   available = json_int(p->status, "availableReplicas", 0);
	const json_t *progressing = status_condition(p->status, "Progressing");
	/* Without a deadline the controller does not say that it makes progress. */
	bool progresses = json_int(p->spec, "progressDeadlineSeconds", INT32_MAX) == INT32_MAX ||
			  (kstatus_condition_is(progressing, "True") &&
			      str_eq(json_str(progressing, "reason"), "NewReplicaSetAvailable"));

	if (str_eq(json_str(progressing, "reason"), "ProgressDeadlineExceeded"))
		return kstatus_say(p, KSTATUS_FAILED, "Progress deadline exceeded");
	if (want > all)
		return kstatus_too_few(p, "Replicas", all, want);
	if (want > updated)
		return kstatus_too_few(p, "Updated", updated, want);
	if (all > want)
		return kstatus_too_many(p, all - want);
	if (updated > available)
		return kstatus_too_few(p, "Available", available, updated);
	if (want > ready)
		return kstatus_too_few(p, "Ready", ready, want);
	if (!progresses)
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "ReplicaSet not Available");
	if (!kstatus_condition_is(status_condition(p->status, "Available"), "True"))
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Deployment not Available");
	return kstatus_say(p, KSTATUS_CURRENT, "Deployment is available");
}

static enum kstatus
kstatus_of_replica_set(struct kstatus_pass *p)
{
	json_int_t want = json_int(p->spec, "replicas", 1), all = json_int(p->status, "replicas", 0),
		   ready = json_int(p->status, "readyReplicas", 0),
		   available = json_int(p->status, "availableReplicas", 0),
		   labeled = json_int(p->status, "fullyLabeledReplicas", 0);

	if (kstatus_condition_is(status_condition(p->status, "ReplicaFailure"), "True"))
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Replica Failure condition. Check Pods");
	if (want > labeled)
		return kstatus_too_few(p, "Labelled", labeled, want);
	if (want > available)
		return kstatus_too_few(p, "Available", available, want);
	if (want > ready)
		return kstatus_too_few(p, "Ready", ready, want);
	if (all > want)
		return kstatus_too_many(p, all - want);
	return kstatus_say(p, KSTATUS_CURRENT, "ReplicaSet is available");
}

static enum kstatus
kstatus_of_stateful_set(struct kstatus_pass *p)
{
	const json_t *strategy = json_object_get(p->spec, "updateStrategy");
	json_int_t want = json_int(p->spec, "replicas", 1), all = json_int(p->status, "replicas", 0),
		   ready = json_int(p->status, "readyReplicas", 0), current = json_int(p->status, "currentReplicas", 0),
		   updated = json_int(p->status, "updatedReplicas", 0),
		   partition = json_int(json_object_get(strategy, "rollingUpdate"), "partition", -1);

	if (str_eq(json_str(strategy, "type"), "OnDelete"))
		return kstatus_say(p, KSTATUS_CURRENT, "StatefulSet is using the ondelete update strategy");
	if (want > all)
		return kstatus_too_few(p, "Replicas", all, want);
	if (want > ready)
		return kstatus_too_few(p, "Ready", ready, want);
	if (all > want)
		return kstatus_too_many(p, all - want);
	if (partition != -1)
		return updated < want - partition ? kstatus_too_few(p, "updated", updated, want - partition)
						  : kstatus_say(p, KSTATUS_CURRENT, "Partition rollout complete");
	if (want > current)
		return kstatus_too_few(p, "current", current, want);
	if (!str_eq(json_str(p->status, "currentRevision") ?: "", json_str(p->status, "updateRevision") ?: ""))
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Waiting for updated revision to match current");
	return kstatus_say(p, KSTATUS_CURRENT, "All replicas scheduled as expected");
}

static enum kstatus
kstatus_of_daemon_set(struct kstatus_pass *p)
{
	json_int_t want = json_int(p->status, "desiredNumberScheduled", -1),
		   current = json_int(p->status, "currentNumberScheduled", 0),
		   updated = json_int(p->status, "updatedNumberScheduled", 0),
		   available = json_int(p->status, "numberAvailable", 0), ready = json_int(p->status, "numberReady", 0);

	if (json_object_get(p->meta, "generation") == NULL)
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "DaemonSet metadata.generation not found");
	if (json_object_get(p->status, "observedGeneration") == NULL)
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "DaemonSet status.observedGeneration not found");
	if (want == -1)
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Missing .status.desiredNumberScheduled");
	if (want > current)
		return kstatus_too_few(p, "Current", current, want);
	if (want > updated)
		return kstatus_too_few(p, "Updated", updated, want);
	if (want > available)
		return kstatus_too_few(p, "Available", available, want);
	if (want > ready)
		return kstatus_too_few(p, "Ready", ready, want);
	return kstatus_say(p, KSTATUS_CURRENT, "All replicas scheduled as expected");
}

static enum kstatus
kstatus_of_claim(struct kstatus_pass *p)
{
	const char *phase = json_str(p->status, "phase") ?: "unknown";

	return strcmp(phase, "Bound") == 0
		   ? kstatus_say(p, KSTATUS_CURRENT, "PVC is Bound")
		   : kstatus_say(p, KSTATUS_IN_PROGRESS, arena_printf(p->arena, "PVC is not Bound. phase: %s", phase));
}

/* The names of the containers that are started again and again, comma-separated; NULL: there are none. */
static const char *
kstatus_crash_looping(const struct kstatus_pass *p)
{
	const char *all = NULL;
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(p->status, "containerStatuses"), i, c)
		if (str_eq(json_str(json_object_get(json_object_get(c, "state"), "waiting"), "reason"),
			"CrashLoopBackOff"))
			all = arena_printf(p->arena, "%s%s%s", all != NULL ? all : "", all != NULL ? "," : "",
			    json_str(c, "name") ?: "");
	return all;
}

static enum kstatus
kstatus_of_pod(struct kstatus_pass *p)
{
	const char *phase = json_str(p->status, "phase") ?: "", *looping,
		   *created = json_str(p->meta, "creationTimestamp");
	const json_t *scheduled = status_condition(p->status, "PodScheduled");
	int64_t since = 0;

	if (strcmp(phase, "Succeeded") == 0)
		return kstatus_say(p, KSTATUS_CURRENT, "Pod has completed successfully");
	if (strcmp(phase, "Failed") == 0)
		return kstatus_say(p, KSTATUS_CURRENT, "Pod has completed, but not successfully");
	if (strcmp(phase, "Running") == 0) {
		if (kstatus_condition_is(status_condition(p->status, "Ready"), "True"))
			return kstatus_say(p, KSTATUS_CURRENT, "Pod is Ready");
		if ((looping = kstatus_crash_looping(p)) != NULL)
			return kstatus_say(
			    p, KSTATUS_FAILED, arena_printf(p->arena, "Containers in CrashLoop state: %s", looping));
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Pod is running but is not Ready");
	}
	if (strcmp(phase, "Pending") == 0) {
		if (!kstatus_condition_is(scheduled, "False") ||
		    !str_eq(json_str(scheduled, "reason"), "Unschedulable"))
			return kstatus_say(p, KSTATUS_IN_PROGRESS, "Pod is in the Pending phase");
		if (created == NULL || !time_parse(created, &since) || p->now - since < UNSCHEDULABLE_MS)
			return kstatus_say(p, KSTATUS_IN_PROGRESS, "Pod has not been scheduled");
		return kstatus_say(p, KSTATUS_FAILED, "Pod could not be scheduled");
	}
	if (phase[0] == '\0')
		return kstatus_say(p, KSTATUS_IN_PROGRESS, "Pod phase not available");
	return kstatus_say(p, KSTATUS_UNKNOWN, arena_printf(p->arena, "unknown phase %s", phase));
}

static enum kstatus
kstatus_of_job(struct kstatus_pass *p)
{
	json_int_t completions = json_int(p->spec, "completions", json_int(p->spec, "parallelism", 1));

	if (kstatus_condition_is(status_condition(p->status, "Complete"), "True"))
		return kstatus_say(p, KSTATUS_CURRENT, "Job Completed");
	if (kstatus_condition_is(status_condition(p->status, "Failed"), "True"))
		return kstatus_say(p, KSTATUS_FAILED,
		    arena_printf(p->arena, "Job Failed. failed: %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT "%s%s",
			json_int(p->status, "failed", 0), completions,
			str_empty(json_str(status_condition(p->status, "Failed"), "message")) ? "" : ": ",
			json_str(status_condition(p->status, "Failed"), "message") ?: ""));
	return kstatus_say(p, KSTATUS_IN_PROGRESS, "Job in progress");
}

static enum kstatus
kstatus_of_service(struct kstatus_pass *p)
{
	return str_eq(json_str(p->spec, "type"), "LoadBalancer") && str_empty(json_str(p->spec, "clusterIP"))
		   ? kstatus_say(p, KSTATUS_IN_PROGRESS, "ClusterIP not set. Service type: LoadBalancer")
		   : kstatus_say(p, KSTATUS_CURRENT, "Service is ready");
}

static enum kstatus
kstatus_of_disruption_budget(struct kstatus_pass *p)
{
	return kstatus_say(p, KSTATUS_CURRENT, "AllowedDisruptions has been computed.");
}

static enum kstatus
kstatus_of_definition(struct kstatus_pass *p)
{
	const json_t *names_accepted = status_condition(p->status, "NamesAccepted"),
		     *established = status_condition(p->status, "Established");

	if (kstatus_condition_is(names_accepted, "False"))
		return kstatus_say(p, KSTATUS_FAILED, json_str(names_accepted, "message"));
	if (kstatus_condition_is(established, "False") && !str_eq(json_str(established, "reason"), "Installing"))
		return kstatus_say(p, KSTATUS_FAILED, json_str(established, "message"));
	return kstatus_condition_is(established, "True") ? kstatus_say(p, KSTATUS_CURRENT, "CRD is established")
							 : kstatus_say(p, KSTATUS_IN_PROGRESS, "Install in progress");
}

/* Returns the kstatus that corresponds to the health of an object (gitops/engine/health.h). */
static enum kstatus
kstatus_of_health(struct kstatus_pass *p)
{
	switch (health_of(p->arena, p->object, &p->message)) {
	case HEALTH_NONE:
	case HEALTH_HEALTHY:
	case HEALTH_SUSPENDED: return KSTATUS_CURRENT;
	case HEALTH_DEGRADED: return KSTATUS_FAILED;
	default: return KSTATUS_IN_PROGRESS;
	}
}

/* Returns the kstatus of an object of a kind without a rule, by its condition Ready if it has one. */
static enum kstatus
kstatus_by_ready(struct kstatus_pass *p)
{
	const json_t *ready = status_condition(p->status, "Ready");

	if (ready == NULL)
		return kstatus_say(p, KSTATUS_CURRENT, "Resource is current");
	if (kstatus_condition_is(ready, "True"))
		return kstatus_say(p, KSTATUS_CURRENT, "Resource is Ready");
	return kstatus_say(p, KSTATUS_IN_PROGRESS, json_str(ready, "message"));
}

/* Flux's own definitions say that nothing has been observed until its controllers say otherwise, so that a new
 * object is never current. */
static enum kstatus
kstatus_of_flux(struct kstatus_pass *p)
{
	if (json_object_get(p->status, "observedGeneration") == NULL)
		return kstatus_say(p, KSTATUS_IN_PROGRESS,
		    arena_printf(p->arena, "%s has not been observed yet", json_str(p->object, "kind")));
	return kstatus_by_ready(p);
}

static const struct {
	const char *group, *kind;
	kstatus_rule *rule;
	bool instead; /* of the rules for all objects, too */
} rules[] = {
	{ "", "ConfigMap", kstatus_of_always, false },
	{ "", "Secret", kstatus_of_always, false },
	{ "", "Service", kstatus_of_service, false },
	{ "", "Pod", kstatus_of_pod, false },
	{ "", "PersistentVolumeClaim", kstatus_of_claim, false },
	{ "apps", "StatefulSet", kstatus_of_stateful_set, false },
	{ "apps", "DaemonSet", kstatus_of_daemon_set, false },
	{ "extensions", "DaemonSet", kstatus_of_daemon_set, false },
	{ "apps", "Deployment", kstatus_of_deployment, false },
	{ "extensions", "Deployment", kstatus_of_deployment, false },
	{ "apps", "ReplicaSet", kstatus_of_replica_set, false },
	{ "extensions", "ReplicaSet", kstatus_of_replica_set, false },
	{ "batch", "CronJob", kstatus_of_always, false },
	{ "batch", "Job", kstatus_of_job, false },
	{ "policy", "PodDisruptionBudget", kstatus_of_disruption_budget, false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", kstatus_of_definition, false },
	{ "kustomize.toolkit.fluxcd.io", "Kustomization", kstatus_of_flux, false },
	{ "helm.toolkit.fluxcd.io", "HelmRelease", kstatus_of_flux, false },
	{ "source.toolkit.fluxcd.io", "GitRepository", kstatus_of_flux, false },
	{ "source.toolkit.fluxcd.io", "OCIRepository", kstatus_of_flux, false },
	{ "source.toolkit.fluxcd.io", "Bucket", kstatus_of_flux, false },
	{ "source.toolkit.fluxcd.io", "HelmChart", kstatus_of_flux, false },
	{ "argoproj.io", "Rollout", kstatus_of_health, true },
	{ "argoproj.io", "AnalysisRun", kstatus_of_health, true },
	{ "argoproj.io", "Experiment", kstatus_of_health, true },
};

/* Applies the rules for objects of all kinds. Returns false if none of them applies. */
static bool
kstatus_generic(struct kstatus_pass *p, enum kstatus *ret)
{
	const json_t *generation = json_object_get(p->meta, "generation"),
		     *observed = json_object_get(p->status, "observedGeneration"), *c;
	size_t i;

	if (json_is_integer(generation) && json_is_integer(observed) &&
	    json_integer_value(generation) != json_integer_value(observed)) {
		*ret = kstatus_say(p, KSTATUS_IN_PROGRESS,
		    arena_printf(p->arena,
			"%s generation is %" JSON_INTEGER_FORMAT
			", but latest observed generation is %" JSON_INTEGER_FORMAT,
			json_str(p->object, "kind") ?: "", json_integer_value(generation),
			json_integer_value(observed)));
		return true;
	}
	json_array_foreach (json_object_get(p->status, "conditions"), i, c) {
		bool reconciling = str_eq(json_str(c, "type"), "Reconciling"),
		     stalled = str_eq(json_str(c, "type"), "Stalled");

		if ((!reconciling && !stalled) || !kstatus_condition_is(c, "True"))
			continue;
		*ret = kstatus_say(p, stalled ? KSTATUS_FAILED : KSTATUS_IN_PROGRESS, json_str(c, "message"));
		return true;
	}
	return false;
}

enum kstatus
kstatus_of(struct arena *a, const json_t *object, int64_t now, const char **ret_message)
{
	const char *api = json_str(object, "apiVersion") ?: "", *kind = json_str(object, "kind");
	const char *slash = strchr(api, '/');
	size_t n = slash != NULL ? (size_t)(slash - api) : 0, i = 0;
	struct kstatus_pass p = { .arena = a,
		.object = object,
		.meta = json_object_get(object, "metadata"),
		.spec = json_object_get(object, "spec"),
		.status = json_object_get(object, "status"),
		.now = now,
		.message = "" };
	enum kstatus k;

	while (i < ARRAY_SIZE(rules) &&
	       !(str_eq(rules[i].kind, kind) && strlen(rules[i].group) == n && strncmp(rules[i].group, api, n) == 0))
		i++;
	if (json_str(p.meta, "deletionTimestamp") != NULL)
		k = kstatus_say(&p, KSTATUS_TERMINATING, "Resource scheduled for deletion");
	else if (i < ARRAY_SIZE(rules) && rules[i].instead)
		k = rules[i].rule(&p);
	else if (!kstatus_generic(&p, &k))
		k = i < ARRAY_SIZE(rules) ? rules[i].rule(&p) : kstatus_by_ready(&p);
	*ret_message = arena_strdup(a, p.message);
	return k;
}
