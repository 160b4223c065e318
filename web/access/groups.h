/* web/access/groups.h: the groups of a login that have an effect, and are kept with its session. Pure. */
#pragma once
#include "kube/plan/view.h"
#include "web/access/impersonation.h"

/* Removes the groups that have no effect: those that the installation does not impersonate, and that neither a line "g"
 * of argocd-rbac-cm nor a role of an AppProject in the namespace names. All are kept if the policy is not known yet, or
 * cannot be read. The list is in the arena, and the texts are those of the old one. */
void groups_keep(struct arena *, const struct view *, const char *ns, const struct impersonation *, struct strings *);
