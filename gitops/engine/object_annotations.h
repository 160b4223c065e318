/* gitops/engine/object_annotations.h: which values of Argo CD's annotations, and of Flux's switches, have an effect on an object. Pure.
 *
 * Source: Argo CD's documentation, "Resource Hooks", "Compare Options" (gitops/engine/sync_options.h has the sync options); Flux's documentation of Kustomization, "Controlling the
 * apply behavior of resources".
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Says which annotation, or label that is one of Flux's switches, has a value without effect, and names those that have one; NULL: all have.
 * `flux`: it is an object of a Kustomization, else of an Application. In the arena. */
const char *object_annotations_problem(struct arena *, const json_t *object, bool flux);
