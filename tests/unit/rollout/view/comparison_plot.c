/* tests/unit/rollout/view/comparison_plot.c: plots of comparisons for a terminal. */
#include <math.h>
#include "tests/unit/unit.h"
#include "base/str.h"
#include "rollout/view/comparison_plot.h"

#define BEGIN 1764596400000 /* 2025-12-01T13:40:00Z; wall ms */

static struct course
failing(void)
{
	struct course c = { .from = BEGIN, .n = 4, .stop_at = 100, .pass_at = 10 };

	for (size_t i = 0; i < c.n; i++)
		c.at[i] = (struct course_point){ BEGIN + 15000 * (int64_t)(i + 1), 0.7 * (double)i, -0.5 * (double)i,
			i == 0 ? NAN : 0.2, 0.01 };
	return c;
}

static void
both_plots_have_their_limits_and_signs(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct course c = failing();

	(void)state;
	assert_string_equal(comparison_plot(a, &c, false),
	    "             evidence: ● to stop the canary, ○ to let it pass\n"
	    "    stop 100 ┤─────────────────────────────────────────────●●●●●●●●●●●●●●●\n"
	    "             │\n"
	    "             │                              ●●●●●●●●●●●●●●●\n"
	    "     pass 10 ┤───────────────●●●●●●●●●●●●●●●──────────────────────────────\n"
	    "             │\n"
	    "           1 ┤●●●●●●●●●●●●●●●\n"
	    "             │\n"
	    "             │               ○○○○○○○○○○○○○○○\n"
	    "             │                              ○○○○○○○○○○○○○○○\n"
	    "             │                                             ○○○○○○○○○○○○○○○\n"
	    "             bad requests: ● canary, ○ stable version\n"
	    "     20.00 % ┤               ●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "             │\n"
	    "         0 % ┤○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○○\n"
	    "              13:40:00                                            13:41:00\n");
}

static void
colors_are_those_of_the_series(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct course c = failing();
	const char *text = comparison_plot(a, &c, true);

	(void)state;
	assert_non_null(
	    strstr(text, "evidence: \xff[31m●\xff[0m to stop the canary, \xff[32m○\xff[0m to let it pass\n"));
	assert_non_null(strstr(text, "\xff[33m●\xff[0m canary, \xff[34m○\xff[0m stable version\n"));
}

/* A status can have any numbers that course_read accepts. */
static void
extreme_numbers_stay_within_the_plot(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct course c = { .from = BEGIN, .n = 1, .stop_at = 1e300, .pass_at = 1, .bound = "0.25" };

	(void)state;
	c.at[0] = (struct course_point){ BEGIN + 1000, 300, -300, NAN, NAN };
	assert_non_null(
	    strstr(comparison_plot(a, &c, false), "requests slower than 0.25 s: ● canary, ○ stable version"));
	c.stop_at = 1;
	c.at[0] = (struct course_point){ INT64_MAX, -300, 300, 1, 0 };
	assert_non_null(strstr(comparison_plot(a, &c, false), "stop 1, pass 1, 1"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_plots_have_their_limits_and_signs),
		cmocka_unit_test(colors_are_those_of_the_series),
		cmocka_unit_test(extreme_numbers_stay_within_the_plot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
