/* gitops/helm_action.c: the decision about a Helm release: its state, and remediation. */
#include "gitops/helm_action.h"
#include <string.h>
#include "base/str.h"

#define RETRY_MS 300000 /* of RetryOnFailure: Flux's default */

const char *const helm_state_names[HELM_STATE_MAX] = { "", "Absent", "Locked", "Unknown", "OutOfSync", "Waiting",
	"Aborted", "Untested", "Failed", "Drifted", "InSync" };
const char *const helm_action_names[HELM_ACTION_MAX] = { "", "none", "wait", "unlock", "install", "upgrade", "test",
	"fail", "correct", "rollback", "uninstall", "stall", "hold" };

static bool
helm_was_install(const struct helm_attempts *t)
{
	return str_eq(t->action, "install");
}

static const struct helm_remediation *
helm_remediation_of(const struct helm_release_spec *spec, bool install)
{
	static const struct helm_remediation none;
	const struct helm_remediation *r = install ? (spec->install != NULL ? spec->install->remediation : NULL)
						   : (spec->upgrade != NULL ? spec->upgrade->remediation : NULL);

	return r != NULL ? r : &none;
}

bool
helm_ignores_tests(const struct helm_release_spec *spec, const char *action)
{
	const struct helm_remediation *r = helm_remediation_of(spec, str_eq(action, "install"));

	return r->ignore_test_failures.present ? r->ignore_test_failures.value
					       : spec->test != NULL && spec->test->ignore_failures;
}

/* The strategy RetryOnFailure of installs or upgrades; NULL: failures are remediated. */
static const struct helm_strategy *
helm_retries_by(const struct helm_release_spec *spec, bool install)
{
	const struct helm_strategy *s = install ? (spec->install != NULL ? spec->install->strategy : NULL)
						: (spec->upgrade != NULL ? spec->upgrade->strategy : NULL);

	return s != NULL && str_eq(s->name, "RetryOnFailure") ? s : NULL;
}

/* Returns whether no try of an install or upgrade is left. */
static bool
helm_is_exhausted(const struct helm_world *w, bool install)
{
	const struct helm_remediation *r = helm_remediation_of(w->spec, install);
	int64_t failures = install ? w->attempts->install_failures : w->attempts->upgrade_failures;

	return helm_retries_by(w->spec, install) == NULL && r->retries >= 0 && failures > r->retries;
}

/* Returns whether the last failure, after which there is no retry, is undone too. */
static bool
helm_remediates_last(const struct helm_world *w, bool install)
{
	const struct helm_remediation *r = helm_remediation_of(w->spec, install);

	if (r->remediate_last_failure.present)
		return r->remediate_last_failure.value;
	return !install && r->retries != 0;
}

static bool
helm_is_pending(const char *status)
{
	return str_starts(status, "pending-");
}

bool
helm_is_current(const struct helm_world *w)
{
	return str_eq(w->status, "deployed") && w->same_chart && w->same_values && !w->deleting;
}

static bool
helm_is_failed_by_tests(const struct helm_world *w)
{
	return w->spec->test != NULL && w->spec->test->enable && w->tests == HELM_TESTS_FAILED &&
	       !helm_ignores_tests(w->spec, w->attempts->action);
}

/* Of a release that is deployed with what is desired. Tests run when its Rollouts are ready. */
static enum helm_state
helm_state_deployed(const struct helm_world *w, const char **ret_why)
{
	*ret_why = w->rollout;
	if (w->rollouts == HELM_ROLLOUTS_ABORTED)
		return HELM_STATE_ABORTED;
	if (w->rollouts == HELM_ROLLOUTS_WAITING)
		return HELM_STATE_WAITING;
	if (w->spec->test != NULL && w->spec->test->enable && w->tests == HELM_TESTS_NONE) {
		*ret_why = "its tests have not run";
		return HELM_STATE_UNTESTED;
	}
	if (helm_is_failed_by_tests(w)) {
		*ret_why = "its tests failed";
		return HELM_STATE_FAILED;
	}
	*ret_why = w->drifted ? "objects in the cluster differ from it" : "it is as desired";
	return w->drifted ? HELM_STATE_DRIFTED : HELM_STATE_IN_SYNC;
}

