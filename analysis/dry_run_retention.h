/* analysis/dry_run_retention.h: the rules of a run for metrics: dryRun and measurementRetention.
 *
 * A rule selects metrics by a regular expression that matches a part of their names, as regexp.MatchString of Go; the
 * syntax is that of PCRE2. A rule that matches no metric is an error, because it has no effect. Of several rules for
 * one metric, each dryRun counts, and the last measurementRetention.
 */
#pragma once
#include "kube/api/analysis.h"

/* The rules for one metric. */
struct metric_rules {
	bool dry_run; /* measured and reported, but the phase of the run does not depend on it */
	int64_t kept; /* measurements; MEASUREMENTS_KEPT without a rule */
};

/* Sets ret[i] for the i-th metric. */
struct err *metric_rules_read(
    struct arena *, const struct analysis_spec *, const struct metric *, size_t n, struct metric_rules *ret);
