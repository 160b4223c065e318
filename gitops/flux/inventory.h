/* gitops/flux/inventory.h: status.inventory: the objects that a Kustomization has applied. Pure. Pruning from it is
 * done by flux/kustomization.c and engine/sync.c. */
#pragma once
#include "gitops/flux/flux_status.h"
#include "gitops/protocol.h"

/* Returns the objects of the inventory, of which only group, version, kind, namespace and name are set. In the arena.
 * An entry whose id cannot be parsed is left out. */
struct worker_resources inventory_resources(struct arena *, const struct flux_status *);

/* Replaces the inventory by these objects. */
void inventory_set(struct flux_status *, struct arena *, const struct worker_resources *);

/* Adds these objects, unless the inventory has them: a sync that has not ended may have applied them. */
void inventory_add(struct flux_status *, struct arena *, const struct worker_resources *);
