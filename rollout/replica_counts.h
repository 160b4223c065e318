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
	int64_t spec; /* requested */
	int64_t replicas; /* there */
	int64_t available;
};

struct counts_question {
	const struct canary_strategy *canary;
	int64_t replicas; /* of the rollout */
	int64_t index; /* of the step */
	bool aborted, promote_full;
	struct pod_counts new_rs;
	const struct pod_counts *stable; /* NULL: does not exist, or is the new one */
	struct pod_counts older; /* all others together */
	bool has_weights; /* of the traffic, as recorded */
	int64_t canary_weight, stable_weight;
	int64_t least_new; /* minimum of the new version, whatever the weight or a setCanaryScale asks for */
};

struct counts_answer {
	int64_t new_rs, stable;
	bool scaled; /* by a setCanaryScale step, not by the weight */
	int64_t set_weight; /* of the last setWeight step; 0 when aborted, 100 behind the last step */
	bool at_desired; /* the versions have the wanted pods, by the rule of Argo Rollouts */
	/* A step that asks for pods is completed. Argo Rollouts uses at_desired for this. It therefore completes a
	 * step with a lower weight than the one before too early when there is no router, and never completes one
	 * whose replicaProgressThreshold has more pods than the step. */
	bool reached;
};

void counts_wanted(const struct counts_question *, struct counts_answer *ret);

/* Sets how many pods more, and fewer, than `replicas` are allowed: maxSurge rounded up, maxUnavailable rounded down;
 * 25 % each by default, and never both 0. */
void counts_limits(
    const char *max_surge, const char *max_unavailable, int64_t replicas, int64_t *ret_surge, int64_t *ret_unavailable);

/* The pods that a weight (percent) needs, rounded up. */
int64_t counts_share(int64_t weight, int64_t replicas);

/* Returns the weight of the last setWeight step at or before the index (at_index), or strictly before it; 0 without
 * such a step, 100 behind the last step (at_index). */
int64_t counts_step_weight(const struct canary_strategy *, int64_t index, bool at_index);
