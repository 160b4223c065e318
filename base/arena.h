/* base/arena.h: memory with one end.
 *
 * Whatever is allocated from an arena lives until the arena is reset or freed; there is no free of a single piece. An
 * object in the cache, a pass of a controller and a measurement each have one. Running out of memory ends the process:
 * every decision survives a kill, so nothing would be gained by limping on.
 *
 * Under the address sanitizer each piece is a malloc of its own, so that a use after reset is caught where it happens.
 */
#pragma once
#include <stddef.h>
#include <stdarg.h>
#include "base/cleanup.h"

struct arena;

/* A new, empty arena; the caller frees it. Never NULL. */
struct arena *arena_new(void) never_null;

/* Frees the arena and all that was allocated from it. Takes NULL; returns NULL. */
struct arena *arena_free(struct arena *);

/* Frees all that was allocated; the arena itself stays usable. */
void arena_reset(struct arena *);

/* `size` zeroed bytes, aligned for any type. Never NULL, also for size 0. */
void *arena_alloc(struct arena *, size_t size) never_null;

/* A copy of the string s, or of its first n bytes with a NUL added. arena_strdup(a, NULL) is NULL. */
char *arena_strdup(struct arena *, const char *s);
char *arena_strndup(struct arena *, const char *s, size_t n) never_null;

/* A formatted string. */
char *arena_printf(struct arena *, const char *format, ...) printf_like(2, 3) never_null;
char *arena_vprintf(struct arena *, const char *format, va_list) printf_like(2, 0) never_null;

/* Bytes handed out since the last reset, headers not counted: what tests/bench keeps. */
size_t arena_used(const struct arena *);

/* A list of n elements of `size` bytes with room for one more: `at` itself, or a copy of twice the room in the arena. `*room` is how many it has
 * room for. Whoever appends what input can size compares n with a named limit first. */
void *arena_grow(struct arena *, void *at, size_t n, size_t *room, size_t size) never_null;

#define arena_new_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

/* For _cleanup_. */
static inline void
arena_freep(struct arena **a)
{
	arena_free(*a);
}

/* malloc, calloc and strdup for what no arena owns; never NULL (see above). */
void *mem_alloc(size_t size) never_null;
void *mem_realloc(void *, size_t size) never_null;
char *mem_strdup(const char *) never_null;
char *mem_printf(const char *format, ...) printf_like(1, 2) never_null;
