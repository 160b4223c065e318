/* cli/backtest/subject.c: finds a template and its Rollout, and resolves the arguments as the controller does. */
#include "cli/backtest/subject.h"
#include <string.h>
#include "analysis/backtest/threshold.h"
#include "analysis/compare_annotation.h"
#include "base/str.h"
#include "cli/manifest_files.h"
#include "kube/client.h"

#define SUBJECT_TEMPLATES_MAX 100 /* of one analysis; further ones are not read */

/* The scratch of one reading. */
struct subject_pass {
	struct cli *cli;
	const char *name; /* of the template */
	json_t *documents; /* owned; NULL: from the cluster */
	json_t *template, *rollout; /* owned; NULL: not found */
	bool cluster_template;
};

/* Chooses documents of a kind. */
struct subject_choice {
	const char *kind, *name; /* NULL: any name */
	const char *ns; /* NULL: any; a document without a namespace is in each */
};

/* Returns the only document of a choice, and the number of all; NULL, and the names of all, if there are several. */
static json_t *
subject_find(struct arena *a, const json_t *documents, const struct subject_choice *of, size_t *ret_n, const char **ret)
{
	json_t *doc, *found = NULL;
	size_t i, n = 0;

	*ret = "";
	json_array_foreach (documents, i, doc) {
		const json_t *meta = json_object_get(doc, "metadata");
		const char *name = json_str(meta, "name"), *ns = json_str(meta, "namespace");

		if (!str_eq(json_str(doc, "kind"), of->kind) || name == NULL ||
		    (of->name != NULL && strcmp(of->name, name) != 0) ||
		    (of->ns != NULL && ns != NULL && strcmp(of->ns, ns) != 0))
			continue;
		if (n++ < 20)
			*ret = arena_printf(a, "%s%s%s%s%s", *ret, n > 1 ? ", " : "", ns != NULL ? ns : "",
			    ns != NULL ? "/" : "", name);
		found = doc;
	}
	*ret_n = n;
	return n == 1 ? found : NULL;
}

static int
subject_from_files(struct subject_pass *p)
{
	struct cli *c = p->cli;
	struct subject_choice template = { analysis_template_type.kind, p->name, cli_flag(c, "namespace") },
			      rollout = { rollout_type.kind, cli_flag(c, "rollout"), template.ns };
	const char *names;
	size_t n = 0;

	if (!manifest_files_read(c, 1, &p->documents))
		return 1;
	if (!cli_on(c, "global"))
		p->template = json_incref(subject_find(c->arena, p->documents, &template, &n, &names));
	if (n == 0) {
		p->cluster_template = true;
		template.kind = cluster_analysis_template_type.kind;
		p->template = json_incref(subject_find(c->arena, p->documents, &template, &n, &names));
	}
	if (n == 0)
		return cli_fail(c, "the files have no %s \"%s\"",
		    cli_on(c, "global") ? template.kind : analysis_template_type.kind, p->name);
	if (n > 1)
		return cli_fail(c,
		    "the files have several objects %s (%s): choose one with --namespace, or give its file only",
		    template.kind, names);
	/* Without one of this name, the pods are those of a Rollout that is not in the files. */
	p->rollout = json_incref(subject_find(c->arena, p->documents, &rollout, &n, &names));
	if (n > 1)
		return cli_fail(c, "the files have several objects Rollout (%s): choose one with %s", names,
		    rollout.name != NULL ? "--namespace" : "--rollout");
	return 0;
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

/* The templates of an analysis whose comparisons are counted. */
struct subject_others {
	const struct subject_pass *pass;
	const char *ns; /* of the Rollout; NULL: not known */
	const struct template_ref *at[SUBJECT_TEMPLATES_MAX];
	size_t n;
};

/* Adds templates once, as the controller does. */
static void
subject_add_others(struct subject_others *to, const struct template_ref *refs, size_t n)
{
	for (size_t i = 0; i < n && to->n < SUBJECT_TEMPLATES_MAX; i++) {
		bool known = str_empty(refs[i].template_name);

		for (size_t k = 0; k < to->n && !known; k++)
			known = str_eq(to->at[k]->template_name, refs[i].template_name) &&
				to->at[k]->cluster_scope == refs[i].cluster_scope;
		if (!known)
			to->at[to->n++] = &refs[i];
	}
}

/* Returns another template of the analysis, a new reference; NULL after a warning if it cannot be read. */
static json_t *
subject_read_other(const struct subject_others *others, const struct template_ref *ref)
{
	const struct type *t = ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type;
	const struct subject_pass *p = others->pass;
	const struct subject_choice choice = { t->kind, ref->template_name, others->ns };
	struct cli *c = p->cli;
	const char *names, *why = "it is not in the files";
	struct err *e = NULL;
	json_t *doc = NULL;
	size_t n = 0;

	if (p->documents != NULL)
		doc = json_incref(subject_find(c->arena, p->documents, &choice, &n, &names));
	else
		e = cli_call(
		    c, "GET", client_path(c->arena, t, c->namespace, ref->template_name, NULL), NULL, NULL, &doc);
	if (doc == NULL) {
		why = e != NULL ? err_text(c->arena, e) : n > 1 ? "the files have several" : why;
		fprintf(stderr, "warning: comparisons of %s %s, which the same analysis uses, are not counted: %s\n",
		    t->kind, ref->template_name, why);
	}
	return doc;
}

/* Returns the number of comparisons of the other templates: they are in the same AnalysisRun, and share its false
 * alarms. */
static size_t
subject_count_others(const struct subject_pass *p, const char *ns, const struct rollout_analysis *analysis)
{
	struct subject_others others = { .pass = p, .ns = ns };
	size_t n = 0;

	if (analysis != NULL)
		subject_add_others(&others, analysis->templates.at, analysis->templates.n);
	for (size_t i = 0; i < others.n; i++) {
		const struct template_ref *ref = others.at[i];
		_cleanup_(json_decrefp) json_t *doc = NULL;
		const struct analysis_template *t;
		struct analysis_run run = { 0 };

		if ((str_eq(ref->template_name, p->name) && ref->cluster_scope == p->cluster_template) ||
		    (doc = subject_read_other(&others, ref)) == NULL)
			continue;
		t = (const struct analysis_template *)object_decode(&analysis_template_type, doc, p->cli->arena);
		run.object = t->object;
		run.spec = t->spec;
		n += kept_comparisons(&run, p->cli->arena);
		subject_add_others(&others, t->spec.templates.at, t->spec.templates.n);
	}
	return n;
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
	if (subject_arguments(p, t, analysis, &given) != 0)
		return 1;
	ret->n_others = subject_count_others(p, rollout != NULL ? rollout->object.meta.namespace : NULL, analysis);
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
