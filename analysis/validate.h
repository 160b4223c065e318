/* analysis/validate.h: the metrics of a run or template, ready to be measured. */
#pragma once
#include "analysis/metric_phase.h"
#include "analysis/dry_run_retention.h"

struct metric_set {
	struct metric *metrics;
	struct metric_limits *limits; /* one each */
	struct metric_rules *rules; /* one each */
	size_t n;
};

/* Substitutes the arguments in the metrics of a spec, decodes these, and checks names, limits, rules, providers and the
 * syntax of conditions. Returns the first error, with its path.
 *
 * An argument with a value and a value_from is in a Secret, and its value is a mask: the configuration of providers is
 * not checked. With arguments of args_unresolved, limits that depend on them are not checked either, and a condition is
 * an error if no value makes it valid. Everything lives in the arena. */
struct err *metrics_prepare(
    struct arena *, const struct analysis_spec *, const struct argument *args, size_t n_args, struct metric_set *ret);

/* Returns whether the metric has an interval, and no limit ends it: it has no count, and no consecutiveSuccessLimit
 * with a failureLimit. */
bool metric_is_endless(const struct metric *, const struct metric_limits *);
