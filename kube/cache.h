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

/* An empty cache that tells of changes; freed with all its objects by cache_free, which takes and returns NULL. */
struct cache *cache_new(cache_changed *, void *arg);
struct cache *cache_free(struct cache *);

/* Puts what a list, a watch or a get said. Older than what is there: ignored. */
void cache_put(struct cache *, const struct type *, const json_t *);

/* Puts the answer to a write; of a type that is not watched, nothing is kept. An object that the cache does not have, although its watch has come past this version, was
 * deleted meanwhile: it must not come back. */
void cache_put_answer(struct cache *, const struct type *, const json_t *);

/* The object was deleted in this version. One of the same name that is newer stays; NULL: whatever is there goes. */
void cache_remove(struct cache *, const struct type *, const char *ns, const char *name, const char *resource_version);

/* The type's watch (or list) has come to this version. */
void cache_reached(struct cache *, const struct type *, const char *resource_version);

/* A relist: marks all objects of the type; then, after putting what the list held, drops those that were not put and are no
 * newer than the list. */
void cache_mark(struct cache *, const struct type *);
void cache_sweep(struct cache *, const struct type *, const char *resource_version);

/* How passes look at it. Lives as long as the cache. */
const struct view *cache_view(const struct cache *);
