/* gitops/worker/live.c: diff of live and desired objects in a session: reads each live object, and decides whether
 * it needs a dry run. The rules are in engine/compare.c. */
#include "gitops/worker/live.h"
#include <string.h>
#include "gitops/engine/adopt_fields.h"
#include "gitops/engine/compare.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/held_revision.h"
#include "gitops/worker/session_state.h"
#include "traffic/owns.h"

#define LIVE_ROLLOUTS_MAX 20000 /* in the namespaces of an Application */

/* Adds the paths of the object that a rule names. `where` is the rule, for errors. */
static void
live_add_paths(struct session *s, const struct ignored_difference *d, const char *where, const json_t *live,
    const json_t *object, json_t *paths)
{
	for (size_t i = 0; i < d->json_pointers.n; i++)
		ignore_differences_add_pointer(object, d->json_pointers.at[i], paths);
	for (size_t i = 0; i < d->jq_paths.n; i++) {
		_cleanup_(json_decrefp) json_t *named = NULL;
		struct err *e = script_paths(s->scripts, s->arena, d->jq_paths.at[i], object, &named);

		if (e != NULL)
			session_fail(s, "ComparisonError",
			    err_wrap(s->arena, e, "%s.jqPathExpressions[%zu]: %s", where, i, d->jq_paths.at[i]));
		else
			json_array_extend(paths, named);
	}
	ignore_differences_add_owned(object, live, &d->managers, paths);
}

/* Returns the paths of `object` (the live one, or another state of it) where differences are ignored; a new
 * reference. */
static json_t *
live_ignored(struct session *s, const struct app_resource *r, const json_t *live, const json_t *object)
{
	json_t *paths = json_array();

	for (size_t i = 0; s->request.app != NULL && i < s->request.app->spec.ignore_differences.n; i++)
		if (ignore_differences_concerns(
			&s->request.app->spec.ignore_differences.at[i], &r->kind, r->namespace, r->name))
			live_add_paths(s, &s->request.app->spec.ignore_differences.at[i],
			    arena_printf(s->arena, "spec.ignoreDifferences[%zu]", i), live, object, paths);
	for (size_t i = 0; i < s->settings.ignored.n; i++)
		if (ignore_differences_concerns(&s->settings.ignored.at[i], &r->kind, r->namespace, r->name))
			live_add_paths(s, &s->settings.ignored.at[i],
			    arena_printf(s->arena, "ConfigMap argocd-cm, %s", s->settings.ignored.where[i]), live,
			    object, paths);
	if (s->request.release != NULL)
		release_add_ignored(s, r, object, paths);
	return paths;
}

void
live_check_rules(struct session *s)
{
	static const struct strings none = { 0 };
	_cleanup_(json_decrefp) json_t *empty = json_object(), *paths = json_array();

	for (size_t i = 0; s->request.app != NULL && i < s->request.app->spec.ignore_differences.n; i++) {
		struct ignored_difference rule = s->request.app->spec.ignore_differences.at[i];

		rule.json_pointers = rule.managers = none;
		live_add_paths(s, &rule, arena_printf(s->arena, "spec.ignoreDifferences[%zu]", i), empty, empty, paths);
	}
}

/* RespectIgnoreDifferences=true: ignored fields are applied with their live values. */
static void
live_keep_ignored(struct session *s, struct app_resource *r, const json_t *live, json_t *desired)
{
	_cleanup_(json_decrefp) json_t *wanted = NULL, *is = NULL;

	if (!str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_RESPECT_IGNORE_DIFFERENCES), "true"))
		return;
	wanted = live_ignored(s, r, live, desired);
	is = live_ignored(s, r, live, live);
	if (json_array_size(wanted) + json_array_size(is) == 0)
		return;
	ignore_differences_keep(desired, wanted, live, is);
	r->text = json_text(s->arena, desired);
}

/* Sets fields that Rollouts own (weights, selectors) to their live values: they are not a difference, and a sync
 * does not revert them, which would move traffic in the middle of a canary. */
