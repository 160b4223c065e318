/* tests/unit/kube/yaml.c: YAML is read as Kubernetes reads it, and errors name line and column. */
#include "tests/unit/unit.h"
#include "base/rand.h"
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
		{ "[y, N, yes, Off]", "[\"y\",\"N\",true,false]" },
		{ "[1_000, 0o17, 09, 1e3, 1.0, .5, +5, -0x1F]", "[1000,15,9,1000,1,0.5,5,-31]" },
		{ "[2026-01-01, \"12:30\", 12:30:45, 0x, 1e400, _1, --5]",
		    "[\"2026-01-01\",\"12:30\",\"12:30:45\",\"0x\",\"1e400\",\"_1\",\"--5\"]" },
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
to_kubernetes_y_and_n_are_booleans(void **state)
{
	static const char text[] = "[y, N, Y, n, yes, \"y\", 2026-01-01]";
	struct arena *a = arena_new();
	json_t *docs = NULL;

	(void)state;
	assert_null(yaml_parse_as(a, text, strlen(text), YAML_KUBERNETES, &docs));
	assert_string_equal(json_text(a, json_array_get(docs, 0)), "[true,false,true,false,true,\"y\",\"2026-01-01\"]");
	json_decref(docs);
	arena_free(a);
}

static void
kubernetes_reads_bare_keys_as_values(void **state)
{
	static const char text[] = "{yes: 1, off: 2, 010: 3, 0x10: 4, 1.50: 5, 'on': 6, !!str no: 7, 2026-01-01: 8}";
	static const char want[] =
	    "{\"1.5\":5,\"16\":4,\"2026-01-01\":8,\"8\":3,\"false\":2,\"no\":7,\"on\":6,\"true\":1}";
	static const char *const refused[] = { "~: 1", ": 1", "null: 1", "{yes: 1, 'true': 2}", "{y: 1, on: 2}" };
	struct arena *a = arena_new();
	json_t *docs = NULL;

	(void)state;
	assert_null(yaml_parse_as(a, text, strlen(text), YAML_KUBERNETES, &docs));
	assert_string_equal(json_text_go(a, json_array_get(docs, 0)), want);
	json_decref(docs);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_non_null(yaml_parse_as(a, refused[i], strlen(refused[i]), YAML_KUBERNETES, &docs));
	arena_free(a);
}

