/* sim/deployment_status.c: the status of a Deployment, its conditions and its progress deadline. Source: Kubernetes'
 * pkg/controller/deployment/progress.go, sync.go, and util/deployment_util.go. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "sim/deployment_parts.h"

#define PROGRESSING "Progressing"
#define NEW_AVAILABLE "NewReplicaSetAvailable"
#define TIMED_OUT "ProgressDeadlineExceeded"

const json_t *
deployment_condition(const json_t *conditions, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (conditions, i, c)
		if (str_eq(json_str(c, "type"), type))
			return c;
	return NULL;
}

static void
deployment_remove_condition(json_t *conditions, const char *type)
{
	for (size_t i = json_array_size(conditions); i-- > 0;)
		if (str_eq(json_str(json_array_get(conditions, i), "type"), type))
			json_array_remove(conditions, i);
}

static json_t *
deployment_new_condition(
    const struct deployment_pass *p, const char *type, const char *status, const char *reason, const char *message)
{
	const char *now = time_format(p->arena, p->w->now);

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", type, "status", status, "lastUpdateTime", now,
	    "lastTransitionTime", now, "reason", reason, "message", message);
}

void
deployment_set_condition(
    struct deployment_pass *p, const char *type, const char *status, const char *reason, const char *message)
{
	const json_t *was = deployment_condition(p->conditions, type);
	json_t *is;

	if (str_eq(json_str(was, "status"), status) && str_eq(json_str(was, "reason"), reason))
		return;
	is = deployment_new_condition(p, type, status, reason, message);
	if (str_eq(json_str(was, "status"), status))
		json_object_set(is, "lastTransitionTime", json_object_get(was, "lastTransitionTime"));
	deployment_remove_condition(p->conditions, type);
	json_array_append_new(p->conditions, is);
}

static void
deployment_put_count(json_t *status, const char *key, int64_t n)
{
	if (n != 0)
		json_object_set_new(status, key, json_integer(n));
}

/* The counts of the ReplicaSets, and whether enough pods are available. The conditions are those of the pass. */
static json_t *
deployment_counted(struct deployment_pass *p)
{
	json_t *status = json_object();
	int64_t wanted = 0, actual = 0, ready = 0, available = 0;

	for (size_t i = 0; i < p->n_sets; i++) {
		wanted += p->sets[i].replicas;
		actual += p->sets[i].actual;
		ready += p->sets[i].ready;
		available += p->sets[i].available;
	}
	json_object_set_new(status, "observedGeneration",
	    json_integer(json_int(json_object_get(p->w->deployment, "metadata"), "generation", 0)));
	deployment_put_count(status, "replicas", actual);
	deployment_put_count(status, "updatedReplicas", p->current != NULL ? p->current->actual : 0);
	deployment_put_count(status, "readyReplicas", ready);
	deployment_put_count(status, "availableReplicas", available);
	deployment_put_count(status, "unavailableReplicas", wanted > available ? wanted - available : 0);
	if (p->collisions >= 0)
		json_object_set_new(status, "collisionCount", json_integer(p->collisions));
	if (available >= p->limits.replicas - p->limits.unavailable)
		deployment_set_condition(
		    p, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
	else
		deployment_set_condition(p, "Available", "False", "MinimumReplicasUnavailable",
		    "Deployment does not have minimum availability.");
	return status;
}

bool
deployment_complete(const struct deployment_pass *p, const json_t *status)
{
	return json_int(status, "updatedReplicas", 0) == p->limits.replicas &&
	       json_int(status, "replicas", 0) == p->limits.replicas &&
	       json_int(status, "availableReplicas", 0) == p->limits.replicas &&
	       json_int(status, "observedGeneration", 0) >=
		   json_int(json_object_get(p->w->deployment, "metadata"), "generation", 0);
}

static int64_t
deployment_old_pods(const json_t *status)
{
	return json_int(status, "replicas", 0) - json_int(status, "updatedReplicas", 0);
}

static bool
deployment_progresses(const json_t *was, const json_t *is)
{
	static const char *const counts[] = { "updatedReplicas", "readyReplicas", "availableReplicas" };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (json_int(is, counts[i], 0) > json_int(was, counts[i], 0))
			return true;
	return deployment_old_pods(is) < deployment_old_pods(was);
}

/* Returns the time until the deadline, ms; -1: no rollout is in progress, or the deadline
 * was exceeded before. */
static int64_t
deployment_time_left(const struct deployment_pass *p, const json_t *progress)
{
	const char *reason = json_str(progress, "reason");
	int64_t from;

	if (progress == NULL || str_eq(reason, NEW_AVAILABLE) || str_eq(reason, TIMED_OUT) ||
	    !time_parse(json_str(progress, "lastUpdateTime"), &from))
		return -1;
	from = time_add(from, 1000 * (int64_t)json_int(p->spec, "progressDeadlineSeconds", 600));
	return from > p->w->now ? from - p->w->now : 0;
}

static void
deployment_judge_progress(struct deployment_pass *p, const json_t *status)
{
	const json_t *was = deployment_condition(p->conditions, PROGRESSING);
	const char *what = p->current != NULL ? arena_printf(p->arena, "ReplicaSet \"%s\"", p->current->name)
					      : arena_printf(p->arena, "Deployment \"%s\"", p->name);
	int64_t left = deployment_time_left(p, was);
	json_t *is;

	if (deployment_old_pods(status) == 0 && str_eq(json_str(was, "reason"), NEW_AVAILABLE))
		return;
	if (deployment_complete(p, status)) {
		deployment_set_condition(p, PROGRESSING, "True", NEW_AVAILABLE,
		    arena_printf(p->arena, "%s has successfully progressed.", what));
	} else if (deployment_progresses(json_object_get(p->w->deployment, "status"), status)) {
		/* Each progress moves the deadline: only the time of the transition stays. */
		is = deployment_new_condition(
		    p, PROGRESSING, "True", "ReplicaSetUpdated", arena_printf(p->arena, "%s is progressing.", what));
		if (str_eq(json_str(was, "status"), "True"))
			json_object_set(is, "lastTransitionTime", json_object_get(was, "lastTransitionTime"));
		deployment_remove_condition(p->conditions, PROGRESSING);
		json_array_append_new(p->conditions, is);
	} else if (left == 0) {
		deployment_set_condition(
		    p, PROGRESSING, "False", TIMED_OUT, arena_printf(p->arena, "%s has timed out progressing.", what));
	}
}

/* A merge patch that makes `was` to `is`. */
static json_t *
deployment_status_patch(const json_t *was, const json_t *is)
{
	json_t *patch = json_deep_copy(is), *v;
	const char *key;

	json_object_foreach ((json_t *)was, key, v)
		if (json_object_get(is, key) == NULL)
			json_object_set_new(patch, key, json_null());
	return json_pack("{s:o}", "status", patch);
}

void
deployment_write_status(struct deployment_pass *p, bool rollout)
{
	const json_t *was = json_object_get(p->w->deployment, "status");
	_cleanup_(json_decrefp) json_t *is = deployment_counted(p);
	int64_t left;

	if (rollout && !p->watched)
		deployment_remove_condition(p->conditions, PROGRESSING);
	if (rollout && p->watched)
		deployment_judge_progress(p, is);
	json_object_set(is, "conditions", p->conditions);
	if (!json_equal(was, is))
		deployment_request(p, "PATCH", deployment_path(p, "/status"), deployment_status_patch(was, is));
	left = rollout && p->watched ? deployment_time_left(p, deployment_condition(p->conditions, PROGRESSING)) : -1;
	if (left >= 0 && !deployment_complete(p, is))
		p->plan->again_ms = left + 1000;
}
