/* analysis/compare/series.h: reads the series that the queries of a comparison return (config.h). */
#pragma once
#include "analysis/compare/config.h"
#include "analysis/compare/matrix.h"

#define SERIES_HISTORY_MS 600000 /* the period before the update whose requests decide which buckets are compared */
#define SERIES_HISTORY_STEP_MS 60000
#define SERIES_HISTORY_COLUMNS (SERIES_HISTORY_MS / SERIES_HISTORY_STEP_MS + 1)
#define SERIES_LE_MAX 200 /* buckets of a histogram */

/* The stable version's buckets before the update. The caller zeroes it before the first series is read. */
struct series_buckets {
	const char *le[SERIES_LE_MAX];
	double samples[SERIES_LE_MAX][SERIES_HISTORY_COLUMNS];
	size_t n;
};

/* Reads a series of config_bounds_query into struct series_buckets. A callback of matrix_read (matrix_row). */
struct err *series_read_bucket(void *buckets, struct arena *, const char *labels, double **ret);

/* Returns the bounds that between 0.5 and 50 % of the requests exceeded, comma separated, ascending; "" if no bound is
 * such. Of more than `most` (1 to CONFIG_BOUNDS_MAX) they are spread evenly. They are chosen before anything is
 * compared, so that the choice does not depend on the canary. Pods may write a bound differently ("1" and "1.0"). */
const char *series_choose_bounds(struct arena *, const struct series_buckets *, size_t most);

/* Splits the list of series_choose_bounds: sets ret to the texts, in the arena, and ret_values to the numbers of at
 * most `capacity` bounds. Returns how many there are. */
size_t series_split_bounds(struct arena *, const char *text, size_t capacity, const char **ret, double *ret_values);

/* The counters of a query. Pods of the canary have a "c" before their names, those of the stable version an "s". */
struct series_counters {
	const struct compare_metric *metric;
	const double *bounds; /* of a metric with `slow`: the upper bound of each kind in seconds */
	size_t n_bounds;
	struct counters counters; /* with n_bounds kinds, or one */
	size_t from; /* the column of the counters that is the first of the response */
};

/* Reads a series of config_query into struct series_counters. A callback of matrix_read (matrix_row). */
struct err *series_read_counter(void *counters, struct arena *, const char *labels, double **ret);

/* Returns the version of a pod of struct series_counters, by its prefix. */
static inline enum arm
series_arm(const struct counters_pod *pod)
{
	return pod->name[0] == 'c' ? ARM_CANARY : ARM_STABLE;
}
