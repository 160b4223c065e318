/* gitops/worker/apply.c: server-side apply and pruning in a step of a sync: each task is a request to the API
 * server.
 * engine/sync.c decides the tasks. */
#include "gitops/worker/apply.h"
#include <string.h>
#include "base/map.h"
#include "gitops/worker/dry_run.h"
#include "gitops/worker/session_state.h"

/* Adds the result of the task, from the API server's response. `well` is the message for success. */
static void
apply_report(struct session *s, const struct sync_task *t, const struct err *e, const char *well)
{
	const char *text = e != NULL ? err_text(s->arena, err_copy(s->arena, e)) : well;
	enum operation_phase phase = e != NULL ? OPERATION_FAILED : OPERATION_RUNNING;

	if (e != NULL && t->resource->manifest != NULL)
		text = arena_printf(s->arena, "%s: %s %s: %s", t->resource->manifest->file, t->resource->kind.kind,
		    t->resource->name, text);
	else if (e != NULL && t->verb == SYNC_PRUNE)
		text = arena_printf(s->arena, "%s/%s%s%s delete failed: %s", t->resource->kind.kind,
		    t->resource->namespace != NULL ? t->resource->namespace : "",
		    t->resource->namespace != NULL ? "/" : "", t->resource->name, text);
	switch (t->verb) {
	case SYNC_APPLY:
		sync_record(&s->apply.results, t, e != NULL ? RESULT_SYNC_FAILED : RESULT_SYNCED, phase, text);
		break;
	case SYNC_PRUNE:
		sync_record(&s->apply.results, t, e != NULL ? RESULT_SYNC_FAILED : RESULT_PRUNED, phase, text);
		break;
	case SYNC_HOOK: sync_record(&s->apply.results, t, RESULT_NONE, phase, text); break;
	case SYNC_DELETE_HOOK: break;
	}
}

/* Takes the object in the API server's response as the live one. */
static void
apply_update(struct session *s, struct app_resource *r, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");

	r->live = true;
	r->deleting = false;
	r->status = SYNC_SYNCED;
	r->uid = arena_strdup(s->arena, json_str(meta, "uid"));
	r->resource_version = arena_strdup(s->arena, json_str(meta, "resourceVersion"));
	r->operation = arena_strdup(s->arena, json_str(json_object_get(meta, "annotations"), ANNOTATION_OPERATION));
	live_read_health(s, r, object);
	r->aborted = live_aborted(s, r, object);
	r->client_applied = false;
	r->adopt_patch = NULL;
}

/* Returns whether the next step may retry: the server could not be reached, or the object has changed since it was
 * read. */
static bool
apply_may_retry(const struct err *e)
{
	return e != NULL && (e->class == ERR_AGAIN || e->class == ERR_CONFLICT);
}

/* Leaves this task and those after it to the next step. Their order is kept, because no later group is started. */
static void
apply_defer(struct session *s, const struct app_resource *r, const char *why)
{
	s->apply.deferred = true;
	s->apply.step.message = arena_printf(s->arena, "%s %s: %s", r->kind.kind, r->name, why);
}

static void
apply_read_task(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct sync_task *t = &s->apply.step.tasks[s->apply.group + c->number];
	struct app_resource *r = t->resource;

	if (apply_may_retry(e)) {
		apply_defer(
		    s, r, arena_printf(s->arena, "%s; it is retried", err_text(s->arena, err_copy(s->arena, e))));
	} else if (t->verb == SYNC_APPLY || t->verb == SYNC_HOOK) {
		if (e == NULL && body != NULL) {
			const char *well = r->live ? "configured" : "created";

			apply_update(s, r, body);
			apply_report(s, t, NULL,
			    t->verb == SYNC_HOOK && r->health_message[0] != '\0'
				? r->health_message
				: arena_printf(s->arena, "%s/%s %s", r->kind.plural, r->name, well));
		} else {
			apply_report(s, t, e, "");
		}
	} else if (t->verb == SYNC_PRUNE) {
		apply_report(s, t, e != NULL && e->class == ERR_GONE ? NULL : e, "pruned");
	}
	session_call_end(c);
}

