/* cli/watched_applications.h: watches of Applications for a dashboard, and of what decides who sees them.
 *
 * A user or installation may lack the permission, or the server may not have Applications: there are none then, and
 * Rollouts are shown even then.
 */
#pragma once
#include "kube/watch.h"

struct watched_applications {
	struct watch *watches[3];
	bool noted; /* the missing permission was reported */
	bool required; /* no request about Applications succeeds without all lists: each failure is logged */
};

/* Starts to watch Applications in a namespace (NULL: in all). With `policy`, the AppProjects and the ConfigMap
 * argocd-rbac-cm of this namespace too; NULL: no policy is needed. */
void watched_applications_start(
    struct watched_applications *, struct transport *, struct cache *, const char *ns, const char *policy);

/* Stops the watches; the objects stay in the cache. */
void watched_applications_stop(struct watched_applications *);
