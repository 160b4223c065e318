/* cli/cmd_lint.c: lint: everything that is wrong with manifests, with file, line and column. The rules of several
 * fields are in lint_rules.c.
 *
 * Files are read as the controller would read their objects: the same tables, the same rules, and what they refer to
 * is looked for among the files. What is not found there may be in the cluster: that is a warning, unless --strict.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "analysis/args.h"
#include "analysis/condition/condition.h"
#include "analysis/compare_annotation.h"
#include "analysis/promql/balance.h"
#include "analysis/provider.h"
#include "analysis/validate.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/lint_compare.h"
#include "cli/lint_files.h"
#include "cli/lint_kinds.h"
#include "cli/lint_ports.h"
#include "cli/lint_queries.h"
#include "cli/lint_rules.h"
#include "cli/manifest_files.h"
#include "gitops/engine/object_annotations.h"
#include "gitops/engine/sync_options.h"
#include "gitops/render/substitute.h"
#include "io/file.h"
#include "kube/api/application.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/flux.h"
#include "kube/api/names.h"
#include "kube/api/pod_check.h"
#include "kube/api/roots.h"
#include "kube/api/workload.h"
#include "kube/api/yaml.h"
#include "rollout/analysis_templates.h"
#include "rollout/comparisons.h"
#include "rollout/experiment/validate.h"
#include "rollout/gather.h"
#include "rollout/validate.h"
#include "rollout/warnings.h"
#include "rollout/world.h"
#include "traffic/router.h"

#define FILE_MAX (16u << 20)
#define INTERVAL_LEAST_MS 1000
#define SYNC_OPTIONS_ANNOTATION "argocd.argoproj.io/sync-options"

static int lint_run(struct cli *);

const struct command cmd_lint = {
	.name = "lint",
	.args = "FILE|FOLDER...",
	.group = GROUP_CHECK,
	.summary = "Check manifests; errors have file and line",
	.example = "lint deploy/|lint -f -",
	.flags =
	    (const struct flag[]){
		{ .name = "filename",
		    .letter = 'f',
		    .value = "FILE",
		    .text = "File or folder to read, as well as the arguments; - is standard input",
		    .repeats = true },
		{ .name = "strict", .text = "Report references to objects that are not in the files as errors" },
		{ 0 },
	    },
	.run = lint_run,
};

struct lint {
	struct lint_files files;
	struct cli *cli;
	size_t n_files, n_errors, n_warnings;
	bool strict;
};

/* Returns whether the version is one of those that Sluice's own types are served in. */
static bool
lint_is_served(const struct type *t, const char *version)
{
	size_t n = strlen(t->group);

	if (api_root_named(t->kind) != t || n == 0)
		return true;
	version += n + (version[n] == '/');
	for (const char *s = t->also; s != NULL; s = strchr(s, ' '), s = s != NULL ? s + 1 : NULL)
		if (strcspn(s, " ") == strlen(version) && strncmp(s, version, strlen(version)) == 0)
			return true;
	return strcmp(version, t->version) == 0;
}

static void
lint_print(
    struct lint *l, bool warning, const char *file, const struct yaml_mark *at, const char *path, const char *text)
{
	printf("%s:%zu:%zu: %s: %s%s%s\n", file, at->line, at->column, warning ? "warning" : "error", path,
	    path[0] != '\0' ? ": " : "", text);
	if (warning)
		l->n_warnings++;
	else
		l->n_errors++;
}

/* Returns the position of a field, or of the nearest one that contains it. */
static const struct yaml_mark *
lint_mark(struct lint *l, const struct manifest *m, const char *path)
{
	return yaml_mark_of(m->marks, arena_printf(l->cli->arena, "%s%s", m->below, path)) ?: &m->marks->root;
}

static void
lint_print_problem(struct lint *l, const struct manifest *m, const struct problem *p)
{
	lint_print(l, p->reference && !l->strict, m->file, lint_mark(l, m, p->path), p->path, p->text);
}

