/* tests/unit/gitops/helm_action.c: the next action about a Helm release. */
#include "base/str.h"
#include "gitops/helm_action.h"
#include "tests/unit/unit.h"

/* One row: what is observed, and the action that follows. Columns that are left out are false, 0 or NULL. */
struct row {
	const char *spec; /* YAML of the HelmRelease's spec */
	const char *status; /* of the last revision */
	bool other_chart, other_values;
	const char *last; /* action that was tried last */
	int64_t failures; /* of it */
	int64_t rollback_to;
	enum helm_tests tests;
	enum helm_rollouts rollouts;
	bool drifted, held, force, deleting;
	enum helm_state state;
	enum helm_action action;
};

static void
check_rows(const struct row *rows, size_t n)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct helm_release_spec spec = { 0 };
		struct helm_attempts attempts = { .action = r->last, .failures = r->failures };
		struct helm_world w = { .spec = &spec,
			.attempts = &attempts,
			.status = r->status,
			.same_chart = !r->other_chart,
			.same_values = !r->other_values,
			.rollback_to = r->rollback_to,
			.tests = r->tests,
			.rollouts = r->rollouts,
			.drifted = r->drifted,
			.held = r->held,
			.force = r->force,
			.deleting = r->deleting };
		struct helm_decision d;

		if (str_eq(r->last, "install"))
			attempts.install_failures = r->failures;
		else
			attempts.upgrade_failures = r->failures;
		if (r->spec != NULL) {
			_cleanup_(json_decrefp) json_t *j = yaml(a, r->spec);

			decode_text(&helm_release_spec_type, json_text(a, j), a, &spec);
		}
		d = helm_decide(&w);
		if (d.state != r->state || d.action != r->action)
			print_error("row %zu: %s, %s; want %s, %s\n", i, helm_state_names[d.state],
			    helm_action_names[d.action], helm_state_names[r->state], helm_action_names[r->action]);
		assert_int_equal(d.state, r->state);
		assert_int_equal(d.action, r->action);
		assert_non_null(d.action == HELM_ACTION_FAIL || d.action == HELM_ACTION_WAIT ? "" : d.why);
	}
	arena_free(a);
}

#define CHECK(...)                                                                                                     \
	do {                                                                                                           \
		static const struct row rows[] = { __VA_ARGS__ };                                                      \
		check_rows(rows, ARRAY_SIZE(rows));                                                                    \
	} while (0)

static void
a_release_that_does_not_exist_is_installed(void **state)
{
	(void)state;
	CHECK({ .state = HELM_STATE_ABSENT, .action = HELM_ACTION_INSTALL },
	    { .status = "uninstalled", .state = HELM_STATE_ABSENT, .action = HELM_ACTION_INSTALL },
	    { .last = "install", .failures = 1, .state = HELM_STATE_ABSENT, .action = HELM_ACTION_STALL },
	    { .spec = "{install: {remediation: {retries: 1}}}",
		.last = "install",
		.failures = 1,
		.state = HELM_STATE_ABSENT,
		.action = HELM_ACTION_INSTALL },
	    { .spec = "{install: {remediation: {retries: -1}}}",
		.last = "install",
		.failures = 100,
		.state = HELM_STATE_ABSENT,
		.action = HELM_ACTION_INSTALL },
	    { .last = "install",
		.failures = 1,
		.force = true,
		.state = HELM_STATE_ABSENT,
		.action = HELM_ACTION_INSTALL });
}

static void
another_chart_or_other_values_are_an_upgrade(void **state)
{
	(void)state;
	CHECK({ .status = "deployed", .state = HELM_STATE_IN_SYNC, .action = HELM_ACTION_NONE },
	    { .status = "deployed",
		.other_chart = true,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_UPGRADE },
	    { .status = "deployed",
		.other_values = true,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_UPGRADE },
	    { .status = "deployed",
		.other_values = true,
		.last = "upgrade",
		.failures = 1,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_STALL },
	    { .status = "unheard", .state = HELM_STATE_UNKNOWN, .action = HELM_ACTION_UPGRADE },
	    { .status = "deployed", .force = true, .state = HELM_STATE_IN_SYNC, .action = HELM_ACTION_UPGRADE });
}

