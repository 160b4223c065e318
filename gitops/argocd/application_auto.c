/* gitops/argocd/application_auto.c: automated sync and self-heal of an Application: when a sync begins that no user
 * requested, and which revision is held. */
#include "gitops/argocd/application_auto.h"
#include "gitops/argocd/sync_window.h"
#include <string.h>
#include "gitops/argocd/application_sync.h"

#define HEAL_FIRST_MS 2000
#define HEAL_FACTOR 3
#define HEAL_MAX_MS 300000

static bool
app_auto_is_same(const char *x, const char *y)
{
	_cleanup_(json_decrefp) json_t *v = x != NULL ? json_loads(x, JSON_DECODE_ANY, NULL) : NULL,
				       *w = y != NULL ? json_loads(y, JSON_DECODE_ANY, NULL) : NULL;

	return v == NULL || w == NULL ? v == w : json_equal(v, w);
}

/* Returns whether the last sync was of this revision and of the current source. */
static bool
app_auto_is_attempted(const struct app_pass *p, const char *revision)
{
	const struct app_sync_result none = { 0 }, *result = p->status.operation_state.result ?: &none;

	return str_eq(app_pass_synced_revision(p), revision) && app_auto_is_same(result->source, p->w.source) &&
	       app_auto_is_same(result->sources, p->w.sources);
}

/* Returns whether the last sync was a dry run, or limited to some objects by a user: the revision is not synced yet. */
static bool
app_auto_is_partial(const struct app_pass *p)
{
	return p->synced.sync.dry_run || (p->synced.sync.resources.n > 0 && !p->synced.initiated_by.automated);
}

static void
app_auto_set_held(struct app_pass *p, const struct held_revision *to)
{
	app_pass_set_annotation(p, ANNOTATION_HELD, held_revision_annotation(p->arena, to));
}

void
app_auto_release(struct app_pass *p)
{
	if (object_annotation(&p->w.app->object, ANNOTATION_HELD) != NULL)
		app_auto_set_held(p, &(struct held_revision){ 0 });
	app_pass_set_condition(p, "RevisionHeld", NULL);
}

struct held_revision
app_auto_hold(struct app_pass *p, const char *revision, const struct worker_resources *resources, bool compared)
{
	const struct application *app = p->w.app;
	struct held_revision held = { 0 };
	struct held_input in = { .object = &app->object,
		.view = application_is_local(app) ? p->w.pass->view : NULL,
		.now = p->w.now,
		.revision = revision,
		.spec = p->w.spec_number,
		.resources = resources,
		.compared = compared };

	if (revision == NULL)
		return held;
	held = held_revision_read(p->arena, &app->object);
	in.attempted = app_auto_is_attempted(p, revision);
	if (held_revision_update(&held, &in, &p->memory.held, p->plan))
		app_auto_set_held(p, &held);
	app_pass_set_condition(p, "RevisionHeld", held_revision_text(p->arena, &held));
	return held;
}

static bool
app_auto_is_held(const struct app_pass *p, const struct held_revision *held, const struct worker_resource *r)
{
	return str_eq(r->kind, "Rollout") && r->status == SYNC_OUT_OF_SYNC &&
	       held_revision_reason(p->arena, held, r->namespace, r->name) != NULL;
}

/* Returns the objects that are OutOfSync, for a sync of only these. */
static struct worker_objects
app_auto_out_of_sync(struct app_pass *p, const struct held_revision *held, const struct worker_resources *resources)
{
	struct worker_objects list = { .at = arena_new_array(p->arena, struct worker_object, resources->n) };

	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];

		if (r->status == SYNC_OUT_OF_SYNC && !r->hook && !r->kept && !app_auto_is_held(p, held, r))
			list.at[list.n++] = (struct worker_object){
				.group = r->group, .kind = r->kind, .namespace = r->namespace, .name = r->name
			};
	}
	return list;
}

