/* kube/api/pod_details.c: a Pod with its containers, and the status that `kubectl get pods` prints: rows, and
 * kubectl's rules. */
#include "kube/api/pod_details.h"
#include <inttypes.h>
#include "base/str.h"

static const struct field waiting_state_fields[] = {
	STRING(waiting_state, reason, "reason"),
};
static TYPE(waiting_state, "waiting container");

static const struct field running_state_fields[] = {
	TIME(running_state, started_at, "startedAt"),
};
static TYPE(running_state, "running container");

static const struct field terminated_state_fields[] = {
	STRING(terminated_state, reason, "reason"),
	INT(terminated_state, exit_code, "exitCode"),
	INT(terminated_state, signal, "signal"),
};
static TYPE(terminated_state, "terminated container");

static const struct field container_state_fields[] = {
	OBJECT(container_state, waiting, "waiting", waiting_state),
	OBJECT(container_state, running, "running", running_state),
	OBJECT(container_state, terminated, "terminated", terminated_state),
};
static TYPE(container_state, "container's state");

static const struct field container_status_fields[] = {
	BOOL(container_status, ready, "ready"),
	INT(container_status, restart_count, "restartCount"),
	EMBED(container_status, state, "state", container_state),
};
static TYPE(container_status, "container's status");

static const struct field pod_details_status_fields[] = {
	STRING(pod_details_status, phase, "phase"),
	STRING(pod_details_status, reason, "reason"),
	LIST(pod_details_status, init_containers, "initContainerStatuses", container_status),
	LIST(pod_details_status, containers, "containerStatuses", container_status),
};
static TYPE(pod_details_status, "Pod's status");

static const struct field pod_container_fields[] = {
	STRING(pod_container, name, "name"),
};
static TYPE(pod_container, "container");

static const struct field pod_details_spec_fields[] = {
	LIST(pod_details_spec, init_containers, "initContainers", pod_container),
	LIST(pod_details_spec, containers, "containers", pod_container),
};
static TYPE(pod_details_spec, "Pod's spec");

static const struct field pod_details_fields[] = {
	EMBED(pod_details, spec, "spec", pod_details_spec),
	EMBED(pod_details, status, "status", pod_details_status),
};
TYPE(pod_details, "Pod", .group = "", .version = "v1", .plural = "pods", .kind = "Pod", .has_status = true);

/* The reason why a container ended, in one word. */
static const char *
pod_details_end_reason(struct arena *a, const struct terminated_state *t)
{
	if (!str_empty(t->reason))
		return t->reason;
	return t->signal != 0 ? arena_printf(a, "Signal:%" PRId64, t->signal)
			      : arena_printf(a, "ExitCode:%" PRId64, t->exit_code);
}

/* Returns the state of the init containers, such as "Init:1/2"; NULL if all have completed. */
static const char *
pod_details_init_state(struct arena *a, const struct pod_details *p)
{
	for (size_t i = 0; i < p->status.init_containers.n; i++) {
		const struct container_state *s = &p->status.init_containers.at[i].state;

		if (s->terminated != NULL && s->terminated->exit_code == 0)
			continue;
		if (s->running != NULL && p->status.init_containers.at[i].ready)
			continue; /* a sidecar, which continues to run */
		if (s->terminated != NULL)
			return arena_printf(a, "Init:%s", pod_details_end_reason(a, s->terminated));
		if (s->waiting != NULL && !str_empty(s->waiting->reason) &&
		    !str_eq(s->waiting->reason, "PodInitializing"))
			return arena_printf(a, "Init:%s", s->waiting->reason);
		return arena_printf(a, "Init:%zu/%zu", i, p->spec.init_containers.n);
	}
	return NULL;
}

void
pod_summary(struct arena *a, const struct pod_details *p, struct pod_summary *ret)
{
	const char *status = str_empty(p->status.reason) ? p->status.phase : p->status.reason;
	const char *init = pod_details_init_state(a, p);
	bool running = false;

	*ret = (struct pod_summary){ .containers = p->spec.containers.n };
	for (size_t i = 0; i < p->status.init_containers.n; i++)
		ret->restarts += p->status.init_containers.at[i].restart_count;
	/* The status of the first container has precedence. */
	for (size_t i = p->status.containers.n; i-- > 0;) {
		const struct container_status *c = &p->status.containers.at[i];

		ret->restarts += c->restart_count;
		ret->ready += c->ready && c->state.running != NULL;
		running |= c->ready && c->state.running != NULL;
		if (c->state.waiting != NULL && !str_empty(c->state.waiting->reason))
			status = c->state.waiting->reason;
		else if (c->state.terminated != NULL)
			status = pod_details_end_reason(a, c->state.terminated);
	}
	if (str_eq(status, "Completed") && running)
		status = ret->ready == ret->containers ? "Running" : "NotReady";
	if (init != NULL)
		status = init;
	if (p->object.meta.deletion_timestamp != 0)
		status = "Terminating";
	ret->status = str_empty(status) ? "Unknown" : status;
}
