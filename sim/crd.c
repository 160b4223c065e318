/* sim/crd.c: validation, pruning and defaults of custom resources by the schema of their CRD: one walk over schema
 * and value together. */
#include "sim/crd.h"
#include <math.h>
#include <string.h>
#include "base/base64.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/regex.h"
#include "kube/api/roots.h"
#include "kube/api/schema.h"
#include "sim/cel.h"
#include "sim/store.h"

#define PRESERVE "x-kubernetes-preserve-unknown-fields"
#define EMBEDDED "x-kubernetes-embedded-resource"
/* Of one walk: hostile schemas have many alternatives for many values, and defaults within defaults. */
#define STEPS_MAX 500000
#define STEP_BYTES 64 /* of a copied text: as much work as a value */
#define STEP_LOOKUPS 16 /* of properties that have no default: as much work as a value */
#define PROBLEMS_SHOWN 20
#define CHOICES_SHOWN 20
#define CHOICES_LENGTH_MAX 4000 /* bytes */

struct crds {
	json_t *schemas; /* by kind */
};

struct walk {
	struct arena *arena;
	const char *problems; /* "a, b" */
	json_t *causes; /* the same, one by one; NULL: only counted */
	size_t n;
	size_t steps; /* done; over STEPS_MAX: the walk has ended early */
	bool rules; /* CEL is evaluated */
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

const char *
crds_key(struct arena *a, const struct resource *r, const char *version)
{
	return r->stored_as != NULL ? arena_printf(a, "%s/%s", r->stored_as, version) : r->kind;
}

/* These are in an object, and are not part of its schema. */
static bool
crd_is_root_field(const char *key)
{
	return strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 || strcmp(key, "metadata") == 0;
}

/* A null is kept only where the schema permits it; elsewhere the default takes its place. */
static bool
crd_drops_null(const json_t *schema, const json_t *v)
{
	return json_is_null(v) && !json_is_true(json_object_get(schema, "nullable"));
}

/* Counts steps before they are done. Returns false if they are too many. */
static bool
crd_step(struct walk *w, size_t n)
{
	w->steps += n;
	return w->steps <= STEPS_MAX;
}

/* Counts the copy of a value, with all that is in it. */
static bool
crd_step_copy(struct walk *w, const json_t *v)
{
	const char *key;
	json_t *e;
	size_t i;

	if (!crd_step(w, 1 + json_string_length(v) / STEP_BYTES))
		return false;
	json_object_foreach ((json_t *)v, key, e)
		if (!crd_step(w, strlen(key) / STEP_BYTES) || !crd_step_copy(w, e))
			return false;
	json_array_foreach (v, i, e)
		if (!crd_step_copy(w, e))
			return false;
	return true;
}

static void prune(struct walk *, const json_t *schema, json_t *value, bool root);

/* Sets the defaults of absent fields. They have defaults within them, which multiply. */
static void
crd_set_defaults(struct walk *w, const json_t *properties, json_t *object)
{
	const char *key;
	json_t *of, *v;

	if (!crd_step(w, json_object_size(properties) / STEP_LOOKUPS))
		return;
	json_object_foreach ((json_t *)properties, key, of) {
		v = json_object_get(of, "default");
		if (v == NULL || json_object_get(object, key) != NULL)
			continue;
		if (!crd_step_copy(w, v))
			return;
		json_object_set_new(object, key, json_deep_copy(v));
		prune(w, of, json_object_get(object, key), false);
	}
}

/* Removes unknown fields and sets the defaults of absent ones. `root`: the value is an object of the API. */
static void
prune(struct walk *w, const json_t *schema, json_t *value, bool root)
{
	const json_t *properties = json_object_get(schema, "properties"), *items = json_object_get(schema, "items");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	bool keeps = json_is_true(json_object_get(schema, PRESERVE)) || additional != NULL;
	const char *key;
	json_t *v, *of;
	void *next;
	size_t i;

	if (schema == NULL || !crd_step(w, 1))
		return;
	root |= json_is_true(json_object_get(schema, EMBEDDED));
	json_object_foreach_safe (value, next, key, v) {
		if (root && crd_is_root_field(key))
			continue;
		if ((of = json_object_get(properties, key)) == NULL && json_is_object(additional))
			of = (json_t *)additional;
		if (of == NULL ? !keeps : crd_drops_null(of, v))
			json_object_del(value, key);
		else if (of != NULL)
			prune(w, of, v, false);
	}
	if (json_is_object(value))
		crd_set_defaults(w, properties, value);
	json_array_foreach (value, i, v)
		prune(w, items, v, false);
}

/* Whether the text of the next problem is shown. */
static bool
crd_shows_next(const struct walk *w)
{
	return w->causes != NULL && w->n < PROBLEMS_SHOWN;
}

static void crd_problem(struct walk *w, const char *path, const char *reason, const char *format, ...)
    printf_like(4, 5);

static void
crd_problem(struct walk *w, const char *path, const char *reason, const char *format, ...)
{
	bool shown = crd_shows_next(w);
	const char *text;
	va_list ap;

	w->n++;
	if (!shown)
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

/* Returns the text of a value in the next problem; "" if that is only counted, as most problems of alternatives. */
static const char *
crd_shown(struct walk *w, const json_t *v)
{
	if (!crd_shows_next(w))
		return "";
	return json_is_object(v) || json_is_array(v) ? arena_printf(w->arena, "\"%s\"", crd_type_of(v))
						     : json_text_go(w->arena, v);
}

/* `side` is 1 for a lower bound, -1 for an upper one. */
static void
crd_check_bound(struct walk *w, const char *path, const json_t *schema, const json_t *v, const char *key,
    const char *exclusive, int side)
{
	const json_t *bound = json_object_get(schema, key);
	bool open = json_is_true(json_object_get(schema, exclusive));
	double distance = side * (json_number_value(v) - json_number_value(bound));

	if (bound == NULL || distance > 0 || (distance == 0 && !open))
		return;
	crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: %s in body should be %s than %s%s",
	    crd_shown(w, v), path, side > 0 ? "greater" : "less", open ? "" : "or equal to ",
	    json_text_go(w->arena, bound));
}

/* Returns the text "a, b" of the first choices, with "..." for the others. */
static const char *
crd_choices(struct walk *w, const json_t *choices)
{
	const char *all;
	struct str text;
	json_t *c;
	size_t i;

	if (!crd_shows_next(w))
		return "";
	str_init(&text, CHOICES_LENGTH_MAX);
	json_array_foreach (choices, i, c)
		if (i == CHOICES_SHOWN || !str_addf(&text, "%s%s", i > 0 ? ", " : "", json_text_go(w->arena, c)))
			break;
	all = arena_printf(w->arena, "%s%s%s", str_text(&text), i > 0 && i < json_array_size(choices) ? ", " : "",
	    i < json_array_size(choices) ? "..." : "");
	str_done(&text);
	return all;
}

static void
check_choices(struct walk *w, const char *path, const json_t *choices, const json_t *v)
{
	json_t *c;
	size_t i;

	json_array_foreach (choices, i, c)
		if (!crd_step(w, 1) || json_equal(c, v))
			return;
	if (choices != NULL)
		crd_problem(w, path, "FieldValueNotSupported", "Unsupported value: %s: supported values: %s",
		    crd_shown(w, v), crd_choices(w, choices));
}

static void
check_scalar(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const json_t *step = json_object_get(schema, "multipleOf");

	check_choices(w, path, json_object_get(schema, "enum"), v);
	if (json_is_number(v)) {
		crd_check_bound(w, path, schema, v, "minimum", "exclusiveMinimum", 1);
		crd_check_bound(w, path, schema, v, "maximum", "exclusiveMaximum", -1);
		if (step != NULL && json_number_value(step) > 0 &&
		    fmod(json_number_value(v), json_number_value(step)) != 0)
			crd_problem(w, path, "FieldValueInvalid",
			    "Invalid value: %s: %s in body should be a multiple of %s", crd_shown(w, v), path,
			    json_text_go(w->arena, step));
	}
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

static bool
crd_has_format(struct arena *a, const char *format, const json_t *v)
{
	size_t len;
	int64_t t;

	if (strcmp(format, "date-time") == 0)
		return time_parse(json_string_value(v), &t);
	return strcmp(format, "byte") != 0 || base64_decode(a, json_string_value(v), &len) != NULL;
}

/* The formats of texts that are known here, and the number of an object's fields. */
static void
check_form(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const json_t *least = json_object_get(schema, "minProperties"),
		     *most = json_object_get(schema, "maxProperties");
	const char *format = json_str(schema, "format");
	json_int_t n = (json_int_t)json_object_size(v);

	if (json_is_string(v) && format != NULL && !crd_has_format(w->arena, format, v))
		crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: %s in body must be of type %s: %s",
		    crd_shown(w, v), path, format, json_text_go(w->arena, v));
	if (json_is_object(v) && most != NULL && n > json_integer_value(most))
		crd_problem(w, path, "FieldValueTooMany",
		    "Too many: %" JSON_INTEGER_FORMAT ": must have at most %" JSON_INTEGER_FORMAT " items", n,
		    json_integer_value(most));
	if (json_is_object(v) && least != NULL && n < json_integer_value(least))
		crd_problem(w, path, "FieldValueInvalid",
		    "Invalid value: %s: %s in body should have at least %" JSON_INTEGER_FORMAT " properties",
		    crd_shown(w, v), path, json_integer_value(least));
}

/* Returns what identifies an item of a list: itself in a set, its keys in a map. */
static const char *
crd_item_key(struct walk *w, const json_t *schema, const json_t *item)
{
	const json_t *keys = json_object_get(schema, "x-kubernetes-list-map-keys"), *key;
	const char *all = "";
	size_t i;

	if (keys == NULL)
		return json_text_go(w->arena, item);
	json_array_foreach (keys, i, key) {
		const json_t *v = json_object_get(item, json_string_value(key));

		all = arena_printf(w->arena, "%s%s%s:%s", all, i > 0 ? "," : "", json_text_go(w->arena, key),
		    v != NULL ? json_text_go(w->arena, v) : "null");
	}
	return arena_printf(w->arena, "{%s}", all);
}

static void
check_list(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const char *kind = json_str(schema, "x-kubernetes-list-type");
	struct map seen = { 0 };
	json_t *item;
	size_t i;

	if (str_eq(kind, "set") || str_eq(kind, "map"))
		json_array_foreach (v, i, item) {
			const char *key = crd_item_key(w, schema, item);

			if (map_set(&seen, key, item) != NULL)
				crd_problem(w, arena_printf(w->arena, "%s[%zu]", path, i), "FieldValueDuplicate",
				    "Duplicate value: %s", key);
		}
	map_done(&seen);
}

static void crd_check(struct walk *, const char *path, const json_t *schema, const json_t *v, const json_t *old);

/* Returns whether a value is valid by a schema, without keeping its problems. */
static bool
crd_matches(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	struct walk inner = { .arena = w->arena, .problems = "", .steps = w->steps };

	crd_check(&inner, path, schema, v, NULL);
	w->steps = inner.steps;
	return inner.n == 0;
}

static size_t
crd_matching(struct walk *w, const char *path, const json_t *schemas, const json_t *v)
{
	size_t n = 0, i;
	json_t *one;

	json_array_foreach (schemas, i, one)
		n += crd_matches(w, path, one, v);
	return n;
}

static void
check_alternatives(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	const json_t *all = json_object_get(schema, "allOf"), *any = json_object_get(schema, "anyOf"),
		     *exactly = json_object_get(schema, "oneOf"), *not = json_object_get(schema, "not");
	const char *why = NULL;
	size_t n;

	if (all == NULL && any == NULL && exactly == NULL && not == NULL)
		return;
	if (all != NULL && crd_matching(w, path, all, v) < json_array_size(all))
		why = "must validate all the schemas (allOf)";
	else if (any != NULL && crd_matching(w, path, any, v) == 0)
		why = "must validate at least one schema (anyOf)";
	else if (exactly != NULL && (n = crd_matching(w, path, exactly, v)) != 1)
		why = arena_printf(w->arena, "must validate one and only one schema (oneOf). Found %s",
		    n == 0 ? "none valid" : arena_printf(w->arena, "%zu valid alternatives", n));
	else if (not != NULL && crd_matches(w, path, not, v))
		why = "must not validate the schema (not)";
	if (why != NULL)
		crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: \"%s\" %s", crd_shown(w, v), path, why);
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
	json_array_foreach (w->rules ? json_object_get(schema, "x-kubernetes-validations") : NULL, i, one) {
		const char *rule = json_str(one, "rule");
		bool holds =
		    strcmp(rule, "self == oldSelf") == 0 ? old == NULL || json_equal(v, old) : cel_holds(rule, v);

		if (!holds)
			crd_problem(w, path, "FieldValueInvalid", "Invalid value: %s: %s", crd_shown(w, v),
			    json_str(one, "message"));
	}
}

