/* analysis/args.h: arguments of templates and runs, and {{args.x}}. */
#pragma once
#include "kube/api/analysis.h"

/* The source of values for the arguments of a rollout. */
struct args_source {
	const json_t *rollout; /* the object, for fieldRef */
	const char *latest_hash, *stable_hash; /* for podTemplateHashValue */
};

struct template_source {
	const char *name;
	const struct analysis_spec *spec;
};

/* Merges templates into the spec of one run, as Argo Rollouts does. Metrics and rules are concatenated; two metrics of
 * one name are an error. Arguments are merged by name; two different values are an error. Those of `given` override the
 * values, and its rules are added. An argument from a Secret keeps its value_from and gets no value; so do all that
 * have one if `from` is NULL. Everything lives in the arena. */
struct err *args_merge(struct arena *, const struct template_source *, size_t n, const struct rollout_analysis *given,
    const struct args_source *, struct analysis_spec *ret);

/* Returns why an argument cannot be resolved: it has a value and a source, or more than one source, or none. NULL: it
 * can. */
const char *argument_problem(const struct argument *);

/* Sets *ret to the value of the argument, from its source; NULL: it has no value, or it is in a Secret. */
struct err *args_resolve(struct arena *, const struct argument *, const struct args_source *, const char **ret);

/* Substitutes the arguments in a JSON text: each {{args.name}}, spaces allowed, becomes the value, escaped as in JSON.
 * A name that is unknown or not resolved is an error. */
struct err *args_substitute(struct arena *, const char *json, const struct argument *, size_t n, const char **ret);

/* Returns the arguments with {{args.name}} as the value of each one without a value: args_substitute then leaves it
 * in the text, and all that does not depend on it can be checked. In the arena. */
struct argument *args_unresolved(struct arena *, const struct argument *, size_t n);

/* Returns whether the text has arguments that are not resolved. Returns false for NULL. */
bool args_are_open(const char *text);
