/* cli/backtest/subject.h: the subject of a backtest: the metrics of a template, with the arguments that a Rollout gives
 * it. */
#pragma once
#include "analysis/backtest/kept.h"
#include "cli/cli.h"

struct subject {
	const char *template, *rollout; /* names; no Rollout: NULL */
	/* Comparisons of the template's annotation are in place of its metrics; hashes of versions are THRESHOLD_CANARY
	 * and THRESHOLD_STABLE (analysis/backtest/threshold.h). */
	struct metric_set set;
	size_t n_others; /* comparisons of the other templates of its analysis, in the same AnalysisRun */
	bool in_background; /* of this analysis: the weight changes while it runs */
	struct kept kept; /* of --at and --releases, in the cluster */
};

/* Reads the template of the command's argument and the Rollout of --rollout: from the files of --filename, or from the
 * cluster. Returns 0, or 1 after printing the error. */
int subject_read(struct cli *, struct subject *ret);
