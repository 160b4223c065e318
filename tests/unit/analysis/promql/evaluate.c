/* tests/unit/analysis/promql/evaluate.c: values of queries on known series. The values of rates and quantiles were
 * computed by hand from the rules in Prometheus' documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "analysis/promql/promql.h"
#include "base/str.h"

#define AT 1000000000
#define SAMPLES_MAX 20

/* The series of all tests: counters every 15 s, the last one 5 s before AT. */
static const struct {
	const char *name, *pod, *code, *le;
	int n; /* samples */
	double first, step; /* of the counter */
} known[] = {
	{ "requests", "a", "200", NULL, 5, 1000, 150 },
	{ "requests", "a", "500", NULL, 5, 0, 3 },
	{ "requests", "b", "200", NULL, 5, 40, 300 },
	{ "seen_once", "a", NULL, NULL, 1, 7, 0 },
	{ "slow_bucket", "a", NULL, "0.1", 5, 0, 50 },
	{ "slow_bucket", "a", NULL, "0.5", 5, 0, 90 },
	{ "slow_bucket", "a", NULL, "1.0", 5, 0, 100 },
	{ "slow_bucket", "a", NULL, "+Inf", 5, 0, 100 },
};

static struct promql_series
series(struct arena *a, size_t i)
{
	struct promql_sample *samples = arena_new_array(a, struct promql_sample, SAMPLES_MAX);
	struct promql_label *labels = arena_new_array(a, struct promql_label, 3);
	struct promql_series s = { .labels = { labels, 0 }, .samples = samples, .n = (size_t)known[i].n };

	labels[s.labels.n++] = (struct promql_label){ "pod", known[i].pod };
	if (known[i].code != NULL)
		labels[s.labels.n++] = (struct promql_label){ "code", known[i].code };
	if (known[i].le != NULL)
		labels[s.labels.n++] = (struct promql_label){ "le", known[i].le };
	for (size_t k = 0; k < s.n; k++)
		samples[k] = (struct promql_sample){ AT - 5000 - (int64_t)(s.n - 1 - k) * 15000,
			known[i].first + (double)k * known[i].step };
	return s;
}

static struct err *
evaluate(struct arena *a, const char *query, int64_t at, struct promql_result *ret)
{
	struct promql q = { 0 };
	struct promql_data *data;

	assert_null(promql_parse(a, query, &q));
	data = arena_new_array(a, struct promql_data, q.n_selectors + 1);
	for (size_t i = 0; i < q.n_selectors; i++) {
		struct promql_series *at_series = arena_new_array(a, struct promql_series, ARRAY_SIZE(known));

		data[i].at = at_series;
		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			struct promql_series s = series(a, k);

			if (str_eq(known[k].name, q.selectors[i].name) && promql_selects(&q.selectors[i], &s.labels))
				at_series[data[i].n++] = s;
		}
	}
	return promql_evaluate(&q, data, at, a, ret);
}

static void
values_are_those_of_prometheus(void **state)
{
	static const struct {
		const char *query;
		int64_t at;
		double want; /* of the only series, or the number */
	} cases[] = {
		/* 4 increments of 150 within 60 s; both ends are reached: (60 + 0 + 5 s) / 60 s of 600. */
		{ "sum(increase(requests{pod=\"a\",code=\"200\"}[65s]))", AT, 600 * 65.0 / 60 },
		/* A window of 45 s has the samples at -35, -20 and -5 s, and reaches 10 s back and 5 s on. */
		{ "sum(rate(requests{pod=\"a\",code=\"200\"}[45s]))", AT, 300 * 45.0 / 30 / 45 },
		/* Its counter was 0 at the first sample: nothing is added in front of it. */
		{ "sum(increase(requests{code=\"500\"}[1h]))", AT, 12 * 65.0 / 60 },
		/* 40 requests are 2 s of its 20 a second: no more is added in front of it. */
		{ "sum(increase(requests{pod=\"b\"}[1h]))", AT, 1200 * 67.0 / 60 },
		/* 20 s after the last sample half an interval is added, not all of it; the first one is 15 s late. */
		{ "sum(increase(requests{pod=\"a\",code=\"200\"}[95s]))", AT + 15000, 600 * (60 + 15 + 7.5) / 60 },
		/* A sample at the start of the window is in it. */
		{ "sum(increase(requests{pod=\"a\",code=\"200\"}[30s]))", AT - 5000, 300 },
		{ "sum(rate(requests{code=\"500\"}[1m])) / sum(rate(requests{pod=\"a\"}[1m]))", AT, 3.0 / 153 },
		{ "100 * (1 - sum(requests{code=\"200\"}) / sum(requests))", AT,
		    100 * (1 - (1600 + 1240) / (1600 + 1240 + 12.0)) },
		{ "count(requests)", AT, 3 },
		{ "avg(requests{code=\"200\"})", AT, (1600 + 1240) / 2.0 },
		{ "min(requests)", AT, 12 },
		{ "max(requests)", AT, 1600 },
		{ "sum(nothing) or vector(0)", AT, 0 },
		{ "1 + 2 * 3", AT, 7 },
		{ "(1 + 2) * 3 - 1", AT, 8 },
		/* The last sample is used for less than five minutes. */
		{ "sum(seen_once)", AT - 5000 + 299999, 7 },
		{ "sum(seen_once) or vector(-1)", AT - 5000 + 300000, -1 },
		{ "histogram_quantile(0.5, sum(rate(slow_bucket[1m])) by (le))", AT, 0.1 },
		{ "histogram_quantile(0.7, sum(rate(slow_bucket[1m])) by (le))", AT, 0.1 + 0.4 * 20 / 40 },
		{ "histogram_quantile(0.95, sum(rate(slow_bucket[1m])) by (le))", AT, 0.5 + 0.5 * 5 / 10 },
		{ "histogram_quantile(1, sum(rate(slow_bucket[1m])) by (le))", AT, 1 },
		{ "histogram_quantile(2, sum(rate(slow_bucket[1m])) by (le))", AT, INFINITY },
		{ "histogram_quantile(0.5, sum(rate(slow_bucket{le!=\"+Inf\"}[1m])) by (le))", AT, NAN },
		{ "sum(0 * requests{code=\"500\"}) / sum(0 * requests{code=\"500\"})", AT, NAN },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct promql_result r = { 0 };

		assert_null(evaluate(a, cases[i].query, cases[i].at, &r));
		if (r.n != 1 || (isnan(cases[i].want) != 0) != (isnan(r.at[0].value) != 0) ||
		    fabs(r.at[0].value - cases[i].want) > 1e-9)
			fail_msg("%s: want %.12g, got %zu values, %.12g", cases[i].query, cases[i].want, r.n,
			    r.n > 0 ? r.at[0].value : NAN);
	}
}

