/* analysis/promql/evaluate.c: evaluates a parsed query on series, as Prometheus 2 does.
 *
 * The sources of the rules are Prometheus' documentation of functions and operators, and its extrapolatedRate and
 * bucketQuantile (promql/functions.go, promql/quantile.go, 2.42).
 */
#include "analysis/promql/promql.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

#define EVALUATE_LOOKBACK_MS 300000 /* the age up to which a sample is the last one of its series */
#define EVALUATE_NEAR 1.1 /* a window's end is reached if the next sample was due there: factor of the interval */

struct evaluating {
	struct arena *arena;
	const struct promql *query;
	const struct promql_data *data;
	int64_t at;
	struct err *err;
};

static bool evaluate_node(struct evaluating *, const struct promql_node *, struct promql_result *ret);

static bool
evaluate_fail(struct evaluating *p, const char *what)
{
	p->err = err_new(p->arena, ERR_INVALID, "the query cannot be evaluated: %s", what);
	return false;
}

static bool
evaluate_add(struct evaluating *p, struct promql_result *to, struct promql_labels labels, double value)
{
	if (to->n == PROMQL_VALUES_MAX)
		return evaluate_fail(p, "it has too many series");
	/* The capacity is the next power of two from 8 on. */
	if (to->n == 0 || (to->n >= 8 && (to->n & (to->n - 1)) == 0)) {
		struct promql_value *more = arena_new_array(p->arena, struct promql_value, to->n == 0 ? 8 : 2 * to->n);

		if (to->n > 0)
			memcpy(more, to->at, to->n * sizeof(*more));
		to->at = more;
	}
	to->at[to->n++] = (struct promql_value){ labels, value };
	return true;
}

static bool
evaluate_same(const struct promql_labels *a, const struct promql_labels *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(promql_label(b, a->at[i].name), a->at[i].value) != 0)
			return false;
	return true;
}

static struct promql_value *
evaluate_find(const struct promql_result *r, const struct promql_labels *labels)
{
	for (size_t i = 0; i < r->n; i++)
		if (evaluate_same(&r->at[i].labels, labels))
			return &r->at[i];
	return NULL;
}

/* --- series --- */