static void
live_overlay_rollouts(struct session *s, struct app_resource *r, const json_t *live, json_t *desired)
{
	if (str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_RESPECT_ROLLOUTS), "false"))
		return;
	for (size_t i = 0; i < s->live.rollouts.n; i++)
		owns_overlay(s->live.rollouts.at[i], live, desired);
	r->text = json_text(s->arena, desired);
}

const char *
live_aborted(struct session *s, const struct app_resource *r, const json_t *live)
{
	if (strcmp(r->kind.kind, "Rollout") != 0 || strcmp(r->kind.group, "argoproj.io") != 0 ||
	    !json_is_true(json_at(live, "/status/abort")))
		return NULL;
	return held_revision_abort((const struct rollout *)object_decode(&rollout_type, live, s->arena));
}

static void
live_compare(struct session *s, struct app_resource *r, const json_t *live)
{
	_cleanup_(json_decrefp) json_t *desired = r->text != NULL ? json_loads(r->text, 0, NULL) : NULL;
	const char *owner = NULL;

	r->operation = arena_strdup(s->arena, resource_annotation(live, ANNOTATION_OPERATION));
	r->aborted = live_aborted(s, r, live);
	/* Flux also reads its annotations on the live object. */
	if (s->request.ks != NULL && resource_flux_ignores(live))
		r->skip = true;
	if (r->hooks != 0 || r->skip)
		return;
	if (tracking_owner(s->arena, live, &r->kind, &s->request.mark, &owner) < 0) {
		r->shared =
		    str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_FAIL_ON_SHARED_RESOURCE), "true");
		if (r->shared)
			r->error =
			    arena_printf(s->arena, "Shared resource found: %s/%s %s is part of the application %s",
				r->kind.group, r->kind.kind, r->name, owner);
		resources_warn(&s->desired.resources, "SharedResourceWarning",
		    arena_printf(s->arena, "%s/%s %s is part of applications %s and %s", r->kind.group, r->kind.kind,
			r->name, s->request.mark.application, owner));
	}
	if (s->live.rollouts.n > 0)
		live_overlay_rollouts(s, r, live, desired);
	live_keep_ignored(s, r, live, desired);
	r->replace = str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_REPLACE), "true");
	/* An object with Replace=true is compared as a whole, so the managers of its fields do not matter. */
	r->client_applied = !r->replace && adopt_fields_is_due(live, &s->request.former);
	r->applied_whole =
	    r->client_applied && s->request.app != NULL && adopt_fields_is_whole(live, s->request.manager);
	if (r->client_applied && s->request.syncing)
		r->adopt_patch = adopt_fields_patch(s->arena, live, &s->request.former, s->request.manager);
	if ((s->request.ks != NULL &&
		str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_IF_NOT_PRESENT), "true")) ||
	    (!r->replace && !r->applied_whole && compare_is_applied(s->arena, desired, live, s->request.manager))) {
		r->status = SYNC_SYNCED;
	} else if (r->implicit && s->request.app != NULL &&
		   s->request.app->spec.sync_policy.managed_namespace == NULL) {
		/* The namespace need only exist, so no permission to create it is needed. */
		r->status = SYNC_SYNCED;
		r->error = NULL;
	} else {
		r->live_text = json_text(s->arena, live);
	}
}

/* Returns true for objects that stay when their Application is deleted: CustomResourceDefinitions, because all
 * objects of their kinds would be deleted with them; objects with Delete=false; and the Application itself, which
 * may be one of its own objects. A Kustomization deletes all objects that it has applied, as in Flux. */
static bool
live_is_kept(struct session *s, const struct list_scope *scope, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const struct app_resource as_it_is = { .options = resource_annotation(live, ANNOTATION_OPTIONS) };

	return strcmp(scope->kind->kind, "CustomResourceDefinition") == 0 ||
	       str_eq(sync_option(s->arena, &s->request.operation, &as_it_is, OPTION_DELETE), "false") ||
	       str_eq(resource_annotation(live, "helm.sh/resource-policy"), "keep") ||
	       (strcmp(scope->kind->kind, "Application") == 0 && str_eq(json_str(meta, "name"), s->request.name) &&
		   str_eq(json_str(meta, "namespace"), s->request.own_namespace));
}

