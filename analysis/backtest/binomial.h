/* analysis/backtest/binomial.h: random selections of requests. */
#pragma once
#include "base/rand.h"

/* Returns how many of n requests remain if each does with probability p. What n has beyond a whole number remains, or
 * not, as one request. From a variance of 100 on, the distribution is a rounded normal one. */
double binomial_draw(struct rand_stream *, double n, double p);
