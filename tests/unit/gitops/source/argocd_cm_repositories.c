/* tests/unit/gitops/source/argocd_cm_repositories.c: repositories that argocd-cm declares. */
#include "gitops/source/argocd_cm_repositories.h"
#include "tests/unit/unit.h"

static struct err *
read(struct arena *a, const char *key, const char *text, struct declared *ret)
{
	json_t *data = json_pack("{s:s}", key, text);
	struct err *e = declared_read(a, data, ret);

	json_decref(data);
	return e;
}

static void
an_entry_has_the_secrets_of_its_credentials(void **state)
{
	struct arena *a = arena_new();
	struct declared d;
	const struct declared_repository *r;

	(void)state;
	assert_null(read(a, "repositories",
	    "- {type: git, url: 'https://git.corp/other'}\n"
	    "- url: https://git.corp/team/repo.git\n"
	    "  name: mine\n"
	    "  usernameSecret: {name: login, key: user}\n"
	    "  passwordSecret: {name: login, key: pass}\n"
	    "  sshPrivateKeySecret: {name: keys, key: id}\n"
	    "  insecure: true\n"
	    "  proxy: http://proxy.corp:3128\n",
	    &d));
	r = declared_repository(a, &d, "https://git.corp/Team/repo");
	assert_non_null(r);
	assert_string_equal(r->where, "repositories[1]");
	assert_string_equal(r->values[DECLARED_USERNAME].name, "login");
	assert_string_equal(r->values[DECLARED_USERNAME].key, "user");
	assert_string_equal(r->values[DECLARED_PASSWORD].key, "pass");
	assert_string_equal(r->values[DECLARED_SSH_KEY].name, "keys");
	assert_true(r->insecure);
	assert_string_equal(r->proxy, "http://proxy.corp:3128");
	assert_true(declared_has_secrets(r));
	assert_null(d.problem);
	r = declared_repository(a, &d, "https://git.corp/other");
	assert_non_null(r);
	assert_false(declared_has_secrets(r));
	assert_null(declared_repository(a, &d, "https://git.corp/team"));
	assert_null(declared_template(a, &d, "https://git.corp/team/repo"));
	arena_free(a);
}

static void
the_template_with_the_longest_url_matches(void **state)
{
	struct arena *a = arena_new();
	struct declared d;

	(void)state;
	assert_null(read(a, "repository.credentials",
	    "- {url: 'https://git.corp', usernameSecret: {name: all, key: u}}\n"
	    "- {url: 'https://git.corp/team', usernameSecret: {name: team, key: u}}\n"
	    "- {url: 'https://git.corp/te', usernameSecret: {name: other, key: u}}\n",
	    &d));
	assert_string_equal(
	    declared_template(a, &d, "https://git.corp/team/repo")->values[DECLARED_USERNAME].name, "team");
	assert_string_equal(declared_template(a, &d, "https://git.corp/x")->values[DECLARED_USERNAME].name, "all");
	assert_null(declared_template(a, &d, "https://git.corp.evil.example/team/repo"));
	assert_null(declared_repository(a, &d, "https://git.corp/team"));
	arena_free(a);
}

static void
members_without_effect_are_named(void **state)
{
	struct arena *a = arena_new();
	struct declared d;

	(void)state;
	assert_null(read(a, "repositories",
	    "- {url: 'https://git.corp/a', enableLfs: true, tlsClientCertDataSecret: {name: t, key: c}, password: x}\n",
	    &d));
	assert_string_equal(d.problem,
	    "ConfigMap argocd-cm: without effect here: repositories[0].enableLfs (files in Git "
	    "LFS are read as the pointers that Git has); "
	    "repositories[0].tlsClientCertDataSecret (client certificates are not presented to "
	    "repositories); repositories[0].password (it is not known)");
	arena_free(a);
}

static void
what_cannot_be_read_is_an_error_with_its_place(void **state)
{
	static const char *const cases[][2] = {
		{ "a: b", "ConfigMap argocd-cm, repositories: it is not a list of {url, …}" },
		{ "[{type: git}]", "ConfigMap argocd-cm, repositories[0]: it has no url" },
		{ "[text]", "ConfigMap argocd-cm, repositories[0]: it has no url" },
		{ "[{url: u, passwordSecret: {name: a}}]",
		    "ConfigMap argocd-cm, repositories[0].passwordSecret: it has no name and key of a Secret" },
		{ "[{url: u, passwordSecret: {name: a/../b, key: k}}]",
		    "ConfigMap argocd-cm, repositories[0].passwordSecret: it has no name and key of a Secret" },
	};
	struct arena *a = arena_new();
	struct declared d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err *e = read(a, "repositories", cases[i][0], &d);

		assert_non_null(e);
		assert_string_equal(err_text(a, e), cases[i][1]);
	}
	assert_null(read(a, "repositories", "", &d));
	assert_int_equal(d.repositories.n, 0);
	assert_null(declared_read(a, NULL, &d));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_the_secrets_of_its_credentials),
		cmocka_unit_test(the_template_with_the_longest_url_matches),
		cmocka_unit_test(members_without_effect_are_named),
		cmocka_unit_test(what_cannot_be_read_is_an_error_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
