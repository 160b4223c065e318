/* sim/sorted.h: entries sorted by key, for a search of one and for a range.
 *
 * Both cost what they return: a search takes the logarithm of the number of entries, and the next entry of a range one
 * step. Keys are compared as bytes.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define SORTED_CHUNK 128

struct sorted_chunk {
	size_t n; /* > 0 */
	const char *keys[SORTED_CHUNK]; /* borrowed */
	void *values[SORTED_CHUNK];
};

/* All zeros: empty. */
struct sorted {
	struct sorted_chunk **chunks; /* in order */
	size_t n, room;
	size_t count; /* of entries */
};

/* A place between entries; any change makes it invalid. */
struct sorted_place {
	size_t chunk, at;
};

/* Frees the table. Neither keys nor values are freed. */
void sorted_done(struct sorted *);

/* Returns the value of a key; NULL: it is not there. */
void *sorted_get(const struct sorted *, const char *key);

/* Adds an entry whose key is not there yet. The key is borrowed until the entry is removed; the value is not NULL. */
void sorted_add(struct sorted *, const char *key, void *value);

/* Removes an entry. Returns its value; NULL: it is not there. */
void *sorted_remove(struct sorted *, const char *key);

/* Returns the place before the first entry whose key is `key` or greater. */
struct sorted_place sorted_from(const struct sorted *, const char *key);

/* Returns the value of the entry after a place, and moves the place past it. NULL: the end. */
void *sorted_next(const struct sorted *, struct sorted_place *);
