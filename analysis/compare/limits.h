/* analysis/compare/limits.h: how much a comparison reads. It depends on nothing that is measured, so that each query of
 * a measurement begins at the same time. */
#pragma once
#include "analysis/compare/config.h"

#define LIMITS_QUERIES_MAX 10 /* for the counters of a measurement */

struct limits {
	size_t columns; /* samples of a series */
	size_t kinds; /* bounds of `slow`, or 1 */
	size_t series; /* that are expected of both versions */
};

/* Sets *ret to the limits for a Rollout with this number of replicas, of which each version may have as many; 0: it is
 * not known. A histogram of many pods is compared at fewer bounds. Fails if even with one bound there are too many
 * samples in the time to wait. */
struct err *limits_of(
    struct arena *, const struct compare_metric *, const struct compare_config *, int64_t replicas, struct limits *ret);

/* Returns how many of these columns a query returns: at most LIMITS_QUERIES_MAX queries return all, and a response has
 * about 100,000 samples if these are enough. */
size_t limits_columns_of_query(const struct limits *, size_t columns);
