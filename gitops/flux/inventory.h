/* gitops/flux/inventory.h: status.inventory: the objects that a Kustomization has applied. Pure. Pruning from it is
 * done by flux/kustomization.c and engine/sync.c. */
#pragma once
#include "gitops/flux/flux_status.h"
#include "gitops/protocol.h"

/* Only what identifies each object. In the arena. */
struct worker_resources inventory_resources(struct arena *, const struct flux_status *);

/* The list becomes these resources. */
void inventory_set(struct flux_status *, struct arena *, const struct worker_resources *);

/* These may have been applied too, and are added. */
void inventory_add(struct flux_status *, struct arena *, const struct worker_resources *);
