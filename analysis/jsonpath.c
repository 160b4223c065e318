/* analysis/jsonpath.c: one value out of a response, by JSONPath: a path is parsed into steps, and the steps are
 * followed through the document. */
#include "analysis/jsonpath.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

#define PATH_STEPS_MAX 32
#define PATH_VISITS_MAX 100000 /* values that one search may visit */
#define PATH_DEPTH_MAX 256 /* levels of a document that ".." visits */

enum step_kind { STEP_FIELD, STEP_INDEX, STEP_ALL, STEP_BELOW };

struct step {
	enum step_kind kind;
	const char *name; /* FIELD */
	long long index; /* INDEX */
};

struct path {
	struct arena *arena;
	const char *text, *at;
	struct step steps[PATH_STEPS_MAX];
	size_t n;
	unsigned visits; /* values that were visited; limited */
};

static struct err *
jsonpath_error(const struct path *p, const char *what)
{
	return err_new(
	    p->arena, ERR_INVALID, "jsonPath `%s`: at character %zu: %s", p->text, (size_t)(p->at - p->text) + 1, what);
}

static struct err *
jsonpath_add(struct path *p, struct step s)
{
	if (p->n == PATH_STEPS_MAX)
		return jsonpath_error(p, "it is too long");
	p->steps[p->n++] = s;
	return NULL;
}

/* Reads a name up to the next part of the path. A backslash escapes the next character. */
static const char *
jsonpath_read_name(struct path *p)
{
	char *name = arena_alloc(p->arena, strlen(p->at) + 1);
	size_t n = 0;

	while (*p->at != '\0' && strchr(".[]{}()?@'\" ", *p->at) == NULL) {
		if (*p->at == '\\' && p->at[1] != '\0')
			p->at++;
		name[n++] = *p->at++;
	}
	return name;
}

/* Reads the rest of a part that starts with "[". */
static struct err *
jsonpath_read_bracket(struct path *p)
{
	const char *start = p->at, *close;
	char *end;
	struct step s = { .kind = STEP_INDEX };

	if (*p->at == '\'' || *p->at == '"') {
		close = strchr(p->at + 1, *p->at);
		if (close == NULL || close[1] != ']')
			return jsonpath_error(p, "the quote and the bracket are not closed");
		s = (struct step){ .kind = STEP_FIELD,
			.name = arena_strndup(p->arena, p->at + 1, (size_t)(close - p->at - 1)) };
		p->at = close + 2;
		return jsonpath_add(p, s);
	}
	if (strncmp(p->at, "*]", 2) == 0) {
		p->at += 2;
		return jsonpath_add(p, (struct step){ .kind = STEP_ALL });
	}
	if (*p->at == '?')
		return jsonpath_error(p, "filters are not supported by this version of Sluice");
	s.index = strtoll(start, &end, 10);
	if (end == start || isspace((unsigned char)*start))
		return jsonpath_error(p, "an index, '*' or a quoted name is needed");
	if (*end != ']')
		return jsonpath_error(p, *end == ':' || *end == ','
					     ? "ranges and lists are not supported by this version of Sluice"
					     : "the bracket is not closed");
	p->at = end + 1;
	return jsonpath_add(p, s);
}

static struct err *
jsonpath_read(struct path *p, const char *end)
{
	struct err *e = NULL;
	const char *name;

	if (*p->at == '$' || *p->at == '@')
		p->at++;
	while (p->at < end && e == NULL) {
		if (*p->at == '[') {
			p->at++;
			e = jsonpath_read_bracket(p);
			continue;
		}
		if (*p->at != '.')
			return jsonpath_error(p, "'.' or '[' is needed");
		p->at++;
		if (*p->at == '.') {
			p->at++;
			e = jsonpath_add(p, (struct step){ .kind = STEP_BELOW });
			if (e != NULL || *p->at == '[')
				continue;
		}
		if (*p->at == '*') {
			p->at++;
			e = jsonpath_add(p, (struct step){ .kind = STEP_ALL });
			continue;
		}
		if (*p->at == '[' || p->at >= end)
			continue;
		name = jsonpath_read_name(p);
		e = name[0] != '\0' ? jsonpath_add(p, (struct step){ .kind = STEP_FIELD, .name = name })
				    : jsonpath_error(p, "a name is needed");
	}
	return e;
}

static const json_t *jsonpath_find(struct path *, const json_t *, size_t step, unsigned depth);

static const json_t *
jsonpath_find_in_each(struct path *p, const json_t *v, size_t step, unsigned depth)
{
	const json_t *found = NULL;
	const char *key;
	json_t *one;
	size_t i;

	json_array_foreach (v, i, one)
		if ((found = jsonpath_find(p, one, step, depth)) != NULL)
			return found;
	json_object_foreach ((json_t *)v, key, one)
		if ((found = jsonpath_find(p, one, step, depth)) != NULL)
			return found;
	return NULL;
}

/* Recursion is limited by the number of steps and PATH_DEPTH_MAX. */
static const json_t *
jsonpath_find(struct path *p, const json_t *v, size_t step, unsigned depth)
{
	const struct step *s = &p->steps[step];
	const json_t *found;
	long long n;

	if (step == p->n)
		return v;
	if (++p->visits > PATH_VISITS_MAX || depth > PATH_DEPTH_MAX)
		return NULL;
	switch (s->kind) {
	case STEP_FIELD:
		v = json_object_get(v, s->name);
		return v != NULL ? jsonpath_find(p, v, step + 1, depth + 1) : NULL;
	case STEP_INDEX:
		n = (long long)json_array_size(v);
		v = s->index >= -n && s->index < n ? json_array_get(v, (size_t)(s->index < 0 ? s->index + n : s->index))
						   : NULL;
		return v != NULL ? jsonpath_find(p, v, step + 1, depth + 1) : NULL;
	case STEP_ALL: return jsonpath_find_in_each(p, v, step + 1, depth + 1);
	case STEP_BELOW:
		found = jsonpath_find(p, v, step + 1, depth + 1);
		return found != NULL ? found : jsonpath_find_in_each(p, v, step, depth + 1);
	}
	return NULL;
}

struct err *
jsonpath_first(struct arena *a, const char *text, const json_t *document, const json_t **ret)
{
	struct path p = { .arena = a, .text = text, .at = text };
	const char *end = text + strlen(text);
	struct err *e;

	if (*p.at == '{') {
		p.at++;
		if (end == p.at || end[-1] != '}')
			return jsonpath_error(&p, "the brace is not closed");
		end--;
	}
	if ((e = jsonpath_read(&p, end)) != NULL)
		return e;
	if (p.at != end)
		return jsonpath_error(&p, "something is left over");
	*ret = jsonpath_find(&p, document, 0, 0);
	return NULL;
}
