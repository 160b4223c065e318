/* analysis/compare_annotation.c: a metric with an entry in the annotation becomes one with the provider
 * sluice/compare, before anything else reads it. */
#include "analysis/compare_annotation.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/yaml.h"

#define ANNOTATION_MAX 65536 /* bytes */

/* Sets *ret to the comparisons by the names of metrics, a new reference; NULL without an annotation. */
static struct err *
annotation_read(struct arena *a, const struct object *o, json_t **ret)
{
	const char *text = object_annotation(o, ANNOTATION_COMPARE);
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e;

	*ret = NULL;
	if (text == NULL)
		return NULL;
	if (strlen(text) > ANNOTATION_MAX)
		return err_new(a, ERR_INVALID, ANNOTATION_COMPARE " has more than %d bytes", ANNOTATION_MAX);
	if ((e = yaml_parse(a, text, strlen(text), &docs)) != NULL)
		return err_wrap(a, e, ANNOTATION_COMPARE);
	if (json_array_size(docs) != 1 || !json_is_object(json_array_get(docs, 0)))
		return err_new(a, ERR_INVALID, ANNOTATION_COMPARE " is not a map from names of metrics to comparisons");
	*ret = json_incref(json_array_get(docs, 0));
	return NULL;
}

static json_t *
annotation_metric(json_t *metrics, const char *name)
{
	json_t *metric;
	size_t i;

	json_array_foreach (metrics, i, metric)
		if (str_eq(json_str(metric, "name"), name))
			return metric;
	return NULL;
}

/* Replaces the provider of a metric. What the comparison does not have itself, it takes from a provider prometheus. */
static void
annotation_replace(json_t *metric, const json_t *comparison)
{
	static const char *const own[] = { "successCondition", "failureCondition", "count", "failureLimit",
		"inconclusiveLimit", "consecutiveSuccessLimit" };
	static const char *const shared[] = { "address", "timeout", "insecure", "caCert", "headers", "authentication" };
	const json_t *prometheus = json_at(metric, "/provider/prometheus");
	json_t *config = json_deep_copy(comparison);

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		json_t *value = json_object_get(prometheus, shared[i]);

		if (value != NULL && json_object_get(config, shared[i]) == NULL)
			json_object_set_new(config, shared[i], json_deep_copy(value));
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		json_object_del(metric, own[i]);
	json_object_set_new(metric, "provider", json_pack("{s:{s:o}}", "plugin", COMPARE_NAME, config));
}

void
compare_annotation_check(struct problems *p, const struct analysis_template *t, const char *path)
{
	_cleanup_(json_decrefp) json_t *all = NULL, *metrics = NULL;
	struct err *e = annotation_read(p->arena, &t->object, &all);
	const char *name;
	json_t *one;

	if (e != NULL)
		problem_add(p, path, "%s", err_text(p->arena, e));
	if (all != NULL && t->spec.metrics != NULL)
		metrics = json_loads(t->spec.metrics, 0, NULL);
	json_object_foreach (all, name, one) {
		struct problems found = { .arena = p->arena };
		struct compare_metric m = { 0 };

		if (annotation_metric(metrics, name) == NULL)
			problem_add(p, path, ANNOTATION_COMPARE ": the template has no metric \"%s\"", name);
		decode(&compare_metric_type, one, name, &found, &m);
		for (size_t i = 0; i < found.n; i++)
			if (!args_are_open(found.at[i].text))
				problem_add(p, path, ANNOTATION_COMPARE ": %s: %s", found.at[i].path, found.at[i].text);
	}
}

struct err *
compare_annotation_merge(struct arena *a, const struct analysis_template *const *templates, size_t n,
    const struct argument *args, size_t n_args, const char **ret)
{
	_cleanup_(json_decrefp) json_t *merged = json_object();
	struct err *e;

	*ret = NULL;
	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *all = NULL;

		if ((e = annotation_read(a, &templates[i]->object, &all)) != NULL)
			return err_wrap(a, e, "AnalysisTemplate %s", templates[i]->object.meta.name);
		json_object_update(merged, all);
	}
	if (json_object_size(merged) == 0)
		return NULL;
	if ((e = args_substitute(a, json_text(a, merged), args, n_args, ret)) != NULL)
		return err_wrap(a, e, ANNOTATION_COMPARE);
	return NULL;
}

struct err *
compare_annotation_apply(struct arena *a, const struct analysis_run *run, const struct analysis_run **ret)
{
	_cleanup_(json_decrefp) json_t *all = NULL, *metrics = NULL;
	struct err *e = annotation_read(a, &run->object, &all);
	struct analysis_run *copy;
	const char *name;
	json_t *one;

	*ret = run;
	if (e != NULL || all == NULL)
		return e;
	if (run->spec.metrics != NULL)
		metrics = json_loads(run->spec.metrics, 0, NULL);
	json_object_foreach (all, name, one) {
		json_t *metric = annotation_metric(metrics, name);

		if (metric == NULL || !json_is_object(one))
			return err_new(
			    a, ERR_INVALID, ANNOTATION_COMPARE ": the run has no metric \"%s\" to compare", name);
		annotation_replace(metric, one);
	}
	copy = arena_alloc(a, sizeof(*copy));
	*copy = *run;
	copy->spec.metrics = json_text(a, metrics);
	*ret = copy;
	return NULL;
}
