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
#include "analysis/job_object.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/base64.h"
#include "base/str.h"
#include "base/time.h"

#define RETRY_AFTER_ERROR_MS 10000

#define UNLISTED "jobs" /* a note: since when Jobs have been waited for */
#define UNLISTED_MS 30000 /* before that is told */

#define SECRET_MAX (2u << 20) /* bytes of a Secret as the API server answers it */
#define MASK "*****"

static void
fail_run(struct run_pass *s, const char *message)
{
	s->status.phase = "Error";
	s->status.message = message;
	if (s->status.started_at == 0)
		s->status.started_at = time_stored(s->w->now);
	s->status.completed_at = time_stored(s->w->now);
}

/* Arguments, decoding and limits; an error message, or NULL. */
static const char *
prepare(struct run_pass *s)
{
	const struct analysis_spec *spec = &s->w->run->spec;
	const struct problem *bad = object_problem(&s->w->run->object, "spec");
	struct argument *shown = arena_new_array(s->arena, struct argument, spec->args.n);
	bool secret = false;
	struct err *e;

	if (bad != NULL)
		return arena_printf(s->arena, "%s: %s", bad->path, bad->text);
	for (size_t i = 0; i < spec->args.n; i++) {
		shown[i] = spec->args.at[i];
		if (shown[i].value == NULL && shown[i].value_from != NULL &&
		    shown[i].value_from->secret_key_ref != NULL) {
			shown[i].value = MASK;
			secret = true;
		} else {
			shown[i].value_from = NULL;
		}
	}
	if ((e = metrics_prepare(s->arena, spec, shown, spec->args.n, &s->set)) != NULL)
		return err_text(s->arena, e);
	if (!secret)
		s->asked = &s->set;
	return NULL;
}

const char *
run_mask(const struct run_pass *s, const char *text)
{
	for (size_t i = 0; text != NULL && i < s->n_secrets; i++)
		if (s->secrets[i][0] != '\0')
			text = str_replace(s->arena, text, s->secrets[i], MASK);
	return text;
}

static const char *
secret_key(const struct run_pass *s, const struct secret_key_ref *ref)
{
	return arena_printf(s->arena, "secret/%s", ref->name);
}

static struct err *
secret_value(const struct run_pass *s, const struct secret_key_ref *ref, const struct answer *got, const char **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct arena *a = s->arena;
	const char *encoded;
	char *value;
	size_t n;

	if (got->err != NULL)
		return err_wrap(a, got->err, "Secret %s", ref->name);
	if (got->status < 200 || got->status > 299 || json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		return err_new(
		    a, ERR_GONE, "Secret %s cannot be read: the API server answered %d", ref->name, got->status);
	if ((encoded = json_str(json_object_get(doc, "data"), ref->key)) == NULL)
		return err_new(a, ERR_GONE, "Secret %s has no key \"%s\"", ref->name, ref->key);
	if ((value = base64_decode(a, encoded, &n)) == NULL || strlen(value) != n)
		return err_new(a, ERR_INVALID, "Secret %s: the value of \"%s\" is no text", ref->name, ref->key);
	*ret = value;
	return NULL;
}

enum secrets
run_secrets(struct run_pass *s, struct err **ret_err)
{
	const struct analysis_spec *spec = &s->w->run->spec;
	struct argument *args = arena_new_array(s->arena, struct argument, spec->args.n);
	struct metric_set *set = arena_alloc(s->arena, sizeof(*set));
	bool waiting = false;

	if (s->asked != NULL)
		return SECRETS_KNOWN;
	s->secrets = arena_new_array(s->arena, const char *, spec->args.n);
	s->n_secrets = 0;
	for (size_t i = 0; i < spec->args.n; i++) {
		const struct secret_key_ref *ref =
		    spec->args.at[i].value_from != NULL ? spec->args.at[i].value_from->secret_key_ref : NULL;
		const struct seen_answer *got;

		args[i] = (struct argument){ .name = spec->args.at[i].name, .value = spec->args.at[i].value };
		if (args[i].value != NULL || ref == NULL)
			continue;
		got = seen_answer(s->w->seen, secret_key(s, ref));
		if (got == NULL || !got->answered) {
			struct question q = { .method = "GET",
				.url = arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s",
				    s->w->run->object.meta.namespace, str_url_escape(s->arena, ref->name)),
				.of_cluster = true,
				.timeout_ms = RETRY_AFTER_ERROR_MS,
				.answer_max = SECRET_MAX };

			if (got == NULL)
				plan_ask(s->plan, secret_key(s, ref), &q);
			waiting = true;
		} else if ((*ret_err = secret_value(s, ref, &got->answer, &args[i].value)) != NULL) {
			return SECRETS_ERROR;
		} else {
			s->secrets[s->n_secrets++] = args[i].value;
		}
	}
	if (waiting)
		return SECRETS_ASKED;
	if ((*ret_err = metrics_prepare(s->arena, spec, args, spec->args.n, set)) != NULL)
		return SECRETS_ERROR;
	s->asked = set;
	return SECRETS_KNOWN;
}

