/* base/json_walk.c: JSON text that is read where it stands: members, elements, strings and numbers of an accepted
 * text. */
#include "base/json_walk.h"
#include <string.h>
#include "base/str.h"

#define COMPACT_MAX (64u << 20)

const char *
json_begin(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

/* Returns the address after a string. A quote ends it unless an odd number of backslashes is before it. */
static const char *
walk_string_end(const char *at)
{
	for (at++;; at++) {
		const char *quote = strchr(at, '"'), *slash = quote;

		while (slash > at && slash[-1] == '\\')
			slash--;
		if ((quote - slash) % 2 == 0)
			return quote + 1;
		at = quote;
	}
}

const char *
json_skip(const char *at)
{
	size_t depth = 0;

	if (*at != '{' && *at != '[' && *at != '"')
		return at + strcspn(at, ",]} \n\t\r");
	do {
		switch (*at) {
		case '"': at = walk_string_end(at); break;
		case '{':
		case '[':
			depth++;
			at++;
			break;
		case '}':
		case ']':
			depth--;
			at++;
			break;
		default: at++;
		}
	} while (depth > 0);
	return at;
}

struct json_walk
json_walk(const char *value)
{
	struct json_walk w = { .at = json_at_object(value) || json_at_list(value) ? value : NULL };

	return w;
}

bool
json_walk_next(struct json_walk *w)
{
	const char *at = w->at;

	if (at == NULL)
		return false;
	/* The opening bracket at first, then what is after the last value. */
	if (w->value == NULL)
		at = json_begin(at + 1);
	else
		at = json_begin(w->end != NULL ? w->end : json_skip(w->value));
	if (*at == ',')
		at = json_begin(at + 1);
	w->value = NULL;
	w->end = NULL;
	if (*at == '}' || *at == ']') {
		w->at = NULL;
		w->end = at + 1;
		return false;
	}
	if (*w->at == '{') {
		const char *end = walk_string_end(at);

		w->key = at + 1;
		w->key_len = (size_t)(end - 1 - w->key);
		at = json_begin(json_begin(end) + 1);
	}
	w->value = at;
	return true;
}

size_t
json_next_char(const char **from, char ret[4])
{
	static const char names[] = "\"\\/bfnrt", chars[] = "\"\\/\b\f\n\r\t";
	const char *at = *from;
	uint32_t c = 0;

	if (*at != '\\') {
		ret[0] = *at;
		*from = at + 1;
		return 1;
	}
	if (at[1] != 'u') {
		ret[0] = chars[strchr(names, at[1]) - names];
		*from = at + 2;
		return 1;
	}
	for (int half = 0; half < 2; half++) {
		uint32_t n = 0;

		for (int i = 2; i < 6; i++)
			n = n * 16 + (uint32_t)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
		at += 6;
		c = half == 0 ? n : 0x10000 + ((c - 0xd800) << 10) + (n - 0xdc00);
		if (n < 0xd800 || n > 0xdbff)
			break;
	}
	*from = at;
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (char)(0xe0 | c >> 12);
		ret[1] = (char)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | c >> 18);
	ret[1] = (char)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Copies a text without its escapes. Returns the length, which is at most `len`. */
static size_t
walk_unescape(const char *at, size_t len, char *ret)
{
	const char *end = at + len;
	size_t n = 0;

	while (at < end) {
		char one[4];
		size_t k = json_next_char(&at, one);

		memcpy(ret + n, one, k);
		n += k;
	}
	return n;
}

char *
json_unquote_key(struct arena *a, const char *key, size_t len)
{
	char *copy;

	if (memchr(key, '\\', len) == NULL)
		return arena_strndup(a, key, len);
	copy = arena_alloc(a, len + 1);
	walk_unescape(key, len, copy);
	return copy;
}

size_t
json_quoted_length(const char *string)
{
	return (size_t)(walk_string_end(string) - string) - 2;
}

char *
json_unquote(struct arena *a, const char *string, size_t *ret_len)
{
	size_t len = json_quoted_length(string);
	char *copy;

	if (memchr(string + 1, '\\', len) == NULL) {
		*ret_len = len;
		return arena_strndup(a, string + 1, len);
	}
	copy = arena_alloc(a, len + 1);
	*ret_len = walk_unescape(string + 1, len, copy);
	return copy;
}

bool
json_has_nul(const char *string)
{
	const char *end = walk_string_end(string) - 1;

	for (const char *at = string + 1; (at = memchr(at, '\\', (size_t)(end - at))) != NULL;) {
		char one[4];

		if (json_next_char(&at, one) == 1 && one[0] == '\0')
			return true;
	}
	return false;
}

bool
json_walk_is(const struct json_walk *w, const char *name)
{
	size_t len = strlen(name), n = 0;
	const char *at = w->key, *end = w->key + w->key_len;

	if (w->key_len == len && memcmp(at, name, len) == 0)
		return true;
	if (w->key_len <= len || memchr(at, '\\', w->key_len) == NULL)
		return false;
	while (at < end) {
		char one[4];
		size_t k = json_next_char(&at, one);

		if (len - n < k || memcmp(name + n, one, k) != 0)
			return false;
		n += k;
	}
	return n == len;
}

const char *
json_find(const char *object, const char *key)
{
	if (json_at_object(object))
		for (struct json_walk w = json_walk(object); json_walk_next(&w);)
			if (json_walk_is(&w, key))
				return w.value;
	return NULL;
}

size_t
json_count(const char *value)
{
	struct json_walk w = json_walk(value);
	size_t n = 0;

	while (json_walk_next(&w))
		n++;
	return n;
}

static double
walk_double(const char *number)
{
	size_t len = (size_t)(json_skip(number) - number);
	_cleanup_(freep) char *copy = NULL;
	char few[64];

	if (len >= sizeof(few))
		copy = mem_alloc(len + 1);
	memcpy(copy != NULL ? copy : few, number, len);
	(copy != NULL ? copy : few)[len] = '\0';
	return strtod(copy != NULL ? copy : few, NULL);
}

bool
json_integer_at(const char *number, int64_t *ret)
{
	size_t len = strspn(number, "-0123456789");

	if (number[len] == '.' || number[len] == 'e' || number[len] == 'E')
		return false;
	*ret = strtoll(number, NULL, 10);
	return true;
}

double
json_number_at(const char *number)
{
	int64_t n;

	return json_integer_at(number, &n) ? (double)n : walk_double(number);
}

/* Adds a string as json_dumps writes it. Only escapes of the text (`at`, between its quotes) can become escapes. */
static void
walk_add_string(struct str *s, const char *at, size_t len)
{
	static const char names[] = "\"\\bfnrt", chars[] = "\"\\\b\f\n\r\t";
	const char *end = at + len;

	str_addc(s, '"');
	while (at < end) {
		const char *slash = memchr(at, '\\', (size_t)(end - at)), *found;
		char one[4];
		size_t n;

		str_add(s, at, (size_t)((slash != NULL ? slash : end) - at));
		if (slash == NULL)
			break;
		at = slash;
		n = json_next_char(&at, one);
		found = n == 1 && one[0] != '\0' ? strchr(chars, one[0]) : NULL;
		if (found != NULL)
			str_addf(s, "\\%c", names[found - chars]);
		else if (n == 1 && (unsigned char)one[0] < 0x20)
			str_addf(s, "\\u%04X", (unsigned)one[0]);
		else
			str_add(s, one, n);
	}
	str_addc(s, '"');
}

static void
walk_add_number(struct str *s, const char *number)
{
	int64_t n;

	if (json_integer_at(number, &n))
		str_addf(s, "%lld", (long long)n);
	else
		json_add_real(s, walk_double(number));
}

char *
json_compact(struct arena *a, const char *value)
{
	const char *at = value, *end = json_skip(value), *next;
	struct str s;
	char *copy;

	str_init(&s, COMPACT_MAX);
	while (at < end) {
		switch (*at) {
		case ' ':
		case '\n':
		case '\t':
		case '\r': next = at + 1; break;
		case '"':
			next = walk_string_end(at);
			walk_add_string(&s, at + 1, (size_t)(next - at) - 2);
			break;
		case '-':
		case '0' ... '9':
			next = json_skip(at);
			walk_add_number(&s, at);
			break;
		default: next = at + 1; str_addc(&s, *at);
		}
		at = next;
	}
	copy = arena_strndup(a, str_text(&s), s.len);
	str_done(&s);
	return copy;
}
