/* gitops/helm_failure_count.c: the failures of the actions about a Helm release. */
#include "gitops/helm_failure_count.h"
#include "base/str.h"

void
helm_failure_count_begin(
    struct helm_attempts *t, int64_t generation, const char *revision, const char *config_digest, bool reset)
{
	if (reset || t->generation != generation || !str_eq(t->revision, revision) ||
	    !str_eq(t->config_digest, config_digest))
		t->failures = t->install_failures = t->upgrade_failures = 0;
	t->generation = generation;
	t->revision = revision;
	t->config_digest = config_digest;
}

void
helm_failure_count_add(struct helm_attempts *t, enum helm_action action, bool failed)
{
	if (action == HELM_ACTION_INSTALL || action == HELM_ACTION_UPGRADE)
		t->action = helm_action_names[action];
	if (!failed)
		return;
	t->failures++;
	/* A remediation that fails uses no retry up. */
	if (action == HELM_ACTION_ROLLBACK || action == HELM_ACTION_UNINSTALL)
		return;
	if (str_eq(t->action, helm_action_names[HELM_ACTION_INSTALL]))
		t->install_failures++;
	else
		t->upgrade_failures++;
}
