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

/* Returns the pods that are available and stay; 0 for NULL. These are status.availableReplicas, but at most
 * spec.replicas, as the other pods are being removed, and at most replicaset_certain. */
int64_t replicaset_available(const struct replicaset *);

/* Returns true if the status still counts pods that a scale-down removes. The ReplicaSet controller writes a status
 * from the pods that it knew before it deleted some (syncReplicaSet in kubernetes/pkg/controller/replicaset). */
bool replicaset_counts_removed_pods(const struct replicaset *);

/* The pods of a ReplicaSet that was scaled up while its status still counted pods that a scale-down removes: until
 * the status is newer, it must not be believed. Returns true if the ReplicaSet has the annotation, which is "PODS
 * TIME": the pods that were wanted before the scale-up, all of which are kept, and the time of the scale-up (wall
 * ms). */
bool replicaset_certain(const struct replicaset *, int64_t *ret_pods, int64_t *ret_since);
