/* cli/cmd_create.c: create, create analysisrun: objects from files, and a run from a template. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "analysis/compare_annotation.h"
#include "base/str.h"
#include "cli/cli.h"
#include "io/file.h"
#include "kube/api/roots.h"
#include "kube/api/yaml.h"
#include "kube/client.h"

#define FILE_MAX (16u << 20)

static int create_run(struct cli *);
static int create_analysisrun_run(struct cli *);

const struct command cmd_create = {
	.name = "create",
	.args = "-f FILE",
	.group = GROUP_DELIVER,
	.summary = "Create Rollouts, templates and runs from a file",
	.example = "create -f rollout.yaml",
	.completes = "files",
	.flags =
	    (const struct flag[]){
		{ .name = "filename",
		    .letter = 'f',
		    .value = "FILE",
		    .text = "File to read; - is standard input",
		    .repeats = true },
		{ 0 },
	    },
	.run = create_run,
};

const struct command cmd_create_analysisrun = {
	.name = "create analysisrun",
	.aliases = "create ar",
	.args = "--from NAME",
	.group = GROUP_DELIVER,
	.summary = "Create an AnalysisRun from an AnalysisTemplate",
	.example = "create analysisrun --from success-rate -a service=web",
	.flags =
	    (const struct flag[]){
		{ .name = "from", .value = "NAME", .text = "Name of the AnalysisTemplate" },
		{ .name = "from-file", .value = "FILE", .text = "File with the AnalysisTemplate; - is standard input" },
		{ .name = "filename", .letter = 'f', .value = "FILE", .text = "Same as --from-file" },
		{ .name = "global", .text = "Use a ClusterAnalysisTemplate" },
		{ .name = "argument",
		    .letter = 'a',
		    .value = "KEY=VALUE",
		    .repeats = true,
		    .text = "Value of an argument; can be repeated" },
		{ .name = "name", .value = "NAME", .text = "Name of the AnalysisRun" },
		{ .name = "generate-name",
		    .value = "PREFIX",
		    .text = "Prefix of a generated name (default: name of the template and -)" },
		{ .name = "instance-id",
		    .value = "ID",
		    .text = "Value of its label argo-rollouts.argoproj.io/controller-instance-id" },
		{ 0 },
	    },
	.run = create_analysisrun_run,
};

/* Returns the name of a kind, such as "rollout", as kubectl prints it for a created object. */
static const char *
create_kind(struct arena *a, const struct type *t)
{
	char *text = arena_strdup(a, t->kind);

	for (char *c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

static int
create_one(struct cli *c, const struct type *t, json_t *object)
{
	const char *ns = json_str(json_object_get(object, "metadata"), "namespace");
	_cleanup_(json_decrefp) json_t *made = NULL;
	struct err *e = cli_call(c, "POST", client_path(c->arena, t, ns != NULL ? ns : c->namespace, NULL, NULL),
	    "application/json", object, &made);

	if (e != NULL)
		return cli_error(c, e);
	printf("%s.%s/%s created\n", create_kind(c->arena, t), t->group,
	    json_str(json_object_get(made, "metadata"), "name") ?: "");
	return 0;
}

/* The documents of a file, or NULL after printing the error. */
static json_t *
create_read_documents(struct cli *c, const char *file)
{
	struct bytes text = { 0 };
	json_t *docs = NULL;
	struct err *e = file_read(c->arena, strcmp(file, "-") == 0 ? "/dev/stdin" : file, FILE_MAX, &text);

	if (e == NULL && (e = yaml_parse(c->arena, text.at, text.len, &docs)) != NULL)
		e = err_wrap(c->arena, e, "%s", file);
	if (e != NULL) {
		cli_fail(c, "%s", err_text(c->arena, e));
		return NULL;
	}
	return docs;
}

/* Appends the documents of a file to `all`. Returns 0, or 1 after printing the error. */
static int
create_check_file(struct cli *c, const char *file, json_t *all)
{
	_cleanup_(json_decrefp) json_t *docs = create_read_documents(c, file);
	json_t *doc;
	size_t i;

	if (docs == NULL)
		return 1;
	json_array_foreach (docs, i, doc)
		if (api_root_named(json_str(doc, "kind") ?: "") == NULL)
			return cli_fail(c,
			    "%s: document %zu: kind \"%s\" is not supported; use kubectl for kinds other than Sluice's",
			    file, i + 1, json_str(doc, "kind") ?: "");
	json_array_extend(all, docs);
	return 0;
}

/* The documents of all files are checked before the first object is created. */
static int
create_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *all = json_array();
	const char *flag = cli_flag(c, "filename");
	char *files = arena_strdup(c->arena, flag != NULL ? flag : c->n_args > 0 ? c->args[0] : NULL), *file;
	json_t *doc;
	int code = 0;
	size_t i;

	if (files == NULL)
		return cli_fail(c, "usage: sluice create -f FILE");
	while ((file = strsep(&files, "\n")) != NULL)
		if (create_check_file(c, file, all) != 0)
			return 1;
	if (cli_connect(c) != 0)
		return 1;
	json_array_foreach (all, i, doc)
		code |= create_one(c, api_root_named(json_str(doc, "kind")), json_incref(doc));
	return code;
}

/* Returns the value of --from-file or -f; NULL if neither is given. */
static const char *
create_template_file(const struct cli *c)
{
	const char *file = cli_flag(c, "from-file");

	return file != NULL ? file : cli_flag(c, "filename");
}

/* The template: of the cluster, or of a file. NULL after printing the error. */
static const struct analysis_template *
create_template(struct cli *c)
{
	const struct type *t = cli_on(c, "global") ? &cluster_analysis_template_type : &analysis_template_type;
	const char *from = cli_flag(c, "from");
	_cleanup_(json_decrefp) json_t *docs = NULL, *got = NULL;
	const struct analysis_template *template;
	const struct problem *bad;
	struct err *e;

	if (from != NULL) {
		e = cli_call(c, "GET", client_path(c->arena, t, c->namespace, from, NULL), NULL, NULL, &got);
		if (e != NULL) {
			cli_error(c, e);
			return NULL;
		}
	} else if ((docs = create_read_documents(c, create_template_file(c))) == NULL) {
		return NULL;
	} else {
		got = json_incref(json_array_get(docs, 0));
	}
	template = (const struct analysis_template *)object_decode(t, got, c->arena);
	if ((bad = object_problem(&template->object, "spec")) != NULL) {
		cli_fail(c, "%s: %s", bad->path, bad->text);
		return NULL;
	}
	return template;
}

/* KEY=VALUE, a line each. Returns 0, or 1 after printing the error. */
static int
create_arguments(struct cli *c, struct rollout_analysis *ret)
{
	const char *lines = cli_flag(c, "argument");
	char *rest = arena_strdup(c->arena, lines != NULL ? lines : ""), *line;

	ret->args.at = arena_new_array(c->arena, struct argument, ARGUMENTS_MAX);
	while (lines != NULL && (line = strsep(&rest, "\n")) != NULL) {
		char *eq = strchr(line, '=');

		if (eq == NULL || eq == line)
			return cli_fail(c, "--argument: \"%s\" is not KEY=VALUE", line);
		if (ret->args.n == ARGUMENTS_MAX)
			return cli_fail(c, "more than %d arguments", ARGUMENTS_MAX);
		*eq = '\0';
		ret->args.at[ret->args.n++] = (struct argument){ .name = line, .value = eq + 1 };
	}
	return 0;
}

/* Sets the annotation by which Sluice compares instead of measuring, as in the runs that a Rollout creates. */
static struct err *
create_comparisons(struct arena *a, const struct analysis_template *t, const struct analysis_spec *spec, json_t *meta)
{
	const char *text;
	struct err *e = compare_annotation_merge(a, &t, 1, spec->args.at, spec->args.n, &text);

	if (e == NULL && text != NULL)
		json_object_set_new(meta, "annotations", json_pack("{s:s}", ANNOTATION_COMPARE, text));
	return e;
}

static int
create_analysisrun_run(struct cli *c)
{
	const struct analysis_template *template;
	const char *name = cli_flag(c, "name"), *prefix = cli_flag(c, "generate-name"),
		   *id = cli_flag(c, "instance-id");
	struct rollout_analysis given = { 0 };
	struct template_source source;
	struct args_source nothing = { 0 };
	_cleanup_(json_decrefp) json_t *meta = NULL;
	struct analysis_spec merged;
	struct err *e;

	if ((cli_flag(c, "from") != NULL) == (create_template_file(c) != NULL))
		return cli_fail(
		    c, "usage: sluice create analysisrun --from TEMPLATE | --from-file FILE, [-a KEY=VALUE]...");
	if (create_arguments(c, &given) != 0 || cli_connect(c) != 0 || (template = create_template(c)) == NULL)
		return 1;
	source = (struct template_source){ template->object.meta.name, &template->spec };
	if (template->spec.templates.n > 0)
		return cli_fail(c, "template %s names others; only a rollout puts these together", source.name);
	if ((e = args_merge(c->arena, &source, 1, &given, &nothing, &merged)) != NULL)
		return cli_fail(c, "%s; give it with -a KEY=VALUE", err_text(c->arena, e));
	meta = json_pack("{s:s}", "namespace", c->namespace);
	if (name != NULL)
		json_object_set_new(meta, "name", json_string(name));
	else
		json_object_set_new(meta, "generateName",
		    prefix != NULL ? json_string(prefix) : json_sprintf("%s-", template->object.meta.name));
	if (id != NULL)
		json_object_set_new(meta, "labels", json_pack("{s:s}", LABEL_INSTANCE_ID, id));
	if ((e = create_comparisons(c->arena, template, &merged, meta)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	return create_one(c, &analysis_run_type,
	    json_pack("{s:s,s:s,s:O,s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind", "AnalysisRun", "metadata",
		meta, "spec", encode(&analysis_spec_type, &merged)));
}
