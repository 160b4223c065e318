/* tests/unit/base/utf8.c: the visible part of a text that is too long, or not UTF-8. */
#include "base/utf8.h"
#include "base/json.h"
#include "tests/unit/unit.h"

static void
what_is_shown_of_a_text_is_utf_8(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *want;
	} all[] = {
		{ "", 9, "" },
		{ "abc", 9, "abc" },
		{ "caf\xc3\xa9", 9, "caf\xc3\xa9" },
		{ "caf\xe9", 9, "caf\xef\xbf\xbd" },
		{ "caf\xe9.yaml", 90, "caf\xef\xbf\xbd.yaml" },
		{ "\xc3", 9, "\xef\xbf\xbd" },
		{ "\xe2\x82", 9, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", 9, "\xef\xbf\xbd" }, /* a surrogate */
		{ "\xe0\x80\xaf", 9, "\xef\xbf\xbd" }, /* longer than it must be */
		{ "\xf4\x90\x80\x80", 9, "\xef\xbf\xbd" }, /* beyond Unicode */
		{ "\xff\xfe", 9, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "abcdefghij", 10, "abcdefghij" },
		{ "abcdefghijk", 10, "abcdefg\xe2\x80\xa6" },
		{ "abcdef\xc3\xa9\xc3\xa9\xc3\xa9", 10, "abcdef\xe2\x80\xa6" }, /* not within a letter */
		{ "abcde\xc3\xa9\xc3\xa9\xc3\xa9", 10, "abcde\xc3\xa9\xe2\x80\xa6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct arena *a = arena_new();
		const char *got = utf8_shown(a, all[i].text, all[i].max);

		if (strcmp(got, all[i].want) != 0)
			fail_msg("case %zu: want %s, got %s", i, all[i].want, got);
		arena_free(a);
	}
}

static void
a_text_in_json_is_not_lost(void **state)
{
	json_t *o = json_object();

	(void)state;
	json_put(o, "message", "caf\xe9");
	assert_string_equal(json_str(o, "message"), "caf\xef\xbf\xbd");
	json_put(o, "message", "");
	assert_null(json_object_get(o, "message"));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_of_a_text_is_utf_8),
		cmocka_unit_test(a_text_in_json_is_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
