/* kube/api/replicaset.h: ReplicaSet of apps/v1. */
#pragma once
#include "kube/api/rollout.h"

struct replicaset_spec {
	struct opt_int replicas; /* 1 if absent */
	int64_t min_ready_seconds;
	const char *template; /* pod template as canonical JSON, hash label included */
};

struct replicaset_status {
	int64_t replicas, ready_replicas, available_replicas, observed_generation;
	LIST_OF(struct condition) conditions;
};

struct replicaset {
	struct object object;
	struct replicaset_spec spec;
	struct replicaset_status status;
};

extern const struct type replicaset_type;

/* Returns spec.replicas, or 1 if it is absent, which is the default of Kubernetes. */
int64_t replicaset_wanted(const struct replicaset *);

/* Returns status.availableReplicas; 0 for NULL. */
int64_t replicaset_available(const struct replicaset *);
