/* web/access/impersonation.h: the identity with which the dashboard of a team calls the API server. Pure.
 *
 * One fixed user, and those groups of the login that the installation lists, so that the permission to impersonate can
 * name them all. User and groups get a prefix, so that no login can grant what an identity of Kubernetes has. Nothing
 * of the login gets into a header unless it equals a listed name.
 */
#pragma once
#include "kube/api/type.h"
#include "web/access/identity.h"

#define IMPERSONATION_GROUPS_MAX 64 /* groups that an installation lists */

struct impersonation {
	const char *prefix; /* "sluice:" */
	const char *user; /* without the prefix: "dashboard" */
	struct strings groups; /* names of the login, without the prefix */
};

struct impersonated {
	const char *user;
	struct strings groups; /* with the prefix, in the order of the settings */
};

/* Returns an error that names the flag, if a setting is not allowed: a prefix that is empty, or begins like an identity
 * of Kubernetes ("system:"); a user or group that is empty, begins with "system:", or contains other characters than
 * those of a header; too many groups. */
struct err *impersonation_check(struct arena *, const struct impersonation *);

/* Sets *ret to the user and groups for an identity; in the arena. Groups that are not listed are left out. */
void impersonation_of(struct arena *, const struct impersonation *, const struct identity *, struct impersonated *ret);