static void
lint_add_document(struct lint *l, const char *file, json_t *doc, const struct yaml_marks *marks, const char *below)
{
	const struct type *t = lint_type_of(doc);
	json_t *meta = json_object_get(doc, "metadata");
	struct manifest *m = arena_alloc(l->cli->arena, sizeof(*m));
	const char *path, *why;

	*m = (struct manifest){ .file = file, .json = doc, .marks = marks, .below = below };
	if (!json_is_object(doc)) {
		lint_print(l, false, file, lint_mark(l, m, ""), "", "a document that is no object");
		return;
	}
	if (t == NULL) {
		if ((why = lint_kind_problem(l->cli->arena, doc, &path)) != NULL)
			lint_print(l, false, file, lint_mark(l, m, path), path, why);
		return;
	}
	if (!lint_is_served(t, json_str(doc, "apiVersion"))) {
		lint_print(l, false, file, lint_mark(l, m, "apiVersion"), "apiVersion",
		    arena_printf(l->cli->arena, "Invalid value: \"%s\": %s %s is of %s/%s", json_str(doc, "apiVersion"),
			str_article(t->kind), t->kind, t->group, t->version));
		return;
	}
	if (json_str(meta, "name") == NULL && json_str(meta, "generateName") == NULL) {
		lint_print(l, false, file, lint_mark(l, m, "metadata"), "metadata.name", "required, but missing");
		return;
	}
	/* As the API server would complete it. */
	if (!t->cluster_scoped && json_str(meta, "namespace") == NULL)
		json_object_set_new(meta, "namespace", json_string("default"));
	if (json_str(meta, "name") == NULL)
		json_object_set(meta, "name", json_object_get(meta, "generateName"));
	m->object = object_decode(t, doc, l->cli->arena);
	lint_files_add(&l->files, m);
}

static void
lint_read_file(const char *path, void *arg)
{
	struct lint *l = arg;
	const char *file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct yaml_mark failed = { "", 1, 1 };
	struct yaml_marks *marks;
	struct err *e = file_read(l->cli->arena, file, FILE_MAX, &text);
	json_t *doc, *item;
	size_t i, k;

	l->n_files++;
	if (e == NULL)
		e = yaml_parse_marked(l->cli->arena, text.at, text.len, &docs, &marks, &failed);
	if (e != NULL) {
		lint_print(l, false, path, &failed, "", err_text(l->cli->arena, e));
		return;
	}
	json_array_foreach (docs, i, doc) {
		if (str_ends(json_str(doc, "kind"), "List") && json_is_array(json_object_get(doc, "items"))) {
			json_array_foreach (json_object_get(doc, "items"), k, item)
				lint_add_document(
				    l, path, item, &marks[i], arena_printf(l->cli->arena, "items[%zu].", k));
		} else {
			lint_add_document(l, path, doc, &marks[i], "");
		}
	}
}

static void lint_check_pods(struct lint *, const struct manifest *, const char *pointer, const char *path, bool rules);

/* A comparison cannot distinguish one slow node from a slow version. The canary has the most pods at the largest weight
 * below 100. */
static void
lint_check_few_pods(struct lint *l, const struct manifest *m, const struct rollout_world *w)
{
	const struct rollout_spec *spec = &w->rollout->spec;
	const struct canary_strategy *canary = spec->strategy.canary;
	int64_t replicas = spec->replicas.present ? spec->replicas.value : 1, weight = 0, pods;
	bool used = false;

	for (size_t i = 0; i < w->n_analyses; i++)
		used |= comparisons_are_used(&w->analyses[i]);
	for (size_t i = 0; canary != NULL && i < canary->steps.n; i++)
		if (canary->steps.at[i].set_weight.present && canary->steps.at[i].set_weight.value < 100 &&
		    canary->steps.at[i].set_weight.value > weight)
			weight = canary->steps.at[i].set_weight.value;
	pods = (replicas * weight + 99) / 100;
	if (!used || canary == NULL || (pods >= 2 && replicas >= 3))
		return;
	lint_print(l, true, m->file, lint_mark(l, m, "spec.replicas"), "spec.replicas",
	    arena_printf(l->cli->arena,
		"a comparison has %" PRId64 " canary pod%s at weight %" PRId64 ", and %" PRId64
		" stable ones: with fewer than 2 and 3, one slow node can make the difference",
		pods, pods == 1 ? "" : "s", weight, replicas));
}

