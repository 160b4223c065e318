/* tests/unit/gitops/flux/post_build.c: an object with a Kustomization's variables in it is what Flux makes of its
 * text. */
#include "base/str.h"
#include "gitops/flux/post_build.h"
#include "tests/unit/unit.h"

static struct string_pair pairs[] = { { "n", "80" }, { "no", "false" }, { "version", "1.10" }, { "text", "plain" },
	{ "none", "" }, { "quote", "\"" }, { "list", "[{\"key\": \"a\"}, b]" }, { "slash", "ab\\tc\\\\d" },
	{ "quotes", "a\"b'c" }, { "colon", "a: b" }, { "at", "@x" }, { "open", "{a" }, { "word", "yes" },
	{ "key", "k" }, { "dash", "- x" }, { "huge", "18446744073709551616" }, { "most", "9223372036854775807" },
	{ "octal", "010" }, { "truth", "true" } };

/* The object, and what it becomes. */
static void
check(const char *object, const char *want)
{
	const struct substitute_variables variables = { { pairs, ARRAY_SIZE(pairs) }, false };
	struct arena *a = arena_new();
	json_t *from = json_loads(object, 0, NULL), *wanted = json_loads(want, 0, NULL), *got = NULL;
	struct err *e = post_build(a, from, &variables, &got);

	if (e != NULL || !json_equal(got, wanted))
		fail_msg("%s: got %s, want %s", object, e != NULL ? err_text(a, e) : json_text(a, got), want);
	json_decref(from);
	json_decref(wanted);
	json_decref(got);
	arena_free(a);
}

static void
a_bare_variable_is_what_yaml_makes_of_it(void **state)
{
	(void)state;
	check("{\"a\": \"${n}\", \"b\": \"${missing:=false}\", \"c\": [\"${no}\", \"${word}\"]}",
	    "{\"a\": 80, \"b\": false, \"c\": [false, true]}");
	check("{\"a\": \"${version}\", \"b\": \"${none}\", \"c\": \"${list}\"}",
	    "{\"a\": 1.1, \"b\": null, \"c\": [{\"key\": \"a\"}, \"b\"]}");
	check("{\"a\": \"${quote}${n}${quote}\", \"b\": \"v${n}\", \"c\": \"${n}m\"}",
	    "{\"a\": \"80\", \"b\": \"v80\", \"c\": \"80m\"}");
}

static void
what_is_in_quotes_for_flux_stays_a_string(void **state)
{
	(void)state;
	check("{\"a\": \"${n} \", \"b\": \"x: ${n}\", \"c\": \"${n}\\n\", \"d\": \"true\", \"e\": \"010\"}",
	    "{\"a\": \"80 \", \"b\": \"x: 80\", \"c\": \"80\\n\", \"d\": \"true\", \"e\": \"010\"}");
}

static void
values_arrive_as_they_are_written(void **state)
{
	(void)state;
	check("{\"a\": \"${slash}\", \"b\": \"${quotes}\", \"c\": \"x\\n${quotes}\\n${slash}\\n\", \"d\": \"x: "
	      "${quotes}\"}",
	    "{\"a\": \"ab\\\\tc\\\\\\\\d\", \"b\": \"a\\\"b'c\", \"c\": \"x\\na\\\"b'c\\nab\\\\tc\\\\\\\\d\\n\", "
	    "\"d\": \"x: a\\\"b'c\"}");
	check("{\"a\": \"${colon}\", \"b\": \"${at}\", \"c\": \"${open}\", \"d\": [\"x: ${colon}\"]}",
	    "{\"a\": \"a: b\", \"b\": \"@x\", \"c\": \"{a\", \"d\": [\"x: a: b\"]}");
}

static void
keys_have_variables_too(void **state)
{
	(void)state;
	check("{\"${key}\": 1, \"x.${n}\": \"y\", \"plain\": 1.5}", "{\"k\": 1, \"x.80\": \"y\", \"plain\": 1.5}");
}

static void
a_bare_list_item_may_become_a_mapping_or_a_list(void **state)
{
	(void)state;
	check("{\"a\": [\"${colon}\", \"${dash}\", \"${n}\", \"${colon} \", \"${open}\"], \"b\": \"${dash}\"}",
	    "{\"a\": [{\"a\": \"b\"}, [\"x\"], 80, \"a: b \", \"{a\"], \"b\": \"- x\"}");
	check("{\"a\": [\"name: ${text}\"]}", "{\"a\": [\"name: plain\"]}");
}

static void
numbers_of_more_than_64_bits_are_real(void **state)
{
	(void)state;
	check("{\"a\": \"${huge}\", \"b\": \"-${huge}\", \"c\": \"${most}\"}",
	    "{\"a\": 18446744073709551616.0, \"b\": -18446744073709551616.0, \"c\": 9223372036854775807}");
}

static void
a_bare_key_is_the_text_of_its_value(void **state)
{
	(void)state;
	check("{\"${word}\": 1, \"${no}\": 2, \"${octal}\": 3, \"${colon}\": 4, \"x: ${word}\": 5, \"y\": 6}",
	    "{\"true\": 1, \"false\": 2, \"8\": 3, \"a: b\": 4, \"x: yes\": 5, \"y\": 6}");
}

static void
keys_that_become_the_same_or_null_are_refused(void **state)
{
	static const struct substitute_variables variables = { { pairs, ARRAY_SIZE(pairs) }, false };
	static const char *const cases[][2] = {
		{ "{\"d\": {\"${key}\": 1, \"k\": 2}}", "two keys of a mapping become \"k\"" },
		{ "{\"k\": 1, \"${key}\": 2}", "two keys of a mapping become \"k\"" },
		{ "{\"${word}\": 1, \"${truth}\": 2}", "two keys of a mapping become \"true\"" },
		{ "{\"${none}\": 1}", "a key must not be null" },
		{ "{\"${missing}\": 1}", "a key must not be null" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *from = json_loads(cases[i][0], 0, NULL), *got = NULL;
		struct err *e = post_build(a, from, &variables, &got);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg(
			    "%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][1]);
		json_decref(from);
		arena_free(a);
	}
}

static void
an_error_is_that_of_its_text(void **state)
{
	static const struct substitute_variables variables = { { pairs, ARRAY_SIZE(pairs) }, true };
	struct arena *a = arena_new();
	json_t *from = json_loads("{\"a\": {\"b\": [\"${missing}\"]}}", 0, NULL), *got = NULL;
	struct err *e = post_build(a, from, &variables, &got);

	(void)state;
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "variable not set (strict mode): \"missing\""));
	assert_null(got);
	json_decref(from);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_variable_is_what_yaml_makes_of_it),
		cmocka_unit_test(what_is_in_quotes_for_flux_stays_a_string),
		cmocka_unit_test(values_arrive_as_they_are_written),
		cmocka_unit_test(keys_have_variables_too),
		cmocka_unit_test(a_bare_list_item_may_become_a_mapping_or_a_list),
		cmocka_unit_test(numbers_of_more_than_64_bits_are_real),
		cmocka_unit_test(a_bare_key_is_the_text_of_its_value),
		cmocka_unit_test(keys_that_become_the_same_or_null_are_refused),
		cmocka_unit_test(an_error_is_that_of_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
