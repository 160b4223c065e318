/* web/access/identity.h: the user who makes a request of the dashboard. */
#pragma once
#include <stddef.h>

/* User and groups are as the login returned them, for argocd-rbac-cm. They have no prefix of Kubernetes: impersonation
 * adds it. They are not empty, contain no control characters, and may be any other UTF-8 text, "system:masters" too. */
struct identity {
	const char *user;
	const char *const *groups; /* ngroups */
	size_t ngroups;
	const char *session; /* key of the session of the request; NULL: it has none, or sessions do not end */
};
