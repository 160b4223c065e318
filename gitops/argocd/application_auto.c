/* gitops/argocd/application_auto.c: syncs that nobody asks for, and what is held back from them. */
#include <string.h>
#include "base/time.h"
#include "gitops/argocd/application_parts.h"

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
auto_set_held(struct deciding *d, const struct held_revision *to)
{
	json_t *annotations = json_object_get(json_object_get(app_more(d), "metadata"), "annotations");

	json_object_set_new(annotations, ANNOTATION_HELD, held_revision_annotation(d->arena, to));
}

void
app_release(struct deciding *d)
{
	if (object_annotation(&d->app->object, ANNOTATION_HELD) != NULL)
		auto_set_held(d, &(struct held_revision){ 0 });
	app_set_condition(d, "RevisionHeld", NULL);
}

struct held_revision
app_hold(struct deciding *d, const char *revision, const struct worker_resources *resources, bool compared)
{
	struct held_revision held = { 0 };
	struct held_input in = { .object = &d->app->object,
		.view = application_is_local(d->app) ? d->pass->view : NULL,
		.now = d->now,
		.revision = revision,
		.resources = resources,
		.compared = compared };

	if (revision == NULL)
		return held;
	held = held_revision_read(d->arena, &d->app->object);
	in.spec = app_spec_number(d);
	in.attempted = is_attempted(d, revision);
	if (held_revision_update(&held, &in, &d->memory.held, d->plan))
		auto_set_held(d, &held);
	app_set_condition(d, "RevisionHeld", held_revision_text(d->arena, &held));
	return held;
}

static bool
auto_is_held_back(const struct deciding *d, const struct held_revision *held, const struct worker_resource *r)
{
	return str_eq(r->kind, "Rollout") && str_eq(r->status, "OutOfSync") &&
	       held_revision_reason(d->arena, held, r->namespace, r->name) != NULL;
}

/* The resources that are not as they should be, for a sync of these alone. */
static json_t *
out_of_sync(const struct deciding *d, const struct held_revision *held, const struct worker_resources *resources)
{
	json_t *list = json_array();

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		json_t *one;

		if (!str_eq(r->status, "OutOfSync") || r->hook || r->kept || auto_is_held_back(d, held, r))
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
		d->memory.refresh_at = until;
	}
	return false;
}

/* A sync without being asked, if the policy and what was tried before allow it. */
void
app_consider_sync(
    struct deciding *d, const struct worker_response *response, const struct sum *sum, const struct held_revision *held)
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
		if (held->revision != NULL)
			selected = out_of_sync(d, held, &response->resources);
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
			d->memory.refresh_at = since + wait;
			return;
		}
		attempts++;
		selected = out_of_sync(d, held, &response->resources);
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
