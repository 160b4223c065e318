/* tests/unit/analysis/threshold.c: metrics with conditions in placebo releases. */
#include <math.h>
#include <stdlib.h>
#include "tests/unit/unit.h"
#include "analysis/backtest/binomial.h"
#include "analysis/backtest/placebo.h"
#include "analysis/backtest/proposal.h"
#include "base/str.h"

#define BAD "sum(rate(requests_total{pod=~\"app-placebocanary-.*\",code=\"500\"}[1m]))"
#define ALL "sum(rate(requests_total{pod=~\"app-placebocanary-.*\"}[1m]))"
#define SLOW "histogram_quantile(0.5, sum(rate(seconds_bucket[1m])) by (le))"

/* A metric of the provider prometheus, and its limits. */
struct subject {
	struct prometheus_metric prometheus;
	struct metric metric;
	struct metric_limits limits;
	struct threshold threshold;
};

static struct subject *
subject_of(struct arena *a, const char *query, const char *success)
{
	struct subject *s = arena_alloc(a, sizeof(*s));

	s->prometheus.query = query;
	s->metric = (struct metric){ .name = "m",
		.interval = { "1m", 60000 },
		.success_condition = success,
		.provider = { .prometheus = &s->prometheus } };
	s->limits = (struct metric_limits){ .count = 5, .failure = 3, .inconclusive = 0, .consecutive_error = 4 };
	threshold_read(a, &s->metric, &s->limits, &s->threshold);
	return s;
}

