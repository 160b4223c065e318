/* cli/cmd_app_diff.c: app diff: what a sync would change, found out here, with the rights of whoever asks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/application.h"
#include "gitops/worker/git.h"
#include "gitops/worker/session.h"
#include "cli/gitops_worker.h"
#include "kube/api/app_project.h"
#include "kube/api/yaml.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

#define CONTEXT 3 /* lines around what differs */
#define LINES_MAX 4000 /* of one object; longer ones are shown whole */

static int diff_run(struct cli *);

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
	.run = diff_run,
};

/* --- lines ----------------------------------------------------------------------------------------------------------- */

struct lines {
	char **at;
	size_t n;
};

static struct lines
lines_of(struct arena *a, const char *text)
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
common(struct arena *a, const struct lines *x, const struct lines *y)
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
print_difference(struct arena *a, const char *from, const char *to)
{
	struct lines x = lines_of(a, from), y = lines_of(a, to);
	const unsigned short *table = common(a, &x, &y);
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

/* --- the command ----------------------------------------------------------------------------------------------------- */

struct asking {
	struct cli *cli;
	json_t *answer;
	bool over;
};

static void
on_done(void *arg, const char *answer)
{
	struct asking *k = arg;

	k->answer = json_loads(answer, 0, NULL);
	k->over = true;
	loop_stop(k->cli->loop);
}

/* The object as people read it, with its keys in order. "" for none. */
static const char *
readable(struct arena *a, const char *json)
{
	json_t *object = json != NULL ? json_loads(json, 0, NULL) : NULL;
	char *sorted = object != NULL ? json_dumps(object, JSON_SORT_KEYS) : NULL;
	const char *text = "";

	json_decref(object);
	if (sorted != NULL) {
		object = json_loads(sorted, 0, NULL);
		text = yaml_text(a, object);
		json_decref(object);
	}
	free(sorted);
	return text;
}

static size_t
print_all(struct cli *c, const json_t *answer)
{
	const json_t *r;
	size_t i, n = 0;

	json_array_foreach (json_object_get(answer, "resources"), i, r) {
		const char *live = json_str(r, "live"), *wanted = json_str(r, "wanted"), *error = json_str(r, "error");

		if (!str_eq(json_str(r, "status"), "OutOfSync"))
			continue;
		n++;
		printf("===== %s/%s %s/%s%s ======\n", json_str(r, "group") ?: "", json_str(r, "kind"),
		    json_str(r, "namespace") ?: "", json_str(r, "name"),
		    wanted == NULL && error == NULL ? " (Git does not have it)"
		    : live == NULL		    ? " (is not there)"
						    : "");
		if (error != NULL)
			printf("! %s\n", error);
		else
			print_difference(c->arena, readable(c->arena, live), readable(c->arena, wanted));
	}
	return n;
}

static int
diff_run(struct cli *c)
{
	const char *name = application_name(c), *cache = cli_flag(c, "gitops-cache"), *text;
	struct asking k = { .cli = c };
	struct source *source;
	struct work *work;
	json_t *app, *request, *project = NULL;
	const json_t *error;
	size_t n;

	if (name == NULL || applications_connect(c) != 0 || (app = application_get(c, name)) == NULL)
		return 1;
	request = json_pack("{s:{s:O, s:O}, s:s, s:O*, s:b}", "application", "metadata",
	    json_object_get(app, "metadata"), "spec", json_object_get(app, "spec"), "namespace",
	    json_string_value(json_at(app, "/status/controllerNamespace")) ?: c->namespace, "known",
	    json_at(app, "/status/resources"), "diff", 1);
	if (cli_flag(c, "revision") != NULL)
		json_object_set_new(request, "revision", json_string(cli_flag(c, "revision")));
	if (cli_call(c, "GET",
		client_path(c->arena, &app_project_type, json_str(request, "namespace"),
		    json_string_value(json_at(app, "/spec/project")) ?: "default", NULL),
		NULL, NULL, &project) == NULL)
		json_object_set_new(request, "project", project);
	json_decref(app);
	text = json_text(c->arena, request);
	json_decref(request);
	source = git_source_new(&(struct git_settings){
	    .cache = cache != NULL ? cache : git_user_cache(c->arena), .files = cli_on(c, "gitops-file-urls") });
	work = work_start(&(struct work_ways){ c->transport, source,
			      { cli_flag(c, "gitops-helm"), cache != NULL ? cache : git_user_cache(c->arena) },
			      transport_curl_new, &c->config, false, SCRIPT_LIMITS },
	    text, strlen(text), on_done, &k);
	while (!k.over)
		loop_run(c->loop);
	work_cancel(work);
	git_source_free(source);
	error = json_object_get(k.answer, "error");
	if (error != NULL) {
		cli_fail(c, "%s", json_str(error, "message") ?: "it cannot be compared");
		json_decref(k.answer);
		return 2;
	}
	n = print_all(c, k.answer);
	json_decref(k.answer);
	return n > 0 ? 1 : 0;
}
