/* gitops/argocd/application_auto.c: syncs that nobody asks for, and what is held back from them. */
#include <string.h>
#include "base/time.h"
#include "gitops/argocd/application_parts.h"
#include "gitops/held_revision.h"

#define HEAL_FIRST_MS 2000
#define HEAL_FACTOR 3
#define HEAL_MAX_MS 300000

static bool
is_same_member(const json_t *x, const json_t *y, const char *key)
{
	const json_t *v = json_object_get(x, key), *w = json_object_get(y, key);

	return v == NULL || w == NULL ? v == w : json_equal(v, w);
}

/* What the last sync was of: the same commit and the same source as now. */
static bool
is_attempted(const struct deciding *d, const char *revision)
{
	const json_t *result = json_object_get(app_state(d), "syncResult");
	json_t *spec = app_spec_json(d);
	bool same = str_eq(application_revision(d->arena, result), revision) &&
		    is_same_member(result, spec, "source") && is_same_member(result, spec, "sources");

	json_decref(spec);
	return same;
}

/* The last sync was a dry run, or one of some of the objects that a user asked for: the revision is still to be synced. */
static bool
is_partial(const struct deciding *d)
{
	const json_t *asked = json_object_get(app_state(d), "operation"), *sync = json_object_get(asked, "sync");

	return json_is_true(json_object_get(sync, "dryRun")) ||
	       (json_array_size(json_object_get(sync, "resources")) > 0 &&
		   !json_is_true(json_object_get(json_object_get(asked, "initiatedBy"), "automated")));
}

static void
set_held(struct deciding *d, const json_t *to)
{
	json_t *annotations = json_object_get(json_object_get(app_more(d), "metadata"), "annotations");

	json_object_set_new(annotations, ANNOTATION_HELD, held_written(d->arena, to));
}

void
app_release(struct deciding *d)
{
	if (object_annotation(&d->app->object, ANNOTATION_HELD) != NULL)
		set_held(d, NULL);
	app_set_condition(d, "RevisionHeld", NULL);
}

/* A revision that was synced, and whose update a rollout aborted, is not applied to that rollout again, whatever becomes of it: until there is
 * another commit, or somebody asks for a sync. Fills the condition and the annotation; what is held now, or NULL, as a new reference. */
json_t *
app_hold(struct deciding *d, const char *revision, const struct worker_resources *resources, bool answered)
{
	const struct view *v = application_is_local(d->app) ? d->pass->view : NULL;
	json_t *is, *rollouts;
	bool changed = false;
	int64_t applied;

	if (revision == NULL)
		return NULL;
	is = held_read(&d->app->object);
	if (is != NULL && !str_eq(json_str(is, "revision"), revision)) {
		plan_status_event(d->plan, &d->app->object, false, "RevisionReleased",
		    "Revision %s is no longer held: %s is there to be tried", json_str(is, "revision"), revision);
		json_decref(is);
		is = NULL;
		changed = true;
	}
	rollouts = is != NULL ? json_incref(json_object_get(is, "rollouts")) : json_object();
	applied =
	    held_applied(d->plan, d->pass, arena_printf(d->arena, "%s %lld", revision, (long long)app_spec_number(d)),
		answered ? resources : NULL, rollouts);
	if (is_attempted(d, revision))
		changed |= held_add(d->plan, &d->app->object, v, applied, resources, revision, rollouts);
	if (is != NULL && answered)
		changed |= held_drop(d->plan, &d->app->object, resources, revision, rollouts);
	if (is != NULL && json_object_size(rollouts) == 0) {
		json_decref(is);
		is = NULL;
	}
	if (is == NULL && json_object_size(rollouts) > 0)
		is = json_pack("{s:s, s:O}", "revision", revision, "rollouts", rollouts);
	app_set_condition(d, "RevisionHeld", held_text(d->arena, revision, rollouts));
	json_decref(rollouts);
	if (changed)
		set_held(d, is);
	return is;
}

static bool
is_held_back(const struct deciding *d, const json_t *is, const struct worker_resource *r)
{
	return is != NULL && str_eq(r->kind, "Rollout") && str_eq(r->status, "OutOfSync") &&
	       json_object_get(json_object_get(is, "rollouts"), held_key(d->arena, r->namespace, r->name)) != NULL;
}

