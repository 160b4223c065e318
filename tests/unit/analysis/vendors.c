/* tests/unit/analysis/vendors.c: metric providers of vendors: what is not valid, how a query is repeated, and what
 * differs from Argo Rollouts. Requests and measurements: tests/data/providers. */
#include "tests/unit/unit.h"
#include "analysis/provider.h"
#include "base/base64.h"
#include "base/str.h"
#include "kube/plan/plugin_declarations.h"

static const struct metric *
metric_of(struct arena *a, const char *provider)
{
	_cleanup_(json_decrefp) json_t *j = yaml(a, arena_printf(a, "{name: x, provider: %s}", provider));
	struct problems problems = { .arena = a };
	struct metric *m = arena_alloc(a, sizeof(*m));

	memset(m, 0, sizeof(*m));
	decode(&metric_type, j, "metric", &problems, m);
	if (problems.n > 0)
		fail_msg("%s: %s", problems.at[0].path, problems.at[0].text);
	return m;
}

/* The response of the API server to the query of a Secret with one or two keys. */
static struct response
secret_of(struct arena *a, const char *key, const char *value, const char *key2, const char *value2)
{
	const char *text = arena_printf(a, "{\"data\":{\"%s\":\"%s\",\"%s\":\"%s\"}}", key,
	    base64_encode(a, value, strlen(value)), key2, base64_encode(a, value2, strlen(value2)));

	return (struct response){ .status = 200, .body = { text, strlen(text) } };
}

static struct response
response(int status, const char *body)
{
	return (struct response){ .status = status, .body = { body, strlen(body) } };
}

static void
invalid_configurations_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{newRelic: {query: q}}", "" },
		{ "{newRelic: {query: q, timeout: -1}}", "timeout value needs to be a positive value" },
		{ "{graphite: {address: 'http://g', query: 'target=a'}}", "" },
		{ "{graphite: {query: 'target=a'}}", "is not a valid URL" },
		{ "{graphite: {address: '://g', query: 'target=a'}}", "is not a valid URL" },
		{ "{graphite: {address: g, query: 'target=a'}}", "starts with neither http:// nor https://" },
		{ "{wavefront: {address: 'w.example:443', query: q}}", "" },
		{ "{wavefront: {address: 'https://w.example', query: q}}", "is not a host" },
		{ "{wavefront: {query: q}}", "is not a host" },
		{ "{plugin: {sluice/dynatrace: {query: q}}}", "" },
		{ "{plugin: {sluice/dynatrace: {query: q, interval: x}}}", "time: invalid duration \"x\"" },
		{ "{plugin: {sluice/dynatrace: {query: q, secretRef: {namespaced: true}}}}",
		    "needs the name of a Secret" },
		{ "{plugin: {sluice/hook: {name: x}}}", "" },
		{ "{plugin: {sluice/hook: {name: ''}}}", "name: required, but empty" },
		{ "{plugin: {sluice/google-cloud-monitoring: {project: a-1, query: q}}}", "" },
		{ "{plugin: {sluice/google-cloud-monitoring: {project: a/../b, query: q}}}",
		    "\"a/../b\" is not a project ID" },
		{ "{cloudWatch: {metricDataQueries: [{id: a, expression: b / c}]}}", "" },
		{ "{cloudWatch: {interval: '5', metricDataQueries: []}}", "time: missing unit in duration \"5\"" },
		{ "{cloudWatch: {metricDataQueries: [{id: a}]}}", "metricDataQueries[0]: needs one of expression and" },
		{ "{skywalking: {address: 'http://s', query: q}}", "" },
		{ "{skywalking: {address: s, query: q}}", "starts with neither http:// nor https://" },
		{ "{skywalking: {address: 'http://s', query: q, interval: 1x}}",
		    "time: unknown unit \"x\" in duration \"1x\"" },
		{ "{kayenta: {address: k, lookback: true, threshold: {pass: 9, marginal: 7}}}",
		    "starts with neither http:// nor https://" },
		{ "{kayenta: {address: 'http://k', application: a b, threshold: {pass: 9, marginal: 7}}}",
		    "application: \"a b\" has a blank" },
		{ "{kayenta: {address: 'http://k', threshold: {pass: 9, marginal: 7}, scopes: [{}]}}",
		    "scopes[0]: without a start it needs the metric's interval, or lookback" },
		{ "{kayenta: {address: 'http://k', lookback: true, threshold: {pass: 9, marginal: 7}, scopes: [{}]}}",
		    "" },
		{ "{kayenta: {address: 'http://k', lookback: true, threshold: {pass: 9, marginal: 7}, scopes: "
		  "[{controlScope: {start: x}}]}}",
		    "controlScope.start and experimentScope.start must both be set" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct metric *m = metric_of(a, cases[i][0]);
		struct err *e = provider_of(m)->check(a, m);
		const char *text = e != NULL ? err_text(a, e) : "";

		if (cases[i][1][0] == '\0' ? e != NULL : strstr(text, cases[i][1]) == NULL)
			fail_msg("%s: got %s", cases[i][0], text);
	}
	arena_free(a);
}

