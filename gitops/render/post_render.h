/* gitops/render/post_render.h: the changes of a HelmRelease to what its chart renders: kustomizations and common
 * metadata. Pure.
 *
 * helm gives the rendered manifests to the program of --post-renderer, which is this one
 * (cli/cmd_gitops_post_render.c), and applies and stores what that returns. Hooks of a chart are not changed. Source:
 * Flux's documentation of HelmRelease, "Post renderers" and "Common metadata".
 */
#pragma once
#include "kube/api/helm.h"

/* Returns what the spec wants changed, as a JSON text for post_render(): {"kustomizations": [...], "labels": {...},
 * "annotations": {...}}; NULL: nothing. The same spec has the same text. In the arena. */
const char *post_render_wanted(struct arena *, const struct helm_release_spec *);

/* Makes the changes (a text of post_render_wanted()) in manifests of `len` bytes, YAML. *ret is YAML, with the objects
 * in their order, in the arena. The error names the entry of spec.postRenderers. */
struct err *post_render(struct arena *, const char *wanted, const char *manifests, size_t len, const char **ret);
