/* tests/unit/analysis/promql/result_type.c: the queries that return one number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "analysis/promql/result_type.h"
#include "base/cleanup.h"

static const struct {
	const char *query;
	bool scalar;
} queries[] = {
	{ "1", true },
	{ "-1.5e-3", true },
	{ "scalar(up)", true },
	{ " scalar( sum(rate(x{a=\")\"}[5m])) ) ", true },
	{ "scalar(a) / scalar(b)", true },
	{ "(scalar(a) + 1) * 100 # percent", true },
	{ "1 > bool 2", true },
	{ "time() - 5", true },
	{ "up", false },
	{ "scalar(a) / b", false },
	{ "sum(up)", false },
	{ "sum(rate(a[5m])) / sum(rate(b[5m]))", false },
	{ "vector(1)", false },
	{ "scalar(up", false },
	{ "scalar", false },
	{ "1 +", false },
	{ "", false },
	{ "time_total", false },
};

static void
a_query_of_scalars_is_a_scalar(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		if (promql_is_scalar(queries[i].query) != queries[i].scalar)
			fail_msg("%s: want %s", queries[i].query, queries[i].scalar ? "a scalar" : "no scalar");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_query_of_scalars_is_a_scalar) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
