/* base/map.c: map from strings to pointers: slots in order of insertion, and a hash index of them. */
#include "base/map.h"
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/pool.h"

static uint32_t
map_hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static char *
map_copy_key(const struct map *m, const char *key)
{
	size_t n = strlen(key) + 1;

	return memcpy(m->pool != NULL ? pool_take(m->pool, n) : mem_alloc(n), key, n);
}

static void
map_free_key(const struct map *m, char *key)
{
	if (m->pool != NULL && key != NULL)
		pool_give(m->pool, key, strlen(key) + 1);
	else
		free(key);
}

void
map_done(struct map *m)
{
	for (size_t i = 0; i < m->n_slots; i++)
		map_free_key(m, m->slots[i].key);
	free(m->slots);
	free(m->index);
	*m = (struct map){ .pool = m->pool };
}

/* Returns the position of the key in the index, or the position for inserting it. A removed slot keeps its position
 * until the index grows. */
static size_t
map_find(const struct map *m, const char *key)
{
	size_t i = map_hash(key) & (m->n_index - 1);

	while (m->index[i] != 0) {
		const struct map_slot *s = &m->slots[m->index[i] - 1];

		if (s->key != NULL && strcmp(s->key, key) == 0)
			break;
		i = (i + 1) & (m->n_index - 1);
	}
	return i;
}

/* Makes space for more keys. Drops the slots of removed keys, and sizes the index so that at most half of it is
 * used. */
static void
map_grow(struct map *m)
{
	size_t n = 0, want = 16;

	while (want < m->count * 4)
		want *= 2;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].key != NULL)
			m->slots[n++] = m->slots[i];
	m->n_slots = n;
	m->capacity = want / 2;
	m->slots = mem_realloc(m->slots, m->capacity * sizeof(*m->slots));
	free(m->index);
	m->n_index = want;
	m->index = mem_alloc(want * sizeof(*m->index));
	for (size_t i = 0; i < n; i++)
		m->index[map_find(m, m->slots[i].key)] = (unsigned)i + 1;
}

void *
map_get(const struct map *m, const char *key)
{
	size_t i;

	if (m->n_index == 0)
		return NULL;
	i = map_find(m, key);
	return m->index[i] != 0 ? m->slots[m->index[i] - 1].value : NULL;
}

void *
map_set(struct map *m, const char *key, void *value)
{
	size_t i;

	if (m->n_slots == m->capacity)
		map_grow(m);
	i = map_find(m, key);
	if (m->index[i] != 0) {
		struct map_slot *s = &m->slots[m->index[i] - 1];
		void *old = s->value;

		s->value = value;
		return old;
	}
	m->slots[m->n_slots] = (struct map_slot){ map_copy_key(m, key), value };
	m->index[i] = (unsigned)++m->n_slots;
	m->count++;
	return NULL;
}

void *
map_remove(struct map *m, const char *key)
{
	struct map_slot *s;
	size_t i;

	if (m->n_index == 0 || m->index[i = map_find(m, key)] == 0)
		return NULL;
	s = &m->slots[m->index[i] - 1];
	map_free_key(m, s->key);
	s->key = NULL;
	m->count--;
	return s->value;
}