static enum helm_state
helm_state_of(const struct helm_world *w, const char **ret_why)
{
	*ret_why = "it does not exist";
	if (w->status == NULL)
		return HELM_STATE_ABSENT;
	*ret_why = "an operation of Helm was interrupted";
	if (helm_is_pending(w->status))
		return HELM_STATE_LOCKED;
	*ret_why = "it is uninstalled";
	if (strcmp(w->status, "uninstalled") == 0 || strcmp(w->status, "uninstalling") == 0)
		return HELM_STATE_ABSENT;
	*ret_why = "its last operation failed";
	if (strcmp(w->status, "failed") == 0)
		return HELM_STATE_FAILED;
	*ret_why = "its status is not known";
	if (strcmp(w->status, "deployed") != 0)
		return HELM_STATE_UNKNOWN;
	*ret_why = !w->same_chart ? "the chart has changed" : "the values have changed";
	if (!w->same_chart || !w->same_values)
		return HELM_STATE_OUT_OF_SYNC;
	return helm_state_deployed(w, ret_why);
}

/* An upgrade or install, unless a Rollout has aborted the revision, or no try is left. */
static enum helm_action
helm_try(const struct helm_world *w, bool install)
{
	if (w->force)
		return install ? HELM_ACTION_INSTALL : HELM_ACTION_UPGRADE;
	if (w->held)
		return HELM_ACTION_HOLD;
	if (helm_is_exhausted(w, install))
		return HELM_ACTION_STALL;
	return install ? HELM_ACTION_INSTALL : HELM_ACTION_UPGRADE;
}

int64_t
helm_retry_interval(const struct helm_release_spec *spec, const char *action)
{
	const struct helm_strategy *s = helm_retries_by(spec, str_eq(action, "install"));

	return s == NULL ? 0 : s->retry_interval.ms > 0 ? s->retry_interval.ms : RETRY_MS;
}

/* Returns the action after a failure. Without one that is counted, the conditions under which it failed have changed,
 * and an upgrade may repair it. */
static enum helm_action
helm_remediate(const struct helm_world *w)
{
	bool install = helm_was_install(w->attempts), last = w->held || helm_is_exhausted(w, install);
	int64_t failures = install ? w->attempts->install_failures : w->attempts->upgrade_failures;

	if (w->force)
		return HELM_ACTION_UPGRADE;
	if (failures <= 0 || helm_retries_by(w->spec, install) != NULL)
		return helm_try(w, false);
	if (last && !helm_remediates_last(w, install))
		return w->held ? HELM_ACTION_HOLD : HELM_ACTION_STALL;
	if (install || str_eq(helm_remediation_of(w->spec, false)->strategy, "uninstall"))
		return HELM_ACTION_UNINSTALL;
	if (w->rollback_to > 0)
		return HELM_ACTION_ROLLBACK;
	/* There is no revision to return to, so only another try may repair it. */
	return last ? (w->held ? HELM_ACTION_HOLD : HELM_ACTION_STALL) : HELM_ACTION_UPGRADE;
}

static enum helm_action
helm_correct(const struct helm_world *w)
{
	const struct helm_drift_detection *d = w->spec->drift_detection;

	return d != NULL && str_eq(d->mode, "enabled") ? HELM_ACTION_CORRECT : HELM_ACTION_NONE;
}

static enum helm_action
helm_action_of(const struct helm_world *w, enum helm_state state)
{
	switch (state) {
	case HELM_STATE_ABSENT: return helm_try(w, true);
	case HELM_STATE_LOCKED: return HELM_ACTION_UNLOCK;
	case HELM_STATE_UNKNOWN:
	case HELM_STATE_OUT_OF_SYNC: return helm_try(w, false);
	case HELM_STATE_FAILED: return helm_remediate(w);
	case HELM_STATE_ABORTED: return w->force ? HELM_ACTION_UPGRADE : HELM_ACTION_FAIL;
	case HELM_STATE_WAITING: return w->force ? HELM_ACTION_UPGRADE : HELM_ACTION_WAIT;
	case HELM_STATE_UNTESTED: return w->force ? HELM_ACTION_UPGRADE : HELM_ACTION_TEST;
	case HELM_STATE_DRIFTED: return w->force ? HELM_ACTION_UPGRADE : helm_correct(w);
	case HELM_STATE_IN_SYNC: return w->force ? HELM_ACTION_UPGRADE : HELM_ACTION_NONE;
	default: return HELM_ACTION_NONE;
	}
}

/* A deleted HelmRelease takes its release along, whatever the state of that is. */
static struct helm_decision
helm_decide_deletion(const struct helm_world *w)
{
	bool there = w->status != NULL && strcmp(w->status, "uninstalled") != 0;

	return (struct helm_decision){ there ? HELM_STATE_OUT_OF_SYNC : HELM_STATE_ABSENT,
		there ? HELM_ACTION_UNINSTALL : HELM_ACTION_NONE, "the HelmRelease is deleted" };
}

struct helm_decision
helm_decide(const struct helm_world *w)
{
	struct helm_decision d;

	if (w->deleting)
		return helm_decide_deletion(w);
	d.state = helm_state_of(w, &d.why);
	d.action = helm_action_of(w, d.state);
	return d;
}
