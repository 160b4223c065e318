/* tests/unit/analysis/prometheus.c: queries to Prometheus, and its responses. */
#include "tests/unit/unit.h"
#include "analysis/provider.h"
#include "base/str.h"

static const struct prometheus_metric up = {
	.address = "http://prometheus:9090/", .query = "sum(rate(x[1m])) / 2", .timeout = { true, 5 }
};
static const struct query_input nothing;
static const struct metric metric = { .name = "x", .provider = { .prometheus = &up } };

static void
an_instant_query_is_sent_as_a_form(void **state)
{
	struct arena *a = arena_new();
	struct step_result r = { 0 };

	(void)state;
	assert_int_equal(prometheus_provider.step(&metric, &nothing, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.method, "POST");
	assert_string_equal(r.query.request.url, "http://prometheus:9090/api/v1/query");
	assert_string_equal(r.query.request.body, "query=sum%28rate%28x%5B1m%5D%29%29%20%2F%202");
	assert_string_equal(r.query.request.content_type, "application/x-www-form-urlencoded");
	assert_int_equal(r.query.request.timeout_ms, 5000);
	assert_true(r.query.request.response_max > 0);
	arena_free(a);
}

#define OK(type, result) "{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":" result "}}"

static void
values_errors_and_missing_data_are_different_results(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum measured want;
		const char *text; /* the value, or a part of the error */
	} cases[] = {
		{ 200, OK("vector", "[{\"metric\":{},\"value\":[1,\"0.5\"]},{\"metric\":{},\"value\":[1,\"2\"]}]"),
		    MEASURED_VALUE, "[0.5,2]" },
		{ 200, OK("vector", "[{\"metric\":{},\"value\":[1,\"NaN\"]}]"), MEASURED_VALUE, "[NaN]" },
		{ 200, OK("vector", "[{\"metric\":{},\"value\":[1,\"+Inf\"]}]"), MEASURED_VALUE, "[+Inf]" },
		{ 200, OK("scalar", "[1,\"0.25\"]"), MEASURED_VALUE, "0.25" },
		{ 200, OK("matrix", "[{\"metric\":{},\"values\":[[1,\"1\"],[2,\"3\"]]}]"), MEASURED_VALUE, "[[1,3]]" },
		{ 200, OK("vector", "[]"), MEASURED_NOTHING, "[]" },
		{ 200, OK("string", "[1,\"x\"]"), MEASURED_ERROR, "a result of type \"string\" cannot be judged" },
		{ 200, OK("vector", "[{\"metric\":{},\"value\":[1,\"none\"]}]"), MEASURED_ERROR, "cannot be judged" },
		{ 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error at char 4\"}",
		    MEASURED_ERROR, "prometheus: bad_data: parse error at char 4" },
		{ 503, "<html>no</html>", MEASURED_ERROR,
		    "prometheus: status 503 without a response of its API: <html>no</html>" },
		{ 200, "", MEASURED_ERROR, "prometheus: status 200 without a response of its API" },
		{ 302, "", MEASURED_ERROR, "prometheus: status 302 without a response of its API" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct response got = { .status = cases[i].status, .body = { cases[i].body, strlen(cases[i].body) } };
		struct query_input in = { .responses = { &got }, .n = 1 };
		struct step_result r = { 0 };
		enum measured m = prometheus_provider.step(&metric, &in, a, &r);
		const char *text;

		if (m != cases[i].want)
			fail_msg("case %zu: got %d, want %d", i, m, cases[i].want);
		text = m == MEASURED_ERROR ? err_text(a, r.err) : value_text(a, &r.value);
		if (m == MEASURED_ERROR ? strstr(text, cases[i].text) == NULL : strcmp(text, cases[i].text) != 0)
			fail_msg("case %zu: got %s, want %s", i, text, cases[i].text);
		arena_free(a);
	}
}

static void
an_unreachable_server_is_an_error_with_its_address(void **state)
{
	struct arena *a = arena_new();
	struct response got = { .err = err_new(a, ERR_AGAIN, "Connection refused") };
	struct query_input in = { .responses = { &got }, .n = 1 };
	struct step_result r = { 0 };

	(void)state;
	assert_int_equal(prometheus_provider.step(&metric, &in, a, &r), MEASURED_ERROR);
	assert_string_equal(err_text(a, r.err), "prometheus http://prometheus:9090/: Connection refused");
	arena_free(a);
}

static const struct metric *
metric_of(struct arena *a, const char *text)
{
	json_t *j = yaml(a, arena_printf(a, "{name: x, provider: {prometheus: %s}}", text));
	struct problems problems = { .arena = a };
	struct metric *m = arena_alloc(a, sizeof(*m));

	decode(&metric_type, j, "", &problems, m);
	json_decref(j);
	if (problems.n > 0)
		fail_msg("%s: %s", problems.at[0].path, problems.at[0].text);
	return m;
}

static const char *
header_of(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->request.n_headers; i++)
		if (strcmp(q->request.headers[i].name, name) == 0)
			return q->request.headers[i].value;
	return "";
}

