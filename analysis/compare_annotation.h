/* analysis/compare_annotation.h: comparisons in an annotation, so that one template works with both
 * controllers: Argo Rollouts judges a metric by its own query and conditions, Sluice by the comparison.
 *
 *	metadata:
 *	  annotations:
 *	    sluice.argoproj.io/compare: |
 *	      error-rate: {bad: 'requests_total{code=~"5.."}', total: requests_total}
 *
 * The annotation of a template is YAML, in which {{args.NAME}} may occur; that of its runs is JSON with the values.
 */
#pragma once
#include "analysis/args.h"
#include "kube/api/compare.h"

/* Adds the problems of a template's annotation: those of its fields, and metrics that the template does not have. */
void compare_annotation_check(struct problems *, const struct analysis_template *, const char *path);

/* Sets *ret to the annotation of a run: the comparisons of all templates, with the values of the arguments in place of
 * {{args.NAME}}. NULL: no template has this annotation. An argument from a Secret is an error. */
struct err *compare_annotation_merge(struct arena *, const struct analysis_template *const *templates, size_t n,
    const struct argument *args, size_t n_args, const char **ret);

/* Replaces the providers and conditions of metrics by the comparisons of the run's annotation. Without an annotation
 * *ret is the run itself, otherwise a copy in the arena that shares all but the metrics. */
struct err *compare_annotation_apply(struct arena *, const struct analysis_run *, const struct analysis_run **ret);
