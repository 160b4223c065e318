/* analysis/compare/matrix.c: reads the matrix of a range query (prometheus.io/docs/prometheus/latest/querying/api),
 * without a tree: a comparison reads thousands of samples each time. */
#include "analysis/compare/matrix.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json_walk.h"

#define MATRIX_DEPTH 10 /* of the response */
#define MATRIX_VALUE_MAX 9007199254740992.0
#define MATRIX_DIGITS 15 /* that a double represents exactly */
#define MATRIX_SHOWN 200 /* bytes of a response in an error */

/* One call of matrix_read. */
struct matrix_reader {
	struct arena *arena;
	const struct matrix_grid *grid; /* of matrix_read */
	bool any; /* a value that is not one of a counter is no error */
	const char *labels; /* of the current series */
};

const char *
matrix_label(struct arena *a, const char *labels, const char *name)
{
	const char *value = json_find(labels, name);
	size_t len;

	return json_at_string(value) ? json_unquote(a, value, &len) : NULL;
}

static const char *
matrix_shown(struct arena *a, const char *labels)
{
	const char *text = json_compact(a, labels);

	return strlen(text) <= MATRIX_SHOWN ? text : arena_printf(a, "%.*s...", MATRIX_SHOWN, text);
}

static struct err *
matrix_wrong(const struct matrix_reader *r, const char *what)
{
	return err_new(r->arena, ERR_INVALID, "the series %s has %s", matrix_shown(r->arena, r->labels), what);
}

/* Reads a number without a sign; most samples are short whole numbers. Returns the address after it, or NULL. */
static const char *
matrix_number(const char *text, double *ret)
{
	uint64_t n = 0;
	const char *at = text;
	char *end;

	while (*at >= '0' && *at <= '9' && at - text < MATRIX_DIGITS)
		n = n * 10 + (uint64_t)(*at++ - '0');
	if (at > text && (*at == '"' || *at == ',')) {
		*ret = (double)n;
		return at;
	}
	*ret = strtod(text, &end);
	return end > text ? end : NULL;
}

/* Reads a value as Prometheus writes it: a number in quotes. A counter is neither negative nor infinite. Sets *ret_end
 * to the address after it. */
static struct err *
matrix_value(const struct matrix_reader *r, const char *text, double *ret, const char **ret_end)
{
	const char *end = NULL;

	if (json_at_string(text) && strchr("0123456789.+-N", text[1]) != NULL)
		end = matrix_number(text + 1, ret);
	if (end == NULL || *end != '"')
		return matrix_wrong(r, "a value that is not a number");
	*ret_end = end + 1;
	if (r->any)
		return NULL;
	if (isnan(*ret))
		return matrix_wrong(r, "the value NaN: it is not a counter");
	if (isinf(*ret))
		return matrix_wrong(r, "an infinite value: it is not a counter");
	if (*ret > MATRIX_VALUE_MAX)
		return matrix_wrong(r, "a value above 2^53: its increments are not exact");
	if (*ret < 0)
		return matrix_wrong(r, "a negative value: it is not a counter");
	return NULL;
}

static const char *
matrix_space(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
		at++;
	return at;
}

/* Reads the [time, "value"] pair at w->value, and sets w->end, which spares a scan. The text is accepted JSON, so that
 * what follows a number or a string is known to exist. *ret_ms is the time in ms. */
static struct err *
matrix_pair(const struct matrix_reader *r, struct json_walk *w, double *ret_ms, double *ret)
{
	const char *at = json_at_list(w->value) ? matrix_space(w->value + 1) : NULL, *end = NULL;
	struct err *e;

	if (json_at_number(at) && (at = matrix_number(at, ret_ms)) != NULL)
		at = matrix_space(at);
	if (at == NULL || *at != ',')
		return matrix_wrong(r, "a sample that is no [time, value]");
	*ret_ms *= 1000;
	if ((e = matrix_value(r, matrix_space(at + 1), ret, &end)) != NULL)
		return e;
	end = matrix_space(end);
	if (*end != ']')
		return matrix_wrong(r, "a sample that is no [time, value]");
	w->end = end + 1;
	return NULL;
}

static struct err *
matrix_sample(const struct matrix_reader *r, struct json_walk *w, double *row)
{
	double ms = 0, column, v = 0;
	struct err *e = matrix_pair(r, w, &ms, &v);

	if (e != NULL)
		return e;
	column = round((ms - (double)r->grid->start) / (double)r->grid->step);
	if (!(column >= 0 && column < (double)r->grid->columns))
		return matrix_wrong(r, "a sample at a time that was not queried");
	if (!isnan(row[(size_t)column]))
		return matrix_wrong(r, "two samples of one time, or another series has the same labels");
	row[(size_t)column] = v;
	return NULL;
}

/* Begins with a series: sets its labels, and *ret to its samples. */
static struct err *
matrix_begin_series(struct matrix_reader *r, const char *series, const char **ret)
{
	r->labels = json_find(series, "metric");
	*ret = json_find(series, "values");
	if (json_at_object(r->labels) && *ret == NULL && json_find(series, "histograms") != NULL)
		return matrix_wrong(r, "samples of a native histogram, which are not supported: use a counter, or a "
				       "histogram with the series _bucket and _count");
	if (!json_at_object(r->labels) || !json_at_list(*ret))
		return err_new(r->arena, ERR_INVALID, "prometheus: a series without labels or values");
	return NULL;
}

