/* sim/sorted.c: entries sorted by key: a sorted list of chunks, each a sorted array. */
#include "sim/sorted.h"
#include <string.h>
#include "base/arena.h"

void
sorted_done(struct sorted *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->chunks[i]);
	free(s->chunks);
	*s = (struct sorted){ 0 };
}

/* Returns the chunk that has the key, or that the key belongs to: the last one that does not begin after it. */
static size_t
sorted_chunk_of(const struct sorted *s, const char *key)
{
	size_t from = 0, to = s->n;

	while (to - from > 1) {
		size_t middle = (from + to) / 2;

		if (strcmp(s->chunks[middle]->keys[0], key) <= 0)
			from = middle;
		else
			to = middle;
	}
	return from;
}

/* Returns the number of entries in the chunk whose keys are less. */
static size_t
sorted_place_in(const struct sorted_chunk *c, const char *key)
{
	size_t from = 0, to = c->n;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (strcmp(c->keys[middle], key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct sorted_place
sorted_from(const struct sorted *s, const char *key)
{
	struct sorted_place p = { 0, 0 };

	if (s->n > 0) {
		p.chunk = sorted_chunk_of(s, key);
		p.at = sorted_place_in(s->chunks[p.chunk], key);
	}
	return p;
}

void *
sorted_next(const struct sorted *s, struct sorted_place *p)
{
	if (p->chunk < s->n && p->at == s->chunks[p->chunk]->n)
		*p = (struct sorted_place){ p->chunk + 1, 0 };
	return p->chunk < s->n ? s->chunks[p->chunk]->values[p->at++] : NULL;
}

void *
sorted_get(const struct sorted *s, const char *key)
{
	struct sorted_place p = sorted_from(s, key);
	const struct sorted_chunk *c = p.chunk < s->n ? s->chunks[p.chunk] : NULL;

	return c != NULL && p.at < c->n && strcmp(c->keys[p.at], key) == 0 ? c->values[p.at] : NULL;
}

static void
sorted_insert_chunk(struct sorted *s, size_t at, struct sorted_chunk *c)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 8 : s->room * 2;
		s->chunks = mem_realloc(s->chunks, s->room * sizeof(*s->chunks));
	}
	memmove(&s->chunks[at + 1], &s->chunks[at], (s->n - at) * sizeof(*s->chunks));
	s->chunks[at] = c;
	s->n++;
}

static void
sorted_remove_chunk(struct sorted *s, size_t at)
{
	free(s->chunks[at]);
	s->n--;
	memmove(&s->chunks[at], &s->chunks[at + 1], (s->n - at) * sizeof(*s->chunks));
}

/* Appends n entries of a chunk, from `at` on, to another one. */
static void
sorted_append(struct sorted_chunk *to, const struct sorted_chunk *from, size_t at, size_t n)
{
	memcpy(&to->keys[to->n], &from->keys[at], n * sizeof(*to->keys));
	memcpy(&to->values[to->n], &from->values[at], n * sizeof(*to->values));
	to->n += n;
}

/* Moves the upper half of a full chunk into a new one. */
static void
sorted_split(struct sorted *s, size_t at)
{
	struct sorted_chunk *c = s->chunks[at], *upper = mem_alloc(sizeof(*upper));

	sorted_append(upper, c, SORTED_CHUNK / 2, c->n - SORTED_CHUNK / 2);
	c->n = SORTED_CHUNK / 2;
	sorted_insert_chunk(s, at + 1, upper);
}

void
sorted_add(struct sorted *s, const char *key, void *value)
{
	struct sorted_place p;
	struct sorted_chunk *c;

	if (s->n == 0)
		sorted_insert_chunk(s, 0, mem_alloc(sizeof(*c)));
	p = sorted_from(s, key);
	if (s->chunks[p.chunk]->n == SORTED_CHUNK) {
		sorted_split(s, p.chunk);
		if (p.at > SORTED_CHUNK / 2)
			p = (struct sorted_place){ p.chunk + 1, p.at - SORTED_CHUNK / 2 };
	}
	c = s->chunks[p.chunk];
	memmove(&c->keys[p.at + 1], &c->keys[p.at], (c->n - p.at) * sizeof(*c->keys));
	memmove(&c->values[p.at + 1], &c->values[p.at], (c->n - p.at) * sizeof(*c->values));
	c->keys[p.at] = key;
	c->values[p.at] = value;
	c->n++;
	s->count++;
}

/* Keeps chunks from becoming many small ones. */
static void
sorted_merge(struct sorted *s, size_t at)
{
	if (s->chunks[at]->n == 0) {
		sorted_remove_chunk(s, at);
	} else if (at + 1 < s->n && s->chunks[at]->n + s->chunks[at + 1]->n <= SORTED_CHUNK / 2) {
		sorted_append(s->chunks[at], s->chunks[at + 1], 0, s->chunks[at + 1]->n);
		sorted_remove_chunk(s, at + 1);
	}
}

void *
sorted_remove(struct sorted *s, const char *key)
{
	struct sorted_place p = sorted_from(s, key);
	struct sorted_chunk *c = p.chunk < s->n ? s->chunks[p.chunk] : NULL;
	void *value;

	if (c == NULL || p.at == c->n || strcmp(c->keys[p.at], key) != 0)
		return NULL;
	value = c->values[p.at];
	c->n--;
	memmove(&c->keys[p.at], &c->keys[p.at + 1], (c->n - p.at) * sizeof(*c->keys));
	memmove(&c->values[p.at], &c->values[p.at + 1], (c->n - p.at) * sizeof(*c->values));
	s->count--;
	sorted_merge(s, p.chunk);
	return value;
}
