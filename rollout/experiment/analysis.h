/* rollout/experiment/analysis.h: one analysis of an Experiment: its AnalysisRun. */
#pragma once
#include <stddef.h>

struct experiment_pass;

/* Plans the run of the i-th analysis of the spec, and updates its entry in the status. */
void experiment_analysis_pass(struct experiment_pass *, size_t i);
