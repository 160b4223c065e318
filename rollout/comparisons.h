/* rollout/comparisons.h: AnalysisRuns that compare the canary with the stable version: the annotation that describes
 * the update to them, and whether the promotion waits for them. */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct analysis_found;
struct analysis_run;
struct rollout_pass;

/* Returns whether a template of the analysis has a comparison. */
bool comparisons_are_used(const struct analysis_found *);

/* Returns the value of ANNOTATION_RELEASE of a run that this pass creates. A new reference. */
json_t *comparisons_release(const struct rollout_pass *, bool in_background);

/* Plans a change of that annotation when the weight differs from the one that the run knows. */
void comparisons_record_weight(struct rollout_pass *, const struct analysis_run *);

/* Returns whether the promotion waits for this run: a comparison that holds the promotion has not ended. One of a dry
 * run has no effect. */
bool comparisons_hold(const struct rollout_pass *, const struct analysis_run *);
