/* kube/api/encode.c: encoding of API objects: struct → JSON by rows. */
#include <string.h>
#include "kube/api/type.h"
#include "base/time.h"
#include "base/str.h"

static json_t *
encode_list(const struct field *f, const void *at)
{
	struct {
		void *at;
		size_t n;
	} list;
	json_t *array;

	memcpy(&list, at, sizeof(list));
	if (list.n == 0 && !f->always)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(array, encode(f->of, (const char *)list.at + i * f->of->size));
	return array;
}

static json_t *
encode_strings(const struct strings *s)
{
	json_t *array = s->n > 0 ? json_array() : NULL;

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(array, json_shown(s->at[i]));
	return array;
}

json_t *
string_map_encode(const struct string_map *m)
{
	json_t *o = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(o, m->at[i].key, json_shown(m->at[i].value));
	return o;
}

static json_t *
encode_time(int64_t ms)
{
	struct arena *a;
	json_t *j;

	if (ms == 0)
		return NULL;
	a = arena_new();
	j = json_string(time_format(a, ms));
	arena_free(a);
	return j;
}

json_t *
encode_field(const struct field *f, const void *at)
{
	const char *s;
	json_t *o;
	long long n;
	/* A required field is written even with the value that other fields omit. */
	bool always = f->always || f->required;

	switch (f->kind) {
	case KIND_BOOL: return *(const bool *)at || always ? json_boolean(*(const bool *)at) : NULL;
	case KIND_OPT_BOOL: {
		const struct opt_bool *b = at;

		return b->present ? json_boolean(b->value) : NULL;
	}
	case KIND_INT: return *(const int64_t *)at != 0 || always ? json_integer(*(const int64_t *)at) : NULL;
	case KIND_OPT_INT: {
		const struct opt_int *i = at;

		return i->present ? json_integer(i->value) : NULL;
	}
	case KIND_STRING:
		s = *(const char *const *)at;
		return s != NULL && (s[0] != '\0' || always) ? json_shown(s) : f->always ? json_string("") : NULL;
	case KIND_TIME: return encode_time(*(const int64_t *)at);
	case KIND_DURATION: s = ((const struct duration *)at)->text; return s != NULL ? json_string(s) : NULL;
	case KIND_INT_OR_STRING:
		s = *(const char *const *)at;
		if (s == NULL)
			return NULL;
		return str_int(s, INT64_MIN, INT64_MAX, &n) ? json_integer(n) : json_string(s);
	case KIND_OBJECT: {
		const void *p = *(const void *const *)at;

		return p != NULL ? encode(f->of, p) : f->always ? json_object() : NULL;
	}
	case KIND_EMBED:
		o = encode(f->of, at);
		if (json_object_size(o) == 0 && !always) {
			json_decref(o);
			return NULL;
		}
		return o;
	case KIND_LIST: return encode_list(f, at);
	case KIND_STRINGS: return encode_strings(at);
	case KIND_STRING_MAP: return ((const struct string_map *)at)->n > 0 ? string_map_encode(at) : NULL;
	case KIND_JSON: s = *(const char *const *)at; return s != NULL ? json_loads(s, JSON_DECODE_ANY, NULL) : NULL;
	case KIND_ENUM: {
		unsigned value;

		memcpy(&value, at, sizeof(value));
		s = value < f->n_names ? f->names[value] : NULL;
		return s != NULL && s[0] != '\0' ? json_string(s) : f->always ? json_string("") : NULL;
	}
	case KIND_MAX: break;
	}
	return NULL;
}

json_t *
encode(const struct type *t, const void *object)
{
	json_t *j = json_object();

	for (size_t i = 0; i < t->n_fields; i++) {
		json_t *v = t->fields[i].not_supported
				? NULL
				: encode_field(&t->fields[i], (const char *)object + t->fields[i].offset);

		if (v != NULL)
			json_object_set_new(j, t->fields[i].name, v);
	}
	return j;
}
