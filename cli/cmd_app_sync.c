/* cli/cmd_app_sync.c: app sync, wait, rollback, terminate-op: syncs that users request. */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/application.h"
#include "gitops/argocd/application_action.h"

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

static const char *
app_sync_user(void)
{
	const char *user = getenv("USER");

	return str_empty(user) ? "sluice" : user;
}

/* Sends the patch of an action (consumed) and, unless --async, waits for the end of its sync. `e`: the action is not
 * possible. Returns the exit code. */
static int
app_sync_send(struct cli *c, const char *name, const struct err *e, json_t *patch)
{
	struct application_until until = { .operation = true,
		.started_after = loop_wall(c->loop) / 1000 * 1000 }; /* a status has seconds */
	int code;

	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	code = application_patch(c, name, patch);
	if (code != 0 || cli_on(c, "async"))
		return code;
	return application_wait(c, name, &until);
}

/* Requests the sync (consumed). */
static int
app_sync_request(struct cli *c, const char *name, json_t *sync)
{
	json_t *app = application_get(c, name), *patch = NULL;
	struct err *e;

	if (app == NULL) {
		json_decref(sync);
		return 1;
	}
	e = application_action_sync(c->arena, app, sync, app_sync_user(), &patch);
	json_decref(app);
	return app_sync_send(c, name, e, patch);
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
	json_t *app, *patch = NULL;
	const char *revision;
	long long id = -1;
	struct err *e;

	if (c->n_args < 1 || c->n_args > 2 || (c->n_args == 2 && !str_int(c->args[1], 0, INT64_MAX, &id)))
		return cli_fail(c, "usage: sluice app rollback NAME [ID]; `sluice app history NAME` lists the IDs");
	if (applications_connect(c) != 0 || (app = application_get(c, c->args[0])) == NULL)
		return 1;
	e = application_action_rollback(c->arena, app, id, cli_on(c, "prune"), app_sync_user(), &patch, &revision);
	json_decref(app);
	if (e == NULL)
		printf("rolling back to %s\n", short_revision(c, revision));
	return app_sync_send(c, c->args[0], e, patch);
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
