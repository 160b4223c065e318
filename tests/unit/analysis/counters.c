/* tests/unit/analysis/counters.c: responses of Prometheus to range queries, and increments of counters. */
#include <math.h>
#include "tests/unit/unit.h"
#include "analysis/compare/counters.h"
#include "analysis/compare/matrix.h"
#include "base/str.h"

#define NONE NAN
#define COLUMNS 6

/* One pod: its samples, and what they mean. NONE: no sample; in `n`: the pod has no part. */
struct pod_case {
	const char *name;
	double total[COLUMNS], bad[COLUMNS]; /* samples */
	double n[COLUMNS], x[COLUMNS]; /* increments */
	struct counters_rules rules;
	bool cut;
};

static const struct pod_case cases[] = {
	{ "a pod that was there before is counted from its first sample on", { 100, 110, 130, 130, 150, 160 },
	    { 5, 5, 6, 6, 6, 9 }, { 0, 10, 20, 0, 20, 10 }, { 0, 0, 1, 0, 0, 3 }, { 0 }, false },
	{ "a new pod began at 0", { NONE, NONE, 30, 40, 40, 60 }, { NONE, NONE, 4, 5, 5, 5 },
	    { NONE, NONE, 30, 10, 0, 20 }, { 0, 0, 4, 1, 0, 0 }, { 0 }, false },
	{ "the first error of an old pod counts", { 100, 110, 120, 130, 140, 150 }, { NONE, NONE, NONE, 1, 1, 3 },
	    { 0, 10, 10, 10, 10, 10 }, { 0, 0, 0, 1, 0, 2 }, { 0 }, false },
	{ "a pod without errors has none", { 100, 110, 120, 130, 140, 150 }, { NONE, NONE, NONE, NONE, NONE, NONE },
	    { 0, 10, 10, 10, 10, 10 }, { 0 }, { 0 }, false },
	{ "after a restart the new value counts", { 100, 110, 4, 14, 20, 20 }, { 7, 8, 2, 3, 3, 3 },
	    { 0, 10, 4, 10, 6, 0 }, { 0, 1, 2, 1, 0, 0 }, { 0 }, false },
	{ "after a restart all series of the pod began at 0", { 100, 50, 60, 40, 55, 30 }, { 1, NONE, 1, NONE, 1, 3 },
	    { 0, 50, 10, 40, 15, 30 }, { 0, 0, 1, 0, 1, 3 }, { 0 }, false },
	{ "an error that a restart hides in the same number counts", { 100, 110, 20, 30, 40, 50 }, { 5, 5, 5, 5, 5, 5 },
	    { 0, 10, 20, 10, 10, 10 }, { 0, 0, 5, 0, 0, 0 }, { 0 }, false },
	{ "a restart between two samples counts from 0", { 100, NONE, 20, 30, 40, 50 }, { 5, NONE, 6, 6, 6, 6 },
	    { 0, NONE, 20, 10, 10, 10 }, { 0, 0, 6, 0, 0, 0 }, { 0 }, false },
	{ "good requests begin at 0 after a restart too", { 100, 110, 20, 30, 40, 50 }, { 10, 20, 15, 25, 35, 45 },
	    { 0, 10, 20, 10, 10, 10 }, { 0, 0, 5, 0, 0, 0 }, { .good = true }, false },
	{ "a missing sample is covered by the next one", { 100, NONE, NONE, 130, NONE, 150 }, { 2, 3, NONE, 6, 7, 7 },
	    { 0, NONE, NONE, 30, NONE, 20 }, { 0, 0, 0, 4, 0, 1 }, { 0 }, false },
	{ "a new pod warms up, and does so once", { NONE, 10, 20, 30, 5, 15 }, { NONE, 9, 9, 9, 1, 1 },
	    { NONE, NONE, NONE, 10, 5, 10 }, { 0, 0, 0, 0, 1, 0 }, { .warm_up = 2 }, false },
	{ "an old pod does not warm up", { 100, 110, 120, 130, 140, 150 }, { 0, 1, 1, 1, 1, 1 },
	    { 0, 10, 10, 10, 10, 10 }, { 0, 1, 0, 0, 0, 0 }, { .warm_up = 2 }, false },
	{ "a pod takes part from its first request on", { NONE, 0, 0, 5, 5, 6 }, { NONE, NONE, NONE, NONE, NONE, 1 },
	    { NONE, NONE, NONE, 5, 0, 1 }, { 0, 0, 0, 0, 0, 1 }, { 0 }, false },
	{ "more bad requests than requests are cut", { 100, 110, 120, 130, 140, 150 }, { 0, 0, 25, 25, 25, 26 },
	    { 0, 10, 10, 10, 10, 10 }, { 0, 0, 10, 0, 0, 1 }, { 0 }, true },
	{ "requests that are not good are bad", { 100, 110, 120, 130, 140, 150 }, { 90, 100, 105, 115, 125, 126 },
	    { 0, 10, 10, 10, 10, 10 }, { 0, 0, 5, 0, 0, 9 }, { .good = true }, false },
};

