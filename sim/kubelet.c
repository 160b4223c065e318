/* sim/kubelet.c: a kubelet without containers, for a real API server (tests/cluster): computes the next status of a
 * Pod. Nothing runs except the command of a Job's Pod. The laptop cluster's Pods: pods.c. */
#include "sim/kubelet.h"
#include <string.h>
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "sim/command.h"
#include "sim/pod_lifecycle.h"

/* Notes of a pass: when this process first saw the Pod, and when it first saw it deleted. */
#define STARTED "started"
#define STOPPING "stopping"

/* Name of the query that runs a command. */
#define RUN "run"
#define RUN_MS 3600000
#define OUTPUT_MAX 65536
#define KILLED 137 /* exit code: it ran for too long, or wrote too much */

/* A Pod, with the members that the kubelet needs. */
struct node_pod {
	struct object object;
	const char *spec, *status; /* JSON */
};

static const struct field node_pod_fields[] = {
	JSON(node_pod, spec, "spec"),
	JSON(node_pod, status, "status"),
};
static TYPE(node_pod, "Pod", .group = "", .version = "v1", .plural = "pods", .kind = "Pod", .has_status = true);

/* The same, parsed, for one pass. */
struct state {
	const struct node_pod *pod;
	const json_t *spec, *status;
	int64_t now;
};

static const struct kubelet_settings *
kubelet_settings_of(const struct pass *p)
{
	return (const struct kubelet_settings *)p->settings;
}

static json_t *
kubelet_condition(const char *type, bool truth, const char *since)
{
	return json_pack(
	    "{s:s,s:s,s:s}", "type", type, "status", truth ? "True" : "False", "lastTransitionTime", since);
}

static bool
kubelet_holds(const struct state *s, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(s->status, "conditions"), i, c)
		if (str_eq(json_str(c, "type"), type))
			return str_eq(json_str(c, "status"), "True");
	return false;
}

static bool
kubelet_gates_are_open(const struct state *s)
{
	return lifecycle_gates_open(s->spec, json_object_get(s->status, "conditions"));
}

/* Returns the status of a Pod whose containers run, or wait for an image that cannot be pulled. */
static json_t *
kubelet_status_of(struct arena *a, const struct state *s, bool pulled, bool ready)
{
	const char *since = time_format(a, s->now), *from = time_format(a, s->pod->object.meta.creation_timestamp);
	json_t *containers = json_array(), *conditions, *c;
	size_t i;

	json_array_foreach (json_object_get(s->spec, "containers"), i, c) {
		const char *image = json_str(c, "image") ?: "";
		json_t *state = pulled ? json_pack("{s:{s:s}}", "running", "startedAt", since)
				       : json_pack("{s:{s:s,s:s}}", "waiting", "reason", "ErrImagePull", "message",
					     "the image cannot be pulled");

		json_array_append_new(
		    containers, json_pack("{s:s,s:s,s:s,s:b,s:b,s:i,s:o}", "name", json_str(c, "name") ?: "", "image",
				    image, "imageID", pulled ? image : "", "ready", ready, "started", pulled,
				    "restartCount", 0, "state", state));
	}
	conditions = json_pack("[o,o,o,o]", kubelet_condition("PodScheduled", true, from),
	    kubelet_condition("Initialized", true, from), kubelet_condition("ContainersReady", ready, since),
	    kubelet_condition("Ready", ready && kubelet_gates_are_open(s), since));
	lifecycle_keep_conditions(conditions, json_object_get(s->status, "conditions"));
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o}", "phase", pulled ? "Running" : "Pending", "hostIP", "127.0.0.1",
	    "podIP", "127.0.0.1", "startTime", from, "conditions", conditions, "containerStatuses", containers);
}

/* The command of the pod's first container, for transport_exec.h: runs it, and prints the exit code last. NULL: no
 * container, or restartPolicy Always. */
static const char *
kubelet_command_of(struct arena *a, const json_t *spec)
{
	const char *policy = json_str(spec, "restartPolicy");
	const json_t *c = json_array_get(json_object_get(spec, "containers"), 0);
	const json_t *command = json_object_get(c, "command"), *args = json_object_get(c, "args");
	_cleanup_(json_decrefp) json_t *how = NULL;
	json_t *argv;

	if (c == NULL || str_empty(policy) || str_eq(policy, "Always"))
		return NULL;
	argv = json_pack("[s,s,s,s]", "/bin/sh", "-c", "\"$@\"; echo \"exit $?\"", "sh");
	json_array_extend(argv, (json_t *)command);
	json_array_extend(argv, (json_t *)args);
	how = json_pack("{s:o}", "argv", argv);
	return json_text(a, how);
}