/* The queries of templates that hide the canary in this Rollout. */
static void
lint_check_queries(struct lint *l, const struct manifest *m, const struct rollout_world *w)
{
	for (struct manifest *of = l->files.first; of != NULL; of = of->next)
		for (size_t i = 0; i < w->n_analyses; i++)
			for (size_t k = 0; k < w->analyses[i].n_templates && !of->queries_reported; k++) {
				const struct analysis_template *t = w->analyses[i].templates[k].template;
				struct problems found = { .arena = l->cli->arena };

				if (t == NULL || &t->object != of->object)
					continue;
				lint_queries(&found, m->json, w, &w->analyses[i], t);
				for (size_t n = 0; n < found.n; n++)
					lint_print(l, true, of->file, lint_mark(l, of, found.at[n].path),
					    found.at[n].path, found.at[n].text);
				of->queries_reported = found.n > 0;
			}
}

/* The files, and the namespace of a Rollout that names Services. */
struct lint_services {
	const struct lint_files *files;
	const char *namespace;
};

static const json_t *
lint_ports_of(const char *service, void *arg)
{
	const struct lint_services *s = arg;
	const struct manifest *m = lint_files_find(s->files, &service_type, s->namespace, service);
	const json_t *ports = m != NULL ? json_at(m->json, "/spec/ports") : NULL;

	return json_array_size(ports) > 0 ? ports : NULL;
}

/* Prints the parts of an object of a router on which the split of the Rollout has no effect. */
static void
lint_print_warnings(struct lint *l, const struct manifest *of, const struct router *router, const struct rollout *r)
{
	struct problems found = { .arena = l->cli->arena };

	router->warn(r, of->object, &found);
	for (size_t i = 0; i < found.n; i++)
		lint_print(l, true, of->file, lint_mark(l, of, found.at[i].path), found.at[i].path, found.at[i].text);
}

/* The ports in the Rollout and the objects of its routers, each reported where it stands. */
static void
lint_check_ports(struct lint *l, const struct manifest *m)
{
	const struct rollout *r = (const struct rollout *)m->object;
	struct lint_services services = { &l->files, m->object->meta.namespace };
	const struct router *router;

	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		lint_files_each (&l->files, of) {
			struct problems found = { .arena = l->cli->arena };

			if (of == m || (router_has_type(router, of->object->type) && router->concerns(r, of->object)))
				lint_ports(&found, r, router, of->json, of == m, lint_ports_of, &services);
			for (size_t k = 0; k < found.n; k++)
				lint_print_problem(l, of, &found.at[k]);
			if (router->warn != NULL && router_has_type(router, of->object->type) &&
			    router->concerns(r, of->object))
				lint_print_warnings(l, of, router, r);
		}
}

/* The comparisons that this Rollout cannot have. */
static void
lint_check_compared(struct lint *l, const struct manifest *m, const struct rollout_world *w)
{
	struct problems errors = { .arena = l->cli->arena }, warnings = { .arena = l->cli->arena };

	lint_compare_rollout(&errors, &warnings, m->json, w);
	for (size_t i = 0; i < errors.n; i++)
		lint_print_problem(l, m, &errors.at[i]);
	for (size_t i = 0; i < warnings.n; i++)
		lint_print(
		    l, true, m->file, lint_mark(l, m, warnings.at[i].path), warnings.at[i].path, warnings.at[i].text);
}