/* A question is under way: what it was made of must still be there when its answer comes. */
static void
keep_secrets(struct run_pass *s)
{
	const struct analysis_spec *spec = &s->w->run->spec;

	for (size_t i = 0; i < spec->args.n && !s->secrets_kept; i++)
		if (spec->args.at[i].value == NULL && spec->args.at[i].value_from != NULL &&
		    spec->args.at[i].value_from->secret_key_ref != NULL)
			plan_keep(s->plan, secret_key(s, spec->args.at[i].value_from->secret_key_ref));
	s->secrets_kept = true;
}

static int64_t
due_at(const struct run_pass *s, const struct metric *m, const struct metric_result *r)
{
	const struct measurement *last;

	if (r == NULL || r->measurements.n == 0)
		return time_add(s->status.started_at, m->initial_delay.ms);
	last = &r->measurements.at[r->measurements.n - 1];
	if (measurement_running(r) != NULL)
		return last->started_at;
	return time_add(last->finished_at, str_eq(last->phase, "Error") ? RETRY_AFTER_ERROR_MS : m->interval.ms);
}

/* What a metric's next measurement has been told so far. */
struct asking {
	struct inquiry so_far;
	const char *keys[QUESTIONS_MAX]; /* of its questions, numbered so that no answer is taken for a later one's */
	int64_t asked_at, answered_at; /* wall ms: the first question, the last answer; 0: none */
	bool waiting; /* one is under way */
};

static struct asking
asking_of(const struct run_pass *s, const struct metric *m, const struct metric_result *r)
{
	struct asking ask = { .so_far = { .now = s->w->now } };

	if (s->w->settings != NULL)
		ask.so_far.address = string_map_get(s->w->settings, "prometheus-address");
	for (size_t k = 0; k < QUESTIONS_MAX; k++)
		ask.keys[k] =
		    arena_printf(s->arena, "%s#%" PRId64 "/%zu", m->name, r != NULL ? r->count + r->error : 0, k);
	for (size_t k = 0; k < QUESTIONS_MAX; k++) {
		const struct seen_answer *got = seen_answer(s->w->seen, ask.keys[k]);

		if (got == NULL)
			break;
		if (k == 0)
			ask.asked_at = got->asked_at;
		ask.waiting = !got->answered;
		if (ask.waiting)
			break;
		ask.answered_at = got->answered_at;
		ask.so_far.answers[ask.so_far.n++] = &got->answer;
	}
	return ask;
}

/* The answers so far outlive other metrics' measurements. */
static void
keep_asking(struct run_pass *s, const struct asking *ask)
{
	for (size_t k = 0; k < ask->so_far.n; k++)
		plan_keep(s->plan, ask->keys[k]);
	keep_secrets(s);
}

