/* analysis/backtest/schedule.h: measurements of a metric with conditions, at the times at which a run makes them. */
#pragma once
#include "analysis/metric_phase.h"

/* A value at a time. */
struct schedule_value {
	const struct err *err; /* NULL: the value */
	struct value value; /* a list without elements: no sample */
};

/* Returns the value at a time (wall ms), in the arena. */
typedef struct schedule_value schedule_measure(void *arg, int64_t at, struct arena *);

struct schedule {
	const struct metric *metric;
	const struct metric_limits *limits;
	int64_t start, end; /* wall ms: of the run; a later measurement is not made */
};

struct schedule_result {
	enum run_phase phase; /* of the metric; RUN_RUNNING: no verdict by the end */
	int64_t at; /* wall ms: of the last measurement; the start: there was none */
	const char *reason; /* of the phase; NULL without one */
	const struct err *err; /* of the last measurement; NULL: it had none */
};

/* Measures until the metric has a verdict, as the controller does: after initialDelay, then each `interval`, 10 s after
 * an error. Measurements take no time. */
struct schedule_result schedule_play(const struct schedule *, schedule_measure *, void *arg, struct arena *);
