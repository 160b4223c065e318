/* tests/unit/kube/plan/urgency.c: which calls come first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kube/plan/plan.h"

static void
safety_comes_before_statuses_those_before_progress_and_events_are_last(void **state)
{
	(void)state;
	assert_int_equal(urgency_rank(URGENCY_SAFETY), 0);
	assert_int_equal(urgency_rank(URGENCY_STATUS), 1);
	assert_int_equal(urgency_rank(URGENCY_PROGRESS), 2);
	assert_int_equal(urgency_rank(URGENCY_EVENT), 3);
}

static void
all_writes_of_an_urgent_plan_are_urgent(void **state)
{
	struct plan usual = { .urgent = false }, urgent = { .urgent = true };
	struct plan_step step = { .op = PLAN_PATCH };

	(void)state;
	assert_int_equal(urgency_of(&usual, &step), URGENCY_PROGRESS);
	assert_int_equal(urgency_of(&usual, NULL), URGENCY_STATUS);
	assert_int_equal(urgency_of(&urgent, &step), URGENCY_SAFETY);
	assert_int_equal(urgency_of(&urgent, NULL), URGENCY_SAFETY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(safety_comes_before_statuses_those_before_progress_and_events_are_last),
		cmocka_unit_test(all_writes_of_an_urgent_plan_are_urgent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
