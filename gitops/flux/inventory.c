/* gitops/flux/inventory.c: what a Kustomization's status says that it has applied. */
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "gitops/flux/flux_parts.h"

/* "NS_NAME_GROUP_KIND"; a colon in a name is two underscores. */
static const char *
inventory_id(struct arena *a, const struct worker_resource *r)
{
	return arena_printf(a, "%s_%s_%s_%s", r->namespace ?: "", str_replace(a, r->name ?: "", ":", "__"),
	    r->group ?: "", r->kind ?: "");
}

/* False: the id is not one. */
static bool
inventory_parse(struct arena *a, const char *id, const char *version, struct worker_resource *ret)
{
	const char *first = strchr(id, '_'), *last = strrchr(id, '_'), *group = last;

	while (group != NULL && group > first + 1 && group[-1] != '_')
		group--;
	if (first == NULL || group == NULL || group <= first + 1)
		return false;
	*ret = (struct worker_resource){ .group = arena_strndup(a, group, (size_t)(last - group)),
		.version = arena_strdup(a, version),
		.kind = arena_strdup(a, last + 1),
		.namespace = first > id ? arena_strndup(a, id, (size_t)(first - id)) : NULL,
		.name = str_replace(a, arena_strndup(a, first + 1, (size_t)(group - first - 2)), "__", ":") };
	return true;
}

struct worker_resources
flux_inventory(struct arena *a, const json_t *status)
{
	const json_t *entries = json_object_get(json_object_get(status, "inventory"), "entries"), *entry;
	struct worker_resources list = { .at = arena_new_array(a, struct worker_resource, json_array_size(entries)) };
	size_t i;

	json_array_foreach (entries, i, entry)
		if (inventory_parse(a, json_str(entry, "id") ?: "", json_str(entry, "v") ?: "v1", &list.at[list.n]))
			list.n++;
	return list;
}

void
flux_set_inventory(struct flux *f, const struct worker_resources *resources)
{
	json_object_del(f->status, "inventory");
	flux_add_inventory(f, resources);
}

void
flux_add_inventory(struct flux *f, const struct worker_resources *resources)
{
	const json_t *was = json_object_get(json_object_get(f->status, "inventory"), "entries"), *r;
	json_t *entries = was != NULL ? json_copy((json_t *)was) : json_array();
	struct map there = { 0 };
	size_t i;

	json_array_foreach (was, i, r)
		map_set(&there, json_str(r, "id") ?: "", f);
	for (i = 0; i < resources->n; i++) {
		const char *id = inventory_id(f->arena, &resources->at[i]);

		if (!resources->at[i].hook && map_set(&there, id, f) == NULL)
			json_array_append_new(
			    entries, json_pack("{s:s, s:s}", "id", id, "v", resources->at[i].version ?: ""));
	}
	json_object_set_new(f->status, "inventory", json_pack("{s:o}", "entries", entries));
	map_done(&there);
}
