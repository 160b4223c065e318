/* rollout/experiment/pass.h: the scratch of one pass over an Experiment. */
#pragma once
#include "kube/api/experiment.h"
#include "kube/plan/plan.h"
#include "rollout/experiment/world.h"

struct experiment_pass {
	const struct experiment_world *w;
	const struct experiment *e;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	const struct experiment_status *was;
	struct experiment_status st; /* the new one */
	bool ending; /* no more pods and runs */
};

/* Emits, with the status, that a part of the Experiment ("Template", "AnalysisRun", "Experiment") changed its phase.
 * `from` and `message` may be NULL. */
void experiment_event(struct experiment_pass *, bool warning, const char *kind, const char *name, const char *from,
    const char *to, const char *message);

/* Returns true for Failed, Error and Inconclusive. */
bool experiment_phase_is_bad(const char *phase);