/* The output of kubectl kustomize (kustomize 5.5). */
static void
kustomize_takes_words_for_text_and_dates_for_times(void **state)
{
	static const char text[] =
	    "[y, No, on, true, 010, 1_000, 2026-01-01, 2001-1-2T3:4:5.50+02:00, 2026-01-01 01:02:03, 2026-02-30]";
	static const char want[] =
	    "[\"y\",\"No\",\"on\",true,8,1000,\"2026-01-01T00:00:00Z\",\"2001-01-02T03:04:05.5+02:00\","
	    "\"2026-01-01T01:02:03Z\",\"2026-02-30\"]";
	struct arena *a = arena_new();
	json_t *docs = NULL;

	(void)state;
	assert_null(yaml_parse_as(a, text, strlen(text), YAML_KUSTOMIZE, &docs));
	assert_string_equal(json_text(a, json_array_get(docs, 0)), want);
	json_decref(docs);
	arena_free(a);
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
		{ "a: b\nc: \001\n", "line 2, column 4: control characters are not allowed" },
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

/* The value as YAML, read by both readers. */
static void
check_round_trip(const json_t *value)
{
	struct arena *a = arena_new();
	const char *text = yaml_text(a, value);

	for (enum yaml_words words = YAML_DEFAULT; words <= YAML_KUSTOMIZE; words++) {
		json_t *docs = NULL;
		struct err *e = yaml_parse_as(a, text, strlen(text), words, &docs);

		if (e != NULL || json_array_size(docs) != 1 || !json_equal(json_array_get(docs, 0), value))
			fail_msg("%s reads back as %s\n%s", json_text(a, value),
			    e != NULL ? err_text(a, e) : json_text(a, docs), text);
		json_decref(docs);
	}
	arena_free(a);
}

/* Strings of pieces that mean something to YAML: as values, in lists, and as keys. */
static void
any_string_reads_back(void **state)
{
	static const char *const pieces[] = { "y", "N", "yes", "No", "ON", "off", "true", "null", "~", "1_000", "0_1",
		"010", "0o10", "0x1F", "1e3", ".5", "-", "+", ".", "..", ".inf", ".NaN", "2026-01-01", "12:30", "=",
		"<<", "---", ":", ": ", "#", " #", "{", "}", "[", "]", ",", "&a", "*a", "!a", "|", ">", "'", "\"", "%",
		"@", "`", "\\", "\t", " ", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xc3\xa9",
		"\xf0\x9f\x98\x80", "\x01", "\x7f", "a", "${n}", "?", "? ", "- " };
	struct rand_stream r = rand_stream(1, "yaml");

	(void)state;
	for (size_t i = 0; i < 6000; i++) {
		struct str s;
		json_t *value;

		str_init(&s, 256);
		for (size_t n = i < ARRAY_SIZE(pieces) ? 1 : 1 + i % 4; n > 0; n--)
			str_adds(&s, pieces[i < ARRAY_SIZE(pieces) ? i : rand_below(&r, ARRAY_SIZE(pieces))]);
		value = json_pack("{s:s, s:[s,[s]], s:{s:s}}", "k", str_text(&s), "l", str_text(&s), str_text(&s), "m",
		    str_text(&s), str_text(&s));
		check_round_trip(value);
		json_decref(value);
		str_done(&s);
	}
}

static void
numbers_read_back(void **state)
{
	static const double numbers[] = { 0.1, 1e-7, 1e21, 1234567.5, -0.5, 1.7976931348623157e308, 5e-324,
		123456789012.25 };
	json_t *list = json_array();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_array_append_new(list, json_real(numbers[i]));
	json_array_append_new(list, json_integer(INT64_MIN));
	json_array_append_new(list, json_integer(INT64_MAX));
	check_round_trip(list);
	json_decref(list);
}

/* The styles are those of kubectl and kustomize. */
static void
scalars_are_written_as_kustomize_writes_them(void **state)
{
	static const char *const cases[][2] = { { "on", "\"on\"" }, { "N", "\"N\"" }, { "1_000", "\"1_000\"" },
		{ "1:20", "\"1:20\"" }, { "", "\"\"" }, { "a b", "a b" }, { "x:y#z", "x:y#z" }, { "-x", "-x" },
		{ "${n}", "${n}" }, { "a: b", "'a: b'" }, { "it's", "it's" }, { "'", "''''" }, { " a", "' a'" },
		{ "a #b", "'a #b'" }, { "*", "'*'" }, { "a\tb", "\"a\\tb\"" }, { "a\nb", "|-\n  a\n  b" },
		{ "a\n", "|\n  a" }, { "a\n\n", "|+\n  a\n" }, { " a\n", "|2\n   a" }, { "a \nb", "\"a \\nb\"" },
		{ "\xc3\xa9", "\xc3\xa9" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *value = json_pack("{s:s}", "k", cases[i][0]);

		assert_string_equal(yaml_text(a, value), arena_printf(a, "k: %s\n", cases[i][1]));
		json_decref(value);
		arena_free(a);
	}
}

/* As go-yaml has them, but for tags that it does not know, which are an error here. */
static void
explicit_tags_count(void **state)
{
	static const char *const cases[][2] = {
		{ "[!!str 1, !!str true, !!str 0x1F, !!str 1.50, !!str, !!str ~, ! 12]",
		    "[\"1\",\"true\",\"0x1F\",\"1.50\",\"\",\"~\",\"12\"]" },
		{ "[!!int \"80\", !!int 0x1e, !!float \"1.5\", !!float 3, !!bool \"true\", !!null '', !!null ~]",
		    "[80,30,1.5,3,true,null,null]" },
		{ "a: !!binary |\n  aGVs\n  bG8=\nb: !!map {c: !!seq [1]}\n!!str c: é\nd: !!str 2\n",
		    "{\"a\":\"hello\",\"b\":{\"c\":[1]},\"c\":\"é\",\"d\":\"2\"}" },
		{ "é: &x !!str 1\nb: *x\nc: !<tag:yaml.org,2002:str> 5\n", "{\"é\":\"1\",\"b\":\"1\",\"c\":\"5\"}" },
		{ "a: !!timestamp 2001-12-14\nb: 'not ! a tag'\nc: a!b",
		    "{\"a\":\"2001-12-14T00:00:00Z\",\"b\":\"not ! a tag\",\"c\":\"a!b\"}" },
		{ "%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\n", "{\"a\":\"1\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *got, *want;

		got = yaml(a, cases[i][0]);
		want = json_loads(cases[i][1], 0, NULL);
		if (!json_equal(got, want))
			fail_msg("%s: got %s, want %s", cases[i][0], json_text(a, got), cases[i][1]);
		json_decref(got);
		json_decref(want);
		arena_free(a);
	}
}

static void
tags_that_are_unknown_or_wrong_are_errors(void **state)
{
	static const char *const cases[][2] = {
		{ "a: !Ref x", "line 1, column 4: the tag !Ref is not known here; known are !!str" },
		{ "a:\n  b: !!set {c: }", "line 2, column 6: the tag !!set is not known here" },
		{ "a: !!int x", "line 1, column 4: \"x\" is not a value of the tag !!int" },
		{ "a: !!int 1.0", "is not a value of the tag !!int" },
		{ "a: !!bool 1", "is not a value of the tag !!bool" },
		{ "a: !!float abc", "is not a value of the tag !!float" },
		{ "a: !!null x", "is not a value of the tag !!null" },
		{ "a: !!timestamp tomorrow", "is not a value of the tag !!timestamp" },
		{ "a: !!binary '***'", "line 1, column 4: the value of !!binary is no base64" },
		{ "a: !!binary /w==", "the value of !!binary is no UTF-8" },
		{ "a: !!map [b]", "the tag !!map is not known here" },
		{ "a: !!seq {b: c}", "the tag !!seq is not known here" },
		{ "a: !!str [b]", "the tag !!str is not known here" },
		{ "!!int 1: b", "the tag !!int is not known here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *docs = NULL;
		struct err *e = yaml_parse(a, cases[i][0], strlen(cases[i][0]), &docs);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg(
			    "%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][1]);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_kubernetes_y_and_n_are_booleans),
		cmocka_unit_test(kubernetes_reads_bare_keys_as_values),
		cmocka_unit_test(kustomize_takes_words_for_text_and_dates_for_times),
		cmocka_unit_test(explicit_tags_count),
		cmocka_unit_test(tags_that_are_unknown_or_wrong_are_errors),
		cmocka_unit_test(any_string_reads_back),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test(scalars_are_written_as_kustomize_writes_them),
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
