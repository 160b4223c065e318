/* analysis/backtest/placebo.c: draws a placebo release, and puts a regression into it. */
#include "analysis/backtest/placebo.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/backtest/binomial.h"

#define PLACEBO_ROUNDS 1000 /* in which the same pods lend errors again */

struct placebo {
	const struct placebo_window *window;
	const struct placebo_rules *rules;
	const struct counters_pod **pods; /* the canary's first, then the stable ones */
	size_t n;
	double **thinned; /* of each canary pod: its series, as in struct counters_pod */
	size_t *ascending; /* kinds by their bounds */
	double *logs; /* of the bounds, in that order */
	struct rand_stream stream; /* of the regression */
};

static const double *
placebo_series(const struct placebo *p, const double *samples, size_t series)
{
	return samples + series * p->window->counters->columns;
}

static void
placebo_shuffle(struct placebo *p, struct rand_stream *r)
{
	for (size_t i = 0; i < p->n; i++)
		p->pods[i] = &p->window->counters->pods[i];
	for (size_t i = p->n; i > 1; i--) {
		size_t k = rand_below(r, i);
		const struct counters_pod *pod = p->pods[k];

		p->pods[k] = p->pods[i - 1];
		p->pods[i - 1] = pod;
	}
}

/* Kinds are few. */
static void
placebo_order(struct placebo *p, struct arena *a)
{
	size_t kinds = p->window->counters->kinds;

	p->ascending = arena_new_array(a, size_t, kinds);
	p->logs = arena_new_array(a, double, kinds);
	for (size_t i = 0; i < kinds; i++) {
		size_t k = i;

		for (; k > 0 && p->window->bounds != NULL &&
		       p->window->bounds[p->ascending[k - 1]] > p->window->bounds[i];
		     k--)
			p->ascending[k] = p->ascending[k - 1];
		p->ascending[k] = i;
	}
	for (size_t i = 0; i < kinds && p->window->bounds != NULL; i++)
		p->logs[i] = log(p->window->bounds[p->ascending[i]]);
}

static double
placebo_sum(const struct placebo *p, const double *samples, size_t series)
{
	const double *total = placebo_series(p, samples, 0), *at = placebo_series(p, samples, series);
	double sum = 0;

	for (size_t i = p->window->first; i < p->window->counters->columns; i++)
		if (!isnan(total[i]))
			sum += at[i];
	return sum;
}

/* Returns the share of the canary's requests that remain. */
static double
placebo_kept(const struct placebo *p)
{
	double canary = 0, stable = 0, wanted;

	for (size_t i = 0; i < p->n; i++)
		*(i < p->rules->canary_pods ? &canary : &stable) += placebo_sum(p, p->pods[i]->samples, 0);
	wanted = p->rules->weight / (1 - p->rules->weight) * stable;
	return canary > wanted ? wanted / canary : 1;
}

/* Thins a bin. The requests between two bounds are thinned apart, so that what remains above a bound is among what
 * remains above a lower one. */
static void
placebo_thin_bin(
    const struct placebo *p, const double *from, double *to, size_t bin, double kept, struct rand_stream *r)
{
	size_t columns = p->window->counters->columns;
	double above = 0, known = 0;

	for (size_t i = p->window->counters->kinds; i-- > 0;) {
		size_t at = (1 + p->ascending[i]) * columns + bin;

		above += binomial_draw(r, fmax(from[at] - known, 0), kept);
		known = fmax(known, from[at]);
		to[at] = above;
	}
	to[bin] = above + binomial_draw(r, fmax(from[bin] - known, 0), kept);
}

static double *
placebo_thin(const struct placebo *p, struct arena *a, const double *from, double kept, struct rand_stream *r)
{
	size_t columns = p->window->counters->columns, n = (1 + p->window->counters->kinds) * columns;
	double *to = arena_new_array(a, double, n);

	memcpy(to, from, n * sizeof(*to));
	for (size_t bin = 0; bin < columns; bin++)
		if (bin < p->window->first + p->rules->warm_up)
			to[bin] = NAN;
		else if (kept < 1 && !isnan(from[bin]))
			placebo_thin_bin(p, from, to, bin, kept, r);
	return to;
}

struct placebo *
placebo_draw(struct arena *a, const struct placebo_window *w, const struct placebo_rules *rules,
    const struct rand_stream *stream)
{
	struct placebo *p = arena_alloc(a, sizeof(*p));
	struct rand_stream r = *stream;
	double kept;

	*p = (struct placebo){ .window = w, .rules = rules, .n = w->counters->n_pods };
	p->pods = arena_new_array(a, const struct counters_pod *, p->n);
	p->thinned = arena_new_array(a, double *, rules->canary_pods);
	placebo_order(p, a);
	placebo_shuffle(p, &r);
	kept = placebo_kept(p);
	for (size_t i = 0; i < rules->canary_pods; i++)
		p->thinned[i] = placebo_thin(p, a, p->pods[i]->samples, kept, &r);
	p->stream = r;
	return p;
}

