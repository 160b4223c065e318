/* gitops/render/helm_values.c: merges values of a Helm release, and sets single ones by path. */
#include "gitops/render/helm_values.h"
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "base/str.h"

void
helm_values_merge(json_t *to, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)from, key, value) {
		json_t *was = json_object_get(to, key);

		if (json_is_object(was) && json_is_object(value))
			helm_values_merge(was, value);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

/* One step of a path: a key, or (key NULL) the index of an item. */
struct helm_values_step {
	const char *key;
	size_t index;
};

struct helm_values_path {
	struct helm_values_step at[HELM_VALUES_DEPTH_MAX];
	size_t n;
};

/* Reads "[N]" at *at, and moves past it. */
static bool
helm_values_read_index(const char **at, size_t *ret)
{
	size_t digits = strspn(*at + 1, "0123456789");
	long long index;
	char text[8];

	if (digits == 0 || digits >= sizeof(text) || (*at)[digits + 1] != ']')
		return false;
	memcpy(text, *at + 1, digits);
	text[digits] = '\0';
	if (!str_int(text, 0, HELM_VALUES_INDEX_MAX, &index))
		return false;
	*ret = (size_t)index;
	*at += digits + 2;
	return true;
}

static struct err *
helm_values_read_path(struct arena *a, const char *path, struct helm_values_path *ret)
{
	const char *at = path;
	bool key_follows = true;

	ret->n = 0;
	while (*at != '\0' || key_follows) {
		struct helm_values_step *step = &ret->at[ret->n];

		if (ret->n++ == HELM_VALUES_DEPTH_MAX)
			return err_new(a, ERR_INVALID, "\"%.100s\": deeper than %d", path, HELM_VALUES_DEPTH_MAX);
		if (!key_follows) {
			step->key = NULL;
			if (*at != '[' || !helm_values_read_index(&at, &step->index))
				return err_new(a, ERR_INVALID, "\"%.100s\": an index must be [0] to [%d]", path,
				    HELM_VALUES_INDEX_MAX);
		} else {
			char *key = arena_strdup(a, at);
			size_t n = 0;

			for (; *at != '\0' && *at != '.' && *at != '['; at++) {
				if (*at == '\\' && at[1] != '\0')
					at++;
				key[n++] = *at;
			}
			key[n] = '\0';
			step->key = key;
			if (n == 0)
				return err_new(a, ERR_INVALID, "\"%.100s\": a key is empty", path);
		}
		key_follows = *at == '.';
		at += key_follows;
	}
	return NULL;
}

/* Returns the value of a text as YAML has it; a new reference. */
static json_t *
helm_values_typed(const char *text)
{
	long long n;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_boolean(text[0] == 't');
	if (strcmp(text, "null") == 0)
		return json_null();
	/* A leading zero is no number: 0700 is a text. */
	if ((text[0] != '0' || text[1] == '\0') && text[0] != '+' && str_int(text, INT64_MIN, INT64_MAX, &n))
		return json_integer(n);
	return json_string(text);
}

/* Copies a text up to an unescaped comma or its end, and moves past it; "\" before a comma is removed. */
static const char *
helm_values_item(struct arena *a, const char **at, const char *end)
{
	char *item = arena_strndup(a, *at, (size_t)(end - *at));
	size_t n = 0;

	for (; *at < end && **at != ','; ++*at) {
		if (**at == '\\' && *at + 1 < end)
			++*at;
		item[n++] = **at;
	}
	item[n] = '\0';
	return item;
}

static struct err *
helm_values_read(struct arena *a, const char *text, bool literal, json_t **ret)
{
	size_t len = strlen(text);
	bool quoted = len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
	const char *at = text + quoted, *end = text + len - quoted;

	if (literal) {
		*ret = json_string(text);
	} else if (!quoted && len >= 2 && text[0] == '{' && text[len - 1] == '}') {
		*ret = json_array();
		for (at = text + 1, end--; at < end; at++)
			json_array_append_new(*ret, helm_values_typed(helm_values_item(a, &at, end)));
	} else {
		const char *item = helm_values_item(a, &at, end);

		if (at < end)
			return err_new(a, ERR_INVALID,
			    "the value has a comma, which begins another value; write \\, or set literal");
		*ret = quoted ? json_string(item) : helm_values_typed(item);
	}
	return *ret != NULL ? NULL : err_new(a, ERR_INVALID, "the value is not UTF-8");
}

/* Returns the container at a step for the step that follows, and makes it if it does not exist. */
static json_t *
helm_values_enter(json_t *in, const struct helm_values_step *step, bool list)
{
	json_t *is = step->key != NULL ? json_object_get(in, step->key) : json_array_get(in, step->index);

	if (list ? json_is_array(is) : json_is_object(is))
		return is;
	is = list ? json_array() : json_object();
	if (step->key != NULL) {
		json_object_set_new(in, step->key, is);
		return is;
	}
	while (json_array_size(in) <= step->index)
		json_array_append_new(in, json_null());
	json_array_set_new(in, step->index, is);
	return is;
}

struct err *
helm_values_set(struct arena *a, json_t *to, const char *path, const char *text, bool literal)
{
	struct helm_values_path p;
	const struct helm_values_step *last;
	json_t *value = NULL;
	struct err *e = helm_values_read_path(a, path, &p);

	if (e == NULL)
		e = helm_values_read(a, text, literal, &value);
	if (e != NULL)
		return e;
	for (size_t i = 0; i + 1 < p.n; i++)
		to = helm_values_enter(to, &p.at[i], p.at[i + 1].key == NULL);
	last = &p.at[p.n - 1];
	if (last->key != NULL) {
		json_object_set_new(to, last->key, value);
		return NULL;
	}
	while (json_array_size(to) <= last->index)
		json_array_append_new(to, json_null());
	json_array_set_new(to, last->index, value);
	return NULL;
}

const char *
helm_values_digest(struct arena *a, const json_t *values)
{
	char hex[2 * SHA256_SIZE + 1], *text = json_dumps(values, JSON_SORT_KEYS | JSON_COMPACT);

	sha256_hex(text != NULL ? text : "", text != NULL ? strlen(text) : 0, hex);
	free(text);
	return arena_printf(a, "sha256:%s", hex);
}