static void
a_range_query_has_a_start_an_end_and_a_step(void **state)
{
	struct arena *a = arena_new();
	const struct metric *m = metric_of(a,
	    "{address: 'http://p', query: up, rangeQuery: {start: 'now() - duration(\"5m\")', end: now(), step: 30s}}");
	struct query_input in = { .now = 1000000500 };
	struct step_result r = { 0 };

	(void)state;
	assert_null(prometheus_provider.check(a, m));
	assert_int_equal(prometheus_provider.step(m, &in, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "http://p/api/v1/query_range");
	assert_string_equal(r.query.request.body, "query=up&start=999700.500&end=1000000.500&step=30.000");
	arena_free(a);
}

static void
a_query_has_headers_and_credentials(void **state)
{
	struct arena *a = arena_new();
	const struct metric *m =
	    metric_of(a, "{address: 'http://p', query: up, headers: [{key: X-Scope-OrgID, value: tenant}], caCert: PEM,"
			 " authentication: {basicAuth: {username: me, password: s3cret}, oauth2: {}, sigv4: {}}}");
	struct step_result r = { 0 };

	(void)state;
	assert_null(prometheus_provider.check(a, m));
	assert_int_equal(prometheus_provider.step(m, &nothing, a, &r), MEASURED_QUERY);
	assert_string_equal(header_of(&r.query, "X-Scope-OrgID"), "tenant");
	assert_string_equal(header_of(&r.query, "Authorization"), "Basic bWU6czNjcmV0");
	assert_string_equal(r.query.request.ca, "PEM");
	arena_free(a);
}

static void
oauth2_queries_a_token_first(void **state)
{
	struct arena *a = arena_new();
	const struct metric *m = metric_of(a, "{address: 'http://p', query: up, authentication: {oauth2: {tokenUrl:"
					      " 'https://t/token', clientId: id, clientSecret: pw, scopes: [r, w]}}}");
	struct response token = { .status = 200, .body = { "{\"access_token\":\"tok\"}", 22 } },
			refused = { .status = 401, .body = { "{\"error\":\"invalid_client\"}", 26 } };
	struct query_input with_token = { .responses = { &token }, .n = 1 },
			   without = { .responses = { &refused }, .n = 1 };
	struct step_result r = { 0 };

	(void)state;
	assert_null(prometheus_provider.check(a, m));
	assert_int_equal(prometheus_provider.step(m, &nothing, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "https://t/token");
	assert_string_equal(r.query.request.body, "grant_type=client_credentials&scope=r%20w");
	assert_string_equal(header_of(&r.query, "Authorization"), "Basic aWQ6cHc=");
	assert_int_equal(prometheus_provider.step(m, &with_token, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "http://p/api/v1/query");
	assert_string_equal(header_of(&r.query, "Authorization"), "Bearer tok");
	assert_int_equal(prometheus_provider.step(m, &without, a, &r), MEASURED_ERROR);
	assert_string_equal(
	    err_text(a, r.err), "oauth2: the token server returned status 401 invalid_client, and no access_token");
	arena_free(a);
}

static void
an_invalid_prometheus_metric_is_an_error_before_it_is_measured(void **state)
{
	static const char *const cases[][2] = {
		{ "{address: '/api/v1/secrets', query: up}", "starts with neither http:// nor https://" },
		{ "{address: 'file:///etc', query: up}", "starts with neither http:// nor https://" },
		{ "{query: up, rangeQuery: {start: now(), end: later, step: 1m}}", "rangeQuery.end `later`" },
		{ "{query: up, rangeQuery: {start: '1 < 2', end: now(), step: 1m}}", "expected time, but got bool" },
		{ "{query: up, rangeQuery: {start: now(), end: now(), step: soon}}", "rangeQuery.step: \"soon\"" },
		{ "{query: up, authentication: {sigv4: {region: eu}}}", "sigv4: not supported" },
		{ "{query: up, authentication: {oauth2: {tokenUrl: 'http://t'}}}",
		    "tokenUrl requires clientId and clientSecret" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct err *e = prometheus_provider.check(a, metric_of(a, cases[i][0]));

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg("%s: got %s", cases[i][0], e != NULL ? err_text(a, e) : "no error");
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instant_query_is_sent_as_a_form),
		cmocka_unit_test(values_errors_and_missing_data_are_different_results),
		cmocka_unit_test(an_unreachable_server_is_an_error_with_its_address),
		cmocka_unit_test(a_range_query_has_a_start_an_end_and_a_step),
		cmocka_unit_test(a_query_has_headers_and_credentials),
		cmocka_unit_test(oauth2_queries_a_token_first),
		cmocka_unit_test(an_invalid_prometheus_metric_is_an_error_before_it_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
