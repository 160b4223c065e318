/* base/arena.c: memory that is freed as a whole: chunks in a list; under the address sanitizer a chunk holds one
 * piece. */
#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/format.h"
#include "base/pool.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_CHUNK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_CHUNK 0
#endif
#endif
#ifndef ARENA_CHUNK
#define ARENA_CHUNK 480
#endif
#define CACHED_MAX 1032 /* bytes: of larger pieces glibc keeps none for its thread (tcache) */

/* Structs are placed from the front, and texts, which need no alignment, from the back. */
struct chunk {
	struct chunk *next;
	size_t front, back; /* the free bytes are between them */
	_Alignas(int64_t) char data[];
};

struct arena {
	struct chunk *chunks; /* the newest one is first */
	size_t used;
	struct pool *pool; /* of arena_new_sized; NULL: the heap */
	size_t size; /* of the piece with the arena itself */
};

/* Before 2.41, calloc of glibc takes nothing from the cache of its thread, into which free puts small pieces. Inlined
 * with a known size, malloc and memset would become calloc again. */
__attribute__((noinline)) void *
mem_alloc(size_t size)
{
	bool cached = size <= CACHED_MAX;
	void *p = cached ? malloc(size > 0 ? size : 1) : calloc(1, size);

	if (p == NULL) {
		fputs("sluice: out of memory\n", stderr);
		exit(70);
	}
	return cached ? memset(p, 0, size) : p;
}

void *
mem_realloc(void *old, size_t size)
{
	void *p = realloc(old, size > 0 ? size : 1);

	if (p == NULL) {
		fputs("sluice: out of memory\n", stderr);
		exit(70);
	}
	return p;
}

char *
mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

char *
mem_printf(const char *format, ...)
{
	char few[200]; /* most texts are short and formatted once */
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = format_text(few, sizeof(few), format, ap);
	va_end(ap);
	s = mem_alloc((size_t)n + 1);
	if ((size_t)n < sizeof(few))
		memcpy(s, few, (size_t)n);
	else
		vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	return s;
}

struct arena *
arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

/* The place of a chunk that is a part of the arena's own allocation. No other chunk is at this address. */
static struct chunk *
arena_own_chunk(struct arena *a)
{
	return (struct chunk *)(a + 1);
}

struct arena *
arena_new_sized(struct pool *pool, size_t size)
{
	size_t capacity = (size + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
	struct arena *a;

	if (ARENA_CHUNK == 0)
		return arena_new();
	size = sizeof(*a) + sizeof(struct chunk) + capacity;
	a = pool != NULL ? pool_take(pool, size) : mem_alloc(size);
	a->pool = pool;
	a->size = size;
	a->chunks = arena_own_chunk(a);
	a->chunks->back = capacity;
	return a;
}

void
arena_reset(struct arena *a)
{
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		if (c != arena_own_chunk(a))
			free(c);
	}
	a->used = 0;
}

struct arena *
arena_free(struct arena *a)
{
	if (a != NULL) {
		arena_reset(a);
		if (a->pool != NULL)
			pool_give(a->pool, a, a->size);
		else
			free(a);
	}
	return NULL;
}

/* Returns a new chunk with `size` free bytes. A piece that is large has a chunk of its own, so that the newest one,
 * which is first, is filled by those that follow. */
static struct chunk *
arena_new_chunk(struct arena *a, size_t size)
{
	bool large = size > ARENA_CHUNK / 2;
	size_t capacity = large ? size : ARENA_CHUNK;
	struct chunk *c = mem_alloc(sizeof(*c) + capacity), **at = &a->chunks;

	c->front = 0;
	c->back = capacity;
	if (large && a->chunks != NULL)
		at = &a->chunks->next;
	c->next = *at;
	*at = c;
	return c;
}

static inline struct chunk *
arena_chunk(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;

	return ARENA_CHUNK > 0 && c != NULL && c->back - c->front >= size ? c : arena_new_chunk(a, size);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t aligned = (size + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
	struct chunk *c;
	void *p;

	if (ARENA_CHUNK == 0)
		aligned = size;
	c = arena_chunk(a, aligned);
	p = c->data + c->front;
	c->front += aligned;
	a->used += aligned;
	return p;
}

/* The same for a text. */
static char *
arena_text(struct arena *a, size_t size)
{
	struct chunk *c = arena_chunk(a, size);

	c->back -= size;
	a->used += size;
	return c->data + c->back;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_text(a, n + 1);

	if (n > 0)
		memcpy(copy, s, n);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s != NULL ? arena_strndup(a, s, strlen(s)) : NULL;
}

void *
arena_grow(struct arena *a, void *at, size_t n, size_t *capacity, size_t size)
{
	void *more;

	if (n < *capacity)
		return at;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	more = arena_alloc(a, *capacity * size);
	if (n > 0)
		memcpy(more, at, n * size);
	return more;
}

char *
arena_vprintf(struct arena *a, const char *format, va_list ap)
{
	char buffer[200]; /* most texts are short and formatted once */
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = format_text(buffer, sizeof(buffer), format, ap);
	s = arena_text(a, (size_t)n + 1);
	if ((size_t)n < sizeof(buffer))
		memcpy(s, buffer, (size_t)n + 1);
	else
		vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	return s;
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	s = arena_vprintf(a, format, ap);
	va_end(ap);
	return s;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

size_t
arena_chunks(const struct arena *a)
{
	size_t n = 0;

	for (const struct chunk *c = a->chunks; c != NULL; c = c->next)
		n++;
	return n;
}