static void
samples_become_increments(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct counters c = counters_new(a, COLUMNS, 1);
		struct counters_pod *pod = NULL;

		assert_null(counters_pod(&c, "a", &pod));
		memcpy(counters_series(&c, pod, 0), cases[i].total, sizeof(cases[i].total));
		memcpy(counters_series(&c, pod, 1), cases[i].bad, sizeof(cases[i].bad));
		assert_null(counters_settle(&c, &cases[i].rules));
		for (size_t k = 0; k < COLUMNS; k++) {
			double n = counters_series(&c, pod, 0)[k], x = counters_series(&c, pod, 1)[k];

			if ((isnan(n) && isnan(cases[i].n[k])) || n == cases[i].n[k])
				if (x == cases[i].x[k])
					continue;
			print_message("%s: column %zu: %g of %g, want %g of %g\n", cases[i].name, k, x, n,
			    cases[i].x[k], cases[i].n[k]);
			wrong++;
		}
		assert_int_equal(pod->cut, cases[i].cut);
	}
	assert_int_equal(wrong, 0);
}

static void
pods_are_in_the_order_of_their_names(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = counters_new(a, 2, 1);
	struct counters_pod *pod;

	(void)state;
	assert_null(counters_pod(&c, "b", &pod));
	assert_null(counters_pod(&c, "c", &pod));
	assert_null(counters_pod(&c, "a", &pod));
	assert_null(counters_pod(&c, "b", &pod));
	assert_null(counters_settle(&c, &(struct counters_rules){ 0 }));
	assert_int_equal(c.n_pods, 3);
	assert_string_equal(c.pods[0].name, "a");
	assert_string_equal(c.pods[2].name, "c");
}

static void
pods_and_samples_have_limits(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = counters_new(a, 2, 1), wide = counters_new(a, 10000, 16);
	struct counters_pod *pod;
	char name[COUNTERS_NAME_MAX + 2];
	struct err *e = NULL;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < COUNTERS_PODS_MAX; i++)
		assert_null(counters_pod(&c, arena_printf(a, "pod-%d", i), &pod));
	assert_string_equal(err_text(a, counters_pod(&c, "more", &pod)), "more than 1000 pods have such series");
	while ((e = counters_pod(&wide, arena_printf(a, "pod-%zu", n), &pod)) == NULL)
		n++;
	assert_int_equal(n, 11);
	assert_string_equal(
	    err_text(a, e), "12 pods with 170000 samples each are more than 2000000 samples: set a longer step");
	memset(name, 'x', sizeof(name));
	name[COUNTERS_NAME_MAX + 1] = '\0';
	c.n_pods = 0;
	assert_string_equal(
	    err_text(a, counters_pod(&c, name, &pod)), "the name of a pod has 254 bytes; 253 are the most");
}

static void
a_pod_without_one_of_the_buckets_is_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = counters_new(a, 2, 1);
	struct counters_pod *pod = NULL;

	(void)state;
	assert_null(counters_pod(&c, "a", &pod));
	counters_series(&c, pod, 0)[1] = 5;
	assert_string_equal(err_text(a, counters_settle(&c, &(struct counters_rules){ .good = true })),
	    "pod a has no series for one of the bounds: the pods must have the same buckets");
}

struct rows {
	double a[3], b[3];
};

static struct err *
row_of(void *arg, struct arena *a, const char *labels, double **ret)
{
	struct rows *r = arg;
	const char *pod = matrix_label(a, labels, "pod");

	if (pod == NULL)
		return err_new(a, ERR_INVALID, "no pod");
	*ret = str_eq(pod, "a") ? r->a : str_eq(pod, "b") ? r->b : NULL;
	return NULL;
}

static struct err *
read_body(struct arena *a, struct rows *r, int status, const char *body)
{
	static const struct matrix_grid grid = { .start = 1000500, .step = 15000, .columns = 3 };
	struct response got = { .status = status, .body = { body, strlen(body) } };

	for (size_t i = 0; i < 3; i++)
		r->a[i] = r->b[i] = NAN;
	return matrix_read(a, &got, &grid, row_of, r);
}

