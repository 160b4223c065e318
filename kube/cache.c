/* kube/cache.c: cache of decoded objects: a map for each type, sorted by key when it is iterated, and the indexes that
 * passes have used. */
#include "kube/cache.h"
#include <assert.h>
#include <string.h>
#include "base/pool.h"
#include "base/str.h"
#include "kube/own_writes.h"
#include "kube/index.h"

#define TYPES_MAX 48
#define DECODING_SIZE 4000 /* bytes of most objects at most; larger ones take more allocations */

/* The place of an object of one name; a new version is put into the same place. */
struct entry {
	struct indexed place; /* first member: indexes point to it */
	struct arena *arena;
	bool marked; /* not seen in the current list yet; deleted at its end (cache_sweep) */
};

struct type_cache {
	const struct type *type;
	struct map entries; /* "ns/name" */
	size_t n_unreadable; /* of the entries */
	struct index *indexes;
	size_t n_indexes;
	bool absent, refused; /* the server does not have the type; it refuses to list it */
	char *reached; /* the resourceVersion that the watch has reached; NULL: none yet */
	struct echoes *echoes; /* NULL: none yet */
};

struct cache {
	struct view view; /* first member: a pointer to the view is one to the cache */
	struct pool *pool; /* of the entries, keys and objects */
	struct type_cache types[TYPES_MAX];
	size_t n_types;
	cache_changed *changed;
	cache_unreadable *unreadable;
	void *arg;
};

static struct type_cache *
cache_of_type(const struct cache *c, const struct type *t)
{
	struct cache *w = (struct cache *)c;

	for (size_t i = 0; i < c->n_types; i++)
		if (c->types[i].type == t)
			return &w->types[i];
	assert(c->n_types < TYPES_MAX);
	w->types[w->n_types] = (struct type_cache){ .type = t, .entries = { .pool = c->pool } };
	return &w->types[w->n_types++];
}

/* Returns "NS/NAME" in memory of the caller. A longer text is cut: no object has such a name. */
static const char *
cache_key(char *buffer, size_t size, const char *ns, const char *name)
{
	size_t n = ns != NULL ? strlen(ns) : 0, m = strlen(name);

	n = n < size - 2 ? n : size - 2;
	m = m < size - 2 - n ? m : size - 2 - n;
	if (n > 0)
		memcpy(buffer, ns, n);
	buffer[n] = '/';
	memcpy(buffer + n + 1, name, m);
	buffer[n + 1 + m] = '\0';
	return buffer;
}

static void
cache_entry_free(struct cache *c, struct entry *e)
{
	arena_free(e->arena);
	pool_give(c->pool, e, sizeof(*e));
}

/* See index_change. */
static void
cache_index_change(struct type_cache *of, const struct entry *e, const struct object *was, const struct object *is)
{
	for (size_t i = 0; i < of->n_indexes; i++)
		index_change(&of->indexes[i], &e->place, was, is);
}

/* An index is filled when it is used first, and is kept current from then on. The program names all of them. */
static const struct index *
cache_index_of(struct type_cache *of, const struct view_index *keys)
{
	struct index *x;

	for (size_t i = 0; i < of->n_indexes; i++)
		if (of->indexes[i].keys == keys)
			return &of->indexes[i];
	of->indexes = mem_realloc(of->indexes, (of->n_indexes + 1) * sizeof(*of->indexes));
	x = &of->indexes[of->n_indexes++];
	*x = (struct index){ .keys = keys };
	map_each (&of->entries, slot) {
		const struct entry *e = slot->value;

		index_change(x, &e->place, NULL, e->place.object);
	}
	return x;
}

static void
cache_find_objects(const struct view *v, const struct type *t, const struct view_index *keys, const char *key,
    void (*visit)(const struct object *, void *), void *arg)
{
	index_find(cache_index_of(cache_of_type((const struct cache *)v, t), keys), key, visit, arg);
}