static void
an_operation_that_was_interrupted_is_unlocked_first(void **state)
{
	(void)state;
	CHECK({ .status = "pending-install", .state = HELM_STATE_LOCKED, .action = HELM_ACTION_UNLOCK },
	    { .status = "pending-upgrade", .force = true, .state = HELM_STATE_LOCKED, .action = HELM_ACTION_UNLOCK },
	    { .status = "pending-rollback",
		.other_chart = true,
		.held = true,
		.state = HELM_STATE_LOCKED,
		.action = HELM_ACTION_UNLOCK },
	    /* No failure is counted: the next one tries again. */
	    { .status = "failed", .last = "upgrade", .state = HELM_STATE_FAILED, .action = HELM_ACTION_UPGRADE });
}

static void
a_failed_upgrade_is_remediated_as_its_spec_says(void **state)
{
	(void)state;
	CHECK({ .status = "failed",
		  .last = "upgrade",
		  .failures = 1,
		  .rollback_to = 1,
		  .state = HELM_STATE_FAILED,
		  .action = HELM_ACTION_STALL },
	    { .spec = "{upgrade: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK },
	    { .spec = "{upgrade: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 2,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK },
	    { .spec = "{upgrade: {remediation: {retries: 1, remediateLastFailure: false}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 2,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_STALL },
	    { .spec = "{upgrade: {remediation: {remediateLastFailure: true}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK },
	    { .spec = "{upgrade: {remediation: {retries: 1, strategy: uninstall}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_UNINSTALL },
	    /* There is nothing to return to. */
	    { .spec = "{upgrade: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_UPGRADE },
	    { .spec = "{upgrade: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 2,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_STALL });
}

static void
a_failed_install_is_uninstalled_while_tries_are_left(void **state)
{
	(void)state;
	CHECK({ .status = "failed",
		  .last = "install",
		  .failures = 1,
		  .state = HELM_STATE_FAILED,
		  .action = HELM_ACTION_STALL },
	    { .spec = "{install: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "install",
		.failures = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_UNINSTALL },
	    { .spec = "{install: {remediation: {retries: 1}}}",
		.status = "failed",
		.last = "install",
		.failures = 2,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_STALL },
	    { .spec = "{install: {remediation: {retries: 1, remediateLastFailure: true}}}",
		.status = "failed",
		.last = "install",
		.failures = 2,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_UNINSTALL });
}

static void
tests_run_once_and_may_fail_the_release(void **state)
{
	(void)state;
	CHECK({ .status = "deployed", .state = HELM_STATE_IN_SYNC, .action = HELM_ACTION_NONE },
	    { .spec = "{test: {enable: true}}",
		.status = "deployed",
		.state = HELM_STATE_UNTESTED,
		.action = HELM_ACTION_TEST },
	    { .spec = "{test: {enable: true}}",
		.status = "deployed",
		.rollouts = HELM_ROLLOUTS_WAITING,
		.state = HELM_STATE_WAITING,
		.action = HELM_ACTION_WAIT },
	    { .spec = "{test: {enable: true}}",
		.status = "deployed",
		.tests = HELM_TESTS_PASSED,
		.state = HELM_STATE_IN_SYNC,
		.action = HELM_ACTION_NONE },
	    { .spec = "{test: {enable: true}, upgrade: {remediation: {retries: 1}}}",
		.status = "deployed",
		.tests = HELM_TESTS_FAILED,
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK },
	    { .spec = "{test: {enable: true, ignoreFailures: true}}",
		.status = "deployed",
		.tests = HELM_TESTS_FAILED,
		.state = HELM_STATE_IN_SYNC,
		.action = HELM_ACTION_NONE },
	    { .spec =
		    "{test: {enable: true, ignoreFailures: true}, upgrade: {remediation: {ignoreTestFailures: false}}}",
		.status = "deployed",
		.tests = HELM_TESTS_FAILED,
		.last = "upgrade",
		.failures = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_STALL });
}

static void
an_aborted_rollout_fails_the_release_and_holds_it(void **state)
{
	(void)state;
	CHECK({ .status = "deployed",
		  .rollouts = HELM_ROLLOUTS_ABORTED,
		  .state = HELM_STATE_ABORTED,
		  .action = HELM_ACTION_FAIL },
	    { .spec = "{upgrade: {remediation: {retries: 5}}}",
		.status = "failed",
		.held = true,
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK },
	    { .status = "failed",
		.held = true,
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_HOLD },
	    /* After the rollback: tries are left, and none is made. */
	    { .spec = "{upgrade: {remediation: {retries: 5}}}",
		.status = "deployed",
		.other_values = true,
		.held = true,
		.last = "upgrade",
		.failures = 1,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_HOLD },
	    { .status = "deployed",
		.other_values = true,
		.held = true,
		.force = true,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_UPGRADE });
}

static void
drift_is_corrected_only_where_that_is_enabled(void **state)
{
	(void)state;
	CHECK({ .status = "deployed", .drifted = true, .state = HELM_STATE_DRIFTED, .action = HELM_ACTION_NONE },
	    { .spec = "{driftDetection: {mode: warn}}",
		.status = "deployed",
		.drifted = true,
		.state = HELM_STATE_DRIFTED,
		.action = HELM_ACTION_NONE },
	    { .spec = "{driftDetection: {mode: enabled}}",
		.status = "deployed",
		.drifted = true,
		.state = HELM_STATE_DRIFTED,
		.action = HELM_ACTION_CORRECT });
}

static void
a_deleted_helm_release_takes_its_release_along(void **state)
{
	(void)state;
	CHECK({ .deleting = true, .state = HELM_STATE_ABSENT, .action = HELM_ACTION_NONE },
	    { .deleting = true, .status = "uninstalled", .state = HELM_STATE_ABSENT, .action = HELM_ACTION_NONE },
	    { .deleting = true,
		.status = "pending-upgrade",
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_UNINSTALL },
	    { .deleting = true,
		.status = "deployed",
		.held = true,
		.state = HELM_STATE_OUT_OF_SYNC,
		.action = HELM_ACTION_UNINSTALL });
}

static void
retry_on_failure_upgrades_again_without_limit(void **state)
{
	(void)state;
	CHECK({ .spec = "{upgrade: {strategy: {name: RetryOnFailure}}}",
		  .status = "failed",
		  .last = "upgrade",
		  .failures = 9,
		  .rollback_to = 1,
		  .state = HELM_STATE_FAILED,
		  .action = HELM_ACTION_UPGRADE },
	    { .spec = "{install: {strategy: {name: RetryOnFailure}}}",
		.status = "failed",
		.last = "install",
		.failures = 9,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_UPGRADE },
	    { .spec = "{install: {strategy: {name: RetryOnFailure}}}",
		.last = "install",
		.failures = 9,
		.state = HELM_STATE_ABSENT,
		.action = HELM_ACTION_INSTALL },
	    { .spec = "{upgrade: {strategy: {name: RetryOnFailure}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.held = true,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_HOLD },
	    { .spec = "{upgrade: {strategy: {name: RemediateOnFailure}, remediation: {remediateLastFailure: true}}}",
		.status = "failed",
		.last = "upgrade",
		.failures = 1,
		.rollback_to = 1,
		.state = HELM_STATE_FAILED,
		.action = HELM_ACTION_ROLLBACK });
}

static void
the_strategy_says_when_it_is_tried_again(void **state)
{
	const struct helm_strategy retry = { .name = "RetryOnFailure", .retry_interval = { .ms = 7000 } },
				   usual = { .name = "RetryOnFailure" };
	const struct helm_install install = { .strategy = &retry };
	const struct helm_upgrade upgrade = { .strategy = &usual };
	const struct helm_release_spec spec = { .install = &install, .upgrade = &upgrade }, none = { 0 };

	(void)state;
	assert_int_equal(helm_retry_interval(&spec, "install"), 7000);
	assert_int_equal(helm_retry_interval(&spec, "upgrade"), 300000);
	assert_int_equal(helm_retry_interval(&none, "upgrade"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_that_does_not_exist_is_installed),
		cmocka_unit_test(another_chart_or_other_values_are_an_upgrade),
		cmocka_unit_test(an_operation_that_was_interrupted_is_unlocked_first),
		cmocka_unit_test(a_failed_upgrade_is_remediated_as_its_spec_says),
		cmocka_unit_test(a_failed_install_is_uninstalled_while_tries_are_left),
		cmocka_unit_test(tests_run_once_and_may_fail_the_release),
		cmocka_unit_test(an_aborted_rollout_fails_the_release_and_holds_it),
		cmocka_unit_test(drift_is_corrected_only_where_that_is_enabled),
		cmocka_unit_test(a_deleted_helm_release_takes_its_release_along),
		cmocka_unit_test(retry_on_failure_upgrades_again_without_limit),
		cmocka_unit_test(the_strategy_says_when_it_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
