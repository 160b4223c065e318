/* analysis/backtest/figures.c: intervals and interpolation. */
#include "analysis/backtest/figures.h"
#include <math.h>
#include <stdlib.h>

#define FIGURES_TERMS 500
#define FIGURES_HALVINGS 60

/* Returns the continued fraction of the incomplete beta function, by Lentz's method (DLMF 8.17.22). */
static double
figures_fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 / (1 - (a + b) * x / (a + 1) ?: tiny), h = d;

	for (int m = 1; m < FIGURES_TERMS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), change;

		d = 1 / (1 + even * d ?: tiny);
		c = 1 + even / c ?: tiny;
		h *= d * c;
		d = 1 / (1 + odd * d ?: tiny);
		c = 1 + odd / c ?: tiny;
		change = d * c;
		h *= change;
		if (change > 1 - 1e-15 && change < 1 + 1e-15)
			break;
	}
	return h;
}

/* Returns the distribution function of the beta distribution. */
static double
figures_beta(double x, double a, double b)
{
	int sign;
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log(1 - x));
	return x < (a + 1) / (a + b + 2) ? front * figures_fraction(x, a, b) / a
					 : 1 - front * figures_fraction(1 - x, b, a) / b;
}

static double
figures_beta_quantile(double p, double a, double b)
{
	double low = 0, high = 1;

	for (int i = 0; i < FIGURES_HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (figures_beta(middle, a, b) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

void
figures_interval(double x, double n, double *ret_low, double *ret_high)
{
	*ret_low = x > 0 ? figures_beta_quantile(0.025, x, n - x + 1) : 0;
	*ret_high = x < n ? figures_beta_quantile(0.975, x + 1, n - x) : 1;
}

/* Returns the share that was stopped for its measurements. */
static double
figures_share(const struct figures_power *p)
{
	return p->releases > 0 ? (double)(p->stopped - p->errors) / (double)p->releases : 0;
}

double
figures_smallest(const struct figures_power *p, size_t n, double share)
{
	for (size_t i = 0; i < n; i++) {
		double here = figures_share(&p[i]), before;

		if (here < share)
			continue;
		if (p[i].effect <= 1)
			break;
		if (i == 0)
			return p[i].effect;
		before = figures_share(&p[i - 1]);
		return p[i - 1].effect * pow(p[i].effect / p[i - 1].effect, (share - before) / (here - before));
	}
	return NAN;
}

static int
figures_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
figures_median(double *at, size_t n)
{
	if (n == 0)
		return NAN;
	qsort(at, n, sizeof(*at), figures_compare);
	return n % 2 == 1 ? at[n / 2] : (at[n / 2 - 1] + at[n / 2]) / 2;
}
