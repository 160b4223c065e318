/* tests/unit/base/glob.c: matches of globs, with long globs and long texts. */
#include "base/glob.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void
a_glob_matches_the_whole_text(void **state)
{
	static const struct {
		const char *glob, *text;
		char separator;
		bool want;
	} all[] = {
		{ "a", "a", 0, true },
		{ "a", "ab", 0, false },
		{ "", "", 0, true },
		{ "*", "", 0, true },
		{ "*", "a/b", 0, true },
		{ "*", "a/b", '/', false },
		{ "**", "a/b", '/', true },
		{ "*/*", "a/b", '/', true },
		{ "a*c", "abcbc", 0, true },
		{ "a*c", "abcb", 0, false },
		{ "?", "", 0, false },
		{ "a?c", "abc", 0, true },
		{ "a?c", "a/c", '/', false },
		{ "[a-c]x", "bx", 0, true },
		{ "[!a-c]x", "bx", 0, false },
		{ "[^a-c]x", "dx", 0, true },
		{ "[a", "[a", 0, true },
		{ "[{]x", "{x", 0, true },
		{ "{a,b}c", "bc", 0, true },
		{ "{a,b}c", "cc", 0, false },
		{ "{a,b*}c", "bxxc", 0, true },
		{ "{a,{b,c}d}e", "cde", 0, true },
		{ "{a,{b,c}d}e", "ce", 0, false },
		{ "{a,{b,c}d}e", "ae", 0, true },
		{ "{,a}b", "b", 0, true },
		{ "{a{b}", "{ab", 0, true },
		{ "{a}b}", "ab}", 0, true },
		{ "{a,b", "{a,b", 0, true },
		{ "a,b", "a,b", 0, true },
		{ "\\*", "*", 0, true },
		{ "\\*", "a", 0, false },
		{ "{a\\,b,c}", "a,b", 0, true },
		{ "{[,],x}", ",", 0, true },
		{ "{a,{b,{c,d}}e,f}g", "deg", 0, true },
		{ "{a,{b,{c,d}}e,f}g", "dg", 0, false },
		{ "{a,{b,{c,d}}e,f}g", "fg", 0, true },
		{ "{a}{b,c}", "ac", 0, true },
		{ "\\", "\\", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (glob_match_between(all[i].glob, all[i].text, all[i].separator) != all[i].want)
			fail_msg("%s and %s: want %d", all[i].glob, all[i].text, all[i].want);
}

/* Repeats a piece of a glob, and then something else. */
static const char *
repeated(struct arena *a, const char *piece, size_t n, const char *then)
{
	struct str s;
	const char *text;

	str_init(&s, 1u << 20);
	for (size_t i = 0; i < n; i++)
		str_adds(&s, piece);
	str_adds(&s, then);
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}

/* A long name must not evade a glob that forbids. */
static void
no_glob_and_no_text_is_too_much(void **state)
{
	struct arena *a = arena_new();
	const char *long_text = repeated(a, "a", 2000, "b"), *deep = "x";

	(void)state;
	assert_true(glob_match("*a*a*a*b", long_text));
	assert_false(glob_match("*a*a*a*c", long_text));
	assert_true(glob_match(repeated(a, "*a", 40, "*b"), long_text));
	assert_true(glob_match(repeated(a, "{a,aa}", 300, "*b"), long_text));
	assert_true(glob_match(arena_printf(a, "{%s,x}", long_text), long_text));
	for (int i = 0; i < 40; i++)
		deep = arena_printf(a, "{%s,y}", deep);
	/* A class that is not closed is text, and is not read again for each byte of the text. */
	assert_true(glob_match(repeated(a, "[", 3000, "*"), repeated(a, "[", 6000, "")));
	assert_true(glob_match(repeated(a, "*[", 1500, ""), repeated(a, "[", 3000, "")));
	/* Braces in braces are read once. */
	assert_true(
	    glob_match(arena_printf(a, "%s%s", repeated(a, "{", 20000, "a"), repeated(a, "}", 20000, "")), "a"));
	assert_true(glob_match(deep, "x"));
	assert_false(glob_match(deep, "z"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glob_matches_the_whole_text),
		cmocka_unit_test(no_glob_and_no_text_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