static void
measured(struct run_pass *s, size_t i, const struct asking *ask, enum measured how, const struct value *value,
    const struct err *e)
{
	const struct metric *m = &s->set.metrics[i];
	const struct provider *provider = provider_of(m);
	struct metric_result *r = run_result(s, m);
	struct measurement done = { .started_at = time_stored(ask->asked_at != 0 ? ask->asked_at : s->w->now),
		.finished_at = time_stored(ask->answered_at != 0 ? ask->answered_at : s->w->now) };

	if (how == MEASURED_ERROR) {
		done.phase = "Error";
		done.message = err_text(s->arena, e);
	} else {
		done.value = value_text(s->arena, value);
		done.phase = measurement_phase(
		    s->arena, &s->asked->metrics[i], value, how == MEASURED_NOTHING, s->w->now, &done.message);
	}
	done.value = run_mask(s, done.value);
	done.message = run_mask(s, done.message);
	if (r == NULL)
		r = run_result_add(s, m, s->set.rules[i].dry_run);
	if (provider->metadata != NULL) {
		struct string_pair *pair = arena_new_array(s->arena, struct string_pair, 1);

		provider->metadata(m, &pair->key, &pair->value);
		r->metadata = (struct string_map){ pair, 1 };
	}
	measurement_record(s, r, s->set.rules[i].kept, &done);
	plan_reason(s->plan, "metric %s: %s %s", m->name, done.phase, done.value != NULL ? done.value : done.message);
}

/* Asks, waits for, or records the next measurement of a metric. */
static void
measure(struct run_pass *s, size_t i)
{
	const struct metric *m = &s->set.metrics[i];
	const struct metric_result *r = run_result(s, m);
	struct asking ask = asking_of(s, m, r);
	int64_t due = due_at(s, m, r);
	struct question question;
	struct value value = { 0 };
	struct err *e = NULL;
	enum measured how = MEASURED_ERROR;
	enum secrets secrets;

	if (s->w->now < due) {
		plan_wake(s->plan, due);
		return;
	}
	if (provider_of(m)->step == NULL) {
		job_measure(s, i);
		return;
	}
	if (ask.waiting) {
		keep_asking(s, &ask);
		return;
	}
	secrets = run_secrets(s, &e);
	if (secrets == SECRETS_ASKED) {
		keep_asking(s, &ask);
		return;
	}
	if (secrets == SECRETS_KNOWN)
		how = provider_of(m)->step(&s->asked->metrics[i], &ask.so_far, s->arena, &question, &value, &e);
	if (how == MEASURED_ASK && ask.so_far.n == QUESTIONS_MAX) {
		how = MEASURED_ERROR;
		e = err_new(s->arena, ERR_INVALID, "the measurement asks more than %d questions", QUESTIONS_MAX);
	}
	if (how != MEASURED_ASK) {
		measured(s, i, &ask, how, &value, e);
		return;
	}
	question.shown = run_mask(s, question.url);
	plan_ask(s->plan, ask.keys[ask.so_far.n], &question);
	plan_reason(s->plan, "metric %s: measurement %s is due", m->name, ask.keys[ask.so_far.n]);
	keep_asking(s, &ask);
}

static void
summarize(struct run_pass *s)
{
	struct run_summary sums[2] = { 0 }; /* of those that count, and of the dry ones */

	for (size_t i = 0; i < s->set.n; i++) {
		struct run_summary *sum = &sums[s->set.rules[i].dry_run ? 1 : 0];
		const struct metric_result *r = run_result(s, &s->set.metrics[i]);
		const char *phase = r != NULL ? r->phase : "";

		sum->count++;
		sum->successful += str_eq(phase, "Successful");
		sum->failed += str_eq(phase, "Failed");
		sum->inconclusive += str_eq(phase, "Inconclusive");
		sum->error += str_eq(phase, "Error");
	}
	s->status.run_summary = sums[0];
	s->status.dry_run_summary = arena_alloc(s->arena, sizeof(sums[1]));
	*(struct run_summary *)s->status.dry_run_summary = sums[1];
}