static void
new_relic_is_queried_four_times_with_growing_waits(void **state)
{
	struct arena *a = arena_new();
	const struct metric *m = metric_of(a, "{newRelic: {query: q}}");
	struct response secret = secret_of(a, "personal-api-key", "k", "account-id", "7"), busy = response(503, "x");
	struct query_input in = { .responses = { &secret, &busy, &busy, &busy, &busy }, .n = 1 };
	const int64_t waits[] = { 0, 1000, 2000, 4000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++, in.n++) {
		struct step_result r = { 0 };

		assert_int_equal(newrelic_provider.step(m, &in, a, &r), MEASURED_QUERY);
		assert_string_equal(r.query.request.url, "https://api.newrelic.com/graphql");
		assert_true(r.query.request.outside_only);
		assert_int_equal(r.wait_ms, waits[i]);
	}
	{
		struct step_result r = { 0 };

		assert_int_equal(newrelic_provider.step(m, &in, a, &r), MEASURED_ERROR);
		assert_string_equal(err_text(a, r.err),
		    "POST https://api.newrelic.com/graphql giving up after 4 attempt(s): status 503");
	}
	arena_free(a);
}

static void
new_relic_has_an_address_for_each_region(void **state)
{
	static const char *const cases[][2] = { { "EU", "https://api.eu.newrelic.com/graphql" },
		{ "us", "https://api.newrelic.com/graphql" }, { "gov", "https://gov-api.newrelic.com/graphql" } };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *body = arena_printf(a,
		    "{\"data\":{\"personal-api-key\":\"aw==\",\"account-id\":\"Nw==\",\"region\":\"%s\"}}",
		    base64_encode(a, cases[i][0], strlen(cases[i][0])));
		struct response secret = response(200, body);
		struct query_input in = { .responses = { &secret }, .n = 1 };
		struct step_result r = { 0 };

		assert_int_equal(
		    newrelic_provider.step(metric_of(a, "{newRelic: {query: q}}"), &in, a, &r), MEASURED_QUERY);
		assert_string_equal(r.query.request.url, cases[i][1]);
		assert_string_equal(r.hidden[0], "k");
	}
	arena_free(a);
}

