/* analysis/backtest/past.c: finds the times at which one ReplicaSet had all the pods. */
#include "analysis/backtest/past.h"
#include <math.h>
#include <string.h>
#include "analysis/compare/config.h"

#define PAST_HASH_MAX 63

struct err *
past_read_replicaset(void *arg, struct arena *a, const char *labels, double **ret)
{
	struct past *p = arg;
	const char *hash = matrix_label(a, labels, CONFIG_LABEL);
	double *pods;

	if (hash == NULL || strlen(hash) > PAST_HASH_MAX)
		return err_new(a, ERR_INVALID, "prometheus: a series lacks the label " CONFIG_LABEL " of the query");
	if ((p->n + 1) * p->grid.columns > PAST_SAMPLES_MAX)
		return err_new(a, ERR_INVALID, "more than %zu ReplicaSets had pods: choose a shorter --past", p->n);
	pods = arena_new_array(a, double, p->grid.columns);
	for (size_t i = 0; i < p->grid.columns; i++)
		pods[i] = NAN;
	p->at = arena_grow(a, p->at, p->n, &p->capacity, sizeof(*p->at));
	p->at[p->n++] = (struct past_replicaset){ hash, pods };
	*ret = pods;
	return NULL;
}

/* Returns the only ReplicaSet with pods in a column; NULL: there are none, or several. */
static const struct past_replicaset *
past_only(const struct past *p, size_t column)
{
	const struct past_replicaset *only = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].pods[column] > 0) {
			if (only != NULL)
				return NULL;
			only = &p->at[i];
		}
	return only;
}

size_t
past_windows(const struct past *p, const struct past_rules *rules, struct arena *a, struct past_window **ret)
{
	const struct past_replicaset **only = arena_new_array(a, const struct past_replicaset *, p->grid.columns);
	int64_t step = p->grid.step, end = p->grid.start + (int64_t)(p->grid.columns - 1) * step;
	struct past_window *at = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; i < p->grid.columns; i++)
		only[i] = past_only(p, i);
	for (int64_t t = p->grid.start + rules->lead_ms; t + rules->length_ms <= end; t += rules->distance_ms) {
		/* The columns around the window, so that a change at its edge is seen. */
		size_t from = (size_t)((t - rules->lead_ms - p->grid.start) / step);
		size_t to = (size_t)((t + rules->length_ms - p->grid.start + step - 1) / step);
		size_t start = (size_t)((t - p->grid.start) / step);
		const struct past_replicaset *r = only[from];
		bool quiet = r != NULL && r->pods[start] >= (double)rules->pods_min;

		for (size_t i = from; i <= to && quiet; i++)
			quiet = only[i] == r;
		if (!quiet)
			continue;
		at = arena_grow(a, at, n, &capacity, sizeof(*at));
		at[n++] = (struct past_window){ t, r->hash, (size_t)r->pods[start] };
	}
	*ret = at;
	return n;
}

size_t
past_choose(struct past_window *at, size_t n, size_t most)
{
	if (n <= most)
		return n;
	for (size_t i = 0; i < most; i++)
		at[i] = at[i * n / most];
	return most;
}

size_t
past_apart(const struct past_window *at, size_t n, int64_t length_ms)
{
	size_t apart = 0, last = 0;

	for (size_t i = 0; i < n; i++)
		if (apart == 0 || at[i].start >= at[last].start + length_ms) {
			apart++;
			last = i;
		}
	return apart;
}
