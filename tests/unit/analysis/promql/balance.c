/* tests/unit/analysis/promql/balance.c: expressions that no Prometheus can parse, and valid ones that must not be taken
 * for such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "analysis/promql/balance.h"
#include "base/arena.h"
#include "base/str.h"

static void
expressions_that_are_not_balanced(void **state)
{
	static const char *const cases[][2] = {
		{ "sum((rate(x[5m])", "( at position 5 is not closed" },
		{ "sum(x))", ") at position 7 closes nothing" },
		{ "x[5m", "[ at position 2 is not closed" },
		{ "x{a=\"b\"", "{ at position 2 is not closed" },
		{ "x{a=\"b\")", "{ at position 2 is closed by ) at position 8" },
		{ "x{a=\"b}", "the string that begins with \" at position 5 does not end" },
		{ "x{a=\"b\\\"}", "the string that begins with \" at position 5 does not end" },
		{ "x{a='b}", "the string that begins with ' at position 5 does not end" },
		{ "x{a=`b\\`", "{ at position 2 is not closed" },
		{ "x{a=\"b\nc\"}", "the string that begins with \" at position 5 does not end" },
		{ "sum(x # )", "( at position 4 is not closed" },
		{ "sum(x{a=\"{{args.a}}\"}", "( at position 4 is not closed" },
		{ "sum(x]{{args.a}}", "( at position 4 is closed by ] at position 6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = promql_balance_problem(a, cases[i][0]);

		if (!str_eq(got, cases[i][1]))
			fail_msg("%s: got %s, want %s", cases[i][0], got != NULL ? got : "no problem", cases[i][1]);
		arena_free(a);
	}
}

static void
expressions_that_are_not_judged(void **state)
{
	static const char *const cases[] = {
		"",
		"sum by (pod) (rate(x{a=~\"5..\"}[5m:1m] offset 1d))",
		"x{a=\")\", b='(', c=`{\\`}",
		"x{a=\"\\\"\\\\\"}",
		"x{a=\"it's\"}",
		"x{a=`two\nlines`}",
		"sum(x) # a comment with ( and \"\n / sum(y)",
		"x # the end is a comment (",
		"x{a=\"{{args.a}}\"}",
		"x{a=\"{{args.\"a\"}}\"}",
		"x{a=\"{{\"} or (y{b=\"}}\"})",
		"{{args.query}}",
		"{{args.begin}} x)",
		"sum(x {{args.end}}",
		"sum(x{{{args.matchers}}}",
		"x{a=\"{{args.end}}",
	};
	struct arena *a = arena_new();
	char deep[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (promql_balance_problem(a, cases[i]) != NULL)
			fail_msg("%s: got %s, want no problem", cases[i], promql_balance_problem(a, cases[i]));
	memset(deep, '(', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_null(promql_balance_problem(a, deep));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_that_are_not_balanced),
		cmocka_unit_test(expressions_that_are_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
