/* gitops/flux/inventory.h: status.inventory: the objects that a Kustomization has applied. Pure. Pruning from it is
 * done by flux/kustomization.c and engine/sync.c. */
#pragma once
#include "gitops/flux/flux_status.h"
#include "gitops/protocol.h"

/* Returns the objects of the inventory, only with their ids. In the arena. */
struct worker_resources inventory_resources(struct arena *, const struct flux_status *);

/* Replaces the inventory by these resources. */
void inventory_set(struct flux_status *, struct arena *, const struct worker_resources *);

/* Adds these resources, which may have been applied too. */
void inventory_add(struct flux_status *, struct arena *, const struct worker_resources *);
