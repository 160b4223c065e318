/* gitops/flux/inventory.c: what a Kustomization's status says that it has applied. */
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "gitops/flux/flux_parts.h"

/* "NS_NAME_GROUP_KIND"; a colon in a name is two underscores. */
static const char *
inventory_id(struct arena *a, const json_t *r)
{
	return arena_printf(a, "%s_%s_%s_%s", json_str(r, "namespace") ?: "",
	    str_replace(a, json_str(r, "name") ?: "", ":", "__"), json_str(r, "group") ?: "",
	    json_str(r, "kind") ?: "");
}

static json_t *
known_of(struct arena *a, const char *id, const char *version)
{
	const char *first = strchr(id, '_'), *last = strrchr(id, '_'), *group = last;
	json_t *known;

	while (group != NULL && group > first + 1 && group[-1] != '_')
		group--;
	if (first == NULL || group == NULL || group <= first + 1)
		return NULL;
	known = json_pack("{s:s, s:s, s:s, s:s}", "kind", last + 1, "version", version, "group",
	    arena_strndup(a, group, (size_t)(last - group)), "name",
	    str_replace(a, arena_strndup(a, first + 1, (size_t)(group - first - 2)), "__", ":"));
	if (first > id)
		json_object_set_new(known, "namespace", json_stringn(id, (size_t)(first - id)));
	return known;
}

json_t *
flux_inventory(struct arena *a, const json_t *status)
{
	json_t *list = json_array(), *one;
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(status, "inventory"), "entries"), i, entry)
		if ((one = known_of(a, json_str(entry, "id") ?: "", json_str(entry, "v") ?: "v1")) != NULL)
			json_array_append_new(list, one);
	return list;
}

void
flux_set_inventory(struct flux *f, const json_t *resources)
{
	json_object_del(f->status, "inventory");
	flux_add_inventory(f, resources);
}

void
flux_add_inventory(struct flux *f, const json_t *resources)
{
	const json_t *was = json_object_get(json_object_get(f->status, "inventory"), "entries"), *r;
	json_t *entries = was != NULL ? json_copy((json_t *)was) : json_array();
	struct map there = { 0 };
	size_t i;

	json_array_foreach (was, i, r)
		map_set(&there, json_str(r, "id") ?: "", f);
	json_array_foreach (resources, i, r) {
		const char *id = inventory_id(f->arena, r);

		if (!json_is_true(json_object_get(r, "hook")) && map_set(&there, id, f) == NULL)
			json_array_append_new(
			    entries, json_pack("{s:s, s:s}", "id", id, "v", json_str(r, "version") ?: ""));
	}
	json_object_set_new(f->status, "inventory", json_pack("{s:o}", "entries", entries));
	map_done(&there);
}
