/* analysis/compare/counters.c: from samples of counters to increments; the rules are in counters.h. */
#include "analysis/compare/counters.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct counters
counters_new(struct arena *a, size_t columns, size_t kinds)
{
	return (struct counters){ .arena = a, .columns = columns, .kinds = kinds };
}

struct err *
counters_pod(struct counters *c, const char *name, struct counters_pod **ret)
{
	size_t samples = (1 + c->kinds) * c->columns;

	/* The series of a pod follow one another in most responses. */
	for (size_t i = c->n_pods; i-- > 0;)
		if (strcmp(c->pods[i].name, name) == 0) {
			*ret = &c->pods[i];
			return NULL;
		}
	if (strlen(name) > COUNTERS_NAME_MAX)
		return err_new(c->arena, ERR_INVALID, "the name of a pod has %zu bytes; %d are the most", strlen(name),
		    COUNTERS_NAME_MAX);
	if (c->n_pods == COUNTERS_PODS_MAX)
		return err_new(c->arena, ERR_INVALID, "more than %d pods have such series", COUNTERS_PODS_MAX);
	if (c->n_pods + 1 > COUNTERS_SAMPLES_MAX / samples)
		return err_new(c->arena, ERR_INVALID,
		    "%zu pods with %zu samples each are more than %d samples: set a longer step", c->n_pods + 1,
		    samples, COUNTERS_SAMPLES_MAX);
	c->pods = arena_grow(c->arena, c->pods, c->n_pods, &c->capacity, sizeof(*c->pods));
	*ret = &c->pods[c->n_pods++];
	**ret = (struct counters_pod){ .name = arena_strdup(c->arena, name),
		.samples = arena_new_array(c->arena, double, samples) };
	for (size_t i = 0; i < samples; i++)
		(*ret)->samples[i] = NAN;
	return NULL;
}

/* Returns the column of the first sample, or the number of columns. */
static size_t
counters_first(const double *series, size_t columns)
{
	size_t i = 0;

	while (i < columns && isnan(series[i]))
		i++;
	return i;
}

/* The increment of a counter from its last sample (NaN: it has none) to `now`. */
static double
counters_increment(double last, double now, bool began_at_0)
{
	if (isnan(last))
		return began_at_0 ? now : 0;
	return now >= last ? now - last : now;
}

/* Settles a series of a kind. Where the pod itself has no sample, its bad requests count later, like all its
 * requests. After a restart, which a fall of all requests shows, they begin at 0: they may be lower than before, or
 * missing, or have reached the same number again. */
static void
counters_settle_kind(const struct counters *c, struct counters_pod *pod, size_t series, size_t pod_first, bool good)
{
	const double *total = counters_series(c, pod, 0);
	double *at = counters_series(c, pod, series), last = NAN, last_total = NAN;
	size_t first = counters_first(at, c->columns);
	bool began_at_0 = first > 0 && first >= pod_first;

	for (size_t i = 0; i < c->columns; i++) {
		double now = at[i], x = 0;

		at[i] = 0;
		if (isnan(total[i]))
			continue;
		if (total[i] < last_total)
			last = 0;
		if (!isnan(now)) {
			x = counters_increment(last, now, began_at_0);
			last = now;
		}
		at[i] = good ? counters_increment(last_total, total[i], pod_first > 0) - x : x;
		last_total = total[i];
	}
}

static void
counters_settle_total(const struct counters *c, struct counters_pod *pod, size_t first)
{
	double *at = counters_series(c, pod, 0), last = NAN;

	for (size_t i = first; i < c->columns; i++)
		if (!isnan(at[i])) {
			double now = at[i];

			at[i] = counters_increment(last, now, first > 0);
			last = now;
		}
}

/* Leaves out what precedes the pod's first request, and its warm-up; keeps bad requests within all. */
static void
counters_settle_parts(const struct counters *c, struct counters_pod *pod, size_t first, size_t warm_up, bool served)
{
	double *total = counters_series(c, pod, 0);

	for (size_t i = 0; i < c->columns; i++) {
		served |= total[i] > 0;
		if (!served || (first > 0 && i - first < warm_up))
			total[i] = NAN;
		for (size_t k = 1; k <= c->kinds; k++) {
			double *x = &counters_series(c, pod, k)[i];

			if (isnan(total[i]) || !(*x > 0))
				*x = 0;
			pod->cut |= *x > total[i];
			if (*x > total[i])
				*x = total[i];
		}
	}
}

static struct err *
counters_settle_pod(const struct counters *c, struct counters_pod *pod, const struct counters_rules *rules)
{
	const double *total = counters_series(c, pod, 0);
	size_t first = counters_first(total, c->columns);
	bool served = first < c->columns && first == 0 && total[0] > 0;

	for (size_t k = 1; k <= c->kinds; k++) {
		if (rules->good && first < c->columns &&
		    counters_first(counters_series(c, pod, k), c->columns) == c->columns)
			return err_new(c->arena, ERR_INVALID,
			    "pod %s has no series for one of the bounds: the pods must have the same buckets",
			    pod->name);
		counters_settle_kind(c, pod, k, first, rules->good);
	}
	counters_settle_total(c, pod, first);
	counters_settle_parts(c, pod, first, rules->warm_up, served);
	return NULL;
}

static int
counters_compare(const void *a, const void *b)
{
	return strcmp(((const struct counters_pod *)a)->name, ((const struct counters_pod *)b)->name);
}

struct err *
counters_settle(struct counters *c, const struct counters_rules *rules)
{
	struct err *e;

	if (c->n_pods > 0)
		qsort(c->pods, c->n_pods, sizeof(*c->pods), counters_compare);
	for (size_t i = 0; i < c->n_pods; i++)
		if ((e = counters_settle_pod(c, &c->pods[i], rules)) != NULL)
			return e;
	return NULL;
}
