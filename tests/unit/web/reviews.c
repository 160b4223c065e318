/* tests/unit/web/reviews.c: permissions that are kept for a short time. */
#include <stdio.h>
#include "tests/unit/unit.h"
#include "web/access/reviews.h"

static void
a_response_is_kept_for_thirty_seconds(void **state)
{
	struct reviews r = { 0 };

	(void)state;
	assert_int_equal(reviews_get(&r, "k", 0), REVIEW_UNKNOWN);
	reviews_put(&r, "k", true, 1000);
	reviews_put(&r, "l", false, 1000);
	assert_int_equal(reviews_get(&r, "k", 30999), REVIEW_ALLOWED);
	assert_int_equal(reviews_get(&r, "l", 30999), REVIEW_DENIED);
	assert_int_equal(reviews_get(&r, "k", 31000), REVIEW_UNKNOWN);
	reviews_put(&r, "k", false, 31000);
	assert_int_equal(reviews_get(&r, "k", 31000), REVIEW_DENIED);
	reviews_done(&r);
}

static void
the_oldest_response_is_replaced(void **state)
{
	struct reviews r = { 0 };
	char key[20];

	(void)state;
	for (int i = 0; i <= REVIEWS_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		reviews_put(&r, key, true, 0);
	}
	assert_int_equal(reviews_get(&r, "0", 0), REVIEW_UNKNOWN);
	assert_int_equal(reviews_get(&r, "1", 0), REVIEW_ALLOWED);
	assert_int_equal(reviews_get(&r, key, 0), REVIEW_ALLOWED);
	assert_int_equal(r.by_key.count, REVIEWS_MAX);
	reviews_done(&r);
}

static void
a_key_has_the_user_groups_verb_resource_and_namespace(void **state)
{
	static const char *one[] = { "a,b" }, *two[] = { "a", "b" };
	const struct impersonated none = { "u", { 0 } }, joined = { "u", { one, 1 } }, both = { "u", { two, 2 } },
				  other = { "v", { 0 } };
	struct arena *a = arena_new();
	const char *keys[] = { review_key(a, &none, "list", "rollouts", "ns"),
		review_key(a, &joined, "list", "rollouts", "ns"), review_key(a, &both, "list", "rollouts", "ns"),
		review_key(a, &other, "list", "rollouts", "ns"), review_key(a, &none, "get", "rollouts", "ns"),
		review_key(a, &none, "list", "pods", "ns"), review_key(a, &none, "list", "rollouts", "") };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_is_kept_for_thirty_seconds),
		cmocka_unit_test(the_oldest_response_is_replaced),
		cmocka_unit_test(a_key_has_the_user_groups_verb_resource_and_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
