/* analysis/decide.c: one pass over an AnalysisRun.
 *
 * A measurement is due at the run's start plus initialDelay, then `interval` after the last one finished, and 10 s after an
 * error. What is due is asked; what was answered becomes a measurement. All times compared are the ones in the status, with
 * its resolution of a second, so that a restart changes nothing.
 */
#include "analysis/decide.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/assess.h"
#include "analysis/provider.h"
#include "analysis/spec.h"
#include "base/str.h"
#include "base/time.h"

#define RETRY_AFTER_ERROR_MS 10000

struct state {
	const struct analysis_world *w;
	struct plan *plan;
	struct arena *arena;
	struct metric_set set;
	struct analysis_status status; /* the new one */
};

static void
fail_run(struct state *s, const char *message)
{
	s->status.phase = "Error";
	s->status.message = message;
	if (s->status.started_at == 0)
		s->status.started_at = time_stored(s->w->now);
	s->status.completed_at = time_stored(s->w->now);
}

/* Arguments, decoding and limits; an error message, or NULL. */
static const char *
prepare(struct state *s)
{
	const struct analysis_spec *spec = &s->w->run->spec;
	const struct problem *bad = object_problem(&s->w->run->object, "spec");
	struct err *e;

	if (bad != NULL)
		return arena_printf(s->arena, "%s: %s", bad->path, bad->text);
	e = metrics_prepare(s->arena, spec->metrics, spec->args.at, spec->args.n, &s->set);
	return e != NULL ? err_text(s->arena, e) : NULL;
}

/* The result of a metric, made when it is not there yet. */
static struct metric_result *
result_of(struct state *s, const struct metric *m)
{
	for (size_t i = 0; i < s->status.metric_results.n; i++)
		if (str_eq(s->status.metric_results.at[i].name, m->name))
			return &s->status.metric_results.at[i];
	return NULL;
}

static void
add_result(struct state *s, const struct metric *m)
{
	size_t n = s->status.metric_results.n;
	struct metric_result *list = arena_new_array(s->arena, struct metric_result, n + 1);

	if (n > 0)
		memcpy(list, s->status.metric_results.at, n * sizeof(*list));
	list[n] = (struct metric_result){ .name = m->name, .phase = "Running" };
	s->status.metric_results.at = list;
	s->status.metric_results.n = n + 1;
}

static void
record(struct state *s, struct metric_result *r, const struct measurement *m)
{
	size_t keep = r->measurements.n < MEASUREMENTS_KEPT ? r->measurements.n : MEASUREMENTS_KEPT - 1;
	struct measurement *list = arena_new_array(s->arena, struct measurement, keep + 1);

	if (keep > 0)
		memcpy(list, r->measurements.at + r->measurements.n - keep, keep * sizeof(*list));
	list[keep] = *m;
	r->measurements.at = list;
	r->measurements.n = keep + 1;
	if (str_eq(m->phase, "Error")) {
		r->error++;
		r->consecutive_error++;
		return;
	}
	r->consecutive_error = 0;
	r->count++;
	r->successful += str_eq(m->phase, "Successful");
	r->failed += str_eq(m->phase, "Failed");
	r->inconclusive += str_eq(m->phase, "Inconclusive");
}

static const struct seen_answer *
seen_answer(const struct seen *seen, const char *key)
{
	for (size_t i = 0; i < seen->n_answers; i++)
		if (str_eq(seen->answers[i].key, key))
			return &seen->answers[i];
	return NULL;
}

static int64_t
due_at(const struct state *s, const struct metric *m, const struct metric_result *r)
{
	const struct measurement *last;

	if (r == NULL || r->measurements.n == 0)
		return time_add(s->status.started_at, m->initial_delay.ms);
	last = &r->measurements.at[r->measurements.n - 1];
	return time_add(last->finished_at, str_eq(last->phase, "Error") ? RETRY_AFTER_ERROR_MS : m->interval.ms);
}

