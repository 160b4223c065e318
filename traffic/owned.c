/* traffic/owned.c: objects of routers that a rollout owns. */
#include "traffic/owned.h"
#include "base/str.h"

bool
owned_is(const struct rollout *r, const struct object *o)
{
	const struct owner *owner = object_controller(o);

	return owner != NULL && owner->uid != NULL && str_eq(owner->uid, r->object.meta.uid);
}

json_t *
owned_new(const struct rollout *r, const char *api_version, const char *kind, const char *name)
{
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:[o]}}", "apiVersion", api_version, "kind", kind, "metadata", "name",
	    name, "namespace", r->object.meta.namespace, "ownerReferences", owner_reference(&r->object));
}

size_t
owned_release(const struct rollout *r, const struct view *v, const struct type *t,
    bool (*used)(const struct rollout *, const struct object *), struct plan *plan)
{
	const struct object **list;
	size_t n = view_owned(v, t, r->object.meta.namespace, r->object.meta.uid, plan->arena, &list), released = 0;

	for (size_t i = 0; i < n; i++) {
		if (used(r, list[i]) || list[i]->meta.deletion_timestamp != 0)
			continue;
		plan_delete(plan, list[i]);
		plan_independent(plan);
		plan_reason(plan, "%s %s is no longer used: deleting it", t->kind, list[i]->meta.name);
		released++;
	}
	return released;
}