static const struct object *
cache_get_object(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct cache *c = (const struct cache *)v;
	char key[600];
	const struct entry *e = map_get(&cache_of_type(c, t)->entries, cache_key(key, sizeof(key), ns, name));

	return e != NULL && e->place.object->unreadable == NULL ? e->place.object : NULL;
}

static void
cache_visit_all(const struct view *v, const struct type *t, const char *ns, bool unreadable,
    void (*visit)(const struct object *, void *), void *arg)
{
	struct type_cache *of = cache_of_type((const struct cache *)v, t);
	_cleanup_(freep) const struct object **list = mem_alloc(sizeof(*list) * (of->entries.count + 1));
	size_t n = 0;

	map_each (&of->entries, slot) {
		const struct object *o = ((struct entry *)slot->value)->place.object;

		if ((o->unreadable != NULL) == unreadable && (ns == NULL || str_eq(o->meta.namespace, ns)))
			list[n++] = o;
	}
	qsort(list, n, sizeof(*list), index_by_name);
	for (size_t i = 0; i < n; i++)
		visit(list[i], arg);
}

static void
cache_each_object(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	cache_visit_all(v, t, ns, false, visit, arg);
}

/* Checked in every pass; most types have no unreadable object. */
static void
cache_each_unreadable(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	if (cache_of_type((const struct cache *)v, t)->n_unreadable > 0)
		cache_visit_all(v, t, ns, true, visit, arg);
}

static bool
cache_knows_type(const struct view *v, const struct type *t)
{
	const struct type_cache *of = cache_of_type((const struct cache *)v, t);

	return of->reached != NULL || of->absent;
}

static bool
cache_lacks_type(const struct view *v, const struct type *t)
{
	return cache_of_type((const struct cache *)v, t)->absent;
}

static bool
cache_refuses_type(const struct view *v, const struct type *t)
{
	return cache_of_type((const struct cache *)v, t)->refused;
}

struct cache *
cache_new(cache_changed *changed, void *arg)
{
	struct cache *c = mem_alloc(sizeof(*c));

	c->view = (struct view){ .get = cache_get_object,
		.each = cache_each_object,
		.find = cache_find_objects,
		.each_unreadable = cache_each_unreadable,
		.knows = cache_knows_type,
		.refused = cache_refuses_type,
		.absent = cache_lacks_type };
	c->pool = pool_new();
	c->changed = changed;
	c->arg = arg;
	return c;
}

struct cache *
cache_free(struct cache *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_types; i++) {
		map_each (&c->types[i].entries, slot)
			cache_entry_free(c, slot->value);
		map_done(&c->types[i].entries);
		for (size_t k = 0; k < c->types[i].n_indexes; k++)
			index_done(&c->types[i].indexes[k]);
		free(c->types[i].indexes);
		free(c->types[i].reached);
		cache_forget_echoes(c, c->types[i].type);
	}
	pool_free(c->pool);
	free(c);
	return NULL;
}

void
cache_observe_unreadable(struct cache *c, cache_unreadable *observer)
{
	c->unreadable = observer;
}

/* Returns the cached version if the new one has the same spec: the API server counts changes of the spec in the
 * generation. */
static const struct object *
cache_same_spec(const struct item_text *i, const struct entry *old)
{
	const struct object *o = old != NULL ? old->place.object : NULL;

	return o != NULL && o->unreadable == NULL && i->generation > 0 && o->meta.generation == i->generation &&
		       str_eq(o->meta.uid, i->uid)
		   ? o
		   : NULL;
}

/* A decoded object in its own arena; complete, or unreadable. Its size is known when it is decoded: a copy is one piece
 * of the pool. Objects stay for long and are replaced often; in the heap they would keep its pages in use. */
