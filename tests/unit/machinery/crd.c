/* tests/unit/machinery/crd.c: hostile schemas and objects. What schemas mean: tests/e2e/definitions.sh. */
#include "sim/crd.h"
#include "base/str.h"
#include "tests/unit/machinery/script.h"

#define MANY 3000
#define KEY "things.example.com/v1"

static struct err *
admit(struct arena *a, struct crds *all, json_t *object)
{
	json_t *details = NULL;
	struct err *e = crds_admit(all, a, KEY, "Thing", "example.com", object, NULL, &details);

	json_decref(details);
	return e;
}

/* Thousands of alternatives for thousands of values. */
static void
a_validation_that_takes_too_many_steps_is_refused(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *alternatives = json_array(), *list = json_array(), *object;
	struct crds *all = crds_new();
	struct err *e;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		json_array_append_new(alternatives, json_pack("{s:i}", "minimum", MANY));
		json_array_append_new(list, json_integer(1));
	}
	crds_define(all, KEY,
	    json_pack("{s:s,s:{s:{s:s,s:{s:s,s:o}}}}", "type", "object", "properties", "list", "type", "array", "items",
		"type", "integer", "anyOf", alternatives));
	object = json_pack("{s:{s:s},s:o}", "metadata", "name", "a", "list", list);
	e = admit(a, all, object);
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "as many values and alternatives"));
	json_decref(object);
	crds_free(all);
}

/* An item without a schema is not walked. */
static void
a_deep_value_without_a_schema_is_kept(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *deep = json_integer(1), *object;
	struct crds *all = crds_new();

	(void)state;
	for (int i = 0; i < 2000; i++)
		deep = json_pack("[o]", deep);
	crds_define(all, KEY,
	    json_pack(
		"{s:s,s:{s:{s:b}}}", "type", "object", "properties", "any", "x-kubernetes-preserve-unknown-fields", 1));
	object = json_pack("{s:{s:s},s:o,s:i}", "metadata", "name", "a", "any", deep, "other", 1);
	assert_null(admit(a, all, object));
	assert_non_null(json_object_get(object, "any"));
	assert_null(json_object_get(object, "other"));
	json_decref(object);
	crds_free(all);
}

/* Each is a rule on its own; a value that is valid has no problem. */
static void
values_are_compared_with_their_schema(void **state)
{
	static const struct {
		const char *schema, *value, *problem; /* NULL: valid */
	} rows[] = {
		{ "{type: number, minimum: 0.5}", "0.5", NULL },
		{ "{type: number, minimum: 0.5}", "0.4", "should be greater than or equal to 0.5" },
		{ "{type: integer, minimum: 1, exclusiveMinimum: true}", "1", "should be greater than 1" },
		{ "{type: string, format: byte}", "YQ==", NULL },
		{ "{type: string, format: byte}", "\"?\"", "must be of type byte" },
		{ "{type: string, format: other}", "x", NULL },
		{ "{type: object, minProperties: 1, additionalProperties: {type: string}}", "{}",
		    "should have at least 1 properties" },
		{ "{type: integer, allOf: [{minimum: 1}, {maximum: 3}]}", "2", NULL },
		{ "{type: integer, allOf: [{minimum: 1}, {maximum: 3}]}", "4",
		    "must validate all the schemas (allOf)" },
		{ "{type: integer, anyOf: [{minimum: 5}, {maximum: 3}]}", "4",
		    "must validate at least one schema (anyOf)" },
		{ "{type: integer, oneOf: [{minimum: 1}, {maximum: 3}]}", "2", "Found 2 valid alternatives" },
		{ "{type: integer, not: {minimum: 5}}", "6", "must not validate the schema (not)" },
		{ "{type: string, nullable: true}", "null", NULL },
		{ "{x-kubernetes-int-or-string: true}", "true", "must be of type integer,string" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct crds *all = crds_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *object = yaml(a, arena_printf(a, "{metadata: {name: a}, v: %s}", rows[i].value));
		struct err *e;

		print_message("%s: %s\n", rows[i].schema, rows[i].value);
		crds_define(all, KEY, yaml(a, arena_printf(a, "{type: object, properties: {v: %s}}", rows[i].schema)));
		e = admit(a, all, object);
		assert_true((e == NULL) == (rows[i].problem == NULL));
		if (e != NULL)
			assert_non_null(strstr(err_text(a, e), rows[i].problem));
		json_decref(object);
	}
	crds_free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_validation_that_takes_too_many_steps_is_refused),
		cmocka_unit_test(a_deep_value_without_a_schema_is_kept),
		cmocka_unit_test(values_are_compared_with_their_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
