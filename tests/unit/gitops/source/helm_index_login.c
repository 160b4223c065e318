/* tests/unit/gitops/source/helm_index_login.c: credentials in the index of a Helm repository, in all forms in which
 * YAML writes a URL. */
#include "base/str.h"
#include "gitops/source/helm_index_login.h"
#include "tests/unit/unit.h"

/* The index, and what becomes of it; NULL: it stays. */
static void
check(const char *repo_url, const char *const cases[][2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new();
		const char *want = cases[i][1] != NULL ? cases[i][1] : cases[i][0];

		assert_string_equal(helm_index_with_login(a, cases[i][0], repo_url, "me:p%40ss@"), want);
		arena_free(a);
	}
}

static void
urls_of_the_repository_get_the_login(void **state)
{
	static const char *const cases[][2] = {
		{ "urls:\n- https://charts.example/a-1.tgz\n",
		    "urls:\n- \"https://me:p%40ss@charts.example/a-1.tgz\"\n" },
		{ "urls: [https://charts.example/a.tgz,https://charts.example/b.tgz]",
		    "urls: [\"https://me:p%40ss@charts.example/a.tgz\",\"https://me:p%40ss@charts.example/b.tgz\"]" },
		{ "urls: ['https://charts.example/a.tgz', \"https://charts.example\"]",
		    "urls: [\"https://me:p%40ss@charts.example/a.tgz\", \"https://me:p%40ss@charts.example\"]" },
		{ "{\"urls\":[\"https://charts.example/a.tgz\"]}",
		    "{\"urls\":[\"https://me:p%40ss@charts.example/a.tgz\"]}" },
		{ "{\"urls\":[\"https:\\/\\/charts.example\\/a.tgz\"]}",
		    "{\"urls\":[\"https://me:p%40ss@charts.example/a.tgz\"]}" },
		{ "[\"https:\\u002f\\u002Fcharts\\u002eexample\\u002fa.tgz\"]",
		    "[\"https://me:p%40ss@charts.example/a.tgz\"]" },
		{ "- HTTPS://Charts.Example:443/a.tgz", "- \"HTTPS://me:p%40ss@Charts.Example:443/a.tgz\"" },
		{ "- é: \xe2\x82\xac\r\n  u: https://charts.example?a # ü\r\n",
		    "- é: \xe2\x82\xac\r\n  u: \"https://me:p%40ss@charts.example?a\" # ü\r\n" },
		{ "\xef\xbb\xbfu: https://charts.example/a", "u: \"https://me:p%40ss@charts.example/a\"" },
	};

	(void)state;
	check("https://charts.example/stable", cases, ARRAY_SIZE(cases));
	check("https://me@charts.example:443", cases, ARRAY_SIZE(cases));
}

static void
urls_of_others_do_not(void **state)
{
	static const char *const cases[][2] = {
		{ "- http://charts.example/a.tgz", NULL },
		{ "- https://charts.example:8443/a.tgz", NULL },
		{ "- https://charts.example.evil/a.tgz", NULL },
		{ "- https://charts.example@evil/a.tgz", NULL },
		{ "- https://you:x@charts.example/a.tgz", NULL },
		{ "- https://evil/?x=https://charts.example/a.tgz", NULL },
		{ "- \"https:\\/\\/evil\\/?x=https:\\/\\/charts.example\\/\"", NULL },
		{ "- \"https://charts.example\\u0040evil/\"", NULL },
		{ "- https:\\/\\/charts.example/a.tgz", NULL },
		{ "- a.tgz\n- https:/charts.example/\n- https://\n- \"https:\\u", NULL },
		{ "- https://charts.example,@evil.example/x.tgz", NULL },
		{ "- https://charts.example'@evil.example/x.tgz", NULL },
		{ "- https://charts.example]@evil.example/x.tgz", NULL },
		{ "- https://charts.example}@evil.example/x.tgz", NULL },
		{ "- 'https://charts.example''@evil.example/x.tgz'", NULL },
		{ "- \"https://charts.example\\x40evil.example/x.tgz\"", NULL },
		{ "- \"https://charts.example\\\n  @evil.example/x.tgz\"", NULL },
		{ "- \"https://charts.example\n  @evil.example/x.tgz\"", NULL },
		{ "- https://charts.example\n  @evil.example/x.tgz", NULL },
		/* The login would be in the path of another server's URL. */
		{ "- https://evil.example/,https://charts.example/x.tgz", NULL },
		{ "- https://evil.example/ https://charts.example/x.tgz", NULL },
		{ "- \"https://evil.example/\\\n  https://charts.example/x.tgz\"", NULL },
		{ "- //evil.example/'https://charts.example/x.tgz", NULL },
		{ "- >-\n  https://charts.example/x.tgz", NULL },
		{ "- &a https://charts.example/x.tgz", NULL },
		{ "", NULL },
	};

	(void)state;
	check("https://charts.example/stable", cases, ARRAY_SIZE(cases));
}

static void
a_long_index_is_read_as_a_whole(void **state)
{
	struct arena *a = arena_new();
	struct str index;
	const char *done;
	size_t n = 0;

	(void)state;
	str_init(&index, 64u << 20);
	for (int i = 0; i < 3000; i++)
		str_addf(&index, "  - {name: chart-%d, urls: [https://charts.example/%d.tgz]}\n", i, i);
	done = helm_index_with_login(a, str_text(&index), "https://charts.example", "me:x@");
	for (const char *at = done; (at = strstr(at, "\"https://me:x@charts.example/")) != NULL; at++)
		n++;
	assert_int_equal(n, 3000);
	str_done(&index);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_of_the_repository_get_the_login),
		cmocka_unit_test(urls_of_others_do_not),
		cmocka_unit_test(a_long_index_is_read_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
