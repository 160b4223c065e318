/* rollout/gather.h: input of a pass: from the view of the cache to the world of one rollout. */
#pragma once
#include <jansson.h>
#include <stddef.h>

struct arena;
struct pass;
struct replicaset;
struct rollout;
struct rollout_world;

/* Fills *ret from the view. The world borrows from the view and from the arena. */
void world_gather(const struct pass *, const struct rollout *, struct arena *, struct rollout_world *ret);

/* Returns the rollout's ReplicaSet that has this pod template hash, or NULL. A NULL hash has none. */
const struct replicaset *world_replicaset(const struct rollout_world *, const char *hash);

/* Returns the rollout as JSON, from which the fieldRef of an argument is read. A new reference. */
json_t *rollout_for_args(const struct rollout *);
