/* gitops/helm_failure_count.h: the failures of the actions about a Helm release, with one generation, chart and
 * configuration. The status of the HelmRelease has them. */
#pragma once
#include "gitops/helm_action.h"

/* Sets the failures to 0 with another spec, chart or values, or if a user requests it (`reset`). */
void helm_failure_count_begin(
    struct helm_attempts *, int64_t generation, const char *revision, const char *config_digest, bool reset);

/* Counts an action that has ended. */
void helm_failure_count_add(struct helm_attempts *, enum helm_action, bool failed);
