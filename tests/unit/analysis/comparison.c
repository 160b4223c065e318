/* tests/unit/analysis/comparison.c: verdicts of comparisons, and the bins at which they are reached. */
#include <math.h>
#include "tests/unit/unit.h"
#include "analysis/compare/comparison.h"
#include "base/str.h"

#define COLUMNS 121

/* A release: two canary and ten stable pods, with constant requests in each bin. */
struct release {
	double nc, xc, ns, xs; /* of all pods of a version, in a bin */
	size_t bad_from; /* the canary is as good as the stable version before this bin */
};

static const enum arm arms[12] = { ARM_CANARY, ARM_CANARY, ARM_STABLE, ARM_STABLE, ARM_STABLE, ARM_STABLE, ARM_STABLE,
	ARM_STABLE, ARM_STABLE, ARM_STABLE, ARM_STABLE, ARM_STABLE };

static struct counters
release_counters(struct arena *a, const struct release *r, size_t columns, size_t kinds)
{
	struct counters c = counters_new(a, columns, kinds);
	struct counters_pod *pod;

	for (int i = 0; i < 12; i++) {
		bool canary = arms[i] == ARM_CANARY;
		double n = canary ? r->nc / 2 : r->ns / 10, x = r->xs / 10, total = 1000, bad = 10;

		assert_null(counters_pod(&c, arena_printf(a, "pod-%02d", i), &pod));
		for (size_t k = 0; k < columns; k++) {
			if (canary)
				x = k >= r->bad_from ? r->xc / 2 : r->xs / r->ns * n;
			counters_series(&c, pod, 0)[k] = total += n;
			bad += x;
			for (size_t kind = 1; kind <= kinds; kind++)
				counters_series(&c, pod, kind)[k] = bad;
		}
	}
	assert_null(counters_settle(&c, &(struct counters_rules){ 0 }));
	return c;
}

static struct comparison
comparison_of(const struct counters *c)
{
	return (struct comparison){ .counters = c,
		.arms = arms,
		.settings = { .tolerate_ratio = 1.25,
		    .tolerate_share = 0.001,
		    .catch_ratio = 2,
		    .catch_share = 0.01,
		    .prior = 0.1,
		    .prior_alone = 0.2 },
		.stop_at = 200,
		.misses = 0.1,
		.first = 1,
		.expires = SIZE_MAX };
}

static const struct release good = { 20, 0, 80, 0, 0 }, broken = { 20, 20, 80, 0, 0 };

static void
verdicts_are_reached_at_known_bins(void **state)
{
	static const struct {
		struct release release;
		enum comparison_verdict verdict;
		size_t bin;
	} cases[] = {
		{ { 20, 20, 80, 0, 0 }, COMPARISON_FAILED, 5 },
		{ { 400, 20, 1600, 16, 0 }, COMPARISON_FAILED, 10 },
		{ { 20, 1, 80, 0, 0 }, COMPARISON_FAILED, 6 },
		{ { 20, 0, 80, 0, 0 }, COMPARISON_PASSED, 36 },
		{ { 1000, 10, 4000, 40, 0 }, COMPARISON_PASSED, 8 },
		{ { 0, 0, 80, 0, 0 }, COMPARISON_WAITS, COLUMNS - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct counters c = release_counters(a, &cases[i].release, COLUMNS, 1);
		struct comparison all = comparison_of(&c);
		struct comparison_result r;

		comparison_judge(&all, a, NULL, &r);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.bin, cases[i].bin);
		assert_true(r.at.canary.n == cases[i].release.nc * (double)r.bin);
		assert_true(fabs(r.at.stable.x - cases[i].release.xs * (double)r.bin) < 1e-6);
	}
}

/* The controller was killed, or read the counters late: all that matters is what the counters were at a bin. */
static void
a_later_reading_finds_the_same_verdict_at_the_same_bin(void **state)
{
	static const struct release releases[] = { { 20, 20, 80, 0, 0 }, { 400, 20, 1600, 16, 30 },
		{ 20, 0, 80, 0, 0 } };
	static const size_t bins[] = { 5, 0, 36 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t bin = 0;

		for (size_t columns = 2; columns < COLUMNS; columns++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			struct counters c = release_counters(a, &releases[i], columns, 1);
			struct comparison all = comparison_of(&c);
			struct comparison_result r;

			comparison_judge(&all, a, NULL, &r);
			if (bin == 0 && r.verdict != COMPARISON_WAITS)
				bin = r.bin;
			assert_int_equal(r.verdict == COMPARISON_WAITS, bin == 0);
			if (bin != 0)
				assert_int_equal(r.bin, bin);
		}
		assert_true(bin != 0 && (bins[i] == 0 || bin == bins[i]));
	}
}

static struct comparison_result
judge_release(struct arena *a, const struct release *release, size_t kinds, const struct comparison *with)
{
	struct counters *c = arena_alloc(a, sizeof(*c));
	struct comparison all = *with;
	struct comparison_result r;

	*c = release_counters(a, release, COLUMNS, kinds);
	all.counters = c;
	comparison_judge(&all, a, NULL, &r);
	return r;
}

