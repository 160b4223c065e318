/* kube/api/field_set.c: managedFields: sets of fields as trees that are walked together. They are not deeper than
 * what was parsed (JSON_DEPTH_MAX). */
#include "kube/api/field_set.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/patch.h"

#define SELF "."
#define BY_KEY_MAX 1000 /* limit of elements by key: each is compared with each */

static bool
field_set_is_leaf(const json_t *set)
{
	return json_object_size(set) == 0;
}

/* Returns whether the element has all keys. The keys of ports include the protocol, with the default TCP. */
static bool
field_set_has_key(const json_t *element, const char *key, const json_t *value)
{
	if (strcmp(key, "protocol") == 0)
		return str_eq(json_str(element, key) ?: "TCP", value != NULL ? json_string_value(value) : "TCP");
	return json_equal(json_object_get(element, key), value);
}

json_t *
list_find(const json_t *list, const char *const *keys, size_t n, const json_t *element)
{
	json_t *e;
	size_t i, k;

	json_array_foreach (list, i, e) {
		for (k = 0; k < n; k++)
			if (!field_set_has_key(e, keys[k], json_object_get(element, keys[k])))
				break;
		if (k == n)
			return e;
	}
	return NULL;
}

size_t
list_keys(const char *list, const json_t *elements, bool builtin, const char *ret[2])
{
	json_t *e;
	size_t i, n;

	if (!builtin || json_array_size(elements) == 0 || json_array_size(elements) > BY_KEY_MAX ||
	    (ret[0] = patch_merge_key(list, elements)) == NULL)
		return 0;
	ret[1] = "protocol";
	n = strcmp(list, "ports") == 0 ? 2 : 1;
	json_array_foreach (elements, i, e)
		if (json_object_get(e, ret[0]) == NULL || list_find(elements, ret, n, e) != e)
			return 0;
	return n;
}

/* Returns the key of an element in a set, "k:{…}". */
static char *
field_set_element(struct arena *a, const json_t *element, const char *const *keys, size_t n)
{
	_cleanup_(json_decrefp) json_t *k = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set(k, keys[i], json_object_get(element, keys[i]));
	if (n == 2 && json_object_get(k, keys[1]) == NULL)
		json_object_set_new(k, keys[1], json_string("TCP"));
	return arena_printf(a, "k:%s", json_text_go(a, k));
}

static json_t *
field_set_from(struct arena *a, const char *name, const json_t *v, bool builtin)
{
	json_t *set = json_object(), *child;
	const char *key, *keys[2];
	size_t i, n;

	json_object_foreach ((json_t *)v, key, child)
		json_object_set_new(set, arena_printf(a, "f:%s", key), field_set_from(a, key, child, builtin));
	if (json_is_array(v) && strcmp(name, "finalizers") == 0) {
		json_array_foreach (v, i, child)
			json_object_set_new(set, arena_printf(a, "v:%s", json_text_go(a, child)), json_object());
	} else if ((n = list_keys(name, v, builtin, keys)) > 0) {
		json_array_foreach (v, i, child) {
			json_t *of = field_set_from(a, "", child, builtin);

			json_object_set_new(of, SELF, json_object());
			json_object_set_new(set, field_set_element(a, child, keys, n), of);
		}
	}
	return set;
}

json_t *
field_set_of(const json_t *value, bool builtin)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return field_set_from(a, "", value, builtin);
}

/* Finds the element that a name of a set means: *ret_place is its index in the list, or SIZE_MAX. */
static json_t *
field_set_find(const json_t *value, const char *field, size_t *ret_place)
{
	_cleanup_(json_decrefp) json_t *key = NULL;
	json_t *e, *k;
	const char *name;
	size_t i;

	*ret_place = SIZE_MAX;
	if (str_starts(field, "f:"))
		return json_object_get(value, field + 2);
	if (!str_starts(field, "k:") && !str_starts(field, "v:"))
		return NULL;
	key = json_loads(field + 2, JSON_DECODE_ANY, NULL);
	json_array_foreach (value, i, e) {
		bool same = field[0] == 'k' ? json_object_size(key) > 0 : json_equal(key, e);

		if (field[0] == 'k')
			json_object_foreach (key, name, k)
				same &= field_set_has_key(e, name, k);
		if (!same)
			continue;
		*ret_place = i;
		return e;
	}
	return NULL;
}

void
field_set_add(json_t *set, const json_t *other)
{
	json_t *child;
	const char *key;

	json_object_foreach ((json_t *)other, key, child) {
		json_t *own = json_object_get(set, key);

		if (own == NULL || field_set_is_leaf(own))
			json_object_set_new(set, key, json_deep_copy(child));
		else
			field_set_add(own, child);
	}
}

