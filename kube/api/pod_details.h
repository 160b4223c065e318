/* kube/api/pod_details.h: a Pod with its containers, for commands and the dashboard. The controller's cache has
 * struct pod (core.h), which is smaller. */
#pragma once
#include "kube/api/core.h"

struct waiting_state {
	const char *reason;
};

struct running_state {
	int64_t started_at;
};

struct terminated_state {
	const char *reason;
	int64_t exit_code, signal;
};

/* The state of a container: one is set; none: it waits. */
struct container_state {
	const struct waiting_state *waiting;
	const struct running_state *running;
	const struct terminated_state *terminated;
};

struct container_status {
	bool ready;
	int64_t restart_count;
	struct container_state state;
};

struct pod_details_status {
	const char *phase, *reason;
	LIST_OF(struct container_status) init_containers, containers;
};

struct pod_container {
	const char *name;
};

struct pod_details_spec {
	LIST_OF(struct pod_container) init_containers, containers;
};

struct pod_details {
	struct object object;
	struct pod_details_spec spec;
	struct pod_details_status status;
};

extern const struct type pod_details_type;

/* The status of a pod, as kubectl prints it. */
struct pod_summary {
	const char *status; /* "Running", "ContainerCreating", "ImagePullBackOff", "Init:1/2", "Terminating", ... */
	size_t ready, containers;
	int64_t restarts;
};

/* Sets the status that `kubectl get pods` prints, by the same rules. New texts are in the arena. */
void pod_summary(struct arena *, const struct pod_details *, struct pod_summary *ret);
