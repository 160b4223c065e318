/* web/tracked.h: objects that have metrics: an entry for each, kept for METRICS_GONE_MS after its object is deleted.
 * The struct of an entry begins with a struct tracked; its other members belong to the caller. */
#pragma once
#include "base/map.h"
#include "kube/api/meta.h"

#define METRICS_GONE_MS 65000

struct tracked {
	const struct type *type;
	char *ns, *name; /* ns "": an object without a namespace */
	int64_t gone_at; /* wall ms of the deletion; 0: it exists */
};

/* Zero except for `size` and `done`. */
struct tracking {
	size_t size; /* of an entry */
	void (*done)(struct tracked *); /* frees the members of an entry, but not the struct tracked, nor the entry */
	struct map entries; /* "plural ns/name" → entry, oldest first */
	int64_t swept_at; /* wall ms */
};

/* Returns the entry of an object; a new one is all zeroes except its head. NULL: there is no entry, and `create` is
 * false. */
void *tracking_get(struct tracking *, const struct type *, const char *ns, const char *name, bool create);

/* Frees entries that have expired; checks every few seconds, however often it is called. `now`: wall ms. */
void tracking_sweep(struct tracking *, int64_t now);

/* Frees all entries of the table. */
void tracking_done(struct tracking *);
