/* tests/unit/web/impersonation.c: the user and groups as which the dashboard of a team calls the API server. */
#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"
#include "web/access/impersonation.h"

static const char *listed[] = { "dev", "ops" };

static struct impersonated
as(struct arena *a, const char *const *groups, size_t n)
{
	static const struct impersonation s = { "sluice:", "dashboard", { listed, 2 } };
	struct impersonated ret;

	impersonation_of(a, &s, &(struct identity){ .user = "alice", .groups = groups, .ngroups = n }, &ret);
	assert_string_equal(ret.user, "sluice:dashboard");
	return ret;
}

static void
listed_groups_are_impersonated_with_the_prefix(void **state)
{
	static const char *const groups[] = { "ops", "other", "dev" };
	struct arena *a = arena_new();
	struct impersonated who = as(a, groups, 3);

	(void)state;
	assert_int_equal(who.groups.n, 2);
	assert_string_equal(who.groups.at[0], "sluice:dev");
	assert_string_equal(who.groups.at[1], "sluice:ops");
	arena_free(a);
}

static void
a_group_that_is_not_listed_grants_nothing(void **state)
{
	static const char *const groups[] = { "devs", "DEV", "system:masters", "sluice:dev", "dev\r\nX: y", "" };
	struct arena *a = arena_new();

	(void)state;
	assert_int_equal(as(a, groups, 6).groups.n, 0);
	assert_int_equal(as(a, NULL, 0).groups.n, 0);
	arena_free(a);
}

static const char *
refusal(struct arena *a, const char *prefix, const char *user, const char *group)
{
	struct err *e = impersonation_check(a, &(struct impersonation){ prefix, user, { &group, 1 } });

	return e != NULL ? err_text(a, e) : NULL;
}

static void
identities_of_kubernetes_are_refused(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(refusal(a, "sluice:", "dashboard", "dev team"));
	assert_string_equal(refusal(a, "system:", "dashboard", "dev"),
	    "--impersonate-prefix: \"system:\" begins with \"system:\", which is Kubernetes' own");
	assert_string_equal(refusal(a, "sluice:", "system:admin", "dev"),
	    "--impersonate-user: \"system:admin\" begins with \"system:\", which is Kubernetes' own");
	assert_string_equal(refusal(a, "sluice:", "dashboard", "system:masters"),
	    "--impersonate-groups: \"system:masters\" begins with \"system:\", which is Kubernetes' own");
	arena_free(a);
}

static void
a_prefix_is_required(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_non_null(refusal(a, "", "dashboard", "dev"));
	assert_non_null(refusal(a, NULL, "dashboard", "dev"));
	/* A prefix that a name completes to Kubernetes' own. */
	assert_non_null(refusal(a, "sys", "tem:admin", "dev"));
	assert_non_null(refusal(a, "system", ":admin", "dev"));
	arena_free(a);
}

static void
a_name_that_a_header_cannot_carry_is_refused(void **state)
{
	struct arena *a = arena_new();
	char name[400];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_non_null(refusal(a, "sluice:", "dashboard", "a\r\nImpersonate-Group: system:masters"));
	assert_non_null(refusal(a, "sluice:", "dashboard", "\303\244"));
	assert_non_null(refusal(a, "sluice:", "dashboard", " dev"));
	assert_non_null(refusal(a, "sluice:", "dashboard", "dev "));
	assert_non_null(refusal(a, "sluice:", "dashboard", ""));
	assert_non_null(refusal(a, "sluice:", "dashboard", name));
	arena_free(a);
}

static void
groups_have_a_limit(void **state)
{
	const char *many[IMPERSONATION_GROUPS_MAX + 1];
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i <= IMPERSONATION_GROUPS_MAX; i++)
		many[i] = "dev";
	assert_null(impersonation_check(
	    a, &(struct impersonation){ "sluice:", "dashboard", { many, IMPERSONATION_GROUPS_MAX } }));
	assert_non_null(impersonation_check(
	    a, &(struct impersonation){ "sluice:", "dashboard", { many, IMPERSONATION_GROUPS_MAX + 1 } }));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_groups_are_impersonated_with_the_prefix),
		cmocka_unit_test(a_group_that_is_not_listed_grants_nothing),
		cmocka_unit_test(identities_of_kubernetes_are_refused),
		cmocka_unit_test(a_prefix_is_required),
		cmocka_unit_test(a_name_that_a_header_cannot_carry_is_refused),
		cmocka_unit_test(groups_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
