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

/* Returns the wanted number of pods of the new version. */
int64_t bluegreen_wanted(const struct rollout_pass *);

/* Returns true if these are available. */
bool bluegreen_is_ready(const struct rollout_pass *);

/* Returns true if pauses and analyses are skipped: in a rollback to a version that still runs, or because a user
 * asked. */
bool bluegreen_is_quick(const struct rollout_pass *);

/* Returns true if the pods are available and an analysis is running. */
bool bluegreen_waits_for_run(const struct rollout_pass *);
