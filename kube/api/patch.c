/* kube/api/patch.c: patches of Kubernetes: merge, JSON and strategic merge patches, applied and created. */
#include "kube/api/patch.h"
#include <stdint.h>
#include <string.h>
#include "base/str.h"

json_t *
merge_patch_apply(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *v;

	if (!json_is_object(patch)) {
		json_decref(target);
		return json_deep_copy(patch);
	}
	if (!json_is_object(target)) {
		json_decref(target);
		target = json_object();
	}
	json_object_foreach ((json_t *)patch, key, v) {
		if (json_is_null(v)) {
			json_object_del(target, key);
		} else {
			json_t *old = json_incref(json_object_get(target, key));

			json_object_set_new(target, key, merge_patch_apply(old, v));
		}
	}
	return target;
}

json_t *
merge_patch_diff(const json_t *from, const json_t *to)
{
	json_t *patch = NULL, *v;
	const char *key;

	if (!json_is_object(from) || !json_is_object(to))
		return json_equal(from, to) ? NULL : json_deep_copy(to);
	json_object_foreach ((json_t *)to, key, v) {
		const json_t *old = json_object_get(from, key);
		json_t *d = old == NULL ? json_deep_copy(v) : merge_patch_diff(old, v);

		if (d == NULL)
			continue;
		if (patch == NULL)
			patch = json_object();
		json_object_set_new(patch, key, d);
	}
	json_object_foreach ((json_t *)from, key, v) {
		if (json_object_get(to, key) != NULL)
			continue;
		if (patch == NULL)
			patch = json_object();
		json_object_set_new(patch, key, json_null());
	}
	return patch;
}

/* Splits "/a/b/c" into the pointer of the parent and the last token, unescaped. */
static bool
patch_split(struct arena *a, const char *path, const char **ret_parent, const char **ret_last)
{
	const char *slash = strrchr(path, '/');
	char *last, *o;

	if (path[0] != '/' || slash == NULL)
		return false;
	*ret_parent = arena_strndup(a, path, (size_t)(slash - path));
	last = o = arena_strdup(a, slash + 1);
	for (const char *s = last; *s != '\0'; s++) {
		if (s[0] == '~' && (s[1] == '0' || s[1] == '1'))
			*o++ = *++s == '0' ? '~' : '/';
		else
			*o++ = *s;
	}
	*o = '\0';
	*ret_last = last;
	return true;
}

static struct err *
patch_add(struct arena *a, json_t **doc, const char *path, json_t *value, bool replace)
{
	const char *parent, *last;
	json_t *at;
	long long i;

	if (path[0] == '\0') {
		json_decref(*doc);
		*doc = json_incref(value);
		return NULL;
	}
	if (!patch_split(a, path, &parent, &last) || (at = json_at(*doc, parent)) == NULL)
		return err_new(a, ERR_INVALID, "%s: no such place", path);
	if (json_is_object(at)) {
		if (replace && json_object_get(at, last) == NULL)
			return err_new(a, ERR_INVALID, "%s: nothing to replace", path);
		json_object_set(at, last, value);
		return NULL;
	}
	if (json_is_array(at)) {
		long long n = (long long)json_array_size(at);

		if (!replace && strcmp(last, "-") == 0)
			i = n;
		else if (!str_int(last, 0, replace ? n - 1 : n, &i))
			return err_new(a, ERR_INVALID, "%s: no such element", path);
		if (replace)
			json_array_set(at, (size_t)i, value);
		else
			json_array_insert(at, (size_t)i, value);
		return NULL;
	}
	return err_new(a, ERR_INVALID, "%s: its parent is neither object nor list", path);
}

static struct err *
patch_remove(struct arena *a, json_t *doc, const char *path)
{
	const char *parent, *last;
	json_t *at;
	long long i;

	if (!patch_split(a, path, &parent, &last) || (at = json_at(doc, parent)) == NULL || json_at(doc, path) == NULL)
		return err_new(a, ERR_INVALID, "%s: nothing to remove", path);
	if (json_is_object(at))
		json_object_del(at, last);
	else if (str_int(last, 0, 1 << 30, &i))
		json_array_remove(at, (size_t)i);
	return NULL;
}

static struct err *
patch_apply_op(struct arena *a, json_t **doc, const json_t *o)
{
	const char *op = json_str(o, "op"), *path = json_str(o, "path"), *from = json_str(o, "from");
	json_t *value = json_object_get(o, "value"), *found;
	struct err *e;

	if (op == NULL || path == NULL)
		return err_new(a, ERR_INVALID, "an operation needs op and path");
	if (strcmp(op, "remove") == 0)
		return patch_remove(a, *doc, path);
	if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0) {
		_cleanup_(json_decrefp) json_t *copy = NULL;

		if (from == NULL || (found = json_at(*doc, from)) == NULL)
			return err_new(a, ERR_INVALID, "%s: nothing to %s", from != NULL ? from : "(from)", op);
		copy = json_deep_copy(found);
		if (op[0] == 'm' && (e = patch_remove(a, *doc, from)) != NULL)
			return e;
		return patch_add(a, doc, path, copy, false);
	}
	if (value == NULL)
		return err_new(a, ERR_INVALID, "%s %s needs a value", op, path);
	if (strcmp(op, "test") == 0) {
		found = json_at(*doc, path);
		if (found != NULL ? json_equal(found, value) : json_is_null(value))
			return NULL;
		return err_new(a, ERR_CONFLICT, "testing value %s failed", path);
	}
	if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0) {
		_cleanup_(json_decrefp) json_t *copy = json_deep_copy(value);

		return patch_add(a, doc, path, copy, op[0] == 'r');
	}
	return err_new(a, ERR_INVALID, "unknown operation \"%s\"", op);
}

