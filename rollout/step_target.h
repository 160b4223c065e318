/* rollout/step_target.h: the pods and the traffic that the current step requires. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct replicaset;
struct rollout_pass;

struct target {
	int64_t new_rs, stable; /* the number of pods that each version must have */
	bool scaled; /* a setCanaryScale step, and not the weight, determines new_rs */
	bool pods_there; /* these pods are available */
	int64_t weight; /* percent that the canary's destination may have now, if its pods are ready */
};

/* Returns what the current step requires. */
struct target target_of(const struct rollout_pass *);

/* Returns true if a setWeight step is completed: its pods are available, and its weight is observed in every route. */
bool target_reached(const struct rollout_pass *);

/* Returns the number of pods that the routing needs of a ReplicaSet: as it was last observed, and as this pass
 * changes it. */
int64_t target_kept(const struct rollout_pass *, const struct replicaset *);
