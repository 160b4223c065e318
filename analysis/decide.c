/* analysis/decide.c: one pass over an AnalysisRun: which measurements are due, and when the run ends. Its verdict:
 * verdict.c; the phase of a value or metric: metric_phase.c.
 *
 * A measurement is due initialDelay after the run's start, then `interval` after the last one finished, and 10 s after
 * an error. Its provider continues it. All times compared are those of the status, in its resolution of a second, so
 * that a restart of the controller changes nothing.
 */
#include "analysis/decide.h"
#include <string.h>
#include "analysis/metric_phase.h"
#include "analysis/compare_annotation.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "analysis/verdict.h"
#include "base/str.h"
#include "base/time.h"

static void
analysis_fail(struct run_pass *s, const char *message)
{
	s->status.phase = run_phase_name(RUN_ERROR);
	s->status.message = message;
	if (s->status.started_at == 0)
		s->status.started_at = time_stored(s->world->now);
	s->status.completed_at = time_stored(s->world->now);
}

/* When the metric's next pass is due; for a measurement that is Running: when it continues, or started. */
static int64_t
run_due_at(const struct run_pass *s, const struct metric *m, const struct metric_result *r)
{
	const struct measurement *last;

	if (r == NULL || r->measurements.n == 0)
		return time_add(s->status.started_at, m->initial_delay.ms);
	last = &r->measurements.at[r->measurements.n - 1];
	if (measurement_running(r) != NULL)
		return last->resume_at != 0 ? last->resume_at : last->started_at;
	return time_add(
	    last->finished_at, run_phase_named(last->phase) == RUN_ERROR ? RETRY_AFTER_ERROR_MS : m->interval.ms);
}

/* Continues the measurement of each metric that has not ended. */
static void
run_measure(struct run_pass *s)
{
	for (size_t i = 0; i < s->masked.n; i++) {
		const struct metric *m = &s->masked.metrics[i];
		const struct metric_result *r = run_result(s, m);
		int64_t due = run_due_at(s, m, r);

		if (r != NULL && phase_is_final(r->phase))
			continue;
		if (s->world->now < due)
			plan_wake(s->plan, due);
		else
			provider_of(m)->measure(s, i);
	}
}

/* Ends the measurements that are Running: their outcome will not be known. */
static void
run_end_measurements(struct run_pass *s)
{
	for (size_t i = 0; i < s->masked.n; i++) {
		struct metric_result *r = run_result(s, &s->masked.metrics[i]);
		const struct measurement *running = measurement_running(r);
		struct measurement done;

		if (running == NULL)
			continue;
		done = *running;
		done.phase = run_phase_name(RUN_INCONCLUSIVE);
		done.message = "ended with its run";
		done.finished_at = time_stored(s->world->now);
		measurement_record(s, r, s->masked.rules[i].kept, &done);
		plan_reason(s->plan, "metric %s: %s", s->masked.metrics[i].name, done.message);
	}
}

static void
run_summarize(struct run_pass *s)
{
	struct run_summary sums[2] = { 0 }; /* of the metrics that count, and of those in a dry run */

	for (size_t i = 0; i < s->masked.n; i++) {
		struct run_summary *sum = &sums[s->masked.rules[i].dry_run ? 1 : 0];
		const struct metric_result *r = run_result(s, &s->masked.metrics[i]);
		enum run_phase phase = run_phase_named(r != NULL ? r->phase : NULL);

		sum->count++;
		sum->successful += phase == RUN_SUCCESSFUL;
		sum->failed += phase == RUN_FAILED;
		sum->inconclusive += phase == RUN_INCONCLUSIVE;
		sum->error += phase == RUN_ERROR;
	}
	s->status.run_summary = sums[0];
	s->status.dry_run_summary = arena_alloc(s->arena, sizeof(sums[1]));
	*(struct run_summary *)s->status.dry_run_summary = sums[1];
}

