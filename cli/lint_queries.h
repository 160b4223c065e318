/* cli/lint_queries.h: queries of a canary's analysis that sum over both versions, so that the requests of the stable
 * version hide the canary's. */
#pragma once
#include "rollout/analysis_templates.h"

struct rollout_world;

/* Adds each metric of a template whose query sums over both versions, with the arguments that an analysis of the
 * Rollout gives it. Adds none if the canary has no weight below 100 during this analysis, or if the arguments are not
 * known. `rollout` is its object, for fieldRef. */
void lint_queries(struct problems *, const json_t *rollout, const struct rollout_world *, const struct analysis_found *,
    const struct analysis_template *);

/* Returns the arguments of the run that this analysis would create, in the arena, with {{args.NAME}} as the value of
 * those that a Secret has; NULL: one has no value, which is reported elsewhere. */
const struct argument *lint_queries_arguments(
    struct arena *, const json_t *rollout, const struct analysis_found *, size_t *ret_n);