/* The exit code from the output of that command; KILLED: it did not end. */
static int
kubelet_exit_code(struct arena *a, const struct response *got)
{
	const char *text = arena_strndup(a, got->body.at, got->body.len), *last = NULL;
	long long code;

	if (got->err != NULL)
		return KILLED;
	for (const char *at = text; (at = strstr(at, "exit ")) != NULL; at++)
		last = at + strlen("exit ");
	return last != NULL && str_int(arena_strndup(a, last, strspn(last, "0123456789")), 0, 255, &code) ? (int)code
													  : KILLED;
}

/* Returns the status of a Pod whose containers have ended. */
static json_t *
kubelet_ended_status(struct arena *a, const struct state *s, int code)
{
	json_t *status = kubelet_status_of(a, s, true, false), *one;
	const char *since = time_format(a, s->now);
	size_t i;

	json_object_set_new(status, "phase", json_string(code == 0 ? "Succeeded" : "Failed"));
	json_array_foreach (json_object_get(status, "containerStatuses"), i, one)
		json_object_set_new(one, "state", command_terminated(code, since, since));
	return status;
}

/* Runs the command once; the Pod ends with it. */
static void
kubelet_run(const struct pass *p, struct plan *plan, const struct state *s, const char *command)
{
	const struct seen_query *a = seen_query(p->seen, RUN);

	plan_query(plan, RUN,
	    &(struct query){
		.request = { .method = "RUN", .url = command, .timeout_ms = RUN_MS, .response_max = OUTPUT_MAX },
		.to = QUERY_PROGRAM });
	plan_keep(plan, RUN);
	if (a != NULL && a->done)
		plan_status(plan, &s->pod->object, json_object(),
		    kubelet_ended_status(plan->arena, s, kubelet_exit_code(plan->arena, &a->response)));
}

static bool
kubelet_can_be_pulled(const struct pass *p, const json_t *spec)
{
	const char *tag = kubelet_settings_of(p)->broken_tag;
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, c)
		if (tag != NULL && str_ends(json_str(c, "image"), tag))
			return false;
	return true;
}

/* Removes a deleted Pod after its termination time. */
static void
kubelet_stop(const struct pass *p, struct plan *plan, const struct state *s)
{
	int64_t since = seen_note(p->seen, STOPPING, p->now), end_at = time_add(since, lifecycle_stop_ms(s->spec));

	plan_note(plan, STOPPING, since);
	if (p->now < end_at)
		plan_wake(plan, end_at);
	else
		plan_delete_now(plan, &s->pod->object);
}

/* Starts the containers, makes them ready, and runs a Job's command. */
static void
kubelet_go_on(const struct pass *p, struct plan *plan, const struct state *s)
{
	struct rand_stream spread = rand_stream(0, p->name); /* the same for a Pod each time */
	int64_t started = seen_note(p->seen, STARTED, p->now),
		ready_at = time_add(
		    started, kubelet_settings_of(p)->ready_ms +
				 (int64_t)rand_below(&spread, (uint64_t)kubelet_settings_of(p)->spread_ms + 1) +
				 lifecycle_start_ms(s->spec));
	bool pulled = kubelet_can_be_pulled(p, s->spec), may = pulled && !lifecycle_never_ready(s->spec),
	     ready = may && (kubelet_holds(s, "ContainersReady") || p->now >= ready_at);
	bool began = json_object_get(s->status, "containerStatuses") != NULL;
	const char *command = kubelet_command_of(plan->arena, s->spec);

	plan_note(plan, STARTED, started);
	if (!began || kubelet_holds(s, "ContainersReady") != ready ||
	    kubelet_holds(s, "Ready") != (ready && kubelet_gates_are_open(s)))
		plan_status(plan, &s->pod->object, json_object(), kubelet_status_of(plan->arena, s, pulled, ready));
	else if (ready && command != NULL)
		kubelet_run(p, plan, s, command);
	if (may && !ready)
		plan_wake(plan, ready_at);
}

static void
kubelet_pass(const struct pass *p, struct plan *plan)
{
	const struct node_pod *pod = (const struct node_pod *)view_get(p->view, &node_pod_type, p->namespace, p->name);
	_cleanup_(json_decrefp) json_t *spec = NULL, *status = NULL;
	struct state s = { .pod = pod, .now = p->now };
	const char *phase;

	if (pod == NULL || pod->spec == NULL)
		return;
	s.spec = spec = json_loads(pod->spec, 0, NULL);
	s.status = status = pod->status != NULL ? json_loads(pod->status, 0, NULL) : NULL;
	phase = json_str(status, "phase");
	if (!str_eq(json_str(spec, "nodeName"), kubelet_settings_of(p)->node))
		return;
	if (pod->object.meta.deletion_timestamp != 0)
		kubelet_stop(p, plan, &s);
	else if (!str_eq(phase, "Succeeded") && !str_eq(phase, "Failed"))
		kubelet_go_on(p, plan, &s);
}

static const struct controller_watch watches[] = { { .type = &node_pod_type } };

const struct controller kubelet_controller = {
	.name = "kubelet",
	.type = &node_pod_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = kubelet_pass,
};
