/* analysis/compare/matrix.h: the response of Prometheus to a range query, read from its text into the caller's rows. */
#pragma once
#include "kube/plan/query.h"

#define MATRIX_SERIES_MAX 20000

struct matrix_grid {
	int64_t start, step; /* wall ms of column 0; ms, > 0 */
	size_t columns;
};

/* Sets *ret to the row of a series, which has a double for each column; NULL: the series is skipped. `labels` is a JSON
 * object for json_find (base/json_walk.h), borrowed for the call. */
typedef struct err *matrix_row(void *arg, struct arena *, const char *labels, double **ret);

/* Writes each sample of the response into the row of its series; other elements of the rows stay as they are. An error
 * response, NaN, infinities, negative values and those above 2^53, samples at other times, two samples for one element,
 * and responses that exceed the limits are errors, which name the series. Nothing but rows is written. */
struct err *matrix_read(struct arena *, const struct response *, const struct matrix_grid *, matrix_row *, void *arg);

#define MATRIX_POINTS_MAX 4000000 /* of all series: 64 MB */

struct matrix_point {
	int64_t at; /* wall ms */
	double value;
};

struct matrix_points {
	const char *labels; /* a JSON object, borrowed from the response */
	struct matrix_point *at;
	size_t n;
};

/* Sets *ret, in the arena, to the series of a response with samples at any times, which ascend: of a range query, or
 * of an instant query of a selector with a window. `any`: NaN, infinite and negative values are not errors. Other
 * errors are those of matrix_read. */
struct err *matrix_read_points(
    struct arena *, const struct response *, bool any, struct matrix_points **ret, size_t *ret_n);

/* Returns a label's value, in the arena; NULL: the series does not have it. */
const char *matrix_label(struct arena *, const char *labels, const char *name);
