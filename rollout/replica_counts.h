/* rollout/replica_counts.h: the number of pods of the new and the stable version. Arithmetic only.
 *
 * The numbers are those of Argo Rollouts (utils/replicaset/canary.go), and are compared with them by
 * tests/data/replica-counts.jsonl. With traffic routing, a router has the weight and pods follow it. Without, the
 * numbers of pods are the weight, and change within maxSurge and maxUnavailable.
 */
#pragma once
#include "kube/api/rollout.h"

/* Pods of one version. */
struct pod_counts {
	int64_t spec; /* that the ReplicaSet requests */
	int64_t replicas; /* that exist */
	int64_t available;
};

/* The input of counts_wanted(). */
struct counts_question {
	const struct canary_strategy *canary;
	int64_t replicas; /* spec.replicas */
	int64_t index; /* the index of the current step */
	bool aborted, promote_full;
	struct pod_counts new_rs;
	const struct pod_counts *stable; /* NULL if the stable version does not exist or is the new one */
	struct pod_counts older; /* all other versions together */
	bool has_weights; /* the status has the following weights */
	int64_t canary_weight, stable_weight;
	int64_t least_new; /* the minimum for the new version, whatever the weight and setCanaryScale require */
};

/* The output of counts_wanted(). */
struct counts_result {
	int64_t new_rs, stable; /* the number of pods that each version must have */
	bool scaled; /* a setCanaryScale step, and not the weight, determines new_rs */
	int64_t set_weight; /* the weight of the last setWeight step; 0 after an abort, all after the last step */
	bool at_desired; /* the versions have the wanted pods, by the rule of Argo Rollouts */
	/* A step that requires pods is completed. Argo Rollouts uses at_desired for this. It therefore completes a
	 * step with a lower weight than the one before too early when there is no router, and never completes one
	 * whose replicaProgressThreshold has more pods than the step. */
	bool reached;
};

/* Sets *ret to the numbers of pods that both versions must have now. */
void counts_wanted(const struct counts_question *, struct counts_result *ret);

/* Sets *ret_surge and *ret_unavailable to the numbers of pods that may exist in addition to `replicas`, and that may be
 * missing from them. Percentages of maxSurge are rounded up, and those of maxUnavailable down. NULL is 25 %. If both
 * would be 0, *ret_unavailable is 1. */
void counts_limits(
    const char *max_surge, const char *max_unavailable, int64_t replicas, int64_t *ret_surge, int64_t *ret_unavailable);

/* Returns the number of pods, of `replicas`, that a weight of `total` needs; rounded up. */
int64_t counts_share(int64_t weight, int64_t total, int64_t replicas);

/* Returns the weight of the last setWeight step at or before the index (at_index), or strictly before it; 0 without
 * such a step, that of all traffic after the last step (at_index). */
int64_t counts_step_weight(const struct canary_strategy *, int64_t index, bool at_index);
