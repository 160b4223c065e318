/* cli/backtest/kept.h: the ReplicaSets and AnalysisRuns that the cluster keeps of a Rollout's past releases. Prometheus
 * alone shows pods; these show revisions, exact times and verdicts. */
#pragma once
#include "analysis/validate.h"
#include "cli/cli.h"
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

/* Reads what a Rollout owns. `metrics` are the names that an AnalysisRun of the template has. Returns 0, or 1 after
 * printing the error. */
int kept_read(struct cli *, const json_t *rollout, const struct metric_set *metrics, struct kept *ret);

/* Returns the version with a hash; NULL: it is not kept. */
const struct kept_version *kept_version(const struct kept *, const char *hash);

/* Returns the version with the revision before that of another one; NULL: it is not kept. */
const struct kept_version *kept_before(const struct kept *, const struct kept_version *);

/* Returns the first run of a version that was created between two times; NULL: it is not kept. */
const struct analysis_run *kept_run(const struct kept *, const char *hash, int64_t from, int64_t to);

/* Returns the phase that a metric has in the status of a run; RUN_NONE without a result. */
enum run_phase kept_phase(const struct analysis_run *, const char *metric);
