/* gitops/worker/live.c: live objects against those that are wanted. */
#include <string.h>
#include "gitops/engine/adopt_fields.h"
#include "gitops/engine/compare.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/worker/session_parts.h"
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

	if (!str_eq(sync_option(w->arena, &w->operation, r, OPTION_RESPECT_IGNORE_DIFFERENCES), "true"))
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
	if (str_eq(sync_option(w->arena, &w->operation, r, OPTION_RESPECT_ROLLOUTS), "false"))
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
	return held_revision_abort((const struct rollout *)object_decode(&rollout_type, live, w->arena));
}

static void
see_wanted(struct work *w, struct app_resource *r, const json_t *live)
{
	_cleanup_(json_decrefp) json_t *desired = r->text != NULL ? json_loads(r->text, 0, NULL) : NULL;
	const char *owner = NULL;

	r->operation = arena_strdup(w->arena, annotation_of(live, ANNOTATION_OPERATION));
	r->aborted = work_aborted(w, r, live);
	/* Flux's switches count on the live object too. */
	if (w->ks != NULL && flux_is_left_alone(live))
		r->skip = true;
	if (r->hooks != 0 || r->skip)
		return;
	if (mark_of(w->arena, live, &r->kind, &w->mark, &owner) < 0) {
		r->others = str_eq(sync_option(w->arena, &w->operation, r, OPTION_FAIL_ON_SHARED_RESOURCE), "true");
		if (r->others)
			r->error =
			    arena_printf(w->arena, "Shared resource found: %s/%s %s is part of the application %s",
				r->kind.group, r->kind.kind, r->name, owner);
		resources_warn(&w->resources, "SharedResourceWarning",
		    arena_printf(w->arena, "%s/%s %s is part of applications %s and %s", r->kind.group, r->kind.kind,
			r->name, w->mark.application, owner));
	}
	if (w->rollouts.n > 0)
		leave_to_rollouts(w, r, live, desired);
	keep_ignored(w, r, live, desired);
	r->replace = str_eq(sync_option(w->arena, &w->operation, r, OPTION_REPLACE), "true");
	/* What is replaced as a whole is compared as a whole, whoever has applied it. */
	r->former = !r->replace && takeover_is_due(live, &w->former);
	r->written = r->former && w->app != NULL && takeover_is_whole(live, w->manager);
	if (r->former && w->syncing)
		r->takeover = takeover_patch(w->arena, live, &w->former, w->manager);
	if ((w->ks != NULL && str_eq(sync_option(w->arena, &w->operation, r, OPTION_IF_NOT_PRESENT), "true")) ||
	    (!r->replace && !r->written && compare_is_applied(w->arena, desired, live, w->manager)))
		r->status = SYNC_SYNCED;
	else if (r->implicit && w->app != NULL && w->app->spec.sync_policy.managed_namespace == NULL)
		r->status = SYNC_SYNCED; /* that it is there is all that is wanted */
	else
		r->live_text = json_text(w->arena, live);
}

/* What stays when its Application is deleted: definitions, since all objects of their kinds would be deleted with them, what says so itself, and
 * the Application, which an application of applications may hold. A Kustomization takes all that it has applied, as Flux's does. */
