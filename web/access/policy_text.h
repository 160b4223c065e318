/* web/access/policy_text.h: the rules of the ConfigMap argocd-rbac-cm, which are read once for each of its versions.
 * Pure.
 *
 * A policy has up to a megabyte, and is needed for each request about Applications.
 */
#pragma once
#include "gitops/argocd/rbac.h"
#include "kube/plan/view.h"

#define POLICY_CONFIG_MAP "argocd-rbac-cm"

/* One version. It does not change, and lives until its last reference ends. */
struct policy_text {
	struct arena *arena;
	unsigned refs;
	const char *version; /* resourceVersion; NULL: there is no ConfigMap */
	struct rbac rbac;
	const struct err *error; /* names the key and the line; NULL: it could be read */
};

/* Returns the version in the view, as a reference that the caller owns. *cache has a reference of the last one (NULL:
 * none yet), which is returned again while the resourceVersion is the same. */
struct policy_text *policy_text_get(struct policy_text **cache, const struct view *, const char *ns);

/* Ends a reference. Takes and returns NULL. */
struct policy_text *policy_text_unref(struct policy_text *);
