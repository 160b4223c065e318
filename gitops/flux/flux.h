/* gitops/flux/flux.h: the controllers of Flux's GitRepository and Kustomization. Pure: the worker
 * (gitops/worker/session.h) fetches, compares and applies. Settings of the process are those of gitops/request.h and
 * the two here. */
#pragma once
#include "kube/plan/controller.h"

/* Flux's flags of these names: the ServiceAccount of Kustomizations that name none, in their own namespace; and,
 * when it is set, that Kustomizations, and Alerts (notify/alert.h), may not refer to objects in another namespace. */
#define FLUX_DEFAULT_SERVICE_ACCOUNT "default-service-account"
#define FLUX_NO_CROSS_NAMESPACE_REFS "no-cross-namespace-refs"

extern const struct controller git_repository_controller, flux_kustomization_controller;