/* Each missing field is a step: many objects may miss many. */
static void
crd_check_required(struct walk *w, const char *path, const json_t *schema, const json_t *v)
{
	json_t *key;
	size_t i;

	json_array_foreach (json_is_object(v) ? json_object_get(schema, "required") : NULL, i, key) {
		if (json_object_get(v, json_string_value(key)) != NULL)
			continue;
		if (!crd_step(w, 1))
			return;
		crd_problem(w,
		    crd_shows_next(w)
			? arena_printf(w->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", json_string_value(key))
			: "",
		    "FieldValueRequired", "Required value");
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
	if (schema == NULL || (old != NULL && json_equal(old, v)) ||
	    (json_is_null(v) && json_is_true(json_object_get(schema, "nullable"))))
		return;
	if (!crd_step(w, 1))
		return;
	if (!has_type(schema, v)) {
		crd_problem(w, path, "FieldValueTypeInvalid",
		    "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"", crd_type_of(v), path,
		    json_str(schema, "type") ?: "integer,string", crd_type_of(v));
		return;
	}
	check_scalar(w, path, schema, v);
	check_lengths(w, path, schema, v);
	check_form(w, path, schema, v);
	check_list(w, path, schema, v);
	check_alternatives(w, path, schema, v);
	check_rules(w, path, schema, v, old);
	crd_check_required(w, path, schema, v);
	json_object_foreach ((json_t *)v, key, e)
		if ((of = json_object_get(properties, key)) != NULL || json_is_object(of = additional))
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
	bool keeps = open || additional != NULL || (whole && json_object_size(properties) == 0);
	bool embedded = path[0] == '\0' || json_is_true(json_object_get(schema, EMBEDDED));
	const char *key, *below;
	json_t *v;
	size_t i;

	if (schema == NULL)
		return;
	json_object_foreach ((json_t *)value, key, v) {
		if (embedded && crd_is_root_field(key))
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
	/* The rules of our own definitions are those that sim/cel.c reads. */
	struct walk w = { .arena = a, .problems = "", .causes = causes, .rules = strchr(key, '/') == NULL };
	json_t *m = json_object_get(object, "metadata");

	if (schema == NULL)
		return NULL;
	prune(&w, schema, object, true);
	if (w.steps <= STEPS_MAX) {
		w.steps = 0;
		crd_check(&w, "", schema, object, old);
	}
	if (w.steps > STEPS_MAX) {
		w.n = 0;
		w.problems = "";
		json_array_clear(causes);
		crd_problem(&w, "", "FieldValueInvalid",
		    "the laptop cluster validates no object with as many values and alternatives");
	}
	if (w.n == 0)
		return NULL;
	*ret_details = json_pack(
	    "{s:s,s:s,s:s,s:O}", "name", json_str(m, "name") ?: "", "group", group, "kind", kind, "causes", causes);
	return err_new(a, ERR_INVALID, "%s.%s \"%s\" is invalid: %s%s%s", kind, group, json_str(m, "name") ?: "",
	    w.n > 1 ? "[" : "", w.problems, w.n > 1 ? "]" : "");
}