struct comparison_requests
placebo_requests(const struct placebo *p, size_t kind, enum arm arm)
{
	struct comparison_requests sum = { 0 };
	size_t canary = p->rules->canary_pods;

	for (size_t i = arm == ARM_CANARY ? 0 : canary; i < (arm == ARM_CANARY ? canary : p->n); i++) {
		const double *samples = i < canary ? p->thinned[i] : p->pods[i]->samples;

		sum.n += placebo_sum(p, samples, 0);
		sum.x += placebo_sum(p, samples, 1 + kind);
	}
	return sum;
}

/* Returns the bad requests that a canary pod borrows in a bin. The canary's pods have different lenders, as long as
 * there are enough. */
static double
placebo_borrow(const struct placebo *p, size_t pod, size_t bin, double need, struct rand_stream *r)
{
	size_t canary = p->rules->canary_pods, stable = p->n - canary, columns = p->window->counters->columns;
	double borrowed = 0, before = need;

	for (size_t i = 0; need > 0 && i < stable * PLACEBO_ROUNDS; i++) {
		const double *lender = p->pods[canary + (pod + i * canary) % stable]->samples;
		double n = lender[bin], lent;

		if (i > 0 && i % stable == 0) {
			/* No lender has requests in this bin. */
			if (need == before)
				break;
			before = need;
		}
		if (isnan(n) || !(n > 0))
			continue;
		lent = fmin(need / n, 1);
		borrowed += binomial_draw(r, lender[columns + bin], lent);
		need -= lent * n;
	}
	return borrowed;
}

static void
placebo_add_errors(const struct placebo *p, double effect, size_t pod, double *to, struct rand_stream *r)
{
	size_t columns = p->window->counters->columns;

	for (size_t bin = p->window->first; bin < columns; bin++)
		if (to[bin] > 0)
			to[columns + bin] =
			    fmin(to[bin], to[columns + bin] + placebo_borrow(p, pod, bin, (effect - 1) * to[bin], r));
}

/* Returns the requests of a bin that took longer than a time. */
static double
placebo_slower(const struct placebo *p, const double *samples, size_t bin, double seconds)
{
	size_t columns = p->window->counters->columns, kinds = p->window->counters->kinds, i = 0;
	double lower = samples[bin], upper, lowest = p->window->bounds[p->ascending[0]];

	while (i < kinds && p->window->bounds[p->ascending[i]] <= seconds)
		i++;
	if (i > 0)
		lower = samples[(1 + p->ascending[i - 1]) * columns + bin];
	if (i == kinds)
		return lower;
	upper = samples[(1 + p->ascending[i]) * columns + bin];
	if (i == 0)
		return lower - (lower - upper) * seconds / lowest;
	return lower + (upper - lower) * (log(seconds) - p->logs[i - 1]) / (p->logs[i] - p->logs[i - 1]);
}

static void
placebo_slow_down(const struct placebo *p, double effect, const double *from, double *to)
{
	size_t columns = p->window->counters->columns;

	for (size_t kind = 0; kind < p->window->compared; kind++)
		for (size_t bin = p->window->first; bin < columns; bin++)
			if (to[bin] > 0)
				to[(1 + kind) * columns + bin] =
				    placebo_slower(p, from, bin, p->window->bounds[kind] / effect);
}

struct counters
placebo_counters(const struct placebo *p, double effect, struct arena *a)
{
	const struct counters *all = p->window->counters;
	struct counters c = counters_new(a, all->columns, p->window->compared);
	size_t samples = (1 + all->kinds) * all->columns;
	struct rand_stream r = p->stream;

	c.pods = arena_new_array(a, struct counters_pod, p->n);
	c.n_pods = p->n;
	for (size_t i = 0; i < p->n; i++) {
		c.pods[i] = *p->pods[i];
		if (i >= p->rules->canary_pods)
			continue;
		c.pods[i].samples = p->thinned[i];
		if (effect <= 1)
			continue;
		c.pods[i].samples = arena_new_array(a, double, samples);
		memcpy(c.pods[i].samples, p->thinned[i], samples * sizeof(double));
		if (p->window->bounds == NULL)
			placebo_add_errors(p, effect, i, c.pods[i].samples, &r);
		else
			placebo_slow_down(p, effect, p->thinned[i], c.pods[i].samples);
	}
	return c;
}

void
placebo_judge(const struct placebo *p, double effect, struct arena *a, struct comparison_result *ret)
{
	struct counters counters = placebo_counters(p, effect, a);
	enum arm *arms = arena_new_array(a, enum arm, p->n);
	size_t expires = p->rules->wait > 0 ? p->window->first + p->rules->wait - 1 : SIZE_MAX;
	const struct comparison c = { .counters = &counters,
		.arms = arms,
		.settings = p->rules->settings,
		.stop_at = p->rules->stop_at,
		.misses = p->rules->misses,
		.spend = p->rules->spend,
		.first = p->window->first,
		.restarts = &p->window->first,
		.n_restarts = 1,
		.pass_from = p->rules->until_end ? expires : p->window->first,
		.expires = expires };

	for (size_t i = 0; i < p->n; i++)
		arms[i] = i < p->rules->canary_pods ? ARM_CANARY : ARM_STABLE;
	comparison_judge(&c, a, NULL, ret);
}
