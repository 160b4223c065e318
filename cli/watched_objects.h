/* cli/watched_objects.h: a cache filled by watches, for commands that show objects (`get`, `list`, `--watch`). */
#pragma once
#include "cli/cli.h"

#define WATCHED_OBJECTS_MAX 12 /* types */

struct watched_objects {
	struct cache *cache;
	struct watch *watches[WATCHED_OBJECTS_MAX];
	size_t n, synced;
	bool failed; /* the first list failed: the error was printed, and the loop was stopped */
	struct cli *cli;
	void (*changed)(void *arg);
	void *arg;
};

/* Starts to list and watch the types. With a `name`, only the object of this name of the first type. */
void watched_objects_start(
    struct cli *, struct watched_objects *, const char *name, const struct type *const *types, size_t n);
void watched_objects_stop(struct watched_objects *);

/* Returns whether the object exists and cannot be read. The reason was printed when it was found (cli_unreadable). */
bool watched_objects_cannot_read(const struct watched_objects *, const struct type *, const char *name);
