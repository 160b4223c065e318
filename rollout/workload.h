/* rollout/workload.h: spec.workloadRef: the pod template comes from a Deployment, ReplicaSet or PodTemplate. */
#pragma once

struct arena;
struct rollout;
struct rollout_pass;
struct rollout_world;

/* Returns the rollout with the template and selector of its workload, in the arena; or the rollout itself if it
 * refers to none. Fills w->workload and w->unlisted. */
const struct rollout *workload_resolve(struct rollout_world *, const struct rollout *, struct arena *);

/* Plans how far the referenced Deployment is scaled down, according to spec.workloadRef.scaleDown. */
void workload_scale(struct rollout_pass *);
