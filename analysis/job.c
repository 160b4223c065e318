/* analysis/job.c: a measurement by a Job of batch/v1: Successful when the Job completes, Failed when it fails.
 *
 * The measurement is Running while the Job is, for many passes. It has no conditions: the outcome of the Job is that of
 * the measurement. The Jobs are those of Argo Rollouts (job_object.h).
 */
#include "analysis/job_object.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/job_check.h"
#include "kube/api/pod_check.h"

#define PODS_INTERVAL_MS 10000 /* between two queries of the pods of a Job that are not ready */

static bool job_used(const struct metric *);
static struct err *job_check(struct arena *, const struct metric *);
static void job_check_objects(struct problems *, const json_t *, const char *);
static void job_measure(struct run_pass *, size_t);
static size_t job_objects(const struct pass *, const struct analysis_run *, struct arena *, const struct object ***);
static void job_clean(struct run_pass *);
static void job_map(const struct view *, const struct object *, emit_key *, void *);

static const struct controller_watch job_watch = {
	.type = &job_type, .label_selector = LABEL_ANALYSIS_RUN_UID, .map = job_map
};

const struct provider job_provider = {
	.name = "job",
	.metric_name = "Job",
	.used = job_used,
	.check = job_check,
	.check_objects = job_check_objects,
	.measure = job_measure,
	.watch = &job_watch,
	.objects = job_objects,
	.clean = job_clean,
};

static bool
job_used(const struct metric *m)
{
	return m->provider.job != NULL;
}

/* Without a container, a Job would never end. Everything else is validated by the API server. */
static struct err *
job_check(struct arena *a, const struct metric *m)
{
	_cleanup_(json_decrefp) json_t *spec =
	    m->provider.job->spec != NULL ? json_loads(m->provider.job->spec, 0, NULL) : NULL;
	const char *policy = json_string_value(json_at(spec, "/template/spec/restartPolicy"));

	if (json_array_size(json_at(spec, "/template/spec/containers")) == 0)
		return err_new(a, ERR_INVALID, "provider.job.spec.template.spec.containers: required, but missing");
	if (!str_eq(policy, "Never") && !str_eq(policy, "OnFailure"))
		return err_new(
		    a, ERR_INVALID, "provider.job.spec.template.spec.restartPolicy: a Job needs Never or OnFailure");
	return NULL;
}

static void
job_check_objects(struct problems *p, const json_t *config, const char *path)
{
	const json_t *spec = json_object_get(config, "spec"), *template = json_object_get(spec, "template");
	const char *at = arena_printf(p->arena, "%s.spec", path),
		   *template_at = arena_printf(p->arena, "%s.template", at);

	job_spec_problems(p, spec, at);
	pod_template_problems(p, template, template_at, POD_OF_JOB);
	pod_template_unknown(p, template, template_at);
}

/* The k-th object of the world, if it is a Job; otherwise NULL. */
static const struct job *
job_at(const struct run_pass *s, size_t k)
{
	const struct object *o = s->world->objects[k];

	return o->type == &job_type ? (const struct job *)o : NULL;
}

static const struct job *
job_named(const struct run_pass *s, const char *name)
{
	for (size_t k = 0; k < s->world->n_objects; k++)
		if (job_at(s, k) != NULL && str_eq(s->world->objects[k]->meta.name, name))
			return job_at(s, k);
	return NULL;
}

static struct string_map
job_metadata(const struct run_pass *s, const char *name)
{
	struct string_pair *pairs = arena_new_array(s->arena, struct string_pair, 2);

	pairs[0] = (struct string_pair){ "job-name", name };
	pairs[1] = (struct string_pair){ "job-namespace", job_namespace(s->world->settings, s->world->run) };
	return (struct string_map){ pairs, 2 };
}

/* Puts the measurement into the status. */
static void
job_record(
    struct run_pass *s, size_t i, const char *name, int64_t started_at, enum run_phase phase, const char *message)
{
	const struct metric *m = &s->masked.metrics[i];
	struct metric_result *r = run_result(s, m) ?: run_result_add(s, m, s->masked.rules[i].dry_run);
	bool ended = phase != RUN_RUNNING;
	struct measurement done = { .phase = run_phase_name(phase),
		.message = run_mask(s, message),
		.started_at = started_at,
		.finished_at = ended ? time_stored(s->world->now) : 0,
		.metadata = job_metadata(s, name) };

