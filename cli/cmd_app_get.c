/* cli/cmd_app_get.c: app list, get, history: the status of Applications. */
#include <inttypes.h>
#include <stdio.h>
#include "base/time.h"
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
		{ .name = "show-params", .text = "Show the parameters of its sources too: images, Helm values" },
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
app_get_policy(struct cli *c, const struct application *app)
{
	const struct automated_sync *automated = app->spec.sync_policy.automated;

	if (automated == NULL || (automated->enabled.present && !automated->enabled.value))
		return "Manual";
	return arena_printf(
	    c->arena, "Auto%s%s", automated->prune ? "-Prune" : "", automated->self_heal ? "-Heal" : "");
}

/* A line of `app list`. */
static void
app_list_show(struct cli *c, const json_t *object)
{
	static const struct application_source none = { 0 };
	const struct application *app;
	const struct application_source *source;
	struct application_status status;
	size_t n;

	application_read(c, object, &app, &status);
	n = application_sources(app, &source);
	source = n > 0 ? source : &none;
	printf("%-30s %-12s %-10s %-12s %-17s %-9s %s %s%s\n", app->object.meta.name ?: "",
	    app->spec.destination.namespace ?: "",
	    sync_status_names[status.sync.status != SYNC_NONE ? status.sync.status : SYNC_UNKNOWN],
	    application_health_text(&status), app_get_policy(c, app),
	    short_revision(c, app_revision_text(c->arena, status.sync.revision, &status.sync.revisions)),
	    source->repo_url ?: "", source->path ?: "", n > 1 ? arena_printf(c->arena, " and %zu more", n - 1) : "");
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
	json_array_foreach (json_object_get(list, "items"), i, app)
		app_list_show(c, app);
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
app_get_show_row(struct cli *c, const char *name, const char *text)
{
	if (!str_empty(text))
		printf("%-15s%s\n", arena_printf(c->arena, "%s:", name), text);
}

static void
app_get_show_spec(struct cli *c, const struct application *app)
{
	const struct application_destination *d = &app->spec.destination;
	const struct application_source *source;
	size_t n = application_sources(app, &source);

	app_get_show_row(c, "Name", app->object.meta.name);
	app_get_show_row(c, "Project", app->spec.project);
	app_get_show_row(c, "Server", d->server);
	app_get_show_row(c, "Cluster", d->name);
	app_get_show_row(c, "Namespace", d->namespace);
	for (size_t i = 0; i < n; i++) {
		app_get_show_row(c, "Repo", source[i].repo_url);
		app_get_show_row(c, "Chart", source[i].chart);
		app_get_show_row(c, "Target", source[i].target_revision);
		app_get_show_row(c, "Path", source[i].path);
		app_get_show_row(c, "Ref", source[i].ref);
	}
	printf("%-15s%s\n", "Sync Policy:", app_get_policy(c, app));
}

static void
app_get_show_health(const struct worker_health *h)
{
	printf("%s%s%s", health_names[h->status], !str_empty(h->message) ? ": " : "", h->message ?: "");
}

static void
app_get_show_param(const char *name, const char *value)
{
	if (!str_empty(value))
		printf("%-40s %s\n", name, value);
}

/* The parameters with which the Application changes its sources. */
static void
app_get_show_params(struct cli *c, const struct application *app)
{
	const struct application_source *source;
	size_t n = application_sources(app, &source);

	printf("\n%-40s %s\n", "PARAMETER", "VALUE");
	for (size_t i = 0; i < n; i++) {
		const struct application_kustomize *k = source[i].kustomize;
		const struct application_helm *h = source[i].helm;

		for (size_t j = 0; k != NULL && j < k->images.n; j++)
			app_get_show_param("kustomize.images", k->images.at[j]);
		for (size_t j = 0; k != NULL && j < k->replicas.n; j++)
			app_get_show_param(
			    arena_printf(c->arena, "kustomize.replicas.%s", k->replicas.at[j].name ?: ""),
			    k->replicas.at[j].count);
		for (size_t j = 0; h != NULL && j < h->value_files.n; j++)
			app_get_show_param("helm.valueFiles", h->value_files.at[j]);
		for (size_t j = 0; h != NULL && j < h->parameters.n; j++)
			app_get_show_param(h->parameters.at[j].name ?: "", h->parameters.at[j].value);
		for (size_t j = 0; h != NULL && j < h->file_parameters.n; j++)
			app_get_show_param(h->file_parameters.at[j].name ?: "", h->file_parameters.at[j].path);
	}
}

static void
app_get_show(struct cli *c, const json_t *object)
{
	const struct application *app;
	struct application_status s;
	const char *revision;

	application_read(c, object, &app, &s);
	app_get_show_spec(c, app);
	revision = app_revision_text(c->arena, s.sync.revision, &s.sync.revisions);
	printf("%-15s%s%s%s\n", "Sync Status:", sync_status_names[s.sync.status], revision != NULL ? " at " : "",
	    short_revision(c, revision));
	printf("%-15s", "Health Status:");
	app_get_show_health(&(struct worker_health){ s.health.status, s.health.message });
	printf("\n");
	if (s.operation_state.phase != OPERATION_NONE)
		printf("%-15s%s: %s\n", "Last Sync:", operation_phase_names[s.operation_state.phase],
		    s.operation_state.message ?: "");
	for (size_t i = 0; i < s.conditions.n; i++)
		printf("%s%-15s%s\n", i == 0 ? "\n" : "", arena_printf(c->arena, "%s:", s.conditions.at[i].type),
		    s.conditions.at[i].message);
	printf("\n%-26s %-26s %-16s %-30s %-10s %s\n", "GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH");
	for (size_t i = 0; i < s.resources.n; i++) {
		const struct worker_resource *r = &s.resources.at[i];

		printf("%-26s %-26s %-16s %-30s %-10s ", r->group ?: "", r->kind ?: "", r->namespace ?: "",
		    r->name ?: "", sync_status_names[r->status]);
		app_get_show_health(&r->health);
		printf("%s\n", r->requires_pruning ? " (Git does not have it)" : "");
	}
	if (cli_on(c, "show-params"))
		app_get_show_params(c, app);
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

static void
app_history_show(struct cli *c, const struct app_history *h)
{
	const char *revision = app_revision_text(c->arena, h->revision, &h->revisions);
	const char *date = h->deployed_at != 0 ? time_format(c->arena, h->deployed_at) : "";

	printf("%-5" PRId64 " %-22s %-42s %s\n", h->id, date, revision ?: "",
	    h->initiated_by.automated ? "automated" : h->initiated_by.username ?: "");
}

static int
app_history_run(struct cli *c)
{
	const char *name = application_name(c);
	enum output output;
	struct application_status status;
	const struct application *decoded;
	json_t *app;

	if (name == NULL || cli_output(c, &output) != 0 || applications_connect(c) != 0 ||
	    (app = application_get(c, name)) == NULL)
		return 1;
	if (output == OUTPUT_JSON) {
		printf("%s\n", json_text(c->arena, json_at(app, "/status/history")));
	} else {
		printf("%-5s %-22s %-42s %s\n", "ID", "DATE", "REVISION", "BY");
		application_read(c, app, &decoded, &status);
		for (size_t i = 0; i < status.history.n; i++)
			app_history_show(c, &status.history.at[i]);
	}
	json_decref(app);
	return 0;
}