/* The object was deleted so that it can be created again. The next step creates it, when the deletion has ended. */
static void
apply_read_deletion(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)body;
	if (e != NULL && e->class != ERR_GONE && !apply_may_retry(e))
		apply_report(s, &s->apply.step.tasks[s->apply.group + c->number], e, "");
	s->apply.deferred = true;
	session_call_end(c);
}

static void
apply_delete(
    struct session *s, struct session_call *c, const struct app_resource *r, const char *propagation, client_done *done)
{
	c->call = client_call(s->cluster.target, "DELETE", kind_path(s->arena, &r->kind, r->namespace, r->name),
	    "application/json",
	    arena_printf(s->arena,
		"{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"%s\",\"preconditions\":{"
		"\"uid\":\"%s\"}}",
		propagation, r->uid),
	    done, c);
}

/* Returns the object to write. Its resourceVersion lets the API server refuse a write that is based on a stale
 * object. The annotation of a hook names the sync that creates it. */
static const char *
apply_body(struct session *s, const struct sync_task *t)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(t->resource->text, 0, NULL);
	json_t *meta = json_object_get(object, "metadata");

	if (t->verb == SYNC_HOOK) {
		if (!json_is_object(json_object_get(meta, "annotations")))
			json_object_set_new(meta, "annotations", json_object());
		json_object_set_new(json_object_get(meta, "annotations"), ANNOTATION_OPERATION,
		    json_string(sync_hook_mark(s->arena, &s->request.operation, t->resource, t->phase)));
	} else if (t->resource->live) {
		json_object_set_new(meta, "resourceVersion", json_string(t->resource->resource_version));
	}
	return json_text(s->arena, object);
}

static void
apply_write(struct session *s, struct session_call *c, const struct sync_task *t)
{
	const struct app_resource *r = t->resource;
	const char *validate =
	    str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_VALIDATE), "false") ? "Warn" : "Strict";
	const char *path = kind_path(s->arena, &r->kind, r->namespace, r->name);

	if (t->replace && r->live)
		c->call = client_call(s->cluster.target, "PUT",
		    arena_printf(s->arena, "%s?fieldManager=%s&fieldValidation=%s", path, s->request.manager, validate),
		    "application/json", apply_body(s, t), apply_read_task, c);
	else if (t->replace || (t->verb == SYNC_HOOK && !r->live))
		c->call = client_call(s->cluster.target, "POST",
		    arena_printf(s->arena, "%s?fieldManager=%s&fieldValidation=%s",
			kind_path(s->arena, &r->kind, r->namespace, NULL), s->request.manager, validate),
		    "application/json", apply_body(s, t), apply_read_task, c);
	else
		c->call = client_call(s->cluster.target, "PATCH",
		    arena_printf(s->arena, "%s?force=true&fieldManager=%s&fieldValidation=%s", path, s->request.manager,
			validate),
		    PATCH_APPLY, apply_body(s, t), apply_read_task, c);
}

/* The fields of client-side apply have been adopted. The apply that follows carries the new resourceVersion, so that
 * a change in between is a conflict and not overwritten. */
