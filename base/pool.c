/* base/pool.c: memory of many small pieces: slabs with pieces of one size, in lists of those that have a free one. */
#include "base/pool.h"
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define POOL_IS_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_IS_HEAP 1
#endif
#endif
#ifndef POOL_IS_HEAP
#define POOL_IS_HEAP 0
#endif

/* A slab is at a multiple of its size, so that a piece's address leads to it. Its pages take memory when they are used
 * first. */
#define SLAB_SIZE (64u << 10)
#define PIECE_MIN 16
#define CLASSES_MAX 57 /* pool_class of POOL_PIECE_MAX is 56 */

/* Sizes of pieces: eight steps between two powers of two waste a sixteenth on the average. */
#define STEPS 8

struct piece {
	struct piece *next;
};

struct slab {
	struct slab *previous, *next; /* in the list of slabs of this size with a free piece */
	struct piece *returned;
	uint32_t used, fresh; /* pieces in use; the offset of the first byte that was never used */
	bool listed;
	_Alignas(16) char pieces[];
};

struct pool {
	struct slab *open[CLASSES_MAX]; /* slabs with a free piece */
	struct slab *spare; /* an empty one, so that a piece that comes and goes needs no system call; NULL: none */
	size_t slabs; /* the spare one included */
};

/* Rounds a size up to that of its class. Returns the number of the class. */
static size_t
pool_class(size_t *size)
{
	size_t step = PIECE_MIN, n = (*size + step - 1) / step, doubled = 0;

	/* Between 8 and 16 steps, the step is right; below, each multiple of PIECE_MIN is a class. */
	while (n > 2 * STEPS) {
		step *= 2;
		n = (*size + step - 1) / step;
		doubled++;
	}
	n = n > 0 ? n : 1;
	*size = n * step;
	return doubled * STEPS + n;
}

struct pool *
pool_new(void)
{
	return mem_alloc(sizeof(struct pool));
}

struct pool *
pool_free(struct pool *p)
{
	if (p == NULL)
		return NULL;
	assert(p->slabs == (p->spare != NULL));
	if (p->spare != NULL)
		munmap(p->spare, SLAB_SIZE);
	free(p);
	return NULL;
}

size_t
pool_size(const struct pool *p)
{
	return p->slabs * SLAB_SIZE;
}

/* Maps twice the size, and unmaps what is not at a multiple of it. */
static struct slab *
slab_map(void)
{
	char *at = mmap(NULL, 2 * SLAB_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (at == MAP_FAILED) {
		fputs("sluice: out of memory\n", stderr);
		exit(70);
	}
	before = (SLAB_SIZE - (uintptr_t)at % SLAB_SIZE) % SLAB_SIZE;
	if (before > 0)
		munmap(at, before);
	munmap(at + before + SLAB_SIZE, SLAB_SIZE - before);
	return (struct slab *)(at + before);
}

static struct slab *
slab_new(struct pool *p)
{
	struct slab *s = p->spare;

	if (s != NULL) {
		memset(s, 0, s->fresh);
		p->spare = NULL;
	} else {
		s = slab_map();
		p->slabs++;
	}
	s->fresh = sizeof(*s);
	return s;
}

static void
slab_free(struct pool *p, struct slab *s)
{
	if (p->spare == NULL) {
		p->spare = s;
		return;
	}
	munmap(s, SLAB_SIZE);
	p->slabs--;
}

static void
slab_list(struct pool *p, struct slab *s, size_t class)
{
	s->previous = NULL;
	s->next = p->open[class];
	if (s->next != NULL)
		s->next->previous = s;
	p->open[class] = s;
	s->listed = true;
}

static void
slab_unlist(struct pool *p, struct slab *s, size_t class)
{
	*(s->previous != NULL ? &s->previous->next : &p->open[class]) = s->next;
	if (s->next != NULL)
		s->next->previous = s->previous;
	s->listed = false;
}

void *
pool_take(struct pool *p, size_t size)
{
	size_t class;
	struct slab *s;
	void *piece;

	if (POOL_IS_HEAP || size > POOL_PIECE_MAX)
		return mem_alloc(size);
	class = pool_class(&size);
	s = p->open[class];
	if (s == NULL) {
		s = slab_new(p);
		slab_list(p, s, class);
	}
	piece = s->returned;
	if (piece != NULL) {
		s->returned = s->returned->next;
		memset(piece, 0, size);
	} else {
		piece = (char *)s + s->fresh;
		s->fresh += (uint32_t)size;
	}
	s->used++;
	if (s->returned == NULL && s->fresh + size > SLAB_SIZE)
		slab_unlist(p, s, class);
	return piece;
}

void
pool_give(struct pool *p, void *piece, size_t size)
{
	struct slab *s = (struct slab *)((uintptr_t)piece & ~(uintptr_t)(SLAB_SIZE - 1));
	size_t class;

	if (POOL_IS_HEAP || size > POOL_PIECE_MAX) {
		free(piece);
		return;
	}
	class = pool_class(&size);
	if (--s->used == 0) {
		if (s->listed)
			slab_unlist(p, s, class);
		slab_free(p, s);
		return;
	}
	((struct piece *)piece)->next = s->returned;
	s->returned = piece;
	if (!s->listed)
		slab_list(p, s, class);
}
