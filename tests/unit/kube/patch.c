/* tests/unit/kube/patch.c: patches, selectors, JSON as Go writes it. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/patch.h"
#include "kube/api/selector.h"

#define IS(a, got, want)                                                                                               \
	do {                                                                                                           \
		json_t *want_ = json_loads(want, JSON_DECODE_ANY, NULL);                                               \
		if (!json_equal(got, want_))                                                                           \
			fail_msg("got %s, want %s", json_text(a, got), want);                                          \
		json_decref(want_);                                                                                    \
	} while (0)

static void
a_merge_patch_turns_one_into_the_other(void **state)
{
	static const char *const cases[][3] = {
		{ "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{\"a\":1,\"b\":{\"c\":4}}", "{\"b\":{\"c\":4,\"d\":null}}" },
		{ "{\"a\":[1,2]}", "{\"a\":[1,3]}", "{\"a\":[1,3]}" },
		{ "{\"a\":1}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}" },
		{ "{\"a\":{\"b\":1}}", "{}", "{\"a\":null}" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *from = json_loads(cases[i][0], 0, NULL), *to = json_loads(cases[i][1], 0, NULL);
		json_t *patch = merge_patch_diff(from, to);

		IS(a, patch, cases[i][2]);
		from = merge_patch_apply(from, patch);
		IS(a, from, cases[i][1]);
		assert_null(merge_patch_diff(from, to));
		json_decref(patch);
		json_decref(from);
		json_decref(to);
	}
	arena_free(a);
}

static void
a_json_patch_is_done_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *patch, *want; /* want NULL: refused */
		enum err_class class;
	} cases[] = {
		{ "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":9}]", "{\"l\":[1,9,2],\"m/n\":{\"~\":1}}", 0 },
		{ "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":9}]", "{\"l\":[1,2,9],\"m/n\":{\"~\":1}}", 0 },
		{ "[{\"op\":\"replace\",\"path\":\"/m~1n/~0\",\"value\":2}]", "{\"l\":[1,2],\"m/n\":{\"~\":2}}", 0 },
		{ "[{\"op\":\"remove\",\"path\":\"/l/0\"},{\"op\":\"test\",\"path\":\"/l/0\",\"value\":2}]",
		    "{\"l\":[2],\"m/n\":{\"~\":1}}", 0 },
		{ "[{\"op\":\"move\",\"from\":\"/l\",\"path\":\"/k\"}]", "{\"k\":[1,2],\"m/n\":{\"~\":1}}", 0 },
		{ "[{\"op\":\"copy\",\"from\":\"/l/1\",\"path\":\"/k\"}]", "{\"k\":2,\"l\":[1,2],\"m/n\":{\"~\":1}}",
		    0 },
		{ "[{\"op\":\"remove\",\"path\":\"/l\"},{\"op\":\"test\",\"path\":\"/m~1n/~0\",\"value\":2}]", NULL,
		    ERR_CONFLICT },
		{ "[{\"op\":\"replace\",\"path\":\"/none\",\"value\":2}]", NULL, ERR_INVALID },
		{ "[{\"op\":\"add\",\"path\":\"/l/7\",\"value\":2}]", NULL, ERR_INVALID },
		{ "[{\"op\":\"remove\",\"path\":\"/none\"}]", NULL, ERR_INVALID },
		{ "[{\"op\":\"frob\",\"path\":\"/l\",\"value\":1}]", NULL, ERR_INVALID },
		{ "{}", NULL, ERR_INVALID },
	};
	static const char before[] = "{\"l\":[1,2],\"m/n\":{\"~\":1}}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *doc = json_loads(before, 0, NULL), *patch = json_loads(cases[i].patch, 0, NULL);
		struct err *e = json_patch_apply(a, &doc, patch);

		if ((e == NULL) != (cases[i].want != NULL))
			fail_msg("%s: %s", cases[i].patch, e != NULL ? err_text(a, e) : "was done");
		IS(a, doc, cases[i].want != NULL ? cases[i].want : before);
		if (e != NULL)
			assert_int_equal(e->class, cases[i].class);
		json_decref(doc);
		json_decref(patch);
		arena_free(a);
	}
}

