/* tests/unit/analysis/prometheus.c: the question that is asked, and the answers that Prometheus gives. */
#include "tests/unit/unit.h"
#include "analysis/provider.h"
#include "base/str.h"

static const struct prometheus_metric up = {
	.address = "http://prometheus:9090/", .query = "sum(rate(x[1m])) / 2", .timeout = { true, 5 }
};
static const struct metric metric = { .name = "x", .provider = { .prometheus = &up } };

static void
it_asks_an_instant_query(void **state)
{
	struct arena *a = arena_new();
	struct question q = { 0 };
	struct value v;
	struct err *e = NULL;

	(void)state;
	assert_int_equal(prometheus_provider.step(&metric, NULL, a, &q, &v, &e), MEASURED_ASK);
	assert_string_equal(q.method, "POST");
	assert_string_equal(q.url, "http://prometheus:9090/api/v1/query");
	assert_string_equal(q.body, "query=sum%28rate%28x%5B1m%5D%29%29%20%2F%202");
	assert_string_equal(q.content_type, "application/x-www-form-urlencoded");
	assert_int_equal(q.timeout_ms, 5000);
	assert_true(q.answer_max > 0);
	arena_free(a);
}

#define OK(type, result) "{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":" result "}}"

static void
values_errors_and_no_data_are_told_apart(void **state)
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
		{ 503, "<html>no</html>", MEASURED_ERROR, "prometheus: answered 503: <html>no</html>" },
		{ 200, "", MEASURED_ERROR, "prometheus: answered 200: " },
		{ 302, "", MEASURED_ERROR, "prometheus: answered 302: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct answer got = { .status = cases[i].status, .body = { cases[i].body, strlen(cases[i].body) } };
		struct question q;
		struct value v = { 0 };
		struct err *e = NULL;
		enum measured m = prometheus_provider.step(&metric, &got, a, &q, &v, &e);
		const char *text;

		if (m != cases[i].want)
			fail_msg("case %zu: got %d, want %d", i, m, cases[i].want);
		text = m == MEASURED_ERROR ? err_text(a, e) : value_text(a, &v);
		if (m == MEASURED_ERROR ? strstr(text, cases[i].text) == NULL : strcmp(text, cases[i].text) != 0)
			fail_msg("case %zu: got %s, want %s", i, text, cases[i].text);
		arena_free(a);
	}
}

static void
a_server_that_is_not_reached_is_an_error_that_names_it(void **state)
{
	struct arena *a = arena_new();
	struct answer got = { .err = err_new(a, ERR_AGAIN, "Connection refused") };
	struct question q;
	struct value v;
	struct err *e = NULL;

	(void)state;
	assert_int_equal(prometheus_provider.step(&metric, &got, a, &q, &v, &e), MEASURED_ERROR);
	assert_string_equal(err_text(a, e), "prometheus http://prometheus:9090/: Connection refused");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_asks_an_instant_query),
		cmocka_unit_test(values_errors_and_no_data_are_told_apart),
		cmocka_unit_test(a_server_that_is_not_reached_is_an_error_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