static struct entry *
cache_entry_new(struct cache *c, const struct type *t, const struct item_text *i, const struct entry *old)
{
	_cleanup_(arena_freep) struct arena *decoding = arena_new_sized(NULL, DECODING_SIZE);
	const struct object *o = object_of_item(t, i, cache_same_spec(i, old), decoding);
	struct entry *e = pool_take(c->pool, sizeof(*e));

	e->arena = arena_new_sized(c->pool, arena_used(decoding));
	e->place.object = object_copy(o, e->arena);
	return e;
}

/* Compares the version of an object with that of the cached one. Returns 1, newer, if it has another uid, or a version
 * is not known; -1 for an older one. */
static int
cache_order(const struct item_text *i, const struct object *old)
{
	if (!str_eq(old->meta.uid, i->uid) || i->resource_version == NULL || old->meta.resource_version == NULL)
		return 1;
	return resource_version_compare(i->resource_version, old->meta.resource_version);
}

/* Reports the change from one version to another; NULL: the object did not, or does not, exist. */
static void
cache_report(struct cache *c, struct type_cache *of, const struct object *from, const struct object *to)
{
	bool was = from != NULL && from->unreadable != NULL, is = to != NULL && to->unreadable != NULL;

	of->n_unreadable += (size_t)is - (size_t)was;
	if (to != NULL && !is)
		c->changed(to, false, c->arg);
	else if (from != NULL && !was)
		c->changed(from, true, c->arg);
	if (c->unreadable == NULL)
		return;
	if (is)
		c->unreadable(to, was ? CACHE_STILL_UNREADABLE : CACHE_UNREADABLE, c->arg);
	else if (was)
		c->unreadable(from, CACHE_READABLE, c->arg);
}

bool
cache_put_item(struct cache *c, const struct type *t, const struct item_text *i)
{
	struct type_cache *of = cache_of_type(c, t);
	struct entry *e, *old, was;
	char key[600];
	int order;

	if (str_empty(i->name) || (!t->cluster_scoped && str_empty(i->namespace)) ||
	    strlen(i->name) + (i->namespace != NULL ? strlen(i->namespace) : 0) + 2 > sizeof(key))
		return false;
	cache_key(key, sizeof(key), t->cluster_scoped ? NULL : i->namespace, i->name);
	old = map_get(&of->entries, key);
	order = old != NULL ? cache_order(i, old->place.object) : 1;
	/* Most responses of writes come again as an event: what is known is not decoded again. But an object may be
	 * unreadable because its transfer was damaged. */
	if (order < 0 || (order == 0 && old->place.object->unreadable == NULL)) {
		old->marked = false;
		return true;
	}
	e = cache_entry_new(c, t, i, old);
	if (order == 0 && e->place.object->unreadable != NULL) {
		old->marked = false;
		cache_entry_free(c, e);
		return true;
	}
	if (old == NULL) {
		map_set(&of->entries, key, e);
		cache_index_change(of, e, NULL, e->place.object);
		cache_report(c, of, NULL, e->place.object);
		return true;
	}
	e->place.object->in_doubt = old->place.object->in_doubt;
	was = *old;
	*old = *e;
	*e = was;
	cache_index_change(of, old, e->place.object, old->place.object);
	cache_report(c, of, e->place.object, old->place.object);
	cache_entry_free(c, e);
	return true;
}

bool
cache_put(struct cache *c, const struct type *t, const json_t *j, const struct unreadable *unreadable)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct item_text i;
	bool put;

	item_init_tree(&i, a, j, unreadable);
	put = cache_put_item(c, t, &i);
	item_done(&i);
	return put;
}

