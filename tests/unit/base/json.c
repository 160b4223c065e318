/* tests/unit/base/json.c: the text of a JSON value is that of jansson, except for numbers. */
#include "tests/unit/unit.h"
#include "base/str.h"

static void
text_is_that_of_jansson(void **state)
{
	static const char *const texts[] = { "null", "true", "false", "0", "-9223372036854775808", "{}", "[]", "\"\"",
		"[1,[],{},\"x\",null,true,{\"b\":1,\"a\":[false]}]",
		("{\"\\\"\\\\/\\b\\f\\n\\r\\t\":\"\\\"\\\\\\/"
		 "\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\\u00e9\\u2028\"}") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena *a = arena_new();
		json_t *j = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		char *want = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);

		assert_non_null(want);
		assert_string_equal(json_text(a, j), want);
		free(want);
		json_decref(j);
		arena_free(a);
	}
}

static void
a_number_has_its_fewest_digits(void **state)
{
	struct arena *a = arena_new();
	json_t *j = json_loads("[0.1, 1e21, 100.0]", 0, NULL);

	(void)state;
	assert_string_equal(json_text(a, j), "[0.1,1e+21,100]");
	json_decref(j);
	arena_free(a);
}

static void
a_string_is_shown_with_its_bytes_that_are_not_utf_8_replaced(void **state)
{
	struct str s;

	(void)state;
	str_init(&s, 100);
	json_add_string(&s, "a\"\x01\xc3\xa9\xff");
	assert_string_equal(str_text(&s), "\"a\\\"\\u0001\xc3\xa9\xef\xbf\xbd\"");
	str_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_that_of_jansson),
		cmocka_unit_test(a_number_has_its_fewest_digits),
		cmocka_unit_test(a_string_is_shown_with_its_bytes_that_are_not_utf_8_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
