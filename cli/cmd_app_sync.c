/* cli/cmd_app_sync.c: app sync, wait, rollback, terminate-op: syncs that users request. */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/application.h"

static int app_sync_run(struct cli *);
static int app_wait_run(struct cli *);
static int app_rollback_run(struct cli *);
static int app_terminate_run(struct cli *);

const struct command cmd_app_sync = {
	.name = "app sync",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Apply the manifests in Git to the cluster",
	.example = "app sync shop|app sync shop --resource apps:Deployment:web",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "revision",
		    .value = "REVISION",
		    .text = "Branch, tag, semver range or commit to sync (default: that of the Application)" },
		{ .name = "prune", .text = "Delete objects that are no longer in Git" },
		{ .name = "dry-run", .text = "Show what would be done, and do nothing" },
		{ .name = "force", .text = "Delete and recreate objects that cannot be changed" },
		{ .name = "strategy",
		    .value = "HOW",
		    .value_default = "hook",
		    .choices = "hook|apply",
		    .text = "Sync strategy, with hooks or without them" },
		{ .name = "resource",
		    .value = "GROUP:KIND:NAME",
		    .repeats = true,
		    .text = "Sync only this object; can be repeated" },
		{ .name = "async", .text = "Do not wait for the result" },
		FLAG_TIMEOUT,
		{ 0 },
	    },
	.run = app_sync_run,
};

const struct command cmd_app_wait = {
	.name = "app wait",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Wait until an Application is synced and healthy",
	.example = "app wait shop --timeout 10m",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "sync", .text = "Wait until the Application is synced" },
		{ .name = "health", .text = "Wait until the Application is healthy" },
		{ .name = "operation", .text = "Wait until no sync is running" },
		{ .name = "revision",
		    .value = "COMMIT",
		    .text = "Wait for this commit (its whole hash), and fail at once if its sync fails or a Rollout "
			    "aborts it" },
		FLAG_TIMEOUT,
		{ 0 },
	    },
	.run = app_wait_run,
};

const struct command cmd_app_rollback = {
	.name = "app rollback",
	.args = "NAME [ID]",
	.group = GROUP_GITOPS,
	.summary = "Sync to a past revision (default: the one before)",
	.example = "app rollback shop 3",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "prune", .text = "Delete objects that are no longer in Git" },
		{ .name = "async", .text = "Do not wait for the result" },
		FLAG_TIMEOUT,
		{ 0 },
	    },
	.run = app_rollback_run,
};

const struct command cmd_app_terminate = {
	.name = "app terminate-op",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "End the running sync of an Application",
	.example = "app terminate-op shop",
	.completes = "applications",
	.run = app_terminate_run,
};

