/* gitops/helm_action.h: the decision about a Helm release: from what is observed to the next action. Pure.
 *
 * One session of the worker takes one action, and reports it. The next session observes the release anew, so that a
 * process that ends at any moment loses nothing: an operation of Helm that was interrupted is found in Helm's own
 * record of the release. Source: the documentation of Flux's helm-controller, "HelmRelease" ("Configuring failure
 * handling", "History", "Drift detection"), whose order of decisions this is.
 */
#pragma once
#include "kube/api/helm.h"

/* An action waits up to four timeouts, in a slot that releases of all tenants share: a longer timeout is cut. */
#define HELM_TIMEOUT_MAX_MS 3600000

/* A release, compared with its HelmRelease. The order has no meaning. */
enum helm_state {
	HELM_STATE_NONE,
	HELM_STATE_ABSENT, /* it does not exist, or is uninstalled */
	HELM_STATE_LOCKED, /* an operation of Helm was interrupted */
	HELM_STATE_UNKNOWN, /* Helm's record has no status that is known here */
	HELM_STATE_OUT_OF_SYNC, /* its chart or values are not the desired ones */
	HELM_STATE_WAITING, /* a Rollout of it is not ready yet */
	HELM_STATE_ABORTED, /* a Rollout of it has aborted its update */
	HELM_STATE_UNTESTED, /* its tests have not run */
	HELM_STATE_FAILED, /* its last operation or tests failed */
	HELM_STATE_DRIFTED, /* its objects are not those of the chart */
	HELM_STATE_IN_SYNC,
	HELM_STATE_MAX
};

enum helm_action {
	HELM_ACTION_UNSET,
	HELM_ACTION_NONE, /* nothing is due */
	HELM_ACTION_WAIT, /* for a Rollout */
	HELM_ACTION_UNLOCK, /* mark an interrupted operation as failed */
	HELM_ACTION_INSTALL,
	HELM_ACTION_UPGRADE,
	HELM_ACTION_TEST,
	HELM_ACTION_FAIL, /* mark the revision as failed, because a Rollout has aborted it */
	HELM_ACTION_CORRECT, /* apply the objects that have drifted */
	HELM_ACTION_ROLLBACK,
	HELM_ACTION_UNINSTALL,
	HELM_ACTION_STALL, /* no try is left */
	HELM_ACTION_HOLD, /* a Rollout has aborted the desired revision */
	HELM_ACTION_MAX
};

extern const char *const helm_state_names[HELM_STATE_MAX], *const helm_action_names[HELM_ACTION_MAX];

enum helm_rollouts { HELM_ROLLOUTS_READY, HELM_ROLLOUTS_WAITING, HELM_ROLLOUTS_ABORTED };
enum helm_tests { HELM_TESTS_NONE, HELM_TESTS_PASSED, HELM_TESTS_FAILED }; /* NONE: not run */

/* Helm's record of a release, as observed. */
struct helm_world {
	const struct helm_release_spec *spec;
	const struct helm_attempts *attempts; /* after helm_failure_count_begin() */
	bool deleting; /* the HelmRelease, and the release with it */
	bool force; /* a user requests an upgrade in any case */
	bool held; /* the desired revision is held: a Rollout has aborted it */

	const char *status; /* of the last revision: "deployed", "pending-upgrade"; NULL: there is no release */
	bool same_chart, same_values; /* of the last revision and what is desired */
	enum helm_tests tests; /* of the last revision */
	int64_t rollback_to; /* the last revision before it that was deployed; 0: none */

	/* Only of a release that is deployed with what is desired. */
	enum helm_rollouts rollouts;
	const char *rollout; /* the Rollout, and why it is so; NULL: all are ready */
	bool drifted;
};

struct helm_decision {
	enum helm_state state;
	enum helm_action action;
	const char *why; /* static, or of the world */
};

/* Returns the state of a release, and the action that is due. */
struct helm_decision helm_decide(const struct helm_world *);

/* Returns whether the release is deployed with what is desired: only then rollouts and drift matter. */
bool helm_is_current(const struct helm_world *);

/* Returns the time until an install or upgrade that failed is tried again, in ms, by its strategy RetryOnFailure; 0: it
 * has another strategy. `action` is the one that failed. */
int64_t helm_retry_interval(const struct helm_release_spec *, const char *action);

/* Returns whether tests that fail are no failure, after this action ("install" or "upgrade"). */
bool helm_ignores_tests(const struct helm_release_spec *, const char *action);
