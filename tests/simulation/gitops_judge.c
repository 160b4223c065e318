/* tests/simulation/gitops_judge.c: every write against the commit, the wish, and the order of phases and waves. */
#include "tests/simulation/gitops_judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

#define RACE_MS 1500 /* time that a wish may take to reach a piece of work */
#define SWITCHES "kustomize.toolkit.fluxcd.io~1"

#define FAIL(j, ...)                                                                                                   \
	do {                                                                                                           \
		if ((j)->why[0] == '\0')                                                                               \
			snprintf((j)->why, sizeof((j)->why), __VA_ARGS__);                                             \
	} while (0)

static const char *
object_name(const struct gitops_judge *j, size_t key)
{
	return arena_printf(
	    j->arena, "%s %s/%s", model_kind_of(key)->kind, model_place_of(j->model, key), model_name_of(key));
}

static const char *
annotation(const json_t *object, const char *key)
{
	return json_str(json_at(object, "/metadata/annotations"), key);
}

static bool
is_deleting(const json_t *object)
{
	return json_at(object, "/metadata/deletionTimestamp") != NULL;
}

static bool
is_hook(const json_t *live)
{
	return annotation(live, "argocd.argoproj.io/hook") != NULL;
}

static bool
has_condition(const json_t *live, const char *type)
{
	return str_eq(json_str(status_condition(json_object_get(live, "status"), type), "status"), "True");
}

/* It says that it is of the Application or Kustomization "web". */
static bool
is_ours(const struct gitops_judge *j, size_t key, const json_t *live)
{
	if (j->model->flux)
		return str_eq(json_string_value(json_at(live, "/metadata/labels/" SWITCHES "name")), "web");
	return str_eq(annotation(live, "argocd.argoproj.io/tracking-id"),
	    arena_printf(j->arena, "web:%s/%s:%s/%s", model_kind_of(key)->group, model_kind_of(key)->kind,
		model_place_of(j->model, key), model_name_of(key)));
}

const json_t *
gitops_judge_live(const struct gitops_judge *j, size_t key)
{
	const struct model_kind *k = model_kind_of(key);

	return store_get(j->cluster->store, k->stored_as != NULL ? k->stored_as : k->plural,
	    model_place_of(j->model, key), model_name_of(key));
}

bool
gitops_judge_is_ours(const struct gitops_judge *j, size_t key)
{
	const json_t *live = gitops_judge_live(j, key);

	return live != NULL && is_ours(j, key, live);
}

static const json_t *
syncing_object(const struct gitops_judge *j, const char *name)
{
	return j->model->flux ? store_get(j->cluster->store, "kustomizations", "shop", name)
			      : store_get(j->cluster->store, "applications", "argocd", name);
}

static const json_t *
ready_condition(const json_t *kustomization)
{
	return status_condition(json_object_get(kustomization, "status"), "Ready");
}

void
gitops_judge_begun(void *arg, const json_t *request)
{
	struct gitops_judge *j = arg;
	const char *name = json_string_value(json_at(
		       request, j->model->flux ? "/kustomization/metadata/name" : "/application/metadata/name")),
		   *revision = json_str(request, "revision");
	struct judged_work *w = &j->works[str_eq(name, "base")];
	const json_t *base;

	if (name == NULL)
		return;
	json_decref(w->object);
	*w = (struct judged_work){ .any = true,
		.object = json_incref((json_t *)syncing_object(j, name)),
		.wish = j->wish,
		.before = j->changed_at > cluster_wall(j->cluster) - RACE_MS ? j->before : j->wish,
		.deleting = json_is_true(json_object_get(request, "deleting")),
		.commit = COMMITS_MAX };
	for (size_t i = 0; revision != NULL && i < j->memory->n; i++)
		if (strcmp(revision, memory_id(i)) == 0)
			w->commit = i;
	base = j->model->flux ? syncing_object(j, "base") : NULL;
	w->dependency_ready = str_eq(json_str(ready_condition(base), "status"), "True") && revision != NULL &&
			      str_ends(json_string_value(json_at(base, "/status/lastAppliedRevision")) ?: "", revision);
}

