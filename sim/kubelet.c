/* sim/kubelet.c: what a Pod's status says next. */
#include "sim/kubelet.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "sim/command.h"

#define STARTED "started" /* a note: when this process first saw the Pod */

struct container {
	const char *name, *image;
	const char *command, *args; /* JSON lists */
};

struct node_pod_spec {
	const char *node_name, *restart_policy;
	LIST_OF(struct container) containers;
};

/* A Pod with the part of its spec that a kubelet needs. */
struct node_pod {
	struct object object;
	struct node_pod_spec spec;
	struct pod_status status;
};

static const struct field container_fields[] = {
	STRING(container, name, "name"),
	STRING(container, image, "image"),
	JSON(container, command, "command"),
	JSON(container, args, "args"),
};
static TYPE(container, "container");

static const struct field node_pod_spec_fields[] = {
	STRING(node_pod_spec, node_name, "nodeName"),
	STRING(node_pod_spec, restart_policy, "restartPolicy"),
	LIST(node_pod_spec, containers, "containers", container),
};
static TYPE(node_pod_spec, "Pod's spec");

static const struct field node_pod_fields[] = {
	EMBED(node_pod, spec, "spec", node_pod_spec),
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
status_of(struct arena *a, const struct node_pod *pod, bool pulled, bool ready, int64_t now)
{
	const char *since = time_format(a, now), *from = time_format(a, pod->object.meta.creation_timestamp);
	json_t *containers = json_array();

	for (size_t i = 0; i < pod->spec.containers.n; i++) {
		const struct container *c = &pod->spec.containers.at[i];
		json_t *state = pulled ? json_pack("{s:{s:s}}", "running", "startedAt", since)
				       : json_pack("{s:{s:s,s:s}}", "waiting", "reason", "ErrImagePull", "message",
					     "the image cannot be pulled");

		json_array_append_new(containers,
		    json_pack("{s:s,s:s,s:s,s:b,s:b,s:i,s:o}", "name", c->name, "image",
			c->image != NULL ? c->image : "", "imageID", pulled && c->image != NULL ? c->image : "",
			"ready", ready, "started", pulled, "restartCount", 0, "state", state));
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:[o,o,o,o],s:o}", "phase", pulled ? "Running" : "Pending", "hostIP",
	    "127.0.0.1", "podIP", "127.0.0.1", "startTime", from, "conditions", condition("PodScheduled", true, from),
	    condition("Initialized", true, from), condition("ContainersReady", ready, since),
	    condition("Ready", ready, since), "containerStatuses", containers);
}

/* What the pod's first container comes to; a pod that is always started again comes to nothing. NULL: that. */
static const char *
command_of(struct arena *a, const struct node_pod *pod)
{
	_cleanup_(json_decrefp) json_t *command = NULL, *args = NULL;
	const struct container *c = pod->spec.containers.n > 0 ? &pod->spec.containers.at[0] : NULL;

	if (c == NULL || str_empty(pod->spec.restart_policy) || str_eq(pod->spec.restart_policy, "Always"))
		return NULL;
	command = c->command != NULL ? json_loads(c->command, 0, NULL) : NULL;
	args = c->args != NULL ? json_loads(c->args, 0, NULL) : NULL;
	return command_text(a, command, args);
}

/* All containers have ended. */
static json_t *
ended_status(struct arena *a, const struct node_pod *pod, int code, int64_t now)
{
	json_t *status = status_of(a, pod, true, false, now), *one;
	const char *since = time_format(a, now);
	size_t i;

	json_object_set_new(status, "phase", json_string(code == 0 ? "Succeeded" : "Failed"));
	json_array_foreach (json_object_get(status, "containerStatuses"), i, one)
		json_object_set_new(one, "state", command_terminated(code, since, since));
	return status;
}

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct node_pod *pod = (const struct node_pod *)view_get(p->view, &node_pod_type, p->namespace, p->name);
	const char *tag = string_map_get(p->settings, "broken-tag");
	int64_t started = seen_note(p->seen, STARTED, p->now), ready_at;
	struct rand_stream spread = rand_stream(0, p->name); /* the same for a Pod each time */
	bool pulled = true, running;
	const char *command;
	int64_t end_at;

	if (pod == NULL || !str_eq(pod->spec.node_name, string_map_get(p->settings, "node")))
		return;
	if (pod->object.meta.deletion_timestamp != 0) {
		plan_delete_now(plan, &pod->object);
		return;
	}
	for (size_t i = 0; i < pod->spec.containers.n; i++)
		pulled &= tag == NULL || !str_ends(pod->spec.containers.at[i].image, tag);
	running = pod->status.conditions.n > 1; /* beyond the scheduler's */
	ready_at =
	    started + setting(p, "ready-ms") + (int64_t)rand_below(&spread, (uint64_t)setting(p, "spread-ms") + 1);
	plan_note(plan, STARTED, started);
	if (!running)
		plan_status(plan, &pod->object, json_object(), status_of(plan->arena, pod, pulled, false, p->now));
	if (str_eq(pod->status.phase, "Succeeded") || str_eq(pod->status.phase, "Failed"))
		return;
	command = command_of(plan->arena, pod);
	if (command != NULL && pulled && pod_ready(&(struct pod){ .status = pod->status })) {
		end_at = time_add(ready_at, command_lasts_ms(command));
		if (p->now < end_at)
			plan_wake(plan, end_at);
		else
			plan_status(plan, &pod->object, json_object(),
			    ended_status(plan->arena, pod, command_exit_code(command), p->now));
	}
	if (!pulled || pod_ready(&(struct pod){ .status = pod->status }))
		return;
	if (!running || p->now < ready_at)
		plan_wake(plan, ready_at);
	else
		plan_status(plan, &pod->object, json_object(), status_of(plan->arena, pod, true, true, p->now));
}

static const struct controller_watch watches[] = { { .type = &node_pod_type } };

const struct controller kubelet_controller = {
	.name = "kubelet",
	.type = &node_pod_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
};
