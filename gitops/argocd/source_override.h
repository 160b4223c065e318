/* gitops/argocd/source_override.h: overrides of an Application's source by .argocd-source.yaml in the repository.
 * Pure.
 *
 * Source: Argo CD's documentation, "Store Overrides In Git": the files .argocd-source.yaml, and then
 * .argocd-source-APP.yaml, in the source's directory are merged into it, except for repository, revision, path and
 * chart.
 */
#pragma once
#include "gitops/source/tree.h"
#include "kube/api/application.h"

/* ret is the merged source, in the arena, or the source itself if there are no such files. `application`: its name,
 * or NS_NAME of one outside the controller's namespace. The error names the file. */
struct err *source_override(struct arena *, const struct tree *, const struct application_source *,
    const char *application, const struct application_source **ret);
