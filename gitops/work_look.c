/* gitops/work_look.c: live objects against those that are wanted. */
#include <string.h>
#include "gitops/compare.h"
#include "gitops/ignored.h"
#include "gitops/takeover.h"
#include "gitops/work_parts.h"
#include "traffic/owns.h"

/* Adds the places of the object that a rule names. `where` is said in errors. */
static void
add_places(struct work *w, const struct ignored_difference *d, const char *where, const json_t *live,
    const json_t *object, json_t *places)
{
	for (size_t i = 0; i < d->json_pointers.n; i++)
		ignored_pointer(object, d->json_pointers.at[i], places);
	for (size_t i = 0; i < d->jq_paths.n; i++) {
		_cleanup_(json_decrefp) json_t *named = NULL;
		struct err *e = script_places(w->scripts, w->arena, d->jq_paths.at[i], object, &named);

		if (e != NULL)
			work_fail(w, "ComparisonError",
			    err_wrap(w->arena, e, "%s.jqPathExpressions[%zu]: %s", where, i, d->jq_paths.at[i]));
		else
			json_array_extend(places, named);
	}
	ignored_owned(object, live, &d->managers, places);
}

/* The places of the object, which is the live one or another state of it, where a difference does not count: a new reference. */
static json_t *
ignored_places(struct work *w, const struct app_resource *r, const json_t *live, const json_t *object)
{
	json_t *places = json_array();

	for (size_t i = 0; w->app != NULL && i < w->app->spec.ignore_differences.n; i++)
		if (ignored_concerns(&w->app->spec.ignore_differences.at[i], &r->kind, r->namespace, r->name))
			add_places(w, &w->app->spec.ignore_differences.at[i],
			    arena_printf(w->arena, "spec.ignoreDifferences[%zu]", i), live, object, places);
	for (size_t i = 0; i < w->settings.ignored.n; i++)
		if (ignored_concerns(&w->settings.ignored.at[i], &r->kind, r->namespace, r->name))
			add_places(w, &w->settings.ignored.at[i],
			    arena_printf(w->arena, "ConfigMap argocd-cm, %s", w->settings.ignored.where[i]), live,
			    object, places);
	return places;
}

void
work_check_rules(struct work *w)
{
	static const struct strings none = { 0 };
	_cleanup_(json_decrefp) json_t *empty = json_object(), *places = json_array();

	for (size_t i = 0; w->app != NULL && i < w->app->spec.ignore_differences.n; i++) {
		struct ignored_difference rule = w->app->spec.ignore_differences.at[i];

		rule.json_pointers = rule.managers = none;
		add_places(w, &rule, arena_printf(w->arena, "spec.ignoreDifferences[%zu]", i), empty, empty, places);
	}
}

/* RespectIgnoreDifferences=true: what does not count is applied as it is live. */
static void
keep_ignored(struct work *w, struct app_resource *r, const json_t *live, json_t *desired)
{
	_cleanup_(json_decrefp) json_t *wanted = NULL, *is = NULL;

	if (!str_eq(sync_option(w->arena, &w->operation, r, "RespectIgnoreDifferences"), "true"))
		return;
	wanted = ignored_places(w, r, live, desired);
	is = ignored_places(w, r, live, live);
	if (json_array_size(wanted) + json_array_size(is) == 0)
		return;
	ignored_keep(desired, wanted, live, is);
	r->text = json_text(w->arena, desired);
}

/* What Git wants of it, with what is a rollout's as it is live: neither a difference, nor set back. */
static void
leave_to_rollouts(struct work *w, struct app_resource *r, const json_t *live, json_t *desired)
{
	if (str_eq(sync_option(w->arena, &w->operation, r, "RespectRollouts"), "false"))
		return;
	for (size_t i = 0; i < w->rollouts.n; i++)
		owns_overlay(w->rollouts.at[i], live, desired);
	r->text = json_text(w->arena, desired);
}

const char *
work_aborted(struct work *w, const struct app_resource *r, const json_t *live)
{
	if (strcmp(r->kind.kind, "Rollout") != 0 || strcmp(r->kind.group, "argoproj.io") != 0 ||
	    !json_is_true(json_at(live, "/status/abort")))
		return NULL;
	return held_why((const struct rollout *)object_decode(&rollout_type, live, w->arena));
}

