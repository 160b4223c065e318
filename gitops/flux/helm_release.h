/* gitops/flux/helm_release.h: the parts of the controller of HelmRelease: its HelmChart, and the result of an action.
 * Pure. */
#pragma once
#include "gitops/flux/flux_pass.h"

/* Returns the HelmChart that the release uses, or the one that an OCIRepository stands for. *ret_namespace and
 * *ret_name are where it is, or will be. NULL: it does not exist. */
const struct helm_chart *hr_chart(
    struct flux_pass *, const struct helm_release *, const char **ret_namespace, const char **ret_name);

/* Returns whether the HelmRelease has created the HelmChart. Another HelmRelease ("a-b/c" and "a/b-c") or user may have
 * one of this name, which is then neither used nor changed. */
bool hr_owns_chart(const struct helm_release *, const struct object *chart);

/* Plans to create or update the HelmChart of spec.chart, and to delete one that is not used any more. Does nothing for
 * a chartRef. */
void hr_write_chart(struct flux_pass *, const struct helm_release *);

/* Plans to delete the HelmChart that the release has created. */
void hr_delete_chart(struct flux_pass *);

/* Writes the result of an action into the status. Returns the time until the next request, in ms; 0: the interval. */
int64_t hr_read_result(struct flux_pass *, const struct helm_release *, const struct worker_release_result *,
    const struct worker_response *);
