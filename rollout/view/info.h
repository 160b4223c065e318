/* rollout/view/info.h: a rollout and its objects as one JSON object: the RolloutInfo of Argo Rollouts' dashboard API
 * (pkg/apiclient/rollout/rollout.proto), with its names.
 *
 * {objectMeta, status, message, icon, strategy, step, setWeight, actualWeight, desired, current, updated, ready,
 * available, restartedAt, generation, containers, steps, replicaSets: [{..., pods}], experiments: [{..., replicaSets,
 * analysisRuns}], analysisRuns: [{..., jobs, nonJobInfo}]}; newest first. Weights and steps are text, and only a
 * canary has them. stepLabels, a text for each of the steps, is Sluice's own, and so is comparison, of a
 * measurement: {numbers: [{name, text}], course}, where course is a struct compared_course (kube/api/compare.h).
 */
#pragma once
#include "kube/plan/view.h"

/* Returns NULL if the rollout does not exist. Pods are read as pod_details. The caller owns the result. */
json_t *info_rollout(const struct view *, const char *ns, const char *name);

/* Sets the namespace and name of the rollout that an object belongs to, at up to three owners' distance (a Pod of a
 * ReplicaSet of an Experiment). Returns false if it belongs to none. Borrowed from the view. */
bool info_concerns(const struct view *, const struct object *, const char **ret_ns, const char **ret_name);