static void
a_canary_passes_eight_bins_after_the_last_change_of_the_weight(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct release quick = { 1000, 10, 4000, 40, 0 };
	static const size_t restarts[] = { 5, 9 };
	struct comparison all = comparison_of(NULL);
	struct comparison_result r;

	(void)state;
	all.restarts = restarts;
	all.n_restarts = 2;
	r = judge_release(a, &quick, 1, &all);
	assert_int_equal(r.verdict, COMPARISON_PASSED);
	assert_int_equal(r.bin, 16);
	assert_true(r.at.pass_at == 10);
}

/* The probability that a bad canary passes at any of the weights is at most `misses`. */
static void
each_beginning_spends_half_of_the_misses_that_are_left(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const size_t restarts[] = { 1, 2, 4 };
	struct comparison all = comparison_of(NULL);
	struct comparison_result r;

	(void)state;
	all.spend = true;
	r = judge_release(a, &good, 1, &all);
	assert_true(r.at.pass_at == 20);
	assert_int_equal(r.bin, 44);
	all.restarts = restarts;
	all.n_restarts = 3;
	r = judge_release(a, &good, 1, &all);
	assert_true(r.at.pass_at == 80);
	assert_true(r.bin > 44 + 3);
}

static void
a_verdict_needs_a_bin_of_its_own_run_to_pass_but_not_to_fail(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison all = comparison_of(NULL);

	(void)state;
	all.pass_from = 50;
	assert_int_equal(judge_release(a, &good, 1, &all).bin, 50);
	assert_int_equal(judge_release(a, &broken, 1, &all).bin, 5);
}

static void
evidence_at_the_last_bin_counts_before_the_time_is_over(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison all = comparison_of(NULL);

	(void)state;
	all.expires = 36;
	assert_int_equal(judge_release(a, &good, 1, &all).verdict, COMPARISON_PASSED);
	all.expires = 35;
	assert_int_equal(judge_release(a, &good, 1, &all).verdict, COMPARISON_EXPIRED);
	assert_int_equal(judge_release(a, &good, 1, &all).bin, 35);
}

/* The mean of evidence is evidence, so that bounds need no correction; but each of them must pass. */
static void
kinds_share_one_promise(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison all = comparison_of(NULL);
	static const struct release worse = { 400, 20, 1600, 16, 0 };
	struct counters c = release_counters(a, &worse, COLUMNS, 2);
	struct comparison_result r;

	(void)state;
	assert_int_equal(judge_release(a, &good, 3, &all).bin, 36);
	assert_int_equal(judge_release(a, &worse, 3, &all).bin, 10);
	for (size_t i = 0; i < c.n_pods; i++)
		memset(counters_series(&c, &c.pods[i], 1), 0, COLUMNS * sizeof(double));
	all.counters = &c;
	comparison_judge(&all, a, NULL, &r);
	assert_int_equal(r.verdict, COMPARISON_FAILED);
	assert_int_equal(r.at.kind, 1);
	assert_true(r.bin > 10);
}

static void
how_much_worse_is_the_largest_ratio_that_would_have_failed(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct release worse = { 400, 20, 1600, 16, 0 };
	struct counters c = release_counters(a, &worse, COLUMNS, 1);
	struct comparison all = comparison_of(&c);

	(void)state;
	assert_true(comparison_at_least(&all, a, 5) == 0);
	assert_true(comparison_at_least(&all, a, 10) == 1.25);
	assert_true(comparison_at_least(&all, a, 120) == 3);
}

static void
points_are_those_of_the_judged_bins(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = release_counters(a, &broken, COLUMNS, 1);
	struct comparison all = comparison_of(&c);
	struct comparison_point points[COLUMNS] = { 0 };
	struct comparison_result r;

	(void)state;
	comparison_judge(&all, a, points, &r);
	assert_true(fabs(points[1].stop - 1.093033) < 5e-7);
	assert_true(fabs(points[2].stop - 2.354031) < 5e-7);
	assert_true(points[5].stop == r.at.stop && r.at.canary_pods == 2 && r.at.stable_pods == 10);
	assert_true(points[6].stop == 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_reached_at_known_bins),
		cmocka_unit_test(a_later_reading_finds_the_same_verdict_at_the_same_bin),
		cmocka_unit_test(a_canary_passes_eight_bins_after_the_last_change_of_the_weight),
		cmocka_unit_test(each_beginning_spends_half_of_the_misses_that_are_left),
		cmocka_unit_test(a_verdict_needs_a_bin_of_its_own_run_to_pass_but_not_to_fail),
		cmocka_unit_test(evidence_at_the_last_bin_counts_before_the_time_is_over),
		cmocka_unit_test(kinds_share_one_promise),
		cmocka_unit_test(how_much_worse_is_the_largest_ratio_that_would_have_failed),
		cmocka_unit_test(points_are_those_of_the_judged_bins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