void
gitops_judge_wish(struct gitops_judge *j, const struct wish *to)
{
	j->before = j->wish;
	j->changed_at = cluster_wall(j->cluster);
	if (j->wish.recurse != to->recurse)
		j->source_changed_at = j->changed_at;
	j->wish = *to;
}

static size_t
commit_of(const struct gitops_judge *j, const struct judged_work *w)
{
	return w->commit == COMMITS_MAX ? j->memory->opened : w->commit;
}

/* Returns the running sync of the Application's status; NULL for a Kustomization. */
static const json_t *
sync_of(const struct judged_work *w)
{
	return json_at(w->object, "/status/operationState/operation/sync");
}

static int64_t
time_at(const json_t *object, const char *pointer)
{
	const char *text = json_string_value(json_at(object, pointer));
	int64_t at = 0;

	return text != NULL && time_parse(text, &at) ? at : 0;
}

static int64_t
started_at(const struct judged_work *w)
{
	return time_at(w->object, "/status/operationState/startedAt");
}

static bool
is_selected(const struct gitops_judge *j, const struct judged_work *w, size_t key)
{
	const json_t *list = json_object_get(sync_of(w), "resources"), *r;
	size_t i;

	json_array_foreach (list, i, r)
		if (str_eq(json_str(r, "kind"), model_kind_of(key)->kind) &&
		    str_eq(json_str(r, "name"), model_name_of(key)) &&
		    (json_str(r, "namespace") == NULL ||
			str_eq(json_str(r, "namespace"), model_place_of(j->model, key))))
			return true;
	return json_array_size(list) == 0;
}

static bool
has_hooks(const struct judged_work *w)
{
	const json_t *strategy = json_object_get(sync_of(w), "syncStrategy");

	return json_array_size(json_object_get(sync_of(w), "resources")) == 0 &&
	       (json_object_get(strategy, "apply") == NULL || json_object_get(strategy, "hook") != NULL);
}

static bool
is_forced(const struct judged_work *w, const struct wish *wish, const struct item *item)
{
	const json_t *strategy = json_object_get(sync_of(w), "syncStrategy");

	return wish->force || (wish->options & WISH_FORCE) != 0 || (item->says & SAYS_FORCE) != 0 ||
	       json_is_true(json_at(strategy, "/apply/force")) || json_is_true(json_at(strategy, "/hook/force"));
}

static bool
is_readable(const struct revision *r)
{
	return !r->broken && !r->no_path;
}

static const char *
substituted(const struct gitops_judge *j, const struct wish *wish)
{
	return j->model->flux && wish->substitute ? arena_printf(j->arena, "v%u", wish->v) : NULL;
}

/* data.ignored of the live object does not count: by managers only what the stranger has set. */
static bool
is_ignored(const struct wish *wish, const json_t *live)
{
	const json_t *entry;
	size_t i;

	if (wish->ignore != IGNORE_MANAGER)
		return wish->ignore != IGNORE_NOTHING;
	json_array_foreach (json_at(live, "/metadata/managedFields"), i, entry)
		if (str_eq(json_str(entry, "manager"), STRANGER) &&
		    json_at(entry, "/fieldsV1/f:data/f:ignored") != NULL)
			return true;
	return false;
}

static const char *
item_differs(
    const struct gitops_judge *j, const struct wish *wish, size_t key, const struct item *item, const json_t *live)
{
	return model_differs(j->arena, j->model, key, item, live, substituted(j, wish), wish->ignore != IGNORE_NOTHING);
}

/* The hook has run well since the sync began; or it is there still, and its policies do not have it made anew. */
static bool
has_run(const struct gitops_judge *j, size_t key, const struct item *item, int64_t start)
{
	return j->runs[key].succeeded_at >= start ||
	       (item->hook_delete != 0 && (item->hook_delete & DELETE_BEFORE) == 0 &&
		   has_condition(gitops_judge_live(j, key), "Complete"));
}

/* Returns a step that must come before this write and is missing; NULL: none is missing. `last`: after everything of
 * the phase Sync. */
