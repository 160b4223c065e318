/* kube/plan/view.h: a read-only view of the cache.
 *
 * What a view returns is borrowed until the pass that asked ends; nothing changes underneath a pass. The cache
 * implements it; unit tests hand in lists of their own.
 */
#pragma once
#include "kube/api/meta.h"

struct view {
	/* The object, or NULL. `ns` is NULL for cluster-scoped types. */
	const struct object *(*get)(const struct view *, const struct type *, const char *ns, const char *name);

	/* Calls visit for every object of a type in a namespace (NULL: in all), in the order of namespace/name. */
	void (*each)(const struct view *, const struct type *, const char *ns,
	    void (*visit)(const struct object *, void *arg), void *arg);

	/* The same of those that cannot be read: their metadata is all that is known (struct object's `unreadable`).
	 * NULL: there are none. */
	void (*each_unreadable)(const struct view *, const struct type *, const char *ns,
	    void (*visit)(const struct object *, void *arg), void *arg);

	/* Reports that the user of this view depends on an object that cannot be read, or is in doubt. NULL: it makes
	 * no difference to them. `get` of such an object reports it, and returns NULL for one that cannot
	 * be read. */
	void (*depends)(const struct view *, const struct object *);

	/* The first list of the type is in: an object that is not found is not there. NULL: of every type. */
	bool (*knows)(const struct view *, const struct type *);
};

static inline bool
view_knows(const struct view *v, const struct type *t)
{
	return v->knows == NULL || v->knows(v, t);
}

/* Calls visit for each object of a type in a namespace that cannot be read. */
static inline void
view_each_unreadable(const struct view *v, const struct type *t, const char *ns,
    void (*visit)(const struct object *, void *arg), void *arg)
{
	if (v->each_unreadable != NULL)
		v->each_unreadable(v, t, ns, visit, arg);
}

static inline void
view_depends(const struct view *v, const struct object *o)
{
	if (v->depends != NULL)
		v->depends(v, o);
}

/* The objects in `ns` whose controller is the owner with this uid, oldest first (then by name). In the arena. One of
 * them that cannot be read, or whose owner cannot, is not among them, and is reported as what the caller depends on,
 * as is one in doubt. */
size_t view_owned(const struct view *, const struct type *, const char *ns, const char *owner_uid, struct arena *,
    const struct object ***ret);

/* The same of those that have this label, whatever their owner. */
size_t view_labeled(const struct view *, const struct type *, const char *ns, const char *key, const char *value,
    struct arena *, const struct object ***ret);

/* The object of that name, or NULL, also for no name; the namespace of a cluster-scoped type is ignored. */
static inline const struct object *
view_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	return name != NULL ? v->get(v, t, t->cluster_scoped ? NULL : ns, name) : NULL;
}
