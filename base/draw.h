/* base/draw.h: random numbers of other distributions, from a stream of base/rand.h, for simulations.
 *
 * The same stream gives the same numbers on one machine; the last bits of libm may differ between machines.
 */
#pragma once
#include "base/rand.h"

/* Returns a number in (0, 1). */
double draw_uniform(struct rand_stream *);

/* Returns a number of the normal distribution with mean 0 and standard deviation 1. */
double draw_normal(struct rand_stream *);

/* Returns a number of the gamma distribution with this shape, >= 1, and scale 1. */
double draw_gamma(struct rand_stream *, double shape);

/* Returns the number of events whose expected number is `mean`; 0 for mean <= 0. */
int64_t draw_poisson(struct rand_stream *, double mean);

/* Returns how many of n events happen, each with probability p, which is cut to [0, 1]. */
int64_t draw_binomial(struct rand_stream *, int64_t n, double p);

/* Returns the sum of n numbers of events, each at least 1 and `mean` >= 1 on average, of the geometric distribution. */
int64_t draw_bursts(struct rand_stream *, int64_t n, double mean);