/* Argo Rollouts reads the first page only. */
static void
all_pages_of_cloudwatch_are_read(void **state)
{
	static struct string_pair env[] = { { "AWS_ACCESS_KEY_ID", "i" }, { "AWS_SECRET_ACCESS_KEY", "s" },
		{ "AWS_REGION", "us-east-1" } };
	static const struct settings settings = { .environment = { env, 3 } };
	struct arena *a = arena_new();
	const struct metric *m = metric_of(a, "{cloudWatch: {metricDataQueries: [{id: a, expression: b}]}}");
	struct response first =
	    response(200, "{\"MetricDataResults\":[{\"Id\":\"a\",\"Values\":[1]}],\"NextToken\":\"t\"}");
	struct response last = response(200, "{\"MetricDataResults\":[{\"Id\":\"b\",\"Values\":[2,3]}]}");
	struct query_input in = { .now = 1000000, .settings = &settings, .responses = { &first, &last }, .n = 1 };
	struct step_result r = { 0 };

	(void)state;
	assert_int_equal(cloudwatch_provider.step(m, &in, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "https://monitoring.us-east-1.amazonaws.com/service/"
						 "GraniteServiceVersion20100801/operation/GetMetricData");
	assert_non_null(memmem(r.query.request.body, r.query.request.body_len, "iNextTokenat", 12));
	in.n = 2;
	r = (struct step_result){ 0 };
	assert_int_equal(cloudwatch_provider.step(m, &in, a, &r), MEASURED_VALUE);
	assert_string_equal(r.text, "[[1] [2 3]]");
	for (size_t i = 0; i < QUERIES_MAX; i++)
		in.responses[i] = &first;
	in.n = 8;
	r = (struct step_result){ 0 };
	assert_int_equal(cloudwatch_provider.step(m, &in, a, &r), MEASURED_ERROR);
	assert_string_equal(err_text(a, r.err), "the response of CloudWatch has more than 8 pages");
	arena_free(a);
}

/* A response of the service, and what it is read as. */
struct reading {
	const char *body, *want; /* want: the value, or the error */
	enum measured how;
	int status; /* 0: 200 */
};

/* Reads each response as that to the last of n + 1 queries. */
static void
reads(const struct provider *provider, const char *metric, const struct response *before,
    const struct settings *settings, const struct reading *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct arena *a = arena_new();
		struct response got = response(cases[i].status != 0 ? cases[i].status : 200, cases[i].body);
		struct query_input in = { .now = 1767225600000, .namespace = "shop", .settings = settings };
		struct step_result r = { 0 };
		const char *text;

		if (before != NULL)
			in.responses[in.n++] = before;
		in.responses[in.n++] = &got;
		assert_int_equal(provider->step(metric_of(a, metric), &in, a, &r), cases[i].how);
		text = r.err != NULL ? err_text(a, r.err) : r.text != NULL ? r.text : value_text(a, &r.value);
		if (cases[i].how != MEASURED_QUERY && cases[i].how != MEASURED_RUNNING)
			assert_string_equal(text, cases[i].want);
		arena_free(a);
	}
}

static void
series_of_dynatrace_are_a_number_or_a_list(void **state)
{
#define DATA(x) "{\"result\":[{\"data\":[" x "]}]}"
	static const struct reading cases[] = {
		{ DATA("{\"values\":[1,2.5]}"), "2.5", MEASURED_VALUE, 0 },
		{ DATA("{\"values\":[1,null]}"), "1", MEASURED_VALUE, 0 },
		{ DATA("{\"values\":[1]},{\"values\":[2]}"), "[1,2]", MEASURED_VALUE, 0 },
		{ DATA("{\"values\":[null]}"), "[]", MEASURED_NOTHING, 0 },
		{ DATA(""), "[]", MEASURED_NOTHING, 0 },
		{ "{}", "[]", MEASURED_NOTHING, 0 },
		{ "{\"nextPageKey\":\"k\",\"result\":[]}", "", MEASURED_QUERY, 0 },
		{ "{\"error\":{\"message\":\"bad selector\"}}", "dynatrace: status 400: bad selector", MEASURED_ERROR,
		    400 },
		{ "<html>", "dynatrace: invalid character '<' looking for beginning of value", MEASURED_ERROR, 0 },
	};
	struct arena *a = arena_new();
	struct response secret = secret_of(a, "token", "t", "address", "https://dt");

	(void)state;
	reads(&dynatrace_provider, "{plugin: {sluice/dynatrace: {query: q}}}", &secret, NULL, cases, ARRAY_SIZE(cases));
	secret = secret_of(a, "token", "t", "address", "dt");
	reads(&dynatrace_provider, "{plugin: {sluice/dynatrace: {query: q}}}", &secret, NULL,
	    (const struct reading[]){
		{ "{}", "Secret argo-rollouts/dynatrace needs the keys token and address (http or https)",
		    MEASURED_ERROR, 0 } },
	    1);
	arena_free(a);
}