static void
lint_check_rollout(struct lint *l, const struct manifest *m)
{
	struct seen seen = { 0 };
	struct pass pass = { .view = &l->files.view,
		.namespace = m->object->meta.namespace,
		.name = m->object->meta.name,
		.seen = &seen };
	struct problems found = { .arena = l->cli->arena }, warnings = { .arena = l->cli->arena };
	struct rollout_world w;

	world_gather(&pass, (const struct rollout *)m->object, l->cli->arena, &w);
	validate_problems(&w, &found);
	for (size_t i = 0; i < found.n; i++)
		lint_print_problem(l, m, &found.at[i]);
	warnings_find(&warnings, w.rollout);
	for (size_t i = 0; i < warnings.n; i++)
		if (!problem_at(&found, warnings.at[i].path) && object_problem(m->object, warnings.at[i].path) == NULL)
			lint_print(l, true, m->file, lint_mark(l, m, warnings.at[i].path), warnings.at[i].path,
			    warnings.at[i].text);
	lint_check_ports(l, m);
	lint_check_compared(l, m, &w);
	lint_check_few_pods(l, m, &w);
	lint_check_queries(l, m, &w);
	lint_check_pods(l, m, "/spec/template", "spec.template", false);
}

static void
lint_check_experiment(struct lint *l, const struct manifest *m)
{
	struct problems found = { .arena = l->cli->arena };

	experiment_problems(&l->files.view, (const struct experiment *)m->object, &found);
	for (size_t i = 0; i < found.n; i++)
		lint_print_problem(l, m, &found.at[i]);
	for (size_t i = 0; i < json_array_size(json_at(m->json, "/spec/templates")); i++)
		lint_check_pods(l, m, arena_printf(l->cli->arena, "/spec/templates/%zu/template", i),
		    arena_printf(l->cli->arena, "spec.templates[%zu].template", i), false);
}

static void
lint_check_condition(
    struct lint *l, const struct manifest *m, size_t i, enum measured_kind kind, const char *field, const char *text)
{
	struct problem p = { .path = arena_printf(l->cli->arena, "spec.metrics[%zu].%s", i, field) };
	struct condition_program *program;
	struct err *e;

	if (text == NULL || text[0] == '\0' || strstr(text, "{{") != NULL)
		return;
	e = condition_parse(l->cli->arena, text, &program);
	if (e == NULL && kind != MEASURED_ANYTHING) {
		struct value like =
		    kind == MEASURED_NUMBER ? value_float(0) : value_from_floats(l->cli->arena, NULL, 0);

		e = condition_fits(l->cli->arena, program, &like);
		if (e != NULL)
			e = err_wrap(l->cli->arena, e, "the query returns %s",
			    kind == MEASURED_NUMBER ? "one number" : "a vector, a list of numbers");
	}
	if (e == NULL)
		return;
	p.text = arena_printf(l->cli->arena, "`%s`: %s", text, err_text(l->cli->arena, e));
	lint_print_problem(l, m, &p);
}

/* A query that Prometheus refuses in each measurement, and one that is repeated faster than it has new samples. */
static void
lint_check_measurements(struct lint *l, const struct manifest *m, const struct metric *metric, size_t i)
{
	const struct prometheus_metric *prometheus = metric->provider.prometheus;
	struct problem p = { .path = arena_printf(l->cli->arena, "spec.metrics[%zu].provider.prometheus.query", i) };
	const char *path = arena_printf(l->cli->arena, "spec.metrics[%zu].interval", i), *why;

	if (prometheus != NULL && prometheus->query != NULL &&
	    (why = promql_balance_problem(l->cli->arena, prometheus->query)) != NULL) {
		p.text = arena_printf(l->cli->arena, "`%s` is not PromQL: %s", prometheus->query, why);
		lint_print_problem(l, m, &p);
	}
	if (metric->interval.text != NULL && !args_are_open(metric->interval.text) &&
	    metric->interval.ms < INTERVAL_LEAST_MS)
		lint_print(l, true, m->file, lint_mark(l, m, path), path,
		    arena_printf(l->cli->arena,
			"\"%s\" is shorter than 1s: each measurement is a query, and a write to the AnalysisRun",
			metric->interval.text));
}

