/* analysis/decide.h: the life of an AnalysisRun. */
#pragma once
#include "kube/api/analysis.h"
#include "kube/api/job.h"
#include "kube/plan/controller.h"

struct analysis_world {
	int64_t now;
	const struct analysis_run *run;
	const struct seen *seen;
	const struct job *const *jobs; /* owned, oldest first */
	size_t n_jobs;
	const struct string_map *settings; /* NULL: none; "prometheus-address" is for metrics that name no address */
};

/* Decides one pass: which questions to ask, what the answers mean, what the status says. */
void analysis_decide(const struct analysis_world *, struct plan *);

/* The controller's row. */
extern const struct controller analysis_controller;
