/* analysis/args.h: arguments of templates and runs, and {{args.x}}. */
#pragma once
#include "kube/api/analysis.h"

/* What the arguments of a rollout are resolved against. */
struct args_source {
	const json_t *rollout; /* the object, for fieldRef */
	const char *latest_hash, *stable_hash; /* for podTemplateHashValue */
};

struct template_source {
	const char *name;
	const struct analysis_spec *spec;
};

/* Merges templates into one run's spec, as Argo Rollouts does: metrics are put one behind the other (two of one name are an
 * error), arguments are merged by name (a value beats none; two different values are an error), then `given` override.
 * `from` NULL: sources are not read; an argument that has one comes back with its value_from instead of a value.
 * *ret_metrics is a new JSON list, *ret_args lives in the arena. */
struct err *args_merge(struct arena *, const struct template_source *, size_t n, const struct argument *given,
    size_t n_given, const struct args_source *, json_t **ret_metrics, struct argument **ret_args, size_t *ret_n_args);

/* Puts the arguments into a text of JSON: each {{args.name}}, spaces allowed, becomes the value with JSON's escaping. An
 * unknown or unresolved name is an error. */
struct err *args_substitute(struct arena *, const char *json, const struct argument *, size_t n, const char **ret);