static const char *
live_essence(struct session *s, const json_t *object)
{
	_cleanup_(json_decrefp) json_t *essence = compare_essence(object);

	return json_text(s->arena, essence);
}

/* Adds a live object that is not desired, if it belongs to the Application or Kustomization. Returns NULL if it does
 * not, or must not be pruned. */
static struct app_resource *
live_add_extra(struct session *s, const struct list_scope *scope, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const char *owner = NULL;
	struct app_resource *r;
	long long wave = 0;

	/* Garbage collection deletes an object that has an owner. */
	if (tracking_owner(s->arena, live, scope->kind, &s->request.mark, &owner) != 1 ||
	    json_array_size(json_object_get(meta, "ownerReferences")) > 0)
		return NULL;
	/* A hook of a past sync is not pruned, but is deleted with its Application. */
	if ((!s->request.message.deleting && resource_annotation(live, ANNOTATION_HOOK) != NULL) ||
	    (s->request.message.deleting && s->request.ks == NULL && live_is_kept(s, scope, live)))
		return NULL;
	/* As in Flux, an object with prune or reconcile disabled is not deleted. */
	if (s->request.ks != NULL && (resource_flux_switch_is(live, FLUX "prune", "disabled") ||
					 resource_flux_switch_is(live, FLUX "reconcile", "disabled")))
		return NULL;
	/* An object that the project does not allow is not deleted either. */
	if (!s->request.message.deleting &&
	    !desired_is_permitted(s, scope->kind, json_str(meta, "namespace"), json_str(meta, "name")))
		return NULL;
	r = resources_add(&s->desired.resources, scope->kind, json_str(meta, "namespace"), json_str(meta, "name"));
	r->status = SYNC_OUT_OF_SYNC;
	/* A Kustomization ignores Argo CD's sync options. */
	r->options =
	    s->request.ks == NULL ? arena_strdup(s->arena, resource_annotation(live, ANNOTATION_OPTIONS)) : NULL;
	r->kept =
	    s->request.app != NULL && str_eq(sync_option(s->arena, &s->request.operation, r, OPTION_PRUNE), "false");
	r->extraneous = resource_list_has(resource_annotation(live, ANNOTATION_COMPARE), "IgnoreExtraneous");
	if (str_int(resource_annotation(live, ANNOTATION_WAVE) ?: "", -1000000, 1000000, &wave))
		r->wave = (long)wave;
	return r;
}

/* Returns the object with its kind, which the items of a list lack; a new reference. */
static json_t *
live_with_kind(struct arena *a, const struct api_kind *k, const json_t *live)
{
	json_t *whole = json_copy((json_t *)live);

	json_object_set_new(whole, "kind", json_string(k->kind));
	json_object_set_new(whole, "apiVersion",
	    json_string(k->group[0] == '\0' ? k->version : arena_printf(a, "%s/%s", k->group, k->version)));
	return whole;
}

enum health
live_health(struct session *s, const struct api_kind *k, const json_t *object, const char **ret_message)
{
	const char *script = customizations_health(&s->settings, k->group, k->kind), *status = NULL;
	enum health is;
	struct err *e;

	if (script == NULL || health_is_pending_deletion(object))
		return health_of(s->arena, object, ret_message);
	e = script_health(s->scripts, s->arena, script, object, &status, ret_message);
	is = health_named(status);
	if (e == NULL && (status == NULL || is != HEALTH_NONE))
		return is;
	*ret_message = e != NULL
			   ? arena_printf(s->arena, "the script of its health in argocd-cm: %s", err_text(s->arena, e))
			   : "Lua returned an invalid health status";
	return HEALTH_UNKNOWN;
}

void
live_read_health(struct session *s, struct app_resource *r, const json_t *object)
{
	r->health = live_health(s, &r->kind, object, &r->health_message);
	if (s->request.ks == NULL)
		return;
	r->current = kstatus_of(s->arena, object, loop_wall(s->cluster.api->loop), &r->current_message);
	/* As in Flux, a Kustomization waits by kstatus between its stages too. For Rollouts, health.h is more
	 * precise. */
	if (strcmp(r->kind.group, "argoproj.io") != 0)
		r->health = r->current == KSTATUS_CURRENT  ? HEALTH_HEALTHY
			    : r->current == KSTATUS_FAILED ? HEALTH_DEGRADED
							   : HEALTH_PROGRESSING;
}