/* The resources that are not as they should be, for a sync of these alone. */
static json_t *
out_of_sync(const struct deciding *d, const json_t *is, const struct worker_resources *resources)
{
	json_t *list = json_array();

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		json_t *one;

		if (!str_eq(r->status, "OutOfSync") || r->hook || r->kept || is_held_back(d, is, r))
			continue;
		one = json_pack("{s:s, s:s}", "kind", r->kind, "name", r->name);
		json_put(one, "group", r->group);
		json_put(one, "namespace", r->namespace);
		json_array_append_new(list, one);
	}
	return list;
}

bool
app_may_sync(struct deciding *d, bool manual)
{
	const char *why = NULL;
	int64_t until;

	if (d->project == NULL || project_permits_sync(d->arena, d->project, d->app, d->now, manual, &why, &until)) {
		app_set_condition(d, "SyncError", NULL);
		return true;
	}
	app_set_condition(d, "SyncError", why);
	plan_reason(d->plan, "%s", why);
	if (until > 0) {
		plan_wake(d->plan, until);
		plan_note(d->plan, "again", until);
	}
	return false;
}

/* A sync without being asked, if the policy and what was tried before allow it. */
void
app_consider_sync(struct deciding *d, const struct worker_response *response, const struct sum *sum, const json_t *is)
{
	const struct automated_sync *auto_ = d->app->spec.sync_policy.automated;
	const char *revision = response->revision, *last = json_str(app_state(d), "phase");
	const json_t *last_sync = json_object_get(json_object_get(app_state(d), "operation"), "sync");
	json_int_t attempts = 0;
	json_t *operation, *selected = NULL;

	if (auto_ == NULL || (auto_->enabled.set && !auto_->enabled.is) || d->operation != NULL || app_is_deleting(d))
		return;
	if (sum->out_of_sync == 0) {
		app_set_condition(d, "SyncError", NULL);
		return;
	}
	if (sum->out_of_sync == sum->kept || (!auto_->prune && sum->out_of_sync == sum->to_prune))
		return;
	if (auto_->prune && !auto_->allow_empty && sum->wanted == 0) {
		app_set_condition(d, "SyncError",
		    arena_printf(
			d->arena, "Skipping sync attempt to %s: auto-sync will wipe out all resources", revision));
		return;
	}
	if (is_attempted(d, revision) && is_partial(d)) {
		if (is != NULL)
			selected = out_of_sync(d, is, &response->resources);
	} else if (is_attempted(d, revision)) {
		int64_t wait = HEAL_FIRST_MS, since = app_time_of(app_state(d), "finishedAt");

		if (!str_eq(last, "Succeeded")) {
			app_set_condition(d, "SyncError",
			    arena_printf(d->arena, "Failed last sync attempt to %s: %s", revision,
				json_str(app_state(d), "message") ?: ""));
			return;
		}
		if (!auto_->self_heal)
			return;
		attempts = json_int(last_sync, "autoHealAttemptsCount", 0);
		for (json_int_t i = 0; i < attempts && wait < HEAL_MAX_MS; i++)
			wait *= HEAL_FACTOR;
		wait = wait < HEAL_MAX_MS ? wait : HEAL_MAX_MS;
		/* The last healing held for long: this is another drift. */
		if (d->now - since > 2 * HEAL_MAX_MS)
			attempts = 0;
		else if (d->now - since < wait) {
			plan_wake(d->plan, since + wait);
			plan_note(d->plan, "again", since + wait);
			return;
		}
		attempts++;
		selected = out_of_sync(d, is, &response->resources);
	}
	if (selected != NULL && json_array_size(selected) == 0) {
		json_decref(selected);
		return;
	}
	if (!app_may_sync(d, false)) {
		json_decref(selected);
		return;
	}
	operation = json_pack("{s:{s:b}, s:{s:b}}", "sync", "prune", auto_->prune, "initiatedBy", "automated", 1);
	application_set_revision(json_object_get(operation, "sync"), revision);
	if (selected != NULL) {
		json_object_set_new(json_object_get(operation, "sync"), "resources", selected);
		if (attempts > 0)
			json_object_set_new(
			    json_object_get(operation, "sync"), "autoHealAttemptsCount", json_integer(attempts));
	}
	plan_reason(d->plan, "syncing to %s: %zu of %zu objects are out of sync", revision, sum->out_of_sync, sum->n);
	app_begin(d, operation);
}
