/* kube/cache.c: a map a type, kept in the order of keys when it is walked. */
#include "kube/cache.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

#define TYPES_MAX 32

struct entry {
	struct arena *arena;
	struct object *object;
	bool marked;
};

struct shelf {
	const struct type *type;
	struct map entries; /* "ns/name" */
	char *reached; /* the version that its watch has come to; NULL: none yet */
};

struct cache {
	struct view view; /* first: a view is its cache */
	struct shelf shelves[TYPES_MAX];
	size_t n_shelves;
	cache_changed *changed;
	void *arg;
};

static struct shelf *
shelf_of(const struct cache *c, const struct type *t)
{
	struct cache *w = (struct cache *)c;

	for (size_t i = 0; i < c->n_shelves; i++)
		if (c->shelves[i].type == t)
			return &w->shelves[i];
	assert(c->n_shelves < TYPES_MAX);
	w->shelves[w->n_shelves].type = t;
	return &w->shelves[w->n_shelves++];
}

static const char *
key_of(char *room, size_t size, const char *ns, const char *name)
{
	snprintf(room, size, "%s/%s", ns != NULL ? ns : "", name);
	return room;
}

static void
entry_free(struct entry *e)
{
	arena_free(e->arena);
	free(e);
}

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct cache *c = (const struct cache *)v;
	char key[600];
	const struct entry *e = map_get(&shelf_of(c, t)->entries, key_of(key, sizeof(key), ns, name));

	return e != NULL ? e->object : NULL;
}

static int
by_key(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a, *y = *(const struct object *const *)b;
	int c = strcmp(
	    x->meta.namespace != NULL ? x->meta.namespace : "", y->meta.namespace != NULL ? y->meta.namespace : "");

	return c != 0 ? c : strcmp(x->meta.name, y->meta.name);
}

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	struct shelf *s = shelf_of((const struct cache *)v, t);
	_cleanup_(freep) const struct object **list = mem_alloc(sizeof(*list) * (s->entries.count + 1));
	size_t n = 0;

	map_each (&s->entries, slot) {
		const struct object *o = ((struct entry *)slot->value)->object;

		if (ns == NULL || str_eq(o->meta.namespace, ns))
			list[n++] = o;
	}
	qsort(list, n, sizeof(*list), by_key);
	for (size_t i = 0; i < n; i++)
		visit(list[i], arg);
}

static bool
knows(const struct view *v, const struct type *t)
{
	return shelf_of((const struct cache *)v, t)->reached != NULL;
}

struct cache *
cache_new(cache_changed *changed, void *arg)
{
	struct cache *c = mem_alloc(sizeof(*c));

	c->view = (struct view){ .get = get, .each = each, .knows = knows };
	c->changed = changed;
	c->arg = arg;
	return c;
}

struct cache *
cache_free(struct cache *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_shelves; i++) {
		map_each (&c->shelves[i].entries, slot)
			entry_free(slot->value);
		map_done(&c->shelves[i].entries);
		free(c->shelves[i].reached);
	}
	free(c);
	return NULL;
}

void
cache_put(struct cache *c, const struct type *t, const json_t *j)
{
	struct entry *e = mem_alloc(sizeof(*e)), *old;
	struct shelf *s = shelf_of(c, t);
	char key[600];

	e->arena = arena_new();
	e->object = object_decode(t, j, e->arena);
	if (e->object->meta.name == NULL || e->object->meta.resource_version == NULL) {
		entry_free(e);
		return;
	}
	key_of(key, sizeof(key), t->cluster_scoped ? NULL : e->object->meta.namespace, e->object->meta.name);
	old = map_get(&s->entries, key);
	if (old != NULL && str_eq(old->object->meta.uid, e->object->meta.uid)) {
		int order =
		    resource_version_compare(e->object->meta.resource_version, old->object->meta.resource_version);

		old->marked = false;
		if (order <= 0) {
			entry_free(e);
			return;
		}
	}
	map_set(&s->entries, key, e);
	c->changed(e->object, false, c->arg);
	if (old != NULL)
		entry_free(old);
}

void
cache_put_answer(struct cache *c, const struct type *t, const json_t *j)
{
	const json_t *meta = json_object_get(j, "metadata");
	const char *version = json_str(meta, "resourceVersion"), *name = json_str(meta, "name");
	const struct shelf *s = shelf_of(c, t);

	if (version == NULL || name == NULL)
		return; /* a Status, as a delete answers */
	if (s->reached == NULL)
		return; /* it would never be told that the object is gone */
	if (get(&c->view, t, t->cluster_scoped ? NULL : json_str(meta, "namespace"), name) == NULL &&
	    resource_version_compare(version, s->reached) <= 0)
		return;
	cache_put(c, t, j);
}

void
cache_reached(struct cache *c, const struct type *t, const char *version)
{
	struct shelf *s = shelf_of(c, t);

	free(s->reached);
	s->reached = mem_strdup(version);
}

void
cache_remove(struct cache *c, const struct type *t, const char *ns, const char *name, const char *version)
{
	struct shelf *s = shelf_of(c, t);
	struct entry *e;
	char key[600];

	key_of(key, sizeof(key), t->cluster_scoped ? NULL : ns, name);
	e = map_get(&s->entries, key);
	if (e == NULL || (version != NULL && resource_version_compare(e->object->meta.resource_version, version) > 0))
		return;
	map_remove(&s->entries, key);
	c->changed(e->object, true, c->arg);
	entry_free(e);
}

void
cache_mark(struct cache *c, const struct type *t)
{
	map_each (&shelf_of(c, t)->entries, slot)
		((struct entry *)slot->value)->marked = true;
}

void
cache_sweep(struct cache *c, const struct type *t, const char *version)
{
	map_each (&shelf_of(c, t)->entries, slot) {
		struct entry *e = slot->value;

		if (e->marked)
			cache_remove(c, t, e->object->meta.namespace, e->object->meta.name, version);
	}
}

const struct view *
cache_view(const struct cache *c)
{
	return &c->view;
}
