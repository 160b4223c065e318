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

enum past_quality {
	PAST_UNKNOWN, /* it has not ended, was replaced by a third version, or was undone within a day */
	PAST_GOOD, /* its version got all the pods */
	PAST_BAD, /* its version lost its pods again: aborted */
};

/* A release, as the pods of both versions show it. */
struct past_release {
	int64_t start, end; /* wall ms: the column before its first pod; the first one after it, or the last column */
	const char *canary, *stable; /* hashes; borrowed from the past */
	enum past_quality quality;
};

#define PAST_UNDONE_MS (24ll * 3600 * 1000) /* a release that is followed by an older version within it was not good */

/* Lists the releases that began in the past, the oldest first, in the arena. Returns their number. */
size_t past_releases(const struct past *, struct arena *, struct past_release **ret);

/* Returns the release in progress at a time, the latest one, or else the first one that begins within `ahead_ms` after
 * it; NULL without one. */
struct past_release *past_release_at(struct past_release *, size_t n, int64_t at, int64_t ahead_ms);

/* Returns whether a ReplicaSet had pods between two times. */
bool past_has(const struct past *, const char *hash, int64_t from, int64_t to);
