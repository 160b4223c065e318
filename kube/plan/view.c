/* kube/plan/view.c: view of the cache: finds the objects that an owner has. */
#include "kube/plan/view.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

const char *
view_key(char ret[VIEW_KEY_SIZE], const char *a, const char *b, const char *c)
{
	const char *const parts[] = { a, b, c };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && parts[i] != NULL; i++) {
		size_t len = strnlen(parts[i], VIEW_KEY_SIZE);

		if (i > 0 && n < VIEW_KEY_SIZE - 1)
			ret[n++] = '/';
		if (len > VIEW_KEY_SIZE - 1 - n)
			len = VIEW_KEY_SIZE - 1 - n;
		memcpy(ret + n, parts[i], len);
		n += len;
	}
	ret[n] = '\0';
	return ret;
}

/* A search without an index. */
struct view_search {
	const struct view_index *index;
	const char *key;
	bool found;
	void (*visit)(const struct object *, void *);
	void *arg;
};

static void
view_compare_key(const char *key, void *arg)
{
	struct view_search *s = arg;

	s->found = s->found || strcmp(key, s->key) == 0;
}

static void
view_visit_found(const struct object *o, void *arg)
{
	struct view_search *s = arg;

	s->found = false;
	s->index->keys(o, view_compare_key, s);
	if (s->found)
		s->visit(o, s->arg);
}

void
view_find(const struct view *v, const struct type *t, const struct view_index *index, const char *key,
    void (*visit)(const struct object *, void *arg), void *arg)
{
	if (v->find != NULL)
		v->find(v, t, index, key, visit, arg);
	else
		v->each(v, t, NULL, view_visit_found, &(struct view_search){ index, key, false, visit, arg });
}

static void
view_controller_key(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct owner *owner = object_controller(o);
	char key[VIEW_KEY_SIZE];

	emit(owner != NULL && owner->uid != NULL ? owner->uid : view_key(key, "", o->meta.namespace, NULL), arg);
}

const struct view_index view_by_controller = { view_controller_key };

struct gathering {
	const struct view *view;
	const char *ns;
	const char *uid; /* of the controller-owner; NULL: objects are selected by a label */
	const char *label, *value;
	const struct object **at;
	size_t n, capacity;
	struct arena *arena;
};

static bool
view_belongs(const struct gathering *g, const struct object *o)
{
	const struct owner *owner = object_controller(o);

	return g->uid != NULL ? owner != NULL && str_eq(owner->uid, g->uid)
			      : str_eq(object_label(o, g->label), g->value);
}

static void
view_collect(const struct object *o, void *arg)
{
	struct gathering *g = arg;

	if (!view_belongs(g, o) || (g->ns != NULL && !str_eq(o->meta.namespace, g->ns)))
		return;
	if (o->in_doubt)
		view_depends(g->view, o);
	g->at = arena_grow(g->arena, g->at, g->n, &g->capacity, sizeof(*g->at));
	g->at[g->n++] = o;
}

/* An unreadable object may be one of them. */
static void
view_collect_unreadable(const struct object *o, void *arg)
{
	const struct gathering *g = arg;

	if (view_belongs(g, o) || (o->unreadable->partial && object_controller(o) == NULL))
		view_depends(g->view, o);
}

static int
view_by_age(const void *a, const void *b)
{
	const struct meta *x = &(*(const struct object *const *)a)->meta,
			  *y = &(*(const struct object *const *)b)->meta;

	if (x->creation_timestamp != y->creation_timestamp)
		return x->creation_timestamp < y->creation_timestamp ? -1 : 1;
	return strcmp(x->name, y->name);
}

static size_t
view_gathered(struct gathering *g, const struct object ***ret)
{
	if (g->n > 1)
		qsort(g->at, g->n, sizeof(*g->at), view_by_age);
	*ret = g->at;
	return g->n;
}

size_t
view_owned(const struct view *v, const struct type *t, const char *ns, const char *uid, struct arena *a,
    const struct object ***ret)
{
	struct gathering g = { .view = v, .ns = ns, .uid = uid, .arena = a };

	view_each_unreadable(v, t, ns, view_collect_unreadable, &g);
	if (uid != NULL)
		view_find(v, t, &view_by_controller, uid, view_collect, &g);
	return view_gathered(&g, ret);
}

size_t
view_labeled(const struct view *v, const struct type *t, const char *ns, const struct view_index *index,
    const char *label, const char *value, struct arena *a, const struct object ***ret)
{
	struct gathering g = { .view = v, .ns = ns, .label = label, .value = value, .arena = a };

	view_each_unreadable(v, t, ns, view_collect_unreadable, &g);
	view_find(v, t, index, value, view_collect, &g);
	return view_gathered(&g, ret);
}
