/* web/gitops_metrics.h: what Prometheus is told about Applications and Flux's objects, under the names of Argo CD and of Flux.
 *
 * Of web/metrics.h, which holds it: counted when it changes, told for another METRICS_GONE_MS when an object is gone. `legacy` adds what
 * dashboards of Argo CD 1 ask for: argocd_app_health_status, and the label sync_status of argocd_app_sync_total, with the status of the
 * moment. Sources: Argo CD's documentation, "Metrics"; Flux's, "Monitoring".
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"

struct gitops_metrics;

struct gitops_metrics *gitops_metrics_new(bool legacy);

/* Takes NULL; returns NULL. */
struct gitops_metrics *gitops_metrics_free(struct gitops_metrics *);

/* An object is new or has changed, or is no more. Other types than those of GitOps are ignored. `now`: wall ms. */
void gitops_metrics_changed(struct gitops_metrics *, const struct object *, bool deleted, int64_t now);

/* It was looked at, which took so long. Other controllers' names are ignored. */
void gitops_metrics_looked(
    struct gitops_metrics *, const char *controller, const char *ns, const char *name, int64_t ms);

void gitops_metrics_text(struct gitops_metrics *, int64_t now, struct str *to);