/* Asks, waits for, or records the next measurement of a metric. */
static void
measure(struct state *s, size_t i)
{
	const struct metric *m = &s->set.metrics[i];
	const struct provider *provider = provider_of(m);
	struct metric_result *r = result_of(s, m);
	int64_t due = due_at(s, m, r);
	/* The key numbers the measurement, so that an answer is never taken for a later one's. */
	const char *key = arena_printf(s->arena, "%s#%" PRId64, m->name, r != NULL ? r->count + r->error : 0);
	const struct seen_answer *got = seen_answer(s->w->seen, key);
	struct measurement done = { 0 };
	struct question question;
	struct value value;
	struct err *e = NULL;
	enum measured measured;

	if (s->w->now < due) {
		plan_wake(s->plan, due);
		return;
	}
	if (got != NULL && !got->answered)
		return;
	measured = provider->step(m, got != NULL ? &got->answer : NULL, s->arena, &question, &value, &e);
	if (measured == MEASURED_ASK) {
		plan_ask(s->plan, key, &question);
		plan_reason(s->plan, "metric %s: measurement %s is due", m->name, key);
		return;
	}
	done.started_at = time_stored(got != NULL ? got->asked_at : s->w->now);
	done.finished_at = time_stored(got != NULL ? got->answered_at : s->w->now);
	if (measured == MEASURED_ERROR) {
		done.phase = "Error";
		done.message = err_text(s->arena, e);
	} else {
		done.value = value_text(s->arena, &value);
		done.phase =
		    measurement_phase(s->arena, m, &value, measured == MEASURED_NOTHING, s->w->now, &done.message);
	}
	if (r == NULL) {
		add_result(s, m);
		r = result_of(s, m);
	}
	if (provider->metadata != NULL) {
		struct string_pair *pair = arena_new_array(s->arena, struct string_pair, 1);

		provider->metadata(m, &pair->key, &pair->value);
		r->metadata = (struct string_map){ pair, 1 };
	}
	record(s, r, &done);
	plan_reason(s->plan, "metric %s: %s %s", m->name, done.phase, done.value != NULL ? done.value : done.message);
}

static void
summarize(struct state *s)
{
	struct run_summary sum = { .count = (int64_t)s->set.n };

	for (size_t i = 0; i < s->status.metric_results.n; i++) {
		const char *phase = s->status.metric_results.at[i].phase;

		sum.successful += str_eq(phase, "Successful");
		sum.failed += str_eq(phase, "Failed");
		sum.inconclusive += str_eq(phase, "Inconclusive");
		sum.error += str_eq(phase, "Error");
	}
	s->status.run_summary = sum;
	if (s->status.dry_run_summary == NULL)
		s->status.dry_run_summary = arena_alloc(s->arena, sizeof(sum));
}

/* Phases of metrics and run; true when the run is over. */
static bool
assess(struct state *s, bool terminating)
{
	const char *worst = "Successful", *message = NULL;
	bool running = false, bad = false;

	for (int round = 0; round < 2; round++) {
		worst = "Successful";
		running = false;
		for (size_t i = 0; i < s->set.n; i++) {
			const struct metric *m = &s->set.metrics[i];
			struct metric_result *r = result_of(s, m);
			const char *phase = "Running", *reason = NULL;

			if (r != NULL) {
				phase = r->phase =
				    metric_phase(s->arena, &s->set.limits[i], r, terminating || bad, &reason);
				if (reason != NULL && phase_worse(phase, worst) == phase && strcmp(phase, worst) != 0)
					message = arena_printf(
					    s->arena, "Metric \"%s\" assessed %s due to %s", m->name, phase, reason);
			} else if (terminating || bad) {
				phase = "Successful";
			}
			running |= !phase_is_final(phase);
			worst = phase_worse(phase, worst);
		}
		/* One bad metric ends the others: a second round settles them. */
		if (bad || !phase_is_final(worst) || str_eq(worst, "Successful"))
			break;
		bad = true;
	}
	s->status.phase = running && !bad ? "Running" : worst;
	s->status.message = message != NULL ? message : terminating ? "Run Terminated" : NULL;
	return phase_is_final(s->status.phase);
}

