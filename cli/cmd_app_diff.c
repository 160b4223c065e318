/* cli/cmd_app_diff.c: app diff: the changes of a sync, compared here, with the permissions of the user. Values of
 * Secrets are masked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/application.h"
#include "cli/gitops_worker.h"
#include "gitops/argocd/project.h"
#include "gitops/protocol.h"
#include "gitops/worker/git.h"
#include "gitops/worker/session.h"
#include "kube/api/app_project.h"
#include "kube/api/yaml.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

#define CONTEXT 3 /* lines around what differs */
#define LINES_MAX 4000 /* of one object; longer ones are shown whole */

static int app_diff_run(struct cli *);

const struct command cmd_app_diff = {
	.name = "app diff",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Show what a sync would change (then exits 1)",
	.example = "app diff shop|app diff shop --revision main",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "revision",
		    .value = "REVISION",
		    .text = "Branch, tag, semver range or commit to compare with (default: that of the Application)" },
		{ .name = "gitops-cache",
		    .value = "DIR",
		    .text = "Directory for Git repositories (default: one in $XDG_CACHE_HOME or ~/.cache)" },
		FLAG_GITOPS_FILE_URLS,
		FLAG_GITOPS_HELM,
		{ 0 },
	    },
	.run = app_diff_run,
};

struct lines {
	char **at;
	size_t n;
};

static struct lines
app_diff_lines(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *save = NULL;
	struct lines l = { .at = arena_new_array(a, char *, LINES_MAX) };

	for (char *line = strtok_r(copy, "\n", &save); line != NULL && l.n < LINES_MAX;
	     line = strtok_r(NULL, "\n", &save))
		l.at[l.n++] = line;
	return l;
}

/* The length of the longest common subsequence of what follows, for each pair of places. */
static unsigned short *
app_diff_common(struct arena *a, const struct lines *x, const struct lines *y)
{
	size_t width = y->n + 1;
	unsigned short *table = arena_new_array(a, unsigned short, (x->n + 1) * width);

	for (size_t i = x->n; i-- > 0;)
		for (size_t k = y->n; k-- > 0;) {
			unsigned short skip_x = table[(i + 1) * width + k], skip_y = table[i * width + k + 1];

			table[i * width + k] = strcmp(x->at[i], y->at[k]) == 0
						   ? (unsigned short)(table[(i + 1) * width + k + 1] + 1)
					       : skip_x > skip_y ? skip_x
								 : skip_y;
		}
	return table;
}

/* Prints what of x goes and what of y comes, with a little around it. */
static void
app_diff_print(struct arena *a, const char *from, const char *to)
{
	struct lines x = app_diff_lines(a, from), y = app_diff_lines(a, to);
	const unsigned short *table = app_diff_common(a, &x, &y);
	size_t width = y.n + 1, i = 0, k = 0, n = 0, total = x.n + y.n;
	char *marks = arena_alloc(a, total + 1);
	const char **all = arena_new_array(a, const char *, total + 1);
	bool gap = false;

	while (i < x.n || k < y.n) {
		if (i < x.n && k < y.n && strcmp(x.at[i], y.at[k]) == 0) {
			marks[n] = ' ';
			all[n++] = x.at[i++];
			k++;
		} else if (k >= y.n || (i < x.n && table[(i + 1) * width + k] >= table[i * width + k + 1])) {
			marks[n] = '-';
			all[n++] = x.at[i++];
		} else {
			marks[n] = '+';
			all[n++] = y.at[k++];
		}
	}
	for (i = 0; i < n; i++) {
		bool near = false;

		for (size_t m = i > CONTEXT ? i - CONTEXT : 0; m < n && m <= i + CONTEXT; m++)
			near |= marks[m] != ' ';
		if (near && gap)
			puts("  ...");
		if (near)
			printf("%c %s\n", marks[i], all[i]);
		gap = !near;
	}
}

struct app_diff_wait {
	struct cli *cli;
	struct worker_response response;
	struct err *error; /* the response cannot be decoded; NULL: it can */
	bool over; /* the worker has ended */
};

static void
app_diff_on_done(void *arg, const char *response)
{
	struct app_diff_wait *k = arg;

	k->error = worker_decode(k->cli->arena, &worker_response_type, response, strlen(response), &k->response);
	k->over = true;
	loop_stop(k->cli->loop);
}

/* Returns the object as YAML with its keys in order; "" for NULL. */
static const char *
app_diff_readable(struct arena *a, const json_t *object)
{
	_cleanup_(freep) char *text = object != NULL ? json_dumps(object, JSON_SORT_KEYS) : NULL;
	_cleanup_(json_decrefp) json_t *sorted = text != NULL ? json_loads(text, 0, NULL) : NULL;

	return sorted != NULL ? yaml_text(a, sorted) : "";
}

/* Masks each value of a map of a Secret. Where the other version has another value, the mask ends with `changed`. */
static void
app_diff_mask(json_t *map, const json_t *other, const char *changed)
{
	const char *key;
	json_t *value;

	json_object_foreach (map, key, value) {
		const json_t *counterpart = json_object_get(other, key);
		bool differs = counterpart != NULL && !json_equal(value, counterpart);

		json_object_set_new(map, key, json_sprintf("***%s", differs ? changed : ""));
	}
}

