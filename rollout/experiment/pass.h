/* rollout/experiment/pass.h: what one pass over an Experiment works with: experiment.c begins and ends it, its templates and analyses are files of
 * their own.
 */
#pragma once
#include "rollout/experiment/decide.h"

#define EXPERIMENT_DEADLINE 600 /* seconds, by default */

struct trial {
	const struct experiment_world *w;
	const struct experiment *e;
	struct plan *plan;
	struct arena *arena;
	const struct experiment_status *was;
	struct experiment_status st; /* the new one */
	bool ending; /* no more pods and runs */
};

/* experiment_pods.c, experiment_runs.c: what the i-th template or analysis of the spec needs, into the plan, and its entry in the status. */
void trial_template(struct trial *, size_t i);
void trial_analysis(struct trial *, size_t i);

/* An event that a part of it ("Template", "AnalysisRun", "Experiment") went from one phase (NULL: none) to another; `message` may be NULL. */
void trial_tell(struct trial *, bool warning, const char *kind, const char *name, const char *from, const char *to,
    const char *message);

/* Failed, Error or Inconclusive. */
bool trial_is_bad(const char *phase);
