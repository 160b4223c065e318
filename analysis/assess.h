/* analysis/assess.h: what measurements, metrics and a whole run amount to. Rules: rollouts-semantics of Argo Rollouts. */
#pragma once
#include "analysis/condition/value.h"
#include "kube/api/analysis.h"

/* A metric's limits as numbers, defaults applied. */
struct metric_limits {
	int64_t count; /* 0: no end */
	int64_t failure; /* -1: unlimited */
	int64_t inconclusive, consecutive_error;
	int64_t consecutive_success; /* 0: not asked for */
};

/* Reads the limits (they may be text after arguments were put in) and checks them against each other. */
struct err *metric_limits_read(struct arena *, const struct metric *, struct metric_limits *ret);

/* A measurement's phase from its value: "Successful", "Failed", "Inconclusive", or "Error" with *ret_message set. `empty`:
 * the answer held no sample, which the message of an error then says. */
const char *measurement_phase(
    struct arena *, const struct metric *, const struct value *, bool empty, int64_t now, const char **ret_message);

/* A metric's phase from its counts, and in *ret_reason why when it is over for the worse ("failed (2) > failureLimit (1)"). */
const char *metric_phase(struct arena *, const struct metric_limits *, const struct metric_result *, bool terminating,
    const char **ret_reason);

/* True for a phase that does not change any more. */
bool phase_is_final(const char *phase);

/* The worse of two phases: Successful < Running < Pending < Inconclusive < Error < Failed. */
const char *phase_worse(const char *, const char *);