static void
points_of_google_are_numbers(void **state)
{
#define SERIES(x) "{\"pointData\":[{\"values\":[" x "]},{\"values\":[{\"doubleValue\":9}]}]}"
	static const struct reading cases[] = {
		{ "{\"timeSeriesData\":[" SERIES("{\"doubleValue\":0.5}") "]}", "0.5", MEASURED_VALUE, 0 },
		{ "{\"timeSeriesData\":[" SERIES("{\"int64Value\":\"7\"}") "]}", "7", MEASURED_VALUE, 0 },
		{ "{\"timeSeriesData\":[" SERIES("{\"boolValue\":true}") "," SERIES("{\"doubleValue\":2}") "]}",
		    "[1,2]", MEASURED_VALUE, 0 },
		{ "{\"timeSeriesData\":[" SERIES("{\"stringValue\":\"x\"}") "]}",
		    "Google Cloud Monitoring: a point is neither a number nor a boolean: [{\"stringValue\":\"x\"}]",
		    MEASURED_ERROR, 0 },
		{ "{}", "[]", MEASURED_NOTHING, 0 },
		{ "{\"nextPageToken\":\"t\"}", "", MEASURED_QUERY, 0 },
		{ "{\"error\":{\"message\":\"denied\"}}", "Google Cloud Monitoring: status 403: denied", MEASURED_ERROR,
		    403 },
	};
	static const char metric[] = "{plugin: {sluice/google-cloud-monitoring: {project: p, query: q}}}";
	struct response token = response(200, "{\"access_token\":\"t\"}"), none = response(404, "");

	(void)state;
	reads(&google_monitoring_provider, metric, &token, NULL, cases, ARRAY_SIZE(cases));
	reads(&google_monitoring_provider, metric, &none, NULL,
	    (const struct reading[]){
		{ "{}", "the metadata server of Google returned status 404 and no token", MEASURED_ERROR, 0 } },
	    1);
}

static void
a_hook_returns_a_value_or_a_phase(void **state)
{
	static const struct plugin_http http = { .url = "http://h" };
	static struct step_plugin plugin = { .name = "a/b", .http = &http };
	static const struct step_plugins plugins = { .metrics = { &plugin, 1 } };
	static const struct settings settings = { .step_plugins = &plugins };
	static const struct reading cases[] = {
		{ "{\"value\":{\"b\":1,\"a\":2}}", "{\"a\":2,\"b\":1}", MEASURED_VALUE, 0 },
		{ "{\"value\":null}", "null", MEASURED_NOTHING, 0 },
		{ "{\"phase\":\"Successful\"}", "", MEASURED_VALUE, 0 },
		{ "{\"phase\":\"Running\"}", "", MEASURED_RUNNING, 0 },
		{ "{\"phase\":\"Error\",\"message\":\"no\"}", "sluice/hook: no", MEASURED_ERROR, 0 },
		{ "{\"phase\":\"Done\"}",
		    "sluice/hook: the phase \"Done\" is not Running, Successful, Failed, Inconclusive or Error",
		    MEASURED_ERROR, 0 },
		{ "{}", "sluice/hook: the response has neither a value nor a phase", MEASURED_ERROR, 0 },
		{ "[]", "sluice/hook: the response is not a JSON object", MEASURED_ERROR, 0 },
		{ "gone", "sluice/hook: status 500: gone", MEASURED_ERROR, 500 },
	};
	static const char metric[] = "{plugin: {sluice/hook: {name: a/b}}}";

	(void)state;
	reads(&hook_provider, metric, NULL, &settings, cases, ARRAY_SIZE(cases));
	plugin.disabled = true;
	reads(&hook_provider, metric, NULL, &settings,
	    (const struct reading[]){ { "{}",
		"provider.plugin.sluice/hook.name: \"a/b\" is not declared under metricPlugins "
		"(controller --step-plugins)",
		MEASURED_ERROR, 0 } },
	    1);
	plugin.disabled = false;
}

