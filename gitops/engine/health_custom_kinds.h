/* gitops/engine/health_custom_kinds.h: the health of custom resources whose kinds Argo CD has a script for (its folder
 * resource_customizations), by their conditions: observedGeneration, Stalled, then the conditions of the kind. Pure.
 * A script in argocd-cm takes precedence. */
#pragma once
#include "gitops/engine/health.h"

/* Returns an object's health. *ret_message is the reason, in the arena or borrowed from the object. Returns HEALTH_NONE
 * if its kind is not one of these. */
enum health health_custom_of(struct arena *, const json_t *object, const char **ret_message);
