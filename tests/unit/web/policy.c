/* tests/unit/web/policy.c: permissions of an identity for Applications, by argocd-rbac-cm and projects. */
#include "base/str.h"
#include "kube/api/application.h"
#include "tests/unit/unit.h"
#include "web/access/policy.h"

static struct app_project *project; /* the only one in the view */
static bool unreadable; /* it is */

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)v;
	assert_ptr_equal(t, &app_project_type);
	assert_string_equal(ns, "argocd");
	return project != NULL && !unreadable && strcmp(project->object.meta.name, name) == 0 ? &project->object : NULL;
}

static void
each_unreadable(const struct view *v, const struct type *t, const char *ns,
    void (*visit)(const struct object *, void *arg), void *arg)
{
	(void)v;
	assert_ptr_equal(t, &app_project_type);
	assert_string_equal(ns, "argocd");
	if (unreadable)
		visit(&project->object, arg);
}

static const struct view view = { .get = get, .each_unreadable = each_unreadable };

static struct application *
app(struct arena *a, const char *text)
{
	json_t *object = yaml(a, text);
	struct application *decoded = (struct application *)object_decode(&application_type, object, a);

	json_decref(object);
	return decoded;
}

static void
project_is(struct arena *a, const char *text)
{
	json_t *object = yaml(a, text);

	project = (struct app_project *)object_decode(&app_project_type, object, a);
	json_decref(object);
}

#define SHOP "{metadata: {name: web, namespace: argocd}, spec: {project: shop}}"

/* Returns whether the user, in the groups ("" for no further one), may do it under this ConfigMap's data. */
static bool
may(const char *data, const char *user, const char *g1, const char *g2, const char *action, const char *of)
{
	struct arena *a = arena_new();
	json_t *map = data != NULL ? yaml(a, data) : NULL;
	const char *groups[] = { g1, g2 };
	const struct identity who = { .user = user,
		.groups = groups,
		.ngroups = g1[0] == '\0'   ? 0
			   : g2[0] == '\0' ? 1
					   : 2 };
	struct rbac rbac = { 0 };
	struct policy p;
	bool allowed;

	assert_null(rbac_read(a, map, &rbac));
	rbac_drop_accounts(&rbac);
	policy_init(&p, a, &view, "argocd", &rbac, &who);
	allowed = policy_allows(&p, action, app(a, of));
	policy_done(&p);
	json_decref(map);
	arena_free(a);
	return allowed;
}

#define POLICY                                                                                                         \
	"{policy.csv: \"p, role:dev, applications, get, shop/*, allow\\np, role:ops, applications, *, */*, allow\\n"   \
	"g, devs, role:dev\\ng, operators, role:ops\\np, alice, applications, sync, shop/web, allow\\n"                \
	"p, direct, applications, get, shop/*, allow\"}"

static void
without_a_policy_nothing_is_allowed(void **state)
{
	(void)state;
	assert_false(may(NULL, "alice", "devs", "", "get", SHOP));
	assert_false(may("{}", "alice", "", "", "get", SHOP));
}

static void
the_user_and_each_group_count(void **state)
{
	(void)state;
	assert_true(may(POLICY, "bob", "devs", "", "get", SHOP));
	assert_false(may(POLICY, "bob", "devs", "", "sync", SHOP));
	assert_true(may(POLICY, "bob", "devs", "operators", "sync", SHOP));
	assert_true(may(POLICY, "alice", "", "", "sync", SHOP));
	assert_false(may(POLICY, "alice", "", "", "get", SHOP));
	assert_false(may(POLICY, "bob", "others", "", "get", SHOP));
	assert_false(
	    may(POLICY, "bob", "devs", "", "get", "{metadata: {name: web, namespace: argocd}, spec: {project: pay}}"));
}

static void
a_group_counts_only_if_a_line_g_names_it(void **state)
{
	(void)state;
	assert_false(may(POLICY, "bob", "direct", "", "get", SHOP));
}

static void
the_default_role_counts_for_all(void **state)
{
	(void)state;
	assert_true(may("{policy.default: 'role:readonly'}", "bob", "", "", "get", SHOP));
	assert_false(may("{policy.default: 'role:readonly'}", "bob", "", "", "sync", SHOP));
}

static void
a_login_cannot_name_a_role_or_an_account(void **state)
{
	(void)state;
	assert_false(may(POLICY, "role:admin", "", "", "get", SHOP));
	assert_false(may(POLICY, "bob", "role:admin", "", "get", SHOP));
	assert_false(may(POLICY, "bob", "role:ops", "", "get", SHOP));
	assert_false(may(POLICY, "admin", "", "", "get", SHOP));
	assert_false(may(POLICY, "bob", "admin", "", "get", SHOP));
	assert_true(may("{policy.csv: 'g, admin, role:admin'}", "bob", "admin", "", "sync", SHOP));
}

