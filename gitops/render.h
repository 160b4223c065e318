/* gitops/render.h: from the files of a commit to objects. Pure: the same tree and the same source are the same objects. */
#pragma once
#include "gitops/manifests.h"
#include "gitops/tree.h"
#include "kube/api/application.h"

enum source_type { SOURCE_DIRECTORY, SOURCE_KUSTOMIZE, SOURCE_TYPE_MAX };

/* "Directory", "Kustomize". */
const char *source_type_name(enum source_type);

/* All objects of an Application's source, in *ret (whose arena is set); *ret_type: how it was read. */
struct err *render_source(const struct tree *, struct arena *, const struct application_source *, struct manifests *ret,
    enum source_type *ret_type);

/* Those of a plain directory: files named *.yaml, *.yml or *.json, in the order of their paths. NULL options: none. */
struct err *render_directory(
    const struct tree *, struct arena *, const char *path, const struct application_directory *, struct manifests *ret);

/* The file with a kustomization in a directory ("" is the root): its path, or NULL. */
const char *kustomization_in(const struct tree *, struct arena *, const char *directory);
