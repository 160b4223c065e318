/* tests/unit/gitops/protocol.c: the worker's request and response, as text and as structs. */
#include "gitops/protocol.h"
#include "tests/unit/unit.h"

/* Decodes the text and encodes the struct. */
static const char *
again(struct arena *a, const struct type *t, const char *text)
{
	void *decoded = arena_alloc(a, t->size);
	struct err *e = worker_decode(a, t, text, strlen(text), decoded);

	return e != NULL ? err_text(a, e) : worker_encode(a, t, decoded);
}

static void
check(const struct type *t, const char *text, const char *want)
{
	struct arena *a = arena_new();

	assert_string_equal(again(a, t, text), want);
	arena_free(a);
}

static void
a_request_survives_decoding_and_encoding(void **state)
{
	static const char *const all[] = {
		"{\"repository\":{\"url\":\"u\",\"revision\":\"refs/heads/main\",\"secret\":{\"namespace\":\"a\","
		"\"name\":\"s\"}}}",
		"{\"application\":{\"metadata\":{\"name\":\"web\",\"namespace\":\"argocd\"},\"spec\":{\"project\":"
		"\"p\","
		"\"source\":{\"repoURL\":\"u\",\"path\":\"deploy\"},\"destination\":{\"name\":\"in-cluster\"}}},"
		"\"namespace\":\"argocd\",\"known\":[{\"version\":\"v1\",\"kind\":\"Service\",\"namespace\":\"shop\","
		"\"name\":\"web\"}],\"revision\":\"abc\",\"operation\":{\"id\":\"1-0\",\"prune\":true,\"options\":["
		"\"Prune=false\"],\"selected\":[{\"kind\":\"Service\",\"name\":\"web\"}],\"results\":[{\"group\":\"\","
		"\"version\":\"v1\",\"kind\":\"Namespace\",\"namespace\":\"\",\"name\":\"shop\",\"status\":\"Synced\","
		"\"syncPhase\":\"Sync\"}]},\"held\":{\"shop/web\":\"it was aborted\"},\"diff\":true}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(&worker_request_type, all[i], all[i]);
}

static void
a_response_survives_decoding_and_encoding(void **state)
{
	static const char *const all[] = {
		"{\"revision\":\"abc\",\"sourceType\":\"Directory\",\"resources\":[{\"version\":\"v1\",\"kind\":"
		"\"Service\",\"name\":\"web\",\"status\":\"OutOfSync\",\"health\":{\"status\":\"Missing\"},\"hook\":"
		"true,"
		"\"syncWave\":-1}],\"images\":[\"i:1\"],\"warnings\":[{\"type\":\"T\",\"message\":\"m\"}],"
		"\"operation\":{"
		"\"phase\":\"Running\",\"message\":\"waiting\",\"wait\":1000}}",
		"{\"error\":{\"type\":\"ComparisonError\",\"message\":\"no path\",\"again\":true},\"resources\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(&worker_response_type, all[i], all[i]);
}

static void
an_error_names_the_field_that_is_wrong(void **state)
{
	static const char *const all[][2] = {
		{ "[]", "request: [] is not an object" },
		{ "{\"known\":{}}", "known: {} is not a list" },
		{ "{\"repository\":{\"revision\":\"main\"}}", "repository.url: required, but missing" },
		{ "{\"operation\":{\"results\":[{\"kind\":1}]}}", "operation.results[0].kind: 1 is not a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(&worker_request_type, all[i][0], all[i][1]);
}

static void
a_struct_is_zero_where_its_text_is_no_json(void **state)
{
	struct arena *a = arena_new();
	struct worker_response r = { .revision = "before" };

	(void)state;
	assert_non_null(worker_decode(a, &worker_response_type, "{", 1, &r));
	assert_null(r.revision);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_survives_decoding_and_encoding),
		cmocka_unit_test(a_response_survives_decoding_and_encoding),
		cmocka_unit_test(an_error_names_the_field_that_is_wrong),
		cmocka_unit_test(a_struct_is_zero_where_its_text_is_no_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
