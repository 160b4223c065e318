/* kube/index.c: finds the objects of one type by a key: a hash table with chains of nodes, which are in one array. */
#include "kube/index.h"
#include <string.h>
#include "base/str.h"

#define FEW 32 /* objects that are found without an allocation */

static uint32_t
index_hash(const char *key)
{
	uint32_t h = 2166136261u;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h;
}

int
index_by_name(const void *a, const void *b)
{
	const struct meta *x = &(*(const struct object *const *)a)->meta,
			  *y = &(*(const struct object *const *)b)->meta;
	int c = strcmp(x->namespace != NULL ? x->namespace : "", y->namespace != NULL ? y->namespace : "");

	return c != 0 ? c : strcmp(x->name, y->name);
}

static void
index_grow(struct index *x)
{
	size_t capacity = x->capacity == 0 ? 16 : x->capacity * 2;

	x->nodes = mem_realloc(x->nodes, capacity * sizeof(*x->nodes));
	x->capacity = capacity;
	x->n_slots = capacity;
	free(x->slots);
	x->slots = mem_alloc(x->n_slots * sizeof(*x->slots));
	for (uint32_t i = 0; i < x->n_nodes; i++) {
		uint32_t *slot = &x->slots[x->nodes[i].hash & (x->n_slots - 1)];

		x->nodes[i].next = *slot;
		*slot = i + 1;
	}
}

static void
index_add(struct index *x, const struct indexed *of, uint32_t hash)
{
	uint32_t i = x->free, *slot;

	if (i != 0) {
		x->free = x->nodes[i - 1].next;
	} else {
		/* no node is free: all of them are in chains */
		if (x->n_nodes == x->capacity)
			index_grow(x);
		i = (uint32_t)++x->n_nodes;
	}
	slot = &x->slots[hash & (x->n_slots - 1)];
	x->nodes[i - 1] = (struct index_node){ of, hash, *slot };
	*slot = i;
}

static void
index_remove(struct index *x, const struct indexed *of, uint32_t hash)
{
	uint32_t *at = x->n_slots > 0 ? &x->slots[hash & (x->n_slots - 1)] : NULL;

	while (at != NULL && *at != 0) {
		struct index_node *node = &x->nodes[*at - 1];
		uint32_t i = *at;

		if (node->of != of || node->hash != hash) {
			at = &node->next;
			continue;
		}
		*at = node->next;
		*node = (struct index_node){ NULL, 0, x->free };
		x->free = i;
	}
}

/* A search among the keys of an object. */
struct index_search {
	const char *key; /* NULL: for the hash */
	uint32_t hash;
	bool found;
};

static void
index_compare(const char *key, void *arg)
{
	struct index_search *s = arg;

	s->found = s->found || (s->key != NULL ? strcmp(s->key, key) == 0 : index_hash(key) == s->hash);
}

static bool
index_has(const struct index *x, const struct object *o, const char *key, uint32_t hash)
{
	struct index_search s = { key, hash, false };

	if (o != NULL && o->unreadable == NULL)
		x->keys->keys(o, index_compare, &s);
	return s.found;
}

/* One side of a change. */
struct index_side {
	struct index *index;
	const struct indexed *of;
	const struct object *other; /* the object on the other side; a key that it has too stays */
	void (*change)(struct index *, const struct indexed *, uint32_t);
};

static void
index_change_key(const char *key, void *arg)
{
	const struct index_side *s = arg;
	uint32_t hash = index_hash(key);

	if (!index_has(s->index, s->other, NULL, hash))
		s->change(s->index, s->of, hash);
}

void
index_change(struct index *x, const struct indexed *of, const struct object *was, const struct object *is)
{
	if (was != NULL && was->unreadable == NULL)
		x->keys->keys(was, index_change_key, &(struct index_side){ x, of, is, index_remove });
	if (is != NULL && is->unreadable == NULL)
		x->keys->keys(is, index_change_key, &(struct index_side){ x, of, was, index_add });
}

void
index_find(const struct index *x, const char *key, void (*visit)(const struct object *, void *arg), void *arg)
{
	uint32_t hash = index_hash(key), i = x->n_slots > 0 ? x->slots[hash & (x->n_slots - 1)] : 0;
	const struct object *few[FEW], **found = few;
	_cleanup_(freep) const struct object **many = NULL;
	size_t n = 0, capacity = FEW;

	for (; i != 0; i = x->nodes[i - 1].next) {
		const struct index_node *node = &x->nodes[i - 1];

		if (node->hash != hash || !index_has(x, node->of->object, key, hash))
			continue;
		if (n == capacity) {
			many = mem_realloc(many, 2 * capacity * sizeof(*many));
			if (found == few)
				memcpy(many, few, sizeof(few));
			found = many;
			capacity *= 2;
		}
		found[n++] = node->of->object;
	}
	if (n > 1)
		qsort(found, n, sizeof(*found), index_by_name);
	/* an object with two keys of the same hash, or that named a key twice, was found twice */
	for (size_t k = 0; k < n; k++)
		if (k == 0 || found[k] != found[k - 1])
			visit(found[k], arg);
}

void
index_done(struct index *x)
{
	free(x->nodes);
	free(x->slots);
	*x = (struct index){ 0 };
}
