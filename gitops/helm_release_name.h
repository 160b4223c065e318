/* gitops/helm_release_name.h: the name and namespace of the Helm release of a HelmRelease. */
#pragma once
#include "kube/api/helm.h"

/* Returns the name of the release: that of the spec, or else TARGETNAMESPACE-NAME or NAME; at most 53 characters. In
 * the arena, or borrowed. */
const char *helm_release_name(struct arena *, const struct helm_release_spec *, const char *name);

/* Returns the namespace of the release. Borrowed. */
const char *helm_release_namespace(const struct helm_release_spec *, const char *own);