static void
a_rate_needs_two_samples_and_an_empty_operand_empties_the_quotient(void **state)
{
	static const char *const empty[] = { "rate(seen_once[1h])", "sum(rate(seen_once[1h]))", "rate(requests[10s])",
		"sum(rate(requests{code=\"404\"}[1m])) / sum(rate(requests[1m]))", "sum(nothing)", "nothing * 2",
		"histogram_quantile(0.95, nothing)" };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		struct promql_result r = { .n = 1 };

		assert_null(evaluate(a, empty[i], AT, &r));
		if (r.n != 0)
			fail_msg("%s: want nothing", empty[i]);
	}
}

static void
the_queries_of_comparisons_have_their_labels(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct promql_result r = { 0 };

	(void)state;
	assert_null(evaluate(a,
	    "label_replace(sum by (pod) (requests{pod=~\"a\"}), \"of\", \"x\", \"\", \"\") or "
	    "label_replace(sum by (pod) (requests{pod=~\"b.*\"}), \"of\", \"y\", \"\", \"\") or "
	    "label_replace(sum by (pod) (requests{pod=~\"a\",code=\"500\"}), \"of\", \"x\", \"\", \"\")",
	    AT, &r));
	assert_int_equal(r.n, 2);
	assert_string_equal(promql_label(&r.at[0].labels, "of"), "x");
	assert_string_equal(promql_label(&r.at[0].labels, "pod"), "a");
	assert_string_equal(promql_label(&r.at[0].labels, "code"), "");
	assert_true(r.at[0].value == 1612);
	assert_string_equal(promql_label(&r.at[1].labels, "of"), "y");
	assert_true(r.at[1].value == 1240);
}

static void
a_restart_and_an_end_are_seen(void **state)
{
	static const struct promql_sample samples[] = { { AT - 45000, 100 }, { AT - 30000, 130 }, { AT - 15000, 20 },
		{ AT, 50 } };
	struct promql_series s = { .samples = samples, .n = 4 };
	const struct promql_data data = { &s, 1 };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct promql_result r = { 0 };
	struct promql q;

	(void)state;
	assert_null(promql_parse(a, "increase(x[45s])", &q));
	assert_null(promql_evaluate(&q, &data, AT, a, &r));
	assert_true(r.at[0].value == 30 + 20 + 30);
	assert_null(promql_parse(a, "x", &q));
	s.stale_at = AT + 15000;
	assert_null(promql_evaluate(&q, &data, AT + 14999, a, &r));
	assert_int_equal(r.n, 1);
	assert_null(promql_evaluate(&q, &data, AT + 15000, a, &r));
	assert_int_equal(r.n, 0);
}

static void
what_prometheus_refuses_is_an_error(void **state)
{
	static const char *const wrong[] = { "sum(1)", "histogram_quantile(0.5, 1)",
		"label_replace(1, \"a\", \"b\", \"\", \"\")", "requests or 1",
		"label_replace(requests, \"code\", \"\", \"\", \"\") / 1" };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct promql_result r = { 0 };

		if (evaluate(a, wrong[i], AT, &r) == NULL)
			fail_msg("%s: want an error", wrong[i]);
		assert_int_equal(r.n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_prometheus),
		cmocka_unit_test(a_rate_needs_two_samples_and_an_empty_operand_empties_the_quotient),
		cmocka_unit_test(the_queries_of_comparisons_have_their_labels),
		cmocka_unit_test(a_restart_and_an_end_are_seen),
		cmocka_unit_test(what_prometheus_refuses_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