/* Deletes a finished run after the time of its ttlStrategy: that for its outcome, or else the one for all outcomes. */
static void
run_expire(const struct analysis_world *w, struct plan *plan)
{
	const struct ttl_strategy *ttl = w->run->spec.ttl;
	const struct analysis_status *st = &w->run->status;
	const struct opt_int *after;
	int64_t at;

	if (ttl == NULL || st->completed_at == 0)
		return;
	after = run_phase_named(st->phase) == RUN_SUCCESSFUL && ttl->after_success.present ? &ttl->after_success
		: run_phase_named(st->phase) == RUN_FAILED && ttl->after_failure.present   ? &ttl->after_failure
											   : &ttl->after_completion;
	if (!after->present)
		return;
	at = time_add(st->completed_at, after->value * 1000);
	if (w->now > at)
		plan_delete(plan, &w->run->object);
	else
		plan_wake(plan, at + 1);
}

/* Emits an event for each metric that ended in this pass, and for the run. */
static void
run_report(struct run_pass *s)
{
	const struct object *o = &s->world->run->object;
	const struct analysis_status *before = &s->world->run->status;

	for (size_t i = 0; i < s->status.metric_results.n; i++) {
		const struct metric_result *r = &s->status.metric_results.at[i];
		bool was_final = false;

		for (size_t k = 0; k < before->metric_results.n; k++)
			was_final |= str_eq(before->metric_results.at[k].name, r->name) &&
				     phase_is_final(before->metric_results.at[k].phase);
		if (phase_is_final(r->phase) && !was_final)
			plan_status_event(s->plan, o, run_phase_named(r->phase) >= RUN_ERROR,
			    arena_printf(s->arena, "Metric%s", r->phase), "Metric '%s' Completed. Result: %s", r->name,
			    r->phase);
	}
	if (phase_is_final(s->status.phase))
		plan_status_event(s->plan, o, run_phase_named(s->status.phase) >= RUN_ERROR,
		    arena_printf(s->arena, "AnalysisRun%s", s->status.phase), "Analysis Completed. Result: %s",
		    s->status.phase);
}

/* Wakes when the next measurement is due. One that is due already is in progress, and its response causes a pass. */
static void
run_wake(struct run_pass *s)
{
	for (size_t i = 0; i < s->masked.n; i++) {
		const struct metric_result *r = run_result(s, &s->masked.metrics[i]);
		int64_t due = run_due_at(s, &s->masked.metrics[i], r);

		if (r != NULL && !phase_is_final(r->phase) && due > s->world->now)
			plan_wake(s->plan, due);
	}
}

/* Measures before it assesses: a response that has arrived counts, even if the run ends in this pass. What was planned
 * for other metrics is dropped then, because no later pass will read it. */
static void
run_continue(struct run_pass *s)
{
	bool terminate = s->world->run->spec.terminate;

	if (terminate)
		run_end_measurements(s);
	else
		run_measure(s);
	if (verdict_assess(s, terminate)) {
		s->status.completed_at = time_stored(s->world->now);
		plan_drop_steps(s->plan);
		run_end_measurements(s);
	} else {
		run_wake(s);
	}
	for (const struct provider *const *p = providers; *p != NULL; p++)
		if ((*p)->clean != NULL)
			(*p)->clean(s);
	run_summarize(s);
}

void
analysis_decide(const struct analysis_world *world, struct plan *plan)
{
	struct analysis_world applied = *world;
	const struct analysis_world *w = &applied;
	struct err *e = compare_annotation_apply(plan->arena, world->run, &applied.run);
	const struct analysis_run *run = w->run;
	struct run_pass s = { .world = w, .plan = plan, .arena = plan->arena, .status = run->status };
	const char *wrong;

	if (run->object.meta.deletion_timestamp != 0)
		return;
	if (phase_is_final(run->status.phase)) {
		run_expire(w, plan);
		return;
	}
	/* The results are changed below, and those of the run are the cache's. */
	s.status.metric_results.at = arena_new_array(s.arena, struct metric_result, run->status.metric_results.n);
	if (run->status.metric_results.n > 0)
		memcpy(s.status.metric_results.at, run->status.metric_results.at,
		    run->status.metric_results.n * sizeof(struct metric_result));
	if (s.status.started_at == 0)
		s.status.started_at = time_stored(w->now);
	s.status.phase = run_phase_name(RUN_RUNNING);
	if ((wrong = e != NULL ? err_text(plan->arena, e) : run_prepare(&s)) != NULL)
		analysis_fail(&s, wrong);
	else
		run_continue(&s);
	if (phase_is_final(s.status.phase))
		plan_reason(plan, "run is %s: %s", s.status.phase, s.status.message != NULL ? s.status.message : "");
	run_report(&s);
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &s.status));
}
