/* analysis/compare_annotation.h: comparisons in an annotation, for templates that Argo Rollouts reads too: its
 * controller judges the metrics by their own queries and conditions, and Sluice by a comparison instead.
 *
 *	metadata:
 *	  annotations:
 *	    sluice.argoproj.io/compare: |
 *	      error-rate: {bad: 'requests_total{code=~"5.."}', total: requests_total}
 *
 * The annotation of a template is YAML, in which arguments may occur; that of its runs is JSON without them.
 */
#pragma once
#include "analysis/args.h"
#include "kube/api/compare.h"

/* Adds the problems of a template's annotation: those of its fields, and metrics that the template does not have. */
void compare_annotation_check(struct problems *, const struct analysis_template *, const char *path);

/* Sets *ret to the annotation of a run with all comparisons of the templates and the values of the arguments; NULL: no
 * template has one. An argument from a Secret is an error. */
struct err *compare_annotation_merge(struct arena *, const struct analysis_template *const *templates, size_t n,
    const struct argument *args, size_t n_args, const char **ret);

/* Sets *ret to the run with the comparisons of its annotation in place of its metrics' own providers and conditions:
 * the run itself without an annotation, otherwise a copy in the arena that shares all but the metrics. */
struct err *compare_annotation_apply(struct arena *, const struct analysis_run *, const struct analysis_run **ret);
