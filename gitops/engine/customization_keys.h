/* gitops/engine/customization_keys.h: which keys of the ConfigMap argocd-cm have an effect. Pure.
 *
 * Source: Argo CD's documentation, "argocd-cm.yaml example". A key that has none here is named with the reason, and one that Argo CD does not
 * have either is named with those that have an effect.
 */
#pragma once
#include "base/json.h"

/* Says which keys of the ConfigMap's data, and which options of kustomize.buildOptions, have no effect, and why; NULL: all of them have. In
 * the arena. */
const char *customization_keys_problem(struct arena *, const json_t *data);