/* Prints the errors of a metric. A value with {{args.x}} is not checked, because the argument is not known yet. */
static void
lint_check_metric(struct lint *l, const struct manifest *m, const struct metric *metric, size_t i, const char *text)
{
	const struct provider *provider = provider_of(metric);
	enum measured_kind kind =
	    provider != NULL && provider->kind != NULL ? provider->kind(metric) : MEASURED_ANYTHING;
	struct problem p = { .path = arena_printf(l->cli->arena, "spec.metrics[%zu]", i) };
	struct metric_limits limits;
	struct err *e;

	lint_check_condition(l, m, i, kind, "successCondition", metric->success_condition);
	lint_check_condition(l, m, i, kind, "failureCondition", metric->failure_condition);
	lint_check_measurements(l, m, metric, i);
	if ((e = metric_limits_read(l->cli->arena, metric, &limits)) == NULL && provider != NULL &&
	    provider->check != NULL && (strstr(text, "{{") == NULL || provider->once))
		e = provider->check(l->cli->arena, metric);
	if (e == NULL || strstr(err_text(l->cli->arena, e), "{{") != NULL)
		return;
	p.text = err_text(l->cli->arena, e);
	lint_print_problem(l, m, &p);
}

/* The objects that its provider creates, such as the pods of a Job. */
static void
lint_check_metric_objects(struct lint *l, const struct manifest *m, const json_t *metric, size_t i)
{
	const struct provider *p = provider_of_json(metric);
	struct problems found = { .arena = l->cli->arena };

	if (p == NULL || p->check_objects == NULL)
		return;
	p->check_objects(&found, json_object_get(json_object_get(metric, "provider"), p->name),
	    arena_printf(l->cli->arena, "spec.metrics[%zu].provider.%s", i, p->name));
	for (size_t k = 0; k < found.n; k++)
		if (strstr(found.at[k].text, "{{") == NULL)
			lint_print_problem(l, m, &found.at[k]);
}

/* An argument of a template or run: what can be wrong with it alone. A run's has a value, as nothing gives it one
 * later. */
static void
lint_check_argument(struct lint *l, const struct manifest *m, const struct analysis_spec *spec, size_t i)
{
	const struct argument *arg = &spec->args.at[i];
	struct problem p = { .path = arena_printf(l->cli->arena, "spec.args[%zu]", i), .text = argument_problem(arg) };

	for (size_t k = 0; k < i && p.text == NULL; k++)
		if (str_eq(spec->args.at[k].name, arg->name) && arg->value != NULL && spec->args.at[k].value != NULL &&
		    strcmp(arg->value, spec->args.at[k].value) != 0)
			p.text = arena_printf(
			    l->cli->arena, "Duplicate value: \"%s\": it has another value before", arg->name);
	if (p.text == NULL && m->object->type == &analysis_run_type && arg->value == NULL &&
	    (arg->value_from == NULL || arg->value_from->secret_key_ref == NULL))
		p.text = "Required value: an argument of a run has a value, or comes from a Secret";
	if (p.text != NULL)
		lint_print_problem(l, m, &p);
}

