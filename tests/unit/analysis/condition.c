/* tests/unit/analysis/condition.c: the limits of conditions, which tenants write and the controller evaluates. */
#include "analysis/condition/condition.h"
#include "tests/unit/unit.h"

/* Each would take minutes, or gigabytes, if only its steps were counted. */
static void
a_condition_that_costs_too_much_is_an_error(void **state)
{
	static const char reads[] = "it reads more than 67108864 bytes", builds[] = "it builds more than 8388608 bytes",
			  matches[] = "match limit exceeded";
	static const struct {
		const char *condition, *want;
	} all[] = {
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {len(s) > 0})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {trim(s) != \"\"})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {indexOf(s, \"b\") < 0})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {not (s contains \"b\")})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {s == s})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {s <= s})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {[s] == [s]})", reads },
		{ "let s = repeat(\"a\", 1000000); len(sort(map(1..900, {s}))) > 1", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {not (s matches \"b$\")})", reads },
		{ "let m = groupBy(1..400, {string(#)}); all(1..90000, {m[\"x\"] == nil})", reads },
		{ "let m = groupBy(1..400, {string(#)}); all(1..90000, {not (\"x\" in m)})", reads },
		{ "let s = repeat(\"a\", 1000000); all(1..90000, {s[1:] != s})", builds },
		{ "repeat(\"aaaaaaaaaa!\", 80000) matches \"(a+)+$\"", matches },
		{ "let s = repeat(\"aaaaaaaaaa!\", 10); all(1..90000, {not (s matches \"(a+)+$\")})", matches },
		{ "all(1..90000, {not (repeat(\"a\", 17) + \"!\" matches \"^(a+)+$\")})", matches },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct arena *a = arena_new();
		struct value result = { .kind = VALUE_INT, .i = 1 };
		struct condition_program *p;
		struct err *e = condition_parse(a, all[i].condition, &p);
		const char *got;
		bool response;

		if (e == NULL)
			e = condition_eval(a, p, &result, 0, &response);
		got = e != NULL ? err_text(a, e) : "a value";
		if (strstr(got, all[i].want) == NULL)
			fail_msg("%s: got \"%s\", want \"%s\"", all[i].condition, got, all[i].want);
		arena_free(a);
	}
}

static void
usual_conditions_cost_little(void **state)
{
	static const char *const all[] = {
		"all(1..10000, {\"web-1\" matches \"^web-[0-9]+$\"})",
		"let s = repeat(\"error: no host\\n\", 10000); len(split(s, \"\\n\")) == 10001 and s contains \"host\"",
		"repeat(\"a line of the log\\n\", 10000) matches \"(?m)^a (line|word) of the .*g$\"",
		"len(sort(map(1..1000, {string(#)}))) == 1000",
		"let m = groupBy(1..100, {string(#)}); all(1..1000, {m[\"7\"][0] == 7})",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct arena *a = arena_new();
		struct value result = { .kind = VALUE_INT, .i = 1 };
		struct condition_program *p;
		bool response = false;
		struct err *e = condition_parse(a, all[i], &p);

		if (e == NULL)
			e = condition_eval(a, p, &result, 0, &response);
		if (e != NULL || !response)
			fail_msg("%s: got %s", all[i], e != NULL ? err_text(a, e) : "false");
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_that_costs_too_much_is_an_error),
		cmocka_unit_test(usual_conditions_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
