/* gitops/worker/apply.c: the tasks of a sync as requests. */
#include <string.h>
#include "base/map.h"
#include "gitops/worker/session_parts.h"

static void next_group(struct work *);

/* Tells of the task, with what the API server answered. */
static void
tell(struct work *w, const struct sync_task *t, const struct err *e, const char *well)
{
	const char *text = e != NULL ? err_text(w->arena, err_copy(w->arena, e)) : well;

	if (e != NULL && t->resource->manifest != NULL)
		text = arena_printf(w->arena, "%s: %s %s: %s", t->resource->manifest->file, t->resource->kind.kind,
		    t->resource->name, text);
	else if (e != NULL && t->verb == SYNC_PRUNE)
		text = arena_printf(w->arena, "%s/%s%s%s delete failed: %s", t->resource->kind.kind,
		    t->resource->namespace != NULL ? t->resource->namespace : "",
		    t->resource->namespace != NULL ? "/" : "", t->resource->name, text);
	switch (t->verb) {
	case SYNC_APPLY:
		sync_told(&w->results, t, e != NULL ? "SyncFailed" : "Synced", e != NULL ? "Failed" : "Running", text);
		break;
	case SYNC_PRUNE:
		sync_told(&w->results, t, e != NULL ? "SyncFailed" : "Pruned", e != NULL ? "Failed" : "Running", text);
		break;
	case SYNC_HOOK: sync_told(&w->results, t, NULL, e != NULL ? "Failed" : "Running", text); break;
	case SYNC_DELETE_HOOK: break;
	}
}

/* What the API server answered is what is live now. */
static void
is_now(struct work *w, struct app_resource *r, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");

	r->live = true;
	r->deleting = false;
	r->status = SYNC_SYNCED;
	r->uid = arena_strdup(w->arena, json_str(meta, "uid"));
	r->resource_version = arena_strdup(w->arena, json_str(meta, "resourceVersion"));
	r->operation = arena_strdup(w->arena, json_str(json_object_get(meta, "annotations"), ANNOTATION_OPERATION));
	work_see_health(w, r, object);
	r->aborted = work_aborted(w, r, object);
	r->former = false;
	r->takeover = NULL;
}

/* One that may be tried again by the next step: the server could not be reached, or the object has moved on since it was looked at. */
static bool
is_to_be_tried_again(const struct err *e)
{
	return e != NULL && (e->class == ERR_AGAIN || e->class == ERR_CONFLICT);
}

/* The next step does it, and what comes after it. */
static void
defer(struct work *w, const struct app_resource *r, const char *why)
{
	w->deferred = true;
	w->step.message = arena_printf(w->arena, "%s %s: %s", r->kind.kind, r->name, why);
}

static void
on_task(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct sync_task *t = &w->step.tasks[w->group + c->number];
	struct app_resource *r = t->resource;

	if (is_to_be_tried_again(e)) {
		defer(w, r, arena_printf(w->arena, "%s; trying again", err_text(w->arena, err_copy(w->arena, e))));
	} else if (t->verb == SYNC_APPLY || t->verb == SYNC_HOOK) {
		if (e == NULL && body != NULL) {
			const char *well = r->live ? "configured" : "created";

			is_now(w, r, body);
			tell(w, t, NULL,
			    t->verb == SYNC_HOOK && r->health_message[0] != '\0'
				? r->health_message
				: arena_printf(w->arena, "%s/%s %s", r->kind.plural, r->name, well));
		} else {
			tell(w, t, e, "");
		}
	} else if (t->verb == SYNC_PRUNE) {
		tell(w, t, e != NULL && e->class == ERR_GONE ? NULL : e, "pruned");
	}
	work_call_over(c);
}

/* It was deleted to be made anew, which the next step does. */
static void
on_deleted_before(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;

	(void)body;
	if (e != NULL && e->class != ERR_GONE && !is_to_be_tried_again(e))
		tell(w, &w->step.tasks[w->group + c->number], e, "");
	w->deferred = true;
	work_call_over(c);
}

static void delete (
    struct work *w, struct work_call *c, const struct app_resource *r, const char *propagation, client_done *done)
{
	c->call =
	    client_call(w->target, "DELETE", kind_path(w->arena, &r->kind, r->namespace, r->name), "application/json",
		arena_printf(w->arena,
		    "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"%s\",\"preconditions\":{"
		    "\"uid\":\"%s\"}}",
		    propagation, r->uid),
		done, c);
}

/* The object with what tells a write from a stale one, or a hook from another sync's. */
static const char *
body_of(struct work *w, const struct sync_task *t)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(t->resource->text, 0, NULL);
	json_t *meta = json_object_get(object, "metadata");

	if (t->verb == SYNC_HOOK) {
		if (!json_is_object(json_object_get(meta, "annotations")))
			json_object_set_new(meta, "annotations", json_object());
		json_object_set_new(json_object_get(meta, "annotations"), ANNOTATION_OPERATION,
		    json_string(sync_hook_mark(w->arena, &w->operation, t->resource, t->phase)));
	} else if (t->resource->live) {
		json_object_set_new(meta, "resourceVersion", json_string(t->resource->resource_version));
	}
	return json_text(w->arena, object);
}