static void
a_strategic_patch_merges_lists_by_their_keys(void **state)
{
	struct arena *a = arena_new();
	json_t *doc =
	    yaml(a, "{containers: [{name: a, image: x, env: [{name: E, value: '1'}]}, {name: b}], finalizers: [p, q]}");
	json_t *patch = yaml(a, "{containers: [{name: a, env: [{name: F, value: '2'}]}, {name: b, $patch: delete}], "
				"$deleteFromPrimitiveList/finalizers: [p]}");

	(void)state;
	doc = strategic_patch_apply(doc, patch);
	IS(a, doc,
	    "{\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"env\":[{\"name\":\"E\",\"value\":\"1\"},"
	    "{\"name\":\"F\",\"value\":\"2\"}]}],\"finalizers\":[\"q\"]}");
	json_decref(doc);
	json_decref(patch);
	arena_free(a);
}

static void
selectors_choose_by_label(void **state)
{
	static const struct {
		const char *text;
		int matches; /* -1: not a selector */
	} cases[] = {
		{ "", 1 },
		{ "app=web", 1 },
		{ "app==web", 1 },
		{ "app=other", 0 },
		{ "app!=other", 1 },
		{ "none!=x", 1 },
		{ "app in (web, other)", 1 },
		{ "app notin (web)", 0 },
		{ "app", 1 },
		{ "none", 0 },
		{ "!none", 1 },
		{ "!app", 0 },
		{ "app=web,tier in (front),!none", 1 },
		{ "app=web,tier=back", 0 },
		{ "app in web", -1 },
		{ "app in (web", -1 },
		{ "=x", -1 },
		{ "app ~ web", -1 },
	};
	struct arena *a = arena_new();
	json_t *labels = yaml(a, "{app: web, tier: front}");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct selector s = { 0 };
		struct err *e = selector_parse(a, cases[i].text, &s);
		int got = e != NULL ? -1 : selector_matches(&s, labels);

		if (got != cases[i].matches)
			fail_msg("\"%s\": got %d, want %d", cases[i].text, got, cases[i].matches);
	}
	json_decref(labels);
	arena_free(a);
}

static void
a_selector_grows_up_to_its_limit(void **state)
{
	static const struct {
		size_t n;
		bool taken;
	} cases[] = { { 65, true }, { 1000, true }, { 1001, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *labels = yaml(a, "{app: web}");
		const char *requirements = "app=web", *values = "web";
		struct selector s = { 0 };
		struct err *e;

		for (size_t k = 1; k < cases[i].n; k++) {
			requirements = arena_printf(a, "%s,!x%zu", requirements, k);
			values = arena_printf(a, "x%zu,%s", k, values);
		}
		e = selector_parse(a, requirements, &s);
		if (cases[i].taken ? e != NULL || !selector_matches(&s, labels) : e == NULL)
			fail_msg("%zu requirements: %s", cases[i].n, e != NULL ? err_text(a, e) : "taken");
		e = selector_parse(a, arena_printf(a, "app in (%s)", values), &s);
		if (cases[i].taken ? e != NULL || !selector_matches(&s, labels) : e == NULL)
			fail_msg("%zu values: %s", cases[i].n, e != NULL ? err_text(a, e) : "taken");
		json_decref(labels);
		arena_free(a);
	}
}

static void
json_is_written_as_go_does(void **state)
{
	struct arena *a = arena_new();
	json_t *j = json_loads("{\"b\":\"<&>\\u2028\",\"a\":[1,true,null,\"\\u0001\\n\"]}", 0, NULL);

	(void)state;
	assert_string_equal(
	    json_text_go(a, j), "{\"a\":[1,true,null,\"\\u0001\\n\"],\"b\":\"\\u003c\\u0026\\u003e\\u2028\"}");
	json_decref(j);
	j = json_loads("[0.1, 1.5e-6, 1.5e-7, -2.5, 1.0, 1e20, 1e21, 1.2345678901234568e29, -0.0]", 0, NULL);
	assert_string_equal(
	    json_text_go(a, j), "[0.1,0.0000015,1.5e-7,-2.5,1,100000000000000000000,1e+21,1.2345678901234568e+29,-0]");
	json_decref(j);
	arena_free(a);
}

static void
duplicate_keys_are_refused(void **state)
{
	struct arena *a = arena_new();
	json_t *j = NULL;

	(void)state;
	assert_non_null(json_parse(a, "{\"a\":1,\"a\":2}", 13, &j));
	assert_null(j);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_merge_patch_turns_one_into_the_other),
		cmocka_unit_test(a_json_patch_is_done_whole_or_not_at_all),
		cmocka_unit_test(a_strategic_patch_merges_lists_by_their_keys),
		cmocka_unit_test(selectors_choose_by_label),
		cmocka_unit_test(a_selector_grows_up_to_its_limit),
		cmocka_unit_test(json_is_written_as_go_does),
		cmocka_unit_test(duplicate_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
