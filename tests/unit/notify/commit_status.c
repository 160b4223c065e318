/* tests/unit/notify/commit_status.c: where a commit's status goes, and what fits into it. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "notify/commit_status.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void
each_host_has_its_own_form(void **state)
{
	static const struct {
		const char *type, *address, *revision, *url, *body; /* url NULL: no status is sent */
	} cases[] = {
		{ "github", "https://github.com/acme/shop", "main@sha1:" COMMIT,
		    "https://api.github.com/repos/acme/shop/statuses/" COMMIT,
		    "{\"state\":\"failure\",\"context\":\"app\",\"description\":\"why\"}" },
		{ "github", "https://git.acme.io/acme/shop.git/", COMMIT,
		    "https://git.acme.io/api/v3/repos/acme/shop/statuses/" COMMIT,
		    "{\"state\":\"failure\",\"context\":\"app\",\"description\":\"why\"}" },
		{ "gitlab", "https://gitlab.com/acme/web/shop", "main@sha1:" COMMIT,
		    "https://gitlab.com/api/v4/projects/acme%2Fweb%2Fshop/statuses/" COMMIT,
		    "{\"state\":\"failed\",\"name\":\"app\",\"description\":\"why\"}" },
		{ "gitea", "http://127.0.0.1:3000/acme/shop", COMMIT,
		    "http://127.0.0.1:3000/api/v1/repos/acme/shop/statuses/" COMMIT,
		    "{\"state\":\"failure\",\"context\":\"app\",\"description\":\"why\"}" },
		{ "github", "https://github.com/acme/shop", NULL, NULL, NULL },
		{ "github", "https://github.com/acme/shop", "main", NULL, NULL },
		{ "github", "https://github.com/acme/shop", "v1.2.3@sha1:0123", NULL, NULL },
		{ "github", "https://github.com/acme/shop", COMMIT ", " COMMIT, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *url = NULL, *body = NULL;
		const struct commit_status s = { cases[i].type, cases[i].address, cases[i].revision, "app", true,
			"why" };

		assert_null(commit_status_compose(a, &s, &url, &body));
		if (!str_eq(url, cases[i].url) || (url != NULL && strcmp(body, cases[i].body) != 0))
			fail_msg("case %zu: %s %s", i, url, body);
		arena_free(a);
	}
}

static void
other_addresses_are_refused(void **state)
{
	static const char *const addresses[] = { "https://github.com", "https://github.com/", "https://github.com/acme",
		"https://github.com/acme/", "github.com/acme/shop", "https://github.com/acme/shop?ref=x", ".git" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const char *url = NULL, *body = NULL;
		const struct commit_status s = { "github", addresses[i], COMMIT, "app", false, "why" };

		if (commit_status_compose(a, &s, &url, &body) == NULL)
			fail_msg("%s: %s", addresses[i], url);
	}
	arena_free(a);
}

static void
a_long_description_is_cut_between_characters(void **state)
{
	struct arena *a = arena_new();
	char text[301] = { 0 };
	const char *url = NULL, *body = NULL;
	struct commit_status s = { "github", "https://github.com/acme/shop", COMMIT, "app", false, text };
	json_t *sent;

	(void)state;
	for (size_t n = 1; n <= 2; n++) {
		memset(text, 'x', n);
		for (size_t i = n; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa4", 2);
		assert_null(commit_status_compose(a, &s, &url, &body));
		assert_null(json_parse(a, body, strlen(body), &sent));
		assert_in_range(strlen(json_str(sent, "description")), 139, 140);
		json_decref(sent);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_host_has_its_own_form),
		cmocka_unit_test(other_addresses_are_refused),
		cmocka_unit_test(a_long_description_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
