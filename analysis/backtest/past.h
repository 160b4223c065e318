/* analysis/backtest/past.h: the ReplicaSets of a Rollout in the past, and the times without a release. */
#pragma once
#include "analysis/compare/matrix.h"

#define PAST_SAMPLES_MAX 4000000 /* ReplicaSets x columns: 32 MB */

struct past_replicaset {
	const char *hash;
	double *pods; /* of each column; NaN: none */
};

struct past {
	struct matrix_grid grid;
	struct past_replicaset *at;
	size_t n, capacity;
};

/* Reads a series of config_replicasets_query: a matrix_row, whose argument is a struct past with its grid. */
struct err *past_read_replicaset(void *past, struct arena *, const char *labels, double **ret);

/* A time at which a placebo release could have been. */
struct past_window {
	int64_t start; /* wall ms: the first bin begins */
	const char *hash; /* of the only ReplicaSet with pods; borrowed from the past */
	size_t pods; /* at the start */
};

struct past_rules {
	int64_t lead_ms, length_ms; /* before and after the start; no other ReplicaSet may have pods */
	int64_t distance_ms; /* from one window to the next; windows may overlap */
	size_t pods_min; /* of the ReplicaSet, at the start */
};

/* Lists all windows, the oldest first, in the arena. Returns their number. */
size_t past_windows(const struct past *, const struct past_rules *, struct arena *, struct past_window **ret);

/* Keeps at most `most` of n windows, at even distances. Returns their number. */
size_t past_choose(struct past_window *, size_t n, size_t most);

/* Returns the number of windows of which no two overlap. */
size_t past_apart(const struct past_window *, size_t n, int64_t length_ms);