	if (!ended) {
		measurement_put(s, r, s->masked.rules[i].kept, &done);
		return;
	}
	measurement_record(s, r, s->masked.rules[i].kept, &done);
	plan_reason(s->plan, "metric %s: %s (Job %s)", m->name, run_phase_name(phase), name);
}

/* Returns the list of a Job's pods, or NULL if its query is in progress, or was sent less than an interval ago.
 * `now`: without waiting for the interval. */
static const struct response *
job_query_pods(struct run_pass *s, const struct job *j, bool now)
{
	const char *key = arena_printf(s->arena, "%s/pods", j->object.meta.name);
	const struct seen_query *got = seen_query(s->world->seen, key);
	int64_t received_at = seen_note(s->world->seen, key, 0), next = time_add(received_at, PODS_INTERVAL_MS);
	struct query q;

	if (got != NULL && got->done) {
		plan_note(s->plan, key, s->world->now);
		plan_wake(s->plan, time_add(s->world->now, PODS_INTERVAL_MS));
		return &got->response;
	}
	if (received_at != 0)
		plan_note(s->plan, key, received_at);
	if (got == NULL && (now || s->world->now >= next)) {
		q = job_pods(s->arena, j);
		plan_query(s->plan, key, &q);
	} else if (got == NULL) {
		plan_wake(s->plan, next);
	}
	return NULL;
}

/* Records the outcome of a Job that exists. Its pods report why it failed or does not start: a failure is recorded
 * only when they are known. */
static void
job_read(struct run_pass *s, size_t i, const struct job *j)
{
	const char *message = NULL, *problem = NULL;
	enum run_phase phase = job_outcome(j, s->arena, &message);
	const struct response *pods = NULL;
	bool stuck = false;

	if (phase == RUN_FAILED || (phase == RUN_RUNNING && j->status.active > j->status.ready)) {
		pods = job_query_pods(s, j, phase == RUN_FAILED);
		problem = pods != NULL ? job_pods_problem(s->arena, pods, &stuck) : NULL;
	}
	if (phase == RUN_FAILED && pods == NULL)
		phase = RUN_RUNNING;
	else if (phase == RUN_RUNNING && stuck)
		phase = RUN_INCONCLUSIVE;
	if (problem != NULL && phase != RUN_SUCCESSFUL)
		message = message != NULL ? arena_printf(s->arena, "%s; %s", message, problem) : problem;
	job_record(
	    s, i, j->object.meta.name, j->object.meta.creation_timestamp, phase, phase != RUN_RUNNING ? message : NULL);
}

/* Returns why the API server refused to create the Job, or NULL if it is not known to have refused. */
static const char *
job_refused(const struct run_pass *s, const char *name)
{
	const struct seen_failure *f = s->world->seen->failure;

	return f != NULL && f->create && f->class == ERR_INVALID && f->type == &job_type && str_eq(f->name, name)
		   ? f->text
		   : NULL;
}

/* Creates the Job, once the values of Secrets that it has are known. The Jobs of metrics are independent of each
 * other. */
static void
job_start(struct run_pass *s, size_t i, const char *name)
{
	const char *ns = job_namespace(s->world->settings, s->world->run), *refused = job_refused(s, name);
	struct err *e = NULL;

	if (!jobs_are_allowed(s->world->settings, ns)) {
		job_record(s, i, name, time_stored(s->world->now), RUN_ERROR,
		    arena_printf(s->arena,
			"Jobs are not run in namespace %s: the controller's --job-namespaces does not name it", ns));
	} else if (refused != NULL) {
		job_record(s, i, name, time_stored(s->world->now), RUN_ERROR, refused);
	} else if (run_secrets(s, &e) == SECRETS_ERROR) {
		job_record(s, i, name, time_stored(s->world->now), RUN_ERROR, err_text(s->arena, e));
	} else if (s->resolved != NULL) {
		plan_create(s->plan, &job_type, ns, name,
		    job_object(s->world->run, &s->resolved->metrics[i], name, s->world->settings));
		plan_independent(s->plan);
		plan_reason(s->plan, "metric %s: Job %s starts", s->masked.metrics[i].name, name);
	}
}

