/* gitops/engine/object_annotations.h: annotations of Argo CD and Flux on objects: values without effect are
 * reported. Pure.
 *
 * Source: Argo CD's documentation, "Resource Hooks", "Compare Options" (gitops/engine/sync_options.h has the sync
 * options); Flux's documentation of Kustomization, "Controlling the apply behavior of resources".
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Returns which annotation, or label that is one of Flux's switches, has a value without effect, and the valid
 * values; NULL: all have an effect. `flux`: it is an object of a Kustomization, else of an Application. In the
 * arena. */
const char *object_annotations_problem(struct arena *, const json_t *object, bool flux);
