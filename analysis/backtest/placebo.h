/* analysis/backtest/placebo.h: simulated releases. In a period without a release, some pods of the stable version are
 * treated as the canary. They are as good as the others: a gate that stops such a release raises a false alarm. Then
 * a regression is added to the counters of these pods.
 *
 * The additional errors are those of other stable pods. In each bin, bad requests are drawn from as many requests of
 * these pods as are (effect - 1) times the canary's own requests. Bursts and outages therefore stay in their bins.
 * With a latency that is `effect` times as long, the requests above a bound T are those that were above T / effect,
 * interpolated between the bounds.
 */
#pragma once
#include "analysis/compare/comparison.h"
#include "base/rand.h"

/* Counters of one ReplicaSet. */
struct placebo_window {
	const struct counters *counters; /* settled (counters.h), without a warm-up; a kind for each bound, those
					 * that are compared first */
	const double *bounds; /* seconds of the histogram bucket of each kind; NULL: one kind, errors */
	size_t compared; /* the number of kinds that are compared */
	size_t first; /* the first bin of the release */
};

struct placebo_rules {
	size_t canary_pods; /* fewer than the window has */
	double weight; /* the most that the canary may have of all requests: 0 < weight < 1 */
	size_t warm_up; /* bins at the start in which the canary does not take part */
	struct evidence_settings settings;
	double stop_at, misses; /* as in struct comparison (comparison.h) */
	size_t wait; /* bins after which it ends without a verdict; 0: more than the release has */
	bool until_end; /* it does not pass before */
	bool spend; /* as in struct comparison */
};

struct placebo;

/* Draws the canary's pods, and thins their requests to the weight. The result lives in the arena, and borrows what
 * the window and the rules point to. The same stream draws the same release. */
struct placebo *placebo_draw(
    struct arena *, const struct placebo_window *, const struct placebo_rules *, const struct rand_stream *) never_null;

/* Returns the requests and bad ones of a kind since the first bin: of the canary, or of the stable pods. */
struct comparison_requests placebo_requests(const struct placebo *, size_t kind, enum arm);

/* Judges the release with a canary that is `effect` times worse, >= 1, until a verdict or the last bin. The
 * memory that it takes from the arena is not needed after the call. */
void placebo_judge(const struct placebo *, double effect, struct arena *, struct comparison_result *ret);

/* Returns the counters that placebo_judge judges, for tests: the canary's pods first. In the arena. */
struct counters placebo_counters(const struct placebo *, double effect, struct arena *);
