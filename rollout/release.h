/* rollout/release.h: cleanup of Services and routers' objects that the rollout wrote to and no longer names. */
#pragma once

struct rollout_pass;

/* Plans the removal of the rollout's hash and annotation from Services and routers' objects that its spec does not
 * name any more. */
void release_plan(struct rollout_pass *);