/* The metrics of a template or run. Those with a value for every argument are prepared as a run would prepare them. */
static void
lint_check_metrics(struct lint *l, const struct manifest *m, const struct analysis_spec *spec)
{
	struct argument *args = arena_new_array(l->cli->arena, struct argument, spec->args.n);
	struct problems found = { .arena = l->cli->arena };
	const char *text = spec->metrics;
	size_t before = l->n_errors, n;
	bool known = true;
	struct metric *metrics;
	struct metric_set set;
	struct err *e;

	for (size_t i = 0; i < spec->args.n; i++) {
		const char *name = spec->args.at[i].name, *value = spec->args.at[i].value;

		known &= value != NULL;
		lint_check_argument(l, m, spec, i);
		/* One without a value stands for itself. */
		args[i] = (struct argument){ .name = name,
			.value = value != NULL ? value : arena_printf(l->cli->arena, "{{args.%s}}", name) };
	}
	if (text != NULL && args_substitute(l->cli->arena, text, args, spec->args.n, &text) != NULL)
		text = spec->metrics;
	n = metrics_decode(l->cli->arena, text, "spec.metrics", &found, &metrics);
	for (size_t i = 0; i < found.n; i++)
		if (strstr(found.at[i].text, "{{") == NULL)
			lint_print_problem(l, m, &found.at[i]);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *list = json_loads(text, 0, NULL);
		const json_t *metric = json_array_get(list, i);

		lint_check_metric(l, m, &metrics[i], i, json_text(l->cli->arena, metric));
		lint_check_metric_objects(l, m, metric, i);
	}
	if (found.n > 0 || !known || spec->templates.n > 0 || l->n_errors > before)
		return;
	if ((e = metrics_prepare(l->cli->arena, spec, args, spec->args.n, &set)) != NULL) {
		struct problem p = { .path = e->path != NULL ? e->path : "spec.metrics",
			.text = err_message(l->cli->arena, e) };

		lint_print_problem(l, m, &p);
	}
}

/* The pod template of a workload: what an API server refuses, and what it would drop. `rules`: they are not checked
 * elsewhere. */
static void
lint_check_pods(struct lint *l, const struct manifest *m, const char *pointer, const char *path, bool rules)
{
	const json_t *template = json_at(m->json, pointer);
	struct problems found = { .arena = l->cli->arena };

	if (rules)
		pod_template_problems(&found, template, path, POD_OF_REPLICASET);
	pod_template_unknown(&found, template, path);
	for (size_t i = 0; i < found.n; i++)
		lint_print_problem(l, m, &found.at[i]);
}

/* Fields that no row names: an API server drops them without an error. */
static void
lint_check_unknown(struct lint *l, const struct manifest *m)
{
	static const char text[] = "unknown field; it has no effect";
	static const char *const common[] = { "apiVersion", "kind", "metadata", "status" };
	_cleanup_(json_decrefp) json_t *own = json_copy((json_t *)m->json);
	struct problems found = { .arena = l->cli->arena, .unknown = true };

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		json_object_del(own, common[i]);
	decode(m->object->type, own, "", &found, arena_alloc(l->cli->arena, m->object->type->size));
	for (size_t i = 0; i < found.n; i++)
		if (strcmp(found.at[i].text, text) == 0)
			lint_print_problem(l, m, &found.at[i]);
}

/* The grammars of an object's own name, labels and annotations. */
static void
lint_check_names(struct lint *l, const struct manifest *m)
{
	const char *kind = m->object->type->kind, *name = json_str(json_object_get(m->json, "metadata"), "name"), *why;
	const char *fields[] = { "labels", "annotations" }, *key,
		   *ns = json_str(json_object_get(m->json, "metadata"), "namespace");
	json_t *v;

	if (name != NULL && json_str(json_object_get(m->json, "metadata"), "generateName") == NULL &&
	    (why = name_object_problem(kind, name)) != NULL)
		lint_print(l, false, m->file, lint_mark(l, m, "metadata.name"), "metadata.name",
		    arena_printf(l->cli->arena, "Invalid value: \"%s\": %s", name, why));
	if (ns != NULL && (why = name_label_problem(ns)) != NULL)
		lint_print(l, false, m->file, lint_mark(l, m, "metadata.namespace"), "metadata.namespace",
		    arena_printf(l->cli->arena, "Invalid value: \"%s\": %s", ns, why));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *path = arena_printf(l->cli->arena, "metadata.%s", fields[i]);

		json_object_foreach (json_object_get(json_object_get(m->json, "metadata"), fields[i]), key, v) {
			why = name_qualified_problem(i == 0 ? key : utf8_cased(l->cli->arena, key, false, true));
			if (why == NULL && i == 0 && json_is_string(v))
				why = name_label_value_problem(json_string_value(v));
			if (!json_is_string(v))
				why = "must be a string";
			if (why != NULL)
				lint_print(l, false, m->file, lint_mark(l, m, path), path,
				    arena_printf(l->cli->arena, "Invalid value: \"%s\": %s", key, why));
		}
	}
}

