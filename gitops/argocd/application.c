/* gitops/argocd/application.c: an Application's pass: when it is looked at, and what comes of it. */
#include "gitops/argocd/application.h"
#include <string.h>
#include "base/glob.h"
#include "base/time.h"
#include "gitops/argocd/application_parts.h"

#define WORK_MS 300000 /* one look, or one step of a sync, with its fetch */
#define INTERVAL_MS 120000
#define JITTER_MS 60000
#define RETRY_MS 5000 /* before a try of a sync, when the process that would know how long has died */
#define FAILED_MS 10000 /* after a look that failed, and then twice as long each time */
#define FAILURES_MAX 4 /* of looks in a row: then the try of a sync that needs them has failed */

static void map_project(const struct view *, const struct object *, emit_key *, void *);

static const struct field app_memory_fields[] = {
	INT(app_memory, refreshed_at, "refreshedAt"),
	INT(app_memory, refresh_at, "refreshAt"),
	INT(app_memory, step_at, "stepAt"),
	INT(app_memory, failures, "failures"),
	INT(app_memory, spec, "spec"),
	BOOL(app_memory, unconfirmed, "unconfirmed"),
	EMBED(app_memory, held, "held", held_memory),
};
TYPE(app_memory, "memory of an Application");

static const struct controller_watch watches[] = { { .type = &application_type },
	{ .type = &app_project_type, .map = map_project } };

static void
read_status(struct deciding *d)
{
	d->was = d->app->status != NULL ? json_loads(d->app->status, 0, NULL) : NULL;
	if (!json_is_object(d->was)) {
		json_decref(d->was);
		d->was = json_object();
	}
	d->status = json_deep_copy(d->was);
}

static void
write_status(struct deciding *d)
{
	plan_status_with(d->plan, &d->app->object, d->was, d->status, d->more);
}

/* One whose word counts. */
static bool
is_ours(const struct pass *p)
{
	const char *own = string_map_get(p->settings, GITOPS_NAMESPACE);
	const char *others = string_map_get(p->settings, GITOPS_APPLICATION_NAMESPACES);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL;

	if (own == NULL || strcmp(own, p->namespace) == 0)
		return true;
	for (char *glob = strtok_r(arena_strdup(a, others != NULL ? others : ""), ", ", &save); glob != NULL;
	     glob = strtok_r(NULL, ", ", &save))
		if (glob_match(glob, p->namespace))
			return true;
	return false;
}

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct application *app =
	    (const struct application *)view_get(p->view, &application_type, p->namespace, p->name);

	if (app != NULL && is_ours(p))
		application_decide(p, app, plan);
}

static void
stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	const struct application *app =
	    (const struct application *)view_get(p->view, &application_type, p->namespace, p->name);
	struct deciding d = { .pass = p, .app = app, .plan = plan, .arena = plan->arena, .now = p->now };

	if (app == NULL || !is_ours(p))
		return;
	read_status(&d);
	app_set_condition(&d, "ComparisonError", why);
	write_status(&d);
}

const struct controller application_controller = {
	.name = "application",
	.type = &application_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
	.stand_still = stand_still,
	.memory = &app_memory_type,
};

static const char *
project_name(const struct application *app)
{
	return str_empty(app->spec.project) ? "default" : app->spec.project;
}

struct naming {
	const char *project;
	emit_key *emit;
	void *arg;
};

static void
of_project(const struct object *o, void *arg)
{
	const struct naming *n = arg;

	if (str_eq(project_name((const struct application *)o), n->project))
		n->emit(o->meta.namespace, o->meta.name, n->arg);
}

/* The Applications that name it. */
static void
map_project(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	v->each(v, &application_type, NULL, of_project, &(struct naming){ o->meta.name, emit, arg });
}

