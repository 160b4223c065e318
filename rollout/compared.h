/* rollout/compared.h: AnalysisRuns that compare the canary with the stable version: what they must know of the release,
 * and the promotion that waits for them. */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct analysis_found;
struct analysis_run;
struct rollout_pass;

/* Returns whether a template of the analysis has a comparison. */
bool compared_is_used(const struct analysis_found *);

/* Returns the value of ANNOTATION_RELEASE of a run that this pass creates. A new reference. */
json_t *compared_release(const struct rollout_pass *, bool in_background);

/* Plans a change of that annotation when the weight differs from the one that the run knows. */
void compared_record_weight(struct rollout_pass *, const struct analysis_run *);

/* Returns whether the promotion waits for this run: it has not ended, and a comparison of it holds the promotion. */
bool compared_holds(const struct rollout_pass *, const struct analysis_run *);
