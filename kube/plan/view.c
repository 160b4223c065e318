/* kube/plan/view.c: view of the cache: finds the objects that an owner has. */
#include "kube/plan/view.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

struct gathering {
	const struct view *view;
	const char *uid; /* of the controller-owner; NULL: objects are selected by a label */
	const char *key, *value;
	const struct object **at;
	size_t n;
};

static bool
view_belongs(const struct gathering *g, const struct object *o)
{
	const struct owner *owner = object_controller(o);

	return g->uid != NULL ? owner != NULL && str_eq(owner->uid, g->uid) : str_eq(object_label(o, g->key), g->value);
}

static void
view_collect(const struct object *o, void *arg)
{
	struct gathering *g = arg;

	if (view_belongs(g, o)) {
		if (o->in_doubt)
			view_depends(g->view, o);
		if (g->at != NULL)
			g->at[g->n] = o;
		g->n++;
	}
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
view_gather(const struct view *v, const struct type *t, const char *ns, struct gathering g, struct arena *a,
    const struct object ***ret)
{
	g.view = v;
	view_each_unreadable(v, t, ns, view_collect_unreadable, &g);
	v->each(v, t, ns, view_collect, &g);
	*ret = NULL;
	if (g.n == 0)
		return 0;
	g.at = arena_new_array(a, const struct object *, g.n);
	g.n = 0;
	v->each(v, t, ns, view_collect, &g);
	qsort(g.at, g.n, sizeof(*g.at), view_by_age);
	*ret = g.at;
	return g.n;
}

size_t
view_owned(const struct view *v, const struct type *t, const char *ns, const char *uid, struct arena *a,
    const struct object ***ret)
{
	return view_gather(v, t, ns, (struct gathering){ .uid = uid }, a, ret);
}

size_t
view_labeled(const struct view *v, const struct type *t, const char *ns, const char *key, const char *value,
    struct arena *a, const struct object ***ret)
{
	return view_gather(v, t, ns, (struct gathering){ .key = key, .value = value }, a, ret);
}
