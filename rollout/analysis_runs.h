/* rollout/analysis_runs.h: the AnalysisRuns of a rollout: created, ended, deleted, and the effects of their phases.
 * Templates and errors: analysis_templates.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct object;
struct rollout_pass;

/* Reads the phases of the current runs: a failed one aborts the update, an inconclusive one pauses it, and a comparison
 * holds the promotion until it has ended. */
void runs_verdict(struct rollout_pass *);

/* Creates the runs that are missing, ends those that are not wanted, and deletes those beyond the history limits. */
void runs_sync(struct rollout_pass *);

/* Returns true if a run or an Experiment was created for the current update. */
bool runs_made_by_update(const struct rollout_pass *, const struct object *);

/* Returns true if it was also created since the last abort of the update. */
bool runs_made_by_try(const struct rollout_pass *, const struct object *);

/* Sets ret[0] to the number of successful runs that are kept, and ret[1] to the number of other completed runs. The
 * same numbers are for Experiments. */
void runs_history_limits(const struct rollout_pass *, int64_t ret[2]);
