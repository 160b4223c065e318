/* sim/crd.c: validation, pruning and defaults of custom resources by the schema of their CRD: one walk over schema
 * and value together. */
#include "sim/crd.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/regex.h"
#include "kube/api/roots.h"
#include "kube/api/schema.h"
#include "sim/cel.h"

#define PRESERVE "x-kubernetes-preserve-unknown-fields"
#define PROBLEMS_SHOWN 20

struct crds {
	json_t *schemas; /* by kind */
};

struct walk {
	struct arena *arena;
	const char *problems; /* "a, b" */
	json_t *causes; /* the same, one by one */
	size_t n;
};

struct crds *
crds_new(void)
{
	struct crds *c = mem_alloc(sizeof(*c));

	c->schemas = json_object();
	for (const struct type *const *t = api_roots; *t != NULL; t++) {
		_cleanup_(json_decrefp) json_t *crd = schema_crd(*t);

		json_object_set(c->schemas, (*t)->kind, json_at(crd, "/spec/versions/0/schema/openAPIV3Schema"));
	}
	return c;
}

struct crds *
crds_free(struct crds *c)
{
	if (c != NULL)
		json_decref(c->schemas);
	free(c);
	return NULL;
}

/* Removes unknown fields and sets the defaults of absent ones. */
static void
prune(const json_t *schema, json_t *value)
{
	const json_t *properties = json_object_get(schema, "properties"), *items = json_object_get(schema, "items");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	bool keeps = json_is_true(json_object_get(schema, PRESERVE)) || additional != NULL || properties == NULL;
	const char *key;
	json_t *v, *of;
	void *next;
	size_t i;

	json_object_foreach_safe (value, next, key, v) {
		if ((of = json_object_get(properties, key)) != NULL)
			prune(of, v);
		else if (!keeps)
			json_object_del(value, key);
	}
	if (json_is_object(value))
		json_object_foreach ((json_t *)properties, key, of)
			if (json_object_get(of, "default") != NULL && json_object_get(value, key) == NULL)
				json_object_set_new(value, key, json_deep_copy(json_object_get(of, "default")));
	json_array_foreach (value, i, v)
		prune(items, v);
}

/* Metadata, kind and apiVersion are not part of a schema. */
static void
prune_root(const json_t *schema, json_t *object)
{
	static const char *const own[] = { "apiVersion", "kind", "metadata" };
	json_t *kept[ARRAY_SIZE(own)];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		kept[i] = json_incref(json_object_get(object, own[i]));
	prune(schema, object);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (kept[i] != NULL)
			json_object_set_new(object, own[i], kept[i]);
}

static void crd_problem(struct walk *w, const char *path, const char *reason, const char *format, ...)
    printf_like(4, 5);

static void
crd_problem(struct walk *w, const char *path, const char *reason, const char *format, ...)
{
	const char *text;
	va_list ap;

	if (w->n++ >= PROBLEMS_SHOWN)
		return;
	va_start(ap, format);
	text = arena_vprintf(w->arena, format, ap);
	va_end(ap);
	w->problems = arena_printf(w->arena, "%s%s%s: %s", w->problems, w->n > 1 ? ", " : "", path, text);
	json_array_append_new(w->causes, json_pack("{s:s,s:s,s:s}", "reason", reason, "message", text, "field", path));
}

