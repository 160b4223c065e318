/* analysis/metric_phase.h: the phases of measurements and metrics, by the rules of Argo Rollouts. The verdict of a
 * whole run: verdict.h. */
#pragma once
#include "analysis/condition/value.h"
#include "kube/api/analysis.h"

/* The limits of a metric, with defaults. */
struct metric_limits {
	int64_t count; /* 0: unlimited */
	int64_t failure; /* -1: unlimited */
	int64_t inconclusive, consecutive_error;
	int64_t consecutive_success; /* 0: no such limit */
};

#define RETRY_AFTER_ERROR_MS 10000 /* the next measurement after an error, as in Argo Rollouts */

/* Reads the limits, which may be texts after the substitution of arguments, and checks them against each other. */
struct err *metric_limits_read(struct arena *, const struct metric *, struct metric_limits *ret);

/* A phase of a measurement, a metric or a run, from the best to the worst. */
enum run_phase {
	RUN_NONE, /* a text that is not a phase, or no text */
	RUN_SUCCESSFUL,
	RUN_RUNNING,
	RUN_PENDING,
	RUN_INCONCLUSIVE,
	RUN_ERROR,
	RUN_FAILED,
	RUN_MAX
};

/* The text of a phase in a status; "" for RUN_NONE. */
const char *run_phase_name(enum run_phase);

/* The phase of a text in a status, which may be NULL. */
enum run_phase run_phase_named(const char *);

/* Returns whether the phase of this name is final: Successful, Inconclusive, Error or Failed. */
bool phase_is_final(const char *);

/* Returns the phase of a measurement: Successful, Failed, Inconclusive, or Error, which sets *ret_message.
 * `empty`: the response had no sample, and the message reports that. */
enum run_phase measurement_phase(
    struct arena *, const struct metric *, const struct value *, bool empty, int64_t now, const char **ret_message);

/* Returns the phase of a metric from its counts. *ret_reason is why it did not succeed ("failed (2) > failureLimit
 * (1)"). */
enum run_phase metric_phase(struct arena *, const struct metric_limits *, const struct metric_result *,
    bool terminating, const char **ret_reason);