static const char *
not_done(const struct gitops_judge *j, const struct judged_work *w, const struct wish *wish, const struct revision *r,
    size_t key, const struct item *item, bool last)
{
	int64_t start = started_at(w);
	bool pre = item != NULL && (item->hooks & HOOK_PRE) != 0;

	for (size_t y = 0; y < KEYS; y++) {
		const struct item *other = &r->items[y];
		const json_t *live = gitops_judge_live(j, y);
		bool before = last || (item != NULL && other->wave < item->wave),
		     kind_before = item != NULL && !pre && item->hooks == 0 && other->wave == item->wave &&
				   model_kind_of(y) < model_kind_of(key);

		if (y == key || !model_wants(j->model, r, y, wish->recurse) || !is_selected(j, w, y) ||
		    j->touched[y] >= start || j->contested[y])
			continue;
		if (other->hooks != 0) {
			bool due = (other->hooks & HOOK_PRE) != 0    ? !pre || before
				   : (other->hooks & HOOK_SYNC) != 0 ? before && !pre
								     : false;

			/* Which of its phases one of several has run for, it does not say. */
			due &= (other->hooks & (other->hooks - 1)) == 0;
			if (due && has_hooks(w) && !has_run(j, y, other, start))
				return arena_printf(j->arena, "hook %s has not succeeded", object_name(j, y));
			continue;
		}
		if (pre || (!before && !kind_before))
			continue;
		if (item_differs(j, wish, y, other, live) != NULL)
			return arena_printf(j->arena, "%s, which comes before it: %s", object_name(j, y),
			    item_differs(j, wish, y, other, live));
		/* With ApplyOutOfSyncOnly what has not changed is not waited for. */
		if (before && strcmp(model_kind_of(y)->kind, "Job") == 0 && !has_condition(live, "Complete") &&
		    (wish->options & WISH_OUT_OF_SYNC_ONLY) == 0)
			return arena_printf(j->arena, "%s, which comes before it, has not ended", object_name(j, y));
	}
	return NULL;
}

static struct judged_work *
work_of(struct gitops_judge *j, const json_t *object)
{
	return &j->works[str_eq(json_string_value(json_at(object, "/metadata/labels/" SWITCHES "name")), "base")];
}

/* Why this may not be written so; NULL: it may. */
static const char *
forbids_write(struct gitops_judge *j, const struct judged_work *w, const struct wish *wish, size_t key,
    const json_t *old, const json_t *object)
{
	size_t commit = commit_of(j, w);
	const struct revision *r = &j->revisions[commit];
	const struct item *item = &r->items[key];
	const char *why;

	if (w->deleting)
		return "it is to be deleted";
	if (j->model->flux && wish->suspend)
		return "the Kustomization is suspended";
	if (j->model->flux && wish->depends && !w->dependency_ready)
		return "the Kustomization that it depends on is not ready";
	if (!is_readable(r))
		return arena_printf(j->arena, "commit %zu cannot be read", commit + 1);
	if (!model_wants(j->model, r, key, wish->recurse))
		return arena_printf(j->arena, "commit %zu does not have it", commit + 1);
	if ((item->says & SAYS_PAUSED) != 0 || (j->model->flux && old != NULL && (model_says(old) & SAYS_PAUSED) != 0))
		return "it is not to be reconciled";
	if ((item->says & SAYS_ONCE) != 0 && old != NULL)
		return "it is to be made once, and not changed";
	if (!is_selected(j, w, key))
		return "the sync does not select it";
	if (json_is_true(json_object_get(sync_of(w), "dryRun")))
		return "the sync is a dry run";
	if (j->contested[key] && (wish->options & WISH_FAIL_ON_SHARED) != 0)
		return "another Application has it";
	/* The remains of another form in an existing hook do not count. */
	if ((old == NULL || item->hooks == 0) && (why = item_differs(j, wish, key, item, object)) != NULL)
		return arena_printf(j->arena, "not as commit %zu has it: %s", commit + 1, why);
	if (!j->model->flux && is_ignored(wish, old) && (wish->options & WISH_RESPECT) != 0 && item->hooks == 0 &&
	    old != NULL && !is_deleting(old) && !is_forced(w, wish, item) && json_at(old, "/data/ignored") != NULL &&
	    !json_equal(json_at(old, "/data/ignored"), json_at(object, "/data/ignored")))
		return "data.ignored is not respected";
	if (j->model->flux || (item->hooks & HOOK_FAIL) != 0)
		return NULL;
	if (item->hooks != 0 && !has_hooks(w))
		return "the sync has no hooks";
	/* Of which phase one of several is, its object does not say. */
	if ((item->hooks & (item->hooks - 1)) != 0)
		return NULL;
	return not_done(j, w, wish, r, key, item, item->hooks == HOOK_POST);
}

