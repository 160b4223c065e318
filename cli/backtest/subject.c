/* cli/backtest/subject.c: finds a template and its Rollout, and resolves the arguments as the controller does. */
#include "cli/backtest/subject.h"
#include <string.h>
#include "analysis/backtest/threshold.h"
#include "analysis/compare_annotation.h"
#include "base/str.h"
#include "cli/manifest_files.h"
#include "kube/client.h"

/* The scratch of one reading. */
struct subject_pass {
	struct cli *cli;
	const char *name; /* of the template */
	json_t *documents; /* owned; NULL: from the cluster */
	json_t *template, *rollout; /* owned; NULL: not found */
	bool cluster_template;
};

/* Returns the only document of a kind with this name (NULL: any), in the namespace of --namespace if that is given;
 * NULL after printing the error, if there are several, or none is found and one is `needed`. */
static json_t *
subject_find(struct cli *c, const json_t *documents, const char *kind, const char *name, bool needed, bool *ret_failed)
{
	const char *names = "", *ns = cli_flag(c, "namespace");
	json_t *doc, *found = NULL;
	size_t i, n = 0;

	json_array_foreach (documents, i, doc) {
		const json_t *meta = json_object_get(doc, "metadata");
		const char *one = json_str(meta, "name"), *in = json_str(meta, "namespace");

		if (!str_ends(json_str(doc, "kind"), kind) || one == NULL || (name != NULL && strcmp(name, one) != 0) ||
		    (ns != NULL && in != NULL && strcmp(ns, in) != 0))
			continue;
		if (n++ < 20)
			names = arena_printf(c->arena, "%s%s%s%s%s", names, n > 1 ? ", " : "", in != NULL ? in : "",
			    in != NULL ? "/" : "", one);
		found = doc;
	}
	*ret_failed = n > 1 || (n == 0 && needed);
	if (n > 1)
		cli_fail(c, "the files have several objects %s (%s): %s", kind, names,
		    name != NULL ? "choose one with --namespace, or give its file only" : "choose one with --rollout");
	else if (n == 0 && needed)
		cli_fail(c, "the files have no %s \"%s\"", kind, name);
	return n == 1 ? found : NULL;
}

static int
subject_from_files(struct subject_pass *p)
{
	struct cli *c = p->cli;
	const char *rollout = cli_flag(c, "rollout");
	bool failed;

	if (!manifest_files_read(c, 1, &p->documents))
		return 1;
	p->template = json_incref(subject_find(c, p->documents, "AnalysisTemplate", p->name, true, &failed));
	if (failed)
		return 1;
	p->cluster_template = str_eq(json_str(p->template, "kind"), "ClusterAnalysisTemplate");
	/* Without one of these names, the pods are those of a Rollout that is not in the files. */
	p->rollout = json_incref(subject_find(c, p->documents, "Rollout", rollout, false, &failed));
	return failed;
}

static int
subject_from_cluster(struct subject_pass *p)
{
	struct cli *c = p->cli;
	const struct type *t = cli_on(c, "global") ? &cluster_analysis_template_type : &analysis_template_type;
	const char *rollout = cli_flag(c, "rollout");
	struct err *e;

	if (c->n_args > 1)
		return cli_fail(c, "further arguments are files, which need -f FILE");
	if (cli_connect(c) != 0)
		return 1;
	p->cluster_template = cli_on(c, "global");
	e = cli_call(c, "GET", client_path(c->arena, t, c->namespace, p->name, NULL), NULL, NULL, &p->template);
	if (e != NULL)
		return cli_error(c, e);
	if (rollout != NULL && (p->rollout = cli_get_rollout(c, rollout)) == NULL)
		return 1;
	return 0;
}

/* Returns whether the analysis uses the template; it can be NULL. */
static bool
subject_uses(const struct subject_pass *p, const struct rollout_analysis *r)
{
	for (size_t i = 0; r != NULL && i < r->templates.n; i++)
		if (str_eq(r->templates.at[i].template_name, p->name) &&
		    r->templates.at[i].cluster_scope == p->cluster_template)
			return true;
	return false;
}

/* Returns the first analysis of the Rollout that uses the template; NULL: none does. */
static const struct rollout_analysis *
subject_analysis(const struct subject_pass *p, const struct rollout *r)
{
	const struct canary_strategy *canary = r->spec.strategy.canary;
	const struct blue_green_strategy *blue_green = r->spec.strategy.blue_green;

	if (canary != NULL && subject_uses(p, canary->analysis))
		return canary->analysis;
	for (size_t i = 0; canary != NULL && i < canary->steps.n; i++)
		if (subject_uses(p, canary->steps.at[i].analysis))
			return canary->steps.at[i].analysis;
	if (blue_green != NULL && subject_uses(p, blue_green->pre_promotion_analysis))
		return blue_green->pre_promotion_analysis;
	if (blue_green != NULL && subject_uses(p, blue_green->post_promotion_analysis))
		return blue_green->post_promotion_analysis;
	return NULL;
}

