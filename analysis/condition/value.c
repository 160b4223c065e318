/* analysis/condition/value.c: values of the condition language (numbers, strings, lists, maps, times): constructed
 * from JSON, compared and printed. */
#include "analysis/condition/value.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "analysis/condition/go_time.h"
#include "base/float.h"
#include "base/str.h"

#define VALUE_PRINT_MAX (1u << 20) /* bytes of a printed value */

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
	[VALUE_MONTH] = "month",
	[VALUE_WEEKDAY] = "weekday",
	[VALUE_ZONE] = "time zone",
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
value_bytes(const char *s, size_t n)
{
	return (struct value){ .kind = VALUE_STRING, .s = { s, n } };
}

struct value
value_time(struct go_time m)
{
	return (struct value){ .kind = VALUE_TIME, .time = m };
}

struct value
value_duration(int64_t ns)
{
	return (struct value){ .kind = VALUE_DURATION, .i = ns };
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

/* A time in JSON, as Go writes it: RFC 3339 with nanoseconds. */
#define VALUE_TIME_LAYOUT "2006-01-02T15:04:05.999999999Z07:00"

static json_t *
value_map_to_json(const struct value *v)
{
	json_t *j = json_object(), *member;

	for (size_t i = 0; i < v->map.n; i++) {
		member = v->map.at[i].key.kind == VALUE_STRING ? value_to_json(&v->map.at[i].value) : NULL;
		if (member == NULL || json_object_set_new(j, v->map.at[i].key.s.at, member) != 0) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

json_t *
value_to_json(const struct value *v)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	json_t *j, *element;

	switch (v->kind) {
	case VALUE_NIL: return json_null();
	case VALUE_BOOL: return json_boolean(v->b);
	case VALUE_INT:
	case VALUE_DURATION: /* ns, as Go writes one */
	case VALUE_MONTH:
	case VALUE_WEEKDAY: return json_integer(v->i);
	case VALUE_FLOAT:
		if (isfinite(v->f) && floor(v->f) == v->f && fabs(v->f) < 1e15)
			return json_integer((json_int_t)v->f);
		return isfinite(v->f) ? json_real(v->f) : NULL;
	case VALUE_STRING: return json_stringn(v->s.at, v->s.len) ?: json_null();
	case VALUE_ARRAY:
		j = json_array();
		for (size_t i = 0; i < v->array.n; i++) {
			if ((element = value_to_json(&v->array.at[i])) == NULL) {
				json_decref(j);
				return NULL;
			}
			json_array_append_new(j, element);
		}
		return j;
	case VALUE_MAP: return value_map_to_json(v);
	case VALUE_TIME: a = arena_new(); return json_string(go_time_format(a, v->time, VALUE_TIME_LAYOUT));
	default: return json_object();
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

static size_t
value_nodes_below(const struct value *v, size_t max, int depth)
{
	size_t n = 1;

	if (depth > VALUE_DEPTH_MAX)
		return max + 1;
	if (v->kind == VALUE_ARRAY)
		for (size_t i = 0; i < v->array.n && n <= max; i++)
			n += value_nodes_below(&v->array.at[i], max - n + 1, depth + 1);
	if (v->kind == VALUE_MAP)
		for (size_t i = 0; i < v->map.n && n <= max; i++)
			n += value_nodes_below(&v->map.at[i].value, max - n + 1, depth + 1);
	return n;
}

size_t
value_nodes(const struct value *v, size_t max)
{
	return value_nodes_below(v, max, 0);
}

size_t
value_text_len(const struct value *v, size_t max)
{
	size_t n = v->kind == VALUE_STRING ? v->s.len : 0;

	if (v->kind == VALUE_ARRAY)
		for (size_t i = 0; i < v->array.n && n <= max; i++)
			n += value_text_len(&v->array.at[i], max - n);
	if (v->kind == VALUE_MAP)
		for (size_t i = 0; i < v->map.n && n <= max; i++)
			n += value_text_len(&v->map.at[i].key, max) + value_text_len(&v->map.at[i].value, max);
	return n;
}

/* Returns whether two values are equal. With `deep`, as reflect.DeepEqual of Go compares members of a map: an int
 * does not equal a float. */
static bool
value_same(const struct value *a, const struct value *b, bool deep)
{
	double x, y;

	if (a->kind == VALUE_INT && b->kind == VALUE_INT)
		return a->i == b->i;
	if ((!deep || a->kind == b->kind) && value_number(a, &x) && value_number(b, &y))
		return x == y;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NIL: return true;
	case VALUE_BOOL: return a->b == b->b;
	case VALUE_TIME: return go_time_compare(a->time, b->time) == 0;
	case VALUE_DURATION:
	case VALUE_MONTH:
	case VALUE_WEEKDAY:
	case VALUE_ZONE: return a->i == b->i;
	case VALUE_STRING: return a->s.len == b->s.len && memcmp(a->s.at, b->s.at, a->s.len) == 0;
	case VALUE_ARRAY:
		if (a->array.n != b->array.n)
			return false;
		for (size_t i = 0; i < a->array.n; i++)
			if (!value_same(&a->array.at[i], &b->array.at[i], deep))
				return false;
		return true;
	case VALUE_MAP:
		if (a->map.n != b->map.n || a->any_keys != b->any_keys)
			return false;
		for (size_t i = 0; i < a->map.n; i++) {
			const struct value *other = value_member(b, &a->map.at[i].key);

			if (other == NULL || !value_same(&a->map.at[i].value, other, true))
				return false;
		}
		return true;
	default: return false;
	}
}

bool
value_equal(const struct value *a, const struct value *b)
{
	return value_same(a, b, false);
}

const struct value *
value_member(const struct value *map, const struct value *key)
{
	for (size_t i = 0; i < map->map.n; i++)
		if (value_same(&map->map.at[i].key, key, true))
			return &map->map.at[i].value;
	return NULL;
}

const char *
value_kind_name(enum value_kind k)
{
	return kind_names[k];
}

static int
value_by_key(const void *a, const void *b)
{
	const struct value *x = &((const struct value_entry *)a)->key, *y = &((const struct value_entry *)b)->key;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind == VALUE_STRING)
		return strcmp(x->s.at, y->s.at);
	if (x->kind == VALUE_FLOAT)
		return x->f < y->f ? -1 : x->f > y->f;
	return x->i < y->i ? -1 : x->i > y->i;
}

const char *
value_print(struct arena *a, const struct value *v)
{
	struct value_entry *sorted;
	const char *text;
	struct str out;

	switch (v->kind) {
	case VALUE_NIL: return "<nil>";
	case VALUE_BOOL: return v->b ? "true" : "false";
	case VALUE_INT: return arena_printf(a, "%" PRId64, v->i);
	case VALUE_FLOAT: return float_shortest(a, v->f, FLOAT_EXPONENT_FMT);
	case VALUE_STRING: return arena_strndup(a, v->s.at, v->s.len);
	case VALUE_TIME: return go_time_text(a, v->time);
	case VALUE_DURATION: return go_time_duration_text(a, v->i);
	case VALUE_MONTH: return go_time_months[(v->i - 1) % 12];
	case VALUE_WEEKDAY: return go_time_weekdays[v->i % 7];
	case VALUE_ZONE: return "UTC";
	default: break;
	}
	str_init(&out, VALUE_PRINT_MAX);
	if (v->kind == VALUE_MAP) {
		sorted = arena_new_array(a, struct value_entry, v->map.n);
		if (v->map.n > 0)
			memcpy(sorted, v->map.at, v->map.n * sizeof(*sorted));
		qsort(sorted, v->map.n, sizeof(*sorted), value_by_key);
		str_adds(&out, "map[");
		for (size_t i = 0; i < v->map.n && !out.overflow; i++)
			str_addf(&out, "%s%s:%s", i > 0 ? " " : "", value_print(a, &sorted[i].key),
			    value_print(a, &sorted[i].value));
	} else {
		str_addc(&out, '[');
		for (size_t i = 0; i < v->array.n && !out.overflow; i++)
			str_addf(&out, "%s%s", i > 0 ? " " : "", value_print(a, &v->array.at[i]));
	}
	str_addc(&out, ']');
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

const char *
value_text(struct arena *a, const struct value *v)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *text;
	struct str out;

	if (v->kind == VALUE_FLOAT)
		return float_text(a, v->f);
	if (v->kind == VALUE_STRING)
		return arena_strndup(a, v->s.at, v->s.len);
	if (v->kind == VALUE_ARRAY) {
		str_init(&out, VALUE_PRINT_MAX);
		str_addc(&out, '[');
		for (size_t i = 0; i < v->array.n && !out.overflow; i++)
			str_addf(&out, "%s%s", i > 0 ? "," : "", value_text(a, &v->array.at[i]));
		str_addc(&out, ']');
		text = arena_strdup(a, str_text(&out));
		str_done(&out);
		return text;
	}
	j = value_to_json(v);
	return j != NULL ? json_text_go(a, j) : value_print(a, v);
}
