/* kube/api/diff.c: the difference between two structs of a type, by its rows. A value is written as encode.c and
 * jansson write it; what is rare (text beyond ASCII, maps, JSON) is left to them. */
#include "kube/api/diff.h"
#include <string.h>
#include "base/time.h"
#include "kube/api/patch.h"

struct diff_list {
	const char *at;
	size_t n;
};

static struct diff_list
diff_list_of(const void *at)
{
	struct diff_list list;

	memcpy(&list, at, sizeof(list));
	return list;
}

static const char *
diff_text_of(const void *at)
{
	return *(const char *const *)at;
}

/* Returns the text that a row writes, or NULL if it writes none. */
static const char *
diff_string(const struct field *f, const char *s)
{
	if (s == NULL)
		return f->always ? "" : NULL;
	return s[0] != '\0' || f->always || f->required ? s : NULL;
}

static const char *
diff_enum(const struct field *f, const void *at)
{
	unsigned value;
	const char *s;

	memcpy(&value, at, sizeof(value));
	s = value < f->n_names ? f->names[value] : NULL;
	return s != NULL && s[0] != '\0' ? s : f->always ? "" : NULL;
}

static bool
diff_is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Texts that are not UTF-8 can be written alike although they differ. */
static bool
diff_texts_equal(const char *a, const char *b)
{
	_cleanup_(json_decrefp) json_t *x = NULL, *y = NULL;

	if (a == NULL || b == NULL)
		return a == b;
	if (strcmp(a, b) == 0)
		return true;
	if (diff_is_ascii(a) || diff_is_ascii(b))
		return false;
	x = json_shown(a);
	y = json_shown(b);
	return json_equal(x, y);
}

static bool
diff_json_equal(const struct field *f, const void *a, const void *b)
{
	_cleanup_(json_decrefp) json_t *x = encode_field(f, a), *y = encode_field(f, b);

	return x == NULL || y == NULL ? x == y : json_equal(x, y);
}

static bool
diff_maps_equal(const struct field *f, const struct string_map *a, const struct string_map *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->at[i].key, b->at[i].key) == 0 && str_eq(a->at[i].value, b->at[i].value);
	return same || diff_json_equal(f, a, b);
}

static bool
diff_is_present(const struct field *f, const void *at)
{
	bool always = f->always || f->required;

	switch (f->kind) {
	case KIND_BOOL: return *(const bool *)at || always;
	case KIND_OPT_BOOL: return ((const struct opt_bool *)at)->present;
	case KIND_INT: return *(const int64_t *)at != 0 || always;
	case KIND_OPT_INT: return ((const struct opt_int *)at)->present;
	case KIND_STRING: return diff_string(f, diff_text_of(at)) != NULL;
	case KIND_TIME: return *(const int64_t *)at != 0;
	case KIND_DURATION: return ((const struct duration *)at)->text != NULL;
	case KIND_OBJECT: return *(const void *const *)at != NULL || f->always;
	case KIND_EMBED:
		for (size_t i = 0; i < f->of->n_fields && !always; i++)
			always = !f->of->fields[i].not_supported &&
				 diff_is_present(&f->of->fields[i], (const char *)at + f->of->fields[i].offset);
		return always;
	case KIND_LIST: return diff_list_of(at).n > 0 || f->always;
	case KIND_STRINGS: return ((const struct strings *)at)->n > 0;
	case KIND_STRING_MAP: return ((const struct string_map *)at)->n > 0;
	case KIND_INT_OR_STRING:
	case KIND_JSON: {
		_cleanup_(json_decrefp) json_t *j = diff_text_of(at) != NULL ? encode_field(f, at) : NULL;

		return j != NULL;
	}
	case KIND_ENUM: return diff_enum(f, at) != NULL;
	case KIND_MAX: break;
	}
	return false;
}

static bool
diff_lists_equal(const struct type *t, struct diff_list a, struct diff_list b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!type_equal(t, a.at + i * t->size, b.at + i * t->size))
			return false;
	return true;
}

static bool
diff_strings_equal(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!diff_texts_equal(a->at[i], b->at[i]))
			return false;
	return true;
}

static bool
diff_field_equal(const struct field *f, const void *a, const void *b)
{
	switch (f->kind) {
	case KIND_BOOL: return *(const bool *)a == *(const bool *)b;
	case KIND_OPT_BOOL: {
		const struct opt_bool *x = a, *y = b;

		return x->present == y->present && (!x->present || x->value == y->value);
	}
	case KIND_INT: return *(const int64_t *)a == *(const int64_t *)b;
	case KIND_OPT_INT: {
		const struct opt_int *x = a, *y = b;

		return x->present == y->present && (!x->present || x->value == y->value);
	}
	case KIND_STRING: return diff_texts_equal(diff_string(f, diff_text_of(a)), diff_string(f, diff_text_of(b)));
	case KIND_TIME: {
		int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

		return (x == 0) == (y == 0) && time_stored(x) == time_stored(y);
	}
	case KIND_DURATION: return str_eq(((const struct duration *)a)->text, ((const struct duration *)b)->text);
	case KIND_OBJECT: {
		const void *x = *(const void *const *)a, *y = *(const void *const *)b;

		if (x == NULL || y == NULL)
			return x == y || (f->always && diff_json_equal(f, a, b));
		return x == y || type_equal(f->of, x, y);
	}
	case KIND_EMBED: return type_equal(f->of, a, b);
	case KIND_LIST: return diff_lists_equal(f->of, diff_list_of(a), diff_list_of(b));
	case KIND_STRINGS: return diff_strings_equal(a, b);
	case KIND_STRING_MAP: return diff_maps_equal(f, a, b);
	case KIND_INT_OR_STRING:
	case KIND_JSON: return str_eq(diff_text_of(a), diff_text_of(b)) || diff_json_equal(f, a, b);
	case KIND_ENUM: return str_eq(diff_enum(f, a), diff_enum(f, b));
	case KIND_MAX: break;
	}
	return true;
}