static void
report(struct state *s, const struct analysis_status *before)
{
	const struct object *o = &s->w->run->object;

	for (size_t i = 0; i < s->status.metric_results.n; i++) {
		const struct metric_result *r = &s->status.metric_results.at[i];
		bool was = false;

		for (size_t k = 0; k < before->metric_results.n; k++)
			was |= str_eq(before->metric_results.at[k].name, r->name) &&
			       phase_is_final(before->metric_results.at[k].phase);
		if (phase_is_final(r->phase) && !was)
			plan_status_event(s->plan, o, str_eq(r->phase, "Failed") || str_eq(r->phase, "Error"),
			    arena_printf(s->arena, "Metric%s", r->phase), "Metric '%s' Completed. Result: %s", r->name,
			    r->phase);
	}
	if (phase_is_final(s->status.phase))
		plan_status_event(s->plan, o, str_eq(s->status.phase, "Failed") || str_eq(s->status.phase, "Error"),
		    arena_printf(s->arena, "AnalysisRun%s", s->status.phase), "Analysis Completed. Result: %s",
		    s->status.phase);
}

void
analysis_decide(const struct analysis_world *w, struct plan *plan)
{
	const struct analysis_run *run = w->run;
	struct state s = { .w = w, .plan = plan, .arena = plan->arena, .status = run->status };
	const char *wrong;

	if (run->object.meta.deletion_timestamp != 0 || phase_is_final(run->status.phase))
		return;
	/* What is changed on the way must not be the cache's own. */
	s.status.metric_results.at = arena_new_array(s.arena, struct metric_result, run->status.metric_results.n);
	if (run->status.metric_results.n > 0)
		memcpy(s.status.metric_results.at, run->status.metric_results.at,
		    run->status.metric_results.n * sizeof(struct metric_result));
	if (s.status.started_at == 0)
		s.status.started_at = time_stored(w->now);
	s.status.phase = "Running";
	if ((wrong = prepare(&s)) != NULL) {
		fail_run(&s, wrong);
	} else {
		for (size_t i = 0; i < s.set.n && !run->spec.terminate; i++) {
			const struct metric_result *r = result_of(&s, &s.set.metrics[i]);

			if (r == NULL || !phase_is_final(r->phase))
				measure(&s, i);
		}
		if (assess(&s, run->spec.terminate)) {
			s.status.completed_at = time_stored(w->now);
			plan->wake_at = 0;
			/* Nobody waits for what is still open. */
			plan->n_steps = 0;
		} else {
			for (size_t i = 0; i < s.set.n; i++) {
				const struct metric_result *r = result_of(&s, &s.set.metrics[i]);

				/* One that is due already is under way. */
				if (r != NULL && !phase_is_final(r->phase) && due_at(&s, &s.set.metrics[i], r) > w->now)
					plan_wake(plan, due_at(&s, &s.set.metrics[i], r));
			}
		}
		summarize(&s);
	}
	if (phase_is_final(s.status.phase))
		plan_reason(plan, "run is %s: %s", s.status.phase, s.status.message != NULL ? s.status.message : "");
	report(&s, &run->status);
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &s.status));
}

static void
pass(const struct pass *p, struct plan *plan)
{
	struct analysis_world w = { .now = p->now, .seen = p->seen };

	w.run = (const struct analysis_run *)view_get(p->view, &analysis_run_type, p->namespace, p->name);
	if (w.run != NULL)
		analysis_decide(&w, plan);
}

static const struct controller_watch watches[] = {
	{ .type = &analysis_run_type },
};

const struct controller analysis_controller = {
	.name = "analysis",
	.type = &analysis_run_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
};
