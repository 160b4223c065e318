/* kube/index.h: finds the objects of one type by a key, without a walk over all of them (client-go's Indexer).
 *
 * A hash table of pointers: it stores no keys, and compares those of the objects that it found. An object costs about
 * 30 bytes for each of its keys.
 */
#pragma once
#include <stdint.h>
#include "kube/plan/view.h"

/* A place of an object, which stays when the object in it is replaced. */
struct indexed {
	struct object *object;
};

struct index_node {
	const struct indexed *of; /* NULL: free */
	uint32_t hash; /* of the key */
	uint32_t next; /* node of the same slot, or free node: number + 1; 0: none */
};

struct index {
	const struct view_index *keys;
	struct index_node *nodes;
	uint32_t *slots; /* number of the first node + 1; 0: none */
	size_t n_nodes, capacity, n_slots; /* n_slots is a power of two, or 0 */
	uint32_t free; /* first free node: number + 1 */
};

/* The object in this place was replaced. `was` is NULL for a new one, and `is` for a deleted one. An unreadable object
 * has no keys. */
void index_change(struct index *, const struct indexed *, const struct object *was, const struct object *is);

/* Calls visit for each object with this key, in the order of namespace/name. */
void index_find(const struct index *, const char *key, void (*visit)(const struct object *, void *arg), void *arg);

/* Frees the table, not the objects. */
void index_done(struct index *);

/* Compares two objects by namespace and name, for qsort of pointers to them. */
int index_by_name(const void *, const void *);
