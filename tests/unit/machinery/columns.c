/* tests/unit/machinery/columns.c: paths of printer columns. */
#include "sim/columns.h"
#include "base/str.h"
#include "tests/unit/machinery/script.h"

static void
a_path_finds_its_first_value(void **state)
{
	static const struct {
		const char *path, *want; /* NULL: no value */
	} rows[] = {
		{ ".spec.size", "3" },
		{ ".spec", "{\"size\":3,\"a.b\":\"point\",\"list\":[\"p\",\"q\"]}" },
		{ ".spec.a\\.b", "\"point\"" },
		{ ".spec['a.b']", "\"point\"" },
		{ ".spec.list[1]", "\"q\"" },
		{ ".spec.list[-1]", "\"q\"" },
		{ ".spec.list[*]", "\"p\"" },
		{ ".status.conditions[?(@.type==\"Ready\")].status", "\"True\"" },
		{ ".status.conditions[?(@.type=='Synced')].reason", "\"Done\"" },
		{ ".status.conditions[?(@.type == \"Ready\")].status", "\"True\"" },
		{ ".status.conditions[?(@.type!=\"Ready\")].reason", "\"Done\"" },
		{ ".status.conditions[?(@.count==2)].type", "\"Ready\"" },
		{ ".status.conditions[*].reason", "\"Done\"" },
		{ ".status.conditions[?(@.type==\"Other\")].status", NULL },
		{ ".spec.list[2]", NULL },
		{ ".spec.list[-3]", NULL },
		{ ".spec.list[x]", NULL },
		{ ".spec.list[0", NULL },
		{ ".spec['a.b", NULL },
		{ ".status.conditions[?(@.type==\"Ready", NULL },
		{ ".status.conditions[?(@.type", NULL },
		{ ".status.conditions[?", NULL },
		{ "spec.size", NULL },
		{ "..size", NULL },
		{ ".none.size", NULL },
		{ ".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", NULL },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *object = yaml(a, "spec: {size: 3, a.b: point, list: [p, q]}\n"
				 "status: {conditions: [{type: Synced, status: 'False', reason: Done}, {type: Ready, "
				 "status: 'True', count: 2}]}");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const json_t *v = column_value(a, object, rows[i].path);
		const char *got = v != NULL ? json_text(a, v) : NULL;

		print_message("%s\n", rows[i].path);
		assert_string_equal(got ?: "nothing", rows[i].want ?: "nothing");
	}
	json_decref(object);
}

/* Each list multiplies the values of the next. */
static void
a_path_through_many_lists_ends(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *list = json_pack("{}");

	(void)state;
	for (int i = 0; i < 10; i++) {
		json_t *next = json_array();

		for (int k = 0; k < 100; k++)
			json_array_append(next, list);
		json_decref(list);
		list = next;
	}
	assert_null(column_value(a, list, "[*][*][*][*][*][*][*][*][*][*].none"));
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_finds_its_first_value),
		cmocka_unit_test(a_path_through_many_lists_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
