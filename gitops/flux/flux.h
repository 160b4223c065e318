/* gitops/flux/flux.h: the controllers of Flux's GitRepository and Kustomization. Pure: what is to be fetched, compared and applied is asked of the
 * worker (gitops/worker/session.h), as application.h does, with the same settings. Source: Flux's documentation of the two, and its API conventions
 * (conditions Ready, Reconciling, Stalled).
 */
#pragma once
#include "gitops/protocol.h"
#include "kube/plan/controller.h"

/* Settings of the process: the ServiceAccount of Kustomizations that name none, in their own namespace; and, when it is there, that they, and
 * Alerts (notify/alert.h), refer to nothing in another namespace than their own. Flux's flags of these names. */
#define FLUX_DEFAULT_SERVICE_ACCOUNT "default-service-account"
#define FLUX_NO_CROSS_NAMESPACE_REFS "no-cross-namespace-refs"

extern const struct controller git_repository_controller, flux_kustomization_controller;

/* The objects that a Kustomization has applied, as its status (NULL: none) lists them: only what identifies each. In the arena. */
struct worker_resources flux_inventory(struct arena *, const json_t *status);
