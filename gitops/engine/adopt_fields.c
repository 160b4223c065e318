/* gitops/engine/adopt_fields.c: migration from client-side apply to server-side apply: entries of managedFields that
 * belong to other managers become ours. */
#include "gitops/engine/adopt_fields.h"
#include <string.h>
#include "gitops/engine/compare.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/engine/resource.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static const json_t *
adopt_fields_entries_of(const json_t *live)
{
	return json_object_get(json_object_get(live, "metadata"), "managedFields");
}

static bool
adopt_fields_is_theirs(const json_t *entry, const struct strings *managers)
{
	for (size_t i = 0; i < managers->n; i++)
		if (compare_is_of(entry, managers->at[i], "Update"))
			return true;
	return false;
}

bool
adopt_fields_is_due(const json_t *live, const struct strings *managers)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (adopt_fields_entries_of(live), i, entry)
		if (adopt_fields_is_theirs(entry, managers))
			return true;
	return false;
}

bool
adopt_fields_is_whole(const json_t *live, const char *manager)
{
	const json_t *entry;
	size_t i;

	if (resource_annotation(live, LAST_APPLIED) != NULL)
		return false;
	json_array_foreach (adopt_fields_entries_of(live), i, entry)
		if (compare_is_of(entry, manager, "Update"))
			return true;
	return false;
}

struct walk {
	const json_t *last, *desired, *live;
	json_t *path, *paths;
};

/* Adds the path, which is one of the object that was applied last, as a path of the live object. */
static void
adopt_fields_add_path(const struct walk *w)
{
	json_t *of_live = ignore_differences_path_in(w->live, w->last, w->path);

	if (of_live != NULL)
		json_array_append_new(w->paths, of_live);
}

static void adopt_fields_walk(struct walk *, const json_t *last, int depth);

static void
adopt_fields_step(struct walk *w, json_t *key, const json_t *last, int depth)
{
	json_t *of_desired;

	json_array_append_new(w->path, key);
	of_desired = ignore_differences_path_in(w->desired, w->last, w->path);
	if (of_desired == NULL)
		adopt_fields_add_path(w);
	else
		adopt_fields_walk(w, last, depth + 1);
	json_decref(of_desired);
	json_array_remove(w->path, json_array_size(w->path) - 1);
}

/* Lists of plain values are one value, which a dry run compares. */
static void
adopt_fields_walk(struct walk *w, const json_t *last, int depth)
{
	const char *key;
	json_t *v;
	size_t i;

	if (depth > JSON_DEPTH_MAX)
		return;
	json_object_foreach ((json_t *)last, key, v)
		if (!json_is_null(v))
			adopt_fields_step(w, json_string(key), v, depth);
	json_array_foreach (last, i, v)
		if (json_is_object(v))
			adopt_fields_step(w, json_integer((json_int_t)i), v, depth);
}

json_t *
adopt_fields_paths(const json_t *live, const json_t *desired)
{
	static const char *const not_fields[] = { "apiVersion", "kind", "status" }, *const of_meta[] = { "name",
		"namespace", "creationTimestamp" };
	const char *text = resource_annotation(live, LAST_APPLIED);
	_cleanup_(json_decrefp) json_t *last = text != NULL ? json_loads(text, 0, NULL) : NULL, *path = json_array();
	struct walk w = { last, desired, live, path, json_array() };

	for (size_t i = 0; i < ARRAY_SIZE(not_fields); i++)
		json_object_del(last, not_fields[i]);
	for (size_t i = 0; i < ARRAY_SIZE(of_meta); i++)
		json_object_del(json_object_get(last, "metadata"), of_meta[i]);
	if (json_object_size(json_at(last, "/metadata/annotations")) == 0)
		json_object_del(json_object_get(last, "metadata"), "annotations");
	if (json_object_size(json_object_get(last, "metadata")) == 0)
		json_object_del(last, "metadata");
	adopt_fields_walk(&w, last, 0);
	return w.paths;
}

const char *
adopt_fields_patch(struct arena *a, const json_t *live, const struct strings *managers, const char *manager)
{
	_cleanup_(json_decrefp) json_t *patch = NULL, *fields = json_object();
	const json_t *entry, *meta = json_object_get(live, "metadata");
	const char *version = json_str(live, "apiVersion");
	json_t *left = json_array();
	size_t i;

	json_array_foreach (adopt_fields_entries_of(live), i, entry) {
		if (compare_is_of(entry, manager, "Apply") || adopt_fields_is_theirs(entry, managers)) {
			_cleanup_(json_decrefp) json_t *copy = json_deep_copy(json_object_get(entry, "fieldsV1"));

			json_object_update_recursive(fields, copy);
			version = json_str(entry, "apiVersion");
		} else {
			json_array_append(left, (json_t *)entry);
		}
	}
	json_array_append_new(left, json_pack("{s:s, s:s, s:s, s:s, s:O}", "manager", manager, "operation", "Apply",
					"apiVersion", version, "fieldsType", "FieldsV1", "fieldsV1", fields));
	patch = json_pack("[{s:s, s:s, s:O}, {s:s, s:s, s:o}]", "op", "test", "path", "/metadata/resourceVersion",
	    "value", json_object_get(meta, "resourceVersion"), "op", "replace", "path", "/metadata/managedFields",
	    "value", left);
	return json_text(a, patch);
}
