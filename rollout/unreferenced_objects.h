/* rollout/unreferenced_objects.h: cleanup of Services and routers' objects that the rollout wrote to and no longer
 * names. */
#pragma once

struct rollout_pass;

/* Plans the removal of the rollout's hash and annotation from Services and routers' objects that its spec does not
 * name any more. */
void unreferenced_release(struct rollout_pass *);