static const char *
crd_type_of(const json_t *v)
{
	static const char *const names[] = { [JSON_OBJECT] = "object",
		[JSON_ARRAY] = "array",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",
		[JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",
		[JSON_NULL] = "null" };

	return names[json_typeof(v)];
}

static const char *
crd_shown(struct walk *w, const json_t *v)
{
	return json_is_object(v) || json_is_array(v) ? arena_printf(w->arena, "\"%s\"", crd_type_of(v))
						     : json_text_go(w->arena, v);
}

static void
check_scalar(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const json_t *choices = json_object_get(schema, "enum"), *least = json_object_get(schema, "minimum"),
		     *most = json_object_get(schema, "maximum");
	const char *supported = "";
	json_t *c;
	size_t i;
	bool found = choices == NULL;

	json_array_foreach (choices, i, c) {
		found |= json_equal(c, v);
		supported = arena_printf(w->arena, "%s%s%s", supported, i > 0 ? ", " : "", json_text_go(w->arena, c));
	}
	if (!found)
		crd_problem(w, path, "FieldValueNotSupported", "Unsupported value: %s: supported values: %s",
		    crd_shown(w, v), supported);
	if (least != NULL && json_is_number(v) && json_number_value(v) < json_number_value(least))
		crd_problem(w, path, "FieldValueInvalid",
		    "Invalid value: %s: %s in body should be greater than or equal to %" JSON_INTEGER_FORMAT,
		    crd_shown(w, v), path, json_integer_value(least));
	if (most != NULL && json_is_number(v) && json_number_value(v) > json_number_value(most))
		crd_problem(w, path, "FieldValueInvalid",
		    "Invalid value: %s: %s in body should be less than or equal to %" JSON_INTEGER_FORMAT,
		    crd_shown(w, v), path, json_integer_value(most));
}

/* The bounds of texts and lists. */
static void
check_lengths(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const char *pattern = json_str(schema, "pattern");
	const json_t *least = json_object_get(schema, json_is_array(v) ? "minItems" : "minLength");
	const json_t *most = json_object_get(schema, "maxLength");
	size_t n = json_is_array(v) ? json_array_size(v) : json_string_length(v);

	if (!json_is_string(v) && !json_is_array(v))
		return;
	if (least != NULL && (json_int_t)n < json_integer_value(least))
		crd_problem(w, path, "FieldValueInvalid",
		    "Invalid value: %s: %s in body should %s at least %" JSON_INTEGER_FORMAT " %s", crd_shown(w, v),
		    path, json_is_array(v) ? "have" : "be", json_integer_value(least),
		    json_is_array(v) ? "items" : "chars long");
	if (json_is_string(v) && most != NULL && (json_int_t)n > json_integer_value(most))
		crd_problem(w, path, "FieldValueTooLong",
		    "Too long: may not be more than %" JSON_INTEGER_FORMAT " bytes", json_integer_value(most));
	if (json_is_string(v) && pattern != NULL && !regex_finds(pattern, json_string_value(v)))
		crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: %s in body should match '%s'",
		    crd_shown(w, v), path, pattern);
}

/* CEL. What compares with oldSelf holds for what is new. */
static void
check_rules(struct walk *w, const char *path, const json_t *schema, const json_t *v, const json_t *old)
{
	const json_t *most = json_object_get(schema, "maxItems");
	json_t *one;
	size_t i;

	if (most != NULL && (json_int_t)json_array_size(v) > json_integer_value(most))
		crd_problem(w, path, "FieldValueTooMany",
		    "Too many: %zu: must have at most %" JSON_INTEGER_FORMAT " items", json_array_size(v),
		    json_integer_value(most));
	json_array_foreach (json_object_get(schema, "x-kubernetes-validations"), i, one) {
		const char *rule = json_str(one, "rule");
		bool holds =
		    strcmp(rule, "self == oldSelf") == 0 ? old == NULL || json_equal(v, old) : cel_holds(rule, v);

		if (!holds)
			crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: %s", crd_shown(w, v),
			    json_str(one, "message"));
	}
}

static bool
has_type(const json_t *schema, const json_t *v)
{
	const char *want = json_str(schema, "type");

	if (json_is_true(json_object_get(schema, "x-kubernetes-int-or-string")))
		return json_is_integer(v) || json_is_string(v);
	return want == NULL || strcmp(want, crd_type_of(v)) == 0 || (strcmp(want, "number") == 0 && json_is_number(v));
}

