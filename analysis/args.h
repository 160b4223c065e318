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

/* Merges templates into one run's spec, as Argo Rollouts does: metrics and rules are put one behind the other (two metrics of
 * one name are an error), arguments are merged by name (a value beats none; two different values are an error), then those of
 * `given` override, and its rules are added. `from` NULL: sources are not read; an argument that has one keeps its value_from
 * instead of getting a value, as those from Secrets always do. Everything lives in the arena. */
struct err *args_merge(struct arena *, const struct template_source *, size_t n, const struct rollout_analysis *given,
    const struct args_source *, struct analysis_spec *ret);

/* Why an argument cannot be resolved, whatever it is resolved against: a value and a source, or not just one source. NULL: it can. */
const char *argument_problem(const struct argument *);

/* The argument's value, from where it says; NULL: it has none, or it is a Secret's, which is looked up when it is needed. */
struct err *args_resolve(struct arena *, const struct argument *, const struct args_source *, const char **ret);

/* Puts the arguments into a text of JSON: each {{args.name}}, spaces allowed, becomes the value with JSON's escaping. An
 * unknown or unresolved name is an error. */
struct err *args_substitute(struct arena *, const char *json, const struct argument *, size_t n, const char **ret);

/* Each argument without a value stands for itself: args_substitute leaves {{args.name}} where it is, so that what
 * can be known before the values are is checked. In the arena. */
struct argument *args_unresolved(struct arena *, const struct argument *, size_t n);

/* Something in the text is still to come. NULL: no. */
bool args_are_open(const char *text);
