/* rollout/counts.h: how many pods the new and the stable version are to have: arithmetic, and nothing else.
 *
 * The numbers are those of Argo Rollouts (utils/replicaset/canary.go), held to them by tests/data/replica-counts.jsonl. With
 * traffic routing the weight follows a router and pods follow the weight; without, the pods' numbers are the weight, and
 * move within maxSurge and maxUnavailable.
 */
#pragma once
#include "kube/api/rollout.h"

/* Pods of one version. */
struct pod_counts {
	int64_t spec; /* asked for */
	int64_t replicas; /* there */
	int64_t available;
};

struct counts_question {
	const struct canary_strategy *canary;
	int64_t replicas; /* of the rollout */
	int64_t index; /* of the step */
	bool aborted, promote_full;
	struct pod_counts new_rs;
	const struct pod_counts *stable; /* NULL: there is none, or it is the new one */
	struct pod_counts older; /* all others together */
	bool has_weights; /* of the traffic, as recorded */
	int64_t canary_weight, stable_weight;
	int64_t least_new; /* pods that the new version has whatever the weight or a setCanaryScale says */
};

struct counts_answer {
	int64_t new_rs, stable;
	bool scaled; /* by a setCanaryScale step, not by the weight */
	int64_t set_weight; /* of the last setWeight step; 0 when aborted, 100 behind the last step */
	bool at_desired; /* the versions have what they are to have, as Argo Rollouts answers it */
	/* A step that asks for pods is over. Argo Rollouts takes at_desired for it, and so leaves a step with less weight than the one
	 * before, without a router, while the canary still has its pods, and waits for ever for a replicaProgressThreshold of more pods
	 * than the step is to have. */
	bool reached;
};

void counts_wanted(const struct counts_question *, struct counts_answer *ret);

/* How many pods more, and fewer, than `replicas` there may be: maxSurge rounded up, maxUnavailable down; 25 % each by default,
 * and never both 0. */
void counts_limits(
    const char *max_surge, const char *max_unavailable, int64_t replicas, int64_t *ret_surge, int64_t *ret_unavailable);

/* The pods that a weight (percent) needs, rounded up. */
int64_t counts_share(int64_t weight, int64_t replicas);

/* The weight of the last setWeight at or before the index (at_index), or strictly before it; 0 if there is none, 100 behind the
 * last step (at_index). */
int64_t counts_step_weight(const struct canary_strategy *, int64_t index, bool at_index);
