/* cli/cmd_app_get.c: app list, get, history: the status of Applications. */
#include <stdio.h>
#include <string.h>
#include "cli/application.h"
#include "kube/client.h"

static int app_list_run(struct cli *);
static int app_get_run(struct cli *);
static int app_history_run(struct cli *);

const struct command cmd_app_list = {
	.name = "app list",
	.args = "",
	.group = GROUP_GITOPS,
	.summary = "List Applications",
	.example = "app list",
	.flags =
	    (const struct flag[]){
		FLAG_OUTPUT,
		FLAG_ALL_NAMESPACES,
		{ 0 },
	    },
	.run = app_list_run,
};

const struct command cmd_app_get = {
	.name = "app get",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Show an Application and its objects",
	.example = "app get shop|app get shop --refresh",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		FLAG_OUTPUT,
		{ .name = "refresh", .text = "Refresh the comparison with Git first" },
		{ .name = "hard-refresh", .text = "Same as --refresh" },
		{ 0 },
	    },
	.run = app_get_run,
};

const struct command cmd_app_history = {
	.name = "app history",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "List the past syncs of an Application",
	.example = "app history shop",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		FLAG_OUTPUT,
		{ 0 },
	    },
	.run = app_history_run,
};

static const char *
app_get_text(const json_t *o, const char *pointer)
{
	return json_string_value(json_at(o, pointer)) ?: "";
}

static const char *
app_get_policy(struct cli *c, const json_t *app)
{
	const json_t *automated = json_at(app, "/spec/syncPolicy/automated");

	if (automated == NULL || json_is_false(json_object_get(automated, "enabled")))
		return "Manual";
	return arena_printf(c->arena, "Auto%s%s", json_is_true(json_object_get(automated, "prune")) ? "-Prune" : "",
	    json_is_true(json_object_get(automated, "selfHeal")) ? "-Heal" : "");
}

static int
app_list_run(struct cli *c)
{
	json_t *list = NULL, *app;
	enum output output;
	struct err *e;
	size_t i;

	if (cli_output(c, &output) != 0 || applications_connect(c) != 0)
		return 1;
	e = cli_call_list(c, &application_type,
	    client_path(c->arena, &application_type, cli_on(c, "all-namespaces") ? NULL : c->namespace, NULL, NULL),
	    &list);
	if (e != NULL)
		return cli_error(c, e);
	if (output != OUTPUT_TEXT && output != OUTPUT_WIDE) {
		cli_print(c, output, &application_type, list);
		json_decref(list);
		return 0;
	}
	printf("%-30s %-12s %-10s %-12s %-17s %-9s %s\n", "NAME", "NAMESPACE", "STATUS", "HEALTH", "SYNCPOLICY",
	    "REVISION", "SOURCE");
	json_array_foreach (json_object_get(list, "items"), i, app) {
		const json_t *source = json_at(app, "/spec/sources/0") != NULL ? json_at(app, "/spec/sources/0")
									       : json_at(app, "/spec/source");
		size_t more = json_array_size(json_at(app, "/spec/sources"));

		printf("%-30s %-12s %-10s %-12s %-17s %-9s %s %s%s\n", app_get_text(app, "/metadata/name"),
		    app_get_text(app, "/spec/destination/namespace"),
		    json_at(app, "/status/sync/status") != NULL ? app_get_text(app, "/status/sync/status") : "Unknown",
		    json_at(app, "/status/health/status") != NULL ? app_get_text(app, "/status/health/status")
								  : "Unknown",
		    app_get_policy(c, app),
		    short_revision(c, application_revision(c->arena, json_at(app, "/status/sync"))),
		    json_str(source, "repoURL") ?: "", json_str(source, "path") ?: "",
		    more > 1 ? arena_printf(c->arena, " and %zu more", more - 1) : "");
	}
	json_decref(list);
	return 0;
}

/* Requests a refresh, and waits until it was made. */
static int
app_get_refresh(struct cli *c, const char *name)
{
	const char *how = cli_on(c, "hard-refresh") ? "hard" : "normal";
	int code =
	    application_patch(c, name, json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_REFRESH, how));

	for (int tries = 0; tries < 600 && code == 0; tries++) {
		json_t *app = application_get(c, name);
		bool pending = json_object_get(json_at(app, "/metadata/annotations"), ANNOTATION_REFRESH) != NULL;

		json_decref(app);
		if (app == NULL)
			return 1;
		if (!pending)
			return 0;
		cli_sleep(c, 100);
	}
	return code != 0
		   ? code
		   : cli_fail(c, "application \"%s\" was not compared in a minute; is the controller running?", name);
}

