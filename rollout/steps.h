/* rollout/steps.h: the steps of a canary. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct canary_step;
struct rollout_pass;

/* Ends a timed or resumed pause before anything else is planned, and moves p->index to the next step. */
void steps_resume(struct rollout_pass *);

/* Completes the current step if it is done; at most one step in a pass. */
void steps_advance(struct rollout_pass *);

/* Returns the number of steps; 0 for a blue-green rollout. */
int64_t steps_count(const struct rollout_pass *);

/* Returns the step in a few words ("setWeight: 20"). In the arena. */
const char *step_text(struct arena *, const struct canary_step *);

/* Returns true if the canary has steps and all are completed. As with Argo Rollouts, only spec.paused stops its promotion then. */
bool steps_are_passed(const struct rollout_pass *);

bool step_is_pause(const struct rollout_pass *, int64_t index);

/* Returns true if the step is an analysis or an experiment, which have deadlines of their own. */
bool step_waits(const struct rollout_pass *, int64_t index);