static bool
is_kept(struct work *w, const struct work_scope *s, const json_t *live)
{
	const json_t *meta = json_object_get(live, "metadata");
	const struct app_resource as_it_is = { .options = annotation_of(live, ANNOTATION_OPTIONS) };

	return strcmp(s->kind->kind, "CustomResourceDefinition") == 0 ||
	       str_eq(sync_option(w->arena, &w->operation, &as_it_is, OPTION_DELETE), "false") ||
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
	/* A hook of a past sync is not pruned, but is deleted with its Application. */
	if ((!w->deleting && annotation_of(live, ANNOTATION_HOOK) != NULL) ||
	    (w->deleting && w->ks == NULL && is_kept(w, s, live)))
		return NULL;
	/* As Flux's controller has it: one that is not reconciled is not deleted either. */
	if (w->ks != NULL &&
	    (flux_switch_is(live, FLUX "prune", "disabled") || flux_switch_is(live, FLUX "reconcile", "disabled")))
		return NULL;
	/* A project that does not allow it, does not allow to delete it either. */
	if (!w->deleting && !work_is_permitted(w, s->kind, json_str(meta, "namespace"), json_str(meta, "name")))
		return NULL;
	r = resources_add(&w->resources, s->kind, json_str(meta, "namespace"), json_str(meta, "name"));
	r->status = SYNC_OUT_OF_SYNC;
	/* Flux does not know Argo CD's options. */
	r->options = w->ks == NULL ? arena_strdup(w->arena, annotation_of(live, ANNOTATION_OPTIONS)) : NULL;
	r->kept = w->app != NULL && str_eq(sync_option(w->arena, &w->operation, r, OPTION_PRUNE), "false");
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

	if (script == NULL || health_is_pending_deletion(object))
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
work_see_health(struct work *w, struct app_resource *r, const json_t *object)
{
	r->health = work_health(w, &r->kind, object, &r->health_message);
	if (w->ks == NULL)
		return;
	r->current = kstatus_of(w->arena, object, loop_wall(w->api->loop), &r->current_message);
	/* Between its stages Flux waits by the same rules; a Rollout's own health says more. */
	if (strcmp(r->kind.group, "argoproj.io") != 0)
		r->health = r->current == KSTATUS_CURRENT  ? HEALTH_HEALTHY
			    : r->current == KSTATUS_FAILED ? HEALTH_DEGRADED
							   : HEALTH_PROGRESSING;
}

/* Of each it must be known which fields of other objects are its own, or a sync would set them back. */
static void
keep_rollout(struct work *w, const json_t *whole)
{
	if (w->rollouts.n == WORK_ROLLOUTS_MAX) {
		work_fail(w, "ComparisonError",
		    err_new(w->arena, ERR_INVALID,
			"more than %d Rollouts in the application's namespaces: which fields are theirs is not known",
			WORK_ROLLOUTS_MAX));
		return;
	}
	w->rollouts.at =
	    arena_grow(w->arena, w->rollouts.at, w->rollouts.n, &w->rollouts_room, sizeof(*w->rollouts.at));
	w->rollouts.at[w->rollouts.n++] = (const struct rollout *)object_decode(&rollout_type, whole, w->arena);
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
	if (strcmp(s->kind->kind, "Rollout") == 0 && strcmp(s->kind->group, "argoproj.io") == 0)
		keep_rollout(w, whole);
	r = resources_find(&w->resources, s->kind, json_str(meta, "namespace"), name);
	if (r == NULL && (r = see_extra(w, s, live)) == NULL)
		return;
	r->live = true;
	r->deleting = json_str(meta, "deletionTimestamp") != NULL;
	r->uid = arena_strdup(w->arena, json_str(meta, "uid"));
	r->resource_version = arena_strdup(w->arena, json_str(meta, "resourceVersion"));
	work_see_health(w, r, whole);
	if (str_eq(annotation_of(live, "argocd.argoproj.io/ignore-healthcheck"), "true"))
		r->health = HEALTH_NONE;
	if (r->manifest != NULL || r->implicit)
		see_wanted(w, r, whole);
	else if (w->diffing)
		r->live_text = essence_text(w, whole);
}

void
work_see_unreadable(struct work *w, const struct work_scope *s, const json_t *live, const struct unreadable *unreadable)
{
	const char *name = item_name(live), *ns = json_str(json_object_get(live, "metadata"), "namespace");
	struct app_resource *r;

	if (name == NULL || unreadable->partial)
		resources_warn(&w->resources, "UnreadableObject",
		    item_problem(w->arena, s->kind->kind, ns, name, unreadable->why));
	if (name == NULL)
		return;
	if (strcmp(s->kind->kind, "Rollout") == 0 && strcmp(s->kind->group, "argoproj.io") == 0) {
		w->unread = arena_grow(w->arena, w->unread, w->n_unread, &w->unread_room, sizeof(*w->unread));
		w->unread[w->n_unread++] =
		    (struct work_unread){ arena_strdup(w->arena, ns), arena_strdup(w->arena, name) };
	}
	r = resources_find(&w->resources, s->kind, ns, name);
	if (r == NULL && (r = see_extra(w, s, live)) == NULL)
		return;
	r->live = r->unreadable = true;
	r->status = SYNC_OUT_OF_SYNC;
	r->health = HEALTH_UNKNOWN;
	r->health_message = r->error = item_problem(w->arena, s->kind->kind, NULL, name, unreadable->why);
}

void
work_leave_unread(struct work *w, struct app_resource *r)
{
	for (size_t i = 0; i < w->n_unread; i++)
		if (str_eq(w->unread[i].namespace, r->namespace)) {
			r->unreadable = true;
			r->error = arena_printf(w->arena,
			    "%s %s may be in part Rollout %s's, which cannot be read: it is left as it is",
			    r->kind.kind, r->name, w->unread[i].name);
			return;
		}
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

static bool
is_ours(const struct work *w, const char *manager)
{
	for (size_t i = 0; i < w->former.n; i++)
		if (str_eq(manager, w->former.at[i]))
			return true;
	return str_eq(manager, w->manager);
}

/* What others have added to an object that is replaced as a whole is no difference. */
static void
drop_others(const struct work *w, json_t *live, const json_t *then)
{
	const json_t *fields = json_object_get(json_object_get(live, "metadata"), "managedFields"), *entry;
	struct strings others = { .at = arena_new_array(w->arena, const char *, json_array_size(fields) + 1) };
	_cleanup_(json_decrefp) json_t *places = json_array(), *added = json_array();
	json_t *place;
	size_t i;

	json_array_foreach (fields, i, entry)
		if (json_str(entry, "manager") != NULL && !is_ours(w, json_str(entry, "manager")))
			others.at[others.n++] = arena_strdup(w->arena, json_str(entry, "manager"));
	ignored_owned(live, live, &others, places);
	json_array_foreach (places, i, place) {
		_cleanup_(json_decrefp) json_t *there = ignored_place_in(then, live, place);

		if (there == NULL)
			json_array_append(added, place);
	}
	ignored_drop(live, added);
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
	if (r->replace || r->written)
		drop_others(w, live, then);
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
