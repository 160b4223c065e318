/* tests/unit/analysis/evidence.c: the evidence of a comparison, against the prototype's, which is recorded in
 * tests/data/compare/vectors.json, and against values that were computed by hand. */
#include <math.h>
#include <stdio.h>
#include "tests/unit/unit.h"
#include "analysis/compare/evidence.h"

#define PODS_MAX 16
#define STOP_AT 200
#define PASS_AT 10

static const struct evidence_settings defaults = { .tolerate_ratio = 1.25,
	.tolerate_share = 0.001,
	.catch_ratio = 2,
	.catch_share = 0.01,
	.prior = 0.1,
	.prior_alone = 0.1 };

static size_t
read_counts(const json_t *list, struct evidence_count *ret)
{
	json_t *pair;
	size_t i;

	json_array_foreach (list, i, pair)
		ret[i] = (struct evidence_count){ json_number_value(json_array_get(pair, 0)),
			json_number_value(json_array_get(pair, 1)), true };
	return json_array_size(list);
}

static bool
is_near(double got, const json_t *want, const char *what, size_t world, size_t bin)
{
	double difference = fabs(got - json_number_value(want)) / (1 + fabs(json_number_value(want)));

	if (!(difference < 1e-9))
		print_message(
		    "world %zu, bin %zu: %s %.12f, want %.12f\n", world, bin, what, got, json_number_value(want));
	return difference < 1e-9;
}

