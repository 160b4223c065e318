/* analysis/run_pass.h: what one pass over an AnalysisRun works with: decide.c begins and ends it, its measurements and Jobs are files of
 * their own.
 */
#pragma once
#include "analysis/decide.h"
#include "analysis/spec.h"

struct run_pass {
	const struct analysis_world *w;
	struct plan *plan;
	struct arena *arena;
	struct metric_set set; /* what may be shown: a Secret's values are masked */
	const struct metric_set *asked; /* with them; NULL: not known yet */
	const char **secrets; /* their values */
	size_t n_secrets;
	bool secrets_kept; /* their answers outlive this pass */
	struct analysis_status status; /* the new one */
};

/* --- decide.c --- */

/* The text without what Secrets have put there. In the arena; NULL stays NULL. */
const char *run_mask(const struct run_pass *, const char *text);

enum secrets { SECRETS_KNOWN, SECRETS_ASKED, SECRETS_ERROR };

/* Looks up what the arguments take from Secrets: by name, when a measurement needs it, and kept nowhere but in the answers that
 * this process holds until the measurement is written. Known: `asked` is there. */
enum secrets run_secrets(struct run_pass *, struct err **ret_err);

/* --- results.c --- */

/* The result of a metric; NULL: there is none yet. */
struct metric_result *run_result(struct run_pass *, const struct metric *);
/* It has none: an empty one, which other calls may move. */
struct metric_result *run_result_add(struct run_pass *, const struct metric *, bool dry_run);

/* The measurement that runs, which is a Job's; NULL: none does, or there is no result. */
const struct measurement *measurement_running(const struct metric_result *);

/* Puts a measurement behind the others, in the place of the one that ran; the last `most` are kept. */
void measurement_put(struct run_pass *, struct metric_result *, int64_t most, const struct measurement *);
/* The same of one that is over, which is counted. */
void measurement_record(struct run_pass *, struct metric_result *, int64_t most, const struct measurement *);

/* --- job.c --- */

/* Makes, waits for, or reads the Job of the i-th metric's next measurement. */
void job_measure(struct run_pass *, size_t i);
/* The run is over: what a Job might still have said is not known. */
void jobs_end(struct run_pass *);
/* Deletes Jobs of measurements that the status has forgotten, and those that nobody waits for any more. */
void jobs_forget(struct run_pass *);
