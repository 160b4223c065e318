/* tests/unit/machinery/crd.c: hostile schemas and objects. What schemas mean: tests/e2e/definitions.sh. */
#include "sim/crd.h"
#include "base/str.h"
#include "tests/unit/machinery/script.h"

#define MANY 3000
#define LONG 40000 /* bytes */
#define STEPS 500000 /* STEPS_MAX of sim/crd.c */
#define MEMORY 4000000 /* bytes */
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

/* The schema of a list of items, in an object's field `list`. Consumes the items' schema. */
static json_t *
list_of(json_t *items)
{
	return json_pack(
	    "{s:s,s:{s:{s:s,s:o}}}", "type", "object", "properties", "list", "type", "array", "items", items);
}

/* Returns an array with n copies of a value, which is consumed. */
static json_t *
copies(size_t n, json_t *value)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_deep_copy(value));
	json_decref(value);
	return list;
}

static json_t *
numbers(size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer((json_int_t)i));
	return list;
}

static json_t *
long_text(void)
{
	return json_sprintf("%0*d", LONG, 0);
}

static size_t
values_in(const json_t *v)
{
	size_t n = 1, i;
	const char *key;
	json_t *e;

	json_object_foreach ((json_t *)v, key, e)
		n += values_in(e);
	json_array_foreach (v, i, e)
		n += values_in(e);
	return n;
}

/* Admits an object with such a list. Consumes both. */
static void
list_takes_too_many_steps(json_t *items, json_t *list)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *object = json_pack("{s:{s:s},s:o}", "metadata", "name", "a", "list", list);
	struct crds *all = crds_new();
	struct err *e;

	crds_define(all, KEY, list_of(items));
	e = admit(a, all, object);
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "as many values and alternatives"));
	assert_true(values_in(object) < STEPS);
	assert_true(arena_used(a) < MEMORY);
	json_decref(object);
	crds_free(all);
}

static void
defaults_within_defaults_are_refused_before_they_fill_the_memory(void **state)
{
	json_t *item = json_pack("{s:s}", "type", "object");

	(void)state;
	for (int level = 0; level < 2; level++)
		item = json_pack("{s:s,s:{s:{s:s,s:o,s:o}}}", "type", "object", "properties", "p", "type", "array",
		    "default", copies(100, json_object()), "items", item);
	list_takes_too_many_steps(item, copies(100, json_object()));
}

/* Nothing is below the copies that the schema describes. */
static void
a_large_default_is_refused_where_there_are_many_copies(void **state)
{
	json_t *open = json_pack("{s:b,s:o}", "x-kubernetes-preserve-unknown-fields", 1, "default", numbers(1000));
	json_t *text = json_pack("{s:s,s:o}", "type", "string", "default", long_text());

	(void)state;
	list_takes_too_many_steps(
	    json_pack("{s:s,s:{s:o}}", "type", "object", "properties", "p", open), copies(1000, json_object()));
	list_takes_too_many_steps(
	    json_pack("{s:s,s:{s:o}}", "type", "object", "properties", "p", text), copies(1000, json_object()));
}

static void
many_properties_of_many_objects_are_refused(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *properties = json_object();

	(void)state;
	for (int i = 0; i < MANY; i++)
		json_object_set_new(properties, arena_printf(a, "p%d", i), json_pack("{s:s}", "type", "string"));
	list_takes_too_many_steps(
	    json_pack("{s:s,s:o}", "type", "object", "properties", properties), copies(MANY, json_object()));
}

static void
many_missing_fields_of_many_objects_are_refused(void **state)
{
	json_t *required = json_array();

	(void)state;
	for (int i = 0; i < MANY; i++)
		json_array_append_new(required, json_sprintf("p%d", i));
	list_takes_too_many_steps(
	    json_pack("{s:s,s:o}", "type", "object", "required", required), copies(MANY, json_object()));
}

static void
many_choices_for_many_values_are_refused(void **state)
{
	(void)state;
	list_takes_too_many_steps(
	    json_pack("{s:s,s:o}", "type", "integer", "enum", numbers(MANY)), copies(MANY, json_integer(MANY - 1)));
}

/* A text of all choices for each choice took memory that grows with the square of their number. */
static void
a_value_among_many_choices_takes_little_memory(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *object = json_pack("{s:{s:s},s:[i]}", "metadata", "name", "a", "list", MANY - 1);
	struct crds *all = crds_new();

	(void)state;
	crds_define(all, KEY, list_of(json_pack("{s:s,s:o}", "type", "integer", "enum", numbers(MANY))));
	assert_null(admit(a, all, object));
	assert_true(arena_used(a) < 10000);
	json_decref(object);
	crds_free(all);
}

/* The problems of alternatives are not shown, so that their text is not made. */
static void
a_long_value_with_many_alternatives_takes_little_memory(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *object = json_pack("{s:{s:s},s:[o]}", "metadata", "name", "a", "list", long_text());
	struct crds *all = crds_new();

	(void)state;
	crds_define(all, KEY,
	    list_of(
		json_pack("{s:s,s:o}", "type", "string", "anyOf", copies(MANY, json_pack("{s:[s]}", "enum", "y")))));
	assert_non_null(admit(a, all, object));
	assert_true(arena_used(a) < MEMORY);
	json_decref(object);
	crds_free(all);
}

/* Twenty of them; an API server shows all. */
static void
the_first_choices_are_shown(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct crds *all = crds_new();

	(void)state;
	for (size_t n = 20; n <= 21; n++) {
		json_t *object = json_pack("{s:{s:s},s:[i]}", "metadata", "name", "a", "list", 50);
		const char *text;

		crds_define(all, KEY, list_of(json_pack("{s:s,s:o}", "type", "integer", "enum", numbers(n))));
		text = err_text(a, admit(a, all, object));
		assert_non_null(strstr(text,
		    "list[0]: Unsupported value: 50: supported values: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, "
		    "14, 15, 16, 17, 18, 19"));
		assert_true(str_ends(text, n == 20 ? ", 18, 19" : ", 18, 19, ..."));
		json_decref(object);
	}
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
		cmocka_unit_test(defaults_within_defaults_are_refused_before_they_fill_the_memory),
		cmocka_unit_test(a_large_default_is_refused_where_there_are_many_copies),
		cmocka_unit_test(many_properties_of_many_objects_are_refused),
		cmocka_unit_test(many_missing_fields_of_many_objects_are_refused),
		cmocka_unit_test(many_choices_for_many_values_are_refused),
		cmocka_unit_test(a_value_among_many_choices_takes_little_memory),
		cmocka_unit_test(a_long_value_with_many_alternatives_takes_little_memory),
		cmocka_unit_test(the_first_choices_are_shown),
		cmocka_unit_test(a_deep_value_without_a_schema_is_kept),
		cmocka_unit_test(values_are_compared_with_their_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
