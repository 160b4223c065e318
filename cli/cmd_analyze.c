/* cli/cmd_analyze.c: analyze: explains AnalysisRuns and templates: measurements, limits, and reasons. */
#include <stdio.h>
#include <string.h>
#include "analysis/explanation.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/manifest_files.h"
#include "kube/client.h"

static int analyze_run(struct cli *);

const struct command cmd_analyze = {
	.name = "analyze",
	.args = "NAME... | -f FILE...",
	.group = GROUP_SEE,
	.summary = "Explain AnalysisRuns: measurements, limits, and why an update was stopped",
	.example = "analyze web-7d5f-2|analyze -f analysis-template.yaml",
	.completes = "analysisruns",
	.flags =
	    (const struct flag[]){
		{ .name = "filename",
		    .letter = 'f',
		    .value = "FILE",
		    .text =
			"File or folder with AnalysisRuns and templates, instead of the cluster; - is standard input",
		    .repeats = true },
		{ 0 },
	    },
	.run = analyze_run,
};

struct analyze {
	struct cli *cli;
	size_t n; /* explained */
	bool failed; /* an error was printed */
};

static void
analyze_print(struct analyze *z, const char *name, struct err *e, const char *text)
{
	if (e != NULL) {
		cli_fail(z->cli, "%s: %s", name, err_text(z->cli->arena, e));
		z->failed = true;
		return;
	}
	printf("%s%s", z->n++ > 0 ? "\n" : "", text);
}

static const struct type *
analyze_type(const json_t *doc)
{
	static const struct type *const types[] = { &analysis_run_type, &analysis_template_type,
		&cluster_analysis_template_type };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_eq(json_str(doc, "kind"), types[i]->kind) &&
		    str_starts(json_str(doc, "apiVersion"), types[i]->group))
			return types[i];
	return NULL;
}

/* Explains an AnalysisRun or a template; skips objects of other kinds. */
static void
analyze_object(struct analyze *z, const json_t *doc)
{
	struct arena *a = z->cli->arena;
	const struct type *t = analyze_type(doc);
	const char *text = NULL, *name = json_str(json_object_get(doc, "metadata"), "name") ?: "";
	const struct object *o;
	struct err *e;

	if (t == NULL)
		return;
	o = object_decode(t, doc, a);
	if (o->problems != NULL && o->problems->n > 0) {
		cli_fail(z->cli, "%s %s: %s; `sluice lint` checks files", t->kind, name, o->problems->at[0].text);
		z->failed = true;
		return;
	}
	if (t == &analysis_run_type)
		e = explanation_of_run(a, (const struct analysis_run *)o, loop_wall(z->cli->loop), &text);
	else
		e = explanation_of_template(a, (const struct analysis_template *)o, loop_wall(z->cli->loop), &text);
	analyze_print(z, name, e, text);
}

static int
analyze_files(struct analyze *z)
{
	_cleanup_(json_decrefp) json_t *documents = NULL;
	json_t *doc;
	size_t i;

	if (!manifest_files_read(z->cli, 0, &documents))
		return 1;
	json_array_foreach (documents, i, doc)
		analyze_object(z, doc);
	if (!z->failed && z->n == 0)
		return cli_fail(z->cli, "the files have no AnalysisRun, AnalysisTemplate or ClusterAnalysisTemplate");
	return z->failed;
}

static void
analyze_run_of_cluster(struct analyze *z, const char *name)
{
	_cleanup_(json_decrefp) json_t *run = NULL;
	struct err *e;

	if (!name_is_path_segment(name)) {
		cli_fail(z->cli, "\"%s\" is not a name", name);
		z->failed = true;
		return;
	}
	e = cli_call(z->cli, "GET", client_path(z->cli->arena, &analysis_run_type, z->cli->namespace, name, NULL), NULL,
	    NULL, &run);
	if (e != NULL) {
		if (e->class == ERR_GONE)
			cli_fail(z->cli, "%s in namespace %s; `kubectl get analysisruns -A` lists all",
			    err_text(z->cli->arena, e), z->cli->namespace);
		else
			cli_error(z->cli, e);
		z->failed = true;
		return;
	}
	analyze_object(z, run);
}

static int
analyze_run(struct cli *c)
{
	struct analyze z = { .cli = c };

	if (cli_flag(c, "filename") != NULL)
		return analyze_files(&z);
	if (c->n_args == 0)
		return cli_fail(
		    c, "usage: sluice analyze NAME... | -f FILE...; `kubectl get analysisruns` lists names");
	if (cli_connect(c) != 0)
		return 1;
	for (size_t i = 0; i < c->n_args; i++)
		analyze_run_of_cluster(&z, c->args[i]);
	return z.failed;
}
