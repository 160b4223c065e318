/* kube/api/decode.c: decoding of API objects: JSON → struct by rows, with errors that name the path. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "kube/api/type.h"
#include "base/str.h"
#include "base/time.h"

struct decoding {
	struct problems *problems;
	struct arena *arena; /* of values */
	struct arena *scratch; /* of paths and messages */
};

static const char *const kind_wants[] = {
	[KIND_BOOL] = "true or false",
	[KIND_OPT_BOOL] = "true or false",
	[KIND_INT] = "an integer",
	[KIND_OPT_INT] = "an integer",
	[KIND_STRING] = "a string",
	[KIND_TIME] = "an RFC 3339 time",
	[KIND_DURATION] = "a duration such as 30s or 1m30s",
	[KIND_INT_OR_STRING] = "an integer or a string",
	[KIND_OBJECT] = "an object",
	[KIND_EMBED] = "an object",
	[KIND_LIST] = "a list",
	[KIND_STRINGS] = "a list of strings",
	[KIND_STRING_MAP] = "a map of strings",
	[KIND_JSON] = "any value",
	[KIND_ENUM] = "a string",
};
_Static_assert(ARRAY_SIZE(kind_wants) == KIND_MAX, "a text a kind");

static const char *
decode_shown(struct arena *a, const json_t *v)
{
	const char *text = json_text(a, v);

	return strlen(text) > 60 ? arena_printf(a, "%.57s...", text) : text;
}

static bool
decode_one_of(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *c = choices;; c = strchr(c, '|') + 1) {
		if (strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == '\0'))
			return true;
		if (strchr(c, '|') == NULL)
			return false;
	}
}

static const char *
decode_enum_choices(struct arena *a, const struct field *f)
{
	const char *all = NULL;

	for (size_t i = 1; i < f->n_names; i++)
		if (f->names[i] != NULL && f->names[i][0] != '\0')
			all = all == NULL ? f->names[i] : arena_printf(a, "%s|%s", all, f->names[i]);
	return all;
}

static bool
decode_list(struct decoding *d, const struct field *f, const json_t *v, const char *path, void *at)
{
	struct {
		void *at;
		size_t n;
	} list = { NULL, json_array_size(v) };

	if (!json_is_array(v))
		return false;
	if (f->items_max > 0 && list.n > f->items_max) {
		problem_add(d->problems, path, "has %zu items; %zu are the most", list.n, f->items_max);
		return true;
	}
	list.at = arena_alloc(d->arena, f->of->size * list.n);
	for (size_t i = 0; i < list.n; i++)
		decode(f->of, json_array_get(v, i), arena_printf(d->scratch, "%s[%zu]", path, i), d->problems,
		    (char *)list.at + i * f->of->size);
	memcpy(at, &list, sizeof(list));
	return true;
}

struct strings
strings_decode(struct arena *a, const json_t *list)
{
	struct strings s = { .at = arena_new_array(a, const char *, json_array_size(list) + 1) };
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (json_is_string(v))
			s.at[s.n++] = arena_strdup(a, json_string_value(v));
	return s;
}

static bool
decode_strings(struct decoding *d, const json_t *v, struct strings *ret)
{
	struct strings s = { .n = json_array_size(v) };

	if (!json_is_array(v))
		return false;
	s.at = arena_new_array(d->arena, const char *, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (!json_is_string(json_array_get(v, i)))
			return false;
		s.at[i] = arena_strdup(d->arena, json_string_value(json_array_get(v, i)));
	}
	*ret = s;
	return true;
}

static bool
decode_string_map(struct decoding *d, const struct field *f, const json_t *v, const char *path, struct string_map *ret)
{
	struct string_map m = { 0 };
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return false;
	m.at = arena_new_array(d->arena, struct string_pair, json_object_size(v));
	json_object_foreach ((json_t *)v, key, value) {
		if (!json_is_string(value)) {
			problem_add(d->problems, arena_printf(d->scratch, "%s[%s]", path, key), "%s is not a string",
			    decode_shown(d->scratch, value));
			continue;
		}
		if (strlen(json_string_value(value)) != json_string_length(value)) {
			problem_add(d->problems, arena_printf(d->scratch, "%s[%s]", path, key), "contains U+0000");
			continue;
		}
		m.at[m.n++] = (struct string_pair){ arena_strdup(d->arena, key),
			str_eq(key, f->blank) ? "" : arena_strdup(d->arena, json_string_value(value)) };
	}
	*ret = m;
	return true;
}

/* A whole number; 3.0 counts, as YAML writers produce it. */
static bool
decode_integer(const json_t *v, int64_t *ret)
{
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	if (json_is_real(v) && json_real_value(v) > -9e15 && json_real_value(v) < 9e15 &&
	    (double)(int64_t)json_real_value(v) == json_real_value(v)) {
		*ret = (int64_t)json_real_value(v);
		return true;
	}
	return false;
}

