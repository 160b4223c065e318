/* gitops/flux/flux.h: the controllers of Flux's kinds. Pure: the worker (gitops/worker/session.h) fetches, compares,
 * applies, and runs Helm. */
#pragma once
#include "kube/plan/controller.h"

extern const struct controller git_repository_controller, flux_kustomization_controller, helm_repository_controller,
    oci_repository_controller, helm_chart_controller, helm_release_controller;
