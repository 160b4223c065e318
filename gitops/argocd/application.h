/* gitops/argocd/application.h: the controller of Applications: when they are compared, when they are synced, what their status says.
 *
 * Pure. Comparing and syncing is the work of a process of its own (gitops/worker/session.h), asked as a program is; a pass asks, reads the answer, and
 * writes what it means. A sync is in the object before anything is done about it: `operation` says what is wanted, status.operationState how
 * far it is. Source: Argo CD's documentation, "Automated Sync Policy", "Sync Options", "Application Specification".
 */
#pragma once
#include "gitops/request.h"
#include "kube/api/application.h"
#include "kube/plan/controller.h"

/* A setting of the process (struct pass), besides those of gitops/request.h: how often an application is compared when nothing happens, in
 * ms. */
#define GITOPS_INTERVAL "gitops-interval"
/* In which other namespaces Applications count: globs, comma-separated. Whoever may write one there can have applied, with the controller's
 * rights, what they want: so in none, if nothing is said. */
#define GITOPS_APPLICATION_NAMESPACES "application-namespaces"

extern const struct controller application_controller;

/* What an answer, and time, say about an application. Fills the plan. */
void application_decide(const struct pass *, const struct application *, struct plan *);