static void
an_application_of_another_namespace_has_its_namespace_in_its_name(void **state)
{
	static const char elsewhere[] = "{metadata: {name: web, namespace: team}, spec: {project: shop}}";
	struct arena *a = arena_new();

	(void)state;
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {sourceNamespaces: [team]}}");
	assert_true(
	    may("{policy.csv: 'p, bob, applications, get, shop/team/web, allow'}", "bob", "", "", "get", elsewhere));
	assert_false(
	    may("{policy.csv: 'p, bob, applications, get, shop/web, allow'}", "bob", "", "", "get", elsewhere));
	project = NULL;
	arena_free(a);
}

static void
an_application_of_a_namespace_that_its_project_does_not_name_is_denied(void **state)
{
	static const char all[] = "{policy.csv: 'p, bob, applications, get, */*, allow'}";
	static const char elsewhere[] = "{metadata: {name: web, namespace: team}, spec: {project: shop}}";
	struct arena *a = arena_new();

	(void)state;
	assert_false(may(all, "bob", "", "", "get", elsewhere));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {sourceNamespaces: [other, '!tea*']}}");
	assert_false(may(all, "bob", "", "", "get", elsewhere));
	assert_true(may(all, "bob", "", "", "get", SHOP));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {sourceNamespaces: ['tea*']}}");
	assert_true(may(all, "bob", "", "", "get", elsewhere));
	project = NULL;
	arena_free(a);
}

static void
roles_of_a_project_count_for_its_applications_only(void **state)
{
	struct arena *a = arena_new();
	json_t *object = yaml(a, "{metadata: {name: shop, namespace: argocd}, spec: {roles: [{name: ci, groups: [ci], "
				 "policies: ['p, proj:shop:ci, applications, sync, shop/*, allow', "
				 "'p, proj:shop:ci, applications, sync, pay/*, allow']}]}}");

	(void)state;
	project = (struct app_project *)object_decode(&app_project_type, object, a);
	json_decref(object);
	assert_true(may(NULL, "bob", "ci", "", "sync", SHOP));
	assert_false(may(NULL, "bob", "ci", "", "get", SHOP));
	assert_false(
	    may(NULL, "bob", "ci", "", "sync", "{metadata: {name: web, namespace: argocd}, spec: {project: pay}}"));
	assert_false(may(NULL, "bob", "proj:shop:ci", "", "sync", SHOP));
	assert_false(may(NULL, "proj:shop:ci", "", "", "sync", SHOP));
	project = NULL;
	arena_free(a);
}

static void
a_project_whose_roles_cannot_be_read_allows_nothing(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {roles: [{name: ci, policies: "
		      "['p, proj:shop:ci, applications']}]}}");
	assert_false(may(POLICY, "bob", "devs", "", "get", SHOP));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {roles: [{name: ci, policies: {a: b}}]}}");
	assert_false(may(POLICY, "bob", "devs", "", "get", SHOP));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {roles: 1}}");
	assert_false(may(POLICY, "bob", "devs", "", "get", SHOP));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: [1]}");
	assert_false(may(POLICY, "bob", "devs", "", "get", SHOP));
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {description: [1]}}");
	assert_true(may(POLICY, "bob", "devs", "", "get", SHOP));
	project = NULL;
	arena_free(a);
}

static void
a_project_that_is_unreadable_allows_nothing(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	project_is(a, "{metadata: {name: shop, namespace: argocd}, spec: {}}");
	assert_true(may(POLICY, "bob", "devs", "", "get", SHOP));
	unreadable = true;
	assert_false(may(POLICY, "bob", "devs", "", "get", SHOP));
	assert_true(may(
	    POLICY, "bob", "operators", "", "get", "{metadata: {name: web, namespace: argocd}, spec: {project: pay}}"));
	unreadable = false;
	project = NULL;
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_policy_nothing_is_allowed),
		cmocka_unit_test(the_user_and_each_group_count),
		cmocka_unit_test(a_group_counts_only_if_a_line_g_names_it),
		cmocka_unit_test(the_default_role_counts_for_all),
		cmocka_unit_test(a_login_cannot_name_a_role_or_an_account),
		cmocka_unit_test(an_application_of_another_namespace_has_its_namespace_in_its_name),
		cmocka_unit_test(an_application_of_a_namespace_that_its_project_does_not_name_is_denied),
		cmocka_unit_test(roles_of_a_project_count_for_its_applications_only),
		cmocka_unit_test(a_project_whose_roles_cannot_be_read_allows_nothing),
		cmocka_unit_test(a_project_that_is_unreadable_allows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