/* Sets *ret to another template of the analysis, a new reference; NULL: it is not found. Returns 0, or 1 after
 * printing the error. */
static int
subject_read_other(const struct subject_pass *p, const struct template_ref *ref, json_t **ret)
{
	const struct type *t = ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type;
	struct cli *c = p->cli;
	struct err *e = NULL;
	bool failed = false;

	*ret = NULL;
	if (p->documents != NULL)
		*ret = json_incref(subject_find(c, p->documents, t->kind, ref->template_name, false, &failed));
	else
		e = cli_call(
		    c, "GET", client_path(c->arena, t, c->namespace, ref->template_name, NULL), NULL, NULL, ret);
	if (*ret == NULL && !failed && (e == NULL || e->class == ERR_GONE))
		fprintf(stderr,
		    "warning: %s %s, which the same analysis uses, is not found: its comparisons are not counted\n",
		    t->kind, ref->template_name);
	else if (e != NULL)
		return cli_error(c, e);
	return failed;
}

/* Counts the comparisons of the other templates: they are in the same AnalysisRun, and share its false alarms. */
static int
subject_count_others(const struct subject_pass *p, const struct rollout_analysis *analysis, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; analysis != NULL && i < analysis->templates.n; i++) {
		const struct template_ref *ref = &analysis->templates.at[i];
		_cleanup_(json_decrefp) json_t *doc = NULL;
		const struct analysis_template *t;
		struct analysis_run run = { 0 };

		if (str_empty(ref->template_name) ||
		    (str_eq(ref->template_name, p->name) && ref->cluster_scope == p->cluster_template))
			continue;
		if (subject_read_other(p, ref, &doc) != 0)
			return 1;
		if (doc == NULL)
			continue;
		t = (const struct analysis_template *)object_decode(&analysis_template_type, doc, p->cli->arena);
		run.object = t->object;
		run.spec = t->spec;
		*ret += kept_comparisons(&run, p->cli->arena);
	}
	return 0;
}

static bool
subject_has_argument(const struct analysis_template *t, const char *name)
{
	for (size_t i = 0; i < t->spec.args.n; i++)
		if (str_eq(t->spec.args.at[i].name, name))
			return true;
	return false;
}

/* Adds KEY=VALUE, a line each, after those of the Rollout, which they override. */
static int
subject_arguments(const struct subject_pass *p, const struct analysis_template *t, const struct rollout_analysis *from,
    struct rollout_analysis *ret)
{
	struct cli *c = p->cli;
	const char *lines = cli_flag(c, "argument");
	char *rest = arena_strdup(c->arena, lines), *line;
	size_t n = from != NULL ? from->args.n : 0, given = 0;
	struct argument *at;

	for (const char *s = lines; s != NULL; s = strchr(s, '\n') != NULL ? strchr(s, '\n') + 1 : NULL)
		given++;
	if (n + given > ARGUMENTS_MAX)
		return cli_fail(c, "more than %d arguments", ARGUMENTS_MAX);
	at = arena_new_array(c->arena, struct argument, n + given);
	if (n > 0)
		memcpy(at, from->args.at, n * sizeof(*at));
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		char *eq = strchr(line, '=');
		size_t i = 0;

		if (eq == NULL || eq == line)
			return cli_fail(c, "--argument: \"%s\" is not KEY=VALUE", line);
		*eq = '\0';
		if (!subject_has_argument(t, line))
			return cli_fail(
			    c, "--argument: AnalysisTemplate %s has no argument \"%s\" (spec.args)", p->name, line);
		while (i < n && !str_eq(at[i].name, line))
			i++;
		at[i] = (struct argument){ .name = line, .value = eq + 1 };
		n += i == n;
	}
	ret->args.at = at;
	ret->args.n = n;
	return 0;
}

