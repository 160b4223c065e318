/* web/gitops_metrics.h: metrics of Applications and Flux's objects, under the names of Argo CD and of Flux.
 *
 * A part of web/metrics.h: counted at each change, and exposed for METRICS_GONE_MS after an object is deleted.
 * `legacy` adds metrics that dashboards of Argo CD 1 use: argocd_app_health_status, and the label sync_status of
 * argocd_app_sync_total with the current status. Sources: Argo CD's documentation, "Metrics"; Flux's, "Monitoring".
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"

struct gitops_metrics;

/* Returns metrics without any values. */
struct gitops_metrics *gitops_metrics_new(bool legacy);

/* Frees the metrics. Takes NULL, and returns NULL. */
struct gitops_metrics *gitops_metrics_free(struct gitops_metrics *);

/* An object was created, changed or deleted. Types that do not belong to GitOps are ignored. `now`: wall ms. */
void gitops_metrics_changed(struct gitops_metrics *, const struct object *, bool deleted, int64_t now);

/* An object was reconciled in this time. Names of other controllers are ignored. */
void gitops_metrics_reconciled(
    struct gitops_metrics *, const char *controller, const char *ns, const char *name, int64_t ms);

/* Appends the metrics in the text format of Prometheus. `now` is wall ms. */
void gitops_metrics_text(struct gitops_metrics *, int64_t now, struct str *to);