struct err *
json_patch_apply(struct arena *a, json_t **doc, const json_t *patch)
{
	json_t *copy, *o;
	struct err *e;
	size_t i;

	if (!json_is_array(patch))
		return err_new(a, ERR_INVALID, "a JSON patch is a list of operations");
	copy = json_deep_copy(*doc);
	json_array_foreach (patch, i, o) {
		if ((e = patch_apply_op(a, &copy, o)) != NULL) {
			json_decref(copy);
			return e;
		}
	}
	json_decref(*doc);
	*doc = copy;
	return NULL;
}

json_t *
json_patch_of(json_t **ops)
{
	if (*ops == NULL)
		*ops = json_array();
	return *ops;
}

void
json_patch_add(json_t *ops, const char *op, const char *path, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, "op", json_string(op));
	json_object_set_new(o, "path", json_string(path));
	if (value != NULL)
		json_object_set_new(o, "value", value);
	json_array_append_new(ops, o);
}

/* Merge keys of k8s.io/api (its patchMergeKey tags), for the lists that the served types have. */
static const struct {
	const char *list, *key;
} merge_keys[] = {
	{ "containers", "name" },
	{ "initContainers", "name" },
	{ "ephemeralContainers", "name" },
	{ "env", "name" },
	{ "volumes", "name" },
	{ "volumeMounts", "mountPath" },
	{ "ports", "containerPort" },
	{ "ports", "port" },
	{ "conditions", "type" },
	{ "ownerReferences", "uid" },
	{ "imagePullSecrets", "name" },
	{ "addresses", "type" },
	{ "hostAliases", "ip" },
	{ "podIPs", "ip" },
	{ "topologySpreadConstraints", "topologyKey" },
};

const char *
patch_merge_key(const char *list, const json_t *elements)
{
	const json_t *first = json_array_get(elements, 0);

	for (size_t i = 0; i < ARRAY_SIZE(merge_keys); i++)
		if (strcmp(merge_keys[i].list, list) == 0 && json_object_get(first, merge_keys[i].key) != NULL)
			return merge_keys[i].key;
	return NULL;
}

static size_t
patch_element_with(const json_t *list, const char *key, const json_t *value)
{
	json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (json_equal(json_object_get(e, key), value))
			return i;
	return SIZE_MAX;
}

static json_t *
patch_strategic_list(json_t *target, const json_t *patch, const char *key)
{
	json_t *e;
	size_t i;

	if (!json_is_array(target)) {
		json_decref(target);
		target = json_array();
	}
	json_array_foreach (patch, i, e) {
		size_t at = patch_element_with(target, key, json_object_get(e, key));

		if (str_eq(json_str(e, "$patch"), "delete")) {
			if (at != SIZE_MAX)
				json_array_remove(target, at);
		} else if (at == SIZE_MAX) {
			json_array_append_new(target, strategic_patch_apply(NULL, e));
		} else {
			json_t *old = json_incref(json_array_get(target, at));

			json_array_set_new(target, at, strategic_patch_apply(old, e));
		}
	}
	return target;
}

json_t *
strategic_patch_apply(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *v;

	if (!json_is_object(patch)) {
		json_decref(target);
		return json_deep_copy(patch);
	}
	if (!json_is_object(target) || str_eq(json_str(patch, "$patch"), "replace")) {
		json_decref(target);
		target = json_object();
	}
	json_object_foreach ((json_t *)patch, key, v) {
		json_t *old = json_object_get(target, key);
		const char *by;

		if (str_starts(key, "$deleteFromPrimitiveList/")) {
			json_t *list = json_object_get(target, key + strlen("$deleteFromPrimitiveList/")), *drop;
			size_t i, at;

			json_array_foreach (v, i, drop)
				for (at = json_array_size(list); at-- > 0;)
					if (json_equal(json_array_get(list, at), drop))
						json_array_remove(list, at);
		} else if (key[0] == '$') {
			continue;
		} else if (json_is_null(v)) {
			json_object_del(target, key);
		} else if (json_is_array(v) && json_array_size(v) > 0 && (by = patch_merge_key(key, v)) != NULL) {
			json_object_set_new(target, key, patch_strategic_list(json_incref(old), v, by));
		} else {
			json_object_set_new(target, key, strategic_patch_apply(json_incref(old), v));
		}
	}
	return target;
}
