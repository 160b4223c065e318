/* analysis/job.c: a measurement by a Job: the Job is made, waited for, read, and goes when nobody asks for it any more. */
#include "analysis/job_object.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"

#define LOOK_MS 10000 /* how often a Job whose pods are not ready is looked at */

static const struct job *
job_named(const struct run_pass *s, const char *name)
{
	for (size_t i = 0; i < s->w->n_jobs; i++)
		if (str_eq(s->w->jobs[i]->object.meta.name, name))
			return s->w->jobs[i];
	return NULL;
}

static struct string_map
job_metadata(const struct run_pass *s, const char *name)
{
	struct string_pair *pairs = arena_new_array(s->arena, struct string_pair, 2);

	pairs[0] = (struct string_pair){ "job-name", name };
	pairs[1] = (struct string_pair){ "job-namespace", job_namespace(s->w->settings, s->w->run) };
	return (struct string_map){ pairs, 2 };
}

static void
job_measured(struct run_pass *s, size_t i, const char *name, int64_t started_at, const char *phase, const char *message)
{
	const struct metric *m = &s->set.metrics[i];
	struct metric_result *r = run_result(s, m) ?: run_result_add(s, m, s->set.rules[i].dry_run);
	bool over = !str_eq(phase, "Running");
	struct measurement done = { .phase = phase,
		.message = run_mask(s, message),
		.started_at = started_at,
		.finished_at = over ? time_stored(s->w->now) : 0,
		.metadata = job_metadata(s, name) };

	if (!over) {
		measurement_put(s, r, s->set.rules[i].kept, &done);
		return;
	}
	measurement_record(s, r, s->set.rules[i].kept, &done);
	plan_reason(s->plan, "metric %s: %s (Job %s)", m->name, phase, name);
}

/* The list of a Job's pods, answered; NULL: it is under way, or was looked at a little while ago. */
static const struct answer *
pods_of(struct run_pass *s, const struct job *j, bool now)
{
	const char *key = arena_printf(s->arena, "%s/pods", j->object.meta.name);
	const struct seen_answer *got = seen_answer(s->w->seen, key);
	int64_t looked = seen_note(s->w->seen, key, 0), next = time_add(looked, LOOK_MS);
	struct question q;

	if (got != NULL && got->answered) {
		plan_note(s->plan, key, s->w->now);
		plan_wake(s->plan, time_add(s->w->now, LOOK_MS));
		return &got->answer;
	}
	if (looked != 0)
		plan_note(s->plan, key, looked);
	if (got == NULL && (now || s->w->now >= next)) {
		q = job_pods(s->arena, j);
		plan_ask(s->plan, key, &q);
	} else if (got == NULL) {
		plan_wake(s->plan, next);
	}
	return NULL;
}

/* A Job that is there: what it has come to. */
static void
read_job(struct run_pass *s, size_t i, const struct job *j)
{
	const char *name = j->object.meta.name, *message = NULL, *trouble = NULL, *phase;
	int64_t since = j->object.meta.creation_timestamp;
	const struct answer *pods = NULL;
	bool stuck = false;

	phase = job_outcome(j, s->arena, &message);
	/* Why a pod failed, or does not begin, its pods say. */
	if (str_eq(phase, "Failed") || (phase == NULL && j->status.active > j->status.ready)) {
		pods = pods_of(s, j, phase != NULL);
		trouble = pods != NULL ? job_trouble(s->arena, pods, &stuck) : NULL;
	}
	if (str_eq(phase, "Failed") && pods == NULL)
		phase = "Running"; /* until that is known */
	else if (phase == NULL && stuck)
		phase = "Inconclusive";
	if (trouble != NULL && !str_eq(phase, "Successful"))
		message = message != NULL ? arena_printf(s->arena, "%s; %s", message, trouble) : trouble;
	if (phase == NULL || str_eq(phase, "Running"))
		job_measured(s, i, name, since, "Running", NULL);
	else
		job_measured(s, i, name, since, phase, message);
}

