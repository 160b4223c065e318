/* analysis/decide.h: the life of an AnalysisRun: when it measures, and when it ends. Its verdict: verdict.h. */
#pragma once
#include "kube/api/analysis.h"
#include "kube/plan/controller.h"

/* The input of a decision. Everything is borrowed. */
struct analysis_world {
	int64_t now; /* wall ms */
	const struct analysis_run *run;
	const struct seen *seen;
	const struct object *const *objects; /* that its measurements created (struct provider, `objects`) */
	size_t n_objects;
	const struct settings *settings; /* of the process; NULL: none */
};

/* Decides one pass: which queries to send, what the responses mean, and the status. */
void analysis_decide(const struct analysis_world *, struct plan *);

/* The controller's row. */
extern const struct controller analysis_controller;
