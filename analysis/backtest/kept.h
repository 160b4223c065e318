/* analysis/backtest/kept.h: the ReplicaSets and AnalysisRuns that the cluster keeps of a Rollout's past releases.
 * Prometheus alone shows pods; these show revisions, exact times and verdicts. */
#pragma once
#include "analysis/validate.h"
#include "kube/api/replicaset.h"

#define KEPT_MAX 1000 /* of each kind; further ones are not read */

struct kept_version {
	const char *hash;
	int64_t revision, created; /* wall ms */
};

/* All 0 without a cluster. */
struct kept {
	struct kept_version *versions; /* by ascending revision */
	size_t n_versions;
	const struct analysis_run **runs; /* with the metrics of the template; the oldest first */
	size_t n_runs;
};

/* Reads what the Rollout with this UID owns, from lists of ReplicaSets and AnalysisRuns ("items"). A run is kept if it
 * has all the metrics of the template, `metrics`, by their names. Everything is in the arena. */
struct kept kept_read(
    struct arena *, const json_t *replicasets, const json_t *runs, const char *uid, const struct metric_set *metrics);

/* Returns the version with a hash; NULL: it is not kept. */
const struct kept_version *kept_version(const struct kept *, const char *hash);

/* Returns the version with the revision before that of another one; NULL: it is not kept. */
const struct kept_version *kept_before(const struct kept *, const struct kept_version *);

/* Returns the first run of a version that was created between two times; NULL: it is not kept. */
const struct analysis_run *kept_run(const struct kept *, const char *hash, int64_t from, int64_t to);

/* Returns the number of comparisons that a run has, in either form. */
size_t kept_comparisons(const struct analysis_run *, struct arena *);

/* Returns the phase that a metric has in the status of a run; RUN_NONE without a result. */
enum run_phase kept_phase(const struct analysis_run *, const char *metric);