static void
evidence_and_margin_equal_those_of_the_prototype(void **state)
{
	json_t *worlds = json_load_file("tests/data/compare/vectors.json", 0, NULL), *world, *bin;
	size_t w, i, bins = 0, wrong = 0;

	(void)state;
	json_array_foreach (worlds, w, world) {
		struct evidence_pod pods[PODS_MAX];
		struct evidence_count canary[PODS_MAX], stable[PODS_MAX];
		struct evidence j =
		    evidence_new(&defaults, pods, read_counts(json_at(world, "/bins/0/stable"), stable));

		json_array_foreach (json_object_get(world, "bins"), i, bin) {
			struct evidence_value got;
			size_t k = read_counts(json_object_get(bin, "canary"), canary);

			read_counts(json_object_get(bin, "stable"), stable);
			evidence_bin(&j, canary, k, stable, &got);
			wrong += !is_near(got.stop, json_object_get(bin, "log_fail"), "stop", w, i);
			wrong += !is_near(got.pass, json_object_get(bin, "log_pass"), "pass", w, i);
			wrong += !is_near(got.margin, json_object_get(bin, "margin"), "margin", w, i);
			bins++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(bins, 6 * 40);
	json_decref(worlds);
}

/* Ten stable pods and two of the canary have the same requests in each bin. */
static void
play_constant_bins(double nc, double xc, double ns, double xs, size_t bins, struct evidence_value *ret)
{
	struct evidence_pod pods[10];
	struct evidence_count canary[2], stable[10];
	struct evidence j = evidence_new(&defaults, pods, 10);

	for (size_t i = 0; i < 2; i++)
		canary[i] = (struct evidence_count){ nc / 2, xc / 2, true };
	for (size_t i = 0; i < 10; i++)
		stable[i] = (struct evidence_count){ ns / 10, xs / 10, true };
	for (size_t i = 0; i < bins; i++)
		evidence_bin(&j, canary, 2, stable, &ret[i]);
}

static size_t
first_bin(const struct evidence_value *e, size_t n, bool stop)
{
	for (size_t i = 0; i < n; i++)
		if (stop ? e[i].stop >= log(STOP_AT)
			 : e[i].pass >= log(PASS_AT) && e[i].stop <= EVIDENCE_NEUTRAL && i >= 7)
			return i + 1;
	return 0;
}

static void
constant_releases_are_judged_at_known_bins(void **state)
{
	static const struct {
		double nc, xc, ns, xs;
		size_t stop, pass; /* 0: never */
		double first[3]; /* evidence to stop; 0: not compared */
	} cases[] = {
		{ 20, 20, 80, 0, 5, 0, { 1.093033, 2.354031, 3.721626 } },
		{ 400, 20, 1600, 16, 10, 0, { 0.003715, 0.395638, 0.920357 } },
		{ 20, 1, 80, 0, 6, 0, { 0.530823, 1.342049, 2.390926 } },
		{ 20, 0, 80, 0, 0, 36, { 0 } },
		{ 1000, 10, 4000, 40, 0, 8, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence_value got[60];

		play_constant_bins(cases[i].nc, cases[i].xc, cases[i].ns, cases[i].xs, 60, got);
		assert_int_equal(first_bin(got, 60, true), cases[i].stop);
		if (cases[i].stop == 0)
			assert_int_equal(first_bin(got, 60, false), cases[i].pass);
		for (size_t k = 0; k < 3; k++)
			if (cases[i].first[0] != 0)
				assert_true(fabs(got[k].stop - cases[i].first[k]) < 5e-7);
		assert_true(fabs(got[0].margin - 1.286267) < 5e-7);
	}
}

static double
binomial(size_t n, size_t x, double p)
{
	return exp(lgamma((double)n + 1) - lgamma((double)x + 1) - lgamma((double)(n - x) + 1) + (double)x * log(p) +
		   (double)(n - x) * log1p(-p));
}

/* The first bin: the logarithm of each bet and of each likelihood ratio. */
static void
one_bin_of_a_tolerated_canary_adds_no_evidence_on_average(void **state)
{
	static const struct {
		double nc, ns;
		size_t bad;
	} bins[] = { { 5, 95, 1 }, { 20, 80, 7 }, { 500, 500, 40 } };
	static const double tolerated[] = { 1, 1.25, 3 };

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		struct evidence_settings s = defaults;
		double nc = bins[i / 3].nc, ns = bins[i / 3].ns, bets[EVIDENCE_BETS] = { 0 },
		       fast[EVIDENCE_FAST] = { 0 };

		s.tolerate_ratio = tolerated[i % 3];
		s.prior = s.prior_alone = 0;
		for (size_t x = 0; x <= bins[i / 3].bad; x++) {
			struct evidence_pod pod;
			struct evidence_count canary = { nc, (double)x, true },
					      stable = { ns, (double)(bins[i / 3].bad - x), true };
			struct evidence j = evidence_new(&s, &pod, 1);
			struct evidence_value e;
			double p = binomial(bins[i / 3].bad, x, s.tolerate_ratio * nc / (s.tolerate_ratio * nc + ns));

			evidence_bin(&j, &canary, 1, &stable, &e);
			for (size_t b = 0; b < EVIDENCE_BETS; b++)
				bets[b] += p * exp(j.bets[b]);
			for (size_t f = 0; f < EVIDENCE_FAST; f++)
				fast[f] += p * exp(j.fast[f]);
		}
		for (size_t b = 0; b < EVIDENCE_BETS; b++)
			assert_true(fabs(bets[b] - 1) < 1e-9);
		for (size_t f = 0; f < EVIDENCE_FAST; f++)
			assert_true(fast[f] <= 1);
	}
}

static void
a_new_weight_ends_the_evidence_to_pass_but_not_that_to_stop(void **state)
{
	struct evidence_pod pod;
	struct evidence_count canary = { 100, 0, true }, bad = { 100, 50, true }, stable = { 400, 4, true };
	struct evidence j = evidence_new(&defaults, &pod, 1);
	struct evidence_value before, after;

	(void)state;
	evidence_bin(&j, &bad, 1, &stable, &before);
	for (size_t i = 0; i < 30; i++)
		evidence_bin(&j, &canary, 1, &stable, &before);
	evidence_restart_pass(&j);
	canary.present = stable.present = false;
	canary.n = stable.n = stable.x = 0;
	evidence_bin(&j, &canary, 1, &stable, &after);
	assert_true(after.pass == EVIDENCE_NEUTRAL);
	assert_true(after.stop == before.stop);
}

static void
few_failures_of_a_canary_are_tolerated_however_good_the_stable_version_is(void **state)
{
	struct evidence_pod pod;
	struct evidence_count canary = { 10000, 5, true }, stable = { 90000, 0, true };
	struct evidence j = evidence_new(&defaults, &pod, 1);
	struct evidence_value e;

	(void)state;
	for (size_t i = 0; i < 30; i++)
		evidence_bin(&j, &canary, 1, &stable, &e);
	assert_true(e.stop <= EVIDENCE_NEUTRAL);
	canary.x = 20;
	for (size_t i = 0; i < 30; i++)
		evidence_bin(&j, &canary, 1, &stable, &e);
	assert_true(e.stop > log(STOP_AT));
}

/* One stable pod cannot show how much pods differ, so that a larger difference is assumed. */
static void
a_single_stable_pod_widens_the_margin(void **state)
{
	struct evidence_settings s = defaults;
	struct evidence_pod pods[2];
	struct evidence_count counts[2] = { { 100, 1, true }, { 0, 0, false } };
	struct evidence_value e;
	struct evidence j;

	(void)state;
	s.prior_alone = 0.2;
	j = evidence_new(&s, pods, 2);
	evidence_bin(&j, counts, 1, counts, &e);
	assert_true(fabs(e.margin - exp(3.25 * 0.2 * sqrt(2))) < 1e-12);
	counts[1] = counts[0];
	evidence_bin(&j, counts, 1, counts, &e);
	assert_true(e.margin < exp(3.25 * 0.11 * sqrt(1.5)));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_and_margin_equal_those_of_the_prototype),
		cmocka_unit_test(constant_releases_are_judged_at_known_bins),
		cmocka_unit_test(one_bin_of_a_tolerated_canary_adds_no_evidence_on_average),
		cmocka_unit_test(a_new_weight_ends_the_evidence_to_pass_but_not_that_to_stop),
		cmocka_unit_test(few_failures_of_a_canary_are_tolerated_however_good_the_stable_version_is),
		cmocka_unit_test(a_single_stable_pod_widens_the_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