static void
apply(struct work *w, struct work_call *c, const struct sync_task *t)
{
	const struct app_resource *r = t->resource;
	const char *validate =
	    str_eq(sync_option(w->arena, &w->operation, r, OPTION_VALIDATE), "false") ? "Warn" : "Strict";
	const char *path = kind_path(w->arena, &r->kind, r->namespace, r->name);

	if (t->replace && r->live)
		c->call = client_call(w->target, "PUT",
		    arena_printf(w->arena, "%s?fieldManager=%s&fieldValidation=%s", path, w->manager, validate),
		    "application/json", body_of(w, t), on_task, c);
	else if (t->replace || (t->verb == SYNC_HOOK && !r->live))
		c->call = client_call(w->target, "POST",
		    arena_printf(w->arena, "%s?fieldManager=%s&fieldValidation=%s",
			kind_path(w->arena, &r->kind, r->namespace, NULL), w->manager, validate),
		    "application/json", body_of(w, t), on_task, c);
	else
		c->call = client_call(w->target, "PATCH",
		    arena_printf(
			w->arena, "%s?force=true&fieldManager=%s&fieldValidation=%s", path, w->manager, validate),
		    PATCH_APPLY, body_of(w, t), on_task, c);
}

/* What was applied from the client side is ours now, and can be applied. */
static void
on_taken_over(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	const struct sync_task *t = &w->step.tasks[w->group + c->number];

	if (e != NULL) {
		on_task(arg, e, NULL);
		return;
	}
	t->resource->resource_version =
	    arena_strdup(w->arena, json_str(json_object_get(body, "metadata"), "resourceVersion"));
	apply(w, c, t);
}

static bool
start_task(struct work *w, size_t i)
{
	struct sync_task *t = &w->step.tasks[w->group + i];
	struct work_call *c = work_call_of(w, i);
	struct app_resource *r = t->resource;

	if (str_empty(r->kind.plural)) {
		w->deferred = true; /* its definition has just been applied */
		return false;
	}
	switch (t->verb) {
	case SYNC_DELETE_HOOK: delete (w, c, r, "Background", on_task); return true;
	case SYNC_PRUNE:
		if (r->deleting) {
			tell(w, t, NULL, "is being deleted");
			return false;
		}
		delete (w, c, r, t->propagation, on_task);
		return true;
	case SYNC_HOOK:
		/* A process that died before it could say so has made it. */
		if (r->live && !r->deleting &&
		    str_eq(r->operation, sync_hook_mark(w->arena, &w->operation, r, t->phase))) {
			tell(w, t, NULL, r->health_message);
			return false;
		}
		break;
	case SYNC_APPLY: break;
	}
	if (r->live && r->deleting) {
		defer(w, r, "is being deleted, and is made anew then");
		return false;
	}
	if (r->live && (t->recreate || (t->replace && work_is_forced(w, r)) ||
			   (t->verb == SYNC_HOOK && (r->hook_delete & BEFORE_HOOK_CREATION) != 0)))
		delete (w, c, r, "Background", on_deleted_before);
	else if (t->verb == SYNC_APPLY && r->live && r->takeover != NULL && !t->replace)
		c->call = client_call(w->target, "PATCH",
		    arena_printf(w->arena, "%s?fieldManager=%s", kind_path(w->arena, &r->kind, r->namespace, r->name),
			w->manager),
		    PATCH_JSON, r->takeover, on_taken_over, c);
	else
		apply(w, c, t);
	return true;
}

static bool
is_of_same_group(const struct sync_task *x, const struct sync_task *y)
{
	return x->verb == y->verb && strcmp(x->resource->kind.kind, y->resource->kind.kind) == 0 &&
	       strcmp(x->resource->kind.group, y->resource->kind.group) == 0;
}

static void
after_group(struct work *w)
{
	w->group += w->n_calls;
	next_group(w);
}

static void
next_group(struct work *w)
{
	size_t n = 0;

	while (w->group + n < w->step.n && is_of_same_group(&w->step.tasks[w->group], &w->step.tasks[w->group + n]))
		n++;
	/* A kind is not applied before one that it may need (a Deployment before its ServiceAccount), also when a request has failed. */
	if (n > 0 && !w->deferred) {
		work_run(w, n, start_task, after_group);
	} else if (w->deferred) {
		w->step.phase = "Running";
		w->step.wait_ms = 1000;
		work_end(w);
	} else if (w->step.wait_ms > 0 || strcmp(w->step.phase, "Running") != 0) {
		work_check_health(w);
	} else {
		work_sync(w);
	}
}

/* As an inventory has it: there a colon in a name is two underscores. */
static const char *
known_key(struct work *w, const char *group, const char *kind, const char *ns, const char *name)
{
	return manifest_key(w->arena, group ?: "", kind ?: "", ns, str_replace(w->arena, name ?: "", ":", "__"));
}

bool
work_is_announced(struct work *w)
{
	struct map known = { 0 };
	bool all = true;
	size_t i;

	for (i = 0; i < w->request.known.n; i++) {
		const struct worker_object *k = &w->request.known.at[i];

		map_set(&known, known_key(w, k->group, k->kind, k->namespace, k->name), w);
	}
	for (i = 0; i < w->resources.n && all; i++) {
		const struct app_resource *r = &w->resources.at[i];

		all = r->manifest == NULL || r->hooks != 0 || r->skip || r->status == SYNC_SYNCED ||
		      map_get(&known, known_key(w, r->kind.group, r->kind.kind, r->namespace, r->name)) != NULL;
	}
	/* What is refused is told first, and nothing is made. */
	for (i = 0; i < w->resources.n && !all; i++)
		all = w->resources.at[i].error != NULL;
	map_done(&known);
	return all;
}

void
work_sync(struct work *w)
{
	sync_next(w->arena, &w->operation, &w->resources, &w->results, &w->step);
	w->group = 0;
	next_group(w);
}
