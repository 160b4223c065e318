/* cli/backtest/releases.h: releases of the past, by name, as the analysis would have judged them then.
 *
 * A measurement is made by the provider of the metric, as in the controller, at the times at which a run makes it; only
 * its queries go to the history. A comparison therefore has the verdict of the AnalysisRun, at the same bin. If the
 * cluster keeps that AnalysisRun, its start and the changes of the weight are those of the run.
 */
#pragma once
#include "analysis/metric_phase.h"
#include "analysis/compare/course.h"
#include "cli/backtest/replicasets.h"

#define RELEASES_MAX 50 /* the newest */
#define RELEASES_QUERIES_MAX 5000
#define RELEASES_KNOWN_MIN 20 /* good releases that false alarms can be counted of */

/* The verdict of a metric in a release. */
struct releases_verdict {
	enum run_phase phase; /* RUN_RUNNING: none by the end */
	int64_t at; /* wall ms: of the measurement, or the end of the last bin of a comparison */
	const char *why;
	const struct course *course; /* of a comparison with a bin; NULL: none */
};

struct releases_one {
	struct past_release of;
	int64_t begin, end; /* wall ms: of the run */
	const struct kept_version *version; /* of the canary; NULL: the cluster does not keep it */
	const struct analysis_run *run; /* of the controller, at that time; NULL: the same */
	bool no_data; /* Prometheus has no pods of a version at that time: nothing is judged */
	struct releases_verdict *metrics; /* of each metric */
};

struct releases {
	struct cli *cli;
	struct history *history;
	const struct subject *subject;
	int64_t past_ms, length_ms; /* of the past; of a run, at most */
	struct metric *metrics; /* those that can be measured */
	const struct metric_limits **limits;
	bool *dry_run;
	size_t n_metrics, n_comparisons;
	struct releases_one *at; /* the oldest first */
	size_t n, n_found;
};

/* Judges the releases of the past. Returns 0, or 1 after printing the error. */
int releases_play(struct history *, const struct subject *, int64_t past_ms, int64_t length_ms, struct releases *ret);

/* Judges a run that begins at a time: --at TIME, or TIME:CANARY:STABLE with the hashes of the versions; without these
 * they are those of the release at that time. */
int releases_play_at(struct history *, const struct subject *, const char *at, int64_t length_ms, struct releases *ret);

/* Returns the phase of a release: that of its worst metric without those of a dry run. */
enum run_phase releases_phase(const struct releases *, const struct releases_one *);

/* The releases of a quality, and what was done to them. */
struct releases_count {
	size_t n, stopped, passed, no_data; /* n: with data */
};

struct releases_count releases_count(const struct releases *, enum past_quality);
