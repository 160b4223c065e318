/* tests/unit/gitops/source/repository_url.c: which credentials are meant for a repository. */
#include "gitops/source/repository_url.h"
#include "tests/unit/unit.h"

static void
credentials_are_for_what_is_below_them(void **state)
{
	static const struct {
		const char *prefix, *url;
		size_t parts;
	} cases[] = {
		{ "https://git.corp/", "https://git.corp/team/repo", 1 },
		{ "https://git.corp", "https://git.corp/team/repo.git", 1 },
		{ "https://git.corp/team", "https://git.corp/team/repo.git", 2 },
		{ "https://git.corp/team/", "https://git.corp/team/repo", 2 },
		{ "https://git.corp/Team/Repo.git", "https://GIT.corp/team/repo", 3 },
		{ "https://git.corp:443/team", "https://git.corp/team/repo", 2 },
		{ "https://git.corp/team", "https://me@git.corp/team/repo", 2 },
		{ "git@git.corp:team", "git@git.corp:team/repo.git", 2 },
		{ "git@git.corp", "git@git.corp", 1 },
		{ "ssh://git@git.corp/team", "git@git.corp:team/repo", 2 },
		{ "ssh://git@git.corp:22/team", "git@git.corp:team/repo", 2 },
		{ "registry.corp/charts", "registry.corp/charts/shop", 2 },
		{ "oci://registry.corp/charts", "registry.corp/charts", 2 },
		{ "file:///srv/git", "file:///srv/git/repo", 3 },
		/* Another host, scheme, port or segment. */
		{ "https://git.corp/", "https://git.corp.evil.example/team/repo", 0 },
		{ "https://git.corp", "https://git.corp.evil.example/team/repo", 0 },
		{ "https://git.corp/", "https://git.corp@evil.example/team/repo", 0 },
		{ "https://git.corp/", "https://git.corp:x@evil.example/team/repo", 0 },
		{ "https://git.corp/", "http://git.corp/team/repo", 0 },
		{ "https://git.corp/", "https://git.corp:8443/team/repo", 0 },
		{ "https://git.corp/", "https://notgit.corp/team/repo", 0 },
		{ "https://git.corp/", "ssh://git.corp/team/repo", 0 },
		{ "https://git.corp/team", "https://git.corp/team-secret/repo", 0 },
		{ "https://git.corp/team", "https://git.corp/teams", 0 },
		{ "https://git.corp/team/repo", "https://git.corp/team", 0 },
		{ "https://git.corp/team.git", "https://git.corp/team.git.evil/x", 0 },
		{ "git@git.corp:team", "git@git.corp:team-secret/repo", 0 },
		{ "git@git.corp:team", "other@git.corp:team/repo", 0 },
		{ "git@git.corp", "git@git.corp.evil.example:team/repo", 0 },
		/* A path that may lead elsewhere. */
		{ "https://git.corp/team", "https://git.corp/team/../other/repo", 0 },
		{ "https://git.corp/team", "https://git.corp/team/%2e%2e/other/repo", 0 },
		{ "https://git.corp/team", "https://git.corp/team/..%2Fother", 0 },
		{ "https://git.corp/team", "https://git.corp/team\\..\\other", 0 },
		{ "https://git.corp/team", "https://git.corp//team/repo", 0 },
		{ "https://git.corp/team", "https://git.corp/team/repo?x=/..", 0 },
		{ "https://git.corp/team", "https://evil.example/#@git.corp/team/repo", 0 },
		{ "https://git.corp/team", "https://evil.example\\@git.corp/team/repo", 0 },
		{ "", "https://git.corp/team", 0 },
		{ "https://", "https://git.corp/team", 0 },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t parts = location_below(a, cases[i].prefix, cases[i].url);

		if (parts != cases[i].parts)
			fail_msg("%s for %s: got %zu, want %zu", cases[i].prefix, cases[i].url, parts, cases[i].parts);
	}
	arena_free(a);
}

static void
a_repository_is_the_same_in_all_its_spellings(void **state)
{
	static const char *const same[][2] = { { "https://git.corp/Team/repo.git", "https://git.corp/team/repo" },
		{ "https://git.corp/team/repo/", "https://git.corp:443/team/repo" },
		{ "git@git.corp:team/repo.git", "ssh://git@git.corp/team/repo" }, { "../odd", "../odd" } };
	static const char *const others[][2] = { { "https://git.corp/team/repo", "https://git.corp/team/repo2" },
		{ "https://git.corp/team/repo", "https://git.corp/team" },
		{ "https://git.corp/team/repo", "http://git.corp/team/repo" },
		{ "https://git.corp/team/x/../repo", "https://git.corp/team/repo" },
		{ "https://git.corp/team/repo", "https://git.corp.evil.example/team/repo" } };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (!location_is_same(a, same[i][0], same[i][1]))
			fail_msg("%s is not %s", same[i][0], same[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (location_is_same(a, others[i][0], others[i][1]))
			fail_msg("%s is %s", others[i][0], others[i][1]);
	arena_free(a);
}

static void
a_message_has_no_passwords(void **state)
{
	static const char *const cases[][2] = {
		{ "Get \"https://me:p+w=$&,;@charts.example/index.yaml\": EOF",
		    "Get \"https://charts.example/index.yaml\": EOF" },
		{ "https://me:a@b@charts.example and http://you@b/@c", "https://charts.example and http://b/@c" },
		{ "'https://charts.example' me@example", "'https://charts.example' me@example" },
		{ "://a@", "://" },
		{ "a@b", "a@b" },
		{ "", "" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(location_without_users_in(a, cases[i][0]), cases[i][1]);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_for_what_is_below_them),
		cmocka_unit_test(a_repository_is_the_same_in_all_its_spellings),
		cmocka_unit_test(a_message_has_no_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