static void
forms_and_what_is_worse_are_recognized(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct {
		const char *query, *success;
		enum threshold_form form;
		enum threshold_worse worse;
	} cases[] = {
		{ BAD " / " ALL, "result[0] < 0.05", THRESHOLD_BAD, THRESHOLD_MORE },
		{ BAD " / " ALL, "result[0] >= 0.95", THRESHOLD_GOOD, THRESHOLD_LESS },
		{ BAD " / " ALL, "len(result) > 0", THRESHOLD_RESULT, THRESHOLD_UNKNOWN },
		{ BAD " / " ALL, "result[0] < 2", THRESHOLD_RESULT, THRESHOLD_MORE },
		{ SLOW, "result[0] < 0.5", THRESHOLD_QUANTILE, THRESHOLD_MORE },
		{ "sum(increase(e[1m])) / sum(increase(n[1m]))", "result[0] < 0.5", THRESHOLD_BAD, THRESHOLD_MORE },
		{ "sum by (x) (rate(e[1m])) / sum by (x) (rate(n[1m]))", "result[0] < 0.5", THRESHOLD_RESULT,
		    THRESHOLD_MORE },
		{ "max(rate(e[1m])) / sum(rate(n[1m]))", "result[0] < 0.5", THRESHOLD_RESULT, THRESHOLD_MORE },
		{ "sum(rate(e[1m])) * sum(rate(n[1m]))", "result[0] < 0.5", THRESHOLD_RESULT, THRESHOLD_MORE },
		{ "histogram_quantile(0.5, sum(rate(b[1m])) by (le, x))", "result[0] < 0.5", THRESHOLD_RESULT,
		    THRESHOLD_MORE },
		{ "topk(1, up)", "result[0] > 0.5", THRESHOLD_RESULT, THRESHOLD_LESS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct threshold *t = &subject_of(a, cases[i].query, cases[i].success)->threshold;

		if (t->form != cases[i].form || t->worse != cases[i].worse)
			fail_msg("%s, %s: form %d, worse %d", cases[i].query, cases[i].success, t->form, t->worse);
	}
}

static void
a_query_without_a_matcher_of_a_version_sums_over_both(void **state)
{
	static const struct {
		const char *query;
		bool sums;
	} cases[] = {
		{ "sum(rate(e{job=\"a\"}[1m])) / sum(rate(n{job=\"a\"}[1m]))", true },
		{ "sum(rate(e{pod=~\"web-" THRESHOLD_CANARY "-.*\"}[1m])) / sum(rate(n[1m]))", false },
		{ "sum(rate(e[1m])) / sum(rate(n{pod=~\"web-" THRESHOLD_STABLE "-.*\"}[1m]))", false },
		{ "sum(rate(e{service=\"web-canary\"}[1m])) / sum(rate(n{service=\"web-canary\"}[1m]))", false },
		{ "max(rate(e[1m]))", false },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (threshold_sums_versions(&subject_of(a, cases[i].query, "result[0] < 0.5")->threshold) !=
		    cases[i].sums)
			fail_msg("%s", cases[i].query);
}

static void
a_selector_that_includes_another_is_read_once(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	assert_int_equal(threshold_source(&subject_of(a, BAD " / " ALL, "true")->threshold.query, 0), 1);
	assert_int_equal(threshold_source(&subject_of(a, BAD " / " ALL, "true")->threshold.query, 1), 1);
	assert_int_equal(
	    threshold_source(&subject_of(a, "sum(rate(e[1m])) / sum(rate(n[1m]))", "true")->threshold.query, 0), 0);
	assert_int_equal(
	    threshold_source(
		&subject_of(a, "sum(rate(n{a=\"1\"}[1m])) / sum(rate(n{b=\"1\"}[1m]))", "true")->threshold.query, 0),
	    0);
	assert_string_equal(
	    threshold_pods_selector(
		a, &subject_of(
		       a, "sum(rate(e[1m])) / sum(rate(n{pod=~\"app-placebocanary-.*\",a=\"q\\\"\\\\\"}[1m]))", "true")
			->threshold.query),
	    "n{a=\"q\\\"\\\\\"}");
}

static void
a_query_corresponds_to_a_comparison(void **state)
{
	static const struct {
		const char *query, *success, *bad, *total, *slow, *why;
	} cases[] = {
		{ "sum(rate(n{job=\"x\",code!~\"2..\",pod=~\"app-placebocanary-.*\"}[1m])) / "
		  "sum(rate(n{pod=~\"app-placebocanary-.*\",job=\"x\"}[1m]))",
		    "result[0] < 0.05", "n{job=\"x\",code!~\"2..\"}", "n{job=\"x\"}", NULL, NULL },
		{ "sum(rate(e[1m])) / sum(rate(n[1m]))", "result[0] < 0.05", "e{}", "n{}", NULL, NULL },
		{ "sum(rate(n{code=~\"2..\",job=\"x\"}[1m])) / sum(rate(n{job=\"x\"}[1m]))", "result[0] >= 0.95",
		    "n{job=\"x\",code!~\"2..\"}", "n{job=\"x\"}", NULL, NULL },
		{ "sum(rate(n{code!=\"500\"}[1m])) / sum(rate(n[1m]))", "result[0] >= 0.95", "n{code=\"500\"}", "n{}",
		    NULL, NULL },
		{ "sum(rate(n{code!=\"500\",a=\"b\"}[1m])) / sum(rate(n[1m]))", "result[0] >= 0.95", NULL, NULL, NULL,
		    "which ones are bad is not known" },
		{ "sum(rate(good[1m])) / sum(rate(n[1m]))", "result[0] >= 0.95", NULL, NULL, NULL,
		    "which ones are bad is not known" },
		{ "histogram_quantile(0.9, sum(rate(d_bucket{job=\"x\"}[1m])) by (le))", "result[0] < 1", NULL, NULL,
		    "d{job=\"x\"}", NULL },
		{ "histogram_quantile(0.9, sum(rate(d[1m])) by (le))", "result[0] < 1", NULL, NULL, NULL,
		    "does not end in _bucket" },
		{ "topk(1, up)", "result[0] > 0.5", NULL, NULL, NULL, "no form that is evaluated here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct compare_metric c;
		const char *why = proposal_read(a, &subject_of(a, cases[i].query, cases[i].success)->threshold, &c);

		if (cases[i].why != NULL ? why == NULL || strstr(why, cases[i].why) == NULL : why != NULL)
			fail_msg("%s: %s", cases[i].query, why != NULL ? why : "no reason");
		if (!str_eq(c.bad, cases[i].bad) || !str_eq(c.total, cases[i].total) || !str_eq(c.slow, cases[i].slow))
			fail_msg("%s: bad %s, total %s, slow %s", cases[i].query, c.bad, c.total, c.slow);
	}
}

/* --- the times of measurements --- */

struct scripted {
	const char *values; /* a letter each: good, bad, nothing, error */
	size_t n;
	int64_t at[20];
};

static struct schedule_value
scripted_value(void *arg, int64_t at, struct arena *a)
{
	struct scripted *s = arg;
	char c = s->values[s->n];
	double v = c == 'b';

	s->at[s->n++] = at;
	if (c == 'e')
		return (struct schedule_value){ .err = err_new(a, ERR_AGAIN, "away") };
	return (struct schedule_value){ .value = value_from_floats(a, &v, c != 'n') };
}

static void
measurements_are_made_as_by_the_controller(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct {
		const char *values;
		enum run_phase phase;
		int64_t last; /* seconds */
	} cases[] = {
		{ "ggggg", RUN_SUCCESSFUL, 270 },
		{ "gbbbg", RUN_SUCCESSFUL, 270 },
		{ "bbbb", RUN_FAILED, 210 },
		{ "eeeee", RUN_ERROR, 70 },
		{ "nnnnn", RUN_ERROR, 70 },
		{ "eeeegeeeegggg", RUN_SUCCESSFUL, 350 },
		{ "eeeegeeeegeeeegg", RUN_RUNNING, 330 },
		{ "eegbbbb", RUN_FAILED, 290 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subject *s = subject_of(a, "up", "result[0] < 0.5");
		struct scripted script = { .values = cases[i].values };
		struct schedule schedule = { &s->metric, &s->limits, 1000000, 1000000 + 350000 };
		struct schedule_result r;

		s->metric.initial_delay = (struct duration){ "30s", 30000 };
		r = schedule_play(&schedule, scripted_value, &script, a);
		if (r.phase != cases[i].phase || r.at != 1000000 + cases[i].last * 1000)
			fail_msg(
			    "%s: %s at %d", cases[i].values, run_phase_name(r.phase), (int)(r.at - 1000000) / 1000);
		assert_int_equal(script.at[0], 1030000);
	}
}

/* --- releases --- */

#define START 1000000000ll /* wall ms */
#define MINUTES 10
#define STEP 15000ll
#define PHASE 7000ll /* a scrape is that long after the start of the release */
#define SAMPLES (MINUTES * 4 + 24)

/* Two pods with n requests in each 15 s, of which bad ones are drawn; scraped since six minutes before the release. */
static struct promql_data
service_data(struct arena *a, double n, double p, struct rand_stream *r, bool good_only)
{
	struct promql_series *at = arena_new_array(a, struct promql_series, 4);
	size_t series = 0;

	for (int pod = 0; pod < 2; pod++) {
		struct promql_sample *good = arena_new_array(a, struct promql_sample, SAMPLES),
				     *bad = arena_new_array(a, struct promql_sample, SAMPLES);
		double goods = 0, bads = 0;

		for (int i = 0; i < SAMPLES; i++) {
			double x = binomial_draw(r, n, p);

			goods += n - x;
			bads += x;
			good[i] = (struct promql_sample){ START + PHASE + (i - 24) * STEP, goods };
			bad[i] = (struct promql_sample){ good[i].at, bads };
		}
		for (int code = 0; code < (good_only ? 1 : 2); code++) {
			struct promql_label *labels = arena_new_array(a, struct promql_label, 2);

			labels[0] = (struct promql_label){ "pod", arena_printf(a, "app-abc-%d", pod) };
			labels[1] = (struct promql_label){ "code", code == 0 ? "200" : "500" };
			at[series++] = (struct promql_series){ { labels, 2 }, code == 0 ? good : bad, SAMPLES, 0 };
		}
	}
	return (struct promql_data){ at, series };
}

static struct threshold_window
service_window(struct arena *a, const struct subject *s, const struct promql_data *all)
{
	struct threshold_window w = { .threshold = &s->threshold, .rollout = "app", .hash = "abc" };
	struct promql past;

	w.grid = (struct matrix_grid){ START + PHASE - 9 * STEP, STEP, MINUTES * 4 + 9 };
	w.first = 9;
	assert_null(promql_parse(a, threshold_query(a, s->prometheus.query, THRESHOLD_CANARY, "abc"), &w.query));
	assert_null(promql_parse(a, threshold_query(a, s->prometheus.query, "abc", "abc"), &past));
	for (size_t i = 0; i < w.query.n_selectors; i++)
		w.data[i] = threshold_selected(&past.selectors[i], all, a);
	return w;
}

struct evaluated {
	const struct promql *query;
	const struct promql_data *data;
};

static struct schedule_value
evaluated_value(void *arg, int64_t at, struct arena *a)
{
	const struct evaluated *v = arg;

	return threshold_value(v->query, v->data, at, a);
}

static const struct placebo_rules one_of_two = { .canary_pods = 1, .weight = 0.5 };

/* The window of a minute has four samples, 45 s apart: n requests, of which a binomial number is bad. A measurement
 * fails with at least 5 % of them, a run with four of five measurements. The probabilities are sums of binomial
 * ones. */
static void
runs_fail_as_often_as_the_binomial_distribution_says(void **state)
{
	static const struct {
		double n, p, fails;
	} cases[] = { { 45, 0.03, 0.002355 }, { 90, 0.05, 0.152601 }, { 450, 0.045, 0.029159 },
		{ 450, 0.055, 0.468115 } };
	double releases = 2000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rand_stream r = rand_stream(1, "service");
		double failed = 0, wanted = cases[i].fails;

		for (int k = 0; k < releases; k++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			struct subject *s = subject_of(a, BAD " / " ALL, "result[0] < 0.05");
			struct promql_data all = service_data(a, cases[i].n / 3, cases[i].p, &r, false), data[2];
			struct threshold_window w = service_window(a, s, &all);
			struct schedule schedule = { &s->metric, &s->limits, START, START + MINUTES * 60000 };
			struct evaluated v = { &w.query, data };
			struct counters counters, drawn;
			struct placebo_window window = { .counters = &counters, .compared = 1, .first = w.first };

			s->metric.initial_delay = (struct duration){ "2m", 120000 };
			assert_null(threshold_counters(&w, a, &counters));
			drawn = placebo_counters(placebo_draw(a, &window, &one_of_two, &r), 1, a);
			threshold_release(&w, &drawn, 1, a, data);
			failed += schedule_play(&schedule, evaluated_value, &v, a).phase == RUN_FAILED;
			rand_next(&r);
		}
		if (fabs(failed / releases - wanted) > 3 * sqrt(wanted * (1 - wanted) / releases))
			fail_msg("n %g, p %g: %g of %g fail", cases[i].n, cases[i].p, failed, releases);
	}
}

/* Without the hash of the canary, a query has all pods: what the canary's pods had before is not in it. */
static void
a_query_has_the_pods_that_it_selects_with_the_hash_of_the_canary(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct rand_stream r = rand_stream(1, "service");
	struct promql_data all = service_data(a, 100, 0.1, &r, false), data[2];
	struct subject *canary = subject_of(a, BAD " / " ALL, "result[0] < 0.5"),
		       *whole =
			   subject_of(a, "sum(rate(requests_total{code=\"500\"}[1m])) / sum(rate(requests_total[1m]))",
			       "result[0] < 0.5"),
		       *stable = subject_of(a,
			   "sum(rate(requests_total{pod=~\"app-placebostable-.*\",code=\"500\"}[1m])) / "
			   "sum(rate(requests_total{pod=~\"app-placebostable-.*\"}[1m]))",
			   "result[0] < 0.5");
	const struct {
		struct subject *subject;
		size_t series[2];
	} cases[] = { { canary, { 1, 2 } }, { whole, { 2, 4 } }, { stable, { 1, 2 } } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct threshold_window w = service_window(a, cases[i].subject, &all);
		struct counters counters, drawn;
		struct placebo_window window = { .counters = &counters, .compared = 1, .first = w.first };

		assert_null(threshold_counters(&w, a, &counters));
		drawn = placebo_counters(placebo_draw(a, &window, &one_of_two, &r), 1, a);
		threshold_release(&w, &drawn, 1, a, data);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(data[k].n, cases[i].series[k]);
		/* The canary's series are last, and begin with the release. */
		if (i < 2)
			assert_true(data[1].at[data[1].n - 1].samples[0].at == START + PHASE);
		else
			assert_true(data[1].at[0].samples[0].at < START);
	}
}

/* Before the first error there is no series of errors, and the quotient has no sample. */
static void
a_canary_without_errors_has_no_series_of_them(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct rand_stream r = rand_stream(1, "service");
	struct promql_data all = service_data(a, 100, 0, &r, true), data[2];
	struct subject *s = subject_of(a, BAD " / " ALL, "result[0] < 0.5");
	struct threshold_window w = service_window(a, s, &all);
	struct schedule schedule = { &s->metric, &s->limits, START, START + MINUTES * 60000 };
	struct evaluated v = { &w.query, data };
	struct counters counters, drawn;
	struct placebo_window window = { .counters = &counters, .compared = 1, .first = w.first };
	struct schedule_result result;

	(void)state;
	assert_null(threshold_counters(&w, a, &counters));
	drawn = placebo_counters(placebo_draw(a, &window, &one_of_two, &r), 1, a);
	threshold_release(&w, &drawn, 1, a, data);
	assert_int_equal(data[0].n, 1);
	assert_int_equal(data[0].at[0].n, 0);
	result = schedule_play(&schedule, evaluated_value, &v, a);
	assert_int_equal(result.phase, RUN_ERROR);
	assert_int_equal(result.at, START + 40000);
}

static void
series_without_pods_are_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct rand_stream r = rand_stream(1, "service");
	struct promql_data all = service_data(a, 100, 0, &r, true);
	struct subject *s = subject_of(
	    a, "sum(rate(requests_total{code=\"500\"}[1m])) / sum(rate(requests_total[1m]))", "result[0] < 0.5");
	struct threshold_window w = service_window(a, s, &all);
	struct counters counters;

	(void)state;
	w.hash = "ab";
	assert_non_null(strstr(err_text(a, threshold_counters(&w, a, &counters)), "no series has the name of a pod"));
}

/* Requests of one second and more, in three buckets; a pod is slowed down by two. */
static void
a_slower_canary_moves_the_quantile(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const le[] = { "0.25", "1", "4", "+Inf" };
	static const double within[] = { 0, 50, 100, 100 };
	struct promql_series *at = arena_new_array(a, struct promql_series, 8);
	struct subject *s = subject_of(a,
	    "histogram_quantile(0.5, sum(rate(seconds_bucket{pod=~\"app-placebocanary-.*\"}[1m])) by (le))",
	    "result[0] < 9");
	struct promql_data all = { at, 8 }, data[2];
	struct rand_stream r = rand_stream(1, "service");
	static const double quantiles[] = { 1, 2.5 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct promql_sample *samples = arena_new_array(a, struct promql_sample, SAMPLES);
		struct promql_label *labels = arena_new_array(a, struct promql_label, 2);

		for (int k = 0; k < SAMPLES; k++)
			samples[k] = (struct promql_sample){ START + PHASE + (k - 24) * STEP, within[i % 4] * (k + 1) };
		labels[0] = (struct promql_label){ "pod", i < 4 ? "app-abc-0" : "app-abc-1" };
		labels[1] = (struct promql_label){ "le", le[i % 4] };
		at[i] = (struct promql_series){ { labels, 2 }, samples, SAMPLES, 0 };
	}
	for (size_t i = 0; i < 2; i++) {
		struct threshold_window w = service_window(a, s, &all);
		struct counters counters, drawn;
		struct schedule_value v;
		struct placebo_window window = { .bounds = w.bounds, .first = w.first };

		assert_null(threshold_counters(&w, a, &counters));
		window.counters = &counters;
		window.compared = counters.kinds;
		drawn = placebo_counters(placebo_draw(a, &window, &one_of_two, &r), i == 0 ? 1 : 2, a);
		threshold_release(&w, &drawn, 1, a, data);
		v = threshold_value(&w.query, data, START + 200000, a);
		assert_int_equal(v.value.array.n, 1);
		/* x2: 75 take more than 1 s, as many as took more than 0.5 s, and 25 more than 4 s. The median is in
		 * the middle of the 50 between them. */
		if (fabs(v.value.array.at[0].f - quantiles[i]) > 1e-9)
			fail_msg("quantile %.12g, want %g", v.value.array.at[0].f, quantiles[i]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_and_what_is_worse_are_recognized),
		cmocka_unit_test(a_query_without_a_matcher_of_a_version_sums_over_both),
		cmocka_unit_test(a_selector_that_includes_another_is_read_once),
		cmocka_unit_test(a_query_corresponds_to_a_comparison),
		cmocka_unit_test(measurements_are_made_as_by_the_controller),
		cmocka_unit_test(runs_fail_as_often_as_the_binomial_distribution_says),
		cmocka_unit_test(a_query_has_the_pods_that_it_selects_with_the_hash_of_the_canary),
		cmocka_unit_test(a_canary_without_errors_has_no_series_of_them),
		cmocka_unit_test(series_without_pods_are_an_error),
		cmocka_unit_test(a_slower_canary_moves_the_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
