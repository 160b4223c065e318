/* rollout/bluegreen.h: the strategy blue-green: its pass and its switch of the active Service. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct replicaset;
struct rollout_pass;

/* Plans the pass of a rollout whose spec is valid. */
void bluegreen_pass(struct rollout_pass *);

/* After an abort: plans the switch of the active Service back to the stable version. Otherwise does nothing. */
void bluegreen_back(struct rollout_pass *);

/* Returns true if the active Service selects the new version. */
bool bluegreen_is_active(const struct rollout_pass *);

/* Returns the ReplicaSet that the active Service selects; NULL if it selects none, or one that does not exist. */
const struct replicaset *bluegreen_active(const struct rollout_pass *);

/* Returns the number of pods that the new version must have now: previewReplicaCount or spec.replicas. */
int64_t bluegreen_wanted(const struct rollout_pass *);

/* Returns true if that number of pods of the new version is available. */
bool bluegreen_is_ready(const struct rollout_pass *);

/* Returns true if pauses and analyses are skipped: in a rollback to a version that still runs, or after a full
 * promotion by a user. */
bool bluegreen_is_quick(const struct rollout_pass *);

/* Returns true if the pods of the new version are available, and an analysis before or after the switch is not
 * finished. */
bool bluegreen_waits_for_run(const struct rollout_pass *);
