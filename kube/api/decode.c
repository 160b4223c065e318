/* kube/api/decode.c: decoding of API objects: JSON text → struct by rows, with errors that name the path. The text is
 * read where it stands: a member without a row is skipped, and paths are written only for errors. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "kube/api/common_texts.h"
#include "kube/api/type.h"
#include "base/json_walk.h"
#include "base/str.h"
#include "base/time.h"

struct decoding {
	struct problems *problems;
	struct arena *arena; /* of values */
	struct arena *scratch; /* of paths and messages */
};

/* A place in the object: a member or an element of another place. */
struct place {
	const struct place *in; /* NULL: the text below is the path */
	const char *text; /* the path, or a key as it is written; NULL: an element */
	size_t len, index; /* of the text; of the element */
	bool of_map; /* a key of a map: "labels[app]" */
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
decode_path(const struct decoding *d, const struct place *at)
{
	const char *in;

	if (at->in == NULL)
		return at->text;
	in = decode_path(d, at->in);
	if (at->text == NULL)
		return arena_printf(d->scratch, "%s[%zu]", in, at->index);
	if (at->of_map)
		return arena_printf(d->scratch, "%s[%s]", in, json_unquote_key(d->scratch, at->text, at->len));
	return arena_printf(
	    d->scratch, "%s%s%s", in, in[0] != '\0' ? "." : "", json_unquote_key(d->scratch, at->text, at->len));
}

static const char *
decode_shown(struct arena *a, const char *v)
{
	const char *text = json_compact(a, v);

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

static void decode_struct(
    const struct decoding *, const struct type *, struct json_walk *, const struct place *, void *ret);

static bool
decode_list(const struct decoding *d, const struct field *f, struct json_walk *v, const struct place *at, void *ret)
{
	struct {
		void *at;
		size_t n;
	} list = { NULL, json_count(v->value) };
	struct json_walk each = json_walk(v->value);

	if (!json_at_list(v->value))
		return false;
	if (f->items_max > 0 && list.n > f->items_max) {
		problem_add(
		    d->problems, decode_path(d, at), "has %zu items; %" PRIu32 " are the most", list.n, f->items_max);
		return true;
	}
	list.at = arena_alloc(d->arena, f->of->size * list.n);
	for (size_t i = 0; json_walk_next(&each); i++)
		decode_struct(
		    d, f->of, &each, &(struct place){ .in = at, .index = i }, (char *)list.at + i * f->of->size);
	v->end = each.end;
	memcpy(ret, &list, sizeof(list));
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
decode_strings(const struct decoding *d, struct json_walk *v, struct strings *ret)
{
	struct json_walk each = json_walk(v->value);
	struct strings s = { 0 };
	size_t len;

	if (!json_at_list(v->value))
		return false;
	s.at = arena_new_array(d->arena, const char *, json_count(v->value));
	while (json_walk_next(&each)) {
		if (!json_at_string(each.value))
			return false;
		s.at[s.n++] = json_unquote(d->arena, each.value, &len);
	}
	v->end = each.end;
	*ret = s;
	return true;
}

static bool
decode_string_map(const struct decoding *d, const struct field *f, struct json_walk *v, const struct place *at,
    struct string_map *ret)
{
	struct json_walk each = json_walk(v->value);
	struct string_map m = { 0 };

	if (!json_at_object(v->value))
		return false;
	m.at = arena_new_array(d->arena, struct string_pair, json_count(v->value));
	while (json_walk_next(&each)) {
		const struct place here = { .in = at, .text = each.key, .len = each.key_len, .of_map = true };
		const char *key, *value;
		size_t len;

		if (!json_at_string(each.value)) {
			problem_add(d->problems, decode_path(d, &here), "%s is not a string",
			    decode_shown(d->scratch, each.value));
			continue;
		}
		if (f->blank != NULL && json_walk_is(&each, f->blank)) {
			value = json_has_nul(each.value) ? NULL : "";
		} else {
			value = json_unquote(d->arena, each.value, &len);
			value = strlen(value) == len ? value : NULL;
		}
		if (value == NULL) {
			problem_add(d->problems, decode_path(d, &here), "contains U+0000");
			continue;
		}
		key = common_text(each.key, each.key_len) ?: json_unquote_key(d->arena, each.key, each.key_len);
		m.at[m.n++] = (struct string_pair){ key, value };
	}
	v->end = each.end;
	*ret = m;
	return true;
}

/* Reads a whole number; 3.0 is one, as YAML writers produce it. Returns false for other values. */
static bool
decode_integer(const char *v, int64_t *ret)
{
	double real;

	if (!json_at_number(v))
		return false;
	if (json_integer_at(v, ret))
		return true;
	real = json_number_at(v);
	if (real <= -9e15 || real >= 9e15 || (double)(int64_t)real != real)
		return false;
	*ret = (int64_t)real;
	return true;
}

static bool
decode_number(const struct decoding *d, const struct field *f, const char *v, const struct place *at, void *ret)
{
	int64_t n;

	if (!decode_integer(v, &n))
		return false;
	if (f->min < f->max && (n < f->min || n > f->max)) {
		problem_add(d->problems, decode_path(d, at), "%" PRId64 " is not between %" PRId64 " and %" PRId64, n,
		    f->min, f->max);
		problem_is_range(d->problems);
	} else if (f->kind == KIND_INT) {
		*(int64_t *)ret = n;
	} else {
		*(struct opt_int *)ret = (struct opt_int){ true, n };
	}
	return true;
}

/* Returns a string as json_unquote does, without a copy if it is a common one. */
static const char *
decode_unquoted(const struct decoding *d, const char *v, size_t *ret_len)
{
	const char *common;

	*ret_len = json_quoted_length(v);
	common = common_text(v + 1, *ret_len);
	return common != NULL ? common : json_unquote(d->arena, v, ret_len);
}

static bool
decode_string(const struct decoding *d, const struct field *f, const char *v, const struct place *at, const char **ret)
{
	const char *text;
	size_t len;

	if (!json_at_string(v))
		return false;
	text = decode_unquoted(d, v, &len);
	if (strlen(text) != len)
		problem_add(d->problems, decode_path(d, at), "contains U+0000");
	else if (f->choices != NULL && !decode_one_of(f->choices, text))
		problem_add(
		    d->problems, decode_path(d, at), "%s is not one of %s", decode_shown(d->scratch, v), f->choices);
	else
		*ret = text;
	return true;
}

static bool
decode_enum(const struct decoding *d, const struct field *f, const char *v, const struct place *at, void *ret)
{
	const char *text;
	unsigned value;
	size_t len;

	if (!json_at_string(v) || strlen(text = json_unquote(d->scratch, v, &len)) != len)
		return false;
	value = enum_named(f->names, f->n_names, text);
	if (value == 0 && len > 0)
		problem_add(d->problems, decode_path(d, at), "%s is not one of %s", decode_shown(d->scratch, v),
		    decode_enum_choices(d->scratch, f));
	memcpy(ret, &value, sizeof(value));
	return true;
}

/* Decodes one value. Returns false if it has the wrong type; nothing was set then. */
static bool
decode_value(const struct decoding *d, const struct field *f, struct json_walk *w, const struct place *at, void *ret)
{
	const char *v = w->value;
	int64_t n;
	size_t len;

	assert(f->kind < KIND_MAX);
	switch (f->kind) {
	case KIND_BOOL:
		if (!json_at_bool(v))
			return false;
		*(bool *)ret = json_at_true(v);
		return true;
	case KIND_OPT_BOOL:
		if (!json_at_bool(v))
			return false;
		*(struct opt_bool *)ret = (struct opt_bool){ true, json_at_true(v) };
		return true;
	case KIND_INT:
	case KIND_OPT_INT: return decode_number(d, f, v, at, ret);
	case KIND_STRING: return decode_string(d, f, v, at, ret);
	case KIND_TIME: return json_at_string(v) && time_parse(json_unquote(d->scratch, v, &len), ret);
	case KIND_DURATION: {
		struct duration *r = ret;

		if (!json_at_string(v) || !duration_parse(json_unquote(d->scratch, v, &len), &n))
			return false;
		*r = (struct duration){ json_unquote(d->arena, v, &len), n };
		return true;
	}
	case KIND_INT_OR_STRING:
		if (json_at_string(v))
			*(const char **)ret = json_unquote(d->arena, v, &len);
		else if (decode_integer(v, &n))
			*(const char **)ret = arena_printf(d->arena, "%" PRId64, n);
		else
			return false;
		return true;
	case KIND_OBJECT: {
		void *o;

		if (!json_at_object(v))
			return false;
		o = arena_alloc(d->arena, f->of->size);
		decode_struct(d, f->of, w, at, o);
		*(void **)ret = o;
		return true;
	}
	case KIND_EMBED:
		if (!json_at_object(v))
			return false;
		decode_struct(d, f->of, w, at, ret);
		return true;
	case KIND_LIST: return decode_list(d, f, w, at, ret);
	case KIND_STRINGS: return decode_strings(d, w, ret);
	case KIND_STRING_MAP: return decode_string_map(d, f, w, at, ret);
	case KIND_JSON:
		if (!f->pod_template)
			*(const char **)ret = json_compact(d->arena, v);
		return true;
	case KIND_ENUM: return decode_enum(d, f, v, at, ret);
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

/* Returns the row of a key, or NULL. The members often have the order of the rows: the search begins at `from`. */
static const struct field *
decode_field_of(const struct type *t, const char *key, size_t len, size_t from)
{
	for (size_t k = 0; k < t->n_fields; k++) {
		size_t i = from + k < t->n_fields ? from + k : from + k - t->n_fields;
		const char *name = t->fields[i].name;

		if ((t->any_case ? strncasecmp(name, key, len) : name[0] - key[0] ?: strncmp(name, key, len)) == 0 &&
		    name[len] == '\0')
			return &t->fields[i];
	}
	return NULL;
}

static void
decode_members(
    const struct decoding *d, const struct type *t, struct json_walk *in, const struct place *place, void *ret)
{
	struct json_walk w = json_walk(in->value);
	uint64_t there = 0; /* a bit for each row whose member is not null */
	size_t next = 0;

	assert(t->n_fields <= 64);
	while (json_walk_next(&w)) {
		const struct place at = { .in = place, .text = w.key, .len = w.key_len };
		const char *key = w.key;
		size_t len = w.key_len;
		const struct field *f;

		if (json_at_null(w.value))
			continue;
		if (memchr(key, '\\', len) != NULL) {
			key = json_unquote_key(d->scratch, key, len);
			len = strlen(key);
		}
		f = decode_field_of(t, key, len, next);
		if (f != NULL) {
			next = (size_t)(f - t->fields) + 1;
			there |= (uint64_t)1 << (f - t->fields);
		}
		if (f == NULL && t->strict)
			problem_add(d->problems, decode_path(d, &at), "unknown field; %s %s has %s",
			    str_article(t->name), t->name, decode_known_names(t, d->scratch));
		else if (f == NULL && d->problems->unknown)
			problem_add(d->problems, decode_path(d, &at), "unknown field; it has no effect");
		else if (f != NULL && f->not_supported)
			problem_add(d->problems, decode_path(d, &at), "%s",
			    f->default_text != NULL ? f->default_text : "not supported by this version of Sluice");
		else if (f != NULL && !decode_value(d, f, &w, &at, (char *)ret + f->offset))
			problem_add(d->problems, decode_path(d, &at), "%s is not %s", decode_shown(d->scratch, w.value),
			    kind_wants[f->kind]);
	}
	in->end = w.end;
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].required && (there & (uint64_t)1 << i) == 0)
			problem_add(d->problems,
			    decode_path(d,
				&(struct place){
				    .in = place, .text = t->fields[i].name, .len = strlen(t->fields[i].name) }),
			    "required, but missing");
}

/* Decodes the value of a walk, and sets its end. */
static void
decode_struct(const struct decoding *d, const struct type *t, struct json_walk *w, const struct place *place, void *ret)
{
	if (json_at_object(w->value))
		decode_members(d, t, w, place, ret);
	else
		problem_add(d->problems, decode_path(d, place), "%s is not an object",
		    w->value != NULL ? decode_shown(d->scratch, w->value) : "nothing");
	if (t->finish != NULL)
		t->finish(ret, w->value, d->arena);
}

void
decode_at(const struct type *t, const char *value, const char *path, struct problems *problems, void *ret)
{
	struct arena *scratch = problems->scratch != NULL ? problems->scratch : problems->arena;

	decode_struct(&(struct decoding){ problems, problems->arena, scratch }, t,
	    &(struct json_walk){ .value = value }, &(struct place){ .text = path }, ret);
}

void
decode(const struct type *t, const json_t *j, const char *path, struct problems *problems, void *ret)
{
	_cleanup_(freep) char *text = j != NULL ? json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	decode_at(t, text, path, problems, ret);
}

void
decode_text(const struct type *t, const char *text, struct arena *a, void *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();

	if (text != NULL && text[0] == '{' && json_check(text, strlen(text), JSON_DEPTH_MAX))
		decode_at(t, text, "", &(struct problems){ .arena = a, .scratch = scratch }, ret);
}
