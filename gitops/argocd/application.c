/* gitops/argocd/application.c: controller of Argo CD's Applications: when one is compared and synced, and what
 * follows from the response. */
#include "gitops/argocd/application.h"
#include <string.h>
#include "base/glob.h"
#include "base/time.h"
#include "gitops/argocd/application_auto.h"
#include "gitops/argocd/application_request.h"
#include "gitops/argocd/application_sync.h"

#define INTERVAL_MS 120000
#define JITTER_MS 60000
#define RETRY_MS 5000 /* before the next retry of a sync, if the process that knew its time has ended */
#define FAILED_MS 10000 /* wait after a failed comparison; it doubles with each failure */
#define FAILURES_MAX 4 /* failed comparisons in a row, after which a running sync fails too */

static void application_map_project(const struct view *, const struct object *, emit_key *, void *);
static void application_run(const struct pass *, struct plan *);
static void application_stand_still(const struct pass *, const char *why, struct plan *);

static const struct controller_watch watches[] = { { .type = &application_type },
	{ .type = &app_project_type, .map = application_map_project } };

const struct controller application_controller = {
	.name = "application",
	.type = &application_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.memory = &app_memory_type,
	.pass = application_run,
	.stand_still = application_stand_still,
};

/* Returns the Application of the pass. NULL: it does not exist, or Applications in its namespace are ignored. */
static const struct application *
application_of(const struct pass *pass)
{
	const struct settings *settings = pass_settings(pass);
	const struct strings *others = &settings->application_namespaces;
	const char *own = settings->gitops_namespace;
	bool counts = own == NULL || strcmp(own, pass->namespace) == 0;

	for (size_t i = 0; i < others->n; i++)
		counts |= glob_match(others->at[i], pass->namespace);
	return !counts
		   ? NULL
		   : (const struct application *)view_get(pass->view, &application_type, pass->namespace, pass->name);
}

static void
application_run(const struct pass *pass, struct plan *plan)
{
	const struct application *app = application_of(pass);

	if (app != NULL)
		application_decide(pass, app, plan);
}

static void
application_stand_still(const struct pass *pass, const char *why, struct plan *plan)
{
	const struct application *app = application_of(pass);
	struct app_pass p;

	if (app == NULL)
		return;
	p = app_pass_begin(pass, app, plan);
	app_pass_set_condition(&p, "ComparisonError", why);
	app_pass_end(&p);
}

struct application_naming {
	const char *project;
	emit_key *emit;
	void *arg;
};

static void
application_emit(const struct object *o, void *arg)
{
	const struct application_naming *n = arg;

	if (str_eq(application_project((const struct application *)o), n->project))
		n->emit(o->meta.namespace, o->meta.name, n->arg);
}

static void
application_project_key(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	emit(application_project((const struct application *)o), arg);
}

static const struct view_index application_by_project = { application_project_key };

/* Queues the Applications of a project when the project changes. */
static void
application_map_project(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	view_find(v, &application_type, &application_by_project, o->meta.name, application_emit,
	    &(struct application_naming){ o->meta.name, emit, arg });
}

static int64_t
application_interval(const struct app_pass *p)
{
	int64_t ms = pass_settings(p->w.pass)->application_interval_ms;

	if (ms == 0)
		ms = INTERVAL_MS;
	return ms + request_jitter(&p->w.app->object, ms < JITTER_MS ? ms / 2 + 1 : JITTER_MS);
}

/* Returns the time of the next comparison (wall ms; in the past: now). */
static int64_t
application_due_at(const struct app_pass *p)
{
	const struct app_memory *m = &p->w.memory;
	int64_t soon = m->refreshed_at + REFRESH_AGAIN_MS, at = m->refreshed_at + application_interval(p);
	bool touched = p->w.pass->touched > m->refreshed_at;

	if (m->refreshed_at == 0)
		return 0;
	if (m->refresh_at > 0 && m->refresh_at < at)
		at = m->refresh_at;
	if (app_pass_is_deleting(p))
		return m->unconfirmed && !app_pass_is_confirmed(p) && !touched ? at : soon;
	if (touched || object_annotation(&p->w.app->object, ANNOTATION_REFRESH) != NULL || m->spec != p->w.spec_number)
		at = soon;
	return at;
}

/* Returns the time of the next step of the running sync. After a restart of the process, a sync continues at once,
 * and a retry waits RETRY_MS after the last one ended. A waiting step is due earlier if a managed object changes or
 * a user confirms. */
