/* gitops/flux/flux.h: the controllers of Flux's GitRepository and Kustomization. Pure: the worker
 * (gitops/worker/session.h) fetches, compares and applies. */
#pragma once
#include "kube/plan/controller.h"

extern const struct controller git_repository_controller, flux_kustomization_controller;
