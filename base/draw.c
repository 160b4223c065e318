/* base/draw.c: the distributions. Small expected numbers are counted; large ones are drawn by transformed rejection. */
#include "base/draw.h"
#include <math.h>

#define DRAW_SMALL 10 /* expected number up to which events are counted */

double
draw_uniform(struct rand_stream *r)
{
	return ((double)(rand_next(r) >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller, 1958; the second number is not kept, so that a stream has no other state. */
double
draw_normal(struct rand_stream *r)
{
	double radius = sqrt(-2 * log(draw_uniform(r)));

	return radius * cos(6.283185307179586 * draw_uniform(r));
}

/* Marsaglia and Tsang, 2000. */
double
draw_gamma(struct rand_stream *r, double shape)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (;;) {
		double x = draw_normal(r), v = 1 + c * x, u = draw_uniform(r);

		v = v * v * v;
		if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

/* Returns the logarithm of k!. */
static double
draw_log_factorial(double k)
{
	int sign;

	return lgamma_r(k + 1, &sign);
}

static int64_t
draw_poisson_small(struct rand_stream *r, double mean)
{
	double limit = exp(-mean), product = draw_uniform(r);
	int64_t n = 0;

	while (product > limit) {
		product *= draw_uniform(r);
		n++;
	}
	return n;
}

/* Hörmann, 1993: algorithm PTRS. */
int64_t
draw_poisson(struct rand_stream *r, double mean)
{
	double b, a, inverse, edge;

	if (!(mean > 0))
		return 0;
	if (mean < DRAW_SMALL)
		return draw_poisson_small(r, mean);
	b = 0.931 + 2.53 * sqrt(mean);
	a = -0.059 + 0.02483 * b;
	inverse = 1.1239 + 1.1328 / (b - 3.4);
	edge = 0.9277 - 3.6224 / (b - 2);
	for (;;) {
		double u = draw_uniform(r) - 0.5, v = draw_uniform(r), us = 0.5 - fabs(u);
		double k = floor((2 * a / us + b) * u + mean + 0.43);

		if (us >= 0.07 && v <= edge)
			return (int64_t)k;
		if (k < 0 || (us < 0.013 && v > us))
			continue;
		if (log(v * inverse / (a / (us * us) + b)) <= k * log(mean) - mean - draw_log_factorial(k))
			return (int64_t)k;
	}
}

/* The gaps between events are geometric. */
static int64_t
draw_binomial_small(struct rand_stream *r, int64_t n, double p)
{
	double left = (double)n, rate = log1p(-p);
	int64_t k = 0;

	for (;;) {
		left -= floor(log(draw_uniform(r)) / rate) + 1;
		if (left < 0)
			return k;
		k++;
	}
}

/* Hörmann, 1993: algorithm BTRS; p <= 1/2. */
static int64_t
draw_binomial_large(struct rand_stream *r, int64_t events, double p)
{
	double n = (double)events, width = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * width;
	double a = -0.0873 + 0.0248 * b + 0.01 * p, center = n * p + 0.5, edge = 0.92 - 4.2 / b;
	double alpha = (2.83 + 5.1 / b) * width, odds = log(p / (1 - p)), mode = floor((n + 1) * p);
	double top = draw_log_factorial(mode) + draw_log_factorial(n - mode);

	for (;;) {
		double u = draw_uniform(r) - 0.5, v = draw_uniform(r), us = 0.5 - fabs(u);
		double k = floor((2 * a / us + b) * u + center);

		if (k < 0 || k > n)
			continue;
		if (us >= 0.07 && v <= edge)
			return (int64_t)k;
		if (log(v * alpha / (a / (us * us) + b)) <=
		    top - draw_log_factorial(k) - draw_log_factorial(n - k) + (k - mode) * odds)
			return (int64_t)k;
	}
}

int64_t
draw_binomial(struct rand_stream *r, int64_t n, double p)
{
	if (n <= 0 || !(p > 0))
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - draw_binomial(r, n, 1 - p);
	return (double)n * p < DRAW_SMALL ? draw_binomial_small(r, n, p) : draw_binomial_large(r, n, p);
}

/* The further events of n bursts are a negative binomial number: a Poisson number whose mean is a gamma number. */
int64_t
draw_bursts(struct rand_stream *r, int64_t n, double mean)
{
	if (n <= 0 || mean <= 1)
		return n > 0 ? n : 0;
	return n + draw_poisson(r, draw_gamma(r, (double)n) * (mean - 1));
}
