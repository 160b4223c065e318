/* cli/backtest/play.h: placebo releases from the history of Prometheus, judged by the comparisons of a template. */
#pragma once
#include "analysis/backtest/figures.h"
#include "analysis/backtest/past.h"
#include "analysis/backtest/placebo.h"
#include "analysis/backtest/threshold.h"
#include "analysis/compare/config.h"
#include "cli/backtest/replicasets.h"

#define PLAY_EFFECTS_MAX 20
#define PLAY_PLACEBOS 700 /* releases, at least, if there are enough windows */
#define PLAY_CAUGHT 0.9 /* share of the releases of the smallest effect that is caught */
#define PLAY_DRAWS_MAX 50 /* of one window */
#define PLAY_WINDOWS_MAX 70
#define PLAY_REQUESTS_MAX 100

struct play_options {
	int64_t past_ms, length_ms; /* of the past; of a release */
	size_t pods; /* of the canary */
	double weight; /* of the canary, above 0 and below 1 */
	uint64_t seed;
	double effects[PLAY_EFFECTS_MAX]; /* ascending; the first one is 1 */
	size_t n_effects;
	bool propose; /* comparisons that correspond to metrics with conditions are played, too */
};

/* The regression that a metric is tested with. */
enum play_kind { PLAY_ERRORS, PLAY_LATENCY, PLAY_RESULT };

/* A metric, and what it did. */
struct play_metric {
	const char *name;
	enum play_kind kind;
	bool dry_run; /* it stops no release */
	bool proposed; /* a comparison that the template does not have */
	const char *not_proposed; /* why no comparison corresponds to it; NULL: one does, or it was not requested */
	const struct compare_metric *compare; /* NULL: a metric with a query and conditions, `threshold` */
	struct compare_config config;
	struct threshold threshold;
	double difference; /* of its value in this process to that of Prometheus, relative; NaN: not compared */
	struct figures_power power[PLAY_EFFECTS_MAX]; /* of each effect */
	double *seconds[PLAY_EFFECTS_MAX]; /* until each stop; capacity for all releases */
	size_t queries; /* of one window */
	size_t without_bounds; /* windows of a histogram without a bucket to compare */
	struct comparison_requests canary, stable; /* sums of all good releases; of a latency: above the first bound */
};

struct play {
	struct cli *cli;
	struct history *history;
	const struct subject *subject;
	struct play_options options;
	struct play_metric *metrics;
	size_t n_metrics, n_comparisons, n_proposed; /* n_comparisons: of the template */
	struct past_release *past_releases; /* all of this past, the oldest first; none is judged here */
	size_t n_past_releases;
	struct past_window *windows; /* those that are judged */
	size_t n_windows, n_found, apart; /* apart: of those that are judged, without overlap */
	size_t draws; /* of each window */
	bool *stopped; /* of each good release: by any metric */
};

/* play_threshold.c: plays the releases of one window with a metric that has conditions. */
struct err *play_threshold(struct play *, struct play_metric *, size_t window, struct arena *);

/* The end of a release: its verdict, and the seconds until it. */
struct play_end {
	enum run_phase phase;
	double seconds;
};

/* Counts a release. */
void play_count(struct play *, struct play_metric *, size_t window, size_t draw, size_t effect, struct play_end);

/* Returns the draws of a release: those of all its metrics have the same pods. */
struct rand_stream play_stream(const struct play *, size_t window, size_t draw);

/* Adds the requests of a good release to those of the metric. */
void play_add_requests(struct play_metric *, const struct placebo *);

/* Returns the share of the good releases that any metric stopped. */
double play_false_alarms(const struct play *);

/* Plays all releases. On an error, *ret has no figures. */
struct err *play_all(
    struct cli *, struct history *, const struct subject *, const struct play_options *, struct play *ret);