/* Keeps the Rollout, to know which fields of other objects it owns. A sync would revert these fields if one Rollout
 * were missing, so too many are an error. */
static void
live_keep_rollout(struct session *s, const json_t *whole)
{
	if (s->live.rollouts.n == LIVE_ROLLOUTS_MAX) {
		session_fail(s, "ComparisonError",
		    err_new(s->arena, ERR_INVALID,
			"more than %d Rollouts in the application's namespaces: which fields are theirs is not known",
			LIVE_ROLLOUTS_MAX));
		return;
	}
	s->live.rollouts.at = arena_grow(s->arena, s->live.rollouts.at, s->live.rollouts.n, &s->live.rollouts_capacity,
	    sizeof(*s->live.rollouts.at));
	s->live.rollouts.at[s->live.rollouts.n++] =
	    (const struct rollout *)object_decode(&rollout_type, whole, s->arena);
}

void
live_read(struct session *s, const struct list_scope *scope, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const char *name = json_str(meta, "name");
	_cleanup_(json_decrefp) json_t *whole = NULL;
	struct app_resource *r;

	if (name == NULL)
		return;
	whole = live_with_kind(s->arena, scope->kind, live);
	if (strcmp(scope->kind->kind, "Rollout") == 0 && strcmp(scope->kind->group, "argoproj.io") == 0)
		live_keep_rollout(s, whole);
	r = resources_find(&s->desired.resources, scope->kind, json_str(meta, "namespace"), name);
	/* The list in the version that Git has for this object is another one. */
	if (r != NULL && strcmp(r->kind.version, scope->kind->version) != 0)
		return;
	if (r == NULL && (r = live_add_extra(s, scope, live)) == NULL)
		return;
	r->live = true;
	r->deleting = json_str(meta, "deletionTimestamp") != NULL;
	r->uid = arena_strdup(s->arena, json_str(meta, "uid"));
	r->resource_version = arena_strdup(s->arena, json_str(meta, "resourceVersion"));
	live_read_health(s, r, whole);
	if (str_eq(resource_annotation(live, "argocd.argoproj.io/ignore-healthcheck"), "true"))
		r->health = HEALTH_NONE;
	if (r->manifest != NULL || r->implicit)
		live_compare(s, r, whole);
	else if (s->request.message.diff)
		r->live_text = live_essence(s, whole);
}

void
live_read_unreadable(
    struct session *s, const struct list_scope *scope, const json_t *live, const struct unreadable *unreadable)
{
	const char *name = item_name(live), *ns = json_str(json_object_get(live, "metadata"), "namespace");
	struct app_resource *r;

	if (name == NULL || unreadable->partial)
		resources_warn(&s->desired.resources, "UnreadableObject",
		    item_problem(s->arena, scope->kind->kind, ns, name, unreadable->why));
	if (name == NULL)
		return;
	if (strcmp(scope->kind->kind, "Rollout") == 0 && strcmp(scope->kind->group, "argoproj.io") == 0) {
		s->live.unreadable = arena_grow(s->arena, s->live.unreadable, s->live.n_unreadable,
		    &s->live.unreadable_capacity, sizeof(*s->live.unreadable));
		s->live.unreadable[s->live.n_unreadable++] =
		    (struct unreadable_rollout){ arena_strdup(s->arena, ns), arena_strdup(s->arena, name) };
	}
	r = resources_find(&s->desired.resources, scope->kind, ns, name);
	if (r == NULL && (r = live_add_extra(s, scope, live)) == NULL)
		return;
	r->live = r->unreadable = true;
	r->status = SYNC_OUT_OF_SYNC;
	r->health = HEALTH_UNKNOWN;
	r->health_message = r->error = item_problem(s->arena, scope->kind->kind, NULL, name, unreadable->why);
}