/* Argo Rollouts requests the result of the judgment "<nil>". */
static void
a_judgment_of_kayenta_without_an_id_is_an_error(void **state)
{
	static const char *const cases[] = { "{}", "{\"canaryExecutionId\":null}", "{\"canaryExecutionId\":\"\"}",
		"[]" };
	struct arena *a = arena_new();
	const struct metric *m =
	    metric_of(a, "{kayenta: {address: 'http://k', canaryConfigName: c, threshold: {pass: 9, marginal: 7}}}");
	struct response config = response(200, "[{\"name\":\"c\",\"id\":\"i\"}]");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct response started = response(200, cases[i]);
		struct query_input in = { .now = 1000000, .responses = { &config, &started }, .n = 2 };
		struct step_result r = { 0 };

		assert_int_equal(kayenta_provider.step(m, &in, a, &r), MEASURED_ERROR);
		assert_string_equal(err_text(a, r.err), "Invalid canaryExecutionId");
	}
	arena_free(a);
}

/* Argo Rollouts ends at such a point, and does not show why Wavefront refused a query. */
static void
a_point_of_wavefront_without_a_value_is_an_error(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"timeseries\":[{\"data\":[[1]]}]}", "the point [1] of a series is not a time and a number" },
		{ "{\"timeseries\":[{\"data\":[[]]}]}", "the point [] of a series is not a time and a number" },
		{ "{\"timeseries\":[{\"data\":[7]}]}", "the point 7 of a series is not a time and a number" },
		{ "{\"errorType\":\"Syntax\",\"errorMessage\":\"bad query\"}",
		    "No TimeSeries found in response from Wavefront: bad query" },
	};
	struct arena *a = arena_new();
	struct response secret = secret_of(a, "w.example", "t", "other.example", "u");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct response got = response(200, cases[i][0]);
		struct query_input in = { .now = 1000000, .responses = { &secret, &got }, .n = 2 };
		struct step_result r = { 0 };

		assert_int_equal(
		    wavefront_provider.step(metric_of(a, "{wavefront: {address: w.example, query: q}}"), &in, a, &r),
		    MEASURED_ERROR);
		assert_string_equal(err_text(a, r.err), cases[i][1]);
	}
	arena_free(a);
}

static void
a_token_of_wavefront_is_sent_to_its_own_address_only(void **state)
{
	struct arena *a = arena_new();
	struct response secret = secret_of(a, "w.example", "t", "other.example", "u");
	struct query_input in = { .now = 1000000, .responses = { &secret }, .n = 1 };
	struct step_result r = { 0 }, none = { 0 };

	(void)state;
	assert_int_equal(
	    wavefront_provider.step(metric_of(a, "{wavefront: {address: other.example, query: q}}"), &in, a, &r),
	    MEASURED_QUERY);
	assert_true(str_starts(r.query.request.url, "https://other.example/api/v2/chart/api?"));
	assert_string_equal(r.query.request.headers[0].value, "Bearer u");
	assert_string_equal(r.hidden[0], "u");
	assert_int_equal(
	    wavefront_provider.step(metric_of(a, "{wavefront: {address: third.example, query: q}}"), &in, a, &none),
	    MEASURED_ERROR);
	assert_string_equal(err_text(a, none.err), "API token not found");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invalid_configurations_are_refused),
		cmocka_unit_test(new_relic_is_queried_four_times_with_growing_waits),
		cmocka_unit_test(new_relic_has_an_address_for_each_region),
		cmocka_unit_test(series_of_dynatrace_are_a_number_or_a_list),
		cmocka_unit_test(points_of_google_are_numbers),
		cmocka_unit_test(a_hook_returns_a_value_or_a_phase),
		cmocka_unit_test(all_pages_of_cloudwatch_are_read),
		cmocka_unit_test(a_judgment_of_kayenta_without_an_id_is_an_error),
		cmocka_unit_test(a_point_of_wavefront_without_a_value_is_an_error),
		cmocka_unit_test(a_token_of_wavefront_is_sent_to_its_own_address_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
