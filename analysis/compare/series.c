/* analysis/compare/series.c: finds the row of each series of a comparison's responses. */
#include "analysis/compare/series.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

struct err *
series_read_bucket(void *buckets, struct arena *a, const char *labels, double **ret)
{
	struct series_buckets *b = buckets;
	const char *le = matrix_label(a, labels, "le");

	if (le == NULL)
		return err_new(a, ERR_INVALID, "slow: the series have no label le: it is not a histogram with buckets");
	if (b->n == SERIES_LE_MAX)
		return err_new(a, ERR_INVALID, "slow: the histogram has more than %d buckets", SERIES_LE_MAX);
	if (strlen(le) > 20 || (!str_eq(le, "+Inf") && le[strspn(le, "0123456789.e+-")] != '\0'))
		return err_new(a, ERR_INVALID, "slow: the label le of a series is not a number");
	b->le[b->n] = le;
	for (size_t i = 0; i < SERIES_HISTORY_COLUMNS; i++)
		b->samples[b->n][i] = NAN;
	*ret = b->samples[b->n++];
	return NULL;
}

static double
series_increment(const double *samples)
{
	double increment = 0, last = NAN;

	for (size_t i = 0; i < SERIES_HISTORY_COLUMNS; i++) {
		if (samples[i] > last)
			increment += samples[i] - last;
		if (!isnan(samples[i]))
			last = samples[i];
	}
	return increment;
}

struct series_bucket {
	const char *le;
	double bound, requests; /* within the bound */
};

static int
series_compare(const void *a, const void *b)
{
	double x = ((const struct series_bucket *)a)->bound, y = ((const struct series_bucket *)b)->bound;

	return (x > y) - (x < y);
}

/* Sets *ret to the buckets, ascending, with one for each bound. Returns how many. */
static size_t
series_sort(struct arena *a, const struct series_buckets *b, struct series_bucket **ret)
{
	struct series_bucket *all = arena_new_array(a, struct series_bucket, b->n);
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		all[i] = (struct series_bucket){ b->le[i], strtod(b->le[i], NULL), series_increment(b->samples[i]) };
	if (b->n > 0)
		qsort(all, b->n, sizeof(*all), series_compare);
	for (size_t i = 0; i < b->n; i++)
		if (n > 0 && all[n - 1].bound == all[i].bound)
			all[n - 1].requests += all[i].requests;
		else
			all[n++] = all[i];
	*ret = all;
	return n;
}

const char *
series_choose_bounds(struct arena *a, const struct series_buckets *b, size_t most)
{
	struct series_bucket *all;
	size_t n = series_sort(a, b, &all), used = 0;
	double requests = n > 0 && isinf(all[n - 1].bound) ? all[n - 1].requests : 0;
	const char *text = "";

	for (size_t i = 0; i < n && requests > 0; i++) {
		double slower = 1 - all[i].requests / requests;

		if (slower >= 0.005 && slower <= 0.5 && !isinf(all[i].bound))
			all[used++] = all[i];
	}
	most = most < used ? most : used;
	for (size_t i = 0; i < most; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? "," : "", all[(2 * i + 1) * used / (2 * most)].le);
	return text;
}

size_t
series_split_bounds(struct arena *a, const char *text, size_t capacity, const char **ret, double *ret_values)
{
	size_t found = 0;

	while (*text != '\0' && found < capacity) {
		size_t n = strcspn(text, ",");

		ret[found] = arena_strndup(a, text, n);
		ret_values[found] = strtod(ret[found], NULL);
		found++;
		text += n + (text[n] == ',');
	}
	return found;
}

/* Returns the kind of a bucket, or -1 if it is not used. */
static int
series_kind(const struct series_counters *s, const char *le)
{
	for (size_t i = 0; le != NULL && i < s->n_bounds; i++)
		if (strtod(le, NULL) == s->bounds[i])
			return (int)i;
	return -1;
}

struct err *
series_read_counter(void *counters, struct arena *a, const char *labels, double **ret)
{
	struct series_counters *s = counters;
	const char *label = matrix_label(a, labels, CONFIG_LABEL), *by = config_by(s->metric);
	const char *name = by != NULL ? matrix_label(a, labels, by) : "";
	bool canary = str_eq(label, CONFIG_CANARY_TOTAL) || str_eq(label, CONFIG_CANARY_BAD);
	bool total = str_eq(label, CONFIG_CANARY_TOTAL) || str_eq(label, CONFIG_STABLE_TOTAL);
	int kind = s->metric->slow == NULL || total ? 0 : series_kind(s, matrix_label(a, labels, "le"));
	struct counters_pod *pod = NULL;
	struct err *e;

	if (!total && !canary && !str_eq(label, CONFIG_STABLE_BAD))
		return err_new(a, ERR_INVALID, "prometheus: a series lacks the label " CONFIG_LABEL " of the query");
	if (name == NULL)
		return err_new(a, ERR_INVALID, "the series have no label %s (by) with the name of the pod", by);
	if (kind < 0)
		return NULL;
	if ((e = counters_pod(&s->counters, arena_printf(a, "%c%s", canary ? 'c' : 's', name), &pod)) == NULL)
		*ret = counters_series(&s->counters, pod, total ? 0 : 1 + (size_t)kind) + s->from;
	return e;
}
