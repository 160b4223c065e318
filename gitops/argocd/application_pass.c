/* gitops/argocd/application_pass.c: one reconciliation (pass) of an Application: begins and ends it, and sets
 * conditions and parts of the status. */
#include "gitops/argocd/application_pass.h"
#include <string.h>
#include "base/utf8.h"
#include "base/time.h"

#define MESSAGE_MAX 4000

static const struct field app_memory_fields[] = {
	INT(app_memory, refreshed_at, "refreshedAt"),
	INT(app_memory, refresh_at, "refreshAt"),
	INT(app_memory, step_at, "stepAt"),
	INT(app_memory, failures, "failures"),
	INT(app_memory, spec, "spec"),
	BOOL(app_memory, unconfirmed, "unconfirmed"),
	BOOL(app_memory, awaits_response, "awaitsResponse"),
	EMBED(app_memory, held, "held", held_memory),
};
TYPE(app_memory, "memory of an Application");

/* Returns the error in the spec, or in its project; NULL: none. Also finds the project. */
static const char *
app_pass_find_problem(struct app_pass *p)
{
	const struct application *app = p->w.app;
	const struct problem *problem = object_problem(&app->object, "spec");
	const char *own = pass_settings(p->w.pass)->gitops_namespace, *name = application_project(app);
	const struct application_source *sources;

	own = own != NULL ? own : app->object.meta.namespace;
	if (problem == NULL && application_sources(app, &sources) == 0)
		return "spec.source: required";
	if (problem != NULL)
		return arena_printf(p->arena, "%s: %s", problem->path, problem->text);
	p->w.project = (const struct app_project *)view_get(p->w.pass->view, &app_project_type, own, name);
	if (p->w.project != NULL)
		return project_problem(p->arena, p->w.project);
	/* A project "default" that does not exist allows everything. */
	return strcmp(name, "default") == 0 || !view_knows(p->w.pass->view, &app_project_type)
		   ? NULL
		   : arena_printf(
			 p->arena, "spec.project: %s: there is no AppProject of this name in namespace %s", name, own);
}

static void
app_pass_read_spec(struct app_pass *p)
{
	_cleanup_(json_decrefp) json_t *spec = encode(&application_spec_type, &p->w.app->spec), *project = NULL;
	const json_t *source = json_object_get(spec, "source"), *sources = json_object_get(spec, "sources");

	if (p->w.project != NULL)
		project = json_pack("{s:{s:s}, s:o}", "metadata", "name", p->w.project->object.meta.name, "spec",
		    encode(&app_project_spec_type, &p->w.project->spec));
	p->w.spec_number = request_hash(arena_printf(
	    p->arena, "%s%s", json_text(p->arena, spec), project != NULL ? json_text(p->arena, project) : ""));
	p->w.source = source != NULL ? json_text(p->arena, source) : NULL;
	p->w.sources = sources != NULL ? json_text(p->arena, sources) : NULL;
}

struct app_pass
app_pass_begin(const struct pass *pass, const struct application *app, struct plan *plan)
{
	struct app_pass p = { .w = { .pass = pass, .app = app, .now = pass->now }, .plan = plan, .arena = plan->arena };
	_cleanup_(json_decrefp) json_t *operation =
	    app->operation != NULL ? json_loads(app->operation, JSON_DECODE_ANY, NULL) : NULL;
	struct app_operation *requested;

	decode_text(&application_status_type, app->status, p.arena, &p.w.status);
	p.status = p.w.status;
	decode_text(&app_operation_type, p.status.operation_state.operation, p.arena, &p.synced);
	if (json_is_object(operation)) {
		requested = arena_alloc(p.arena, sizeof(*requested));
		decode_text(&app_operation_type, app->operation, p.arena, requested);
		p.w.operation = requested;
	}
	if (pass->seen->memory != NULL)
		p.w.memory = *(const struct app_memory *)pass->seen->memory;
	/* It was not sent because its plan failed, or its response is lost: another one is due. */
	if (p.w.memory.awaits_response && request_sent(pass) == NULL)
		p.w.memory.refreshed_at = 0;
	/* The wall clock was set back: what waits for a time of before would wait too long. As after a restart. */
	if (p.w.memory.refreshed_at > p.w.now)
		p.w.memory.refreshed_at = p.w.memory.refresh_at = p.w.memory.step_at = 0;
	p.w.problem = app_pass_find_problem(&p);
	app_pass_read_spec(&p);
	return p;
}

void
app_pass_end(struct app_pass *p)
{
	plan_memory(p->plan, &app_memory_type, &p->memory);
	plan_status_typed(
	    p->plan, &p->w.app->object, &application_status_type, p->w.app->status, &p->w.status, &p->status, p->more);
}

