/* gitops/source/manifests.c: the list of objects of a repository, with its limits: checks that a YAML or JSON value
 * is a Kubernetes object. */
#include "gitops/source/manifests.h"
#include <string.h>
#include "base/str.h"

#define LISTS_MAX 4 /* a List in a List, and no deeper */

void
api_version_split(struct arena *a, const char *api_version, const char **ret_group, const char **ret_version)
{
	const char *slash = strchr(api_version, '/');

	*ret_group = slash != NULL ? arena_strndup(a, api_version, (size_t)(slash - api_version)) : "";
	*ret_version = slash != NULL ? slash + 1 : api_version;
}

const char *
manifest_key(struct arena *a, const char *group, const char *kind, const char *ns, const char *name)
{
	return arena_printf(a, "%s/%s/%s/%s", group, kind, ns != NULL ? ns : "", name);
}

static bool
manifests_is_list(const char *kind, const json_t *object)
{
	return str_ends(kind, "List") && json_is_array(json_object_get(object, "items"));
}

/* Checks maps of strings as the API server does, because its error would not have the name of the file. */
static struct err *
manifests_check_strings(
    struct arena *a, const json_t *meta, const char *field, const char *file, const char *kind, const char *name)
{
	const json_t *map = json_object_get(meta, field);
	const char *key;
	json_t *value;

	if (map == NULL || json_is_null(map))
		return NULL;
	if (!json_is_object(map))
		return err_new(a, ERR_INVALID, "%s: %s %s: metadata.%s: not a map", file, kind, name, field);
	json_object_foreach ((json_t *)map, key, value)
		if (!json_is_string(value))
			return err_new(a, ERR_INVALID, "%s: %s %s: metadata.%s.%s: not a string; put it in quotes",
			    file, kind, name, field, key);
	return NULL;
}

/* Returns true if it has only these bytes, and no dot at an end: it cannot change the path of a request. */
static bool
manifests_is_word(const char *text, const char *more)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
			(text[i] >= '0' && text[i] <= '9') || strchr(more, text[i]) != NULL))
			return false;
	return n > 0 && n <= 253 && text[0] != '.' && text[n - 1] != '.';
}

bool
manifest_names_namespace(const char *ns)
{
	return manifests_is_word(ns, "-");
}

/* Returns whether the name is a path segment. Source: Kubernetes' path segment names (apimachinery,
 * pkg/api/validation/path). */
static bool
manifests_is_segment(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strpbrk(name, "/%") == NULL && strlen(name) <= 253;
}

static struct err *
manifests_check_names(struct arena *a, const json_t *object, const char *file)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *api = json_str(object, "apiVersion"), *kind = json_str(object, "kind"), *slash = strchr(api, '/');
	const char *names[] = { json_str(meta, "name"), json_str(meta, "generateName") },
		   *ns = json_str(meta, "namespace");

	if (!manifests_is_word(slash != NULL ? slash + 1 : api, "-") ||
	    (slash != NULL && !manifests_is_word(arena_strndup(a, api, (size_t)(slash - api)), ".-")))
		return err_new(
		    a, ERR_INVALID, "%s: apiVersion: \"%s\" is neither VERSION nor GROUP/VERSION", file, api);
	if (!manifests_is_word(kind, ""))
		return err_new(a, ERR_INVALID, "%s: kind: \"%s\" is not the name of a kind", file, kind);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] != NULL && !manifests_is_segment(names[i]))
			return err_new(a, ERR_INVALID, "%s: %s: metadata.%s: \"%s\" cannot be the name of an object",
			    file, kind, i == 0 ? "name" : "generateName", names[i]);
	if (!str_empty(ns) && !manifest_names_namespace(ns))
		return err_new(a, ERR_INVALID, "%s: %s: metadata.namespace: \"%s\" is not the name of a namespace",
		    file, kind, ns);
	return NULL;
}

static struct err *
manifests_append(struct manifests *m, struct arena *a, const json_t *object, const char *file, int depth)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *api = json_str(object, "apiVersion"), *kind = json_str(object, "kind");
	const char *name = json_str(meta, "name"), *generate = json_str(meta, "generateName");
	struct manifest *to;
	struct err *e;

	if (!json_is_object(object))
		return err_new(a, ERR_INVALID, "%s: a document is not an object", file);
	if (str_empty(api) || str_empty(kind))
		return err_new(a, ERR_INVALID, "%s: an object has no %s", file, str_empty(api) ? "apiVersion" : "kind");
	if (manifests_is_list(kind, object)) {
		size_t i;
		json_t *item;

		if (depth == LISTS_MAX)
			return err_new(a, ERR_INVALID, "%s: Lists in Lists, more than %d deep", file, LISTS_MAX);
		json_array_foreach (json_object_get(object, "items"), i, item)
			if ((e = manifests_append(m, a, item, file, depth + 1)) != NULL)
				return e;
		return NULL;
	}
	if ((e = manifests_check_names(a, object, file)) != NULL)
		return e;
	if (str_empty(name) && str_empty(generate))
		return err_new(a, ERR_INVALID, "%s: %s %s has no metadata.name", file, str_article(kind), kind);
	if ((e = manifests_check_strings(a, meta, "labels", file, kind, name != NULL ? name : generate)) != NULL ||
	    (e = manifests_check_strings(a, meta, "annotations", file, kind, name != NULL ? name : generate)) != NULL)
		return e;
	if (m->n == MANIFESTS_MAX)
		return err_new(a, ERR_INVALID, "%s: more than %d objects", file, MANIFESTS_MAX);
	if (m->n == m->capacity) {
		struct manifest *more = arena_new_array(m->arena, struct manifest, m->capacity = m->capacity * 2 + 64);

		if (m->n > 0)
			memcpy(more, m->at, m->n * sizeof(*more));
		m->at = more;
	}
	to = &m->at[m->n++];
	*to = (struct manifest){ .kind = arena_strdup(m->arena, kind),
		.namespace =
		    str_empty(json_str(meta, "namespace")) ? NULL : arena_strdup(m->arena, json_str(meta, "namespace")),
		.name = str_empty(name) ? NULL : arena_strdup(m->arena, name),
		.generate_name = str_empty(name) ? arena_strdup(m->arena, generate) : NULL,
		.file = arena_strdup(m->arena, file),
		.text = json_text(m->arena, object) };
	api_version_split(m->arena, arena_strdup(m->arena, api), &to->group, &to->version);
	m->bytes += strlen(to->text);
	if (m->bytes > MANIFESTS_BYTES_MAX)
		return err_new(a, ERR_INVALID, "%s: the objects are more than %u bytes", file, MANIFESTS_BYTES_MAX);
	return NULL;
}

struct err *
manifests_add(struct manifests *m, struct arena *a, const json_t *object, const char *file)
{
	return manifests_append(m, a, object, file, 0);
}
