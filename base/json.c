/* base/json.c: JSON: parsing with limits, canonical text, pointers and copies, on top of jansson. Struct ↔ JSON:
 * kube/api/decode.c and encode.c. */
#include "base/json.h"
#include <stdio.h>
#include <string.h>
#include <math.h>
#include "base/utf8.h"
#include "base/str.h"

#define TEXT_MAX (64u << 20)

/* Returns the maximum nesting of a text: its brackets outside of strings. */
static size_t
json_depth(const char *text, size_t len)
{
	size_t depth = 0, most = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '{' || text[i] == '['))
			most = ++depth > most ? depth : most;
		else if (!in_string && (text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return most;
}

struct err *
json_parse(struct arena *a, const char *text, size_t len, json_t **ret)
{
	json_error_t at;
	json_t *j;

	if (json_depth(text, len) > JSON_DEPTH_MAX)
		return err_new(a, ERR_INVALID, "nested deeper than %d", JSON_DEPTH_MAX);
	j = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
	if (j == NULL)
		return err_new(a, ERR_INVALID, "line %d, column %d: %s", at.line, at.column, at.text);
	*ret = j;
	return NULL;
}

void
json_add_real(struct str *s, double d)
{
	char text[40];
	int digits = 0, e;

	do
		snprintf(text, sizeof(text), "%.*e", digits, d);
	while (strtod(text, NULL) != d && ++digits < 17);
	e = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	if (e >= -6 && e < 21)
		str_addf(s, "%.*f", digits > e ? digits - e : 0, d);
	else
		str_addf(s, "%.*se%s%d", (int)strcspn(text, "e"), text, e > 0 ? "+" : "", e);
}

/* Adds a string as jansson writes it: only quotes, backslashes and control characters are escaped. */
static void
json_add_quoted(struct str *s, const char *at, size_t len)
{
	static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	static const bool special[256] = { [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true };
	const char *plain = at, *end = at + len;

	str_addc(s, '"');
	for (; at < end; at++) {
		const char *name;

		if (!special[(unsigned char)*at])
			continue;
		str_add(s, plain, (size_t)(at - plain));
		plain = at + 1;
		name = *at != '\0' ? strchr(named, *at) : NULL;
		if (name != NULL)
			str_add(s, (const char[]){ '\\', letters[name - named] }, 2);
		else
			str_addf(s, "\\u%04X", (unsigned char)*at);
	}
	str_add(s, plain, (size_t)(at - plain));
	str_addc(s, '"');
}

void
json_add_string(struct str *s, const char *text)
{
	size_t n = 0;

	while ((unsigned char)text[n] - 1u < 0x7f)
		n++;
	if (text[n] != '\0') {
		_cleanup_(json_decrefp) json_t *shown = json_shown(text);

		json_add_quoted(s, json_string_value(shown), json_string_length(shown));
		return;
	}
	json_add_quoted(s, text, n);
}

/* Adds a value as json_dumps does, except for numbers: with the seventeen digits of jansson, a request of 0.1 CPU
 * would be 100000001n. */
static void
json_add_text(struct str *s, const json_t *j)
{
	const char *key;
	bool first = true;
	json_t *v;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		str_addc(s, '{');
		json_object_foreach ((json_t *)j, key, v) {
			if (!first)
				str_addc(s, ',');
			first = false;
			json_add_quoted(s, key, strlen(key));
			str_addc(s, ':');
			json_add_text(s, v);
		}
		str_addc(s, '}');
		return;
	case JSON_ARRAY:
		str_addc(s, '[');
		json_array_foreach (j, i, v) {
			if (i > 0)
				str_addc(s, ',');
			json_add_text(s, v);
		}
		str_addc(s, ']');
		return;
	case JSON_STRING: json_add_quoted(s, json_string_value(j), json_string_length(j)); return;
	case JSON_INTEGER: str_add_int(s, json_integer_value(j)); return;
	case JSON_REAL: json_add_real(s, json_real_value(j)); return;
	case JSON_TRUE: str_adds(s, "true"); return;
	case JSON_FALSE: str_adds(s, "false"); return;
	case JSON_NULL: str_adds(s, "null"); return;
	}
}

char *
json_text(struct arena *a, const json_t *j)
{
	struct str s;
	char *copy;

	if (j == NULL)
		return arena_strdup(a, "null");
	str_init(&s, TEXT_MAX);
	json_add_text(&s, j);
	copy = arena_strdup(a, str_text(&s));
	str_done(&s);
	return copy;
}

void
json_add_quoted_go(struct str *s, const char *at, size_t len)
{
	str_addc(s, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)at[i];

		if (c == '"' || c == '\\')
			str_addf(s, "\\%c", c);
		else if (c == '\n')
			str_adds(s, "\\n");
		else if (c == '\r')
			str_adds(s, "\\r");
		else if (c == '\t')
			str_adds(s, "\\t");
		else if (c == '\b')
			str_adds(s, "\\b");
		else if (c == '\f')
			str_adds(s, "\\f");
		else if (c < 0x20 || c == '<' || c == '>' || c == '&')
			str_addf(s, "\\u%04x", c);
		else if (c == 0xe2 && i + 2 < len && (unsigned char)at[i + 1] == 0x80 &&
			 ((unsigned char)at[i + 2] == 0xa8 || (unsigned char)at[i + 2] == 0xa9)) {
			str_addf(s, "\\u202%c", (unsigned char)at[i + 2] == 0xa8 ? '8' : '9');
			i += 2;
		} else
			str_addc(s, (char)c);
	}
	str_addc(s, '"');
}

