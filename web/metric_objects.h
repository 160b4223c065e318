/* web/metric_objects.h: objects that have metrics: an entry for each, kept for METRICS_GONE_MS after its object is
 * deleted. The struct of an entry begins with a struct metric_object; its other members belong to the caller. */
#pragma once
#include "base/map.h"
#include "kube/api/meta.h"

#define METRICS_GONE_MS 65000

struct metric_object {
	const struct type *type;
	char *ns, *name; /* ns "": an object without a namespace */
	int64_t gone_at; /* wall ms of the deletion; 0: it exists */
};

/* Zero except for `size` and `done`. */
struct metric_objects {
	size_t size; /* of an entry */
	void (*done)(struct metric_object *); /* frees the members of an entry, but not the head, nor the entry */
	struct map entries; /* "plural ns/name" → entry, oldest first */
	int64_t swept_at; /* wall ms */
};

/* Returns the entry of an object; a new one is all zeroes except its head. NULL: there is no entry, and `create` is
 * false. */
void *metric_objects_get(struct metric_objects *, const struct type *, const char *ns, const char *name, bool create);

/* Frees entries that have expired; checks every few seconds, however often it is called. `now`: wall ms. */
void metric_objects_sweep(struct metric_objects *, int64_t now);

/* Frees all entries of the table. */
void metric_objects_done(struct metric_objects *);