/* "NS_NAME_GROUP_KIND" is in the inventory. */
static bool
is_in_inventory(const struct gitops_judge *j, const char *ns, const char *name, const char *group, const char *kind)
{
	const char *id = arena_printf(j->arena, "%s_%s_%s_%s", ns, name, group, kind);
	const json_t *entry;
	size_t i;

	json_array_foreach (json_at(syncing_object(j, "web"), "/status/inventory/entries"), i, entry)
		if (str_eq(json_str(entry, "id"), id))
			return true;
	return false;
}

static void
count_run(struct gitops_judge *j, size_t key, const json_t *object, const struct item *item)
{
	const char *id = annotation(object, "sluice.argoproj.io/sync-operation");
	unsigned phases = 0;

	if (id == NULL) {
		FAIL(j, "hook %s does not say which sync made it", object_name(j, key));
		return;
	}
	if (strcmp(id, j->runs[key].id) != 0)
		j->runs[key].made = 0;
	snprintf(j->runs[key].id, sizeof(j->runs[key].id), "%s", id);
	j->runs[key].made_at = cluster_wall(j->cluster);
	j->runs[key].succeeded_at = 0;
	for (unsigned bits = item->hooks; bits != 0; bits &= bits - 1)
		phases++;
	if (++j->runs[key].made > phases && j->touched[key] < started_at(&j->works[0]))
		FAIL(j, "hook %s runs %u times in one sync", object_name(j, key), j->runs[key].made);
}

static void
on_written(struct gitops_judge *j, size_t key, const json_t *old, const json_t *object)
{
	const struct judged_work *w = work_of(j, object);
	const struct item *item = &j->revisions[commit_of(j, w)].items[key];
	const char *why, *why_before;

	if (!w->any) {
		FAIL(j, "%s is written though nothing was requested", object_name(j, key));
		return;
	}
	if ((why = forbids_write(j, w, &w->wish, key, old, object)) != NULL &&
	    (why_before = forbids_write(j, w, &w->before, key, old, object)) != NULL)
		FAIL(j, "%s is %s: %s", object_name(j, key), old == NULL ? "made" : "changed", why);
	if (j->model->flux && old == NULL &&
	    !is_in_inventory(j, model_place_of(j->model, key), model_name_of(key), model_kind_of(key)->group,
		model_kind_of(key)->kind))
		FAIL(j, "%s is made before the inventory names it", object_name(j, key));
	if (item->hooks != 0 && old == NULL)
		count_run(j, key, object, item);
	/* One that is there still, and that no policy deletes before, has run. */
	if (item->hooks != 0 && old != NULL && has_condition(old, "Complete"))
		j->runs[key].succeeded_at = cluster_wall(j->cluster);
}

static const char *
forbids_delete_flux(
    const struct gitops_judge *j, const struct judged_work *w, const struct wish *wish, size_t key, const json_t *old)
{
	const struct revision *r = &j->revisions[commit_of(j, w)];
	unsigned says = model_says(old);

	if (wish->suspend)
		return "the Kustomization is suspended";
	if (!w->deleting && is_readable(r) && model_wants(j->model, r, key, wish->recurse))
		return is_forced(w, wish, &r->items[key]) && item_differs(j, wish, key, &r->items[key], old) != NULL
			   ? NULL
			   : "the commit has it";
	if (!w->deleting && !is_readable(r))
		return "the commit cannot be read";
	if (!is_ours(j, key, old))
		return "it belongs to something else";
	if ((says & SAYS_KEEP) != 0)
		return "it says that it is not to be pruned";
	if ((says & SAYS_PAUSED) != 0)
		return "it says that it is not to be reconciled";
	if (w->deleting)
		return wish->prune && !wish->orphan ? NULL : "it is not to be deleted with its Kustomization";
	return wish->prune ? NULL : "prune is off";
}

