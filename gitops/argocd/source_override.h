/* gitops/argocd/source_override.h: what a repository itself changes of an Application's source.
 *
 * Source: Argo CD's documentation, "Store Overrides In Git": the files .argocd-source.yaml, and then .argocd-source-APP.yaml, in the source's
 * directory are merged into it, but for which repository, revision, path and chart it is. Pure. */
#pragma once
#include "gitops/source/tree.h"
#include "kube/api/application.h"

/* The source, merged: itself when there are no such files; in the arena. `application`: its name, or NS_NAME of one outside the
 * controller's namespace. The error names the file. */
struct err *source_override(struct arena *, const struct tree *, const struct application_source *,
    const char *application, const struct application_source **ret);
