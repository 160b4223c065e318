/* analysis/compare/evidence.h: is the canary worse than the stable version? Evidence, bin by bin.
 *
 * Time is cut into bins. In a bin each pod served n requests, of which x were bad. The evidence is two numbers, in
 * natural logarithms: evidence against "the canary is at most tolerate_ratio times as bad as the stable version", and
 * evidence against "the canary is as bad as must be caught". Under the first hypothesis, the probability that the
 * evidence ever reaches e is at most 1/e, however often it is read.
 *
 * The evidence to stop is the mean of two processes:
 * - Bets on the canary's share of the bad requests of a bin. A bin counts once, however many bad requests it has, so
 *   bursts and outages that all pods share do not count against the canary.
 * - Likelihood ratios of a canary that is many times worse. They find plain breakage within a few bins.
 * The hypothesis is widened by a margin, which is learned from the differences between the stable version's own pods.
 *
 * The same bins have the same result on all machines, in the resolution of a double: sums are made in the order of the
 * pods, which is the caller's. Nothing here allocates.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define EVIDENCE_BETS 5
#define EVIDENCE_FAST 4
#define EVIDENCE_PASS 3

/* Natural logarithm of the evidence of no bin: 1. */
#define EVIDENCE_NEUTRAL 0.0

/* The increments of one pod in one bin. */
struct evidence_count {
	double n, x; /* requests, and bad ones among them: 0 <= x <= n */
	bool present; /* false: the pod did not report in this bin; n and x are 0 */
};

/* The earlier bins of a stable pod. All 0 before its first bin. */
struct evidence_pod {
	bool seen;
	double n, x; /* sums of its requests */
	double e, ee; /* sum and sum of squares of the bad requests that its share of the requests would have */
	double d, dd; /* the same of the difference to its own bad requests */
};

struct evidence_settings {
	double tolerate_ratio; /* >= 1: a canary that is this many times as bad is tolerated */
	double tolerate_share; /* from 0 to below 1: so is one that fails less than this share of its requests */
	double catch_ratio; /* > 1: a canary must not pass that is this many times as bad, */
	double catch_share; /* above 0 and below 1: and fails this share of its requests */
	double prior; /* relative difference between pods before they have shown theirs */
	double prior_alone; /* the same while there is one stable pod, which can show none */
};

/* The caller owns the pods and keeps their order; a pod keeps its place when it is not present any more. */
struct evidence {
	struct evidence_settings settings;
	struct evidence_pod *pods; /* of the stable version */
	size_t n_pods;
	double bets[EVIDENCE_BETS], fast[EVIDENCE_FAST]; /* evidence to stop */
	double less[EVIDENCE_PASS], few[EVIDENCE_PASS]; /* evidence to pass */
	double canary_n, canary_x; /* sums over all bins */
};

/* Natural logarithms of the evidence after a bin; the factor that the hypothesis was widened by. */
struct evidence_value {
	double stop, pass;
	double margin; /* >= tolerate_ratio */
	double spread; /* relative difference between pods: standard deviation of the logarithm */
};

/* Returns the evidence of no bin. The pods are zeroed, and borrowed as long as the evidence is used. */
struct evidence evidence_new(const struct evidence_settings *, struct evidence_pod *pods, size_t n_pods);

/* Starts the evidence to pass again. A change of the weight may change how the canary behaves, so what it has shown
 * before does not let it pass. The evidence to stop continues. */
void evidence_restart_pass(struct evidence *);

/* Adds a bin: the canary's n_canary pods, and the n_pods stable ones. */
void evidence_bin(struct evidence *, const struct evidence_count *canary, size_t n_canary,
    const struct evidence_count *stable, struct evidence_value *ret);

/* Returns the logarithm of the mean of exp(v[i]); n > 0. The mean of evidence for one hypothesis is evidence. */
double evidence_log_mean(const double *v, size_t n);