static struct err *
matrix_series(struct matrix_reader *r, const char *series, matrix_row *row_of, void *arg)
{
	const char *values;
	double *row = NULL;
	struct json_walk w;
	struct err *e = matrix_begin_series(r, series, &values);

	if (e != NULL)
		return e;
	w = json_walk(values);
	if ((e = row_of(arg, r->arena, r->labels, &row)) != NULL || row == NULL)
		return e;
	while (json_walk_next(&w))
		if ((e = matrix_sample(r, &w, row)) != NULL)
			return e;
	return NULL;
}

static struct err *
matrix_refused(struct arena *a, const struct response *got, const char *doc)
{
	const char *error = doc != NULL ? matrix_label(a, doc, "error") : NULL;

	if (error != NULL)
		return err_new(a, ERR_INVALID, "prometheus: %s: %.*s", matrix_label(a, doc, "errorType") ?: "error",
		    MATRIX_SHOWN, error);
	return err_new(a, ERR_AGAIN, "prometheus: status %d without a response of its API%s%.*s", got->status,
	    got->body.len > 0 ? ": " : "", (int)(got->body.len < MATRIX_SHOWN ? got->body.len : MATRIX_SHOWN),
	    got->body.len > 0 ? got->body.at : "");
}

/* Sets *ret to a walk over the series of a response. */
static struct err *
matrix_begin(struct arena *a, const struct response *got, struct json_walk *ret)
{
	const char *doc = NULL, *data, *type;

	if (got->err != NULL)
		return err_wrap(a, got->err, "prometheus");
	if (got->body.len > 0 && json_check(got->body.at, got->body.len, MATRIX_DEPTH))
		doc = json_begin(got->body.at);
	if (got->status < 200 || got->status > 299 || doc == NULL ||
	    strcmp(matrix_label(a, doc, "status") ?: "", "success") != 0)
		return matrix_refused(a, got, doc);
	data = json_find(doc, "data");
	type = matrix_label(a, data, "resultType");
	if (type == NULL || strcmp(type, "matrix") != 0 || !json_at_list(json_find(data, "result")))
		return err_new(a, ERR_INVALID, "prometheus: the response has no matrix");
	*ret = json_walk(json_find(data, "result"));
	return NULL;
}

static struct err *
matrix_too_many(struct arena *a)
{
	return err_new(a, ERR_INVALID, "prometheus: more than %d series: narrow the selector", MATRIX_SERIES_MAX);
}

struct err *
matrix_read(struct arena *a, const struct response *got, const struct matrix_grid *grid, matrix_row *row_of, void *arg)
{
	struct matrix_reader r = { .arena = a, .grid = grid };
	struct json_walk w;
	struct err *e = matrix_begin(a, got, &w);
	size_t n = 0;

	while (e == NULL && json_walk_next(&w))
		e = n++ == MATRIX_SERIES_MAX ? matrix_too_many(a) : matrix_series(&r, w.value, row_of, arg);
	return e;
}

static struct err *
matrix_points(struct matrix_reader *r, const char *series, size_t *left, struct matrix_points *ret)
{
	const char *values;
	double ms = 0, last = -1; /* times are not negative */
	struct json_walk w;
	size_t n;
	struct err *e = matrix_begin_series(r, series, &values);

	if (e != NULL)
		return e;
	w = json_walk(values);
	n = json_count(values);
	if (n > *left)
		return err_new(r->arena, ERR_INVALID, "prometheus: more than %d samples", MATRIX_POINTS_MAX);
	*left -= n;
	*ret = (struct matrix_points){ r->labels, arena_new_array(r->arena, struct matrix_point, n), 0 };
	for (; json_walk_next(&w); last = ms) {
		struct matrix_point *p = &ret->at[ret->n++];

		if ((e = matrix_pair(r, &w, &ms, &p->value)) != NULL)
			return e;
		if (!(ms > last && ms < MATRIX_VALUE_MAX))
			return matrix_wrong(r, "samples whose times do not ascend");
		p->at = (int64_t)round(ms);
	}
	return NULL;
}

struct err *
matrix_read_points(struct arena *a, const struct response *got, bool any, struct matrix_points **ret, size_t *ret_n)
{
	struct matrix_reader r = { .arena = a, .any = any };
	struct matrix_points *all = NULL;
	size_t n = 0, capacity = 0, left = MATRIX_POINTS_MAX;
	struct json_walk w;
	struct err *e = matrix_begin(a, got, &w);

	while (e == NULL && json_walk_next(&w)) {
		if (n == MATRIX_SERIES_MAX)
			return matrix_too_many(a);
		all = arena_grow(a, all, n, &capacity, sizeof(*all));
		e = matrix_points(&r, w.value, &left, &all[n++]);
	}
	if (e != NULL)
		return e;
	*ret = all;
	*ret_n = n;
	return NULL;
}
