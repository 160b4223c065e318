/* gitops/worker/dry_run.c: server-side dry run: requests the result of applying an object from the API server. */
#include "gitops/worker/dry_run.h"
#include <string.h>
#include "gitops/worker/session_state.h"

/* Returns whether objects of the kind contain other objects, which would be deleted with them. */
static bool
dry_run_is_container(const struct app_resource *r)
{
	return strcmp(r->kind.kind, "CustomResourceDefinition") == 0 ||
	       (strcmp(r->kind.kind, "Namespace") == 0 && r->kind.group[0] == '\0');
}

bool
dry_run_is_forced(struct session *s, const struct app_resource *r)
{
	return !dry_run_is_container(r) &&
	       (s->request.operation.force ||
		   str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_FORCE), "true"));
}

static const char *
dry_run_validation(struct session *s, const struct app_resource *r)
{
	return str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_VALIDATE), "false") ? "Warn" : "Strict";
}

/* The object under another name, without fields that only one object can have: its dry run shows whether the object
 * could be created. */
static const char *
dry_run_renamed(struct session *s, const struct app_resource *r)
{
	static const char *const allocated[] = { "clusterIP", "clusterIPs", "healthCheckNodePort" };
	_cleanup_(json_decrefp) json_t *object = json_loads(r->text, 0, NULL);
	json_t *meta = json_object_get(object, "metadata"), *spec = json_object_get(object, "spec"), *port;
	size_t i;

	json_object_set_new(meta, "name", json_string(arena_printf(s->arena, "%.50sx", r->name)));
	if (strcmp(r->kind.kind, "Service") == 0) {
		for (i = 0; i < ARRAY_SIZE(allocated); i++)
			json_object_del(spec, allocated[i]);
		json_array_foreach (json_object_get(spec, "ports"), i, port)
			json_object_del(port, "nodePort");
	}
	return json_text(s->arena, object);
}

/* Force deletes an object only if it can be created again. Otherwise the object would be lost. */
static void
dry_run_read_renamed(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct app_resource *r = &s->desired.resources.at[c->number];

	(void)body;
	if (e != NULL && e->class == ERR_AGAIN)
		session_fail(s, "ComparisonError",
		    err_wrap(s->arena, err_copy(s->arena, e), "dry run of %s %s", r->kind.kind, r->name));
	else if (e != NULL && e->class == ERR_INVALID)
		r->error =
		    arena_printf(s->arena, "%s; it is not deleted by Force, because it could not be made anew: %s",
			r->error, err_text(s->arena, err_copy(s->arena, e)));
	else {
		r->error = NULL;
		r->recreate = true;
	}
	session_call_end(c);
}

static void dry_run_apply(struct session *, struct session_call *, const struct app_resource *);

static void
dry_run_read(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct app_resource *r = &s->desired.resources.at[c->number];

	/* A PUT of the whole object may change an immutable field that is not in Git (a Job's selector). An apply
	 * does not change it. */
	if (e != NULL && e->class == ERR_INVALID && r->applied_whole) {
		r->applied_whole = false;
		dry_run_apply(s, c, r);
		return;
	}
	if (e != NULL && e->class == ERR_INVALID && r->live && dry_run_is_forced(s, r)) {
		live_read_dry_run(s, r, e, NULL);
		c->call = client_call(s->cluster.target, "POST",
		    arena_printf(s->arena, "%s?fieldManager=%s&dryRun=All&fieldValidation=%s",
			kind_path(s->arena, &r->kind, r->namespace, NULL), s->request.manager,
			dry_run_validation(s, r)),
		    "application/json", dry_run_renamed(s, r), dry_run_read_renamed, c);
		return;
	}
	if (e != NULL && e->class == ERR_AGAIN)
		session_fail(s, "ComparisonError",
		    err_wrap(s->arena, err_copy(s->arena, e), "dry run of %s %s", r->kind.kind, r->name));
	else
		live_read_dry_run(s, r, e, body);
	session_call_end(c);
}

/* With Replace=true the dry run is a PUT, as the write will be: applying would keep fields that Git has dropped. */
static void
dry_run_replace(struct session *s, struct session_call *c, const struct app_resource *r)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(r->text, 0, NULL);

	json_object_set_new(json_object_get(object, "metadata"), "resourceVersion", json_string(r->resource_version));
	c->call = client_call(s->cluster.target, "PUT",
	    arena_printf(s->arena, "%s?fieldManager=%s&dryRun=All&fieldValidation=%s",
		kind_path(s->arena, &r->kind, r->namespace, r->name), s->request.manager, dry_run_validation(s, r)),
	    "application/json", json_text(s->arena, object), dry_run_read, c);
}

static void
dry_run_apply(struct session *s, struct session_call *c, const struct app_resource *r)
{
	c->call = client_call(s->cluster.target, "PATCH",
	    arena_printf(s->arena, "%s?force=true&fieldManager=%s&dryRun=All&fieldValidation=%s",
		kind_path(s->arena, &r->kind, r->namespace, r->name), s->request.manager, dry_run_validation(s, r)),
	    PATCH_APPLY, r->text, dry_run_read, c);
}

/* An object that does not exist gets a dry run only at the first step of a sync, or for a diff. */
bool
dry_run_start(struct session *s, size_t i)
{
	struct app_resource *r = &s->desired.resources.at[i];
	struct session_call *c = session_slot(s, i);

	/* A kind without a plural is not defined yet. */
	if (r->text == NULL || str_empty(r->kind.plural) || r->skip || r->error != NULL || r->hooks != 0 ||
	    r->status == SYNC_SYNCED)
		return false;
	if (!r->live && !s->request.message.diff && (!s->request.syncing || s->apply.results.n > 0))
		return false;
	if (r->live && (r->replace || r->applied_whole))
		dry_run_replace(s, c, r);
	else
		dry_run_apply(s, c, r);
	return true;
}

size_t
dry_run_prepare(struct session *s)
{
	return s->desired.resources.n;
}

enum session_stage
dry_run_finish(struct session *s)
{
	if (s->request.ks != NULL && !apply_is_announced(s)) {
		s->apply.step = (struct sync_step){ .phase = OPERATION_RUNNING,
			.message = "adding the objects to the inventory before they are applied" };
		return STAGE_END;
	}
	if (s->request.release != NULL)
		return STAGE_RELEASE;
	return s->request.syncing ? STAGE_PLAN : STAGE_END;
}