bool
type_equal(const struct type *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];

		if (!f->not_supported && !diff_field_equal(f, (const char *)a + f->offset, (const char *)b + f->offset))
			return false;
	}
	return true;
}

static void
diff_add_json(struct str *s, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	str_adds(s, json_text(a, j));
}

static void
diff_add_bool(struct str *s, bool b)
{
	str_adds(s, b ? "true" : "false");
}

static void
diff_add_time(struct str *s, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	str_addc(s, '"');
	str_adds(s, time_print(text, ms));
	str_addc(s, '"');
}

/* The name of a member; the value follows. The text ends with "{" before the first one. */
static void
diff_add_key(struct str *s, const char *name)
{
	if (s->at[s->len - 1] != '{')
		str_addc(s, ',');
	str_addc(s, '"');
	str_adds(s, name);
	str_add(s, "\":", 2);
}

static void diff_add_struct(struct str *, const struct type *, const void *);

/* Appends a value that is present. */
static void
diff_add_value(struct str *s, const struct field *f, const void *at)
{
	switch (f->kind) {
	case KIND_BOOL: diff_add_bool(s, *(const bool *)at); return;
	case KIND_OPT_BOOL: diff_add_bool(s, ((const struct opt_bool *)at)->value); return;
	case KIND_INT: str_add_int(s, *(const int64_t *)at); return;
	case KIND_OPT_INT: str_add_int(s, ((const struct opt_int *)at)->value); return;
	case KIND_STRING: json_add_string(s, diff_string(f, diff_text_of(at))); return;
	case KIND_TIME: diff_add_time(s, *(const int64_t *)at); return;
	case KIND_DURATION: json_add_string(s, ((const struct duration *)at)->text); return;
	case KIND_OBJECT:
		if (*(const void *const *)at != NULL)
			diff_add_struct(s, f->of, *(const void *const *)at);
		else
			str_adds(s, "{}");
		return;
	case KIND_EMBED: diff_add_struct(s, f->of, at); return;
	case KIND_LIST: {
		struct diff_list list = diff_list_of(at);

		str_addc(s, '[');
		for (size_t i = 0; i < list.n; i++) {
			if (i > 0)
				str_addc(s, ',');
			diff_add_struct(s, f->of, list.at + i * f->of->size);
		}
		str_addc(s, ']');
		return;
	}
	case KIND_ENUM: json_add_string(s, diff_enum(f, at)); return;
	default: {
		_cleanup_(json_decrefp) json_t *j = encode_field(f, at);

		diff_add_json(s, j);
	}
	}
}

static void
diff_add_struct(struct str *s, const struct type *t, const void *at)
{
	str_addc(s, '{');
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		const void *value = (const char *)at + f->offset;

		if (f->not_supported || !diff_is_present(f, value))
			continue;
		diff_add_key(s, f->name);
		diff_add_value(s, f, value);
	}
	str_addc(s, '}');
}

/* Appends the merge patch of two values that are present, and differ. Lists are replaced as a whole. */
static void
diff_add_change(struct str *s, const struct field *f, const void *from, const void *to)
{
	const void *const *x = from, *const *y = to;

	if (f->kind == KIND_EMBED) {
		type_diff(s, f->of, from, to);
	} else if (f->kind == KIND_OBJECT && *x != NULL && *y != NULL) {
		type_diff(s, f->of, *x, *y);
	} else if (f->kind == KIND_OBJECT || f->kind == KIND_STRING_MAP || f->kind == KIND_JSON) {
		_cleanup_(json_decrefp) json_t *was = encode_field(f, from), *is = encode_field(f, to),
					       *patch = merge_patch_diff(was, is);

		diff_add_json(s, patch);
	} else {
		diff_add_value(s, f, to);
	}
}

bool
type_diff(struct str *s, const struct type *t, const void *from, const void *to)
{
	size_t len = s->len;

	str_addc(s, '{');
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		const void *was = (const char *)from + f->offset, *is = (const char *)to + f->offset;

		if (f->not_supported || diff_field_equal(f, was, is) || !diff_is_present(f, is))
			continue;
		diff_add_key(s, f->name);
		if (diff_is_present(f, was))
			diff_add_change(s, f, was, is);
		else
			diff_add_value(s, f, is);
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		const void *was = (const char *)from + f->offset, *is = (const char *)to + f->offset;

		if (f->not_supported || diff_field_equal(f, was, is) || diff_is_present(f, is) ||
		    !diff_is_present(f, was))
			continue;
		diff_add_key(s, f->name);
		str_adds(s, "null");
	}
	if (s->len == len + 1) {
		s->at[s->len = len] = '\0';
		return false;
	}
	str_addc(s, '}');
	return true;
}
