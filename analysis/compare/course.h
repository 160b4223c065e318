/* analysis/compare/course.h: how the evidence of a comparison grew, in few points. The measurement keeps it in its
 * metadata (struct compared_course), from which plots and metrics read it: they need neither Prometheus nor the judge.
 */
#pragma once
#include "analysis/compare/comparison.h"
#include "kube/api/compare.h"

struct course_input {
	const struct comparison *comparison;
	const struct comparison_result *result;
	const struct comparison_point *points; /* of the judged bins, by comparison_judge */
	int64_t from; /* wall ms: the start of the first bin */
	int64_t step_ms; /* of a bin */
	const char *bound; /* of the result's kind, in seconds; NULL: bad requests are errors */
};

/* Returns the JSON text of a struct compared_course, in the arena. At least one bin was judged. */
const char *course_text(struct arena *, const struct course_input *);

struct course_point {
	int64_t at; /* wall ms */
	double stop, pass; /* decimal logarithms of the evidence */
	double canary, stable; /* share of bad requests since the point before; NaN: no request */
};

struct course {
	int64_t from; /* wall ms */
	struct course_point at[COMPARE_COURSE_MAX];
	size_t n; /* at least 1 */
	double stop_at, pass_at; /* evidence for a verdict, >= 1 */
	const char *bound; /* NULL: bad requests are errors */
};

/* Reads the course of a measurement from its metadata; the bound is in the arena. Returns false, and leaves *ret as it
 * is, without a course and for one that is malformed, because anyone with the permission can write a status. */
bool course_read(struct arena *, const struct string_map *metadata, struct course *ret);