/* Sync options that are none: of an Application, and of any object in its annotation. */
static void
lint_check_sync_options(struct lint *l, const struct manifest *m)
{
	const json_t *options = json_at(m->json, "/spec/syncPolicy/syncOptions"), *one;
	const char *annotation =
	    json_str(json_object_get(json_object_get(m->json, "metadata"), "annotations"), SYNC_OPTIONS_ANNOTATION);
	struct problem p = { 0 };

	for (size_t i = 0; m->object->type == &application_type && i < json_array_size(options); i++) {
		one = json_array_get(options, i);
		p.path = arena_printf(l->cli->arena, "spec.syncPolicy.syncOptions[%zu]", i);
		p.text = json_is_string(one) ? sync_option_problem(l->cli->arena, json_string_value(one), false) : NULL;
		if (p.text != NULL)
			lint_print_problem(l, m, &p);
	}
	p.path = "metadata.annotations";
	for (char *rest = arena_strdup(l->cli->arena, annotation), *option; rest != NULL;) {
		option = strsep(&rest, ",");
		option += strspn(option, " ");
		option[strcspn(option, " ")] = '\0';
		if (option[0] != '\0' && (p.text = sync_option_problem(l->cli->arena, option, true)) != NULL)
			lint_print_problem(l, m, &p);
	}
	/* Argo CD's annotations and Flux's switches: with another value they have no effect, and the object is
	 * applied all the same. */
	for (int flux = 0; flux < 2; flux++)
		if ((p.text = object_annotations_problem(l->cli->arena, m->json, flux == 1)) != NULL)
			lint_print(l, true, m->file, lint_mark(l, m, p.path), p.path, p.text);
}

/* Flux refuses all of a Kustomization with a variable that no manifest can name. */
static void
lint_check_variables(struct problems *p, const json_t *variables)
{
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)variables, name, v)
		if (!substitute_is_name(name))
			problem_add(p, "spec.postBuild.substitute",
			    "Invalid value: \"%s\": a variable's name is letters, digits and underscores, and does not "
			    "begin with a digit",
			    name);
}

/* Prints the errors of its rows and of the rules of its type. */
static void
lint_check_fields(struct lint *l, const struct manifest *m)
{
	struct problems found = { .arena = l->cli->arena };

	for (size_t i = 0; m->object->problems != NULL && i < m->object->problems->n; i++)
		lint_print_problem(l, m, &m->object->problems->at[i]);
	lint_rules(&found, m->object->type, m->json);
	if (m->object->type == &flux_kustomization_type)
		lint_check_variables(&found, json_at(m->json, "/spec/postBuild/substitute"));
	for (size_t i = 0; i < found.n; i++)
		lint_print_problem(l, m, &found.at[i]);
}

static bool
lint_is_analysis(const struct type *t)
{
	return t == &analysis_run_type || t == &analysis_template_type || t == &cluster_analysis_template_type;
}

/* The comparisons of a template, or of a run: template NULL. */
static void
lint_check_comparisons(struct lint *l, const struct manifest *m, const struct analysis_spec *spec,
    const struct analysis_template *template)
{
	struct problems found = { .arena = l->cli->arena };

	lint_compare_namespaces(&found, spec, template);
	for (size_t i = 0; i < found.n; i++)
		lint_print(l, true, m->file, lint_mark(l, m, found.at[i].path), found.at[i].path, found.at[i].text);
}