/* Returns the number of samples up to a time, which is included. */
static size_t
evaluate_until(const struct promql_series *s, int64_t at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->samples[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
evaluate_selector(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	const struct promql_data *data = &p->data[n->selector];

	for (size_t i = 0; i < data->n; i++) {
		const struct promql_series *s = &data->at[i];
		size_t end = evaluate_until(s, p->at);

		if (end == 0 || s->samples[end - 1].at <= p->at - EVALUATE_LOOKBACK_MS ||
		    (s->stale_at != 0 && s->stale_at <= p->at))
			continue;
		if (!evaluate_add(p, ret, s->labels, s->samples[end - 1].value))
			return false;
	}
	return true;
}

/* Returns the increase of samples within a window that ends at `to` (times in ms). The first and last sample are
 * extrapolated to the ends of the window if a sample was due there, else by half an interval; a counter is not
 * extrapolated to a time at which it would have been negative. */
static double
evaluate_increase(const struct promql_sample *s, size_t n, int64_t from, int64_t to)
{
	double increase = s[n - 1].value - s[0].value, sampled = (double)(s[n - 1].at - s[0].at) / 1000;
	double to_start = (double)(s[0].at - from) / 1000, to_end = (double)(to - s[n - 1].at) / 1000;
	double interval = sampled / (double)(n - 1), whole = sampled;

	for (size_t i = 1; i < n; i++)
		if (s[i].value < s[i - 1].value)
			increase += s[i - 1].value;
	if (increase > 0 && s[0].value >= 0) {
		double to_zero = sampled * (s[0].value / increase);

		to_start = to_zero < to_start ? to_zero : to_start;
	}
	whole += to_start < interval * EVALUATE_NEAR ? to_start : interval / 2;
	whole += to_end < interval * EVALUATE_NEAR ? to_end : interval / 2;
	return increase * (whole / sampled);
}

static bool
evaluate_rate(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	const struct promql_data *data = &p->data[n->selector];
	int64_t range = p->query->selectors[n->selector].range_ms, from = p->at - range;

	for (size_t i = 0; i < data->n; i++) {
		const struct promql_series *s = &data->at[i];
		size_t begin = evaluate_until(s, from - 1), end = evaluate_until(s, p->at);
		double increase;

		if (end < begin + 2)
			continue;
		increase = evaluate_increase(s->samples + begin, end - begin, from, p->at);
		if (!evaluate_add(
			p, ret, s->labels, n->kind == PROMQL_RATE ? increase / ((double)range / 1000) : increase))
			return false;
	}
	return true;
}

/* --- operators --- */

/* Returns the labels of a list that a series has, or with a NULL list all but `le`. */
static struct promql_labels
evaluate_keep(struct arena *a, const struct promql_labels *labels, const struct strings *by)
{
	struct promql_label *at = arena_new_array(a, struct promql_label, by != NULL ? by->n : labels->n);
	struct promql_labels ret = { at, 0 };

	for (size_t i = 0; by != NULL && i < by->n; i++)
		if (promql_label(labels, by->at[i])[0] != '\0')
			at[ret.n++] = (struct promql_label){ by->at[i], promql_label(labels, by->at[i]) };
	for (size_t i = 0; by == NULL && i < labels->n; i++)
		if (strcmp(labels->at[i].name, "le") != 0)
			at[ret.n++] = labels->at[i];
	return ret;
}

static double
evaluate_aggregated(enum promql_aggregate how, double so_far, double value)
{
	switch (how) {
	case PROMQL_SUM:
	case PROMQL_AVG: return so_far + value;
	case PROMQL_MIN: return value < so_far || isnan(so_far) ? value : so_far;
	case PROMQL_MAX: return value > so_far || isnan(so_far) ? value : so_far;
	case PROMQL_COUNT: return so_far + 1;
	}
	return NAN;
}

static bool
evaluate_aggregate(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	struct promql_result in = { 0 };
	size_t *counts;

	if (!evaluate_node(p, n->left, &in))
		return false;
	if (in.scalar)
		return evaluate_fail(p, "an aggregation of a number");
	counts = arena_new_array(p->arena, size_t, in.n);
	for (size_t i = 0; i < in.n; i++) {
		struct promql_labels labels = evaluate_keep(p->arena, &in.at[i].labels, &n->by);
		struct promql_value *v = evaluate_find(ret, &labels);

		if (v == NULL) {
			counts[ret->n] = 1;
			if (!evaluate_add(p, ret, labels, n->aggregate == PROMQL_COUNT ? 1 : in.at[i].value))
				return false;
			continue;
		}
		v->value = evaluate_aggregated(n->aggregate, v->value, in.at[i].value);
		counts[v - ret->at]++;
	}
	for (size_t i = 0; n->aggregate == PROMQL_AVG && i < ret->n; i++)
		ret->at[i].value /= (double)counts[i];
	return true;
}

struct evaluate_bucket {
	double le, count;
};

static int
evaluate_compare_buckets(const void *a, const void *b)
{
	const struct evaluate_bucket *x = a, *y = b;

	return x->le < y->le ? -1 : x->le > y->le;
}

/* Merges the buckets with the same bound, and makes them ascend: a scrape may read them at different times. Returns
 * their number. */
static size_t
evaluate_settle_buckets(struct evaluate_bucket *b, size_t n)
{
	size_t to = 0;

	qsort(b, n, sizeof(*b), evaluate_compare_buckets);
	for (size_t i = 1; i < n; i++) {
		if (b[i].le == b[to].le)
			b[to].count += b[i].count;
		else
			b[++to] = b[i];
	}
	for (size_t i = 1; i <= to; i++)
		b[i].count = b[i].count < b[i - 1].count ? b[i - 1].count : b[i].count;
	return to + 1;
}

/* Returns the quantile of a histogram, linear within a bucket. */
static double
evaluate_quantile_of(double q, struct evaluate_bucket *b, size_t n)
{
	double rank, start = 0, before = 0;
	size_t i = 0;

	if (isnan(q))
		return NAN;
	if (q < 0 || q > 1)
		return q < 0 ? -INFINITY : INFINITY;
	n = evaluate_settle_buckets(b, n);
	if (n < 2 || b[n - 1].le != INFINITY || b[n - 1].count == 0 || isnan(b[n - 1].count))
		return NAN;
	rank = q * b[n - 1].count;
	while (i < n - 1 && !(b[i].count >= rank))
		i++;
	if (i == n - 1)
		return b[n - 2].le;
	if (i == 0 && b[0].le <= 0)
		return b[0].le;
	if (i > 0) {
		start = b[i - 1].le;
		before = b[i - 1].count;
	}
	return start + (b[i].le - start) * ((rank - before) / (b[i].count - before));
}

static bool
evaluate_quantile(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	struct promql_result in = { 0 };
	struct evaluate_bucket *buckets;
	struct promql_labels *labels;

	if (!evaluate_node(p, n->left, &in))
		return false;
	if (in.scalar)
		return evaluate_fail(p, "a quantile of a number");
	buckets = arena_new_array(p->arena, struct evaluate_bucket, in.n);
	labels = arena_new_array(p->arena, struct promql_labels, in.n);
	for (size_t i = 0; i < in.n; i++)
		labels[i] = evaluate_keep(p->arena, &in.at[i].labels, NULL);
	for (size_t i = 0; i < in.n; i++) {
		size_t n_buckets = 0;

		if (evaluate_find(ret, &labels[i]) != NULL)
			continue;
		for (size_t k = i; k < in.n; k++) {
			const char *le = promql_label(&in.at[k].labels, "le");
			char *end;
			double bound = strtod(le, &end);

			if (end != le && *end == '\0' && evaluate_same(&labels[k], &labels[i]))
				buckets[n_buckets++] = (struct evaluate_bucket){ bound, in.at[k].value };
		}
		if (n_buckets > 0 &&
		    !evaluate_add(p, ret, labels[i], evaluate_quantile_of(n->number, buckets, n_buckets)))
			return false;
	}
	return true;
}

static bool
evaluate_label(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	if (!evaluate_node(p, n->left, ret))
		return false;
	if (ret->scalar)
		return evaluate_fail(p, "a label of a number");
	for (size_t i = 0; i < ret->n; i++) {
		const struct promql_labels *old = &ret->at[i].labels;
		struct promql_label *at = arena_new_array(p->arena, struct promql_label, old->n + 1);
		struct promql_labels labels = { at, 0 };

		for (size_t k = 0; k < old->n; k++)
			if (strcmp(old->at[k].name, n->label.name) != 0)
				at[labels.n++] = old->at[k];
		if (n->label.value[0] != '\0')
			at[labels.n++] = n->label;
		ret->at[i].labels = labels;
	}
	return true;
}

static double
evaluate_operator(char operator, double a, double b)
{
	switch (operator) {
	case '+': return a + b;
	case '-': return a - b;
	case '*': return a * b;
	default: return a / b;
	}
}

/* Of two vectors, the series that both have. */
static bool
evaluate_arithmetic(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	struct promql_result left = { 0 }, right = { 0 };
	const struct promql_result *many;

	if (!evaluate_node(p, n->left, &left) || !evaluate_node(p, n->right, &right))
		return false;
	many = left.scalar ? &right : &left;
	ret->scalar = left.scalar && right.scalar;
	for (size_t i = 0; i < many->n; i++) {
		const struct promql_value *a = left.scalar ? left.at : &left.at[i];
		const struct promql_value *b = right.scalar  ? right.at
					       : left.scalar ? &right.at[i]
							     : evaluate_find(&right, &many->at[i].labels);

		if (b == NULL)
			continue;
		if (evaluate_find(ret, &many->at[i].labels) != NULL)
			return evaluate_fail(p, "an operator with several series that have the same labels");
		if (!evaluate_add(p, ret, many->at[i].labels, evaluate_operator(n->operator, a->value, b->value)))
			return false;
	}
	return true;
}

static bool
evaluate_or(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	struct promql_result right = { 0 };

	if (!evaluate_node(p, n->left, ret) || !evaluate_node(p, n->right, &right))
		return false;
	if (ret->scalar || right.scalar)
		return evaluate_fail(p, "`or` of a number; write vector(0)");
	for (size_t i = 0, n_left = ret->n; i < right.n; i++) {
		const struct promql_result left = { .at = ret->at, .n = n_left };

		if (evaluate_find(&left, &right.at[i].labels) == NULL &&
		    !evaluate_add(p, ret, right.at[i].labels, right.at[i].value))
			return false;
	}
	return true;
}

/* The depth is that of the parser. */
static bool
evaluate_node(struct evaluating *p, const struct promql_node *n, struct promql_result *ret)
{
	switch (n->kind) {
	case PROMQL_NUMBER: ret->scalar = true; return evaluate_add(p, ret, (struct promql_labels){ 0 }, n->number);
	case PROMQL_VECTOR: return evaluate_add(p, ret, (struct promql_labels){ 0 }, n->number);
	case PROMQL_SELECTOR: return evaluate_selector(p, n, ret);
	case PROMQL_RATE:
	case PROMQL_INCREASE: return evaluate_rate(p, n, ret);
	case PROMQL_AGGREGATE: return evaluate_aggregate(p, n, ret);
	case PROMQL_QUANTILE: return evaluate_quantile(p, n, ret);
	case PROMQL_LABEL: return evaluate_label(p, n, ret);
	case PROMQL_ARITHMETIC: return evaluate_arithmetic(p, n, ret);
	case PROMQL_OR: return evaluate_or(p, n, ret);
	}
	return false;
}

struct err *
promql_evaluate(
    const struct promql *query, const struct promql_data *data, int64_t at, struct arena *a, struct promql_result *ret)
{
	struct evaluating p = { .arena = a, .query = query, .data = data, .at = at };
	struct promql_result result = { 0 };

	if (!evaluate_node(&p, query->root, &result))
		return p.err;
	*ret = result;
	return NULL;
}
