/* tests/unit/web/policy_text.c: argocd-rbac-cm is read once for each of its versions. */
#include "kube/api/core.h"
#include "tests/unit/unit.h"
#include "web/access/policy_text.h"

static struct object *map; /* of the view; NULL: it does not exist */

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)v;
	assert_ptr_equal(t, &config_map_type);
	assert_string_equal(ns, "argocd");
	assert_string_equal(name, "argocd-rbac-cm");
	return map;
}

static const struct view view = { .get = get };

/* The ConfigMap is now this version, with this policy.csv. */
static void
map_is(struct arena *a, const char *version, const char *csv)
{
	json_t *j = json_pack("{s:{s:s,s:s,s:s?},s:{s:s}}", "metadata", "name", "argocd-rbac-cm", "namespace", "argocd",
	    "resourceVersion", version, "data", "policy.csv", csv);

	map = object_decode(&config_map_type, j, a);
	json_decref(j);
}

/* Returns whether bob is an administrator by the rules. */
static bool
is_admin(const struct policy_text *t)
{
	const struct rbac_request q = { "bob", "sync", "applications", "shop/web" };
	const struct rbac_rule *why;

	return rbac_may(&t->rbac, &q, &why);
}

/* A version whose text has changed although it is the same shows whether the text was read. */
static void
a_version_is_read_once(void **state)
{
	struct arena *a = arena_new();
	struct policy_text *cache = NULL, *first, *again;

	(void)state;
	map_is(a, "7", "g, bob, role:admin");
	first = policy_text_get(&cache, &view, "argocd");
	assert_true(is_admin(first));
	map_is(a, "7", "");
	again = policy_text_get(&cache, &view, "argocd");
	assert_ptr_equal(first, again);
	assert_true(is_admin(again));
	policy_text_unref(first);
	policy_text_unref(again);
	policy_text_unref(cache);
	arena_free(a);
}

static void
another_version_counts_at_once(void **state)
{
	struct arena *a = arena_new();
	struct policy_text *cache = NULL, *t;

	(void)state;
	map_is(a, "7", "g, bob, role:admin");
	t = policy_text_get(&cache, &view, "argocd");
	policy_text_unref(t);
	map_is(a, "8", "");
	t = policy_text_get(&cache, &view, "argocd");
	assert_false(is_admin(t));
	policy_text_unref(t);
	map_is(a, "9", "g, bob, role:admin");
	t = policy_text_get(&cache, &view, "argocd");
	assert_true(is_admin(t));
	policy_text_unref(t);
	map = NULL;
	t = policy_text_get(&cache, &view, "argocd");
	assert_false(is_admin(t));
	policy_text_unref(t);
	map_is(a, "10", "g, bob, role:admin");
	t = policy_text_get(&cache, &view, "argocd");
	assert_true(is_admin(t));
	policy_text_unref(t);
	policy_text_unref(cache);
	arena_free(a);
}

static void
an_object_without_a_version_is_read_each_time(void **state)
{
	struct arena *a = arena_new();
	struct policy_text *cache = NULL, *t;

	(void)state;
	map_is(a, NULL, "g, bob, role:admin");
	t = policy_text_get(&cache, &view, "argocd");
	policy_text_unref(t);
	map_is(a, NULL, "");
	t = policy_text_get(&cache, &view, "argocd");
	assert_false(is_admin(t));
	policy_text_unref(t);
	policy_text_unref(cache);
	arena_free(a);
}

static void
a_version_in_use_outlives_the_next_one(void **state)
{
	struct arena *a = arena_new();
	struct policy_text *cache = NULL, *old, *new;

	(void)state;
	map_is(a, "7", "g, bob, role:admin");
	old = policy_text_get(&cache, &view, "argocd");
	map_is(a, "8", "");
	new = policy_text_get(&cache, &view, "argocd");
	assert_true(is_admin(old));
	assert_false(is_admin(new));
	policy_text_unref(old);
	policy_text_unref(cache);
	assert_false(is_admin(new));
	policy_text_unref(new);
	arena_free(a);
}

static void
a_policy_that_cannot_be_read_is_an_error_until_it_changes(void **state)
{
	struct arena *a = arena_new();
	struct policy_text *cache = NULL, *t;

	(void)state;
	map_is(a, "7", "p, bob");
	for (int i = 0; i < 2; i++) {
		t = policy_text_get(&cache, &view, "argocd");
		assert_non_null(t->error);
		assert_non_null(strstr(err_text(a, t->error), "policy.csv, line 1"));
		policy_text_unref(t);
	}
	map_is(a, "8", "");
	t = policy_text_get(&cache, &view, "argocd");
	assert_null(t->error);
	policy_text_unref(t);
	policy_text_unref(cache);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_read_once),
		cmocka_unit_test(another_version_counts_at_once),
		cmocka_unit_test(an_object_without_a_version_is_read_each_time),
		cmocka_unit_test(a_version_in_use_outlives_the_next_one),
		cmocka_unit_test(a_policy_that_cannot_be_read_is_an_error_until_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