/* What the metrics come to. */
struct verdict {
	const char *worst, *message; /* of those that are not dry */
	bool running; /* any */
};

static struct verdict
assess_metrics(struct run_pass *s, bool ending)
{
	struct verdict v = { .worst = "Successful" };

	for (size_t i = 0; i < s->set.n; i++) {
		const struct metric *m = &s->set.metrics[i];
		bool dry = s->set.rules[i].dry_run;
		struct metric_result *r = run_result(s, m);
		const char *phase = ending ? "Successful" : "Running", *reason = NULL;

		if (r != NULL && phase_is_final(r->phase) && dry)
			continue;
		if (r != NULL)
			phase = r->phase = metric_phase(s->arena, &s->set.limits[i], r, ending, &reason);
		v.running |= !phase_is_final(phase);
		if (dry) {
			if (reason != NULL)
				r->message = arena_printf(s->arena, "Metric assessed %s due to %s", phase, reason);
			continue;
		}
		if (reason != NULL && phase_worse(phase, v.worst) == phase && strcmp(phase, v.worst) != 0)
			v.message =
			    arena_printf(s->arena, "Metric \"%s\" assessed %s due to %s", m->name, phase, reason);
		v.worst = phase_worse(phase, v.worst);
	}
	return v;
}

/* Phases of metrics and run; true when the run is over. */
static bool
assess(struct run_pass *s, bool terminating)
{
	struct verdict v = assess_metrics(s, terminating);
	bool bad = phase_is_final(v.worst) && strcmp(v.worst, "Successful") != 0;

	if (bad && v.running) /* one bad metric ends the others: a second round settles them */
		v = assess_metrics(s, true);
	s->status.phase = v.running && !bad ? "Running" : v.worst;
	s->status.message = v.message != NULL ? v.message : terminating ? "Run Terminated" : NULL;
	return phase_is_final(s->status.phase);
}

/* A run that is over goes when its ttlStrategy says so: the time of its outcome, or else of any completion. */
static void
expire(const struct analysis_world *w, struct plan *plan)
{
	const struct ttl_strategy *ttl = w->run->spec.ttl;
	const struct analysis_status *st = &w->run->status;
	const struct opt_int *after;
	int64_t at;

	if (ttl == NULL || st->completed_at == 0)
		return;
	after = str_eq(st->phase, "Successful") && ttl->after_success.set ? &ttl->after_success
		: str_eq(st->phase, "Failed") && ttl->after_failure.set	  ? &ttl->after_failure
									  : &ttl->after_completion;
	if (!after->set)
		return;
	at = time_add(st->completed_at, after->is * 1000);
	if (w->now > at)
		plan_delete(plan, &w->run->object);
	else
		plan_wake(plan, at + 1);
}

static void
report(struct run_pass *s, const struct analysis_status *before)
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
	struct run_pass s = { .w = w, .plan = plan, .arena = plan->arena, .status = run->status };
	const char *wrong;

	if (run->object.meta.deletion_timestamp != 0)
		return;
	if (phase_is_final(run->status.phase)) {
		expire(w, plan);
		return;
	}
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
			const struct metric_result *r = run_result(&s, &s.set.metrics[i]);

			if (r == NULL || !phase_is_final(r->phase))
				measure(&s, i);
		}
		if (run->spec.terminate)
			jobs_end(&s);
		if (assess(&s, run->spec.terminate)) {
			s.status.completed_at = time_stored(w->now);
			plan->wake_at = 0;
			/* Nobody waits for what is still open. */
			plan->n_steps = plan->n_kept = 0;
			s.secrets_kept = false;
			jobs_end(&s);
		} else {
			for (size_t i = 0; i < s.set.n; i++) {
				const struct metric_result *r = run_result(&s, &s.set.metrics[i]);

				/* One that is due already is under way. */
				if (r != NULL && !phase_is_final(r->phase) && due_at(&s, &s.set.metrics[i], r) > w->now)
					plan_wake(plan, due_at(&s, &s.set.metrics[i], r));
			}
		}
		jobs_forget(&s);
		summarize(&s);
	}
	if (phase_is_final(s.status.phase))
		plan_reason(plan, "run is %s: %s", s.status.phase, s.status.message != NULL ? s.status.message : "");
	report(&s, &run->status);
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &s.status));
}