static bool
is_approved(const struct gitops_judge *j, int64_t since)
{
	return j->approved_at >= since;
}

/* A hook, by its policies: those of the commit or of the object itself. */
static const char *
forbids_delete_hook(const struct item *item, const json_t *old)
{
	const char *policy = annotation(old, "argocd.argoproj.io/hook-delete-policy") ?: "";
	unsigned policies = item->hook_delete | (strstr(policy, "HookSucceeded") != NULL ? DELETE_SUCCEEDED : 0) |
			    (strstr(policy, "HookFailed") != NULL ? DELETE_FAILED : 0) |
			    (strstr(policy, "BeforeHookCreation") != NULL || policy[0] == '\0' ? DELETE_BEFORE : 0) |
			    (item->hook_delete == 0 ? DELETE_BEFORE : 0);

	if ((policies & DELETE_BEFORE) != 0)
		return NULL;
	if ((policies & DELETE_SUCCEEDED) != 0 && has_condition(old, "Complete"))
		return NULL;
	return (policies & DELETE_FAILED) != 0 && has_condition(old, "Failed") ? NULL
									       : "no policy deletes the hook now";
}

/* One that is pruned before another of a higher wave; NULL: none is. */
static const char *
pruned_too_early(
    const struct gitops_judge *j, const struct judged_work *w, const struct wish *wish, size_t key, const json_t *old)
{
	const struct revision *r = &j->revisions[commit_of(j, w)];
	long wave = strtol(annotation(old, "argocd.argoproj.io/sync-wave") ?: "0", NULL, 10);

	if ((wish->options & WISH_PRUNE_LAST) != 0 || (model_says(old) & SAYS_LAST) != 0)
		return not_done(j, w, wish, r, key, NULL, true);
	for (size_t y = 0; y < KEYS; y++) {
		const json_t *live = gitops_judge_live(j, y);

		if (y == key || live == NULL || is_deleting(live) || is_hook(live) || !is_ours(j, y, live) ||
		    model_wants(j->model, r, y, wish->recurse) || !is_selected(j, w, y) ||
		    (model_says(live) & (SAYS_KEEP | SAYS_LAST)) != 0 || j->touched[y] >= started_at(w) ||
		    j->orphan[y] || ((model_says(live) & SAYS_CONFIRM) == 0 && (wish->options & WISH_KEEP) != 0))
			continue;
		if (strtol(annotation(live, "argocd.argoproj.io/sync-wave") ?: "0", NULL, 10) > wave)
			return arena_printf(j->arena, "%s has a higher wave, and is pruned before", object_name(j, y));
	}
	return NULL;
}