bool
app_pass_is_running(const struct app_pass *p)
{
	return p->w.operation != NULL && p->status.operation_state.phase == OPERATION_RUNNING;
}

bool
app_pass_is_deleting(const struct app_pass *p)
{
	return p->w.app->object.meta.deletion_timestamp != 0;
}

/* Returns whether a user has confirmed deletions: as in Argo CD, the time in the annotation is not before the start
 * of the sync or deletion. */
bool
app_pass_is_confirmed(const struct app_pass *p)
{
	const char *text = object_annotation(&p->w.app->object, ANNOTATION_DELETION_APPROVED);
	int64_t since = app_pass_is_deleting(p) ? p->w.app->object.meta.deletion_timestamp
						: p->status.operation_state.started_at,
		at;

	return text != NULL && time_parse(text, &at) && at >= since;
}

void
app_pass_set_confirmation(struct app_pass *p, const struct worker_step *step)
{
	bool unconfirmed = step != NULL && step->unconfirmed;

	p->memory.unconfirmed = unconfirmed;
	app_pass_set_condition(p, "ConfirmationRequired",
	    unconfirmed ? arena_printf(p->arena,
			      "%s: nothing is done until it is confirmed with `sluice app confirm-deletion %s`, or the "
			      "annotation %s with the time now (RFC 3339) on this Application",
			      step->message, p->w.app->object.meta.name, ANNOTATION_DELETION_APPROVED)
			: NULL);
}

int64_t
app_pass_stamp(const struct app_pass *p)
{
	return p->w.now / 1000 * 1000;
}

json_t *
app_pass_more(struct app_pass *p)
{
	if (p->more == NULL)
		p->more = json_pack("{s:{s:{}}}", "metadata", "annotations");
	return p->more;
}

void
app_pass_set_annotation(struct app_pass *p, const char *key, json_t *value)
{
	json_object_set_new(json_object_get(json_object_get(app_pass_more(p), "metadata"), "annotations"), key, value);
}

void
app_pass_set_condition(struct app_pass *p, const char *type, const char *message)
{
	struct app_conditions *was = &p->status.conditions,
			      list = { .at = arena_new_array(p->arena, struct app_condition, was->n + 1) };

	if (message != NULL)
		message = utf8_shown(p->arena, message, MESSAGE_MAX);
	for (size_t i = 0; i < was->n; i++) {
		if (!str_eq(was->at[i].type, type))
			list.at[list.n++] = was->at[i];
		else if (str_eq(was->at[i].message, message))
			return;
	}
	if (message != NULL) {
		plan_reason(p->plan, "%s: %s", type, message);
		list.at[list.n++] = (struct app_condition){ type, message, app_pass_stamp(p) };
	}
	*was = list;
}

/* Returns the parts of the spec that affect a comparison, as JSON text. */
static const char *
app_pass_compared_to(struct app_pass *p)
{
	static const char *const keys[] = { "source", "sources", "destination", "ignoreDifferences" };
	_cleanup_(json_decrefp) json_t *spec = encode(&application_spec_type, &p->w.app->spec), *to = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(spec, keys[i]) != NULL)
			json_object_set(to, keys[i], json_object_get(spec, keys[i]));
	return json_text(p->arena, to);
}

void
app_pass_set_sync(struct app_pass *p, enum sync_status to, const char *revision)
{
	struct app_sync_status *sync = &p->status.sync;

	if (sync->status != to)
		plan_status_event(p->plan, &p->w.app->object, false, "ResourceUpdated", "Updated sync status: %s -> %s",
		    sync_status_names[sync->status], sync_status_names[to]);
	sync->status = to;
	app_revision_set(p->arena, revision, &sync->revision, &sync->revisions);
	sync->compared_to = app_pass_compared_to(p);
}

void
app_pass_set_health(struct app_pass *p, enum health to, const char *message)
{
	struct app_health *health = &p->status.health;

	if (health->status != to) {
		plan_status_event(p->plan, &p->w.app->object, false, "ResourceUpdated",
		    "Updated health status: %s -> %s", health_names[health->status], health_names[to]);
		health->last_transition_time = app_pass_stamp(p);
	}
	health->status = to;
	health->message = message;
}

const char *
app_pass_compared_revision(const struct app_pass *p)
{
	return app_revision_text(p->arena, p->status.sync.revision, &p->status.sync.revisions);
}

const char *
app_pass_synced_revision(const struct app_pass *p)
{
	const struct app_sync_result *result = p->status.operation_state.result;

	return result != NULL ? app_revision_text(p->arena, result->revision, &result->revisions) : NULL;
}
