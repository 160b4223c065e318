/* gitops/kustomize/patch.h: patches of a kustomization: strategic merge and JSON patch (RFC 6902). */
#pragma once
#include "gitops/kustomize/objects.h"
#include "gitops/source/tree.h"

/* Applies all documents of a patch's text (NULL: of the file `path`, relative to `dir`), as a patch with or without
 * a target. */
struct err *k_patch_apply(
    struct k_objects *, const struct tree *, const char *dir, const struct k_patch *, const char *what);