/* Sets that become empty are removed, because an empty set means a whole field. */
void
field_set_subtract(json_t *set, const json_t *other)
{
	json_t *child;
	const char *key;

	json_object_foreach ((json_t *)other, key, child) {
		json_t *own = json_object_get(set, key);

		if (own == NULL)
			continue;
		if (!field_set_is_leaf(child))
			field_set_subtract(own, child);
		if (field_set_is_leaf(child) || field_set_is_leaf(own))
			json_object_del(set, key);
	}
}

void
field_set_keep(json_t *set, const json_t *other)
{
	const char *key;
	void *next;
	json_t *own;

	json_object_foreach_safe (set, next, key, own) {
		const json_t *child = json_object_get(other, key);

		if (child == NULL) {
			json_object_del(set, key);
		} else if (!field_set_is_leaf(own) && !field_set_is_leaf(child)) {
			field_set_keep(own, child);
			if (field_set_is_leaf(own))
				json_object_del(set, key);
		}
	}
}

json_t *
field_set_changed(const json_t *set, const json_t *before, const json_t *after)
{
	json_t *ret = json_object(), *child;
	const char *key;
	size_t at;

	json_object_foreach ((json_t *)set, key, child) {
		const json_t *was = field_set_find(before, key, &at), *is = field_set_find(after, key, &at);

		if (strcmp(key, SELF) == 0)
			continue;
		if (field_set_is_leaf(child) || was == NULL) {
			if (!json_equal(was, is))
				json_object_set_new(ret, key, json_deep_copy(child));
		} else {
			json_t *of = field_set_changed(child, was, is);

			if (!field_set_is_leaf(of))
				json_object_set(ret, key, of);
			json_decref(of);
		}
	}
	return ret;
}

void
field_set_remove(const json_t *set, json_t *value)
{
	json_t *child;
	const char *key;

	json_object_foreach ((json_t *)set, key, child) {
		size_t at;
		json_t *of = field_set_find(value, key, &at);

		if (of == NULL)
			continue;
		if (!field_set_is_leaf(child) && json_object_get(child, SELF) == NULL) {
			field_set_remove(child, of);
			if (json_object_size(of) > 0 || json_array_size(of) > 0)
				continue;
		}
		if (at != SIZE_MAX)
			json_array_remove(value, at);
		else
			json_object_del(value, key + 2);
	}
}

/* Returns a part of a path as the API server writes it: ".name", "[name=\"web\"]" or "[=\"value\"]". */
static const char *
field_set_path(struct arena *a, const char *path, const char *field)
{
	_cleanup_(json_decrefp) json_t *keys = NULL;
	const char *name, *sep = "[";
	json_t *v;

	if (field[0] == 'f')
		return arena_printf(a, "%s.%s", path, field + 2);
	if (field[0] == 'v')
		return arena_printf(a, "%s[=%s]", path, field + 2);
	keys = json_loads(field + 2, 0, NULL);
	json_object_foreach (keys, name, v) {
		_cleanup_(freep) char *text = json_dumps(v, JSON_ENCODE_ANY);

		path = arena_printf(a, "%s%s%s=%s", path, sep, name, text);
		sep = ",";
	}
	return arena_printf(a, "%s]", path);
}

static void
field_set_find_clash(struct arena *a, const char *path, const json_t *set, const json_t *other, const json_t *value,
    const json_t *other_value, json_t *ret_both, json_t *paths)
{
	json_t *child;
	const char *key;

	json_object_foreach ((json_t *)set, key, child) {
		const json_t *theirs = json_object_get(other, key), *v, *w;
		const char *here;
		size_t at;

		if (theirs == NULL || strcmp(key, SELF) == 0)
			continue;
		here = field_set_path(a, path, key);
		v = field_set_find(value, key, &at);
		w = field_set_find(other_value, key, &at);
		if (!field_set_is_leaf(child) && !field_set_is_leaf(theirs)) {
			json_t *both = json_object();

			field_set_find_clash(a, here, child, theirs, v, w, both, paths);
			if (!field_set_is_leaf(both))
				json_object_set(ret_both, key, both);
			json_decref(both);
		} else if (!json_equal(v, w) && !(json_is_object(v) && json_object_size(v) == 0 && json_is_object(w))) {
			json_array_append_new(paths, json_string(here));
			json_object_set_new(ret_both, key, json_object());
		}
	}
}

void
field_set_clash(struct arena *a, const json_t *set, const json_t *other, const json_t *value, const json_t *other_value,
    json_t *ret_both, json_t *paths)
{
	field_set_find_clash(a, "", set, other, value, other_value, ret_both, paths);
}
