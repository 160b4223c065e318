/* tests/unit/gitops/render/substitute.c: variables in a text, with the responses of Flux's envsubst. */
#include "base/str.h"
#include "gitops/render/substitute.h"
#include "tests/unit/unit.h"

static struct string_pair pairs[] = { { "name", "production" }, { "empty", "" }, { "path", "a/b/c.tar.gz" },
	{ "Up", "wOrd" }, { "town", "\xc3\xa9lan \xc3\x9f\xc4\xb1" }, { "list", "a b*c[d]e?f" }, { "aba", "abaXaba" } };

/* The result, or "!" and a part of the error. */
static void
check(const char *const cases[][2], size_t n, bool strict)
{
	const struct substitute_variables variables = { { pairs, ARRAY_SIZE(pairs) }, strict };

	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new();
		const char *got = NULL, *want = cases[i][1];
		struct err *e = substitute(a, cases[i][0], &variables, &got);

		if (e != NULL ? want[0] != '!' || strstr(err_text(a, e), want + 1) == NULL : strcmp(got, want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i][0], e != NULL ? err_text(a, e) : got, want);
		arena_free(a);
	}
}

static void
variables_become_their_values(void **state)
{
	static const char *const cases[][2] = {
		{ "x ${name} y", "x production y" },
		{ "${missing}.", "." },
		{ "${#name} ${#town} ${#missing}", "10 10 0" },
		{ "${missing:-else} ${empty:-else} ${empty=else} ${name:-else}", "else else else production" },
		{ "${missing:=else} ${name:=else} ${missing:-}", "else production " },
		{ "${missing:-${name}} ${missing:-a ${name} b ${missing:-c}}", "production a production b c" },
		{ "${missing:?why} ${name:?why} ${missing:+alt} ${name:+alt}", "why production alt production" },
		{ "${name:0:4} ${name:4} ${name:99} ${name:1:-1} ${name: -3} ${name:x} ${name:0:x}",
		    "prod uction  roductio production production production" },
		{ "${path#*/} ${path##*/}", "b/c.tar.gz c.tar.gz" },
		{ "${path%.*} ${path%%.*}", "a/b/c.tar a/b/c" },
		{ "${aba#a*a} ${aba##a*a} ${aba%%a*a} ${name#?} ${name##[o-p]} ${name#[} ${list#*\\*}",
		    "Xaba   roduction roduction production c[d]e?f" },
		{ "${path/a/x} ${path//a/x} ${path/#a/x} ${path/%gz/xz} ${path/a/} ${path/#a/}",
		    "x/b/c.tar.gz x/b/c.txr.gz x/b/c.tar.gz a/b/c.tar.xz /b/c.tar.gz a/b/c.tar.gz" },
		{ "${path/\\//-} ${path//\\//-} ${path/%/.old} ${path/#/new-} ${Up///.}",
		    "a-b/c.tar.gz a-b-c.tar.gz a/b/c.tar.gz.old new-a/b/c.tar.gz .w.O.r.d." },
		{ "${Up^} ${Up^^} ${Up,} ${Up,,} ${Up^,}", "WOrd WORD wOrd word wOrd" },
		{ "${town^} ${town^^} ${town,,}",
		    "\xc3\x89lan \xc3\x9f\xc4\xb1 \xc3\x89LAN \xc3\x9fI \xc3\xa9lan \xc3\x9f\xc4\xb1" },
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases), false);
}

static void
two_dollars_are_one(void **state)
{
	static const char *const cases[][2] = {
		{ "$name ${name}$", "$name production$" },
		{ "$${name} $$$${name}", "${name} $${name}" },
		{ "echo $$HOME pid $$ $$(POD) $(POD)", "echo $HOME pid $ $(POD) $(POD)" },
		{ "$$${name}", "$production" },
		{ "${missing:-a$$b}", "a$$b" },
		{ "a\\\\b \\/ $\\", "a\\\\b \\/ $\\" },
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases), false);
}

static void
what_flux_refuses_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "${name", "!${name: missing closing brace" },
		{ "${}", "!unable to parse variable name" },
		{ "${-x}", "!unable to parse variable name" },
		{ "${name-x}", "!missing closing brace" },
		{ "${name?}", "!missing closing brace" },
		{ "${name+x}", "!missing closing brace" },
		{ "${name x}", "!missing closing brace" },
		{ "${name:}", "!unable to parse substitution" },
		{ "${name::2}", "!unable to parse substitution" },
		{ "${name:1:}", "!unable to parse substitution" },
		{ "${name#}", "!unable to parse substitution" },
		{ "${name%%}", "!unable to parse substitution" },
		{ "${name/a}", "!bad substitution" },
		{ "${name#a${name}}", "!bad substitution" },
		{ "${name^^^}", "!bad substitution" },
		{ "${#name#}", "!bad substitution" },
		{ "${name:-", "!unable to parse substitution" },
		{ "${town:1}", "!ends within a character" },
		{ "${a:-${a:-${a:-${a:-${a:-${a:-${a:-${a:-${a:-x}}}}}}}}}", "!more than 8 deep" },
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases), false);
}

static void
in_strict_mode_a_variable_must_be_set(void **state)
{
	static const char *const cases[][2] = {
		{ "${name} ${empty}. ${missing:-else} ${missing:=} ${missing=x} ${missing:+y}",
		    "production . else  x y" },
		{ "$missing $${missing}", "$missing ${missing}" },
		{ "${missing}", "!variable not set (strict mode): \"missing\"" },
		{ "${#missing}", "!variable not set" },
		{ "${missing^^}", "!variable not set" },
		{ "${missing:0:1}", "!variable not set" },
		{ "${missing#a}", "!variable not set" },
		{ "${missing/a/b}", "!variable not set" },
		{ "${name:-${missing}}", "!variable not set" },
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases), true);
}

static void
names_are_posix_names(void **state)
{
	(void)state;
	assert_true(substitute_is_name("_a1"));
	assert_false(substitute_is_name("1a"));
	assert_false(substitute_is_name("a-b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_become_their_values),
		cmocka_unit_test(two_dollars_are_one),
		cmocka_unit_test(what_flux_refuses_is_refused),
		cmocka_unit_test(in_strict_mode_a_variable_must_be_set),
		cmocka_unit_test(names_are_posix_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
