/* kube/watch.h: list and watch (a reflector): keeps one type of the cache current: list, watch, resume, relist. */
#pragma once
#include "base/rand.h"
#include "kube/cache.h"
#include "kube/transport.h"

struct watch;

/* Callbacks of a watch. Neither may stop the watch. */
struct watch_observer {
	void (*synced)(void *arg); /* called once: the first list is in the cache */
	/* true: the first list was refused for lack of permission, and will be retried; false: it has arrived since.
	 * NULL: only logged. */
	void (*refused)(bool refused, void *arg);
	void (*failed)(const struct err *, void *arg); /* a list failed and will be retried; NULL: it is logged */
	/* The server has the type now, or no longer (view_absent says which), after `synced`. NULL: not called. */
	void (*served)(void *arg);
	void (*garbled)(const struct type *, void *arg); /* an event could not be read; NULL: not counted */
	void *arg;
};

/* Selects objects of a type. NULL: all. Copied. */
struct watch_scope {
	const char *namespace;
	const char *labels; /* a label selector: "app=web,tier!=db" */
	const char *fields; /* a field selector: "metadata.name=web"; the API server defines the possible fields */
};

/* Starts to list (in pages) and watch a type. The watch requests bookmarks and resumes after an interruption. It
 * lists again, without emptying the cache, after 410 and, with back-off, after an event that cannot be read.
 * Failures back off from 100 ms to 10 s with jitter from `seed`. A type that the server does not have counts as
 * empty: its objects leave the cache. Without an observer of failures, it is listed again as soon as its
 * CustomResourceDefinition exists (kube/definition.h). */
struct watch *watch_start(struct transport *, struct cache *, const struct type *, const struct watch_scope *,
    uint64_t seed, struct watch_observer);

/* Stops and frees the watch; its objects stay in the cache. Takes NULL; returns NULL. */
struct watch *watch_stop(struct watch *);