#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

static void
a_matrix_is_read_into_rows(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct rows r;

	(void)state;
	assert_null(read_body(a, &r, 200,
	    MATRIX("{\"metric\":{\"pod\":\"b\"},\"values\":[[1000.5,\"1\"],[1030.5,\"2.5e3\"]]},"
		   "{\"metric\":{\"pod\":\"a\"},\"values\":[[1015.5,\"7\"]]},"
		   "{\"metric\":{\"pod\":\"other\"},\"values\":[[1015.5,\"9\"]]}")));
	assert_true(r.b[0] == 1 && isnan(r.b[1]) && r.b[2] == 2500);
	assert_true(isnan(r.a[0]) && r.a[1] == 7 && isnan(r.a[2]));
	assert_null(read_body(a, &r, 200, MATRIX("")));
}

static void
responses_that_are_no_counters_are_refused(void **state)
{
	static const struct {
		int status;
		const char *body, *want;
	} bad[] = {
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"NaN\"]]}"),
		    "the series {\"pod\":\"a\"} has the value NaN: it is not a counter" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"+Inf\"]]}"),
		    "has an infinite value: it is not a counter" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"1e999\"]]}"),
		    "has an infinite value: it is not a counter" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"1e16\"]]}"),
		    "has a value above 2^53" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"-1\"]]}"),
		    "has a negative value: it is not a counter" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"x\"]]}"),
		    "a value that is not a number" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"1x\"]]}"),
		    "a value that is not a number" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,1]]}"), "a value that is not a number" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"1\",2]]}"),
		    "a sample that is no [time, value]" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5]]}"),
		    "a sample that is no [time, value]" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[7]}"), "a sample that is no [time, value]" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1e300,\"1\"]]}"),
		    "a time that was not queried" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[900,\"1\"]]}"), "a time that was not queried" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"values\":[[1000.5,\"1\"],[1000.5,\"1\"]]}"),
		    "two samples of one time" },
		{ 200, MATRIX("{\"metric\":{},\"values\":[[1000.5,\"1\"]]}"), "no pod" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"}}"), "a series without labels or values" },
		{ 200, MATRIX("{\"metric\":{\"pod\":\"a\"},\"histograms\":[[1000.5,{\"count\":\"1\",\"sum\":\"2\"}]]}"),
		    "the series {\"pod\":\"a\"} has samples of a native histogram, which are not supported" },
		{ 200, MATRIX("[]"), "a series without labels or values" },
		{ 200, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", "has no matrix" },
		{ 200, "{\"status\":\"success\"}", "has no matrix" },
		{ 200, "{\"status\":\"success\",",
		    "prometheus: status 200 without a response of its API: {\"status\"" },
		{ 200, "[[[[[[[[[[[[[[1]]]]]]]]]]]]]]", "prometheus: status 200 without a response of its API: [[[" },
		{ 503, "<html>", "prometheus: status 503 without a response of its API: <html>" },
		{ 200, "", "prometheus: status 200 without a response of its API" },
		{ 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"exceeded maximum resolution\"}",
		    "prometheus: bad_data: exceeded maximum resolution" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct rows r;
		struct err *e = read_body(a, &r, bad[i].status, bad[i].body);

		if (e == NULL || strstr(err_text(a, e), bad[i].want) == NULL)
			fail_msg("case %zu: %s, want %s", i, e != NULL ? err_text(a, e) : "no error", bad[i].want);
	}
}

static void
a_response_with_too_many_series_is_refused(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct rows r;
	struct str text;

	(void)state;
	str_init(&text, 1u << 22);
	str_adds(&text, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
	for (int i = 0; i <= MATRIX_SERIES_MAX; i++)
		str_addf(&text, "%s{\"metric\":{\"pod\":\"x%d\"},\"values\":[]}", i > 0 ? "," : "", i);
	str_adds(&text, "]}}");
	assert_string_equal(err_text(a, read_body(a, &r, 200, str_text(&text))),
	    "prometheus: more than 20000 series: narrow the selector");
	str_done(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_become_increments),
		cmocka_unit_test(pods_are_in_the_order_of_their_names),
		cmocka_unit_test(pods_and_samples_have_limits),
		cmocka_unit_test(a_pod_without_one_of_the_buckets_is_an_error),
		cmocka_unit_test(a_matrix_is_read_into_rows),
		cmocka_unit_test(responses_that_are_no_counters_are_refused),
		cmocka_unit_test(a_response_with_too_many_series_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
