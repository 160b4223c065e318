/* analysis/compare/config.h: the configuration of a comparison, with defaults, and its query. */
#pragma once
#include "analysis/compare/comparison.h"
#include "analysis/metric_phase.h"
#include "kube/api/compare.h"

#define CONFIG_BOUNDS_MAX 16 /* buckets' bounds of one comparison */
#define CONFIG_COLUMNS_MAX 10000 /* samples of a series; Prometheus returns 11,000 at most */

enum config_otherwise { OTHERWISE_PAUSE, OTHERWISE_PASS, OTHERWISE_ABORT };

struct compare_config {
	struct evidence_settings evidence;
	double false_alarms, misses;
	int64_t step_ms, warmup_ms, wait_ms;
	enum config_otherwise otherwise;
	bool since_run;
	bool until_end; /* it passes when the time to wait has ended, not before */
};

/* Reads and checks the fields. Errors have the path of the field. */
struct err *config_read(struct arena *, const struct compare_metric *, struct compare_config *ret);

/* Returns the number of columns before the first bin: two minutes, to know which pods are new. */
size_t config_lead(const struct compare_config *);

/* Returns the number of columns that a comparison needs for the time to wait. */
size_t config_columns(const struct compare_config *);

/* Returns the shortest time in which a comparison passes (ms); if it is invalid, or its arguments have no values yet,
 * that of the defaults. */
int64_t config_least_ms(struct arena *, const struct compare_metric *);

/* Returns how old a sample is when it is queried (ms): a scrape may take as long to be stored. */
int64_t config_lag_ms(const struct compare_config *);

/* Returns the phase of a measurement with this verdict. */
enum run_phase config_phase(const struct compare_config *, enum comparison_verdict);

/* Returns whether the promotion waits for the comparison. */
bool config_holds(const struct compare_metric *);

/* The labels that the query adds: a series belongs to a version, and has all or the bad requests. */
#define CONFIG_LABEL "sluice"
#define CONFIG_CANARY_TOTAL "canary/total"
#define CONFIG_CANARY_BAD "canary/bad"
#define CONFIG_STABLE_TOTAL "stable/total"
#define CONFIG_STABLE_BAD "stable/bad"

/* Returns the label of pods; NULL: each version counts as one pod. */
const char *config_by(const struct compare_metric *);

/* Returns the error of a Rollout whose name is too long: the names of its pods have nothing of their version
 * (*ret_certain), or only a part of it, which both versions may have. NULL: they can be distinguished. */
struct err *config_check_rollout(struct arena *, const struct compare_metric *, const char *rollout, bool *ret_certain);

/* Sets *ret to the PromQL expression of all counters. `bounds`, comma separated, are the buckets of `slow`: their
 * series have the label le; NULL without `slow`. Fails if the release does not name the versions. */
struct err *config_query(struct arena *, const struct compare_metric *, const struct compared_release *,
    const char *bounds, const char **ret);

/* Sets *ret to the part of that expression about the stable version. */
struct err *config_stable_query(struct arena *, const struct compare_metric *, const struct compared_release *,
    const char *bounds, const char **ret);

/* Sets *ret to the expression of the number of pods of each past ReplicaSet of a Rollout: a series has its hash as the
 * label CONFIG_LABEL. Fails if versions are not found by the names of pods. */
struct err *config_replicasets_query(
    struct arena *, const struct compare_metric *, const char *rollout, const char **ret);

/* Sets *ret to the expression of the stable version's buckets, by le. */
struct err *config_bounds_query(
    struct arena *, const struct compare_metric *, const struct compared_release *, const char **ret);
