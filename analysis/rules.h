/* analysis/rules.h: which rules (dryRun, measurementRetention) concern which metrics.
 *
 * A rule names metrics by a regular expression that is found anywhere in their names, as Go's regexp.MatchString does; the
 * syntax is PCRE2's. A rule that finds no metric is an error: it was meant for something.
 */
#pragma once
#include "kube/api/analysis.h"

/* What the rules say of one metric. */
struct metric_rules {
	bool dry_run; /* measured and told, but the run's phase does not depend on it */
	int64_t kept; /* measurements; MEASUREMENTS_KEPT unless a rule says otherwise */
};

/* Fills ret[i] for each metric of that index. */
struct err *metric_rules_read(
    struct arena *, const struct analysis_spec *, const struct metric *, size_t n, struct metric_rules *ret);
