/* analysis/spec.h: the metrics of a run or template, ready to be measured. */
#pragma once
#include "analysis/assess.h"
#include "analysis/rules.h"

struct metric_set {
	struct metric *metrics;
	struct metric_limits *limits; /* one each */
	struct metric_rules *rules; /* one each */
	size_t n;
};

/* Puts the arguments into a spec's list of metrics, decodes it, and checks what can be checked before anything is
 * asked: names, limits, rules, providers, and that conditions can be read. The error is the first thing that is
 * wrong, with its path. An argument that has a value and a value_from too is a Secret's, and its value stands for
 * what must not be shown: what it may have spoilt is not checked. Of arguments that stand for themselves
 * (args_unresolved) the same holds, limit by limit, and a condition with one is wrong when no value could make it
 * right. Everything lives in the arena. */
struct err *metrics_prepare(
    struct arena *, const struct analysis_spec *, const struct argument *args, size_t n_args, struct metric_set *ret);

/* The metric has an interval, and nothing that ends it: neither a count nor successes in a row that failures are
 * counted beside. */
bool metric_is_endless(const struct metric *, const struct metric_limits *);