void
cache_put_response_item(struct cache *c, const struct type *t, const struct item_text *i)
{
	struct type_cache *of = cache_of_type(c, t);
	const struct entry *e;
	char key[600];
	bool known;

	if (i->resource_version == NULL || i->name == NULL)
		return; /* a Status, which is the response to a delete */
	if (of->reached == NULL)
		return; /* the type is not watched: no event would report the deletion */
	cache_key(key, sizeof(key), t->cluster_scoped ? NULL : i->namespace, i->name);
	e = map_get(&of->entries, key);
	if (e == NULL && resource_version_compare(i->resource_version, of->reached) <= 0)
		return;
	known = e != NULL && cache_order(i, e->place.object) <= 0;
	cache_put_item(c, t, i);
	/* Its event is still to come. If that was first, this version was known. */
	e = map_get(&of->entries, key);
	if (known || i->response.len == 0 || e == NULL || e->place.object->unreadable != NULL ||
	    !str_eq(e->place.object->meta.resource_version, i->resource_version))
		return;
	if (of->echoes == NULL)
		of->echoes = mem_alloc(sizeof(*of->echoes));
	echoes_add(of->echoes, i->response, i->resource_version);
}

char *
cache_take_echo(struct cache *c, const struct type *t, const char *event, size_t len)
{
	struct type_cache *of = cache_of_type(c, t);

	return of->echoes != NULL ? echoes_take(of->echoes, event, len) : NULL;
}

void
cache_forget_echoes(struct cache *c, const struct type *t)
{
	struct type_cache *of = cache_of_type(c, t);

	if (of->echoes != NULL)
		echoes_done(of->echoes);
	free(of->echoes);
	of->echoes = NULL;
}

void
cache_put_response(struct cache *c, const struct type *t, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct item_text i;

	item_init_tree(&i, a, j, NULL);
	cache_put_response_item(c, t, &i);
	item_done(&i);
}

void
cache_doubt(struct cache *c, const struct type *t, const char *ns, const char *name, bool in_doubt)
{
	char key[600];
	struct entry *e =
	    map_get(&cache_of_type(c, t)->entries, cache_key(key, sizeof(key), t->cluster_scoped ? NULL : ns, name));

	if (e != NULL)
		e->place.object->in_doubt = in_doubt;
}

void
cache_reached(struct cache *c, const struct type *t, const char *version)
{
	struct type_cache *of = cache_of_type(c, t);

	free(of->reached);
	of->reached = mem_strdup(version);
	of->absent = of->refused = false;
}

void
cache_absent(struct cache *c, const struct type *t)
{
	cache_of_type(c, t)->absent = true;
	cache_of_type(c, t)->refused = false;
	cache_mark(c, t);
	cache_sweep(c, t, NULL);
}

void
cache_refused(struct cache *c, const struct type *t)
{
	cache_of_type(c, t)->refused = true;
}

void
cache_remove(struct cache *c, const struct type *t, const char *ns, const char *name, const char *version)
{
	struct type_cache *of = cache_of_type(c, t);
	struct entry *e;
	char key[600];

	cache_key(key, sizeof(key), t->cluster_scoped ? NULL : ns, name);
	e = map_get(&of->entries, key);
	if (e == NULL || (version != NULL && e->place.object->meta.resource_version != NULL &&
			     resource_version_compare(e->place.object->meta.resource_version, version) > 0))
		return;
	map_remove(&of->entries, key);
	cache_index_change(of, e, e->place.object, NULL);
	cache_report(c, of, e->place.object, NULL);
	cache_entry_free(c, e);
}

void
cache_mark(struct cache *c, const struct type *t)
{
	struct type_cache *of = cache_of_type(c, t);

	map_each (&of->entries, slot)
		((struct entry *)slot->value)->marked = true;
}

void
cache_sweep(struct cache *c, const struct type *t, const char *version)
{
	struct type_cache *of = cache_of_type(c, t);

	map_each (&of->entries, slot) {
		struct entry *e = slot->value;

		if (e->marked)
			cache_remove(c, t, e->place.object->meta.namespace, e->place.object->meta.name, version);
	}
}

struct pool *
cache_pool(const struct cache *c)
{
	return c->pool;
}

const struct view *
cache_view(const struct cache *c)
{
	return &c->view;
}
