/* cli/lint_compare.h: lint: comparisons of versions (sluice/compare) that count pods of other Rollouts, or that a
 * Rollout cannot have. */
#pragma once
#include "kube/api/compare.h"

struct rollout_world;

/* Adds each comparison whose selectors select pods of all namespaces: of the metrics of a template or run, and of the
 * annotation of a template (NULL for a run). */
void lint_compare_namespaces(struct problems *, const struct analysis_spec *, const struct analysis_template *);

/* Adds what a comparison in an analysis of the Rollout will report as its error, because of the Rollout's name or
 * replicas; to `warnings` what it may report. `rollout` is the object, for fieldRef. */
void lint_compare_rollout(
    struct problems *errors, struct problems *warnings, const json_t *rollout, const struct rollout_world *);