static int64_t
application_step_at(const struct app_pass *p)
{
	const struct app_memory *m = &p->w.memory;
	const struct app_operation_state *state = &p->status.operation_state;
	int64_t soon = m->refreshed_at + REFRESH_AGAIN_MS;

	if (state->finished_at > 0)
		return m->step_at == 0 && state->retry_count > 0 ? state->finished_at + RETRY_MS : m->step_at;
	return (p->w.pass->touched > m->refreshed_at || (m->unconfirmed && app_pass_is_confirmed(p))) &&
		       soon < m->step_at
		   ? soon
		   : m->step_at;
}

/* Handles a failure of the worker, or of the comparison. */
static void
application_read_failure(struct app_pass *p, const struct request_failure *why)
{
	const char *type = why->type != NULL ? why->type : "ComparisonError", *message = why->text;
	int64_t failures = p->w.memory.failures, wait = request_backoff(FAILED_MS, failures, INTERVAL_MS);

	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
	failures++;
	if (app_pass_is_running(p) && failures < FAILURES_MAX) {
		p->status.operation_state.message = message;
		p->memory.step_at = p->w.now + wait;
	} else if (app_pass_is_running(p)) {
		failures = 0;
		if (!app_sync_retry(p, message))
			app_sync_finish(p, OPERATION_ERROR, message);
	}
	p->memory.failures = failures;
	/* A temporary failure is reported only if a second comparison fails too. */
	if (why->may_pass && failures == 1 && p->status.sync.status != SYNC_NONE)
		return;
	app_pass_set_condition(p, strcmp(type, "InvalidSpecError") == 0 ? "ComparisonError" : "InvalidSpecError", NULL);
	app_pass_set_condition(p, type, message);
	app_pass_set_sync(p, SYNC_UNKNOWN, app_pass_compared_revision(p));
	/* Health depends on the live objects, not on the source: a known health stays. */
	if (p->status.health.status == HEALTH_NONE)
		app_pass_set_health(p, HEALTH_UNKNOWN, NULL);
}

/* Removes the refresh annotation that caused this response. One that was set after the request to the worker stays. */
static void
application_drop_refresh(struct app_pass *p, const struct seen_query *s)
{
	const char *request = object_annotation(&p->w.app->object, ANNOTATION_REFRESH);

	if (request != NULL && strcmp(request, request_about(s)) == 0)
		app_pass_set_annotation(p, ANNOTATION_REFRESH, json_null());
}

/* All objects of the deleted Application are deleted, so our finalizer is removed. */
static void
application_drop_finalizer(struct app_pass *p)
{
	const struct object *o = &p->w.app->object;
	json_t *left = json_array();

	for (size_t i = 0; i < o->meta.finalizers.n; i++)
		if (!str_starts(o->meta.finalizers.at[i], APPLICATION_FINALIZER))
			json_array_append_new(left, json_string(o->meta.finalizers.at[i]));
	plan_merge(p->plan, o, json_pack("{s:{s:o}}", "metadata", "finalizers", left));
}

/* A newer revision ends an automated sync that waits for a retry. */
static void
application_supersede(struct app_pass *p, const struct worker_response *response)
{
	if (!p->synced.initiated_by.automated || str_eq(app_pass_synced_revision(p), response->revision))
		return;
	app_sync_finish(p, OPERATION_FAILED,
	    arena_printf(
		p->arena, "%s; superseded by %s", p->status.operation_state.message ?: "", response->revision));
	plan_wake(p->plan, p->w.now + REFRESH_AGAIN_MS);
	p->memory.refresh_at = p->w.now + REFRESH_AGAIN_MS;
}

static void
application_read_deletion(struct app_pass *p, const struct worker_step *step, size_t live)
{
	const char *message = step != NULL && step->message != NULL ? step->message : "";

	app_pass_set_condition(p, "DeletionError", step != NULL && step->phase == OPERATION_FAILED ? message : NULL);
	app_pass_set_confirmation(p, step);
	if (live == 0) {
		application_drop_finalizer(p);
		return;
	}
	plan_reason(p->plan, "is being deleted, and with it %zu objects: %s", live, message);
	plan_wake(p->plan, p->w.now + (step != NULL && step->unconfirmed ? application_interval(p) : REFRESH_AGAIN_MS));
}

static void
application_read_response(struct app_pass *p, const struct seen_query *s)
{
	struct request_failure failure;
	const struct worker_response *response = request_response(p->arena, s, REQUEST_RESOURCES, &failure);
	struct held_revision held;
	struct app_summed sum;

	p->memory.awaits_response = false;
	application_drop_refresh(p, s);
	/* The spec has changed since the request: the response is about the old one, and starts no sync. */
	if (p->w.memory.spec != p->w.spec_number && !app_pass_is_running(p) && !app_pass_is_deleting(p)) {
		plan_wake(p->plan, application_due_at(p));
		return;
	}
	if (response == NULL) {
		application_read_failure(p, &failure);
		return;
	}
	p->memory.failures = 0;
	p->memory.refresh_at = 0;
	app_result_read(p, response, &sum);
	held = app_auto_hold(p, response->revision, &response->resources, true);
	plan_wake(p->plan, p->w.now + application_interval(p));
	if (app_pass_is_deleting(p)) {
		application_read_deletion(p, response->operation, sum.live);
	} else if (app_pass_is_running(p) && response->operation != NULL) {
		app_sync_read_step(p, response);
	} else if (app_pass_is_running(p)) {
		plan_wake(p->plan, application_step_at(p));
		application_supersede(p, response);
	} else {
		app_auto_consider(p, response, &sum, &held);
	}
}

