/* kube/cache.h: the cache of decoded objects, kept current by watches (an informer's store).
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

/* Called for an unreadable object, of which only the metadata is known. Its previous readable version was reported
 * as deleted. */
typedef void cache_unreadable(const struct object *, enum cache_found, void *arg);

/* Returns an empty cache that reports changes. cache_free frees it with all its objects; it takes and returns NULL. */
struct cache *cache_new(cache_changed *, void *arg);
struct cache *cache_free(struct cache *);

/* Sets the function that is called for unreadable objects, with the argument of cache_new; NULL, the default: none. */
void cache_observe_unreadable(struct cache *, cache_unreadable *);

/* Puts an object from a list, a watch or a get. An older version is ignored. `unreadable`: NULL, or why the API
 * server's text could not be read (item_read). An object whose metadata is not complete (object_refusal) is
 * unreadable too. Returns false if not even its name is known: nothing was put. */
bool cache_put(struct cache *, const struct type *, const json_t *, const struct unreadable *);

/* The same for an object as text. One whose version, or a newer one, is in the cache already is not decoded. */
bool cache_put_item(struct cache *, const struct type *, const struct item_text *);

/* Puts the response to a write, if its type is watched. If the object is not in the cache although its watch has
 * passed this version, it was deleted in the meantime, and is not added again. */
void cache_put_response(struct cache *, const struct type *, const json_t *);
void cache_put_response_item(struct cache *, const struct type *, const struct item_text *);

/* Returns the resourceVersion of an event of the type's watch that repeats the response to a write exactly: its object
 * is in the cache, or was deleted since. Returns NULL for every other event. The caller frees the text.
 * cache_forget_echoes: the events of the responses so far may not come, because the watch has ended. */
char *cache_take_echo(struct cache *, const struct type *, const char *event, size_t len);
void cache_forget_echoes(struct cache *, const struct type *);

/* Removes an object that was deleted in this version. A newer object of the same name stays. A NULL version: removes
 * any. */
void cache_remove(struct cache *, const struct type *, const char *ns, const char *name, const char *resource_version);

/* Marks an object as in doubt: the outcome of a write to it is not known. Or, after it was fetched, as not in doubt.
 * Watch events do not end the doubt, as they may be older than the write. Does nothing for an object that is not in
 * the cache. */
void cache_doubt(struct cache *, const struct type *, const char *ns, const char *name, bool in_doubt);

/* Records that the type's watch (or list) has reached this version. */
void cache_reached(struct cache *, const struct type *, const char *resource_version);

/* Records that the server does not have the type, and removes its objects. cache_reached ends this. */
void cache_absent(struct cache *, const struct type *);

/* Records that the server refuses to list the type, for lack of permission; cache_reached and cache_absent end this. */
void cache_refused(struct cache *, const struct type *);

/* A relist: cache_mark marks all objects of the type. After the objects of the list were put, cache_sweep removes
 * those that were not put and are not newer than the list. */
void cache_mark(struct cache *, const struct type *);
void cache_sweep(struct cache *, const struct type *, const char *resource_version);

/* Returns the memory of the cached objects, for what else is kept for each of them. It lives as long as the cache; all
 * other pieces must have been returned before cache_free. */
struct pool *cache_pool(const struct cache *);

/* The view of passes. Lives as long as the cache. */
const struct view *cache_view(const struct cache *);
