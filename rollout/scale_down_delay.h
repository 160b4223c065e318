/* rollout/scale_down_delay.h: versions that lost their traffic keep their pods for a delay. */
#pragma once
#include <stdint.h>

struct replicaset;
struct rollout_pass;

/* Returns the time (wall ms) after which a ReplicaSet is scaled down; 0 if it has none. */
int64_t scale_down_deadline(const struct replicaset *);

/* Sets the time at which a superseded canary is scaled down, in the plan that takes its traffic away. */
void scale_down_keep(struct rollout_pass *);

/* Scales down the version of an aborted update when its delay (abortScaleDownDelaySeconds) has passed. */
void scale_down_aborted(struct rollout_pass *, const struct replicaset *);

/* Scales down a version that is neither new nor stable when its delay (scaleDownDelaySeconds) has passed, or at once
 * if *kept versions are kept already. Increments *kept if it keeps the pods. */
void scale_down_superseded(struct rollout_pass *, const struct replicaset *, int64_t *kept);