/* Returns whether a user has requested a sync that has not begun. */
static bool
application_is_new(const struct app_pass *p)
{
	const struct app_operation_state *state = &p->status.operation_state;
	_cleanup_(json_decrefp) json_t *begun = NULL, *requested = NULL;

	if (p->w.operation == NULL)
		return false;
	begun = state->operation != NULL ? json_loads(state->operation, 0, NULL) : NULL;
	requested = json_loads(p->w.app->operation, 0, NULL);
	return state->phase != OPERATION_RUNNING || !json_equal(begun, requested);
}

static bool
application_has_finalizer(const struct app_pass *p)
{
	const struct strings *finalizers = &p->w.app->object.meta.finalizers;

	for (size_t i = 0; i < finalizers->n; i++)
		if (str_starts(finalizers->at[i], APPLICATION_FINALIZER))
			return true;
	return false;
}

/* Returns whether a refresh was requested, or a managed object changed, after the request to the worker. */
static bool
application_has_news(const struct app_pass *p, const struct seen_query *s)
{
	const char *request = object_annotation(&p->w.app->object, ANNOTATION_REFRESH);

	return (request != NULL && strcmp(request, request_about(s)) != 0) ||
	       p->w.pass->touched > p->w.memory.refreshed_at;
}

/* An Application is neither compared nor synced if its spec or its project is invalid. */
static void
application_refuse(struct app_pass *p)
{
	app_pass_set_condition(p, "InvalidSpecError", p->w.problem);
	app_pass_set_sync(p, SYNC_UNKNOWN, NULL);
	app_pass_set_health(p, HEALTH_UNKNOWN, NULL);
	if (app_pass_is_running(p))
		app_sync_finish(p, OPERATION_ERROR, p->w.problem);
}

/* Without a response: begins or ends the requested sync, or sends the next request to the worker. */
static void
application_proceed(struct app_pass *p)
{
	bool deleting = app_pass_is_deleting(p);
	int64_t due;

	if (p->w.operation != NULL && p->status.operation_state.phase == OPERATION_TERMINATING) {
		app_sync_finish(p, OPERATION_FAILED, "Operation terminated");
		return;
	}
	if (!deleting && application_is_new(p) && app_auto_may_sync(p, true)) {
		app_sync_begin(p, p->w.operation, p->w.app->operation);
		app_auto_release(p);
		plan_wake(p->plan, p->w.now + 1);
		return;
	}
	if (!deleting && app_pass_is_running(p)) {
		if (application_step_at(p) <= p->w.now) {
			app_request_send(p, true);
			return;
		}
		plan_wake(p->plan, application_step_at(p));
	}
	due = application_due_at(p);
	if (due <= p->w.now)
		app_request_send(p, false);
	else
		plan_wake(p->plan, due);
}

static void
application_pass(struct app_pass *p)
{
	const struct seen_query *s = request_sent(p->w.pass);
	bool deleting = app_pass_is_deleting(p);

	if (deleting && !application_has_finalizer(p))
		return;
	if (str_eq(object_annotation(&p->w.app->object, ANNOTATION_SKIP_RECONCILE), "true") && !deleting) {
		plan_reason(p->plan, "is skipped because of the annotation %s", ANNOTATION_SKIP_RECONCILE);
		return;
	}
	if (p->w.problem != NULL && !deleting) {
		application_refuse(p);
		return;
	}
	p->memory = p->w.memory;
	if (s == NULL || !s->done)
		app_auto_hold(p, app_pass_compared_revision(p), &p->status.resources, false);
	if (s == NULL)
		application_proceed(p);
	else if (s->done) {
		bool requested = !deleting && application_is_new(p);

		application_read_response(p, s);
		/* A change, or a request for a sync, during the worker's run must not wait for the interval. If nothing
		 * is written, no other event starts a pass. */
		if (application_has_news(p, s))
			plan_wake(p->plan, application_due_at(p));
		if (requested)
			plan_wake(p->plan, p->w.now + 1);
	}
}

void
application_decide(const struct pass *pass, const struct application *app, struct plan *plan)
{
	struct app_pass p = app_pass_begin(pass, app, plan);

	application_pass(&p);
	app_pass_end(&p);
}
