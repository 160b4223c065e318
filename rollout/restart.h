/* rollout/restart.h: restart of pods: spec.restartAt, by evictions within maxUnavailable. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans evictions of pods that were created before spec.restartAt, at most maxUnavailable at once. */
void restart_plan(struct rollout_pass *);

/* Returns true if spec.restartAt has passed, and the restart is not completed. */
bool restart_pending(const struct rollout_pass *);
