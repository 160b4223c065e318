/* analysis/run_pass.h: the scratch of one pass over an AnalysisRun, and what its parts share. */
#pragma once
#include "analysis/decide.h"
#include "analysis/validate.h"

#define SECRET_MASK "*****" /* in place of a value of a Secret */

struct run_pass {
	const struct analysis_world *world;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct metric_set masked; /* with the values of Secrets masked: what may be shown */
	const struct metric_set *resolved; /* with the values of Secrets; NULL: not known yet */
	const char **secrets; /* their values */
	size_t n_secrets;
	bool secrets_kept; /* the responses that have them are kept for the next pass */
	struct analysis_status status; /* the new one */
};

/* --- secrets.c --- */

/* Resolves the arguments and decodes the metrics: sets `masked`, and `resolved` if no value is in a Secret. Returns the
 * first error as text, or NULL. */
const char *run_prepare(struct run_pass *);

/* The text with the values of Secrets masked. In the arena; NULL stays NULL. */
const char *run_mask(const struct run_pass *, const char *text);

enum secrets { SECRETS_KNOWN, SECRETS_QUERIED, SECRETS_ERROR };

/* Queries the Secrets of the arguments when a measurement needs them. Their values are stored nowhere but in the
 * responses that this process keeps until the measurement is written. KNOWN sets `resolved`, ERROR *ret_err. */
enum secrets run_secrets(struct run_pass *, struct err **ret_err);

/* Keeps the Secrets' responses for the next pass: a query that is in progress was made with them. */
void run_keep_secrets(struct run_pass *);

/* --- measurements.c --- */

/* The result of a metric; NULL: it has none yet. */
struct metric_result *run_result(struct run_pass *, const struct metric *);
/* Adds an empty result for a metric that has none. The next call may move it. */
struct metric_result *run_result_add(struct run_pass *, const struct metric *, bool dry_run);

/* The measurement that is Running; NULL: none is, or the result is NULL. */
const struct measurement *measurement_running(const struct metric_result *);

/* Adds a measurement, or replaces the one that is Running; the last `most` are kept. */
void measurement_put(struct run_pass *, struct metric_result *, int64_t most, const struct measurement *);
/* Records a measurement that has ended, and counts it. */
void measurement_record(struct run_pass *, struct metric_result *, int64_t most, const struct measurement *);

/* --- provider_queries.c --- */

/* Sends, waits for, or records the queries of the i-th metric's measurement: see struct provider, `measure`. */
void measure_by_query(struct run_pass *, size_t i);
