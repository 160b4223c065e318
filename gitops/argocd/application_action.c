/* gitops/argocd/application_action.c: operations that users request. */
#include "gitops/argocd/application_action.h"
#include "base/str.h"
#include "gitops/argocd/application_status.h"

static bool
application_action_is_automated(const json_t *app)
{
	const json_t *automated = json_at(app, "/spec/syncPolicy/automated");

	return automated != NULL && !json_is_false(json_object_get(automated, "enabled"));
}

static const char *
application_action_name(const json_t *app)
{
	return json_string_value(json_at(app, "/metadata/name")) ?: "";
}

/* Returns why such a sync cannot start, or would be undone. */
static struct err *
application_action_check(struct arena *a, const json_t *app, const json_t *sync)
{
	const char *target = json_string_value(json_at(app, "/spec/source/targetRevision")),
		   *revision = json_str(sync, "revision"), *name = application_action_name(app);

	target = str_empty(target) ? "HEAD" : target;
	if (json_object_get(app, "operation") != NULL)
		return err_new(a, ERR_INVALID,
		    "another sync of application \"%s\" is running; wait for it with `sluice app wait %s --operation`",
		    name, name);
	if (application_action_is_automated(app) && revision != NULL && !str_eq(revision, target) &&
	    !json_is_true(json_object_get(sync, "dryRun")))
		return err_new(a, ERR_INVALID,
		    "an automated sync would replace revision %s by %s; change the target with `sluice app set %s "
		    "--revision %s`, or disable automated syncs with `sluice app set %s --sync-policy none`",
		    revision, target, name, revision, name);
	return NULL;
}

struct err *
application_action_sync(struct arena *a, const json_t *app, json_t *sync, const char *username, json_t **ret)
{
	struct err *e = application_action_check(a, app, sync);

	if (e != NULL)
		json_decref(sync);
	else
		*ret = json_pack("{s:{s:o, s:{s:s}}}", "operation", "sync", sync, "initiatedBy", "username", username);
	return e;
}

static const struct app_history *
application_action_entry(const struct application_status *s, int64_t id)
{
	if (id < 0)
		return s->history.n >= 2 ? &s->history.at[s->history.n - 2] : NULL;
	for (size_t i = 0; i < s->history.n; i++)
		if (s->history.at[i].id == id)
			return &s->history.at[i];
	return NULL;
}

struct err *
application_action_rollback(struct arena *a, const json_t *app, int64_t id, bool prune, const char *username,
    json_t **ret, const char **ret_revision)
{
	const struct application *decoded = (const struct application *)object_decode(&application_type, app, a);
	const char *name = application_action_name(app), *revision;
	struct application_status status = { 0 };
	const struct app_history *entry;
	json_t *sync;

	if (application_action_is_automated(app))
		return err_new(a, ERR_INVALID,
		    "rollback cannot be performed when auto-sync is enabled; `sluice app set %s --sync-policy none` "
		    "switches it off",
		    name);
	decode_text(&application_status_type, decoded->status, a, &status);
	entry = application_action_entry(&status, id);
	revision = entry != NULL ? app_revision_text(a, entry->revision, &entry->revisions) : NULL;
	if (revision == NULL)
		return err_new(a, ERR_INVALID,
		    "application \"%s\" has no such sync in its history; `sluice app history %s` lists them", name,
		    name);
	sync = json_pack("{s:b}", "prune", prune);
	application_set_revision(sync, revision);
	*ret_revision = revision;
	return application_action_sync(a, app, sync, username, ret);
}