static int64_t
interval(const struct deciding *d)
{
	const char *text = string_map_get(d->pass->settings, GITOPS_INTERVAL);
	long long ms = INTERVAL_MS;

	if (text != NULL)
		str_int(text, 1000, INT64_MAX / 4, &ms);
	return ms + worker_spread(&d->app->object, ms < JITTER_MS ? ms / 2 + 1 : JITTER_MS);
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

/* The project, for the worker: a new reference; NULL: none. */
static json_t *
project_json(const struct deciding *d)
{
	if (d->project == NULL)
		return NULL;
	return json_pack("{s:{s:s}, s:o}", "metadata", "name", d->project->object.meta.name, "spec",
	    encode(&app_project_spec_type, &d->project->spec));
}

int64_t
app_spec_number(const struct deciding *d)
{
	json_t *spec = app_spec_json(d), *project = project_json(d);
	int64_t number = worker_number(arena_printf(
	    d->arena, "%s%s", json_text(d->arena, spec), project != NULL ? json_text(d->arena, project) : ""));

	json_decref(spec);
	json_decref(project);
	return number;
}

static struct worker_objects
known(const struct deciding *d)
{
	const json_t *resources = json_object_get(d->status, "resources"), *r;
	struct worker_objects list = { .at = arena_new_array(
					   d->arena, struct worker_object, json_array_size(resources)) };
	size_t i;

	json_array_foreach (resources, i, r)
		list.at[list.n++] = (struct worker_object){ json_str(r, "group"), json_str(r, "version"),
			json_str(r, "kind"), json_str(r, "namespace"), json_str(r, "name") };
	return list;
}

/* Options that the operation says, or else the spec's. */
static struct strings
options(const struct deciding *d, const json_t *sync)
{
	const json_t *list = json_object_get(sync, "syncOptions");

	return json_array_size(list) > 0 ? strings_decode(d->arena, list) : d->app->spec.sync_policy.options;
}

/* The objects that the sync is limited to; none: it is of all. */
static struct worker_objects
selected(const struct deciding *d, const json_t *sync)
{
	const json_t *resources = json_object_get(sync, "resources"), *r;
	struct worker_objects list = { .at = arena_new_array(
					   d->arena, struct worker_object, json_array_size(resources)) };
	size_t i;

	json_array_foreach (resources, i, r)
		list.at[list.n++] = (struct worker_object){ .group = json_str(r, "group"),
			.kind = json_str(r, "kind"),
			.namespace = json_str(r, "namespace"),
			.name = json_str(r, "name") };
	return list;
}

/* The results of the steps so far. */
static struct worker_sync_results
results(const struct deciding *d)
{
	const json_t *resources = json_object_get(json_object_get(app_state(d), "syncResult"), "resources");
	struct problems ignored = { .arena = d->arena };
	struct worker_sync_results list = { .at = arena_new_array(
						d->arena, struct worker_sync_result, json_array_size(resources)),
		.n = json_array_size(resources) };

	for (size_t i = 0; i < list.n; i++)
		decode(&worker_sync_result_type, json_array_get(resources, i), "", &ignored, &list.at[i]);
	return list;
}

/* What tells this try of this sync from all others. */
static const char *
operation_id(const struct deciding *d)
{
	return arena_printf(d->arena, "%lld-%lld", (long long)(app_time_of(app_state(d), "startedAt") / 1000),
	    (long long)json_int(app_state(d), "retryCount", 0));
}

static struct worker_operation
operation_request(const struct deciding *d)
{
	/* What the last sync was asked to do is not what deleting does. */
	const json_t *sync =
	    app_is_deleting(d) ? NULL : json_object_get(json_object_get(app_state(d), "operation"), "sync");
	const json_t *strategy = json_object_get(sync, "syncStrategy");
	const json_t *apply = json_object_get(strategy, "apply"), *hook = json_object_get(strategy, "hook");
	struct worker_operation o = { .id = operation_id(d),
		.prune = app_is_deleting(d) || json_is_true(json_object_get(sync, "prune")),
		.dry_run = json_is_true(json_object_get(sync, "dryRun")),
		.confirmed = app_is_confirmed(d),
		.without_hooks = apply != NULL && hook == NULL,
		.force = json_is_true(json_object_get(apply != NULL ? apply : hook, "force")),
		.options = options(d, sync),
		.selected = selected(d, sync) };

	if (!app_is_deleting(d))
		o.results = results(d);
	return o;
}

static void
ask(struct deciding *d, bool step)
{
	const struct meta *meta = &d->app->object.meta;
	const struct application_source *sources;
	const char *namespace = string_map_get(d->pass->settings, GITOPS_NAMESPACE);
	const char *revision = application_revision(d->arena, json_object_get(app_state(d), "syncResult"));
	const struct worker_application app = { { meta->name, meta->namespace, meta->uid }, d->app->spec };
	struct worker_project project;
	struct worker_operation operation;
	struct worker_request request = { .application = &app,
		.namespace = namespace != NULL ? namespace : meta->namespace,
		.known = known(d),
		.deleting = app_is_deleting(d) };

	if (step || app_is_deleting(d)) {
		operation = operation_request(d);
		request.operation = &operation;
		if (str_empty(revision))
			revision = application_revision(
			    d->arena, json_object_get(json_object_get(app_state(d), "operation"), "sync"));
		request.revision = revision;
	}
	if (d->project != NULL) {
		project = (struct worker_project){ { .name = d->project->object.meta.name }, d->project->spec };
		request.project = &project;
	}
	/* What it is about is the request for a look that it sees to. */
	request_send(d->plan, d->pass, object_annotation(&d->app->object, ANNOTATION_REFRESH) ?: "", &request, WORK_MS,
	    arena_printf(d->arena, "%s/%s", meta->namespace, d->project != NULL ? d->project->object.meta.name : ""),
	    application_sources(d->app, &sources) > 0 ? sources[0].repo_url : NULL);
	d->memory.refreshed_at = d->now;
	d->memory.spec = app_spec_number(d);
}

/* --- time ------------------------------------------------------------------------------------------------------------ */

/* People have not confirmed yet what the last step wanted to delete. */
static bool
is_unconfirmed(const struct deciding *d)
{
	return d->before.unconfirmed != 0 && !app_is_confirmed(d);
}

/* When the next look is due (wall ms; not after now: at once). */
static int64_t
due_at(const struct deciding *d)
{
	int64_t looked = d->before.refreshed_at, again = d->before.refresh_at, at = looked + interval(d);

	if (looked == 0)
		return 0;
	if (again > 0 && again < at)
		at = again;
	if (app_is_deleting(d))
		return is_unconfirmed(d) && d->pass->touched <= looked ? at : looked + LOOK_AGAIN_MS;
	if (d->pass->touched > looked || object_annotation(&d->app->object, ANNOTATION_REFRESH) != NULL ||
	    d->before.spec != app_spec_number(d))
		at = looked + LOOK_AGAIN_MS;
	return at;
}

/* When the next step of the sync that is under way is due. */
static int64_t
step_at(const struct deciding *d)
{
	int64_t looked = d->before.refreshed_at, step = d->before.step_at,
		failed = app_time_of(app_state(d), "finishedAt");

	/* When a process has died in between, it goes on at once; a try that is to wait says until when. */
	if (failed > 0)
		return step == 0 && json_int(app_state(d), "retryCount", 0) > 0 ? failed + RETRY_MS : step;
	/* What it waits for may have come. */
	return (d->pass->touched > looked || (d->before.unconfirmed != 0 && app_is_confirmed(d))) &&
		       looked + LOOK_AGAIN_MS < step
		   ? looked + LOOK_AGAIN_MS
		   : step;
}

/* --- an answer ------------------------------------------------------------------------------------------------------- */

/* The worker could not be asked, or found that it cannot be said. */
static void
read_failure(struct deciding *d, const struct request_failure *why)
{
	const char *type = why->type != NULL ? why->type : "ComparisonError", *message = why->text;
	int64_t failures = d->before.failures, wait = worker_wait(FAILED_MS, failures, INTERVAL_MS);

	d->memory.refresh_at = d->now + wait;
	plan_wake(d->plan, d->now + wait);
	failures++;
	if (app_is_running(d) && failures < FAILURES_MAX) {
		json_put(app_state(d), "message", message);
		d->memory.step_at = d->now + wait;
	} else if (app_is_running(d)) {
		failures = 0;
		if (!app_retry(d, message))
			app_finish(d, "Error", message);
	}
	d->memory.failures = failures;
	/* What may pass by itself is tried once more before people are told. */
	if (why->may_pass && failures == 1 && json_object_get(d->status, "sync") != NULL)
		return;
	app_set_condition(d, strcmp(type, "InvalidSpecError") == 0 ? "ComparisonError" : "InvalidSpecError", NULL);
	app_set_condition(d, type, message);
	app_set_sync(d, "Unknown", application_revision(d->arena, json_object_get(d->status, "sync")));
	/* What is live did not change because Git cannot be had. */
	if (json_object_get(d->status, "health") == NULL)
		app_set_health(d, HEALTH_UNKNOWN, NULL);
}

/* A request that has come since the look began is for another one. */
static void
forget_refresh(struct deciding *d, const struct seen_query *s)
{
	const char *request = object_annotation(&d->app->object, ANNOTATION_REFRESH);

	if (request == NULL || strcmp(request, request_about(s)) != 0)
		return;
	json_object_set_new(
	    json_object_get(json_object_get(app_more(d), "metadata"), "annotations"), ANNOTATION_REFRESH, json_null());
}

/* All objects of an application that is being deleted are gone: so is what holds it. */
static void
release(struct deciding *d)
{
	json_t *left = json_array();

	for (size_t i = 0; i < d->app->object.meta.finalizers.n; i++)
		if (!str_starts(d->app->object.meta.finalizers.at[i], APPLICATION_FINALIZER))
			json_array_append_new(left, json_string(d->app->object.meta.finalizers.at[i]));
	plan_merge(d->plan, &d->app->object, json_pack("{s:{s:o}}", "metadata", "finalizers", left));
}

/* A sync that waits for its next try ends when Git has something newer to try. */
static void
give_way(struct deciding *d, const struct worker_response *response)
{
	const json_t *asked = json_object_get(app_state(d), "operation");
	const char *tried = application_revision(d->arena, json_object_get(app_state(d), "syncResult"));

	if (!json_is_true(json_object_get(json_object_get(asked, "initiatedBy"), "automated")) ||
	    str_eq(tried, response->revision))
		return;
	app_finish(d, "Failed",
	    arena_printf(d->arena, "%s; %s is there to be tried instead", json_str(app_state(d), "message"),
		response->revision));
	plan_wake(d->plan, d->now + LOOK_AGAIN_MS);
	d->memory.refresh_at = d->now + LOOK_AGAIN_MS;
}

static void
read_answer(struct deciding *d, const struct seen_query *s)
{
	struct request_failure failure;
	const struct worker_response *response = request_response(d->arena, s, REQUEST_RESOURCES, &failure);
	struct held_revision held;
	struct sum sum;

	forget_refresh(d, s);
	/* What is wanted has changed since: what was found says nothing of it, and nothing is begun because of it. */
	if (d->before.spec != app_spec_number(d) && !app_is_running(d) && !app_is_deleting(d)) {
		plan_wake(d->plan, due_at(d));
		return;
	}
	if (response == NULL) {
		read_failure(d, &failure);
		return;
	}
	d->memory.failures = 0;
	d->memory.refresh_at = 0;
	app_read_comparison(d, response, &sum);
	held = app_hold(d, response->revision, &response->resources, true);
	plan_wake(d->plan, d->now + interval(d));
	if (app_is_deleting(d)) {
		const struct worker_step *step = response->operation;
		const char *message = step != NULL && step->message != NULL ? step->message : "";

		app_set_condition(d, "DeletionError", step != NULL && str_eq(step->phase, "Failed") ? message : NULL);
		app_set_confirmation(d, step);
		if (sum.live == 0) {
			release(d);
		} else {
			plan_reason(d->plan, "is being deleted, and with it %zu objects: %s", sum.live, message);
			plan_wake(d->plan, d->now + (step != NULL && step->unconfirmed ? interval(d) : LOOK_AGAIN_MS));
		}
		return;
	}
	if (app_is_running(d) && response->operation != NULL) {
		app_read_step(d, response);
	} else if (app_is_running(d)) {
		plan_wake(d->plan, step_at(d));
		give_way(d, response);
	} else {
		app_consider_sync(d, response, &sum, &held);
	}
}

/* A sync that somebody asked for and that has not begun. */
static bool
is_new(const struct deciding *d)
{
	return d->operation != NULL && (!str_eq(json_str(app_state(d), "phase"), "Running") ||
					   !json_equal(json_object_get(app_state(d), "operation"), d->operation));
}

static bool
is_held(const struct deciding *d)
{
	return str_eq(object_annotation(&d->app->object, ANNOTATION_SKIP_RECONCILE), "true");
}

static bool
has_finalizer(const struct deciding *d)
{
	for (size_t i = 0; i < d->app->object.meta.finalizers.n; i++)
		if (str_starts(d->app->object.meta.finalizers.at[i], APPLICATION_FINALIZER))
			return true;
	return false;
}

/* What is wrong with the spec, or with the project that it names; NULL: nothing. Finds the project. */
static const char *
find_problem(struct deciding *d)
{
	const struct problem *problem = object_problem(&d->app->object, "spec");
	const char *own = string_map_get(d->pass->settings, GITOPS_NAMESPACE), *name = project_name(d->app);
	const struct application_source *sources;

	own = own != NULL ? own : d->app->object.meta.namespace;
	if (problem == NULL && application_sources(d->app, &sources) == 0)
		return "spec.source: required";
	if (problem != NULL)
		return arena_printf(d->arena, "%s: %s", problem->path, problem->text);
	d->project = (const struct app_project *)view_get(d->pass->view, &app_project_type, own, name);
	if (d->project != NULL)
		return project_problem(d->arena, d->project);
	/* Where nobody has made it, the project "default" allows everything. */
	return strcmp(name, "default") == 0 || !view_knows(d->pass->view, &app_project_type)
		   ? NULL
		   : arena_printf(
			 d->arena, "spec.project: %s: there is no AppProject of this name in namespace %s", name, own);
}

/* A refresh was requested, or a managed object changed, since the worker was started. */
static bool
has_news(const struct deciding *d, const struct seen_query *s)
{
	const char *request = object_annotation(&d->app->object, ANNOTATION_REFRESH);

	return (request != NULL && strcmp(request, request_about(s)) != 0) || d->pass->touched > d->before.refreshed_at;
}

/* The Rollouts among the resources of the status. */
static struct worker_resources
status_rollouts(const struct deciding *d)
{
	_cleanup_(json_decrefp) json_t *rollouts = json_array();
	json_t *r;
	size_t i;

	json_array_foreach (json_object_get(d->status, "resources"), i, r)
		if (str_eq(json_str(r, "kind"), "Rollout"))
			json_array_append(rollouts, r);
	return worker_resources_decode(d->arena, rollouts);
}

static void
decide(struct deciding *d)
{
	const struct seen_query *s = request_sent(d->pass);
	const char *problem = find_problem(d);
	int64_t due;

	if (app_is_deleting(d) && !has_finalizer(d))
		return;
	if (is_held(d) && !app_is_deleting(d)) {
		plan_reason(d->plan, "is skipped because of the annotation %s", ANNOTATION_SKIP_RECONCILE);
		return;
	}
	if (problem != NULL && !app_is_deleting(d)) {
		app_set_condition(d, "InvalidSpecError", problem);
		app_set_sync(d, "Unknown", NULL);
		app_set_health(d, HEALTH_UNKNOWN, NULL);
		if (d->operation != NULL && app_is_running(d))
			app_finish(d, "Error", problem);
		return;
	}
	d->memory = d->before;
	if (s == NULL || !s->done) {
		struct worker_resources rollouts = status_rollouts(d);

		app_hold(d, application_revision(d->arena, json_object_get(d->status, "sync")), &rollouts, false);
	}
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		read_answer(d, s);
		/* What came while the worker ran must not wait for the interval: no other pass follows when nothing is written. */
		if (has_news(d, s))
			plan_wake(d->plan, due_at(d));
		return;
	}
	if (d->operation != NULL && str_eq(json_str(app_state(d), "phase"), "Terminating")) {
		app_finish(d, "Failed", "Operation terminated");
		return;
	}
	if (!app_is_deleting(d) && is_new(d) && app_may_sync(d, true)) {
		app_begin(d, json_incref(d->operation));
		/* Somebody asks for it, whatever became of the revision. */
		app_release(d);
		plan_wake(d->plan, d->now + 1);
		return;
	}
	if (!app_is_deleting(d) && app_is_running(d)) {
		if (step_at(d) <= d->now) {
			ask(d, true);
			return;
		}
		plan_wake(d->plan, step_at(d));
	}
	due = due_at(d);
	if (due <= d->now)
		ask(d, false);
	else
		plan_wake(d->plan, due);
}

void
application_decide(const struct pass *p, const struct application *app, struct plan *plan)
{
	struct deciding d = { .pass = p, .app = app, .plan = plan, .arena = plan->arena, .now = p->now };

	if (p->seen->memory != NULL)
		d.before = *(const struct app_memory *)p->seen->memory;
	read_status(&d);
	d.operation = app->operation != NULL ? json_loads(app->operation, 0, NULL) : NULL;
	decide(&d);
	plan_memory(plan, &app_memory_type, &d.memory);
	json_decref(d.operation);
	write_status(&d);
}
