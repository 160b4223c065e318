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
	char key[80];

	(void)state;
	for (int i = 0; i <= REVIEWS_MAX; i++) {
		snprintf(key, sizeof(key), "%064d", i);
		reviews_put(&r, key, true, 0);
	}
	snprintf(key, sizeof(key), "%064d", 0);
	assert_int_equal(reviews_get(&r, key, 0), REVIEW_UNKNOWN);
	snprintf(key, sizeof(key), "%064d", 1);
	assert_int_equal(reviews_get(&r, key, 0), REVIEW_ALLOWED);
	snprintf(key, sizeof(key), "%064d", REVIEWS_MAX);
	assert_int_equal(reviews_get(&r, key, 0), REVIEW_ALLOWED);
	assert_int_equal(r.by_key.count, REVIEWS_MAX);
	reviews_done(&r);
}

static void
one_user_does_not_replace_the_responses_of_others(void **state)
{
	struct reviews r = { 0 };
	struct arena *a = arena_new();
	const struct impersonated one = { "u", { 0 } }, other = { "v", { 0 } };
	char ns[20];

	(void)state;
	reviews_put(&r, review_key(a, &other, "list", "rollouts", ""), true, 0);
	for (int i = 0; i < 2 * REVIEWS_MAX; i++) {
		snprintf(ns, sizeof(ns), "%d", i);
		reviews_put(&r, review_key(a, &one, "list", "rollouts", ns), true, 0);
	}
	assert_int_equal(r.by_key.count, REVIEWS_OF_USER_MAX + 1);
	assert_int_equal(reviews_get(&r, review_key(a, &other, "list", "rollouts", ""), 0), REVIEW_ALLOWED);
	assert_int_equal(reviews_get(&r, review_key(a, &one, "list", "rollouts", ns), 0), REVIEW_ALLOWED);
	assert_int_equal(reviews_get(&r, review_key(a, &one, "list", "rollouts", "0"), 0), REVIEW_UNKNOWN);
	reviews_done(&r);
	arena_free(a);
}

static void
responses_that_have_ended_use_no_memory(void **state)
{
	struct reviews r = { 0 };

	(void)state;
	reviews_put(&r, "k", true, 0);
	reviews_put(&r, "l", true, 1000);
	reviews_put(&r, "k", true, 2000);
	reviews_get(&r, "m", 1000 + REVIEWS_LIFE_MS);
	assert_int_equal(r.by_key.count, 1);
	assert_int_equal(reviews_get(&r, "k", 1999 + REVIEWS_LIFE_MS), REVIEW_ALLOWED);
	assert_int_equal(reviews_get(&r, "k", 2000 + REVIEWS_LIFE_MS), REVIEW_UNKNOWN);
	assert_int_equal(r.by_key.count, 0);
	reviews_put(&r, "n", true, 2000 + REVIEWS_LIFE_MS);
	assert_int_equal(r.by_key.count, 1);
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
		cmocka_unit_test(one_user_does_not_replace_the_responses_of_others),
		cmocka_unit_test(responses_that_have_ended_use_no_memory),
		cmocka_unit_test(a_key_has_the_user_groups_verb_resource_and_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
