/* gitops/engine/ignored_settings.h: keys of the ConfigMap argocd-cm that have no effect are reported. Pure.
 *
 * Source: Argo CD's documentation, "argocd-cm.yaml example". A key without effect here is reported with the reason; a
 * key that Argo CD does not know is reported with the known keys.
 */
#pragma once
#include "base/json.h"

/* Returns a text that names the keys of the ConfigMap's data, and the options of kustomize.buildOptions, that have no
 * effect, with the reasons; NULL if all have an effect. In the arena. */
const char *ignored_settings_problem(struct arena *, const json_t *data);