static void
job_measure(struct run_pass *s, size_t i)
{
	const struct metric *m = &s->masked.metrics[i];
	const struct metric_result *r = run_result(s, m);
	const struct measurement *running = measurement_running(r);
	const char *name = running != NULL ? string_map_get(&running->metadata, "job-name") : NULL;
	const struct job *j;

	if (name == NULL)
		name = job_name(s->arena, s->world->run, m->name, r != NULL ? r->count + r->error + 1 : 1);
	if ((j = job_named(s, name)) != NULL)
		job_read(s, i, j);
	else if (running != NULL)
		job_record(s, i, name, running->started_at, RUN_ERROR, arena_printf(s->arena, "Job %s is gone", name));
	else
		job_start(s, i, name);
}

static void
job_label_key(const struct object *job, void (*emit)(const char *, void *), void *arg)
{
	const char *uid = object_label(job, LABEL_ANALYSIS_RUN_UID);

	if (uid != NULL)
		emit(uid, arg);
}

static const struct view_index jobs_by_run = { job_label_key };

static size_t
job_objects(const struct pass *p, const struct analysis_run *run, struct arena *a, const struct object ***ret)
{
	const char *uid = run->object.meta.uid;

	return jobs_are_elsewhere(p->settings) ? view_labeled(p->view, &job_type, job_namespace(p->settings, run),
						     &jobs_by_run, LABEL_ANALYSIS_RUN_UID, uid, a, ret)
					       : view_owned(p->view, &job_type, p->namespace, uid, a, ret);
}

/* Returns whether a measurement that is Running waits for this Job. */
static bool
job_is_running(struct run_pass *s, const struct job *j)
{
	for (size_t i = 0; i < s->masked.n; i++) {
		const struct measurement *running = measurement_running(run_result(s, &s->masked.metrics[i]));

		if (running != NULL && str_eq(string_map_get(&running->metadata, "job-name"), j->object.meta.name))
			return true;
	}
	return false;
}

static bool
job_is_of_metric(const struct job *j, const struct metric *m)
{
	return j != NULL && str_eq(object_annotation(&j->object, ANNOTATION_ANALYSIS_RUN_METRIC), m->name);
}

/* Deletes a Job if its metric has more later ones than the status keeps measurements, or if it has not ended and no
 * measurement waits for it. */
static void
job_clean(struct run_pass *s)
{
	for (size_t k = 0; k < s->world->n_objects; k++) {
		const struct job *j = job_at(s, k);
		int64_t later = 0, kept = INT64_MAX;
		const char *message;

		for (size_t i = 0; i < s->masked.n; i++)
			if (job_is_of_metric(j, &s->masked.metrics[i])) {
				kept = s->masked.rules[i].kept;
				for (size_t n = k + 1; n < s->world->n_objects; n++)
					later += job_is_of_metric(job_at(s, n), &s->masked.metrics[i]);
			}
		if (j == NULL || j->object.meta.deletion_timestamp != 0 ||
		    (later <= kept && (job_outcome(j, s->arena, &message) != RUN_RUNNING || job_is_running(s, j))))
			continue;
		plan_delete(s->plan, &j->object);
		plan_independent(s->plan);
	}
}

struct job_mapping {
	emit_key *emit;
	void *arg;
};

static void
job_map_run(const struct object *run, void *arg)
{
	const struct job_mapping *m = arg;

	m->emit(run->meta.namespace, run->meta.name, m->arg);
}

static void
job_run_key(const struct object *run, void (*emit)(const char *, void *), void *arg)
{
	if (run->meta.uid != NULL)
		emit(run->meta.uid, arg);
}

static const struct view_index runs_by_uid = { job_run_key };

/* The run of a Job is its owner. A Job in another cluster or namespace has none: its label has the uid of the run. */
static void
job_map(const struct view *v, const struct object *job, emit_key *emit, void *arg)
{
	const struct owner *owner = object_controller(job);
	const char *uid = object_label(job, LABEL_ANALYSIS_RUN_UID);
	struct job_mapping m = { emit, arg };

	if (owner != NULL)
		emit(job->meta.namespace, owner->name, arg);
	else if (uid != NULL)
		view_find(v, &analysis_run_type, &runs_by_uid, uid, job_map_run, &m);
}