static void
crd_check(struct walk *w, const char *path, const json_t *schema, const json_t *v, const json_t *old)
{
	const json_t *properties = json_object_get(schema, "properties"), *items = json_object_get(schema, "items");
	const json_t *additional = json_object_get(schema, "additionalProperties"), *of;
	const char *key, *dot = path[0] != '\0' ? "." : "";
	json_t *e;
	size_t i;

	/* A field that was invalid before may stay so. */
	if (old != NULL && json_equal(old, v))
		return;
	if (!has_type(schema, v)) {
		crd_problem(w, path, "FieldValueTypeInvalid",
		    "Invalid value: %s: %s in body must be of type %s: \"%s\"", crd_shown(w, v), path,
		    json_str(schema, "type") ?: "integer,string", crd_type_of(v));
		return;
	}
	check_scalar(w, path, schema, v);
	check_lengths(w, path, schema, v);
	check_rules(w, path, schema, v, old);
	if (json_is_object(v))
		json_array_foreach (json_object_get(schema, "required"), i, e)
			if (json_object_get(v, json_string_value(e)) == NULL)
				crd_problem(w, arena_printf(w->arena, "%s%s%s", path, dot, json_string_value(e)),
				    "FieldValueRequired", "Required value");
	json_object_foreach ((json_t *)v, key, e)
		if ((of = json_object_get(properties, key)) != NULL || (of = additional) != NULL)
			crd_check(
			    w, arena_printf(w->arena, "%s%s%s", path, dot, key), of, e, json_object_get(old, key));
	json_array_foreach (v, i, e)
		crd_check(w, arena_printf(w->arena, "%s[%zu]", path, i), items, e, NULL);
}

void
crds_define(struct crds *c, const char *key, json_t *schema)
{
	if (schema != NULL)
		json_object_set_new(c->schemas, key, schema);
	else
		json_object_del(c->schemas, key);
}

const json_t *
crds_schema(const struct crds *c, const char *key)
{
	return json_object_get(c->schemas, key);
}

static void
crd_unknown(struct arena *a, const json_t *schema, bool whole, const json_t *value, const char *path, json_t *paths)
{
	const json_t *properties = json_object_get(schema, "properties"), *items = json_object_get(schema, "items"),
		     *of;
	const json_t *additional = json_object_get(schema, "additionalProperties");
	bool open = !whole && json_is_true(json_object_get(schema, PRESERVE));
	bool keeps = open || additional != NULL || json_object_size(properties) == 0;
	const char *key, *below;
	json_t *v;
	size_t i;

	json_object_foreach ((json_t *)value, key, v) {
		bool root = path[0] == '\0' && (strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 ||
						   strcmp(key, "metadata") == 0);

		if (root)
			continue;
		of = json_is_object(additional) ? additional : NULL;
		below = arena_printf(a, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
		of = json_object_get(properties, key) != NULL ? json_object_get(properties, key) : of;
		if (of != NULL)
			crd_unknown(a, of, whole && strcmp(below, "status") != 0 && strcmp(key, "template") != 0, v,
			    below, paths);
		else if (!keeps && json_array_size(paths) < UNKNOWN_MAX)
			json_array_append_new(paths, json_string(below));
	}
	json_array_foreach (value, i, v)
		crd_unknown(a, items, whole, v, arena_printf(a, "%s[%zu]", path, i), paths);
}

void
crds_unknown(struct arena *a, const json_t *schema, bool whole, const json_t *object, json_t *paths)
{
	crd_unknown(a, schema, whole, object, "", paths);
}

struct err *
crds_admit(const struct crds *c, struct arena *a, const char *key, const char *kind, const char *group, json_t *object,
    const json_t *old, json_t **ret_details)
{
	const json_t *schema = json_object_get(c->schemas, key);
	_cleanup_(json_decrefp) json_t *causes = json_array();
	struct walk w = { .arena = a, .problems = "", .causes = causes };
	json_t *m = json_object_get(object, "metadata");

	if (schema == NULL)
		return NULL;
	prune_root(schema, object);
	crd_check(&w, "", schema, object, old);
	if (w.n == 0)
		return NULL;
	*ret_details = json_pack(
	    "{s:s,s:s,s:s,s:O}", "name", json_str(m, "name") ?: "", "group", group, "kind", kind, "causes", causes);
	return err_new(a, ERR_INVALID, "%s.%s \"%s\" is invalid: %s%s%s", kind, group, json_str(m, "name") ?: "",
	    w.n > 1 ? "[" : "", w.problems, w.n > 1 ? "]" : "");
}
