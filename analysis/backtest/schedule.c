/* analysis/backtest/schedule.c: plays the measurements of a metric; the phases are those of analysis/metric_phase.h. */
#include "analysis/backtest/schedule.h"

#define SCHEDULE_RETRY_MS 10000 /* after an error, as in analysis/decide.c */
#define SCHEDULE_MEASUREMENTS_MAX 10000

static enum run_phase
schedule_phase(const struct schedule *s, const struct schedule_value *v, int64_t at, struct arena *a)
{
	const char *message = NULL;

	if (v->err != NULL)
		return RUN_ERROR;
	return measurement_phase(
	    a, s->metric, &v->value, v->value.kind == VALUE_ARRAY && v->value.array.n == 0, at, &message);
}

static void
schedule_count(struct metric_result *r, enum run_phase phase)
{
	r->consecutive_success = phase == RUN_SUCCESSFUL ? r->consecutive_success + 1 : 0;
	if (phase == RUN_ERROR) {
		r->error++;
		r->consecutive_error++;
		return;
	}
	r->consecutive_error = 0;
	r->count++;
	r->successful += phase == RUN_SUCCESSFUL;
	r->failed += phase == RUN_FAILED;
	r->inconclusive += phase == RUN_INCONCLUSIVE;
}

struct schedule_result
schedule_play(const struct schedule *s, schedule_measure *measure, void *arg, struct arena *a)
{
	struct schedule_result result = { .phase = RUN_RUNNING, .at = s->start };
	struct metric_result r = { 0 };
	int64_t at = s->start + s->metric->initial_delay.ms;

	for (size_t i = 0; i < SCHEDULE_MEASUREMENTS_MAX && at <= s->end; i++) {
		struct schedule_value v = measure(arg, at, a);
		enum run_phase phase = schedule_phase(s, &v, at, a);
		const char *reason = NULL;

		schedule_count(&r, phase);
		result.at = at;
		result.err = v.err;
		result.phase = metric_phase(a, s->limits, &r, false, &reason);
		result.reason = reason;
		if (result.phase != RUN_RUNNING)
			break;
		if (phase != RUN_ERROR && s->metric->interval.ms <= 0)
			break;
		at += phase == RUN_ERROR ? SCHEDULE_RETRY_MS : s->metric->interval.ms;
	}
	return result;
}
