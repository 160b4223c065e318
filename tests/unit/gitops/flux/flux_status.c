/* tests/unit/gitops/flux/flux_status.c: conditions and inventory of a status. */
#include "gitops/flux/flux_status.h"
#include "gitops/flux/inventory.h"
#include "tests/unit/unit.h"

static void
the_time_of_a_condition_changes_only_with_its_status(void **state)
{
	struct flux_condition to = { .type = "Ready", .status = CONDITION_TRUE, .reason = "a", .message = "m" };
	struct arena *a = arena_new();
	struct flux_status s = { 0 };

	(void)state;
	flux_status_set_condition(&s, a, &to, 1000);
	to.reason = "b";
	flux_status_set_condition(&s, a, &to, 2000);
	assert_int_equal(s.conditions.n, 1);
	assert_string_equal(s.conditions.at[0].reason, "b");
	assert_int_equal(s.conditions.at[0].last_transition_time, 1000);
	to.status = CONDITION_FALSE;
	flux_status_set_condition(&s, a, &to, 3000);
	assert_int_equal(s.conditions.at[0].last_transition_time, 3000);
	assert_int_equal(flux_status_of(&s, "Ready"), CONDITION_FALSE);
	arena_free(a);
}

static void
a_condition_that_is_deleted_leaves_the_others(void **state)
{
	struct arena *a = arena_new();
	struct flux_status s = { 0 };

	(void)state;
	decode_text(&flux_status_type,
	    "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"},{\"type\":\"Stalled\",\"status\":\"True\"}]}", a,
	    &s);
	flux_status_set_condition(&s, a, &(struct flux_condition){ .type = "Ready" }, 1000);
	assert_int_equal(s.conditions.n, 1);
	assert_null(flux_status_condition(&s, "Ready"));
	assert_int_equal(flux_status_of(&s, "Stalled"), CONDITION_TRUE);
	arena_free(a);
}

static void
an_object_is_in_the_inventory_once(void **state)
{
	struct worker_resource one[] = {
		{ .group = "apps", .version = "v1", .kind = "Deployment", .namespace = "shop", .name = "a:b" },
		{ .version = "v1", .kind = "Namespace", .name = "shop" }
	};
	const struct worker_resources first = { one, 1 }, both = { one, 2 };
	struct arena *a = arena_new();
	struct flux_status s = { 0 };
	struct worker_resources got;

	(void)state;
	inventory_set(&s, a, &first);
	inventory_add(&s, a, &both);
	assert_int_equal(s.inventory->entries.n, 2);
	assert_string_equal(s.inventory->entries.at[0].id, "shop_a__b_apps_Deployment");
	assert_string_equal(s.inventory->entries.at[1].id, "_shop__Namespace");
	got = inventory_resources(a, &s);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.at[0].name, "a:b");
	assert_null(got.at[1].namespace);
	inventory_set(&s, a, &first);
	assert_int_equal(s.inventory->entries.n, 1);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_of_a_condition_changes_only_with_its_status),
		cmocka_unit_test(a_condition_that_is_deleted_leaves_the_others),
		cmocka_unit_test(an_object_is_in_the_inventory_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
