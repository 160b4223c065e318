/* rollout/pause.h: pause conditions of the status, and how users end them. The pause step: pause_step.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rollout_pass;
struct rollout_status;

/* Reasons of pause conditions. */
#define PAUSE_STEP "CanaryPauseStep"
#define PAUSE_BLUE_GREEN "BlueGreenPause"
#define PAUSE_INCONCLUSIVE "InconclusiveAnalysisRun"
#define PAUSE_EXPERIMENT "InconclusiveExperiment"

/* Reads the actions of users since the last pass: a pause was ended, a step was skipped, or all were. */
void pause_read(struct rollout_pass *);

/* Adds a condition that starts now, unless there is one with this reason, and sets controllerPause. */
void pause_add(struct rollout_pass *, const char *reason);

/* Removes all conditions and controllerPause. */
void pause_clear(struct rollout_pass *);

/* Removes one condition and leaves controllerPause, which records that the pause has ended. */
void pause_drop(struct rollout_pass *, const char *reason);

/* Returns true if the status has a pause condition with this reason. */
bool pause_has(const struct rollout_status *, const char *reason);

/* Returns the start of a pause in wall ms; 0 if there is no condition with this reason. */
int64_t pause_since(const struct rollout_status *, const char *reason);

/* Returns true if an analysis or an experiment was inconclusive, and no user has decided since. */
bool pause_undecided(const struct rollout_status *);
