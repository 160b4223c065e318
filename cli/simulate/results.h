/* cli/simulate/results.h: the output of `sluice simulate`. */
#pragma once
#include "cli/simulate/faults.h"
#include "cli/simulate/release.h"

#define RESULTS_METRICS_MAX 50 /* metrics that stopped releases; others are counted as "others" */

/* The releases of one version. */
struct results_version {
	const char *text; /* its fault, "good": none */
	int64_t n, ends[RELEASE_END_MAX];
	struct {
		const char *name;
		int64_t n;
	} metrics[RESULTS_METRICS_MAX + 1]; /* that stopped releases */
	size_t n_metrics;
	int64_t *stopped_at, *stopped_weight, *promoted_at; /* ms; percent; ms. Lists of n elements each at most */
	double requests, failed, slow, expected; /* of all releases: struct world_users */
	const char *stuck; /* why the first one of those did not continue; NULL */
};

struct results {
	const struct rollout *rollout;
	const struct world_settings *world; /* the fault and seed are not used */
	uint64_t seed;
	int64_t releases, user_ms, horizon_ms;
	struct results_version *versions;
	size_t n;
	struct forecast_lines warnings, notes, meanings;
};

/* Adds a release to those of a version; names are copied into the arena. */
void results_add(struct arena *, struct results_version *, const struct release *);

/* Appends the table. */
void results_table(const struct results *, struct arena *, struct str *);

/* Appends the only release of a version, with its changes and measurements. */
void results_timeline(
    const struct results *, const char *version, const struct release *, struct arena *, struct str *);

/* Append what is in front of timelines, and behind them. */
void results_title(const struct results *, struct arena *, struct str *);
void results_end(const struct results *, struct str *);

/* Returns all of it as JSON, a new reference; times are in seconds. */
json_t *results_json(const struct results *);
