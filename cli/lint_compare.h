/* cli/lint_compare.h: lint: comparisons of versions (sluice/compare) that count pods of other Rollouts. */
#pragma once
#include "kube/api/compare.h"

/* Adds each comparison whose selectors select pods of all namespaces: of the metrics of a template or run, and of the
 * annotation of a template (NULL for a run). */
void lint_compare_namespaces(struct problems *, const struct analysis_spec *, const struct analysis_template *);
