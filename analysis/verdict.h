/* analysis/verdict.h: the phase of an AnalysisRun, by the phases of its metrics and the rules of Argo Rollouts. */
#pragma once
#include "analysis/run_pass.h"

/* Sets the phases of the metrics and of the run in the status of the pass, and its message. `terminating`: running
 * metrics end. Returns true if the run has ended. */
bool verdict_assess(struct run_pass *, bool terminating);
