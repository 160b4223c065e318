/* gitops/worker/dry_run.c: what applying an object would do, as the API server says it. */
#include <string.h>
#include "gitops/worker/session_parts.h"

/* Kinds whose objects hold others: to delete one, so that it can be made anew, would take those too. */
static bool
is_a_container(const struct app_resource *r)
{
	return strcmp(r->kind.kind, "CustomResourceDefinition") == 0 ||
	       (strcmp(r->kind.kind, "Namespace") == 0 && r->kind.group[0] == '\0');
}

bool
work_is_forced(struct work *w, const struct app_resource *r)
{
	return !is_a_container(r) &&
	       (w->operation.force || str_eq(sync_option(w->arena, &w->operation, r, OPTION_FORCE), "true"));
}

static const char *
validation(struct work *w, const struct app_resource *r)
{
	return str_eq(sync_option(w->arena, &w->operation, r, OPTION_VALIDATE), "false") ? "Warn" : "Strict";
}

/* The object as another one of its kind, to find out whether it could be made: without what only one of them can have. */
static const char *
as_another(struct work *w, const struct app_resource *r)
{
	static const char *const allocated[] = { "clusterIP", "clusterIPs", "healthCheckNodePort" };
	_cleanup_(json_decrefp) json_t *object = json_loads(r->text, 0, NULL);
	json_t *meta = json_object_get(object, "metadata"), *spec = json_object_get(object, "spec"), *port;
	size_t i;

	json_object_set_new(meta, "name", json_string(arena_printf(w->arena, "%.50sx", r->name)));
	if (strcmp(r->kind.kind, "Service") == 0) {
		for (i = 0; i < ARRAY_SIZE(allocated); i++)
			json_object_del(spec, allocated[i]);
		json_array_foreach (json_object_get(spec, "ports"), i, port)
			json_object_del(port, "nodePort");
	}
	return json_text(w->arena, object);
}

/* One that could not be made either is not deleted. */
static void
on_another(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct app_resource *r = &w->resources.at[c->number];

	(void)body;
	if (e != NULL && e->class == ERR_AGAIN)
		work_fail(w, "ComparisonError",
		    err_wrap(w->arena, err_copy(w->arena, e), "dry run of %s %s", r->kind.kind, r->name));
	else if (e != NULL && e->class == ERR_INVALID)
		r->error =
		    arena_printf(w->arena, "%s; it is not deleted by Force, because it could not be made anew: %s",
			r->error, err_text(w->arena, err_copy(w->arena, e)));
	else {
		r->error = NULL;
		r->recreate = true;
	}
	work_call_over(c);
}

static void try_to_apply(struct work *, struct work_call *, const struct app_resource *);

static void
on_dry_run(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct app_resource *r = &w->resources.at[c->number];

	/* What a write of the whole may not change (a Job's selector, which Git does not have), applying leaves alone. */
	if (e != NULL && e->class == ERR_INVALID && r->written) {
		r->written = false;
		try_to_apply(w, c, r);
		return;
	}
	if (e != NULL && e->class == ERR_INVALID && r->live && work_is_forced(w, r)) {
		work_predicted(w, r, e, NULL);
		c->call = client_call(w->target, "POST",
		    arena_printf(w->arena, "%s?fieldManager=%s&dryRun=All&fieldValidation=%s",
			kind_path(w->arena, &r->kind, r->namespace, NULL), w->manager, validation(w, r)),
		    "application/json", as_another(w, r), on_another, c);
		return;
	}
	if (e != NULL && e->class == ERR_AGAIN)
		work_fail(w, "ComparisonError",
		    err_wrap(w->arena, err_copy(w->arena, e), "dry run of %s %s", r->kind.kind, r->name));
	else
		work_predicted(w, r, e, body);
	work_call_over(c);
}

/* With Replace=true it is tried as it will be done: applying would merge what is live with what is new, and keep what Git dropped. */
static void
try_to_replace(struct work *w, struct work_call *c, const struct app_resource *r)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(r->text, 0, NULL);

	json_object_set_new(json_object_get(object, "metadata"), "resourceVersion", json_string(r->resource_version));
	c->call = client_call(w->target, "PUT",
	    arena_printf(w->arena, "%s?fieldManager=%s&dryRun=All&fieldValidation=%s",
		kind_path(w->arena, &r->kind, r->namespace, r->name), w->manager, validation(w, r)),
	    "application/json", json_text(w->arena, object), on_dry_run, c);
}

static void
try_to_apply(struct work *w, struct work_call *c, const struct app_resource *r)
{
	c->call = client_call(w->target, "PATCH",
	    arena_printf(w->arena, "%s?force=true&fieldManager=%s&dryRun=All&fieldValidation=%s",
		kind_path(w->arena, &r->kind, r->namespace, r->name), w->manager, validation(w, r)),
	    PATCH_APPLY, r->text, on_dry_run, c);
}

/* What is not there yet is only tried when it is about to be made. */
bool
work_dry_run(struct work *w, size_t i)
{
	struct app_resource *r = &w->resources.at[i];
	struct work_call *c = work_call_of(w, i);

	/* Of a kind that is still to be defined nothing can be tried. */
	if (r->text == NULL || str_empty(r->kind.plural) || r->skip || r->error != NULL || r->hooks != 0 ||
	    r->status == SYNC_SYNCED)
		return false;
	if (!r->live && !w->diffing && (!w->syncing || w->results.n > 0))
		return false;
	if (r->live && (r->replace || r->written))
		try_to_replace(w, c, r);
	else
		try_to_apply(w, c, r);
	return true;
}