char *
json_quote_go(struct arena *a, const char *at, size_t len)
{
	struct str s;
	char *copy;

	str_init(&s, TEXT_MAX);
	json_add_quoted_go(&s, at, len);
	copy = arena_strdup(a, str_text(&s));
	str_done(&s);
	return copy;
}

static int
json_compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
json_add_go_text(struct str *s, const json_t *j, bool sorted, int depth)
{
	size_t i, n;
	const json_t *v;

	if (depth > JSON_DEPTH_MAX) {
		s->overflow = true;
		return;
	}
	switch (json_typeof(j)) {
	case JSON_OBJECT: {
		_cleanup_(freep) const char **keys = mem_alloc(sizeof(*keys) * (json_object_size(j) + 1));
		const char *k;
		json_t *value;

		n = 0;
		json_object_foreach ((json_t *)j, k, value)
			keys[n++] = k;
		if (sorted)
			qsort(keys, n, sizeof(*keys), json_compare_keys);
		str_addc(s, '{');
		for (i = 0; i < n; i++) {
			if (i > 0)
				str_addc(s, ',');
			json_add_quoted_go(s, keys[i], strlen(keys[i]));
			str_addc(s, ':');
			json_add_go_text(s, json_object_get(j, keys[i]), sorted, depth + 1);
		}
		str_addc(s, '}');
		break;
	}
	case JSON_ARRAY:
		str_addc(s, '[');
		n = json_array_size(j);
		for (i = 0; i < n; i++) {
			v = json_array_get(j, i);
			if (i > 0)
				str_addc(s, ',');
			json_add_go_text(s, v, sorted, depth + 1);
		}
		str_addc(s, ']');
		break;
	case JSON_STRING: json_add_quoted_go(s, json_string_value(j), json_string_length(j)); break;
	case JSON_REAL: json_add_real(s, json_real_value(j)); break;
	default: {
		_cleanup_(freep) char *t = json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT);

		str_adds(s, t != NULL ? t : "null");
	}
	}
}

static char *
json_text_in_arena(struct arena *a, const json_t *j, bool sorted)
{
	struct str s;
	char *copy;

	str_init(&s, TEXT_MAX);
	json_add_go_text(&s, j, sorted, 0);
	copy = arena_strdup(a, str_text(&s));
	str_done(&s);
	return copy;
}

char *
json_text_go(struct arena *a, const json_t *j)
{
	return json_text_in_arena(a, j, true);
}

char *
json_text_go_struct(struct arena *a, const json_t *j)
{
	return json_text_in_arena(a, j, false);
}

json_t *
json_at(const json_t *j, const char *pointer)
{
	_cleanup_(freep) char *token = NULL;

	if (*pointer == '\0')
		return (json_t *)j;
	token = mem_alloc(strlen(pointer) + 1);
	while (j != NULL && *pointer == '/') {
		size_t n = 0;

		for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
			if (pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1'))
				token[n++] = *++pointer == '0' ? '~' : '/';
			else
				token[n++] = *pointer;
		}
		token[n] = '\0';
		if (json_is_array(j)) {
			long long i;

			if (!str_int(token, 0, 1 << 30, &i))
				return NULL;
			j = json_array_get(j, (size_t)i);
		} else {
			j = json_object_get(j, token);
		}
	}
	return *pointer == '\0' ? (json_t *)j : NULL;
}

const char *
json_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_int_t
json_int(const json_t *object, const char *key, json_int_t fallback)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

int64_t
int_of_double(double x)
{
	return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

char *
json_pointer_escape(struct arena *a, const char *token)
{
	char *out = arena_alloc(a, strlen(token) * 2 + 1), *o = out;

	for (; *token != '\0'; token++) {
		if (*token == '~' || *token == '/') {
			*o++ = '~';
			*o++ = *token == '~' ? '0' : '1';
		} else {
			*o++ = *token;
		}
	}
	return out;
}

void
json_put(json_t *object, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0')
		json_object_del(object, key);
	else
		json_object_set_new(object, key, json_shown(text));
}

json_t *
json_shown(const char *text)
{
	json_t *j = json_string(text);

	if (j == NULL) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		j = json_string(utf8_shown(a, text, SIZE_MAX));
	}
	return j;
}