static const char *
forbids_delete(
    const struct gitops_judge *j, const struct judged_work *w, const struct wish *wish, size_t key, const json_t *old)
{
	const struct revision *r = &j->revisions[commit_of(j, w)];
	const struct item *item = &r->items[key];
	unsigned says = model_says(old);
	bool wanted = !w->deleting && is_readable(r) && model_wants(j->model, r, key, wish->recurse), replaces;

	if (w->deleting) {
		if (!is_ours(j, key, old))
			return "it belongs to something else";
		if ((says & SAYS_LEAVE) != 0)
			return "it says Delete=false";
		if (((says & SAYS_APPROVE) != 0 || (wish->options & WISH_APPROVE) != 0) &&
		    !is_approved(j, time_at(w->object, "/metadata/deletionTimestamp")))
			return "it says Delete=confirm, and nothing has confirmed it";
		return NULL;
	}
	if (!is_readable(r))
		return "the commit cannot be read";
	if (json_is_true(json_object_get(sync_of(w), "dryRun")))
		return "the sync is a dry run";
	if (!is_selected(j, w, key))
		return "the sync does not select it";
	replaces = (item->says & SAYS_REPLACE) != 0 || (wish->options & WISH_REPLACE) != 0;
	if (wanted && is_forced(w, wish, item) &&
	    (replaces || (item->hooks == 0 && strcmp(model_kind_of(key)->kind, "Job") == 0)))
		return NULL;
	if (wanted)
		return item->hooks != 0 ? forbids_delete_hook(item, old) : "the commit has it";
	if (!is_ours(j, key, old))
		return "it belongs to something else";
	if (!json_is_true(json_object_get(sync_of(w), "prune")))
		return "the sync does not prune";
	if ((says & SAYS_KEEP) != 0 || ((says & SAYS_CONFIRM) == 0 && (wish->options & WISH_KEEP) != 0))
		return "Prune=false";
	if (((says & SAYS_CONFIRM) != 0 || (wish->options & WISH_CONFIRM) != 0) && !is_approved(j, started_at(w)))
		return "Prune=confirm, and nothing has confirmed it";
	return pruned_too_early(j, w, wish, key, old);
}

static void
on_deleted(struct gitops_judge *j, size_t key, const json_t *old)
{
	const struct judged_work *w = work_of(j, old);
	const char *why, *why_before;

	if (!w->any) {
		FAIL(j, "%s is deleted though nothing was requested", object_name(j, key));
		return;
	}
	why = j->model->flux ? forbids_delete_flux(j, w, &w->wish, key, old) : forbids_delete(j, w, &w->wish, key, old);
	if (why == NULL)
		return;
	why_before = j->model->flux ? forbids_delete_flux(j, w, &w->before, key, old)
				    : forbids_delete(j, w, &w->before, key, old);
	if (why_before != NULL)
		FAIL(j, "%s is deleted: %s", object_name(j, key), why);
}

/* A sync has succeeded: everything is as its commit says, and each hook has run. */
static void
check_success(struct gitops_judge *j, const struct judged_work *w, size_t commit, int64_t start)
{
	const struct revision *r = &j->revisions[commit];

	for (size_t key = 0; key < KEYS; key++) {
		const struct item *item = &r->items[key];
		const json_t *live = gitops_judge_live(j, key);
		const char *why;

		if (!model_wants(j->model, r, key, w->wish.recurse) || j->touched[key] >= start ||
		    w->wish.recurse != w->before.recurse || !is_selected(j, w, key))
			continue;
		if (item->hooks != 0) {
			if ((item->hooks & (HOOK_PRE | HOOK_SYNC | HOOK_POST)) != 0 && has_hooks(w) &&
			    !has_run(j, key, item, start))
				FAIL(j, "the sync of commit %zu succeeds, though hook %s has not", commit + 1,
				    object_name(j, key));
			continue;
		}
		if ((item->says & SAYS_PAUSED) != 0 || (live != NULL && (model_says(live) & SAYS_PAUSED) != 0))
			continue;
		if ((why = item_differs(j, &w->wish, key, item, live)) != NULL &&
		    item_differs(j, &w->before, key, item, live) != NULL)
			FAIL(
			    j, "commit %zu is reported as applied, and of %s %s", commit + 1, object_name(j, key), why);
		/* A sync of one wave does not wait for what it has applied, as Argo CD's does not. */
		if (j->model->flux && w->wish.wait && w->before.wait && strcmp(model_kind_of(key)->kind, "Job") == 0 &&
		    !has_condition(live, "Complete"))
			FAIL(j, "commit %zu is reported as applied, and %s has not ended", commit + 1,
			    object_name(j, key));
	}
}

static size_t
commit_named(const struct gitops_judge *j, const char *id)
{
	for (size_t i = 0; i < j->memory->n; i++)
		if (id != NULL && str_ends(id, memory_id(i)))
			return i;
	return COMMITS_MAX;
}

