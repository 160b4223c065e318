/* tests/unit/analysis/web.c: queries to web services, their responses, and JSONPath. */
#include "tests/unit/unit.h"
#include "analysis/jsonpath.h"
#include "analysis/provider.h"
#include "base/str.h"

static const struct query_input nothing;

static void
a_web_query_is_as_the_metric_specifies(void **state)
{
	static struct metric_header headers[] = { { "X-Key", "k" } };
	static const struct web_metric w = { .method = "POST",
		.url = "https://example.com/q",
		.json_body = "{\"a\":1}",
		.timeout_seconds = { true, 3 },
		.headers = { headers, 1 } };
	static const struct metric m = { .name = "x", .provider = { .web = &w } };
	struct arena *a = arena_new();
	struct step_result r = { 0 };

	(void)state;
	assert_null(web_provider.check(a, &m));
	assert_int_equal(web_provider.step(&m, &nothing, a, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.method, "POST");
	assert_string_equal(r.query.request.url, "https://example.com/q");
	assert_string_equal(r.query.request.body, "{\"a\":1}");
	assert_string_equal(r.query.request.content_type, "application/json");
	assert_int_equal(r.query.request.timeout_ms, 3000);
	assert_int_equal(r.query.request.n_headers, 1);
	assert_true(r.query.request.outside_only);
	assert_true(r.query.request.response_max > 0 && r.query.request.redirects_max > 0);
	arena_free(a);
}

static void
a_web_query_has_the_basic_auth_of_the_metric(void **state)
{
	static const struct basic_auth basic = { "Aladdin", "open sesame" };
	static const struct metric_authentication auth = { .basic_auth = &basic };
	static const struct web_metric w = { .url = "https://example.com/q", .authentication = &auth };
	static const struct metric m = { .name = "x", .provider = { .web = &w } };
	struct arena *a = arena_new();
	struct step_result r = { 0 };

	(void)state;
	assert_null(web_provider.check(a, &m));
	assert_int_equal(web_provider.step(&m, &nothing, a, &r), MEASURED_QUERY);
	assert_int_equal(r.query.request.n_headers, 1);
	assert_string_equal(
	    r.query.request.headers[0].value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); /* RFC 7617, section 2 */
	arena_free(a);
}

static void
an_invalid_web_metric_is_an_error_before_it_is_measured(void **state)
{
	static const struct {
		struct web_metric web;
		const char *want;
	} cases[] = {
		{ { .url = "file:///etc/passwd" }, "neither http:// nor https://" },
		{ { .url = "http://x", .body = "a" }, "a GET has none" },
		{ { .url = "http://x", .method = "PUT", .body = "a", .json_body = "{}" }, "not both" },
		{ { .url = "http://x", .json_path = "{.a[}" }, "jsonPath `{.a[}`: at character 5" },
		{ { .url = "http://x", .json_path = "{.a[?(@.b)]}" }, "filters are not supported" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct metric m = { .name = "x", .provider = { .web = &cases[i].web } };
		struct arena *a = arena_new();
		struct err *e = web_provider.check(a, &m);

		assert_non_null(e);
		if (strstr(err_text(a, e), cases[i].want) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", err_text(a, e), cases[i].want);
		arena_free(a);
	}
}

static void
responses_are_values_texts_or_errors(void **state)
{
	static const struct {
		const char *path, *body;
		int status;
		enum measured how;
		const char *want;
	} cases[] = {
		{ NULL, "{\"ok\":true}", 200, MEASURED_VALUE, "{\"ok\":true}" },
		{ "{$.data.rate}", "{\"data\":{\"rate\":0.5}}", 200, MEASURED_VALUE, "0.5" },
		{ "{$.a[1]}", "{\"a\":[1,2]}", 201, MEASURED_VALUE, "2" },
		{ NULL, "fine", 200, MEASURED_VALUE, "fine" },
		{ "{$}", "fine", 200, MEASURED_VALUE, "fine" },
		{ "{$.a}", "fine", 200, MEASURED_ERROR, "the response is not JSON" },
		{ "{$.a}", "{\"a\":1,\"b", 200, MEASURED_ERROR, "the response is not JSON" },
		{ "{$.a}", "{\"a\":1,\"a\":2}", 200, MEASURED_ERROR, "duplicate object key" },
		{ "{$.b}", "{\"a\":1}", 200, MEASURED_ERROR, "finds nothing" },
		{ NULL, "gone", 503, MEASURED_ERROR, "status 503: gone" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct web_metric w = { .url = "http://x", .json_path = cases[i].path };
		struct metric m = { .name = "x", .provider = { .web = &w } };
		struct response got = { .status = cases[i].status, .body = { cases[i].body, strlen(cases[i].body) } };
		struct query_input in = { .responses = { &got }, .n = 1 };
		struct arena *a = arena_new();
		struct step_result r = { 0 };
		const char *text;

		assert_int_equal(web_provider.step(&m, &in, a, &r), cases[i].how);
		text = r.err != NULL ? err_text(a, r.err) : value_text(a, &r.value);
		if (strstr(text, cases[i].want) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", text, cases[i].want);
		arena_free(a);
	}
}

static void
jsonpath_finds_what_kubernetes_finds(void **state)
{
	static const char document[] =
	    "{\"a\":{\"b\":[10,20,{\"c\":\"x\"}],\"d.e\":1},\"list\":[{\"n\":1},{\"m\":2}],\"z\":null}";
	static const struct {
		const char *path, *want; /* NULL: no value; "!…": an error with this text */
	} cases[] = {
		{ "{$.a.b[0]}", "10" },
		{ "{.a.b[-1].c}", "\"x\"" },
		{ "$.a.b[1]", "20" },
		{ "{.a['d.e']}", "1" },
		{ "{.a.d\\.e}", "1" },
		{ "{.list[*].m}", "2" },
		{ "{..c}", "\"x\"" },
		{ "{$}", "{" },
		{ "{.z}", "null" },
		{ "{.a.b[7]}", NULL },
		{ "{.nothing.at.all}", NULL },
		{ "{.a", "!brace" },
		{ "{.a.b[1:2]}", "!ranges" },
		{ "{.a b}", "!'.' or '['" },
		{ "{.a['b]}", "!not closed" },
		{ "", "{" },
	};
	struct arena *a = arena_new();
	json_t *doc = json_loads(document, 0, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const json_t *found = NULL;
		struct err *e = jsonpath_first(a, cases[i].path, doc, &found);
		const char *text = e != NULL ? err_text(a, e) : found != NULL ? json_text(a, found) : NULL;
		const char *want = cases[i].want;

		if (want != NULL && want[0] == '!')
			assert_non_null(e);
		if (want == NULL ? text != NULL : text == NULL || strstr(text, want + (want[0] == '!')) == NULL)
			fail_msg("%s: %s, not %s", cases[i].path, text != NULL ? text : "nothing",
			    want != NULL ? want : "nothing");
	}
	json_decref(doc);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_web_query_is_as_the_metric_specifies),
		cmocka_unit_test(a_web_query_has_the_basic_auth_of_the_metric),
		cmocka_unit_test(an_invalid_web_metric_is_an_error_before_it_is_measured),
		cmocka_unit_test(responses_are_values_texts_or_errors),
		cmocka_unit_test(jsonpath_finds_what_kubernetes_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
