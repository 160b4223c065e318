/* analysis/explanation.h: AnalysisRuns and templates in words, for `sluice analyze`. */
#pragma once
#include "kube/api/analysis.h"

/* Returns a run as text: a paragraph with its result and the reason for it, and for each metric its limits, its
 * measurements, and how far each was from the limit of the condition. Conditions that do not compare with a number
 * have no distance. The text is in the arena, and may have any character of the cluster's objects. An error is one of
 * metrics_prepare (analysis/validate.h): arguments or metrics of the run cannot be read. A run that has ended with
 * such an error is explained by its message. */
struct err *explanation_of_run(struct arena *, const struct analysis_run *, int64_t now, const char **ret);

/* Returns a template as text: for each metric when it is measured, when it fails at the earliest, and the effect of a
 * query without data. */
struct err *explanation_of_template(struct arena *, const struct analysis_template *, int64_t now, const char **ret);
