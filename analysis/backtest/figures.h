/* analysis/backtest/figures.h: intervals, medians and interpolation, for the figures of many releases. */
#pragma once
#include <stddef.h>

/* Sets the 95 % interval of Clopper and Pearson for a share, of which x of n were observed: 0 <= x <= n, n > 0. x need
 * not be a whole number. */
void figures_interval(double x, double n, double *ret_low, double *ret_high);

/* Releases with the same regression. */
struct figures_power {
	double effect; /* how many times worse the canary is; 1: a good one */
	size_t releases, stopped, passed;
	size_t errors; /* of those that were stopped: for measurements that failed */
	size_t inconclusive;
	double median; /* seconds until the stop; NaN: none was stopped */
};

/* Returns the smallest effect with at least `share` of the releases stopped for their measurements, not because these
 * failed: interpolated on a logarithmic scale between two effects, which ascend. NaN: not even the largest has it, or
 * good releases have. */
double figures_smallest(const struct figures_power *, size_t n, double share);

/* Returns the median, and changes the order; NaN for n = 0. */
double figures_median(double *, size_t n);
