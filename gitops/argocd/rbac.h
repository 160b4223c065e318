/* gitops/argocd/rbac.h: RBAC policies of argocd-rbac-cm and of projects, for `sluice rbac can` and for the dashboard of
 * a team. The controllers do not use them. Pure.
 *
 * Source: Argo CD's documentation, "RBAC Configuration": lines "p, SUBJECT, RESOURCE, ACTION, OBJECT, allow|deny" and
 * "g, MEMBER, ROLE" of policy.csv and policy.NAME.csv, policy.default, policy.matchMode (glob or regex); deny takes
 * precedence over allow. The roles role:readonly and role:admin always exist.
 */
#pragma once
#include "kube/api/app_project.h"

struct rbac_rule {
	bool member; /* a line "g": subject fields[0] has the role fields[1] */
	const char *fields[5]; /* subject, resource, action, object, effect */
	const char *where; /* "policy.csv, line 3" */
};

struct rbac {
	LIST_OF(struct rbac_rule) rules;
	const char *default_role; /* NULL: none */
	bool regex; /* fields are regular expressions, not globs */
};

struct rbac_request {
	const char *subject; /* a user, a group or a role */
	const char *action, *resource;
	const char *object; /* "PROJECT/NAME", or the name of an object without a project */
};

/* Reads the ConfigMap's data (NULL: there is no such ConfigMap); everything in the arena. The error names the key
 * and the line. */
struct err *rbac_read(struct arena *, const json_t *data, struct rbac *ret);

/* Adds the roles of a project. */
struct err *rbac_add_project(struct arena *, struct rbac *, const struct app_project *);

/* Removes the built-in role of Argo CD's local account "admin": a user or group of a login is not that account. */
void rbac_drop_accounts(struct rbac *);

/* Returns whether a line "g" gives a role to this user or group. */
bool rbac_has_member(const struct rbac *, const char *name);

/* Returns whether the policy allows it. *ret_why: the line that decides, or NULL: no line matches. */
bool rbac_may(const struct rbac *, const struct rbac_request *, const struct rbac_rule **ret_why);
