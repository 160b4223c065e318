/* kube/cache.h: decoded objects, kept current by watches.
 *
 * One writer: what the API server said, by watch or as the answer to a write; never a guess. An older version never
 * replaces a newer one. Objects live in an arena each; a pass borrows them, and nothing changes while it runs because
 * passes and watches share one thread.
 */
#pragma once
#include "base/map.h"
#include "kube/view.h"

struct cache;

/* Told of every change: `object` is the new state, or the last one with deleted = true. */
typedef void cache_changed(const struct object *, bool deleted, void *arg);

struct cache *cache_new(cache_changed *, void *arg);
struct cache *cache_free(struct cache *);

/* Puts what the server said. Older than what is there: ignored. */
void cache_put(struct cache *, const struct type *, const json_t *);

/* The object is gone; `resource_version` NULL: whatever its version. */
void cache_remove(struct cache *, const struct type *, const char *ns, const char *name);

/* A relist: marks all objects of the type; then, after putting what the list held, drops those that were not put. */
void cache_mark(struct cache *, const struct type *);
void cache_sweep(struct cache *, const struct type *);

const struct view *cache_view(const struct cache *);
