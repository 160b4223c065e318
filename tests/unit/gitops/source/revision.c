/* tests/unit/gitops/source/revision.c: which commit a revision names. */
#include "base/str.h"
#include "gitops/source/revision.h"
#include "gitops/source/version.h"
#include "tests/unit/unit.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define D "dddddddddddddddddddddddddddddddddddddddd"

static const char refs[] = A "\tHEAD\n" A "\trefs/heads/main\n" B "\trefs/heads/release\n" B "\trefs/heads/1.0\n" C
			     "\trefs/tags/release\n" A "\trefs/tags/v1.2.0\n" B "\trefs/tags/v1.10.0\n" C
			     "\trefs/tags/v1.10.0^{}\n" D "\trefs/tags/v2.0.0-rc.1\n" D "\trefs/pull/7/head\n";

static void
a_revision_names_one_commit(void **state)
{
	static const char *const cases[][3] = {
		{ NULL, A, "HEAD" },
		{ "", A, "HEAD" },
		{ "HEAD", A, "HEAD" },
		{ "main", A, "refs/heads/main" },
		{ "release", C, "refs/tags/release" },
		{ "refs/heads/release", B, "refs/heads/release" },
		{ "1.0", B, "refs/heads/1.0" },
		{ "v1.10.0", C, "refs/tags/v1.10.0" },
		{ "1.*", C, "refs/tags/v1.10.0" },
		{ ">=1.0 <1.5", A, "refs/tags/v1.2.0" },
		{ "*", C, "refs/tags/v1.10.0" },
		{ "*-0", D, "refs/tags/v2.0.0-rc.1" },
		{ ">=3", NULL, "no tag is a version in this range" },
		{ "pull/7/head", D, "refs/pull/7/head" },
		{ "ddddddd", D, "refs/tags/v2.0.0-rc.1" },
		{ "dddddd", NULL, "no branch, tag or commit of that name" },
		{ "nothing", NULL, "unable to resolve 'nothing' to a commit SHA" },
		{ "0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *commit = NULL, *ref = NULL;
		struct err *e = git_resolve(a, refs, cases[i][0], &commit, &ref);

		if (!str_eq(commit, cases[i][1]) ||
		    (e == NULL ? !str_eq(ref, cases[i][2]) : strstr(err_text(a, e), cases[i][2]) == NULL))
			fail_msg("%s: got %s %s", cases[i][0], commit, e != NULL ? err_text(a, e) : ref);
		arena_free(a);
	}
}

static void
versions_are_ordered(void **state)
{
	static const char *const order[] = { "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2", "v1.10.3" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
			struct version x, y;
			int got;

			assert_true(version_parse(order[i], &x));
			assert_true(version_parse(order[k], &y));
			got = version_compare(&x, &y);
			if ((got > 0) - (got < 0) != (i > k) - (i < k))
				fail_msg("%s, %s: got %d", order[i], order[k], got);
		}
}

static void
a_range_lets_in_what_it_says(void **state)
{
	static const struct {
		const char *range, *version;
		bool in;
	} cases[] = {
		{ "1.2.*", "1.2.9", true },
		{ "1.2.x", "1.3.0", false },
		{ "^1.2.3", "1.9.0", true },
		{ "^1.2.3", "2.0.0", false },
		{ "^0.2.3", "0.2.9", true },
		{ "^0.2.3", "0.3.0", false },
		{ "~1.2.3", "1.2.9", true },
		{ "~1.2.3", "1.3.0", false },
		{ "~1", "1.9.0", true },
		{ ">1.2", "1.2.5", false },
		{ ">1.2", "1.3.0", true },
		{ "<=1.2", "1.2.5", true },
		{ "1.2 - 1.4", "1.4.9", true },
		{ "1.2 - 1.4", "1.5.0", false },
		{ "!=1.2.3", "1.2.3", false },
		{ "<1.0 || >=2.0", "2.1.0", true },
		{ "<1.0 || >=2.0", "1.5.0", false },
		{ ">=1.0", "1.1.0-rc.1", false },
		{ ">=1.0-0", "1.1.0-rc.1", true },
		{ "=1.2.3", "1.2.3", true },
		{ ">=1.0, <1.5", "1.4.0", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct version v;

		assert_true(version_parse(cases[i].version, &v));
		assert_true(version_is_range(cases[i].range) || strchr(cases[i].range, '=') == NULL);
		if (version_in_range(&v, cases[i].range) != cases[i].in)
			fail_msg("%s in %s: want %d", cases[i].version, cases[i].range, cases[i].in);
	}
	assert_false(version_is_range("main"));
	assert_false(version_is_range("v1.2.3"));
	assert_false(version_is_range("feature/1.2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_revision_names_one_commit),
		cmocka_unit_test(versions_are_ordered),
		cmocka_unit_test(a_range_lets_in_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