bool
app_auto_may_sync(struct app_pass *p, bool manual)
{
	const struct app_project *project = p->w.project;
	const char *why = NULL;
	int64_t until;

	if (project == NULL || sync_windows_permit(p->arena, project, p->w.app, p->w.now, manual, &why, &until)) {
		app_pass_set_condition(p, "SyncError", NULL);
		return true;
	}
	app_pass_set_condition(p, "SyncError", why);
	plan_reason(p->plan, "%s", why);
	if (until > 0) {
		plan_wake(p->plan, until);
		p->memory.refresh_at = until;
	}
	return false;
}

/* The wait between two syncs that undo drift grows with each one, so that two controllers that disagree about a
 * field do not write it endlessly. Returns whether such a sync may begin now, and its number in *ret_attempts. The
 * count restarts if the last sync was long ago. */
static bool
app_auto_may_heal(struct app_pass *p, int64_t *ret_attempts)
{
	int64_t wait = HEAL_FIRST_MS, since = p->status.operation_state.finished_at,
		attempts = p->synced.sync.heal_attempts;

	for (int64_t i = 0; i < attempts && wait < HEAL_MAX_MS; i++)
		wait *= HEAL_FACTOR;
	wait = wait < HEAL_MAX_MS ? wait : HEAL_MAX_MS;
	if (p->w.now - since > 2 * HEAL_MAX_MS)
		attempts = 0;
	else if (p->w.now - since < wait) {
		plan_wake(p->plan, since + wait);
		p->memory.refresh_at = since + wait;
		return false;
	}
	*ret_attempts = attempts + 1;
	return true;
}

void
app_auto_consider(struct app_pass *p, const struct worker_response *response, const struct app_summed *sum,
    const struct held_revision *held)
{
	const struct automated_sync *policy = p->w.app->spec.sync_policy.automated;
	const char *revision = response->revision;
	struct app_operation operation = { .initiated_by.automated = true };
	bool limited = false;
	json_t *j;

	if (policy == NULL || (policy->enabled.present && !policy->enabled.value) || p->w.operation != NULL ||
	    app_pass_is_deleting(p))
		return;
	if (sum->out_of_sync == 0) {
		app_pass_set_condition(p, "SyncError", NULL);
		return;
	}
	if (sum->out_of_sync == sum->kept || (!policy->prune && sum->out_of_sync == sum->to_prune))
		return;
	if (policy->prune && !policy->allow_empty && sum->desired == 0) {
		app_pass_set_condition(p, "SyncError",
		    arena_printf(
			p->arena, "Skipping sync attempt to %s: auto-sync will wipe out all resources", revision));
		return;
	}
	if (app_auto_is_attempted(p, revision) && app_auto_is_partial(p)) {
		limited = held->revision != NULL;
	} else if (app_auto_is_attempted(p, revision)) {
		if (p->status.operation_state.phase != OPERATION_SUCCEEDED) {
			app_pass_set_condition(p, "SyncError",
			    arena_printf(p->arena, "Failed last sync attempt to %s: %s", revision,
				p->status.operation_state.message ?: ""));
			return;
		}
		if (!policy->self_heal || !app_auto_may_heal(p, &operation.sync.heal_attempts))
			return;
		limited = true;
	}
	if (limited)
		operation.sync.resources = app_auto_out_of_sync(p, held, &response->resources);
	if (limited && operation.sync.resources.n == 0)
		return;
	if (!app_auto_may_sync(p, false))
		return;
	operation.sync.prune = policy->prune;
	app_revision_set(p->arena, revision, &operation.sync.revision, &operation.sync.revisions);
	plan_reason(p->plan, "syncing to %s: %zu of %zu objects are out of sync", revision, sum->out_of_sync, sum->n);
	j = encode(&app_operation_type, &operation);
	app_sync_begin(p, &operation, json_text(p->arena, j));
	json_decref(j);
}