/* False: the value has the wrong type, and nothing was set. */
static bool
decode_value(struct decoding *d, const struct field *f, const json_t *v, const char *path, void *at)
{
	int64_t n;

	assert(f->kind < KIND_MAX);
	switch (f->kind) {
	case KIND_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(bool *)at = json_is_true(v);
		return true;
	case KIND_OPT_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(struct opt_bool *)at = (struct opt_bool){ true, json_is_true(v) };
		return true;
	case KIND_INT:
	case KIND_OPT_INT:
		if (!decode_integer(v, &n))
			return false;
		if (f->min < f->max && (n < f->min || n > f->max)) {
			problem_add(d->problems, path, "%" PRId64 " is not between %" PRId64 " and %" PRId64, n, f->min,
			    f->max);
			return true;
		}
		if (f->kind == KIND_INT)
			*(int64_t *)at = n;
		else
			*(struct opt_int *)at = (struct opt_int){ true, n };
		return true;
	case KIND_STRING:
		if (!json_is_string(v))
			return false;
		if (strlen(json_string_value(v)) != json_string_length(v)) {
			problem_add(d->problems, path, "contains U+0000");
			return true;
		}
		if (f->choices != NULL && !decode_one_of(f->choices, json_string_value(v))) {
			problem_add(d->problems, path, "%s is not one of %s", decode_shown(d->scratch, v), f->choices);
			return true;
		}
		*(const char **)at = arena_strndup(d->arena, json_string_value(v), json_string_length(v));
		return true;
	case KIND_TIME: return json_is_string(v) && time_parse(json_string_value(v), at);
	case KIND_DURATION: {
		struct duration *r = at;

		if (!json_is_string(v) || !duration_parse(json_string_value(v), &n))
			return false;
		*r = (struct duration){ arena_strdup(d->arena, json_string_value(v)), n };
		return true;
	}
	case KIND_INT_OR_STRING:
		if (json_is_string(v))
			*(const char **)at = arena_strdup(d->arena, json_string_value(v));
		else if (decode_integer(v, &n))
			*(const char **)at = arena_printf(d->arena, "%" PRId64, n);
		else
			return false;
		return true;
	case KIND_OBJECT: {
		void *o;

		if (!json_is_object(v))
			return false;
		o = arena_alloc(d->arena, f->of->size);
		decode(f->of, v, path, d->problems, o);
		*(void **)at = o;
		return true;
	}
	case KIND_EMBED:
		if (!json_is_object(v))
			return false;
		decode(f->of, v, path, d->problems, at);
		return true;
	case KIND_LIST: return decode_list(d, f, v, path, at);
	case KIND_STRINGS: return decode_strings(d, v, at);
	case KIND_STRING_MAP: return decode_string_map(d, f, v, path, at);
	case KIND_JSON: *(const char **)at = json_text(d->arena, v); return true;
	case KIND_ENUM: {
		unsigned value;

		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return false;
		value = enum_named(f->names, f->n_names, json_string_value(v));
		if (value == 0 && json_string_length(v) > 0)
			problem_add(d->problems, path, "%s is not one of %s", decode_shown(d->scratch, v),
			    decode_enum_choices(d->scratch, f));
		memcpy(at, &value, sizeof(value));
		return true;
	}
	case KIND_MAX: break;
	}
	return false;
}

static const char *
decode_known_names(const struct type *t, struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; i < t->n_fields; i++)
		names = arena_printf(a, "%s%s%s", names, i > 0 ? ", " : "", t->fields[i].name);
	return names;
}

static const struct field *
decode_field_of(const struct type *t, const char *name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->any_case ? strcasecmp(t->fields[i].name, name) == 0 : strcmp(t->fields[i].name, name) == 0)
			return &t->fields[i];
	return NULL;
}

static bool
decode_is_there(const struct type *t, const json_t *j, const char *name)
{
	const char *key;
	json_t *value;

	if (!t->any_case)
		return !json_is_null(json_object_get(j, name) ?: json_null());
	json_object_foreach ((json_t *)j, key, value)
		if (!json_is_null(value) && strcasecmp(key, name) == 0)
			return true;
	return false;
}

void
decode(const struct type *t, const json_t *j, const char *path, struct problems *problems, void *ret)
{
	struct arena *scratch = problems->scratch != NULL ? problems->scratch : problems->arena;
	struct decoding d = { problems, problems->arena, scratch };
	const char *dot = path[0] != '\0' ? "." : "", *key;
	json_t *value;

	if (!json_is_object(j)) {
		problem_add(problems, path, "%s is not an object", j != NULL ? decode_shown(d.scratch, j) : "nothing");
		return;
	}
	json_object_foreach ((json_t *)j, key, value) {
		const struct field *f = decode_field_of(t, key);
		const char *at = arena_printf(d.scratch, "%s%s%s", path, dot, key);

		if (json_is_null(value))
			continue;
		if (f == NULL && t->strict)
			problem_add(problems, at, "unknown field; %s %s has %s", str_article(t->name), t->name,
			    decode_known_names(t, d.scratch));
		else if (f == NULL && problems->unknown)
			problem_add(problems, at, "unknown field; it has no effect");
		else if (f != NULL && f->not_built)
			problem_add(problems, at, "not supported by this version of Sluice");
		else if (f != NULL && !decode_value(&d, f, value, at, (char *)ret + f->offset))
			problem_add(problems, at, "%s is not %s", decode_shown(d.scratch, value), kind_wants[f->kind]);
	}
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].required && !decode_is_there(t, j, t->fields[i].name))
			problem_add(problems, arena_printf(d.scratch, "%s%s%s", path, dot, t->fields[i].name),
			    "required, but missing");
}

void
decode_text(const struct type *t, const char *text, struct arena *a, void *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	_cleanup_(json_decrefp) json_t *j = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (json_is_object(j))
		decode(t, j, "", &(struct problems){ .arena = a, .scratch = scratch }, ret);
}
