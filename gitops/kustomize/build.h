/* gitops/kustomize/build.h: kustomize, built in: a directory with a kustomization becomes objects.
 *
 * Pure, without anybody else's plugins, network or programs. What is not supported is refused by name. Behavior is that
 * of kustomize 5.8 with its restriction to the repository: a file may be anywhere in it, as Flux has it, and a
 * symbolic link may not lead out.
 */
#pragma once
#include "gitops/source/manifests.h"
#include "gitops/source/tree.h"
#include "kube/api/application.h"

#define K_DEPTH_MAX 32 /* nested kustomizations */

/* The objects of the kustomization in a directory of the tree, changed as an Application says (NULL: not), in their
 * order. */
struct err *k_build(
    const struct tree *, struct arena *, const char *dir, const struct application_kustomize *, struct manifests *ret);

/* The same; where a directory has no kustomization, all manifests in it and in the directories below are its
 * resources, and of a directory below that has one, that. */
struct err *k_build_generated(
    const struct tree *, struct arena *, const char *dir, const struct application_kustomize *, struct manifests *ret);

/* An entry of `images` from "NAME=NEWNAME:TAG", "NAME:TAG" or "NAME@DIGEST", as `kustomize edit set image` takes it:
 * a new reference. */
json_t *k_image_json(struct arena *, const char *text);
