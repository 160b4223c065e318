/* rollout/steps.h: the course of a canary's steps. A kind of step: step_kind.h; the pods and traffic of a step:
 * step_target.h. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct analysis_found;
struct arena;
struct canary_step;
struct canary_strategy;
struct problems;
struct rollout_pass;
struct rollout_world;
struct template_ref;

/* Ends a timed or resumed pause before anything else is planned, and moves p->index to the next step. */
void steps_resume(struct rollout_pass *);

/* Completes the current step if it is done; at most one step in a pass. */
void steps_advance(struct rollout_pass *);

/* Reads the results of the steps' experiments and plugins. runs_verdict() reads those of analyses. */
void steps_verdict(struct rollout_pass *);

/* Plans the experiments and the calls of plugins, and ends those of steps that were left. */
void steps_sync(struct rollout_pass *);

/* Returns the number of steps; 0 for a blue-green rollout. */
int64_t steps_count(const struct rollout_pass *);

/* Returns true if the canary has steps and all are completed. As with Argo Rollouts, only spec.paused stops its
 * promotion then. */
bool steps_are_passed(const struct rollout_pass *);

/* Returns true if the step is a pause. */
bool steps_pause_at(const struct rollout_pass *, int64_t index);

/* Returns true if the progress deadline does not apply to the step. */
bool steps_wait_at(const struct rollout_pass *, int64_t index);

/* Returns true while a comparison in the background has no verdict, at the step before the canary gets all the
 * traffic: the last one, one before setWeight: 100, and without steps. A canary passes when its comparison does, not
 * when its steps are completed. The step is not left then. */
bool steps_are_held(const struct rollout_pass *);

/* Returns whether a comparison can hold the current step, or the next one, which this pass may begin. */
bool steps_may_be_held(const struct rollout_pass *);

/* Returns true if a step names AnalysisTemplates. */
bool steps_have_analyses(const struct canary_strategy *);

/* Calls emit for each template that the analyses of the steps name. */
void steps_templates(const struct canary_strategy *, void (*emit)(const struct template_ref *, void *arg), void *arg);

/* Returns the number of analyses that the steps name, and sets them, unless `ret` is NULL. */
size_t steps_analyses(const struct rollout_world *, struct arena *, struct analysis_found *ret);

/* Returns what the dashboard shows of a step; "" for a step without a field that is known. In the arena. */
const char *steps_label(struct arena *, const struct canary_step *);

/* Adds the errors of the i-th step, whose path is `path`. */
void steps_check(struct problems *, const struct rollout_world *, size_t i, const char *path);
