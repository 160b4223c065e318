/* base/arena.h: memory that is freed as a whole.
 *
 * All memory from an arena is valid until the arena is reset or freed. Single pieces are never freed. An object in the
 * cache, a pass of a controller and a measurement each have an arena. Running out of memory ends the process, which is
 * safe, because every decision survives a kill.
 *
 * With the address sanitizer each piece is a separate malloc, so that a use after a reset is found.
 */
#pragma once
#include <stddef.h>
#include <stdarg.h>
#include "base/cleanup.h"

struct arena;
struct pool;

/* Returns a new, empty arena. The caller frees it. */
struct arena *arena_new(void) never_null;

/* Returns a new arena whose first `size` bytes are one piece with the arena itself, of the pool (NULL: of the heap),
 * for an object whose size is known. What exceeds them is in the heap. After a reset these bytes are not used
 * again. */
struct arena *arena_new_sized(struct pool *, size_t size) never_null;

/* Frees the arena with all its memory. Takes NULL; returns NULL. */
struct arena *arena_free(struct arena *);

/* Frees all memory from the arena. The arena itself can be used again. */
void arena_reset(struct arena *);

/* Returns `size` bytes of zeros, aligned to 8 bytes. Never NULL, also for size 0. */
void *arena_alloc(struct arena *, size_t size) never_null;

/* Return a copy of the string s, or of its first n bytes with a NUL. arena_strdup(a, NULL) is NULL. */
char *arena_strdup(struct arena *, const char *s);
char *arena_strndup(struct arena *, const char *s, size_t n) never_null;

/* Return a formatted string. */
char *arena_printf(struct arena *, const char *format, ...) printf_like(2, 3) never_null;
char *arena_vprintf(struct arena *, const char *format, va_list) printf_like(2, 0) never_null;

/* Returns the bytes allocated since the last reset, without headers. tests/bench compares them. */
size_t arena_used(const struct arena *);

/* Returns the number of allocations that the arena has made since then. tests/bench compares them. */
size_t arena_chunks(const struct arena *);

/* Makes space for one more element in a list of n elements of `size` bytes. Returns `at`, or a copy in the arena
 * with twice the capacity. *capacity is the capacity in elements. If input decides about n, the caller compares it with
 * a limit first. */
void *arena_grow(struct arena *, void *at, size_t n, size_t *capacity, size_t size) never_null;

#define arena_new_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

/* Frees the arena of a variable with _cleanup_. */
static inline void
arena_freep(struct arena **a)
{
	arena_free(*a);
}

/* malloc, realloc and strdup for memory without an arena. Never NULL: see above. */
void *mem_alloc(size_t size) never_null;
void *mem_realloc(void *, size_t size) never_null;
char *mem_strdup(const char *) never_null;
char *mem_printf(const char *format, ...) printf_like(1, 2) never_null;
