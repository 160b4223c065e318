/* rollout/mapping.h: which rollouts an object concerns: they get a pass when it changes.
 *
 * Rollouts are found by what they name (struct view_index): an event costs as much as there are rollouts that it
 * concerns, and not as there are in the cluster. Each function is a `map` of struct controller_watch.
 */
#pragma once
#include "kube/plan/controller.h"

/* An object of a router: rollouts whose routing names it. */
void mapping_routed(const struct view *, const struct object *, emit_key *, void *arg);

/* A Service: rollouts whose strategy names it. */
void mapping_service(const struct view *, const struct object *, emit_key *, void *arg);

/* An AnalysisTemplate or ClusterAnalysisTemplate: rollouts with an analysis that names it, or that names a template
 * that names it, and so on. */
void mapping_template(const struct view *, const struct object *, emit_key *, void *arg);

/* A ReplicaSet: the rollout that owns it; without an owner, every rollout that could adopt it. */
void mapping_replicaset(const struct view *, const struct object *, emit_key *, void *arg);

/* A Deployment, ReplicaSet or PodTemplate: rollouts whose workloadRef names it. */
void mapping_workload(const struct view *, const struct object *, emit_key *, void *arg);