static void
app_get_show_source(struct cli *c, const json_t *source)
{
	static const char *const rows[][2] = { { "Repo", "repoURL" }, { "Chart", "chart" },
		{ "Target", "targetRevision" }, { "Path", "path" }, { "Ref", "ref" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!str_empty(json_str(source, rows[i][1])))
			printf("%-15s%s\n", arena_printf(c->arena, "%s:", rows[i][0]), json_str(source, rows[i][1]));
}

static void
app_get_show(struct cli *c, const json_t *app)
{
	const char *const rows[][2] = { { "Name", "/metadata/name" }, { "Project", "/spec/project" },
		{ "Server", "/spec/destination/server" }, { "Cluster", "/spec/destination/name" },
		{ "Namespace", "/spec/destination/namespace" } };
	const char *revision = application_revision(c->arena, json_at(app, "/status/sync"));
	const json_t *r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (app_get_text(app, rows[i][1])[0] != '\0')
			printf("%-15s%s\n", arena_printf(c->arena, "%s:", rows[i][0]), app_get_text(app, rows[i][1]));
	if (json_at(app, "/spec/sources") == NULL)
		app_get_show_source(c, json_at(app, "/spec/source"));
	json_array_foreach (json_at(app, "/spec/sources"), i, r)
		app_get_show_source(c, r);
	printf("%-15s%s\n", "Sync Policy:", app_get_policy(c, app));
	printf("%-15s%s%s%s\n", "Sync Status:", app_get_text(app, "/status/sync/status"),
	    revision != NULL ? " at " : "", short_revision(c, revision));
	printf("%-15s%s%s%s\n", "Health Status:", app_get_text(app, "/status/health/status"),
	    app_get_text(app, "/status/health/message")[0] != '\0' ? ": " : "",
	    app_get_text(app, "/status/health/message"));
	if (json_at(app, "/status/operationState") != NULL)
		printf("%-15s%s: %s\n", "Last Sync:", app_get_text(app, "/status/operationState/phase"),
		    app_get_text(app, "/status/operationState/message"));
	json_array_foreach (json_at(app, "/status/conditions"), i, r)
		printf("%s%-15s%s\n", i == 0 ? "\n" : "", arena_printf(c->arena, "%s:", json_str(r, "type")),
		    json_str(r, "message"));
	printf("\n%-26s %-26s %-16s %-30s %-10s %s\n", "GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH");
	json_array_foreach (json_at(app, "/status/resources"), i, r)
		printf("%-26s %-26s %-16s %-30s %-10s %s%s%s%s\n", json_str(r, "group") ?: "",
		    json_str(r, "kind") ?: "", json_str(r, "namespace") ?: "", json_str(r, "name") ?: "",
		    json_str(r, "status") ?: "", app_get_text(r, "/health/status"),
		    app_get_text(r, "/health/message")[0] != '\0' ? ": " : "", app_get_text(r, "/health/message"),
		    json_is_true(json_object_get(r, "requiresPruning")) ? " (Git does not have it)" : "");
}

static int
app_get_run(struct cli *c)
{
	const char *name = application_name(c);
	enum output output;
	json_t *app;

	if (name == NULL || cli_output(c, &output) != 0 || applications_connect(c) != 0)
		return 1;
	if ((cli_on(c, "refresh") || cli_on(c, "hard-refresh")) && app_get_refresh(c, name) != 0)
		return 1;
	if ((app = application_get(c, name)) == NULL)
		return 1;
	if (output == OUTPUT_TEXT || output == OUTPUT_WIDE)
		app_get_show(c, app);
	else
		cli_print(c, output, &application_type, app);
	json_decref(app);
	return 0;
}

static int
app_history_run(struct cli *c)
{
	const char *name = application_name(c);
	enum output output;
	json_t *app, *h;
	size_t i;

	if (name == NULL || cli_output(c, &output) != 0 || applications_connect(c) != 0 ||
	    (app = application_get(c, name)) == NULL)
		return 1;
	if (output == OUTPUT_JSON) {
		printf("%s\n", json_text(c->arena, json_at(app, "/status/history")));
	} else {
		printf("%-5s %-22s %-42s %s\n", "ID", "DATE", "REVISION", "BY");
		json_array_foreach (json_at(app, "/status/history"), i, h)
			printf("%-5lld %-22s %-42s %s\n", (long long)json_int(h, "id", 0),
			    json_str(h, "deployedAt") ?: "", application_revision(c->arena, h) ?: "",
			    json_is_true(json_at(h, "/initiatedBy/automated"))
				? "automated"
				: app_get_text(h, "/initiatedBy/username"));
	}
	json_decref(app);
	return 0;
}
