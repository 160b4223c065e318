/* cli/lint_compare.c: lint: comparisons of versions, in the metrics of templates and in their annotation. */
#include "cli/lint_compare.h"
#include <string.h>
#include "analysis/compare/limits.h"
#include "analysis/compare_annotation.h"
#include "analysis/promql/promql.h"
#include "base/str.h"
#include "cli/lint_queries.h"
#include "rollout/world.h"

struct lint_comparison {
	const struct compare_metric *metric;
	const char *path; /* of the field that has it */
	const char *name; /* of the comparison in that field, for messages: "sluice.argoproj.io/compare: errors"; "" */
};

/* Sets *ret to the comparisons of a template or run (template NULL), in the arena. Those of a list or annotation whose
 * arguments are not known are left out, as are fields that cannot be decoded. */
static size_t
lint_comparisons(struct arena *a, const struct analysis_spec *spec, const struct analysis_template *template,
    const struct argument *args, size_t n_args, struct lint_comparison **ret)
{
	struct problems ignored = { .arena = a };
	const char *text = spec->metrics, *annotation = NULL, *name;
	_cleanup_(json_decrefp) json_t *all = NULL;
	struct metric *metrics = NULL;
	size_t n_metrics = 0, n = 0;
	json_t *one;

	if (text != NULL && args_substitute(a, text, args, n_args, &text) == NULL)
		n_metrics = metrics_decode(a, text, "spec.metrics", &ignored, &metrics);
	if (template != NULL && compare_annotation_merge(a, &template, 1, args, n_args, &annotation) == NULL &&
	    annotation != NULL)
		all = json_loads(annotation, 0, NULL);
	*ret = arena_new_array(a, struct lint_comparison, n_metrics + json_object_size(all));
	for (size_t i = 0; i < n_metrics; i++)
		if (metrics[i].provider.plugin != NULL && metrics[i].provider.plugin->compare != NULL)
			(*ret)[n++] = (struct lint_comparison){ metrics[i].provider.plugin->compare,
				arena_printf(a, "spec.metrics[%zu].provider.plugin." COMPARE_NAME, i), "" };
	json_object_foreach (all, name, one) {
		struct compare_metric *m = arena_new_array(a, struct compare_metric, 1);

		decode(&compare_metric_type, one, name, &ignored, m);
		(*ret)[n++] = (struct lint_comparison){ m, "metadata.annotations",
			arena_printf(a, ANNOTATION_COMPARE ": %s", name) };
	}
	return n;
}

/* Returns whether a selector of PromQL selects a namespace, by whichever label, or cannot be read. */
static bool
lint_selects_namespace(struct arena *a, const char *selector)
{
	struct promql query;

	if (promql_parse(a, selector, &query) != NULL)
		return true;
	for (size_t i = 0; i < query.n_selectors; i++)
		for (size_t k = 0; k < query.selectors[i].n; k++)
			if (strstr(query.selectors[i].matchers[k].label, "namespace") != NULL)
				return true;
	return false;
}

static bool
lint_matchers_have_namespace(struct arena *a, const char *matchers)
{
	return matchers != NULL && lint_selects_namespace(a, arena_printf(a, "{%s}", matchers));
}

void
lint_compare_namespaces(struct problems *p, const struct analysis_spec *spec, const struct analysis_template *template)
{
	const struct argument *args = args_unresolved(p->arena, spec->args.at, spec->args.n);
	struct lint_comparison *list;
	size_t n = lint_comparisons(p->arena, spec, template, args, spec->args.n, &list);

	for (size_t i = 0; i < n; i++) {
		const struct compare_metric *m = list[i].metric;
		const struct {
			const char *field, *selector;
		} fields[] = { { "bad", m->bad }, { "total", m->total }, { "slow", m->slow } };

		if (lint_matchers_have_namespace(p->arena, m->canary) &&
		    lint_matchers_have_namespace(p->arena, m->stable))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
			bool in_annotation = list[i].name[0] != '\0';

			if (fields[k].selector == NULL || lint_selects_namespace(p->arena, fields[k].selector))
				continue;
			problem_add(p,
			    in_annotation ? list[i].path
					  : arena_printf(p->arena, "%s.%s", list[i].path, fields[k].field),
			    "%s%s%s`%s` has no matcher of the label namespace: pods of other namespaces that have the "
			    "same names are counted too",
			    list[i].name, in_annotation ? "." : "",
			    in_annotation ? arena_printf(p->arena, "%s: ", fields[k].field) : "", fields[k].selector);
			break;
		}
	}
}

/* Adds the error of a comparison of a template, unless another analysis of the Rollout with this template has it. */
static void
lint_add_error(struct problems *p, const char *path, const struct analysis_template *t, const struct lint_comparison *c,
    const struct err *e)
{
	bool named = c->name[0] != '\0';
	const char *text = arena_printf(p->arena, "%s %s: %s%s%s: %s", t->object.type->kind, t->object.meta.name,
	    c->path, named ? ": " : "", c->name, err_text(p->arena, e));

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->at[i].path, path) == 0 && strcmp(p->at[i].text, text) == 0)
			return;
	problem_add(p, path, "%s", text);
}

/* Adds the errors of a comparison in an analysis of the Rollout. */
static void
lint_compare_one(struct problems *errors, struct problems *warnings, const struct rollout *r,
    const struct analysis_template *t, const struct lint_comparison *c)
{
	struct arena *a = errors->arena;
	int64_t replicas = r->spec.replicas.present ? r->spec.replicas.value : 1;
	struct compare_config config;
	struct limits limits;
	bool certain;
	struct err *e = config_check_rollout(a, c->metric, r->object.meta.name, &certain);

	if (e != NULL)
		lint_add_error(certain ? errors : warnings, "metadata.name", t, c, e);
	/* Without replicas there is nothing to measure. Errors of the fields are the template's. */
	if (replicas > 0 && config_read(a, c->metric, &config) == NULL &&
	    (e = limits_of(a, c->metric, &config, replicas, &limits)) != NULL)
		lint_add_error(errors, "spec.replicas", t, c, e);
}

void
lint_compare_rollout(
    struct problems *errors, struct problems *warnings, const json_t *rollout, const struct rollout_world *w)
{
	struct arena *a = errors->arena;

	for (size_t i = 0; i < w->n_analyses; i++) {
		size_t n_args, n;
		const struct argument *args = lint_queries_arguments(a, rollout, &w->analyses[i], &n_args);

		for (size_t k = 0; args != NULL && k < w->analyses[i].n_templates; k++) {
			const struct analysis_template *t = w->analyses[i].templates[k].template;
			struct lint_comparison *list;

			n = lint_comparisons(a, &t->spec, t, args, n_args, &list);
			for (size_t c = 0; c < n; c++)
				lint_compare_one(errors, warnings, w->rollout, t, &list[c]);
		}
	}
}