void
live_skip_unreadable(struct session *s, struct app_resource *r)
{
	for (size_t i = 0; i < s->live.n_unreadable; i++)
		if (str_eq(s->live.unreadable[i].namespace, r->namespace)) {
			r->unreadable = true;
			r->error = arena_printf(s->arena,
			    "%s %s may be in part Rollout %s's, which cannot be read: it is left as it is",
			    r->kind.kind, r->name, s->live.unreadable[i].name);
			return;
		}
}

/* Drops fields that will disappear when the fields of client-side apply are adopted. The dry run still has them. */
static void
live_drop_former(const struct app_resource *r, const json_t *live, json_t *then)
{
	_cleanup_(json_decrefp) json_t *desired = json_loads(r->text, 0, NULL),
				       *gone = adopt_fields_paths(live, desired), *of_then = json_array();
	json_t *path;
	size_t i;

	json_array_foreach (gone, i, path) {
		json_t *there = ignore_differences_path_in(then, live, path);

		if (there != NULL)
			json_array_append_new(of_then, there);
	}
	ignore_differences_drop(then, of_then);
}

static bool
live_is_own_manager(const struct session *s, const char *manager)
{
	for (size_t i = 0; i < s->request.former.n; i++)
		if (str_eq(manager, s->request.former.at[i]))
			return true;
	return str_eq(manager, s->request.manager);
}

/* Drops fields that other managers have added to an object that is replaced as a whole: they are not a difference. */
static void
live_drop_others(const struct session *s, json_t *live, const json_t *then)
{
	const json_t *fields = json_object_get(json_object_get(live, "metadata"), "managedFields"), *entry;
	struct strings others = { .at = arena_new_array(s->arena, const char *, json_array_size(fields) + 1) };
	_cleanup_(json_decrefp) json_t *paths = json_array(), *added = json_array();
	json_t *path;
	size_t i;

	json_array_foreach (fields, i, entry)
		if (json_str(entry, "manager") != NULL && !live_is_own_manager(s, json_str(entry, "manager")))
			others.at[others.n++] = arena_strdup(s->arena, json_str(entry, "manager"));
	ignore_differences_add_owned(live, live, &others, paths);
	json_array_foreach (paths, i, path) {
		_cleanup_(json_decrefp) json_t *there = ignore_differences_path_in(then, live, path);

		if (there == NULL)
			json_array_append(added, path);
	}
	ignore_differences_drop(live, added);
}

void
live_read_dry_run(struct session *s, struct app_resource *r, const struct err *e, const json_t *predicted)
{
	_cleanup_(json_decrefp) json_t *live = NULL, *then = NULL, *of_live = NULL, *of_then = NULL;

	r->status = SYNC_OUT_OF_SYNC;
	/* Its namespace is not created yet. */
	if (e != NULL && e->class == ERR_GONE && r->namespace != NULL && !r->live) {
		static const struct api_kind namespaces = { "", "v1", "Namespace", "namespaces", true };

		if (resources_find(&s->desired.resources, &namespaces, NULL, r->namespace) != NULL)
			return;
	}
	if (e != NULL) {
		r->error = r->manifest == NULL ? err_text(s->arena, err_copy(s->arena, e))
					       : arena_printf(s->arena, "%s: %s %s: %s", r->manifest->file,
						     r->kind.kind, r->name, err_text(s->arena, err_copy(s->arena, e)));
		return;
	}
	if (r->live_text == NULL && s->request.message.diff)
		r->wanted_text = live_essence(s, predicted);
	if (r->live_text == NULL)
		return;
	live = json_loads(r->live_text, 0, NULL);
	then = json_deep_copy(predicted);
	if (r->client_applied)
		live_drop_former(r, live, then);
	if (r->replace || r->applied_whole)
		live_drop_others(s, live, then);
	of_live = live_ignored(s, r, live, live);
	of_then = live_ignored(s, r, live, then);
	ignore_differences_drop(live, of_live);
	ignore_differences_drop(then, of_then);
	if (compare_is_same(live, then)) {
		r->status = SYNC_SYNCED;
	} else if (s->request.message.diff) {
		r->live_text = live_essence(s, live);
		r->wanted_text = live_essence(s, then);
	}
}
