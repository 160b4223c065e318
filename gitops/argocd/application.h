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

extern const struct controller application_controller;

/* One pass over an Application. Fills the plan. */
void application_decide(const struct pass *, const struct application *, struct plan *);