/* A diff is written to logs, so it has no value of a Secret. As in kubectl diff, a value that changes has two masks. */
static void
app_diff_mask_secret(json_t *live, json_t *wanted)
{
	static const char *const members[] = { "data", "stringData" };

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		json_t *before = json_object_get(live, members[i]), *after = json_object_get(wanted, members[i]);
		_cleanup_(json_decrefp) json_t *was = json_copy(before);

		/* A value that is not a map is invalid, but it is a secret too. */
		if (before != NULL && !json_is_object(before))
			json_object_set_new(live, members[i], json_string("***"));
		if (after != NULL && !json_is_object(after))
			json_object_set_new(wanted, members[i], json_string("***"));
		app_diff_mask(json_object_get(live, members[i]), json_object_get(wanted, members[i]), " (before)");
		app_diff_mask(json_object_get(wanted, members[i]), was, " (after)");
	}
	/* It has the values again. */
	json_object_del(json_at(live, "/metadata/annotations"), "kubectl.kubernetes.io/last-applied-configuration");
}

static void
app_diff_print_resource(struct arena *a, const struct worker_resource *r)
{
	_cleanup_(json_decrefp) json_t *live = r->live != NULL ? json_loads(r->live, 0, NULL) : NULL,
				       *wanted = r->wanted != NULL ? json_loads(r->wanted, 0, NULL) : NULL;

	if (str_empty(r->group) && strcmp(r->kind, "Secret") == 0)
		app_diff_mask_secret(live, wanted);
	app_diff_print(a, app_diff_readable(a, live), app_diff_readable(a, wanted));
}

static size_t
app_diff_print_all(struct cli *c, const struct worker_response *response)
{
	size_t n = 0;

	for (size_t i = 0; i < response->resources.n; i++) {
		const struct worker_resource *r = &response->resources.at[i];

		if (r->status != SYNC_OUT_OF_SYNC)
			continue;
		n++;
		printf("===== %s/%s %s/%s%s ======\n", r->group ?: "", r->kind, r->namespace ?: "", r->name,
		    r->wanted == NULL && r->error == NULL ? " (Git does not have it)"
		    : r->live == NULL			  ? " (is not there)"
							  : "");
		if (r->error != NULL)
			printf("! %s\n", r->error);
		else
			app_diff_print_resource(c->arena, r);
	}
	return n;
}

/* Returns the problem of the spec of the Application or its project, as the worker would report it, or NULL. */
static const char *
app_diff_spec_problem(struct cli *c, const struct application *app, const struct app_project *project)
{
	const struct problem *problem = object_problem(&app->object, "spec");

	if (problem != NULL)
		return arena_printf(c->arena, "%s: %s", problem->path, problem->text);
	return project != NULL ? project_problem(c->arena, project) : NULL;
}

/* Returns NULL if it does not exist or cannot be read. */
static const struct app_project *
app_diff_get_project(struct cli *c, const struct application *app, const char *namespace)
{
	_cleanup_(json_decrefp) json_t *project = NULL;
	const char *name = str_empty(app->spec.project) ? "default" : app->spec.project;

	if (cli_call(c, "GET", client_path(c->arena, &app_project_type, namespace, name, NULL), NULL, NULL, &project) !=
	    NULL)
		return NULL;
	return (const struct app_project *)object_decode(&app_project_type, project, c->arena);
}

/* Returns the worker's request for the Application, as text; or NULL and the reason in *ret_problem. */
static const char *
app_diff_request(struct cli *c, const json_t *object, const char **ret_problem)
{
	const struct application *app;
	const struct app_project *project;
	struct application_status status;
	struct worker_application application;
	struct worker_project its_project;
	struct worker_request request = {
		.application = &application, .revision = cli_flag(c, "revision"), .diff = true
	};

	application_read(c, object, &app, &status);
	request.namespace = status.controller_namespace ?: c->namespace;
	project = app_diff_get_project(c, app, request.namespace);
	if ((*ret_problem = app_diff_spec_problem(c, app, project)) != NULL)
		return NULL;
	application =
	    (struct worker_application){ { app->object.meta.name, app->object.meta.namespace, app->object.meta.uid },
		    app->spec };
	request.known.at = arena_new_array(c->arena, struct worker_object, status.resources.n);
	request.known.n = status.resources.n;
	for (size_t i = 0; i < status.resources.n; i++) {
		const struct worker_resource *r = &status.resources.at[i];

		request.known.at[i] = (struct worker_object){ r->group, r->version, r->kind, r->namespace, r->name };
	}
	if (project != NULL) {
		its_project = (struct worker_project){ { .name = project->object.meta.name }, project->spec };
		request.project = &its_project;
	}
	return worker_encode(c->arena, &worker_request_type, &request);
}

static int
app_diff_run(struct cli *c)
{
	const char *name = application_name(c), *cache = cli_flag(c, "gitops-cache"), *text, *problem;
	struct app_diff_wait k = { .cli = c };
	struct source *source;
	struct session *session;
	json_t *app;

	if (name == NULL || applications_connect(c) != 0 || (app = application_get(c, name)) == NULL)
		return 1;
	text = app_diff_request(c, app, &problem);
	json_decref(app);
	if (text == NULL) {
		cli_fail(c, "%s", problem);
		return 2;
	}
	source = git_source_new(&(struct git_settings){
	    .cache = cache != NULL ? cache : git_user_cache(c->arena), .files = cli_on(c, "gitops-file-urls") });
	session = session_start(
	    &(struct worker_deps){ c->transport, source,
		{ cli_flag(c, "gitops-helm"), cache != NULL ? cache : git_user_cache(c->arena), cli_self(c) },
		transport_curl_new, &c->config, false, SCRIPT_LIMITS },
	    text, strlen(text), app_diff_on_done, &k);
	while (!k.over)
		loop_run(c->loop);
	session_cancel(session);
	git_source_free(source);
	if (k.error != NULL || k.response.error != NULL) {
		cli_fail(c, "%s",
		    k.error != NULL ? err_text(c->arena, k.error)
				    : k.response.error->message ?: "it cannot be compared");
		return 2;
	}
	return app_diff_print_all(c, &k.response) > 0 ? 1 : 0;
}
