/* base/map.h: an insertion-ordered map from strings to pointers.
 *
 * Iteration is in the order of insertion, whatever the hashes are: an order that depended on addresses or seeds would
 * make two runs of the same simulation differ. Removing leaves a hole that is closed when the table grows.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct map_slot {
	char *key; /* owned; NULL: removed */
	void *value;
};

struct map {
	struct map_slot *slots; /* in order of insertion, holes included */
	size_t n_slots, room, count;
	unsigned *index; /* open addressing: slot number + 1, 0 = free */
	size_t n_index;
};

/* A map starts as all zeroes. map_done frees keys and table, never the values. */
void map_done(struct map *);

/* The value, or NULL. */
void *map_get(const struct map *, const char *key);

/* Sets or replaces; the key is copied. Returns the old value or NULL. */
void *map_set(struct map *, const char *key, void *value);

/* Removes; returns the value, NULL if there was none. Allowed while iterating. */
void *map_remove(struct map *, const char *key);

/* for each live slot, in order of insertion */
#define map_each(m, s)                                                                                                 \
	for (struct map_slot *s = (m)->slots; s < (m)->slots + (m)->n_slots; s++)                                      \
		if (s->key != NULL)
