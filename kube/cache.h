/* kube/cache.h: decoded objects, kept current by watches.
 *
 * One source: the API server, by watch or as the response to a write; never a guess. An older version never
 * replaces a newer one. Objects live in an arena each; a pass borrows them, and nothing changes while it runs because
 * passes and watches share one thread.
 */
#pragma once
#include "base/map.h"
#include "kube/plan/view.h"

struct cache;

/* Called after every change: `object` is the new state, or the last one with deleted = true. */
typedef void cache_changed(const struct object *, bool deleted, void *arg);

enum cache_found {
	CACHE_UNREADABLE, /* newly unreadable: it was absent or readable before */
	CACHE_STILL_UNREADABLE, /* another version of it, unreadable too */
	CACHE_READABLE, /* it can be decoded again, or was deleted */
};

/* Called with an object that cannot be read, whose metadata is all that is known. What was there before it, readable,
 * was reported as deleted. */
typedef void cache_unreadable(const struct object *, enum cache_found, void *arg);

/* An empty cache that reports changes; freed with all its objects by cache_free, which takes and returns NULL. */
struct cache *cache_new(cache_changed *, void *arg);
struct cache *cache_free(struct cache *);

/* Who is called about what cannot be read, with the argument given to cache_new; NULL, as at first: no one. */
void cache_observe_unreadable(struct cache *, cache_unreadable *);

/* Puts an object from a list, a watch or a get. An older version is ignored. `unreadable`: NULL, or why the API
 * server's text could not be read (item_read). An object whose metadata is not complete (object_refusal) is
 * unreadable too. False: not even its name is known, and nothing was put. */
bool cache_put(struct cache *, const struct type *, const json_t *, const struct unreadable *);

/* Puts the answer to a write; of a type that is not watched, nothing is kept. An object that the cache does not have,
 * although its watch has come past this version, was deleted meanwhile: it must not come back. */
void cache_put_response(struct cache *, const struct type *, const json_t *);

/* The object was deleted in this version. One of the same name that is newer stays; NULL: whatever is there goes. */
void cache_remove(struct cache *, const struct type *, const char *ns, const char *name, const char *resource_version);

/* The outcome of a write to the object is not known (`in_doubt`), or the object was fetched since. An object in doubt
 * stays so whatever its watch brings, which may be older than the write. One that is not in the cache is not touched.
 */
void cache_doubt(struct cache *, const struct type *, const char *ns, const char *name, bool in_doubt);

/* The type's watch (or list) has come to this version. */
void cache_reached(struct cache *, const struct type *, const char *resource_version);

/* A relist: marks all objects of the type; then, after putting what the list held, drops those that were not put and
 * are no newer than the list. */
void cache_mark(struct cache *, const struct type *);
void cache_sweep(struct cache *, const struct type *, const char *resource_version);

/* The view of passes. Lives as long as the cache. */
const struct view *cache_view(const struct cache *);