static void
see_wanted(struct work *w, struct app_resource *r, const json_t *live)
{
	_cleanup_(json_decrefp) json_t *desired = r->text != NULL ? json_loads(r->text, 0, NULL) : NULL;
	const char *owner = NULL;

	r->operation = arena_strdup(w->arena, annotation_of(live, ANNOTATION_OPERATION));
	r->aborted = work_aborted(w, r, live);
	if (r->hooks != 0 || r->skip)
		return;
	if (mark_of(w->arena, live, &r->kind, &w->mark, &owner) < 0) {
		if (str_eq(sync_option(w->arena, &w->operation, r, "FailOnSharedResource"), "true"))
			r->error =
			    arena_printf(w->arena, "Shared resource found: %s/%s %s is part of the application %s",
				r->kind.group, r->kind.kind, r->name, owner);
		if (w->resources.n_warnings < ARRAY_SIZE(w->resources.warnings))
			w->resources.warnings[w->resources.n_warnings++] =
			    arena_printf(w->arena, "SharedResourceWarning: %s/%s %s is part of applications %s and %s",
				r->kind.group, r->kind.kind, r->name, w->mark.application, owner);
	}
	if (w->rollouts.n > 0)
		leave_to_rollouts(w, r, live, desired);
	keep_ignored(w, r, live, desired);
	r->former = takeover_is_due(live, &w->former);
	if (r->former && w->syncing)
		r->takeover = takeover_patch(w->arena, live, &w->former, w->manager);
	if (str_eq(sync_option(w->arena, &w->operation, r, "IfNotPresent"), "true") ||
	    compare_is_applied(w->arena, desired, live, w->manager))
		r->status = SYNC_SYNCED;
	else if (r->implicit && w->app != NULL && w->app->spec.sync_policy.managed_namespace == NULL)
		r->status = SYNC_SYNCED; /* that it is there is all that is wanted */
	else
		r->live_text = json_text(w->arena, live);
}

/* What stays when its application goes: definitions, since all objects of their kinds would go with them, what says so itself, and the
 * application, which an application of applications may hold. */
static bool
is_kept(const struct work *w, const struct work_scope *s, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");

	return strcmp(s->kind->kind, "CustomResourceDefinition") == 0 ||
	       list_has(annotation_of(live, ANNOTATION_OPTIONS), "Delete=false") ||
	       str_eq(annotation_of(live, "helm.sh/resource-policy"), "keep") ||
	       (strcmp(s->kind->kind, "Application") == 0 && str_eq(json_str(meta, "name"), w->name) &&
		   str_eq(json_str(meta, "namespace"), w->own_namespace));
}

static const char *
essence_text(struct work *w, const json_t *object)
{
	_cleanup_(json_decrefp) json_t *essence = compare_essence(object);

	return json_text(w->arena, essence);
}

/* An object that Git does not want (any more), if it is ours: among the resources, or NULL. */
static struct app_resource *
see_extra(struct work *w, const struct work_scope *s, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const char *owner = NULL;
	struct app_resource *r;
	long long wave = 0;

	/* What another object's controller made of it is that one's to keep. */
	if (mark_of(w->arena, live, s->kind, &w->mark, &owner) != 1 ||
	    json_array_size(json_object_get(meta, "ownerReferences")) > 0)
		return NULL;
	/* A hook of a past sync is nobody's wish. */
	if (annotation_of(live, ANNOTATION_HOOK) != NULL || (w->deleting && is_kept(w, s, live)))
		return NULL;
	if (w->ks != NULL && flux_switch_is(live, FLUX "prune", "disabled"))
		return NULL;
	/* A project that does not allow it, does not allow to delete it either. */
	if (!w->deleting && !work_is_permitted(w, s->kind, json_str(meta, "namespace"), json_str(meta, "name")))
		return NULL;
	r = resources_add(&w->resources, s->kind, json_str(meta, "namespace"), json_str(meta, "name"));
	r->status = SYNC_OUT_OF_SYNC;
	r->options = arena_strdup(w->arena, annotation_of(live, ANNOTATION_OPTIONS));
	r->extraneous = list_has(annotation_of(live, ANNOTATION_COMPARE), "IgnoreExtraneous");
	if (str_int(annotation_of(live, ANNOTATION_WAVE) ?: "", -1000000, 1000000, &wave))
		r->wave = (long)wave;
	return r;
}

/* A list does not say of its objects what kind they are. A new reference. */
static json_t *
with_kind(struct arena *a, const struct api_kind *k, const json_t *live)
{
	json_t *whole = json_copy((json_t *)live);

	json_object_set_new(whole, "kind", json_string(k->kind));
	json_object_set_new(whole, "apiVersion",
	    json_string(k->group[0] == '\0' ? k->version : arena_printf(a, "%s/%s", k->group, k->version)));
	return whole;
}

