/* gitops/kustomize/patch.h: patches of a kustomization. */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/tree.h"

/* What a patch changes is merged: maps key by key, null takes away, lists of Kubernetes' own types by their elements' keys, those that the patch
 * names in front, other lists whole; `$patch: delete|replace|merge` in a map or as a list's element. *target may become NULL: it was deleted. */
void k_merge(struct arena *, json_t **target, const json_t *patch);

/* All documents of a patch's text (NULL: of the file `path` seen from `dir`), as a patch with or without a target. */
struct err *k_patch_apply(
    struct k_objects *, const struct tree *, const char *dir, const struct k_patch *, const char *what);
