/* kube/api/core.h: Pod, Service, Event and ConfigMap of the core group, as far as they are read. */
#pragma once
#include "kube/api/rollout.h"

struct pod_status {
	const char *phase, *reason, *pod_ip;
	LIST_OF(struct condition) conditions;
};

struct pod {
	struct object object;
	struct pod_status status;
};

struct service_spec {
	struct string_map selector;
};

struct service {
	struct object object;
	struct service_spec spec;
};

struct event {
	struct object object;
	const char *reason, *message, *event_type;
	int64_t first_timestamp, last_timestamp, count;
};

struct config_map {
	struct object object;
	const char *data; /* as JSON; NULL: it has none */
};

extern const struct type pod_status_type, pod_type, service_type, event_type, config_map_type;

/* Returns whether the pod's condition Ready is True. */
bool pod_ready(const struct pod *);