static void
on_application(struct gitops_judge *j, const json_t *old, const json_t *object)
{
	const json_t *was = json_at(old, "/status/operationState"), *is = json_at(object, "/status/operationState");
	const char *phase = json_str(is, "phase"), *phase_was = json_str(was, "phase"),
		   *to = json_string_value(json_at(is, "/operation/sync/revision")),
		   *last = json_string_value(json_at(was, "/syncResult/revision"));
	bool automated = json_is_true(json_at(is, "/operation/initiatedBy/automated")),
	     begins = str_eq(phase, "Running") &&
		      !(str_eq(phase_was, "Running") &&
			  json_equal(json_object_get(was, "startedAt"), json_object_get(is, "startedAt")));
	int limit = j->wish.retries > j->before.retries ? j->wish.retries : j->before.retries;

	if (begins && automated) {
		bool races = j->changed_at > cluster_wall(j->cluster) - RACE_MS;

		if (!j->wish.automated && !(races && j->before.automated))
			FAIL(j, "a sync starts without a request, though syncs are not automated");
		if (to != NULL && str_eq(to, last) && time_at(was, "/finishedAt") > j->source_changed_at &&
		    !json_is_true(json_at(was, "/operation/sync/dryRun")) &&
		    (json_is_true(json_at(was, "/operation/initiatedBy/automated")) ||
			json_array_size(json_at(was, "/operation/sync/resources")) == 0)) {
			if (!str_eq(phase_was, "Succeeded"))
				FAIL(j, "a sync that failed is started again without a request");
			else if (!j->wish.self_heal && !(races && j->before.self_heal))
				FAIL(j, "what Git has is set right, though selfHeal is off");
		}
	}
	if (automated && json_int(is, "retryCount", 0) > (limit < 0 ? 5 : limit))
		FAIL(j, "a sync is tried again more often than its limit");
	if (str_eq(phase, "Succeeded") && !str_eq(phase_was, "Succeeded") &&
	    !json_is_true(json_at(is, "/operation/sync/dryRun")) &&
	    commit_named(j, json_string_value(json_at(is, "/syncResult/revision"))) < COMMITS_MAX)
		check_success(j, &j->works[0], commit_named(j, json_string_value(json_at(is, "/syncResult/revision"))),
		    time_at(is, "/startedAt"));
}

static void
on_kustomization(struct gitops_judge *j, const json_t *old, const json_t *object)
{
	const char *applied = json_string_value(json_at(object, "/status/lastAppliedRevision"));

	if (!str_eq(json_string_value(json_at(object, "/metadata/name")), "web") ||
	    !str_eq(json_str(ready_condition(object), "status"), "True") ||
	    json_at(object, "/metadata/deletionTimestamp") != NULL ||
	    (str_eq(json_str(ready_condition(old), "status"), "True") &&
		str_eq(json_string_value(json_at(old, "/status/lastAppliedRevision")), applied)))
		return;
	if (commit_named(j, applied) < COMMITS_MAX)
		check_success(j, &j->works[0], commit_named(j, applied), cluster_wall(j->cluster) - 2000);
}

/* Without what others write: statuses, finalizers, and who owns which field. A new reference. */
static json_t *
content_of(const json_t *object)
{
	json_t *copy = json_copy((json_t *)object), *meta = json_object();

	json_object_set(meta, "annotations", json_at(object, "/metadata/annotations"));
	json_object_set(copy, "metadata", meta);
	json_decref(meta);
	json_object_del(copy, "status");
	return copy;
}

static bool
is_other_content(const json_t *old, const json_t *object)
{
	_cleanup_(json_decrefp) json_t *was = content_of(old), *is = content_of(object);

	return !json_equal(was, is);
}

/* Writes are printed too when a life is replayed. */
static void
show(const struct gitops_judge *j, const char *type, const struct resource *r, const json_t *object)
{
	const char *value = annotation(object, "value"), *id = annotation(object, "sluice.argoproj.io/sync-operation");

	printf("%9.3f   %s %s %s/%s%s%s%s%s%s%s\n", (double)cluster_now(j->cluster) / 1000, type, r->kind,
	    json_string_value(json_at(object, "/metadata/namespace")) ?: "",
	    json_string_value(json_at(object, "/metadata/name")), value != NULL ? ", value " : "", value ?: "",
	    id != NULL ? ", of sync " : "", id ?: "", is_deleting(object) ? ", is being deleted" : "",
	    has_condition(object, "Complete") ? ", has ended well" : "");
}

