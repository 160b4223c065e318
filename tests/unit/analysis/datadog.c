/* tests/unit/analysis/datadog.c: queries of Datadog, what is not valid, and the pure parts that providers share. */
#include "tests/unit/unit.h"
#include "analysis/http.h"
#include "analysis/provider.h"
#include "base/str.h"

static const struct metric *
metric_of(struct arena *a, const char *provider)
{
	_cleanup_(json_decrefp) json_t *j = yaml(a, arena_printf(a, "{name: x, provider: %s}", provider));
	struct problems problems = { .arena = a };
	struct metric *m = arena_alloc(a, sizeof(*m));

	memset(m, 0, sizeof(*m));
	decode(&metric_type, j, "metric", &problems, m);
	assert_int_equal(problems.n, 0);
	return m;
}

static void
invalid_configurations_are_refused_before_they_are_measured(void **state)
{
	static const char *const cases[][2] = {
		{ "{datadog: {query: q, apiVersion: v1}}", "" },
		{ "{datadog: {queries: {a: x, b: y}, formula: a / b, apiVersion: v2}}", "" },
		{ "{datadog: {}}", "Must have either a query or queries" },
		{ "{datadog: {query: q, queries: {a: x}}}", "Cannot have both a query and queries" },
		{ "{datadog: {queries: {a: x}, apiVersion: v1}}", "API Version v1 only supports using the query" },
		{ "{datadog: {query: q, formula: a}}", "Formula are only valid when queries are set" },
		{ "{datadog: {queries: {a: x, b: y}}}", "multiple queries are provided you must include a formula" },
		{ "{datadog: {query: q, apiVersion: v1, aggregator: max}}", "Aggregator" },
		{ "{datadog: {query: q, requestTimeout: soon}}", "time: invalid duration \"soon\"" },
		{ "{datadog: {query: q, requestTimeout: 0s}}", "must be a positive duration" },
		{ "{datadog: {query: q, interval: '5'}}", "interval: time: missing unit in duration \"5\"" },
		{ "{datadog: {query: q, secretRef: {namespaced: true}}}", "secret name is required" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err *e = datadog_provider.check(a, metric_of(a, cases[i][0]));
		const char *text = e != NULL ? err_text(a, e) : "";

		if (cases[i][1][0] == '\0' ? e != NULL : strstr(text, cases[i][1]) == NULL)
			fail_msg("%s: got %s", cases[i][0], text);
	}
	arena_free(a);
}

static void
a_query_is_confined_and_waits_as_long_as_it_may(void **state)
{
	struct arena *a = arena_new();
	static struct string_pair env[] = { { "DD_ADDRESS", "http://dd" }, { "DD_API_KEY", "k" },
		{ "DD_APP_KEY", "l" } };
	static const struct settings settings = { .environment = { env, 3 } };
	const struct query_input in = { .now = 1000000, .settings = &settings, .namespace = "shop" };
	struct step_result r = { 0 };

	(void)state;
	assert_int_equal(datadog_provider.step(
			     metric_of(a, "{datadog: {query: q, apiVersion: v1, requestTimeout: 3s}}"), &in, a, &r),
	    MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "http://dd/api/v1/query?from=700&query=q&to=1000");
	assert_true(r.query.request.outside_only);
	assert_int_equal(r.query.to, QUERY_OUTSIDE);
	assert_int_equal(r.query.request.timeout_ms, 3000);
	assert_true(r.query.request.response_max > 0);
	arena_free(a);
}

static void
a_secret_is_queried_by_name_in_its_namespace(void **state)
{
	static const char *const cases[][2] = {
		{ "{datadog: {query: q}}", "/api/v1/namespaces/argo-rollouts/secrets/datadog" },
		{ "{datadog: {query: q, secretRef: {name: a/b}}}", "/api/v1/namespaces/argo-rollouts/secrets/a%2Fb" },
		{ "{datadog: {query: q, secretRef: {name: x, namespaced: true}}}",
		    "/api/v1/namespaces/shop/secrets/x" },
	};
	struct arena *a = arena_new();
	const struct query_input in = { .now = 1000000, .namespace = "shop" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct step_result r = { 0 };

		assert_int_equal(datadog_provider.step(metric_of(a, cases[i][0]), &in, a, &r), MEASURED_QUERY);
		assert_string_equal(r.query.request.url, cases[i][1]);
		assert_int_equal(r.query.to, QUERY_API_SERVER);
	}
	arena_free(a);
}

static void
more_than_a_hundred_groups_are_shown_by_the_lowest_and_highest(void **state)
{
	static struct string_pair env[] = { { "DD_ADDRESS", "http://dd" }, { "DD_API_KEY", "k" },
		{ "DD_APP_KEY", "l" } };
	static const struct settings settings = { .environment = { env, 3 } };
	struct arena *a = arena_new();
	const char *names = "", *values = "", *body;
	struct response got = { .status = 200 };
	struct query_input in = { .now = 1000000, .settings = &settings, .responses = { &got }, .n = 1 };
	struct step_result r = { 0 };

	(void)state;
	for (int i = 119; i >= 0; i--) {
		names = arena_printf(a, "%s%s[\"g%d\"]", names, i < 119 ? "," : "", i);
		values = arena_printf(a, "%s%s%d", values, i < 119 ? "," : "", i);
	}
	body = arena_printf(a,
	    "{\"data\":{\"attributes\":{\"columns\":[{\"type\":\"group\",\"values\":[%s]},{\"type\":\"number\","
	    "\"values\":[%s]}]}}}",
	    names, values);
	got.body = (struct bytes){ body, strlen(body) };
	assert_int_equal(
	    datadog_provider.step(metric_of(a, "{datadog: {query: q, apiVersion: v2}}"), &in, a, &r), MEASURED_VALUE);
	assert_int_equal(r.value.array.n, 120);
	assert_int_equal(r.metadata.n, 2);
	assert_true(str_starts(r.metadata.at[0].value, "[{\"name\":\"g0\",\"value\":0},"));
	assert_true(str_ends(r.metadata.at[0].value, "{\"name\":\"g119\",\"value\":119}]"));
	assert_non_null(
	    strstr(r.metadata.at[0].value, "{\"name\":\"g49\",\"value\":49},{\"name\":\"g70\",\"value\":70}"));
	assert_string_equal(r.metadata.at[1].value, "true");
	arena_free(a);
}

static void
durations_are_refused_in_the_words_of_go(void **state)
{
	static const char *const cases[][2] = {
		{ "", "time: invalid duration \"\"" },
		{ "abc", "time: invalid duration \"abc\"" },
		{ "5", "time: missing unit in duration \"5\"" },
		{ "1h5", "time: missing unit in duration \"1h5\"" },
		{ "1d", "time: unknown unit \"d\" in duration \"1d\"" },
		{ "-", "time: invalid duration \"-\"" },
		{ ".s", "time: invalid duration \".s\"" },
	};
	struct arena *a = arena_new();
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(err_text(a, http_duration(a, cases[i][0], &ms)), cases[i][1]);
	assert_null(http_duration(a, "1m30s", &ms));
	assert_int_equal(ms, 90000);
	arena_free(a);
}

static void
parts_of_urls_are_decoded_and_encoded_as_by_go(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(http_query_escape(a, "a b+c/~"), "a+b%2Bc%2F~");
	assert_string_equal(http_query_unescape(a, "a+b%2Bc%2f", 10), "a b+c/");
	assert_null(http_query_unescape(a, "a%zz", 4));
	assert_null(http_query_unescape(a, "a%4", 3));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invalid_configurations_are_refused_before_they_are_measured),
		cmocka_unit_test(a_query_is_confined_and_waits_as_long_as_it_may),
		cmocka_unit_test(a_secret_is_queried_by_name_in_its_namespace),
		cmocka_unit_test(more_than_a_hundred_groups_are_shown_by_the_lowest_and_highest),
		cmocka_unit_test(durations_are_refused_in_the_words_of_go),
		cmocka_unit_test(parts_of_urls_are_decoded_and_encoded_as_by_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