/* One of its metrics may be a Job's; what only looks so costs a watch. */
static bool
needs_jobs(const struct object *run, const struct type *t)
{
	const char *metrics = ((const struct analysis_run *)run)->spec.metrics;

	return t == &job_type && metrics != NULL && strstr(metrics, "\"job\"") != NULL;
}

/* What Jobs there are cannot be told yet. Where that goes on, the run says so. */
static void
await_jobs(const struct pass *p, const struct analysis_run *run, struct plan *plan)
{
	static const char text[] = "cannot list Jobs; see the controller's log";
	int64_t since = seen_note(p->seen, UNLISTED, p->now), at = time_add(since, UNLISTED_MS);
	struct analysis_status st = run->status;

	if (phase_is_final(st.phase) || str_eq(st.message, text))
		return;
	plan_note(plan, UNLISTED, since);
	if (p->now < at) {
		plan_wake(plan, at);
		return;
	}
	if (str_empty(st.phase))
		st.phase = "Pending";
	st.message = text;
	plan_reason(plan, "%s", text);
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &st));
}

/* A Job that cannot be read may have ended in any way. */
static void
stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	const struct analysis_run *run =
	    (const struct analysis_run *)view_get(p->view, &analysis_run_type, p->namespace, p->name);
	struct analysis_status st;

	if (run == NULL || phase_is_final(run->status.phase))
		return;
	st = run->status;
	if (str_empty(st.phase))
		st.phase = "Pending";
	st.message = why;
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &st));
}

static void
pass(const struct pass *p, struct plan *plan)
{
	struct analysis_world w = { .now = p->now, .seen = p->seen, .settings = p->settings };

	w.run = (const struct analysis_run *)view_get(p->view, &analysis_run_type, p->namespace, p->name);
	if (w.run == NULL)
		return;
	if (needs_jobs(&w.run->object, &job_type)) {
		const struct object **jobs;

		if (!view_knows(p->view, &job_type)) {
			await_jobs(p, w.run, plan);
			return;
		}
		w.n_jobs =
		    jobs_are_elsewhere(p->settings)
			? view_labelled(p->view, &job_type, job_namespace(p->settings, w.run), LABEL_ANALYSIS_RUN_UID,
			      w.run->object.meta.uid, plan->arena, &jobs)
			: view_owned(p->view, &job_type, p->namespace, w.run->object.meta.uid, plan->arena, &jobs);
		w.jobs = (const struct job *const *)jobs;
	}
	analysis_decide(&w, plan);
}

struct concerning {
	const char *uid;
	emit_key *emit;
	void *arg;
};

static void
emit_if_named(const struct object *run, void *arg)
{
	struct concerning *c = arg;

	if (str_eq(run->meta.uid, c->uid))
		c->emit(run->meta.namespace, run->meta.name, c->arg);
}

/* The run whose Job it is: its label says it, wherever the Job is. */
static void
job_concerns(const struct view *v, const struct object *job, emit_key *emit, void *arg)
{
	const struct owner *owner = object_controller(job);
	struct concerning c = { object_label(job, LABEL_ANALYSIS_RUN_UID), emit, arg };

	if (owner != NULL)
		emit(job->meta.namespace, owner->name, arg);
	else if (c.uid != NULL)
		v->each(v, &analysis_run_type, NULL, emit_if_named, &c);
}

static const struct controller_watch watches[] = {
	{ .type = &analysis_run_type },
	{ .type = &job_type, .label_selector = LABEL_ANALYSIS_RUN_UID, .map = job_concerns, .needed = needs_jobs },
};

const struct controller analysis_controller = {
	.name = "analysis",
	.type = &analysis_run_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
	.stand_still = stand_still,
};
