/* tests/unit/analysis/promises.c: how often a comparison stops a good canary, and passes one that must be caught, in a
 * small simulation: two canary and ten stable pods whose error rates differ by 15 %, 1 % errors, and a weight that
 * changes three times in 30 minutes. `requests` are those of a pod in a bin. */
#include <math.h>
#include "tests/unit/unit.h"
#include "analysis/compare/comparison.h"

#define RELEASES 400
#define PODS 12
#define CANARIES 2
#define COLUMNS 121

static uint64_t state_of_random = 88172645463325252u;

/* A number from 0 to below 1 (xorshift). */
static double
random_share(void)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return (double)(state_of_random >> 11) / 9007199254740992.0;
}

static double
random_poisson(double mean)
{
	double limit = exp(-mean), product = random_share(), n = 0;

	for (; product > limit; n++)
		product *= random_share();
	return n;
}

/* The sum of twelve uniform numbers is nearly normal. */
static double
random_normal(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random_share();
	return sum;
}

static enum comparison_verdict
play_release(double worse, double requests, bool spend)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const size_t restarts[] = { 1, 31, 61, 91 };
	struct counters c = counters_new(a, COLUMNS, 1);
	enum arm arms[PODS];
	struct comparison all = { .counters = &c,
		.arms = arms,
		.settings = { 1.25, 0.001, 2, 0.01, 0.1, 0.2 },
		.stop_at = 100,
		.misses = 0.1,
		.spend = spend,
		.first = 1,
		.restarts = restarts,
		.n_restarts = 4,
		.expires = SIZE_MAX };
	struct comparison_result r;

	for (size_t i = 0; i < PODS; i++) {
		struct counters_pod *pod;
		double mean = 0.01 * requests * exp(0.15 * random_normal()) * (i < CANARIES ? worse : 1), bad = 0;

		arms[i] = i < CANARIES ? ARM_CANARY : ARM_STABLE;
		assert_null(counters_pod(&c, arena_printf(a, "%02zu", i), &pod));
		for (size_t k = 0; k < COLUMNS; k++) {
			counters_series(&c, pod, 0)[k] = (double)(k + 1) * requests;
			counters_series(&c, pod, 1)[k] = bad += random_poisson(mean);
		}
	}
	assert_null(counters_settle(&c, &(struct counters_rules){ 0 }));
	comparison_judge(&all, a, NULL, &r);
	return r.verdict;
}

static size_t
count_verdicts(double worse, double requests, bool spend, enum comparison_verdict verdict)
{
	size_t n = 0;

	for (int i = 0; i < RELEASES; i++)
		n += play_release(worse, requests, spend) == verdict;
	return n;
}

/* Three standard errors above the promise of 1 %. */
static void
good_canaries_are_seldom_stopped(void **state)
{
	(void)state;
	assert_in_range(count_verdicts(1, 100, true, COMPARISON_FAILED), 0, 10);
}

static void
good_canaries_pass(void **state)
{
	(void)state;
	assert_true(count_verdicts(1, 100, true, COMPARISON_PASSED) > RELEASES / 2);
}

/* Each of the four weights is a chance to pass. */
static void
canaries_that_must_be_caught_seldom_pass_at_any_weight(void **state)
{
	(void)state;
	assert_in_range(count_verdicts(2, 10, true, COMPARISON_PASSED), 0, RELEASES / 10);
	assert_in_range(count_verdicts(2, 40, true, COMPARISON_PASSED), 0, RELEASES / 10);
}

static void
much_worse_canaries_are_stopped(void **state)
{
	(void)state;
	assert_true(count_verdicts(5, 100, true, COMPARISON_FAILED) > RELEASES * 95 / 100);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_canaries_are_seldom_stopped),
		cmocka_unit_test(good_canaries_pass),
		cmocka_unit_test(canaries_that_must_be_caught_seldom_pass_at_any_weight),
		cmocka_unit_test(much_worse_canaries_are_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
