/* gitops/engine/object_annotations.h: annotations of Argo CD and Flux on objects: values without effect are
 * reported. Pure.
 *
 * Source: Argo CD's documentation, "Resource Hooks", "Compare Options" (gitops/engine/sync_options.h has the sync
 * options); Flux's documentation of Kustomization, "Controlling the apply behavior of resources".
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Returns a text that names the annotations, and the labels that are switches of Flux, whose values have no effect,
 * with the valid values; NULL if all have an effect. `flux` is true for an object of a Kustomization, and false for one
 * of an Application. In the arena. */
const char *object_annotations_problem(struct arena *, const json_t *object, bool flux);