enum health
work_health(struct work *w, const struct api_kind *k, const json_t *object, const char **ret_message)
{
	const char *script = settings_health(&w->settings, k->group, k->kind), *status = NULL;
	enum health is;
	struct err *e;

	if (script == NULL || json_str(json_object_get(object, "metadata"), "deletionTimestamp") != NULL)
		return health_of(w->arena, object, ret_message);
	e = script_health(w->scripts, w->arena, script, object, &status, ret_message);
	is = health_named(status);
	if (e == NULL && (status == NULL || is != HEALTH_NONE))
		return is;
	*ret_message = e != NULL
			   ? arena_printf(w->arena, "the script of its health in argocd-cm: %s", err_text(w->arena, e))
			   : "Lua returned an invalid health status";
	return HEALTH_UNKNOWN;
}

void
work_see(struct work *w, const struct work_scope *s, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const char *name = json_str(meta, "name");
	_cleanup_(json_decrefp) json_t *whole = NULL;
	struct app_resource *r;

	if (name == NULL)
		return;
	whole = with_kind(w->arena, s->kind, live);
	if (strcmp(s->kind->kind, "Rollout") == 0 && strcmp(s->kind->group, "argoproj.io") == 0 &&
	    w->rollouts.n < WORK_ROLLOUTS_MAX)
		w->rollouts.at[w->rollouts.n++] = (const struct rollout *)object_decode(&rollout_type, whole, w->arena);
	r = resources_find(&w->resources, s->kind, json_str(meta, "namespace"), name);
	if (r == NULL && (r = see_extra(w, s, live)) == NULL)
		return;
	r->live = true;
	r->deleting = json_str(meta, "deletionTimestamp") != NULL;
	r->uid = arena_strdup(w->arena, json_str(meta, "uid"));
	r->resource_version = arena_strdup(w->arena, json_str(meta, "resourceVersion"));
	r->health = work_health(w, &r->kind, whole, &r->health_message);
	if (str_eq(annotation_of(live, "argocd.argoproj.io/ignore-healthcheck"), "true"))
		r->health = HEALTH_NONE;
	if (r->manifest != NULL || r->implicit)
		see_wanted(w, r, whole);
	else if (w->diffing)
		r->live_text = essence_text(w, whole);
}

/* What goes once its fields are ours, a dry run does not know yet. */
static void
drop_former(const struct app_resource *r, const json_t *live, json_t *then)
{
	_cleanup_(json_decrefp) json_t *desired = json_loads(r->text, 0, NULL), *gone = takeover_places(live, desired),
				       *of_then = json_array();
	json_t *place;
	size_t i;

	json_array_foreach (gone, i, place) {
		json_t *there = ignored_place_in(then, live, place);

		if (there != NULL)
			json_array_append_new(of_then, there);
	}
	ignored_drop(then, of_then);
}

void
work_predicted(struct work *w, struct app_resource *r, const struct err *e, const json_t *predicted)
{
	_cleanup_(json_decrefp) json_t *live = NULL, *then = NULL, *of_live = NULL, *of_then = NULL;

	r->status = SYNC_OUT_OF_SYNC;
	/* Its namespace is still to be made. */
	if (e != NULL && e->class == ERR_GONE && r->namespace != NULL && !r->live) {
		static const struct api_kind namespaces = { "", "v1", "Namespace", "namespaces", true };

		if (resources_find(&w->resources, &namespaces, NULL, r->namespace) != NULL)
			return;
	}
	if (e != NULL) {
		r->error = r->manifest == NULL ? err_text(w->arena, err_copy(w->arena, e))
					       : arena_printf(w->arena, "%s: %s %s: %s", r->manifest->file,
						     r->kind.kind, r->name, err_text(w->arena, err_copy(w->arena, e)));
		return;
	}
	if (r->live_text == NULL && w->diffing)
		r->wanted_text = essence_text(w, predicted);
	if (r->live_text == NULL)
		return;
	live = json_loads(r->live_text, 0, NULL);
	then = json_deep_copy(predicted);
	if (r->former)
		drop_former(r, live, then);
	of_live = ignored_places(w, r, live, live);
	of_then = ignored_places(w, r, live, then);
	ignored_drop(live, of_live);
	ignored_drop(then, of_then);
	if (compare_is_same(live, then)) {
		r->status = SYNC_SYNCED;
	} else if (w->diffing) {
		r->live_text = essence_text(w, live);
		r->wanted_text = essence_text(w, then);
	}
}
