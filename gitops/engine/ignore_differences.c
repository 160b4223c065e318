/* gitops/engine/ignore_differences.c: ignoreDifferences and RespectIgnoreDifferences: values at paths are removed
 * before the diff, or copied from the live object. jq paths come from worker/script_jq.c. */
#include "gitops/engine/ignore_differences.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"
#include "gitops/engine/compare.h"

bool
ignore_differences_concerns(
    const struct ignored_difference *d, const struct api_kind *k, const char *ns, const char *name)
{
	return glob_match(d->group != NULL ? d->group : "", k->group) && glob_match(d->kind, k->kind) &&
	       (str_empty(d->name) || strcmp(d->name, name) == 0) &&
	       (str_empty(d->namespace) || str_eq(d->namespace, ns));
}

/* The value at a key of a map or an index of a list; NULL: no such value, or the key is of the other kind. Borrowed. */
static json_t *
ignore_differences_child(const json_t *in, const json_t *key)
{
	if (json_is_string(key))
		return json_object_get(in, json_string_value(key));
	return json_is_integer(key) && json_integer_value(key) >= 0
		   ? json_array_get(in, (size_t)json_integer_value(key))
		   : NULL;
}

/* The list or map that has the last key of a path, or NULL. */
static json_t *
ignore_differences_parent(json_t *object, const json_t *path)
{
	for (size_t i = 0; i + 1 < json_array_size(path); i++)
		object = ignore_differences_child(object, json_array_get(path, i));
	return object;
}

static const json_t *
ignore_differences_last_key(const json_t *path)
{
	return json_array_get(path, json_array_size(path) - 1);
}

void
ignore_differences_add_pointer(const json_t *object, const char *pointer, json_t *paths)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *path = json_array();
	const json_t *at = object;

	while (at != NULL && *pointer == '/') {
		size_t n = strcspn(pointer + 1, "/");
		const char *token = arena_strndup(a, pointer + 1, n);
		long long i;

		pointer += n + 1;
		if (json_is_array(at) && str_int(token, 0, INT32_MAX, &i))
			json_array_append_new(path, json_integer(i));
		else
			json_array_append_new(
			    path, json_string(str_replace(a, str_replace(a, token, "~1", "/"), "~0", "~")));
		at = ignore_differences_child(at, ignore_differences_last_key(path));
	}
	if (at != NULL && json_array_size(path) > 0)
		json_array_append(paths, path);
	json_decref(path);
}

/* The index of the element that a key of fieldsV1 ("k:{…}", "v:…") names; below 0: no such element. */
static json_int_t
ignore_differences_element_of(const json_t *list, const char *key)
{
	_cleanup_(json_decrefp) json_t *is = json_loads(key + 2, JSON_DECODE_ANY, NULL);
	const json_t *element;
	size_t i;

	if (strncmp(key, "k:", 2) == 0 && (i = compare_element(list, is)) < json_array_size(list))
		return (json_int_t)i;
	if (strncmp(key, "v:", 2) == 0)
		json_array_foreach (list, i, element)
			if (compare_values(element, is))
				return (json_int_t)i;
	return -1;
}

/* The leaves of a set of fields, as far as the object has them. `path` is where it stands. */
static void
ignore_differences_add_leaves(const json_t *at, const json_t *set, json_t *path, json_t *paths)
{
	const char *key;
	json_t *sub;
	bool leaf = true;

	if (at == NULL || json_array_size(path) > JSON_DEPTH_MAX)
		return;
	json_object_foreach ((json_t *)set, key, sub) {
		json_int_t i;

		if (strcmp(key, ".") == 0)
			continue;
		leaf = false;
		if (strncmp(key, "f:", 2) == 0)
			json_array_append_new(path, json_string(key + 2));
		else if (json_is_array(at) && (i = ignore_differences_element_of(at, key)) >= 0)
			json_array_append_new(path, json_integer(i));
		else
			continue;
		ignore_differences_add_leaves(
		    ignore_differences_child(at, ignore_differences_last_key(path)), sub, path, paths);
		json_array_remove(path, json_array_size(path) - 1);
	}
	if (leaf && json_array_size(path) > 0)
		json_array_append_new(paths, json_copy(path));
}

void
ignore_differences_add_owned(const json_t *object, const json_t *live, const struct strings *managers, json_t *paths)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(live, "metadata"), "managedFields"), i, entry)
		for (size_t k = 0; k < managers->n; k++)
			if (str_eq(json_str(entry, "manager"), managers->at[k])) {
				json_t *path = json_array();

				ignore_differences_add_leaves(object, json_object_get(entry, "fieldsV1"), path, paths);
				json_decref(path);
			}
}

/* Later elements come first, so that the indexes of earlier ones stay valid. */
static int
ignore_differences_from_behind(const void *x, const void *y)
{
	const json_t *p = *(const json_t *const *)x, *q = *(const json_t *const *)y;

	for (size_t i = 0; i < json_array_size(p) && i < json_array_size(q); i++) {
		const json_t *k = json_array_get(p, i), *l = json_array_get(q, i);
		int by = json_is_integer(k) != json_is_integer(l) ? (int)json_is_integer(k) - (int)json_is_integer(l)
			 : json_is_integer(k)			  ? (json_integer_value(k) > json_integer_value(l)) -
						    (json_integer_value(k) < json_integer_value(l))
					      : strcmp(json_string_value(k) ?: "", json_string_value(l) ?: "");

		if (by != 0)
			return -by;
	}
	return (json_array_size(q) > json_array_size(p)) - (json_array_size(q) < json_array_size(p));
}

