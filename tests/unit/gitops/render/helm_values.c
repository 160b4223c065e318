/* tests/unit/gitops/render/helm_values.c: values of a release are merged, and single ones are set by their path. */
#include "gitops/render/helm_values.h"
#include "tests/unit/unit.h"

static void
maps_are_merged_and_all_else_is_replaced(void **state)
{
	struct arena *a = arena_new();
	json_t *to = yaml(a, "{a: {b: 1, c: [1, 2]}, d: text, e: {f: 1}}"),
	       *from = yaml(a, "{a: {c: [3], g: null}, d: {h: 1}, e: 5}");

	(void)state;
	helm_values_merge(to, from);
	assert_string_equal(json_text(a, to), "{\"a\":{\"b\":1,\"c\":[3],\"g\":null},\"d\":{\"h\":1},\"e\":5}");
	json_decref(to);
	json_decref(from);
	arena_free(a);
}

static void
one_value_is_set_as_by_helm(void **state)
{
	static const struct {
		const char *path, *text;
		bool literal;
		const char *want; /* NULL: it is an error */
	} cases[] = {
		{ "a", "text", false, "{\"a\":\"text\"}" },
		{ "a.b", "true", false, "{\"a\":{\"b\":true}}" },
		{ "a.b", "-12", false, "{\"a\":{\"b\":-12}}" },
		{ "a", "0", false, "{\"a\":0}" },
		{ "a", "0700", false, "{\"a\":\"0700\"}" },
		{ "a", "1.5", false, "{\"a\":\"1.5\"}" },
		{ "a", "null", false, "{\"a\":null}" },
		{ "a", "", false, "{\"a\":\"\"}" },
		{ "a", "\"12\"", false, "{\"a\":\"12\"}" },
		{ "a", "'true'", false, "{\"a\":\"true\"}" },
		{ "a", "{x,2,true}", false, "{\"a\":[\"x\",2,true]}" },
		{ "a", "x\\,y", false, "{\"a\":\"x,y\"}" },
		{ "a", "x,b=y", false, NULL },
		{ "a", "x,{y}", true, "{\"a\":\"x,{y}\"}" },
		{ "a", "12", true, "{\"a\":\"12\"}" },
		{ "a[1].b", "x", false, "{\"a\":[null,{\"b\":\"x\"}]}" },
		{ "a[0][1]", "x", false, "{\"a\":[[null,\"x\"]]}" },
		{ "a\\.b/c", "x", false, "{\"a.b/c\":\"x\"}" },
		{ "", "x", false, NULL },
		{ "a.", "x", false, NULL },
		{ ".a", "x", false, NULL },
		{ "a[x]", "x", false, NULL },
		{ "a[1025]", "x", false, NULL },
		{ "a[1", "x", false, NULL },
		{ "a[1]b", "x", false, NULL },
		{ "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", "x", false, NULL },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *to = json_object();
		struct err *e = helm_values_set(a, to, cases[i].path, cases[i].text, cases[i].literal);

		print_message("%s=%s\n", cases[i].path, cases[i].text);
		if (cases[i].want == NULL)
			assert_non_null(e);
		else
			assert_string_equal(json_text(a, to), cases[i].want);
		json_decref(to);
	}
	arena_free(a);
}

static void
a_digest_does_not_depend_on_the_order_of_keys(void **state)
{
	struct arena *a = arena_new();
	json_t *x = yaml(a, "{a: 1, b: {c: 2, d: 3}}"), *y = yaml(a, "{b: {d: 3, c: 2}, a: 1}"), *z = yaml(a, "{a: 2}");

	(void)state;
	assert_string_equal(helm_values_digest(a, x), helm_values_digest(a, y));
	assert_string_not_equal(helm_values_digest(a, x), helm_values_digest(a, z));
	json_decref(x);
	json_decref(y);
	json_decref(z);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_merged_and_all_else_is_replaced),
		cmocka_unit_test(one_value_is_set_as_by_helm),
		cmocka_unit_test(a_digest_does_not_depend_on_the_order_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
