/* tests/unit/web/groups.c: groups of a login that are kept. */
#include "gitops/argocd/rbac.h"
#include "kube/api/core.h"
#include "tests/unit/unit.h"
#include "web/access/groups.h"

static struct object *map, *project;
static bool known;

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)v;
	(void)ns;
	return t == &config_map_type && strcmp(name, "argocd-rbac-cm") == 0 ? map : NULL;
}

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	(void)v;
	assert_ptr_equal(t, &app_project_type);
	assert_string_equal(ns, "argocd");
	visit(project, arg);
}

static bool
knows(const struct view *v, const struct type *t)
{
	(void)v;
	(void)t;
	return known;
}

static const struct view view = { .get = get, .each = each, .knows = knows };

static struct object *
object(struct arena *a, const struct type *t, const char *text)
{
	json_t *j = yaml(a, text);
	struct object *o = object_decode(t, j, a);

	json_decref(j);
	return o;
}

/* Returns how many of the groups dev, ops, ci and other are kept. */
static size_t
kept(struct arena *a, const char *want)
{
	const char *groups[] = { "dev", "ops", "ci", "other" }, *listed[] = { "dev", "more" };
	const struct impersonation s = { .prefix = "sluice:", .user = "dashboard", .groups = { listed, 2 } };
	struct strings list = { groups, 4 };

	groups_keep(a, &view, "argocd", &s, &list);
	if (want != NULL)
		assert_string_equal(list.at[list.n - 1], want);
	return list.n;
}

static void
groups_that_are_named_somewhere_are_kept(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	known = true;
	map = NULL;
	project = object(a, &app_project_type, "{metadata: {name: shop, namespace: argocd}, spec: {}}");
	assert_int_equal(kept(a, "dev"), 1);
	map = object(a, &config_map_type,
	    "{metadata: {name: argocd-rbac-cm, namespace: argocd}, data: {policy.csv: 'g, ops, role:admin'}}");
	assert_int_equal(kept(a, "ops"), 2);
	project = object(a, &app_project_type,
	    "{metadata: {name: shop, namespace: argocd}, spec: {roles: [{name: ci, groups: [ci]}]}}");
	assert_int_equal(kept(a, "ci"), 3);
	arena_free(a);
}

static void
all_groups_are_kept_if_the_policy_is_not_known(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	project = object(a, &app_project_type, "{metadata: {name: shop, namespace: argocd}, spec: {}}");
	map = NULL;
	known = false;
	assert_int_equal(kept(a, NULL), 4);
	known = true;
	map = object(
	    a, &config_map_type, "{metadata: {name: argocd-rbac-cm, namespace: argocd}, data: {policy.csv: 'broken'}}");
	assert_int_equal(kept(a, NULL), 4);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_that_are_named_somewhere_are_kept),
		cmocka_unit_test(all_groups_are_kept_if_the_policy_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
