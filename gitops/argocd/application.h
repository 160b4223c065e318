/* gitops/argocd/application.h: the controller of Applications: when they are compared and synced, and their status.
 * Pure.
 *
 * The worker (gitops/worker/session.h), a process of its own, compares and syncs: a pass sends it a request
 * (gitops/request.h), and a later pass reads the response. A sync is in the object before anything is done about it:
 * `operation` is what was requested, status.operationState how far it is. Source: Argo CD's documentation, "Automated
 * Sync Policy", "Sync Options", "Application Specification".
 */
#pragma once
#include "kube/api/application.h"
#include "kube/plan/controller.h"

/* Settings of the process (struct pass), in addition to those of gitops/request.h: the interval of comparisons, in
 * ms. */
#define GITOPS_INTERVAL "gitops-interval"
/* The other namespaces in which Applications count: globs, comma-separated; by default none. A user who can write an
 * Application in such a namespace can apply anything with the controller's permissions. */
#define GITOPS_APPLICATION_NAMESPACES "application-namespaces"

extern const struct controller application_controller;

/* One pass over an Application. Fills the plan. */
void application_decide(const struct pass *, const struct application *, struct plan *);
