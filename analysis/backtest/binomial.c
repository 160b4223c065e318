/* analysis/backtest/binomial.c: few remaining requests are found one by one, many by the normal distribution. */
#include "analysis/backtest/binomial.h"
#include <math.h>

#define BINOMIAL_NORMAL 100 /* variance */

/* Returns a number above 0 and below 1. */
static double
binomial_uniform(struct rand_stream *r)
{
	return ((double)(rand_next(r) >> 11) + 0.5) / 0x1p53;
}

/* Marsaglia's polar method. */
static double
binomial_normal(struct rand_stream *r)
{
	double u, v, s;

	do {
		u = 2 * binomial_uniform(r) - 1;
		v = 2 * binomial_uniform(r) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	return u * sqrt(-2 * log(s) / s);
}

double
binomial_draw(struct rand_stream *r, double n, double p)
{
	double whole = n < 0x1p53 ? (double)(uint64_t)fmax(n, 0) : n, found = 0, variance = whole * p * (1 - p);

	if (!(n > 0) || !(p > 0))
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - binomial_draw(r, n, 1 - p);
	if (n > whole && binomial_uniform(r) < p)
		found = n - whole;
	if (variance >= BINOMIAL_NORMAL)
		return found + fmin(fmax(round(whole * p + sqrt(variance) * binomial_normal(r)), 0), whole);
	/* The distances between remaining requests are geometric. */
	for (double at = 0;;) {
		at += 1 + (double)(uint64_t)fmin(log(binomial_uniform(r)) / log(1 - p), 0x1p53);
		if (at > whole)
			return found;
		found++;
	}
}
