/* tests/unit/kube/yaml.c: YAML is read as Kubernetes reads it, and what is wrong is told by line and column. */
#include "tests/unit/unit.h"
#include "base/str.h"

static void
scalars_are_yaml_1_1(void **state)
{
	static const char *const cases[][2] = {
		{ "a: on", "{\"a\":true}" },
		{ "a: No", "{\"a\":false}" },
		{ "a: \"on\"", "{\"a\":\"on\"}" },
		{ "a: ~", "{\"a\":null}" },
		{ "a:", "{\"a\":null}" },
		{ "a: 010", "{\"a\":8}" },
		{ "a: 0x1f", "{\"a\":31}" },
		{ "a: 0b101", "{\"a\":5}" },
		{ "a: 1.50", "{\"a\":1.5}" },
		{ "a: -7", "{\"a\":-7}" },
		{ "a: 1h", "{\"a\":\"1h\"}" },
		{ "a: v1.2.3", "{\"a\":\"v1.2.3\"}" },
		{ "a: 99999999999999999999", "{\"a\":1e20}" },
		{ "on: 1", "{\"on\":1}" },
		{ "[1, {b: c}]", "[1,{\"b\":\"c\"}]" },
		{ "a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}" },
		{ "a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *got = yaml(a, cases[i][0]), *want = json_loads(cases[i][1], 0, NULL);

		if (!json_equal(got, want))
			fail_msg("%s: got %s, want %s", cases[i][0], json_text(a, got), cases[i][1]);
		json_decref(got);
		json_decref(want);
		arena_free(a);
	}
}

static void
errors_name_line_and_column(void **state)
{
	static const char *const cases[][2] = {
		{ "a: 1\nb: 2\na: 3\n", "line 3, column 1: key \"a\" is there twice" },
		{ "a:\n  - b\n c\n", "line 3" },
		{ "a: [1, 2\n", "line 2" },
		{ "? [x]\n: y\n", "line 1, column 3: a key must be a scalar" },
		{ "\ta: 1\n", "line 1, column 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *docs = NULL;
		struct err *e = yaml_parse(a, cases[i][0], strlen(cases[i][0]), &docs);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg(
			    "%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][1]);
		assert_null(docs);
		arena_free(a);
	}
}

static void
aliases_do_not_explode(void **state)
{
	static const char bomb[] = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
				   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
				   "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
	struct arena *a = arena_new();
	json_t *docs = NULL;
	struct err *e = yaml_parse(a, bomb, strlen(bomb), &docs);

	(void)state;
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "more than 200000 values"));
	arena_free(a);
}

static void
merge_keys_add_what_is_not_there(void **state)
{
	static const char *const cases[][2] = {
		{ "base: &b {a: 1, c: 2}\nx:\n  <<: *b\n  a: 3\n",
		    "{\"base\":{\"a\":1,\"c\":2},\"x\":{\"a\":3,\"c\":2}}" },
		{ "x: {a: 3, <<: {a: 1, b: {c: 1}}}\n", "{\"x\":{\"a\":3,\"b\":{\"c\":1}}}" },
		{ "x: {<<: [{a: 1}, {a: 2, b: 2}]}\n", "{\"x\":{\"a\":1,\"b\":2}}" },
		{ "x: {\"<<\": 1}\n", "{\"x\":{\"<<\":1}}" },
	};
	static const char *const wrong[] = { "x: {<<: 1}\n", "x: {<<: [1]}\n", "x: {<<: &a [*a, *a]}\n",
		"x: &a {<<: *a}\n" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *got = yaml(a, cases[i][0]);

		assert_string_equal(json_text(a, got), cases[i][1]);
		json_decref(got);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		json_t *docs = NULL;

		assert_non_null(yaml_parse(a, wrong[i], strlen(wrong[i]), &docs));
	}
	arena_free(a);
}

static void
nesting_is_bounded(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 64];
	struct arena *a = arena_new();
	json_t *docs = NULL;
	struct err *e;

	(void)state;
	memset(deep, '[', sizeof(deep) / 2);
	memset(deep + sizeof(deep) / 2, ']', sizeof(deep) / 2);
	e = yaml_parse(a, deep, sizeof(deep) / 2 * 2, &docs);
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "nested deeper"));
	arena_free(a);
}

static void
documents_are_separate_and_empty_ones_left_out(void **state)
{
	static const char text[] = "---\na: 1\n---\n# nothing\n---\nb: 2\n...\n";
	struct arena *a = arena_new();
	json_t *docs = NULL;

	(void)state;
	assert_null(yaml_parse(a, text, strlen(text), &docs));
	assert_int_equal(json_array_size(docs), 2);
	json_decref(docs);
	arena_free(a);
}

static void
what_is_written_reads_back(void **state)
{
	static const char text[] =
	    "{\"a\":\"on\",\"b\":\"1\",\"c\":[{\"d\":1,\"e\":[]},\"x y\",[1,2]],\"f\":{},\"g\":\"line\\nline\","
	    "\"h\":1.5,\"i\":null,\"j\":true,\"on\":1,\"a: b\":{\"1\":2}}";
	struct arena *a = arena_new();
	json_t *j = json_loads(text, 0, NULL), *back = yaml(a, yaml_text(a, j));

	(void)state;
	if (!json_equal(j, back))
		fail_msg("got %s from\n%s", json_text(a, back), yaml_text(a, j));
	json_decref(back);
	json_decref(j);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_yaml_1_1),
		cmocka_unit_test(errors_name_line_and_column),
		cmocka_unit_test(aliases_do_not_explode),
		cmocka_unit_test(merge_keys_add_what_is_not_there),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(documents_are_separate_and_empty_ones_left_out),
		cmocka_unit_test(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
