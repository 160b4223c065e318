/* rollout/replicas.h: scaling of ReplicaSets: the number of pods of each revision. Rounding and maxSurge:
 * replica_counts.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct replicaset;
struct rollout_pass;

/* Plans the scaling up of the stable and the new version. */
void replicas_raise(struct rollout_pass *);

/* Plans the scaling down, but never below the number that the routing needs as it was last observed. */
void replicas_lower(struct rollout_pass *);

/* Returns the number of pods with which the new ReplicaSet is created. */
int64_t replicas_initial(const struct rollout_pass *);

/* Plans the scaling of a ReplicaSet to `to`; `drop_deadline` removes its scale-down deadline. */
void replicas_scale(struct rollout_pass *, const struct replicaset *, int64_t to, bool drop_deadline);

/* Plans the scaling of a ReplicaSet to `to` if it has more pods. Takes NULL. */
void replicas_shrink(struct rollout_pass *, const struct replicaset *, int64_t to);

/* Returns true if the number of stable pods follows the stable version's share of the traffic (dynamicStableScale). */
bool replicas_stable_scales(const struct rollout_pass *);
