/* gitops/flux/inventory.c: status.inventory of a Kustomization: reads and writes the ids of its objects. Pruning:
 * kustomization.c sends the inventory to the worker, engine/sync.c decides. */
#include "gitops/flux/inventory.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"

/* Returns the id of an object in the inventory, "NS_NAME_GROUP_KIND", as Flux writes it. A colon in a name (as those of
 * RBAC have) is two underscores. */
static const char *
inventory_id(struct arena *a, const struct worker_resource *r)
{
	return arena_printf(a, "%s_%s_%s_%s", r->namespace ?: "", str_replace(a, r->name ?: "", ":", "__"),
	    r->group ?: "", r->kind ?: "");
}

/* Reads an id. Only the name can have underscores, two for a colon, so the namespace is before the first one, the kind
 * after the last, and the group before that. Returns false if the text is not such an id. */
static bool
inventory_parse(struct arena *a, const char *id, const char *version, struct worker_resource *ret)
{
	const char *first = strchr(id, '_'), *last = strrchr(id, '_'), *group = last;

	/* Back to the character after the underscore before the group. */
	while (group != NULL && group > first + 1 && group[-1] != '_')
		group--;
	if (first == NULL || group == NULL || group <= first + 1)
		return false;
	*ret = (struct worker_resource){ .group = arena_strndup(a, group, (size_t)(last - group)),
		.version = arena_strdup(a, version),
		.kind = arena_strdup(a, last + 1),
		.namespace = first > id ? arena_strndup(a, id, (size_t)(first - id)) : NULL,
		/* The name is between two underscores: first + 1 up to group - 1. */
		.name = str_replace(a, arena_strndup(a, first + 1, (size_t)(group - 1 - (first + 1))), "__", ":") };
	return true;
}

struct worker_resources
inventory_resources(struct arena *a, const struct flux_status *s)
{
	size_t n = s->inventory != NULL ? s->inventory->entries.n : 0;
	struct worker_resources list = { .at = arena_new_array(a, struct worker_resource, n) };

	for (size_t i = 0; i < n; i++) {
		const struct flux_inventory_entry *entry = &s->inventory->entries.at[i];

		/* An entry that is no id is left out, and its object never pruned. */
		if (inventory_parse(a, entry->id ?: "", entry->version ?: "v1", &list.at[list.n]))
			list.n++;
	}
	return list;
}

void
inventory_set(struct flux_status *s, struct arena *a, const struct worker_resources *resources)
{
	s->inventory = NULL;
	inventory_add(s, a, resources);
}

void
inventory_add(struct flux_status *s, struct arena *a, const struct worker_resources *resources)
{
	size_t n = s->inventory != NULL ? s->inventory->entries.n : 0;
	struct flux_inventory *inventory = arena_alloc(a, sizeof(*inventory));
	struct map ids = { 0 }; /* a set: each id has the same value, as only its presence counts */

	inventory->entries.at = arena_new_array(a, struct flux_inventory_entry, n + resources->n);
	for (size_t i = 0; i < n; i++) {
		inventory->entries.at[inventory->entries.n++] = s->inventory->entries.at[i];
		map_set(&ids, s->inventory->entries.at[i].id ?: "", inventory);
	}
	for (size_t i = 0; i < resources->n; i++) {
		const struct worker_resource *r = &resources->at[i];
		const char *id = inventory_id(a, r);

		if (!r->hook && map_set(&ids, id, inventory) == NULL)
			inventory->entries.at[inventory->entries.n++] = (struct flux_inventory_entry){ id, r->version };
	}
	s->inventory = inventory;
	map_done(&ids);
}