void
ignore_differences_drop(json_t *object, const json_t *paths)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	size_t n = json_array_size(paths);
	const json_t **order = arena_new_array(a, const json_t *, n + 1), *before = NULL;

	for (size_t i = 0; i < n; i++)
		order[i] = json_array_get(paths, i);
	qsort(order, n, sizeof(*order), ignore_differences_from_behind);
	for (size_t i = 0; i < n; i++) {
		json_t *in = ignore_differences_parent(object, order[i]);
		const json_t *key = ignore_differences_last_key(order[i]);

		/* Two rules may name the same path. */
		if (before != NULL && json_equal(before, order[i]))
			continue;
		before = order[i];
		if (json_is_object(in) && json_is_string(key))
			json_object_del(in, json_string_value(key));
		else if (json_is_array(in) && json_is_integer(key) && json_integer_value(key) >= 0)
			json_array_remove(in, (size_t)json_integer_value(key));
	}
}

/* The two are one element, as far as they say what tells them apart: 1; they are not: 0; they do not say: -1. */
static int
ignore_differences_is_same_element(const json_t *x, const json_t *y)
{
	static const char *const keys[] = { "name", "key", "destination", "host", "containerPort", "port", "mountPath",
		"devicePath", "ip", "topologyKey", "type", "uid" };

	if (!json_is_object(x) || !json_is_object(y))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(x, keys[i]) != NULL && json_object_get(y, keys[i]) != NULL)
			return compare_values(json_object_get(x, keys[i]), json_object_get(y, keys[i]));
	return -1;
}

/* The index in `to` of the element with index i in `from`; below 0: `to` has no such element. */
static json_int_t
ignore_differences_element_like(const json_t *to, const json_t *from, json_int_t i)
{
	const json_t *element = json_array_get(from, (size_t)i), *other = json_array_get(to, (size_t)i);
	size_t k;

	if (other != NULL && ignore_differences_is_same_element(element, other) == 1)
		return i;
	json_array_foreach (to, k, other)
		if (ignore_differences_is_same_element(element, other) == 1)
			return (json_int_t)k;
	other = json_array_get(to, (size_t)i);
	return other != NULL && ignore_differences_is_same_element(element, other) < 0 ? i : -1;
}

/* Returns a path of one object as the same path of another, as a new reference. *ret_missing is the number of its
 * last keys that do not exist there. */
static json_t *
ignore_differences_map_path(const json_t *to, const json_t *from, const json_t *path, size_t *ret_missing)
{
	json_t *mapped = json_array();
	const json_t *key;
	size_t i;

	json_array_foreach (path, i, key) {
		json_int_t at =
		    json_is_integer(key) ? ignore_differences_element_like(to, from, json_integer_value(key)) : 0;

		if (json_is_integer(key))
			json_array_append_new(mapped, json_integer(at));
		else
			json_array_append(mapped, (json_t *)key);
		to = at >= 0 ? ignore_differences_child(to, ignore_differences_last_key(mapped)) : NULL;
		from = ignore_differences_child(from, key);
		if (to == NULL)
			break;
	}
	*ret_missing = json_array_size(path) - (to == NULL ? i : json_array_size(path));
	return mapped;
}

json_t *
ignore_differences_path_in(const json_t *to, const json_t *from, const json_t *path)
{
	size_t missing;
	json_t *mapped = ignore_differences_map_path(to, from, path, &missing);

	if (missing > 0) {
		json_decref(mapped);
		return NULL;
	}
	return mapped;
}

static void
ignore_differences_keep_one(json_t *desired, const json_t *live, const json_t *path)
{
	size_t missing;
	_cleanup_(json_decrefp) json_t *to = ignore_differences_map_path(desired, live, path, &missing);
	json_t *value = ignore_differences_child(
		   ignore_differences_parent((json_t *)live, path), ignore_differences_last_key(path)),
	       *in = ignore_differences_parent(desired, to);
	const json_t *key = ignore_differences_last_key(to);

	/* The desired object lacks the list or map: then it lacks the value too. */
	if (missing > 1 || value == NULL)
		return;
	if (json_is_object(in) && json_is_string(key))
		json_object_set_new(in, json_string_value(key), json_deep_copy(value));
	else if (json_is_array(in) && missing == 1)
		json_array_append_new(in, json_deep_copy(value));
	else if (json_is_array(in))
		json_array_set_new(in, (size_t)json_integer_value(key), json_deep_copy(value));
}

void
ignore_differences_keep(json_t *desired, const json_t *desired_paths, const json_t *live, const json_t *live_paths)
{
	_cleanup_(json_decrefp) json_t *out = json_array();
	json_t *path;
	size_t i;

	json_array_foreach (desired_paths, i, path) {
		json_t *of_live = ignore_differences_path_in(live, desired, path);

		if (of_live == NULL)
			json_array_append(out, path);
		json_decref(of_live);
	}
	json_array_foreach (live_paths, i, path)
		ignore_differences_keep_one(desired, live, path);
	ignore_differences_drop(desired, out);
}