/* Reads lines of the form "GROUP:KIND:[NS/]NAME". Returns them as a JSON list, or NULL after printing the error. */
static json_t *
app_sync_selection(struct cli *c, const char *text)
{
	json_t *list = json_array();
	char *save = NULL;

	for (char *line = strtok_r(arena_strdup(c->arena, text), "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char *kind = strchr(line, ':'), *name = kind != NULL ? strchr(kind + 1, ':') : NULL, *slash;
		json_t *one;

		if (name == NULL || name[1] == '\0') {
			cli_fail(c, "--resource: \"%s\" is not GROUP:KIND:NAME, or GROUP:KIND:NAMESPACE/NAME", line);
			json_decref(list);
			return NULL;
		}
		*kind++ = '\0';
		*name++ = '\0';
		slash = strchr(name, '/');
		one =
		    json_pack("{s:s, s:s, s:s}", "group", line, "kind", kind, "name", slash != NULL ? slash + 1 : name);
		if (slash != NULL)
			json_object_set_new(one, "namespace", json_stringn(name, (size_t)(slash - name)));
		json_array_append_new(list, one);
	}
	return list;
}

static bool
app_sync_is_automated(const json_t *app)
{
	const json_t *automated = json_at(app, "/spec/syncPolicy/automated");

	return automated != NULL && !json_is_false(json_object_get(automated, "enabled"));
}

/* Returns 0, or 1 after printing why such a sync cannot start, or would be undone. */
static int
app_sync_check(struct cli *c, const char *name, const json_t *app, const json_t *sync)
{
	const char *target = json_string_value(json_at(app, "/spec/source/targetRevision")),
		   *revision = json_str(sync, "revision");

	target = str_empty(target) ? "HEAD" : target;
	if (json_object_get(app, "operation") != NULL)
		return cli_fail(c,
		    "another sync of application \"%s\" is running; wait for it with `sluice app wait %s --operation`",
		    name, name);
	if (app_sync_is_automated(app) && revision != NULL && !str_eq(revision, target) &&
	    !json_is_true(json_object_get(sync, "dryRun")))
		return cli_fail(c,
		    "an automated sync would replace revision %s by %s; change the target with `sluice app set %s "
		    "--revision %s`, or disable automated syncs with `sluice app set %s --sync-policy none`",
		    revision, target, name, revision, name);
	return 0;
}

/* Asks for it (consumed), and, unless --async, waits for its end. */
static int
app_sync_request(struct cli *c, const char *name, json_t *sync)
{
	const char *user = getenv("USER");
	json_t *app = application_get(c, name);
	struct application_until until = { .operation = true,
		.started_after = loop_wall(c->loop) / 1000 * 1000 }; /* a status has seconds */
	int code = app != NULL ? app_sync_check(c, name, app, sync) : 1;

	json_decref(app);
	if (code != 0) {
		json_decref(sync);
		return code;
	}
	code = application_patch(c, name,
	    json_pack("{s:{s:o, s:{s:s}}}", "operation", "sync", sync, "initiatedBy", "username",
		user != NULL && user[0] != '\0' ? user : "sluice"));
	if (code != 0 || cli_on(c, "async"))
		return code;
	return application_wait(c, name, &until);
}

static int
app_sync_run(struct cli *c)
{
	const char *name = application_name(c), *revision = cli_flag(c, "revision"),
		   *strategy = cli_flag(c, "strategy"), *resources = cli_flag(c, "resource");
	json_t *sync = json_object(), *selected = NULL;

	if (name == NULL || applications_connect(c) != 0 ||
	    (resources != NULL && (selected = app_sync_selection(c, resources)) == NULL)) {
		json_decref(sync);
		return 1;
	}
	if (strategy != NULL && strcmp(strategy, "apply") != 0 && strcmp(strategy, "hook") != 0) {
		json_decref(sync);
		json_decref(selected);
		return cli_fail(c, "--strategy: \"%s\" is neither hook nor apply", strategy);
	}
	if (!str_empty(revision))
		json_object_set_new(sync, "revision", json_string(revision));
	json_object_set_new(sync, "prune", json_boolean(cli_on(c, "prune")));
	if (cli_on(c, "dry-run"))
		json_object_set_new(sync, "dryRun", json_true());
	json_object_set_new(sync, "syncStrategy",
	    json_pack("{s:{s:b}}", strategy != NULL ? strategy : "hook", "force", cli_on(c, "force")));
	if (selected != NULL)
		json_object_set_new(sync, "resources", selected);
	return app_sync_request(c, name, sync);
}

static int
app_wait_run(struct cli *c)
{
	const char *name = application_name(c);
	struct application_until until = {
		.operation = cli_on(c, "operation"),
		.synced = cli_on(c, "sync"),
		.healthy = cli_on(c, "health"),
		.revision = cli_flag(c, "revision"),
	};

	if (!until.operation && !until.synced && !until.healthy)
		until.operation = until.synced = until.healthy = true;
	if (name == NULL || applications_connect(c) != 0)
		return 1;
	return application_wait(c, name, &until);
}

static int
app_rollback_run(struct cli *c)
{
	const struct app_history *found = NULL;
	struct application_status status;
	const struct application *decoded;
	const char *revision;
	long long id = -1;
	json_t *app, *sync;

	if (c->n_args < 1 || c->n_args > 2 || (c->n_args == 2 && !str_int(c->args[1], 0, INT64_MAX, &id)))
		return cli_fail(c, "usage: sluice app rollback NAME [ID]; `sluice app history NAME` lists the IDs");
	if (applications_connect(c) != 0 || (app = application_get(c, c->args[0])) == NULL)
		return 1;
	if (app_sync_is_automated(app)) {
		json_decref(app);
		return cli_fail(c,
		    "rollback cannot be performed when auto-sync is enabled; `sluice app set %s --sync-policy none` "
		    "switches it off",
		    c->args[0]);
	}
	application_read(c, app, &decoded, &status);
	json_decref(app);
	if (id < 0 && status.history.n >= 2)
		found = &status.history.at[status.history.n - 2];
	for (size_t i = 0; i < status.history.n; i++)
		if (id >= 0 && status.history.at[i].id == id)
			found = &status.history.at[i];
	revision = found != NULL ? app_revision_text(c->arena, found->revision, &found->revisions) : NULL;
	if (revision == NULL)
		return cli_fail(c,
		    "application \"%s\" has no such sync in its history; `sluice app history %s` lists them",
		    c->args[0], c->args[0]);
	printf("rolling back to %s\n", short_revision(c, revision));
	sync = json_pack("{s:b}", "prune", cli_on(c, "prune"));
	application_set_revision(sync, revision);
	return app_sync_request(c, c->args[0], sync);
}

static int
app_terminate_run(struct cli *c)
{
	const char *name = application_name(c);
	json_t *app;
	bool running;

	if (name == NULL || applications_connect(c) != 0 || (app = application_get(c, name)) == NULL)
		return 1;
	running = json_object_get(app, "operation") != NULL;
	json_decref(app);
	if (!running)
		return cli_fail(c, "no sync of application \"%s\" is running", name);
	if (application_patch(
		c, name, json_pack("{s:{s:{s:s}}}", "status", "operationState", "phase", "Terminating")) != 0)
		return 1;
	printf("application \"%s\": its sync ends\n", name);
	return 0;
}
