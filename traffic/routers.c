/* traffic/routers.c: list of the routers: one row each. */
#include "traffic/router.h"
#include "base/str.h"
#include "traffic/owns.h"

const struct router *const routers[] = {
	&istio_router,
	&gateway_router,
	&nginx_router,
	&alb_router,
	&smi_router,
	&ambassador_router,
	&traefik_router,
	&apisix_router,
	&contour_router,
	&hook_router,
	NULL,
};

const struct router *
router_at(const struct canary_strategy *c, size_t i)
{
	for (const struct router *const *r = routers; c != NULL && *r != NULL; r++)
		if ((*r)->used(c) && i-- == 0)
			return *r;
	return NULL;
}

const struct type *
router_type(size_t i, const struct router **ret_router)
{
	for (const struct router *const *r = routers; *r != NULL; r++)
		for (const struct type *const *t = (*r)->types; *t != NULL; t++)
			if (i-- == 0) {
				if (ret_router != NULL)
					*ret_router = *r;
				return *t;
			}
	return NULL;
}

bool
router_has_type(const struct router *r, const struct type *type)
{
	for (const struct type *const *t = r->types; *t != NULL; t++)
		if (*t == type)
			return true;
	return false;
}

const char *
router_names(struct arena *a, unsigned features)
{
	const char *names = "";

	for (const struct router *const *r = routers; *r != NULL; r++)
		if (((*r)->features & features) == features)
			names = arena_printf(a, "%s%s%s", names, names[0] != '\0' ? ", " : "", (*r)->name);
	return names;
}

const char *
managed_by_other(const struct rollout *r, const struct view *v, const struct object *o)
{
	const char *manager = object_annotation(o, ANNOTATION_MANAGED_BY);
	const struct object *other;

	if (manager == NULL || str_eq(manager, r->object.meta.name))
		return NULL;
	other = view_get(v, &rollout_type, o->meta.namespace, manager);
	return other != NULL && owns_names((const struct rollout *)other, o) ? manager : NULL;
}

void
routing_balancers(struct arena *a, const struct routing *r, struct rollout_status *ret)
{
	if (r->n_balancers == 0)
		return;
	ret->albs.at = arena_new_array(a, struct alb_status, r->n_balancers);
	ret->albs.n = r->n_balancers;
	for (size_t i = 0; i < r->n_balancers; i++) {
		ret->albs.at[i] = r->balancers[i];
		if (r->balancers[i].ingress != NULL || ret->alb == NULL)
			ret->alb = &ret->albs.at[i];
	}
}