static bool
is_strange(const char *name)
{
	return str_eq(name, "stranger") || str_eq(name, "owned") || str_eq(name, "copy");
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct gitops_judge *j = arg;
	const char *name = json_string_value(json_at(object, "/metadata/name")),
		   *ns = json_string_value(json_at(object, "/metadata/namespace"));
	bool made = strcmp(type, "ADDED") == 0, gone = strcmp(type, "DELETED") == 0;
	size_t key;

	if (j->over)
		return;
	if (is_strange(name) && !j->by_user && !made)
		FAIL(j, "%s %s, which belongs to something else, is %s", r->kind, name, type);
	if (strcmp(r->plural, "applications") == 0 && !gone)
		on_application(j, old, object);
	if (strcmp(r->plural, "kustomizations") == 0 && !gone)
		on_kustomization(j, old, object);
	if ((key = model_key(j->model, r->plural, ns, name)) == KEYS)
		return;
	if (j->verbose)
		show(j, type, r, object);
	if (has_condition(object, "Complete") && !has_condition(old, "Complete"))
		j->runs[key].succeeded_at = cluster_wall(j->cluster);
	if (j->by_user) {
		j->touched[key] = cluster_wall(j->cluster);
	} else if (gone || (is_deleting(object) && !is_deleting(old))) {
		if (!is_deleting(old))
			on_deleted(j, key, old);
	} else if (made || is_other_content(old, object)) {
		on_written(j, key, made ? NULL : old, object);
	}
	if (gone || made)
		j->orphan[key] = false;
	if (gone)
		j->contested[key] = false;
}

void
gitops_judge_begin(struct gitops_judge *j)
{
	j->revisions = arena_new_array(j->arena, struct revision, COMMITS_MAX);
	store_on_write(j->cluster->store, on_write, j);
}

void
gitops_judge_end(struct gitops_judge *j)
{
	for (size_t i = 0; i < ARRAY_SIZE(j->works); i++)
		json_decref(j->works[i].object);
}

/* A live object that the commit does not have may stay. */
static bool
may_stay(const struct gitops_judge *j, size_t key, const json_t *live)
{
	unsigned says = model_says(live);

	return is_hook(live) || !is_ours(j, key, live) || j->orphan[key] || (says & (SAYS_KEEP | SAYS_PAUSED)) != 0 ||
	       (says & SAYS_EXTRANEOUS) != 0 || !j->wish.prune || (j->wish.options & WISH_KEEP) != 0;
}

const char *
gitops_judge_differs(const struct gitops_judge *j, size_t commit)
{
	const struct revision *r = &j->revisions[commit];

	for (size_t key = 0; key < KEYS; key++) {
		const struct item *item = &r->items[key];
		const json_t *live = gitops_judge_live(j, key);
		const char *why;

		if (!model_wants(j->model, r, key, j->wish.recurse)) {
			if (live != NULL && !may_stay(j, key, live))
				return arena_printf(
				    j->arena, "%s is there, which Git does not have", object_name(j, key));
		} else if (item->hooks == 0 && (item->says & SAYS_PAUSED) == 0 &&
			   !(j->model->flux && live != NULL && (model_says(live) & SAYS_PAUSED) != 0) &&
			   (why = item_differs(j, &j->wish, key, item, live)) != NULL) {
			return arena_printf(j->arena, "of %s %s", object_name(j, key), why);
		}
	}
	return "";
}

bool
gitops_judge_leftover(const struct gitops_judge *j, size_t commit)
{
	for (size_t key = 0; key < KEYS; key++) {
		const json_t *live = gitops_judge_live(j, key);

		if (live != NULL && !model_wants(j->model, &j->revisions[commit], key, j->wish.recurse) &&
		    is_ours(j, key, live) && !is_hook(live) && (model_says(live) & SAYS_EXTRANEOUS) == 0)
			return true;
	}
	return false;
}
