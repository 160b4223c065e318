/* web/tracked.h: entries of the objects that have metrics, each kept for METRICS_GONE_MS after its object is
 * deleted. The struct of an entry begins with a struct tracked; its other members belong to the caller. */
#pragma once
#include "base/map.h"
#include "kube/api/meta.h"

#define METRICS_GONE_MS 65000

struct tracked {
	const struct type *type;
	char *ns, *name; /* ns "": it has none */
	int64_t gone_at; /* wall ms; 0: it is there */
};

/* All zeroes to start with, but for the first two. */
struct tracking {
	size_t size; /* of an entry */
	void (*done)(struct tracked *); /* frees what is the entry's own, but for its head and itself */
	struct map entries; /* "plural ns/name" → entry, in the order in which they came */
	int64_t swept_at; /* wall ms */
};

/* Returns the entry of an object; a new one is all zeroes except its head. NULL: there is no entry, and `create` is
 * false. */
void *tracking_get(struct tracking *, const struct type *, const char *ns, const char *name, bool create);

/* Frees entries that have expired; checks every few seconds, however often it is called. `now`: wall ms. */
void tracking_sweep(struct tracking *, int64_t now);

/* Forgets all. */
void tracking_done(struct tracking *);
