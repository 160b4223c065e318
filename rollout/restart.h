/* rollout/restart.h: restart of pods: spec.restartAt, by evictions within maxUnavailable. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Evicts pods that are older than spec.restartAt, within maxUnavailable. */
void restart_plan(struct rollout_pass *);

/* Returns true if spec.restartAt has passed, and the restart is not completed. */
bool restart_pending(const struct rollout_pass *);