static void
apply_read_adoption(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const struct sync_task *t = &s->apply.step.tasks[s->apply.group + c->number];

	if (e != NULL) {
		apply_read_task(arg, e, NULL);
		return;
	}
	t->resource->resource_version =
	    arena_strdup(s->arena, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	apply_write(s, c, t);
}

bool
apply_start(struct session *s, size_t i)
{
	struct sync_task *t = &s->apply.step.tasks[s->apply.group + i];
	struct session_call *c = session_slot(s, i);
	struct app_resource *r = t->resource;

	if (str_empty(r->kind.plural)) {
		s->apply.deferred = true; /* its CustomResourceDefinition has just been applied */
		return false;
	}
	switch (t->verb) {
	case SYNC_DELETE_HOOK: apply_delete(s, c, r, "Background", apply_read_task); return true;
	case SYNC_PRUNE:
		if (r->deleting) {
			apply_report(s, t, NULL, "is being deleted");
			return false;
		}
		apply_delete(s, c, r, t->propagation, apply_read_task);
		return true;
	case SYNC_HOOK:
		/* A process that ended before it wrote the status has created the hook. The annotation proves that
		 * it is of this sync, so the hook is not run twice. */
		if (r->live && !r->deleting &&
		    str_eq(r->operation, sync_hook_mark(s->arena, &s->request.operation, r, t->phase))) {
			apply_report(s, t, NULL, r->health_message);
			return false;
		}
		break;
	case SYNC_APPLY: break;
	}
	if (r->live && r->deleting) {
		apply_defer(s, r, "is being deleted, and is created again afterwards");
		return false;
	}
	if (r->live && (t->recreate || (t->replace && dry_run_is_forced(s, r)) ||
			   (t->verb == SYNC_HOOK && (r->hook_delete & BEFORE_HOOK_CREATION) != 0)))
		apply_delete(s, c, r, "Background", apply_read_deletion);
	else if (t->verb == SYNC_APPLY && r->live && r->adopt_patch != NULL && !t->replace)
		c->call = client_call(s->cluster.target, "PATCH",
		    arena_printf(s->arena, "%s?fieldManager=%s", kind_path(s->arena, &r->kind, r->namespace, r->name),
			s->request.manager),
		    PATCH_JSON, r->adopt_patch, apply_read_adoption, c);
	else
		apply_write(s, c, t);
	return true;
}

static bool
apply_is_same_group(const struct sync_task *x, const struct sync_task *y)
{
	return x->verb == y->verb && strcmp(x->resource->kind.kind, y->resource->kind.kind) == 0 &&
	       strcmp(x->resource->kind.group, y->resource->kind.group) == 0;
}

/* Returns the number of the next tasks that are of one kind, which are started together. */
static size_t
apply_group_size(const struct session *s)
{
	const struct sync_step *step = &s->apply.step;
	size_t first = s->apply.group, n = 0;

	while (first + n < step->n && apply_is_same_group(&step->tasks[first], &step->tasks[first + n]))
		n++;
	return n;
}

/* A kind is not applied before one that it may need (a Deployment before its ServiceAccount), also when a request
 * has failed: a deferred task ends the session, and the next session continues with it. The step ends only when all
 * its groups are done. */
enum session_stage
apply_next(struct session *s)
{
	if (s->apply.deferred) {
		s->apply.step.phase = OPERATION_RUNNING;
		s->apply.step.wait_ms = 1000;
		return STAGE_END;
	}
	if (apply_group_size(s) > 0)
		return STAGE_TASKS;
	return s->apply.step.wait_ms > 0 || s->apply.step.phase != OPERATION_RUNNING ? STAGE_CHECKS : STAGE_PLAN;
}

size_t
apply_prepare_tasks(struct session *s)
{
	return apply_group_size(s);
}

enum session_stage
apply_finish(struct session *s)
{
	s->apply.group += s->calls.n;
	return apply_next(s);
}

/* The key as in an inventory, where a colon in a name is written as two underscores. */
static const char *
apply_known_key(struct session *s, const char *group, const char *kind, const char *ns, const char *name)
{
	return manifest_key(s->arena, group ?: "", kind ?: "", ns, str_replace(s->arena, name ?: "", ":", "__"));
}

bool
apply_is_announced(struct session *s)
{
	struct map known = { 0 };
	bool all = true;
	size_t i;

	for (i = 0; i < s->request.message.known.n; i++) {
		const struct worker_object *k = &s->request.message.known.at[i];

		map_set(&known, apply_known_key(s, k->group, k->kind, k->namespace, k->name), s);
	}
	for (i = 0; i < s->desired.resources.n && all; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];

		all = r->manifest == NULL || r->hooks != 0 || r->skip || r->status == SYNC_SYNCED ||
		      map_get(&known, apply_known_key(s, r->kind.group, r->kind.kind, r->namespace, r->name)) != NULL;
	}
	/* If an object is refused, that is reported first, and no object is created. */
	for (i = 0; i < s->desired.resources.n && !all; i++)
		all = s->desired.resources.at[i].error != NULL;
	map_done(&known);
	return all;
}

size_t
apply_prepare_plan(struct session *s)
{
	sync_next(s->arena, &s->request.operation, &s->desired.resources, &s->apply.results, &s->apply.step);
	s->apply.group = 0;
	return 0;
}
