/* tests/unit/gitops/helm_failure_count.c: the failures of the actions about a Helm release. */
#include "gitops/helm_failure_count.h"
#include "tests/unit/unit.h"

static void
failures_are_counted_for_one_spec_chart_and_values(void **state)
{
	struct helm_attempts t = { 0 };

	(void)state;
	helm_failure_count_begin(&t, 1, "1.0.0", "sha256:a", false);
	helm_failure_count_add(&t, HELM_ACTION_INSTALL, true);
	helm_failure_count_add(&t, HELM_ACTION_UNINSTALL, true);
	assert_string_equal(t.action, "install");
	assert_int_equal(t.failures, 2);
	assert_int_equal(t.install_failures, 1);
	assert_int_equal(t.upgrade_failures, 0);
	helm_failure_count_add(&t, HELM_ACTION_UPGRADE, false);
	helm_failure_count_add(&t, HELM_ACTION_TEST, true);
	assert_string_equal(t.action, "upgrade");
	assert_int_equal(t.upgrade_failures, 1);
	helm_failure_count_begin(&t, 1, "1.0.0", "sha256:a", false);
	assert_int_equal(t.upgrade_failures, 1);
	helm_failure_count_begin(&t, 1, "1.0.0", "sha256:b", false);
	assert_int_equal(t.failures + t.install_failures + t.upgrade_failures, 0);
	helm_failure_count_add(&t, HELM_ACTION_UPGRADE, true);
	helm_failure_count_begin(&t, 1, "1.0.1", "sha256:b", false);
	assert_int_equal(t.upgrade_failures, 0);
	helm_failure_count_add(&t, HELM_ACTION_UPGRADE, true);
	helm_failure_count_begin(&t, 2, "1.0.1", "sha256:b", false);
	assert_int_equal(t.upgrade_failures, 0);
	helm_failure_count_add(&t, HELM_ACTION_UPGRADE, true);
	helm_failure_count_begin(&t, 2, "1.0.1", "sha256:b", true);
	assert_int_equal(t.upgrade_failures, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_counted_for_one_spec_chart_and_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
