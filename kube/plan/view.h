/* kube/plan/view.h: read-only access of a pass to the cache.
 *
 * Results are borrowed until the pass ends; no object changes during a pass. The cache implements it; unit tests
 * pass lists of their own.
 */
#pragma once
#include "kube/api/meta.h"

/* Keys by which objects are found without a walk over all of them (client-go's IndexFunc). */
struct view_index {
	/* Calls emit for each key of an object. They depend on nothing else. */
	void (*keys)(const struct object *, void (*emit)(const char *key, void *arg), void *arg);
};

#define VIEW_KEY_SIZE 800

/* Sets a key of up to three parts, joined by "/"; NULL: no further part. A longer key is cut. Returns `ret`. */
const char *view_key(char ret[VIEW_KEY_SIZE], const char *a, const char *b, const char *c);

struct view {
	/* The object, or NULL. `ns` is NULL for cluster-scoped types. */
	const struct object *(*get)(const struct view *, const struct type *, const char *ns, const char *name);

	/* Calls visit for every object of a type in a namespace (NULL: in all), in the order of namespace/name. */
	void (*each)(const struct view *, const struct type *, const char *ns,
	    void (*visit)(const struct object *, void *arg), void *arg);

	/* The same for the objects of a type, in all namespaces, that have a key of an index. NULL: all objects of the
	 * type are visited. */
	void (*find)(const struct view *, const struct type *, const struct view_index *, const char *key,
	    void (*visit)(const struct object *, void *arg), void *arg);

	/* The same for unreadable objects: only their metadata is known (struct object's `unreadable`). NULL: there
	 * are none. */
	void (*each_unreadable)(const struct view *, const struct type *, const char *ns,
	    void (*visit)(const struct object *, void *arg), void *arg);

	/* Records that the pass depends on an object that is unreadable or in doubt. NULL: not recorded. `get` of
	 * such an object records it, and returns NULL for an unreadable one. */
	void (*depends)(const struct view *, const struct object *);

	/* Returns true if the first list of the type has arrived, or the server does not have the type: an object that
	 * is not found does not exist. NULL: the lists of all types have. */
	bool (*knows)(const struct view *, const struct type *);

	/* Returns true if the type has not been listed, as the controller lacks the permission. NULL: none
	 * is refused. */
	bool (*refused)(const struct view *, const struct type *);

	/* Returns true if the server does not have the type. NULL: it has all. */
	bool (*absent)(const struct view *, const struct type *);
};

static inline bool
view_knows(const struct view *v, const struct type *t)
{
	return v->knows == NULL || v->knows(v, t);
}

static inline bool
view_absent(const struct view *v, const struct type *t)
{
	return v->absent != NULL && v->absent(v, t);
}

static inline bool
view_refused(const struct view *v, const struct type *t)
{
	return v->refused != NULL && v->refused(v, t);
}

/* Calls visit for each unreadable object of a type in a namespace. */
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

/* Calls visit for each object of a type with this key, in all namespaces, in the order of namespace/name. */
void view_find(const struct view *, const struct type *, const struct view_index *, const char *key,
    void (*visit)(const struct object *, void *arg), void *arg);

/* By the uid of the controller; those without one by "/NAMESPACE" (view_key of "" and the namespace). */
extern const struct view_index view_by_controller;

/* Returns the objects in `ns` whose controller is the owner with this uid, oldest first (then by name). In the
 * arena. An unreadable one, or one whose owner is unreadable, is left out and recorded as a dependency of the pass;
 * one in doubt is recorded too. */
size_t view_owned(const struct view *, const struct type *, const char *ns, const char *owner_uid, struct arena *,
    const struct object ***ret);

/* Sets *ret to the objects with this label, whatever their owner. The keys of the index are the values of the label. */
size_t view_labeled(const struct view *, const struct type *, const char *ns, const struct view_index *,
    const char *label, const char *value, struct arena *, const struct object ***ret);

/* Returns the object of that name, or NULL; NULL for a NULL name. The namespace of a cluster-scoped type is ignored. */
static inline const struct object *
view_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	return name != NULL ? v->get(v, t, t->cluster_scoped ? NULL : ns, name) : NULL;
}