/* Why the API server will not have the Job; NULL: nothing is known against it. */
static const char *
job_refused(const struct run_pass *s, const char *name)
{
	const struct seen_failure *f = s->w->seen->failure;

	return f != NULL && f->create && f->class == ERR_INVALID && f->type == &job_type && str_eq(f->name, name)
		   ? f->text
		   : NULL;
}

void
job_measure(struct run_pass *s, size_t i)
{
	const struct metric *m = &s->set.metrics[i];
	const struct metric_result *r = run_result(s, m);
	const struct measurement *running = measurement_running(r);
	const char *name = running != NULL ? string_map_get(&running->metadata, "job-name") : NULL, *refused;
	const struct job *j;
	struct err *e = NULL;

	if (name == NULL)
		name = job_name(s->arena, s->w->run, m->name, r != NULL ? r->count + r->error + 1 : 1);
	if ((j = job_named(s, name)) != NULL) {
		read_job(s, i, j);
	} else if (running != NULL) {
		job_measured(s, i, name, running->started_at, "Error", arena_printf(s->arena, "Job %s is gone", name));
	} else if (!jobs_are_allowed(s->w->settings, job_namespace(s->w->settings, s->w->run))) {
		job_measured(s, i, name, time_stored(s->w->now), "Error",
		    arena_printf(s->arena,
			"Jobs are not run in namespace %s: the controller's --job-namespaces does not name it",
			job_namespace(s->w->settings, s->w->run)));
	} else if ((refused = job_refused(s, name)) != NULL) {
		job_measured(s, i, name, time_stored(s->w->now), "Error", refused);
	} else if (run_secrets(s, &e) == SECRETS_ERROR) {
		job_measured(s, i, name, time_stored(s->w->now), "Error", err_text(s->arena, e));
	} else if (s->asked != NULL) {
		plan_create(s->plan, &job_type, job_namespace(s->w->settings, s->w->run), name,
		    job_object(s->w->run, &s->asked->metrics[i], name, s->w->settings));
		plan_beside(s->plan);
		plan_reason(s->plan, "metric %s: Job %s starts", m->name, name);
	}
}

/* A measurement that runs is this Job's. */
static bool
is_waited_for(struct run_pass *s, const struct job *j)
{
	for (size_t i = 0; i < s->set.n; i++) {
		const struct measurement *running = measurement_running(run_result(s, &s->set.metrics[i]));

		if (running != NULL && str_eq(string_map_get(&running->metadata, "job-name"), j->object.meta.name))
			return true;
	}
	return false;
}

static bool
is_of_metric(const struct job *j, const struct metric *m)
{
	return str_eq(object_annotation(&j->object, ANNOTATION_ANALYSIS_RUN_METRIC), m->name);
}

void
jobs_forget(struct run_pass *s)
{
	for (size_t k = 0; k < s->w->n_jobs; k++) {
		const struct job *j = s->w->jobs[k];
		int64_t later = 0, kept = INT64_MAX;
		const char *message;

		for (size_t i = 0; i < s->set.n; i++)
			if (is_of_metric(j, &s->set.metrics[i])) {
				kept = s->set.rules[i].kept;
				for (size_t n = k + 1; n < s->w->n_jobs; n++)
					later += is_of_metric(s->w->jobs[n], &s->set.metrics[i]);
			}
		if (j->object.meta.deletion_timestamp != 0 ||
		    (later <= kept && (job_outcome(j, s->arena, &message) != NULL || is_waited_for(s, j))))
			continue;
		plan_delete(s->plan, &j->object);
		plan_beside(s->plan);
	}
}

void
jobs_end(struct run_pass *s)
{
	for (size_t i = 0; i < s->set.n; i++) {
		const struct measurement *running = measurement_running(run_result(s, &s->set.metrics[i]));

		if (running != NULL)
			job_measured(s, i, string_map_get(&running->metadata, "job-name") ?: "", running->started_at,
			    "Inconclusive", "ended with its run");
	}
}
