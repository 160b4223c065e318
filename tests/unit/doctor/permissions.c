/* tests/unit/doctor/permissions.c: the permissions that `sluice doctor` checks, read from roles. */
#include "doctor/permissions.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static bool
permissions_have(const struct permissions *all, const char *group, const char *resource, const char *sub,
    const char *verb, const char *controllers, bool own)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct permission *p = &all->at[i];

		if (strcmp(p->group, group) != 0 || strcmp(p->resource, resource) != 0 || strcmp(p->sub, sub) != 0)
			continue;
		for (size_t k = 0; k < p->verbs.n; k++)
			if (strcmp(p->verbs.at[k], verb) == 0 && str_eq(p->controllers, controllers) && p->own == own)
				return true;
	}
	return false;
}

static void
the_roles_of_deploy_are_in_the_program(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct permissions all = permissions_read(a);

	(void)state;
	assert_true(permissions_have(&all, "argoproj.io", "rollouts", "status", "patch", "rollouts", false));
	assert_true(permissions_have(&all, "", "pods", "eviction", "create", "rollouts", false));
	assert_true(permissions_have(&all, "coordination.k8s.io", "leases", "", "create", NULL, true));
	assert_true(permissions_have(&all, "*", "*", "", "escalate", "gitops", false));
	/* By name, and without a binding. */
	assert_false(permissions_have(&all, "coordination.k8s.io", "leases", "", "update", NULL, true));
	assert_false(permissions_have(&all, "", "secrets", "", "get", "rollouts", false));
}

static void
each_group_and_resource_of_a_rule_is_a_permission(void **state)
{
	static const char text[] =
	    "kind: ConfigMap\nmetadata: {name: r}\n---\nkind: Role\nmetadata: {name: r}\nrules:\n"
	    "- {apiGroups: [a, b], resources: [x, y/z], verbs: [get]}\n"
	    "- {apiGroups: [c], resources: [n], resourceNames: [m], verbs: [get]}\n"
	    "---\nkind: Role\nmetadata: {name: other}\nrules: [{apiGroups: [d], resources: [w], verbs: [get]}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct permissions all = { 0 };

	(void)state;
	permissions_add(a, text, strlen(text), &(struct permission){ .role = "r", .own = true }, &all);
	assert_int_equal(all.n, 4);
	assert_true(permissions_have(&all, "a", "x", "", "get", NULL, true));
	assert_true(permissions_have(&all, "b", "y", "z", "get", NULL, true));
	permissions_add(a, "{", 1, &(struct permission){ .role = "r" }, &all);
	assert_int_equal(all.n, 4);
}

static void
a_kind_has_the_plural_of_kubernetes(void **state)
{
	static const char *const cases[][2] = { { "Deployment", "deployments" }, { "Ingress", "ingresses" },
		{ "NetworkPolicy", "networkpolicies" }, { "Endpoints", "endpoints" }, { "Gateway", "gateways" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(permissions_plural(a, cases[i][0]), cases[i][1]);
	assert_null(permissions_plural(a, "../x"));
	assert_null(permissions_plural(a, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_roles_of_deploy_are_in_the_program),
		cmocka_unit_test(each_group_and_resource_of_a_rule_is_a_permission),
		cmocka_unit_test(a_kind_has_the_plural_of_kubernetes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
