/* gitops/render/render.h: rendering: from the files of a commit to objects. Pure: the same tree and the same source
 * are the same objects. */
#pragma once
#include "gitops/source/manifests.h"
#include "gitops/source/tree.h"
#include "kube/api/application.h"

enum source_type { SOURCE_DIRECTORY, SOURCE_KUSTOMIZE, SOURCE_HELM, SOURCE_TYPE_MAX };

/* Returns the name of a type of source: "Directory", "Kustomize" or "Helm". */
const char *source_type_name(enum source_type);

/* How a source is read, and its directory in the tree. */
struct err *render_type(const struct tree *, struct arena *, const struct application_source *,
    enum source_type *ret_type, const char **ret_directory);

/* All objects of a source of the first two types, in *ret (whose arena is set). */
struct err *render_source(const struct tree *, struct arena *, const struct application_source *, enum source_type,
    const char *directory, struct manifests *ret);

/* Those of a plain directory: files named *.yaml, *.yml or *.json, in the order of their paths. NULL options: none. */
struct err *render_directory(
    const struct tree *, struct arena *, const char *path, const struct application_directory *, struct manifests *ret);