static void
lint_check_template(struct lint *l, const struct manifest *m)
{
	const struct analysis_template *template =
	    m->object->type != &analysis_run_type ? (const struct analysis_template *)m->object : NULL;
	const struct analysis_spec *spec =
	    template != NULL ? &template->spec : &((const struct analysis_run *)m->object)->spec;

	for (size_t i = 0; m->object->problems != NULL && i < m->object->problems->n; i++)
		lint_print_problem(l, m, &m->object->problems->at[i]);
	for (size_t i = 0; i < spec->templates.n; i++) {
		const struct template_ref *ref = &spec->templates.at[i];
		const struct type *t = ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type;
		struct problem p = { .path = arena_printf(l->cli->arena, "spec.templates[%zu].templateName", i),
			.text = arena_printf(l->cli->arena, "%s \"%s\" not found", t->kind, ref->template_name),
			.reference = true };

		if (view_get(&l->files.view, t, m->object->meta.namespace, ref->template_name) == NULL)
			lint_print_problem(l, m, &p);
	}
	if (template != NULL) {
		struct problems found = { .arena = l->cli->arena };

		compare_annotation_check(&found, template, "metadata.annotations");
		for (size_t i = 0; i < found.n; i++)
			lint_print_problem(l, m, &found.at[i]);
	}
	lint_check_metrics(l, m, spec);
	lint_check_comparisons(l, m, spec, template);
}

/* Two objects of one name: the later one would replace the other. */
static void
lint_check_twice(struct lint *l, const struct manifest *m)
{
	if (m->first_namesake == m)
		return;
	lint_print(l, true, m->file, lint_mark(l, m, "metadata.name"), "metadata.name",
	    arena_printf(l->cli->arena, "%s %s is in %s too", m->object->type->kind, m->object->meta.name,
		m->first_namesake->file));
}

static int
lint_run(struct cli *c)
{
	struct lint l = { .cli = c, .strict = cli_on(c, "strict") };
	char *files = arena_strdup(c->arena, cli_flag(c, "filename")), *file;
	size_t n = 0;

	lint_files_init(&l.files, c->arena);
	while ((file = strsep(&files, "\n")) != NULL)
		manifest_files_each(c->arena, file, lint_read_file, &l);
	for (size_t i = 0; i < c->n_args; i++)
		manifest_files_each(c->arena, c->args[i], lint_read_file, &l);
	if (l.n_files == 0)
		return cli_fail(c, "usage: sluice lint FILE|FOLDER...; no file was read");
	for (const struct manifest *m = l.files.first; m != NULL; m = m->next) {
		l.files.from = m;
		lint_check_twice(&l, m);
		if (api_root_named(m->object->type->kind) != NULL)
			lint_check_unknown(&l, m);
		lint_check_names(&l, m);
		lint_check_sync_options(&l, m);
		if (m->object->type == &rollout_type)
			lint_check_rollout(&l, m);
		else if (m->object->type == &experiment_type)
			lint_check_experiment(&l, m);
		else if (lint_is_analysis(m->object->type))
			lint_check_template(&l, m);
		else if (api_root_named(m->object->type->kind) != NULL)
			lint_check_fields(&l, m);
		else if (m->object->type == &pod_template_object_type)
			lint_check_pods(&l, m, "/template", "template", true);
		else if (m->object->type == &deployment_type || m->object->type == &workload_replicaset_type)
			lint_check_pods(&l, m, "/spec/template", "spec.template", true);
		n++;
	}
	lint_files_done(&l.files);
	printf("%zu files, %zu objects: %zu errors, %zu warnings\n", l.n_files, n, l.n_errors, l.n_warnings);
	return l.n_errors > 0 ? 1 : 0;
}