/* Makes the run that the controller would create, and replaces metrics by the comparisons of its annotation. */
static struct err *
subject_run(struct arena *a, const struct analysis_template *t, const struct analysis_spec *spec,
    const struct analysis_run **ret)
{
	_cleanup_(json_decrefp) json_t *object = NULL;
	const char *compare;
	struct err *e = compare_annotation_merge(a, &t, 1, spec->args.at, spec->args.n, &compare);

	if (e != NULL)
		return e;
	object = json_pack("{s:s,s:s,s:{s:s,s:s},s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind", "AnalysisRun",
	    "metadata", "name", "backtest", "namespace", "default", "spec", encode(&analysis_spec_type, spec));
	if (compare != NULL)
		json_object_set_new(json_object_get(object, "metadata"), "annotations",
		    json_pack("{s:s}", ANNOTATION_COMPARE, compare));
	return compare_annotation_apply(
	    a, (const struct analysis_run *)object_decode(&analysis_run_type, object, a), ret);
}

static int
subject_resolve(const struct subject_pass *p, struct subject *ret)
{
	struct cli *c = p->cli;
	const struct analysis_template *t = (const struct analysis_template *)object_decode(
	    p->cluster_template ? &cluster_analysis_template_type : &analysis_template_type, p->template, c->arena);
	const struct rollout *rollout =
	    p->rollout != NULL ? (const struct rollout *)object_decode(&rollout_type, p->rollout, c->arena) : NULL;
	const struct problem *bad = object_problem(&t->object, "spec");
	const struct template_source source = { p->name, &t->spec };
	const struct args_source from = {
		.rollout = p->rollout, .latest_hash = THRESHOLD_CANARY, .stable_hash = THRESHOLD_STABLE
	};
	const struct rollout_analysis *analysis = rollout != NULL ? subject_analysis(p, rollout) : NULL;
	struct rollout_analysis given = { 0 };
	const struct analysis_run *run = NULL;
	struct analysis_spec merged;
	struct err *e;

	if (bad != NULL)
		return cli_fail(c, "AnalysisTemplate %s: %s: %s", p->name, bad->path, bad->text);
	if (t->spec.templates.n > 0)
		return cli_fail(c,
		    "AnalysisTemplate %s has the metrics of other templates (spec.templates): test these one by one",
		    p->name);
	if (subject_arguments(p, t, analysis, &given) != 0 || subject_count_others(p, analysis, &ret->n_others) != 0)
		return 1;
	ret->in_background = analysis != NULL && rollout->spec.strategy.canary != NULL &&
			     analysis == rollout->spec.strategy.canary->analysis;
	if ((e = args_merge(c->arena, &source, 1, &given, &from, &merged)) != NULL)
		return cli_fail(
		    c, "AnalysisTemplate %s: %s; give it with -a KEY=VALUE", p->name, err_text(c->arena, e));
	if ((e = subject_run(c->arena, t, &merged, &run)) != NULL ||
	    (e = metrics_prepare(c->arena, &run->spec, merged.args.at, merged.args.n, &ret->set)) != NULL)
		return cli_fail(c, "AnalysisTemplate %s: %s", p->name, err_text(c->arena, e));
	ret->template = p->name;
	ret->rollout = cli_flag(c, "rollout");
	if (ret->rollout == NULL && rollout != NULL)
		ret->rollout = rollout->object.meta.name;
	return 0;
}

static int
subject_list(struct cli *c, const struct type *t, json_t **ret)
{
	struct err *e = cli_call_list(c, t, client_path(c->arena, t, c->namespace, NULL, NULL), ret);

	return e != NULL ? cli_error(c, e) : 0;
}

/* Reads the past releases that the cluster keeps. */
static int
subject_read_kept(struct cli *c, const json_t *rollout, struct subject *ret)
{
	_cleanup_(json_decrefp) json_t *sets = NULL, *runs = NULL;

	if (subject_list(c, &replicaset_type, &sets) != 0 || subject_list(c, &analysis_run_type, &runs) != 0)
		return 1;
	ret->kept = kept_read(c->arena, sets, runs, json_str(json_object_get(rollout, "metadata"), "uid"), &ret->set);
	return 0;
}

int
subject_read(struct cli *c, struct subject *ret)
{
	struct subject_pass p = { .cli = c, .name = c->n_args > 0 ? c->args[0] : NULL };
	int code;

	if (p.name == NULL)
		return cli_fail(c, "usage: sluice backtest TEMPLATE [-f FILE...] --prometheus URL");
	code = cli_flag(c, "filename") != NULL ? subject_from_files(&p) : subject_from_cluster(&p);
	if (code == 0)
		code = subject_resolve(&p, ret);
	if (code == 0 && cli_flag(c, "filename") == NULL && p.rollout != NULL &&
	    (cli_on(c, "releases") || cli_flag(c, "at") != NULL))
		code = subject_read_kept(c, p.rollout, ret);
	json_decref(p.documents);
	json_decref(p.template);
	json_decref(p.rollout);
	return code;
}
