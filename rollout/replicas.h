/* rollout/replicas.h: scaling of ReplicaSets: the number of pods of each revision. Rounding and maxSurge:
 * replica_counts.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct replicaset;
struct rollout_pass;

/* Plans the scaling up of the stable and the new version. */
void replicas_raise(struct rollout_pass *);

/* Sets the time at which a superseded canary is scaled down, in the plan that takes its traffic away. */
void replicas_keep(struct rollout_pass *);

/* Plans the scaling down, but never below the number that the routing needs as it was last observed. */
void replicas_lower(struct rollout_pass *);

/* Returns the number of pods with which the new ReplicaSet is created. */
int64_t replicas_initial(const struct rollout_pass *);

/* Returns the time (wall ms) after which a ReplicaSet is scaled down; 0 if it has none. */
int64_t replicas_deadline(const struct replicaset *);

/* Returns true if the number of stable pods follows the stable version's share of the traffic (dynamicStableScale). */
bool replicas_stable_scales(const struct rollout_pass *);
