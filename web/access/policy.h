/* web/access/policy.h: permissions of an identity for Applications, by argocd-rbac-cm and the roles of projects. Pure.
 *
 * Source: Argo CD's documentation, "RBAC Configuration". One policy lasts for one request: the projects' roles are
 * read when an Application of theirs is checked.
 */
#pragma once
#include "base/map.h"
#include "gitops/argocd/rbac.h"
#include "kube/plan/view.h"
#include "web/access/identity.h"

struct application;

/* The rules for the Applications of a project. */
struct policy_rules {
	struct rbac rbac; /* of the ConfigMap, and the project's roles */
	struct strings groups; /* those of the identity that count with the rules */
	const struct app_project *project; /* NULL: it does not exist */
	bool denies; /* the project or its roles cannot be read: a line that denies may be missing */
};

struct policy {
	struct arena *arena; /* of the request */
	const struct view *view; /* of AppProjects */
	const char *namespace; /* of Argo CD */
	const struct identity *who;
	struct policy_rules rules; /* of the ConfigMap alone */
	struct map projects; /* project's name → struct policy_rules */
};

/* Begins with the rules of argocd-rbac-cm (policy_text.h) for an identity. Everything is borrowed until policy_done. */
void policy_init(
    struct policy *, struct arena *, const struct view *, const char *ns, const struct rbac *, const struct identity *);
void policy_done(struct policy *);

/* Returns whether the identity may do this action ("get", "sync") with the Application. A project that cannot be read,
 * or whose roles cannot, allows nothing; nor does one for an Application of another namespace than Argo CD's that its
 * sourceNamespaces do not name. */
bool policy_allows(struct policy *, const char *action, const struct application *);
