/* tests/unit/gitops/substitute.c: variables in manifests. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "gitops/substitute.h"

static void
variables_become_their_values(void **state)
{
	static struct string_pair pairs[] = { { "name", "production" }, { "empty", "" }, { "path", "a/b/c.tar.gz" },
		{ "Up", "wOrd" } };
	static const struct string_map variables = { pairs, ARRAY_SIZE(pairs) };
	/* What comes out, or the error. */
	static const char *const cases[][2] = {
		{ "x ${name} y", "x production y" },
		{ "$name ${name}$", "$name production$" },
		{ "$${name}", "${name}" },
		{ "${missing}.", "." },
		{ "${#name}", "10" },
		{ "${missing:-else} ${empty:-else} ${empty-else}", "else else " },
		{ "${missing:=else} ${name:=else}", "else production" },
		{ "${missing:-${name}}", "production" },
		{ "${missing:-${other:-deep}}", "deep" },
		{ "${name:0:4} ${name:4} ${name:99}", "prod uction " },
		{ "${path#*/} ${path##*/}", "b/c.tar.gz c.tar.gz" },
		{ "${path%.*} ${path%%.*}", "a/b/c.tar a/b/c" },
		{ "${path/a/x} ${path//a/x} ${path/#a/x} ${path/%gz/xz}",
		    "x/b/c.tar.gz x/b/c.txr.gz x/b/c.tar.gz a/b/c.tar.xz" },
		{ "${Up^} ${Up^^} ${Up,} ${Up,,}", "WOrd WORD wOrd word" },
		{ "${name", "${name: a variable is not closed" },
		{ "${}", "no variable is named" },
		{ "${name?}", "\"?\" is not built" },
		{ "${name:+x}", "is not built" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = NULL;
		struct err *e = substitute(a, cases[i][0], &variables, &got);

		if (e != NULL ? strstr(err_text(a, e), cases[i][1]) == NULL : strcmp(got, cases[i][1]) != 0)
			fail_msg(
			    "%s: got \"%s\", want \"%s\"", cases[i][0], e != NULL ? err_text(a, e) : got, cases[i][1]);
		arena_free(a);
	}
	assert_true(substitute_is_name("_a1"));
	assert_false(substitute_is_name("1a"));
	assert_false(substitute_is_name("a-b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(variables_become_their_values) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
