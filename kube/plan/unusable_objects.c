/* kube/plan/unusable_objects.c: the view of one pass: returns what the cache's view returns, and records what
 * was unreadable or in doubt. */
#include "kube/plan/unusable_objects.h"
#include "base/str.h"

static void
pass_view_depends(const struct view *v, const struct object *o)
{
	struct pass_view *p = (struct pass_view *)v;

	if (o->unreadable != NULL && p->unreadable == NULL)
		p->unreadable = o;
	if (o->unreadable == NULL && p->in_doubt == NULL)
		p->in_doubt = o;
}

struct wanted {
	const struct view *view;
	const char *name;
};

static void
pass_view_depends_on_name(const struct object *o, void *arg)
{
	const struct wanted *w = arg;

	if (str_eq(o->meta.name, w->name))
		view_depends(w->view, o);
}

static const struct object *
pass_view_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct view *of = ((const struct pass_view *)v)->of;
	const struct object *o = of->get(of, t, ns, name);

	if (o == NULL)
		view_each_unreadable(of, t, ns, pass_view_depends_on_name, &(struct wanted){ v, name });
	else if (o->in_doubt)
		view_depends(v, o);
	return o;
}

static void
pass_view_each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct view *of = ((const struct pass_view *)v)->of;

	of->each(of, t, ns, visit, arg);
}

static void
pass_view_find(const struct view *v, const struct type *t, const struct view_index *index, const char *key,
    void (*visit)(const struct object *, void *), void *arg)
{
	view_find(((const struct pass_view *)v)->of, t, index, key, visit, arg);
}

static void
pass_view_each_unreadable(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	view_each_unreadable(((const struct pass_view *)v)->of, t, ns, visit, arg);
}

static bool
pass_view_knows(const struct view *v, const struct type *t)
{
	return view_knows(((const struct pass_view *)v)->of, t);
}

static bool
pass_view_absent(const struct view *v, const struct type *t)
{
	return view_absent(((const struct pass_view *)v)->of, t);
}

static bool
pass_view_refused(const struct view *v, const struct type *t)
{
	return view_refused(((const struct pass_view *)v)->of, t);
}

void
pass_view_init(struct pass_view *p, const struct view *of)
{
	*p = (struct pass_view){ .view = { .get = pass_view_get,
				     .each = pass_view_each,
				     .find = pass_view_find,
				     .each_unreadable = pass_view_each_unreadable,
				     .depends = pass_view_depends,
				     .knows = pass_view_knows,
				     .refused = pass_view_refused,
				     .absent = pass_view_absent },
		.of = of };
}
