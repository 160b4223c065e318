/* analysis/condition/value.c: constructing, comparing and printing values. */
#include "analysis/condition/value.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

static const char *const kind_names[] = {
	[VALUE_NIL] = "nil",
	[VALUE_BOOL] = "bool",
	[VALUE_INT] = "int",
	[VALUE_FLOAT] = "float",
	[VALUE_STRING] = "string",
	[VALUE_ARRAY] = "array",
	[VALUE_MAP] = "map",
	[VALUE_TIME] = "time",
	[VALUE_DURATION] = "duration",
};
_Static_assert(ARRAY_SIZE(kind_names) == VALUE_KIND_MAX, "a name a kind");

struct value
value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .b = b };
}

struct value
value_int(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .i = i };
}

struct value
value_float(double f)
{
	return (struct value){ .kind = VALUE_FLOAT, .f = f };
}

struct value
value_string(const char *s)
{
	return (struct value){ .kind = VALUE_STRING, .s = { s, strlen(s) } };
}

struct value
value_array(struct arena *a, size_t n)
{
	return (struct value){ .kind = VALUE_ARRAY, .array = { arena_new_array(a, struct value, n), n } };
}

struct value
value_from_floats(struct arena *a, const double *f, size_t n)
{
	struct value v = value_array(a, n);

	v.floats = true;
	for (size_t i = 0; i < n; i++)
		v.array.at[i] = value_float(f[i]);
	return v;
}

struct value
value_from_json(struct arena *a, const json_t *j)
{
	struct value v = { .kind = VALUE_NIL };
	const char *key;
	json_t *e;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_TRUE:
	case JSON_FALSE: return value_bool(json_is_true(j));
	case JSON_INTEGER:
	case JSON_REAL: return value_float(json_number_value(j));
	case JSON_STRING: return value_string(arena_strdup(a, json_string_value(j)));
	case JSON_ARRAY:
		v = value_array(a, json_array_size(j));
		json_array_foreach (j, i, e)
			v.array.at[i] = value_from_json(a, e);
		return v;
	case JSON_OBJECT:
		v.kind = VALUE_MAP;
		v.map.at = arena_new_array(a, struct value_entry, json_object_size(j));
		json_object_foreach ((json_t *)j, key, e)
			v.map.at[v.map.n++] =
			    (struct value_entry){ value_string(arena_strdup(a, key)), value_from_json(a, e) };
		return v;
	default: return v;
	}
}

json_t *
value_to_json(const struct value *v)
{
	json_t *j;

	switch (v->kind) {
	case VALUE_BOOL: return json_boolean(v->b);
	case VALUE_INT: return json_integer(v->i);
	case VALUE_FLOAT:
		if (isfinite(v->f) && floor(v->f) == v->f && fabs(v->f) < 1e15)
			return json_integer((json_int_t)v->f);
		return isfinite(v->f) ? json_real(v->f) : json_null();
	case VALUE_STRING: return json_stringn(v->s.at, v->s.len) ?: json_null();
	case VALUE_ARRAY:
		j = json_array();
		for (size_t i = 0; i < v->array.n; i++)
			json_array_append_new(j, value_to_json(&v->array.at[i]));
		return j;
	case VALUE_MAP:
		j = json_object();
		for (size_t i = 0; i < v->map.n; i++)
			if (v->map.at[i].key.kind == VALUE_STRING)
				json_object_set_new(j, v->map.at[i].key.s.at, value_to_json(&v->map.at[i].value));
		return j;
	case VALUE_DURATION: return json_integer(v->i * 1000000); /* ns, as Go writes one */
	default: return json_null();
	}
}

bool
value_number(const struct value *v, double *ret)
{
	if (v->kind == VALUE_INT)
		*ret = (double)v->i;
	else if (v->kind == VALUE_FLOAT)
		*ret = v->f;
	else
		return false;
	return true;
}

bool
value_equal(const struct value *a, const struct value *b)
{
	double x, y;

	if (a->kind == VALUE_INT && b->kind == VALUE_INT)
		return a->i == b->i;
	if (value_number(a, &x) && value_number(b, &y))
		return x == y;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NIL: return true;
	case VALUE_BOOL: return a->b == b->b;
	case VALUE_TIME:
	case VALUE_DURATION: return a->i == b->i;
	case VALUE_STRING: return a->s.len == b->s.len && memcmp(a->s.at, b->s.at, a->s.len) == 0;
	case VALUE_ARRAY:
		if (a->array.n != b->array.n)
			return false;
		for (size_t i = 0; i < a->array.n; i++)
			if (!value_equal(&a->array.at[i], &b->array.at[i]))
				return false;
		return true;
	case VALUE_MAP:
		if (a->map.n != b->map.n)
			return false;
		for (size_t i = 0; i < a->map.n; i++) {
			const struct value *other = value_member(b, &a->map.at[i].key);

			if (other == NULL || !value_equal(&a->map.at[i].value, other))
				return false;
		}
		return true;
	default: return false;
	}
}

const struct value *
value_member(const struct value *map, const struct value *key)
{
	for (size_t i = 0; i < map->map.n; i++)
		if (value_equal(&map->map.at[i].key, key))
			return &map->map.at[i].value;
	return NULL;
}

const char *
value_kind_name(enum value_kind k)
{
	return kind_names[k];
}

const char *
float_text(struct arena *a, double d)
{
	char text[40], *e;
	int precision, exponent;

	if (isnan(d))
		return "NaN";
	if (isinf(d))
		return d > 0 ? "+Inf" : "-Inf";
	for (precision = 1; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, d);
		if (strtod(text, NULL) == d)
			break;
	}
	snprintf(text, sizeof(text), "%.*e", precision - 1, d);
	e = strchr(text, 'e');
	exponent = e != NULL ? (int)strtol(e + 1, NULL, 10) : 0;
	/* Go's %v: plain decimals for exponents from -4 to 20. */
	if (exponent < -4 || exponent >= 21)
		return arena_printf(a, "%s", text);
	return arena_printf(a, "%.*f", precision - 1 - exponent > 0 ? precision - 1 - exponent : 0, d);
}

const char *
value_text(struct arena *a, const struct value *v)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *text;

	if (v->kind == VALUE_FLOAT)
		return float_text(a, v->f);
	if (v->kind == VALUE_STRING)
		return arena_strndup(a, v->s.at, v->s.len);
	if (v->kind == VALUE_ARRAY) {
		text = "[";
		for (size_t i = 0; i < v->array.n; i++)
			text = arena_printf(a, "%s%s%s", text, i > 0 ? "," : "", value_text(a, &v->array.at[i]));
		return arena_printf(a, "%s]", text);
	}
	j = value_to_json(v);
	return json_text_go(a, j);
}
