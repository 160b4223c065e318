/* analysis/backtest/placebo.h: releases that never were. In a time without a release, some pods of the stable version
 * play the canary. They are as good as the others, so that a gate that stops such a release raises a false alarm. A
 * regression is then put into their counters.
 *
 * Errors are borrowed: in each bin the canary gets the bad requests of other stable pods in that bin, thinned, until
 * (effect - 1) times its own requests are covered. Bursts and outages therefore stay what they are. With a latency that
 * is `effect` times as long, the requests above a bound T are those that were above T / effect, interpolated between
 * the bounds.
 */
#pragma once
#include "analysis/compare/comparison.h"
#include "base/rand.h"

/* Counters of one ReplicaSet. */
struct placebo_window {
	const struct counters *counters; /* settled, without a warm-up; kinds: all bounds, the compared ones first */
	const double *bounds; /* of each kind; NULL: there is one kind, errors */
	size_t compared; /* kinds */
	size_t first; /* the first bin of the release */
};

struct placebo_rules {
	size_t canary_pods; /* fewer than the window has */
	double weight; /* share of the requests that the canary gets, if its pods had as many: 0 < weight < 1 */
	size_t warm_up; /* bins at the start in which the canary does not take part */
	struct evidence_settings settings;
	double stop_at, misses; /* as in struct comparison */
	bool until_end; /* it does not pass within the release */
};

struct placebo;

/* Draws the canary's pods, and thins their requests to the weight. Everything lives in the arena, and borrows the rest.
 * The same stream draws the same release. */
struct placebo *placebo_draw(
    struct arena *, const struct placebo_window *, const struct placebo_rules *, const struct rand_stream *) never_null;

/* Returns the requests and bad ones of a kind since the first bin: of the canary, or of the stable pods. */
struct comparison_requests placebo_requests(const struct placebo *, size_t kind, enum arm);

/* Judges the release with a canary that is `effect` times worse, >= 1, until a verdict or the last bin. The arena has
 * scratch memory that may be freed then. */
void placebo_judge(const struct placebo *, double effect, struct arena *, struct comparison_result *ret);

/* Returns the counters that it judges, for tests: the canary's pods first. In the arena. */
struct counters placebo_counters(const struct placebo *, double effect, struct arena *);
