/* base/arena.c: memory that is freed as a whole: chunks in a list; under the address sanitizer a chunk holds one
 * piece. */
#include "base/arena.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *chunks; /* the newest one is first */
	size_t used;
};

void *
mem_alloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (p == NULL) {
		fputs("sluice: out of memory\n", stderr);
		exit(70);
	}
	return p;
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
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	s = mem_alloc((size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	return s;
}

struct arena *
arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

void
arena_reset(struct arena *a)
{
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	a->used = 0;
}

struct arena *
arena_free(struct arena *a)
{
	if (a != NULL) {
		arena_reset(a);
		free(a);
	}
	return NULL;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct chunk *c = a->chunks;
	void *p;

	if (ARENA_CHUNK == 0)
		rounded = size;
	if (ARENA_CHUNK == 0 || c == NULL || c->size - c->used < rounded) {
		size_t want = rounded > ARENA_CHUNK ? rounded : ARENA_CHUNK;

		c = mem_alloc(sizeof(*c) + want);
		c->size = want;
		c->next = a->chunks;
		a->chunks = c;
	}
	p = c->data + c->used;
	c->used += rounded;
	a->used += rounded;
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

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
	n = vsnprintf(buffer, sizeof(buffer), format, ap);
	s = arena_alloc(a, (size_t)n + 1);
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
