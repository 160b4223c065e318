/* base/map.h: an insertion-ordered map from strings to pointers.
 *
 * Iteration is in the order of insertion. An order that depends on addresses or seeds would make two runs of the same
 * simulation differ. A removed slot is a hole until the table grows.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct pool;

struct map_slot {
	char *key; /* owned; NULL: removed */
	void *value;
};

struct map {
	struct pool *pool; /* of the keys; NULL: the heap */
	struct map_slot *slots; /* in order of insertion, with holes */
	size_t n_slots, capacity, count;
	unsigned *index; /* open addressing: slot number + 1, 0 = free */
	size_t n_index;
};

/* An empty map is all zeros, except for the pool. map_done frees the keys and the table, not the values. */
void map_done(struct map *);

/* Returns the value, or NULL. */
void *map_get(const struct map *, const char *key);

/* Sets or replaces a value, and copies the key. Returns the previous value, or NULL. */
void *map_set(struct map *, const char *key, void *value);

/* Removes a key. Returns its value, or NULL. Allowed during iteration. */
void *map_remove(struct map *, const char *key);

/* Iterates over all slots with a value, in order of insertion. */
#define map_each(m, s)                                                                                                 \
	for (struct map_slot *s = (m)->slots; s < (m)->slots + (m)->n_slots; s++)                                      \
		if (s->key != NULL)
