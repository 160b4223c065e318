/* tests/fuzz/json.c: a text that is read where it stands is accepted, and read, as jansson reads it. */
#include <stdlib.h>
#include <string.h>
#include "base/json_walk.h"
#include "tests/fuzz/fuzz.h"

static void json_same(struct arena *, const char *value, const json_t *j);

static void
json_same_object(struct arena *a, const char *value, const json_t *j)
{
	struct json_walk w = json_walk(value);
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)j, key, member) {
		if (!json_walk_next(&w) || !json_walk_is(&w, key) || json_find(value, key) != w.value ||
		    strcmp(json_unquote_key(a, w.key, w.key_len), key) != 0)
			abort();
		json_same(a, w.value, member);
	}
	if (json_walk_next(&w) || w.end != json_skip(value))
		abort();
}

static void
json_same_list(struct arena *a, const char *value, const json_t *j)
{
	struct json_walk w = json_walk(value);
	json_t *element;
	size_t i;

	json_array_foreach (j, i, element) {
		if (!json_walk_next(&w))
			abort();
		json_same(a, w.value, element);
	}
	if (json_walk_next(&w) || w.end != json_skip(value))
		abort();
}

static void
json_same(struct arena *a, const char *value, const json_t *j)
{
	bool same = false;
	int64_t n;
	size_t len;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		same = json_at_object(value) && json_count(value) == json_object_size(j);
		json_same_object(a, value, j);
		break;
	case JSON_ARRAY:
		same = json_at_list(value) && json_count(value) == json_array_size(j);
		json_same_list(a, value, j);
		break;
	case JSON_STRING:
		same = json_at_string(value) &&
		       memcmp(json_unquote(a, value, &len), json_string_value(j), json_string_length(j) + 1) == 0 &&
		       len == json_string_length(j);
		break;
	case JSON_INTEGER:
		same = json_at_number(value) && json_integer_at(value, &n) && n == json_integer_value(j);
		break;
	case JSON_REAL:
		same =
		    json_at_number(value) && !json_integer_at(value, &n) && json_number_at(value) == json_real_value(j);
		break;
	case JSON_TRUE: same = json_at_true(value); break;
	case JSON_FALSE: same = json_at_bool(value) && !json_at_true(value); break;
	case JSON_NULL: same = json_at_null(value); break;
	}
	if (!same)
		abort();
}

/* A text that is accepted is also accepted without checking a member. One whose member only is wrong is accepted when
 * this is replaced. */
static void
json_check_left_out(struct arena *a, const char *text, size_t size)
{
	static const char *const path[] = { "a", "b" };
	const char *from = NULL, *to = NULL, *without;

	for (size_t n = 1; n <= 2; n++) {
		bool ok = json_check_except(text, size, JSON_DEPTH_MAX, path, n, &from, &to);

		if (!ok && json_check(text, size, JSON_DEPTH_MAX))
			abort();
		if (!ok || from == NULL)
			continue;
		if (memchr(text, '\0', size) != NULL)
			continue;
		without = arena_printf(a, "%.*snull%s", (int)(from - text), text, to);
		if (!json_check(without, strlen(without), JSON_DEPTH_MAX))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *text = arena_strndup(a, (const char *)data, size);
	bool accepted = json_parse(a, text, size, &j) == NULL;

	/* jansson drops a NUL after a number or a word. */
	if (json_check(text, size, JSON_DEPTH_MAX) != (accepted && memchr(text, '\0', size) == NULL))
		abort();
	json_check_left_out(a, text, size);
	if (!accepted || memchr(text, '\0', size) != NULL)
		return 0;
	while (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r')
		text++;
	json_same(a, text, j);
	if (strcmp(json_compact(a, text), json_text(a, j)) != 0)
		abort();
	return 0;
}
