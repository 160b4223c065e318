/* gitops/flux/post_build.c: postBuild variables of a Kustomization in an object: replaces ${VAR} in each string,
 * with the types that YAML gives. The syntax of ${...} is in render/substitute.c. */
#include "gitops/flux/post_build.h"
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "kube/api/yaml.h"

struct post_build {
	struct arena *arena;
	const struct substitute_variables *variables;
	size_t bytes; /* of all texts so far */
	struct err *err;
};

static json_t *post_build_value(struct post_build *, const json_t *, int depth, bool listed);

static const char *
post_build_text(struct post_build *p, const char *text)
{
	const char *out = text;

	if (p->err == NULL && strchr(text, '$') != NULL)
		p->err = substitute(p->arena, text, p->variables, &out);
	p->bytes += strlen(out);
	if (p->err == NULL && p->bytes > SUBSTITUTE_MAX)
		p->err = err_new(
		    p->arena, ERR_INVALID, "an object with its variables is more than %u bytes", SUBSTITUTE_MAX);
	return out;
}

/* The value that Kubernetes' YAML reader decodes from a text after `before` on a line; NULL: it cannot. A new
 * reference. */
static json_t *
post_build_read(struct arena *a, const char *before, const char *text, const char *after)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *line = arena_printf(a, "%s%s%s\n", before, text, after);

	return yaml_parse_as(a, line, strlen(line), YAML_KUBERNETES, &docs) == NULL && json_array_size(docs) == 1
		   ? json_incref(json_array_get(docs, 0))
		   : NULL;
}

/* A text behind its key, or behind the dash of a list: there it may become a mapping, or a list. */
static json_t *
post_build_string(struct post_build *p, const json_t *s, bool listed)
{
	const char *text = json_string_value(s), *out = post_build_text(p, text);
	_cleanup_(json_decrefp) json_t *read = NULL;
	json_t *v;

	if (p->err != NULL || strcmp(out, text) == 0)
		return json_incref((json_t *)s);
	if (yaml_style(text) == YAML_BARE)
		read = post_build_read(p->arena, listed ? "- " : "k: ", out, "");
	v = json_object_size(read) == 1 ? json_object_get(read, "k") : json_array_get(read, 0);
	return v != NULL && json_array_size(read) < 2 ? json_incref(v) : json_string(out);
}

/* A key that is a number or a word becomes the text that Kubernetes' reader makes of it. */
static const char *
post_build_key(struct post_build *p, const char *key)
{
	const char *out = post_build_text(p, key);
	_cleanup_(json_decrefp) json_t *read = NULL;

	if (p->err != NULL || strcmp(out, key) == 0 || yaml_style(key) != YAML_BARE)
		return out;
	read = post_build_read(p->arena, "", out, ": 0");
	if (out[strspn(out, " ")] == '\0' || str_eq(out, "~") || strcasecmp(out, "null") == 0)
		p->err = err_new(
		    p->arena, ERR_INVALID, "the key \"%s\" becomes \"%s\", and a key must not be null", key, out);
	return json_object_size(read) == 1 && json_is_integer(json_object_iter_value(json_object_iter(read)))
		   ? arena_strdup(p->arena, json_object_iter_key(json_object_iter(read)))
		   : out;
}

static json_t *
post_build_object(struct post_build *p, const json_t *object, int depth)
{
	json_t *to = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)object, key, v) {
		const char *done = post_build_key(p, key);

		if (p->err == NULL && json_object_get(to, done) != NULL)
			p->err = err_new(p->arena, ERR_INVALID, "two keys of a mapping become \"%s\"", done);
		json_object_set_new(to, done, post_build_value(p, v, depth + 1, false));
	}
	return to;
}

static json_t *
post_build_value(struct post_build *p, const json_t *v, int depth, bool listed)
{
	json_t *to, *item;
	size_t i;

	if (depth > JSON_DEPTH_MAX && p->err == NULL)
		p->err = err_new(p->arena, ERR_INVALID, "nested deeper than %d", JSON_DEPTH_MAX);
	if (p->err != NULL)
		return json_incref((json_t *)v);
	if (json_is_string(v))
		return post_build_string(p, v, listed);
	if (json_is_object(v))
		return post_build_object(p, v, depth);
	if (!json_is_array(v))
		return json_incref((json_t *)v);
	to = json_array();
	json_array_foreach (v, i, item)
		json_array_append_new(to, post_build_value(p, item, depth + 1, true));
	return to;
}

struct err *
post_build(struct arena *a, const json_t *object, const struct substitute_variables *variables, json_t **ret)
{
	struct post_build p = { .arena = a, .variables = variables };
	json_t *done = post_build_value(&p, object, 0, false);

	if (p.err != NULL)
		json_decref(done);
	else
		*ret = done;
	return p.err;
}
