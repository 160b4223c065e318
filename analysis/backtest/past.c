/* analysis/backtest/past.c: finds the times at which one ReplicaSet had all the pods, and
 * the releases between them. */
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

/* --- releases --- */

static bool
past_present(const struct past *p, size_t replicaset, size_t column)
{
	return p->at[replicaset].pods[column] > 0;
}

static size_t
past_present_count(const struct past *p, size_t column)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += past_present(p, i, column);
	return n;
}

static int64_t
past_time(const struct past *p, size_t column)
{
	return p->grid.start + (int64_t)column * p->grid.step;
}

/* Returns the ReplicaSet with the most pods in a column, but for the canary; p->n without others. */
static size_t
past_largest(const struct past *p, size_t canary, size_t column)
{
	size_t largest = p->n;

	for (size_t i = 0; i < p->n; i++)
		if (i != canary && past_present(p, i, column) &&
		    (largest == p->n || p->at[i].pods[column] > p->at[largest].pods[column]))
			largest = i;
	return largest;
}

/* Returns whether a third version gets its first pods in a column. */
static bool
past_superseded(const struct past *p, size_t canary, size_t column, size_t before)
{
	for (size_t i = 0; i < p->n; i++)
		if (i != canary && past_present(p, i, column) && !past_present(p, i, before))
			return true;
	return false;
}

/* Sets the end and the quality of a release whose first pod is in a column. Columns without any pod are times that
 * Prometheus does not have. */
static void
past_end(const struct past *p, size_t canary, size_t column, struct past_release *r)
{
	size_t before = column;

	r->end = past_time(p, p->grid.columns - 1);
	for (size_t i = column + 1; i < p->grid.columns; i++) {
		size_t n = past_present_count(p, i);
		bool has = past_present(p, canary, i);

		if (n == 0)
			continue;
		if (past_superseded(p, canary, i, before) || !has || n == 1) {
			r->quality = past_superseded(p, canary, i, before) ? PAST_UNKNOWN : has ? PAST_GOOD : PAST_BAD;
			r->end = past_time(p, i);
			return;
		}
		before = i;
	}
}

/* Returns whether a version had pods before a time. */
static bool
past_is_older(const struct past *p, const char *hash, int64_t than)
{
	return past_has(p, hash, p->grid.start, than);
}

bool
past_has(const struct past *p, const char *hash, int64_t from, int64_t to)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->grid.columns && strcmp(p->at[i].hash, hash) == 0; k++)
			if (past_time(p, k) >= from && past_time(p, k) <= to && past_present(p, i, k))
				return true;
	return false;
}

size_t
past_releases(const struct past *p, struct arena *a, struct past_release **ret)
{
	struct past_release *at = NULL;
	size_t n = 0, capacity = 0, before = p->grid.columns, stable;

	for (size_t i = 0; i < p->grid.columns; i++) {
		if (past_present_count(p, i) == 0)
			continue;
		for (size_t k = 0; k < p->n && before < p->grid.columns; k++) {
			if (!past_present(p, k, i) || past_present(p, k, before))
				continue;
			stable = past_largest(p, k, i);
			if (stable == p->n)
				stable = past_largest(p, k, before);
			at = arena_grow(a, at, n, &capacity, sizeof(*at));
			at[n] = (struct past_release){
				.start = past_time(p, i - 1), .canary = p->at[k].hash, .stable = p->at[stable].hash
			};
			past_end(p, k, i, &at[n++]);
		}
		before = i;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && at[i].quality == PAST_GOOD; k++)
			if (at[k].start <= at[i].end + PAST_UNDONE_MS && past_is_older(p, at[k].canary, at[i].start))
				at[i].quality = PAST_UNKNOWN;
	*ret = at;
	return n;
}

struct past_release *
past_release_at(struct past_release *r, size_t n, int64_t at, int64_t ahead_ms)
{
	for (size_t i = n; i-- > 0;)
		if (r[i].start <= at && at < r[i].end)
			return &r[i];
	for (size_t i = 0; i < n; i++)
		if (r[i].start > at && r[i].start - at <= ahead_ms)
			return &r[i];
	return NULL;
}
