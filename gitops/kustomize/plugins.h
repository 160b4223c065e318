/* gitops/kustomize/plugins.h: kustomize's own transformers and generators, written out as objects (`apiVersion:
 * builtin`) under `transformers` and `generators`: the same changes as a kustomization's own fields make, at the
 * places that `fieldSpecs` says. No other plugin is run.
 */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

/* Changes all objects as the plugin requests; its files are relative to `dir`. Error: it is not one of kustomize's
 * own. */
struct err *k_plugin_transform(
    struct k_objects *, const struct tree *, const char *dir, const json_t *plugin, const char *file);

/* Adds the object of a ConfigMapGenerator or SecretGenerator. */
struct err *k_plugin_generate(
    struct k_objects *, const struct tree *, const char *dir, const json_t *plugin, const char *file);
