/* sim/columns.c: a path of a printer column, step by step. A step that selects several values (a filter, [*]) is
 * followed by the rest of the path for each, until one has a value; STEPS_MAX bounds the sum. */
#include "sim/columns.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define DEPTH_MAX 20 /* steps of a path */
#define STEPS_MAX 100000

struct column_walk {
	struct arena *arena;
	int steps;
};

static const json_t *column_at(struct column_walk *, const json_t *, const char *path, int depth);

/* Reads a name up to one of the characters, with "\." for a point. Moves *at past it. */
static const char *
column_name(struct column_walk *w, const char **at, const char *ends)
{
	char *name = arena_alloc(w->arena, strlen(*at) + 1), *out = name;

	for (; **at != '\0' && strchr(ends, **at) == NULL; ++*at) {
		if (**at == '\\' && (*at)[1] != '\0')
			++*at;
		*out++ = **at;
	}
	*out = '\0';
	return name;
}

/* Reads a text in quotes. Moves *at past it. Returns NULL if it has no end. */
static const char *
column_quoted(struct column_walk *w, const char **at)
{
	const char quote[] = { *(*at)++, '\0' }, *text = column_name(w, at, quote);

	if (**at == '\0')
		return NULL;
	++*at;
	return text;
}

static bool
column_has(struct column_walk *w, const json_t *item, const char *path, const char *want)
{
	const json_t *v = column_at(w, item, path, 1);
	const char *text = json_is_string(v) ? json_string_value(v) : v != NULL ? json_text(w->arena, v) : NULL;

	return str_eq(text, want);
}

/* "?(@.a.b=="x")]" and what follows: the first item of a list that it selects, and in which the rest has a value. */
static const json_t *
column_filter(struct column_walk *w, const json_t *list, const char *at, int depth)
{
	const json_t *found = NULL, *item;
	const char *path, *want;
	bool equal;
	size_t i;

	if (!str_starts(at, "?(@"))
		return NULL;
	at += strlen("?(@");
	path = arena_strndup(w->arena, at, strcspn(at, "=!"));
	at += strlen(path);
	for (char *end = (char *)path + strlen(path); end > path && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	equal = str_starts(at, "==");
	if (!equal && !str_starts(at, "!="))
		return NULL;
	at += 2 + strspn(at + 2, " ");
	want = *at == '"' || *at == '\'' ? column_quoted(w, &at) : column_name(w, &at, " )");
	at += strspn(at, " ");
	if (want == NULL || !str_starts(at, ")]"))
		return NULL;
	json_array_foreach (list, i, item)
		if (found == NULL && column_has(w, item, path, want) == equal)
			found = column_at(w, item, at + 2, depth + 1);
	return found;
}

/* "0]", "'name']", "*]" or a filter, and what follows. */
static const json_t *
column_bracket(struct column_walk *w, const json_t *v, const char *at, int depth)
{
	const char *name;
	const json_t *found = NULL, *item;
	long long n;
	size_t i;

	if (*at == '?')
		return column_filter(w, v, at, depth);
	if (str_starts(at, "*]")) {
		json_array_foreach (v, i, item)
			if (found == NULL)
				found = column_at(w, item, at + 2, depth + 1);
		return found;
	}
	if (*at == '\'' || *at == '"') {
		name = column_quoted(w, &at);
		return name != NULL && *at == ']' ? column_at(w, json_object_get(v, name), at + 1, depth + 1) : NULL;
	}
	name = column_name(w, &at, "]");
	if (*at != ']' || !str_int(name, -1000000, 1000000, &n))
		return NULL;
	if (n < 0)
		n += (long long)json_array_size(v);
	return n < 0 ? NULL : column_at(w, json_array_get(v, (size_t)n), at + 1, depth + 1);
}

static const json_t *
column_at(struct column_walk *w, const json_t *v, const char *path, int depth)
{
	const char *name;

	if (v == NULL || *path == '\0')
		return v;
	if (depth > DEPTH_MAX || w->steps++ > STEPS_MAX)
		return NULL;
	if (*path == '[')
		return column_bracket(w, v, path + 1, depth);
	if (*path != '.')
		return NULL;
	path++;
	name = column_name(w, &path, ".[");
	return column_at(w, json_object_get(v, name), path, depth + 1);
}

const json_t *
column_value(struct arena *a, const json_t *object, const char *path)
{
	struct column_walk w = { .arena = a };

	return column_at(&w, object, path, 0);
}
