/* sim/kubelet.c: what a Pod's status says next. */
#include "sim/kubelet.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "sim/command.h"
#include "sim/lifecycle.h"

/* Notes: when this process first saw the Pod, and when it first saw it deleted. */
#define STARTED "started"
#define STOPPING "stopping"

/* A Pod with what a kubelet needs of it. */
struct node_pod {
	struct object object;
	const char *spec; /* JSON */
	struct pod_status status;
};

static const struct field node_pod_fields[] = {
	JSON(node_pod, spec, "spec"),
	EMBED(node_pod, status, "status", pod_status),
};
static TYPE(node_pod, "Pod", .group = "", .version = "v1", .plural = "pods", .kind = "Pod", .has_status = true);

static int64_t
setting(const struct pass *p, const char *name)
{
	long long v = 0;
	const char *text = string_map_get(p->settings, name);

	return text != NULL && str_int(text, 0, 3600000, &v) ? v : 0;
}

static json_t *
condition(const char *type, bool truth, const char *since)
{
	return json_pack(
	    "{s:s,s:s,s:s}", "type", type, "status", truth ? "True" : "False", "lastTransitionTime", since);
}

/* All containers run, or wait for an image that cannot be had. */
static json_t *
status_of(struct arena *a, const struct node_pod *pod, const json_t *spec, bool pulled, bool ready, int64_t now)
{
	const char *since = time_format(a, now), *from = time_format(a, pod->object.meta.creation_timestamp);
	json_t *containers = json_array(), *c;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, c) {
		const char *image = json_str(c, "image") ?: "";
		json_t *state = pulled ? json_pack("{s:{s:s}}", "running", "startedAt", since)
				       : json_pack("{s:{s:s,s:s}}", "waiting", "reason", "ErrImagePull", "message",
					     "the image cannot be pulled");

		json_array_append_new(
		    containers, json_pack("{s:s,s:s,s:s,s:b,s:b,s:i,s:o}", "name", json_str(c, "name") ?: "", "image",
				    image, "imageID", pulled ? image : "", "ready", ready, "started", pulled,
				    "restartCount", 0, "state", state));
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:[o,o,o,o],s:o}", "phase", pulled ? "Running" : "Pending", "hostIP",
	    "127.0.0.1", "podIP", "127.0.0.1", "startTime", from, "conditions", condition("PodScheduled", true, from),
	    condition("Initialized", true, from), condition("ContainersReady", ready, since),
	    condition("Ready", ready, since), "containerStatuses", containers);
}

/* What the pod's first container comes to; a pod that is always started again comes to nothing. NULL: that. */
static const char *
command_of(struct arena *a, const json_t *spec)
{
	const char *policy = json_str(spec, "restartPolicy");
	const json_t *c = json_array_get(json_object_get(spec, "containers"), 0);

	if (c == NULL || str_empty(policy) || str_eq(policy, "Always"))
		return NULL;
	return command_text(a, json_object_get(c, "command"), json_object_get(c, "args"));
}

/* All containers have ended. */
static json_t *
ended_status(struct arena *a, const struct node_pod *pod, const json_t *spec, int code, int64_t now)
{
	json_t *status = status_of(a, pod, spec, true, false, now), *one;
	const char *since = time_format(a, now);
	size_t i;

	json_object_set_new(status, "phase", json_string(code == 0 ? "Succeeded" : "Failed"));
	json_array_foreach (json_object_get(status, "containerStatuses"), i, one)
		json_object_set_new(one, "state", command_terminated(code, since, since));
	return status;
}

static bool
can_be_pulled(const struct pass *p, const json_t *spec)
{
	const char *tag = string_map_get(p->settings, "broken-tag");
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, c)
		if (tag != NULL && str_ends(json_str(c, "image"), tag))
			return false;
	return true;
}

/* It was deleted: it goes when its containers have had their time. */
static void
stop(const struct pass *p, struct plan *plan, const struct node_pod *pod, const json_t *spec)
{
	int64_t since = seen_note(p->seen, STOPPING, p->now), end_at = time_add(since, lifecycle_stop_ms(spec));

	plan_note(plan, STOPPING, since);
	if (p->now < end_at)
		plan_wake(plan, end_at);
	else
		plan_delete_now(plan, &pod->object);
}

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct node_pod *pod = (const struct node_pod *)view_get(p->view, &node_pod_type, p->namespace, p->name);
	_cleanup_(json_decrefp) json_t *spec = NULL;
	int64_t started = seen_note(p->seen, STARTED, p->now), ready_at, end_at;
	struct rand_stream spread = rand_stream(0, p->name); /* the same for a Pod each time */
	bool pulled, running, ready;
	const char *command;

	if (pod == NULL || pod->spec == NULL)
		return;
	spec = json_loads(pod->spec, 0, NULL);
	if (!str_eq(json_str(spec, "nodeName"), string_map_get(p->settings, "node")))
		return;
	if (pod->object.meta.deletion_timestamp != 0) {
		stop(p, plan, pod, spec);
		return;
	}
	pulled = can_be_pulled(p, spec);
	running = pod->status.conditions.n > 1; /* beyond the scheduler's */
	ready = pod_ready(&(struct pod){ .status = pod->status });
	ready_at = time_add(started, setting(p, "ready-ms") +
					 (int64_t)rand_below(&spread, (uint64_t)setting(p, "spread-ms") + 1) +
					 lifecycle_start_ms(spec));
	plan_note(plan, STARTED, started);
	if (!running)
		plan_status(
		    plan, &pod->object, json_object(), status_of(plan->arena, pod, spec, pulled, false, p->now));
	if (str_eq(pod->status.phase, "Succeeded") || str_eq(pod->status.phase, "Failed"))
		return;
	command = command_of(plan->arena, spec);
	if (command != NULL && pulled && ready) {
		end_at = time_add(ready_at, command_lasts_ms(command));
		if (p->now < end_at)
			plan_wake(plan, end_at);
		else
			plan_status(plan, &pod->object, json_object(),
			    ended_status(plan->arena, pod, spec, command_exit_code(command), p->now));
	}
	if (!pulled || ready)
		return;
	if (!running || p->now < ready_at)
		plan_wake(plan, ready_at);
	else
		plan_status(plan, &pod->object, json_object(), status_of(plan->arena, pod, spec, true, true, p->now));
}

static const struct controller_watch watches[] = { { .type = &node_pod_type } };

const struct controller kubelet_controller = {
	.name = "kubelet",
	.type = &node_pod_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
};
