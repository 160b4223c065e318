/* analysis/spec.h: the metrics of a run or template, ready to be measured. */
#pragma once
#include "analysis/assess.h"

struct metric_set {
	struct metric *metrics;
	struct metric_limits *limits; /* one each */
	size_t n;
};

/* Puts the arguments into a list of metrics (JSON), decodes it, and checks what can be checked before anything is asked:
 * names, limits, providers, and that conditions can be read. The error is the first thing that is wrong, with its path.
 * Everything lives in the arena. */
struct err *metrics_prepare(
    struct arena *, const char *json, const struct argument *args, size_t n_args, struct metric_set *ret);
