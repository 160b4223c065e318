/* analysis/compare/comparison.h: the verdict of a comparison of two versions, from their counters alone.
 *
 * It is a pure function of the counters since the release began: every computation, at any time, finds the same
 * verdict at the same bin. A restart of the controller, a backtest and a simulation therefore agree.
 */
#pragma once
#include "analysis/compare/counters.h"
#include "analysis/compare/evidence.h"

enum arm { ARM_NONE, ARM_CANARY, ARM_STABLE };

enum comparison_verdict {
	COMPARISON_WAITS, /* neither side has enough evidence yet */
	COMPARISON_FAILED,
	COMPARISON_PASSED,
	COMPARISON_EXPIRED, /* the time has ended without a verdict */
};

/* Bin i is the time from column i - 1 to column i of the counters. A column that they do not have is never reached. */
struct comparison {
	const struct counters *counters; /* settled; at least one kind */
	const enum arm *arms; /* of each pod */
	struct evidence_settings settings;
	double stop_at; /* evidence that fails the canary: compared metrics / falseAlarms */
	double misses; /* probability that a canary passes that must be caught */
	bool spend; /* the weight changes while it is judged: the j-th beginning may spend misses x 2^-j */
	size_t first; /* the first bin, >= 1 */
	const size_t *restarts; /* bins before which the evidence to pass begins, ascending */
	size_t n_restarts;
	size_t pass_from; /* the first bin at which it may pass */
	size_t expires; /* the bin at which the time ends */
};

#define COMPARISON_BINS_MIN 8 /* bins of the canary at one weight before it may pass */

struct comparison_requests {
	double n, x; /* requests, bad ones */
};

/* The evidence at the end of a bin, and what it is made of. */
struct comparison_point {
	double stop, pass; /* logarithms of the evidence */
	double pass_at; /* evidence that is needed to pass */
	struct comparison_requests canary, stable; /* since the first bin, of the kind with the most evidence to stop */
	size_t kind;
	double margin, spread; /* of that kind */
	size_t canary_pods, stable_pods; /* of the bin */
	size_t bins; /* of the canary since the evidence to pass began; 0: the canary has no pod yet */
};

struct comparison_result {
	enum comparison_verdict verdict;
	size_t bin; /* of the verdict, or the last one; first - 1: there is no bin yet */
	struct comparison_point at; /* that bin */
};

/* Judges all bins until a verdict. `points` has an element for each column and gets those of the judged bins; NULL:
 * they are not wanted. Memory from the arena depends on the pods and kinds, not on the bins. */
void comparison_judge(
    const struct comparison *, struct arena *, struct comparison_point *points, struct comparison_result *ret);

/* Returns the largest of 1.25, 1.5, 2, 3, 5 and 10 that, as tolerate_ratio, would have failed the canary by this bin;
 * 0: none. */
double comparison_at_least(const struct comparison *, struct arena *, size_t bin);
