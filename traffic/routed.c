/* traffic/routed.c: the routers of one rollout, together. */
#include "traffic/routed.h"
#include <string.h>
#include "base/str.h"

/* Returns the error of a router that has a type which the controller may not list; NULL: it has none. */
static struct err *
routed_refused(const struct rollout *r, const struct router *router, const struct view *view, struct arena *a)
{
	for (const struct type *const *t = router->types; router->needs != NULL && *t != NULL; t++)
		if (router->needs(r, *t) && view_refused(view, *t))
			return err_at(a, arena_printf(a, "spec.strategy.canary.trafficRouting.%s", router->name),
			    err_new(a, ERR_GONE,
				"%s.%s cannot be listed; grant the controller the "
				"permissions list and watch",
				(*t)->plural, (*t)->group));
	return NULL;
}

const struct err *
routed_read(const struct rollout *r, const struct view *view, struct arena *a, struct routed *ret)
{
	const struct router *router;
	const struct err *first = NULL, *refused;

	ret->n = 0;
	while (ret->n < ROUTERS_MAX && (router = router_at(r->spec.strategy.canary, ret->n)) != NULL) {
		struct routed_by *by = &ret->by[ret->n++];

		*by = (struct routed_by){ .router = router };
		by->err = router->read(r, view, a, &by->routing);
		if ((refused = routed_refused(r, router, view, a)) != NULL)
			by->err = refused;
		if (by->err == NULL && router->verify != NULL)
			by->routing.unverified = router->verify(r, &by->routing, a);
		if (first == NULL)
			first = by->err;
	}
	return first;
}

void
routed_confirm(const struct rollout *r, struct routed *routed, const struct pass *pass, struct plan *queries)
{
	for (size_t i = 0; i < routed->n; i++) {
		struct routed_by *by = &routed->by[i];

		if (by->router->confirm != NULL && by->err == NULL)
			by->router->confirm(r, pass, queries, &by->routing);
	}
}

bool
routed_confirms(const struct routed *routed)
{
	for (size_t i = 0; i < routed->n; i++)
		if (routed->by[i].router->confirm != NULL)
			return true;
	return false;
}

/* Adds the other destinations of one router to those of all, each with the most that a router gives it. */
static void
routed_merge_additional(struct routing *all, const struct routing *one, struct arena *a)
{
	struct weight_destination *list =
	    arena_new_array(a, struct weight_destination, all->n_additional + one->n_additional);
	size_t n = all->n_additional;

	if (n > 0)
		memcpy(list, all->additional, n * sizeof(*list));
	all->routes_differ |= n != one->n_additional;
	for (size_t i = 0; i < one->n_additional; i++) {
		size_t k = 0;

		while (k < n && !str_eq(list[k].service_name, one->additional[i].service_name))
			k++;
		all->routes_differ |= k == n || list[k].weight != one->additional[i].weight;
		if (k == n)
			list[n++] = one->additional[i];
		else if (one->additional[i].weight > list[k].weight)
			list[k] = one->additional[i];
	}
	all->additional = list;
	all->n_additional = n;
}

static bool
routed_has(const struct routed_by *by, unsigned features)
{
	return (by->router->features & features) == features;
}

/* Routers without ROUTER_EXPERIMENTS give such Services no weight: they do not differ from the others in this. */
static void
routed_merge_experiments(const struct routed *routed, struct routing *all, struct arena *a)
{
	bool first = true;

	all->additional = NULL;
	all->n_additional = 0;
	for (size_t i = 0; i < routed->n; i++) {
		const struct routing *one = &routed->by[i].routing;

		if (!routed_has(&routed->by[i], ROUTER_EXPERIMENTS))
			continue;
		if (!first && (all->n_additional > 0 || one->n_additional > 0)) {
			routed_merge_additional(all, one, a);
		} else if (first) {
			all->additional = one->additional;
			all->n_additional = one->n_additional;
		}
		first = false;
	}
}

static void
routed_merge_one(struct routing *all, const struct routing *one)
{
	if (one->weight > all->weight)
		all->kept_weight = one->kept_weight;
	all->weight = one->weight > all->weight ? one->weight : all->weight;
	all->weight_min = one->weight_min < all->weight_min ? one->weight_min : all->weight_min;
	if (all->unverified == NULL)
		all->unverified = one->unverified;
	if (all->unregistered == NULL)
		all->unregistered = one->unregistered;
	if (one->verified.present)
		all->verified =
		    (struct opt_bool){ true, one->verified.value && (all->verified.value || !all->verified.present) };
	if (all->n_balancers == 0) {
		all->balancers = one->balancers;
		all->n_balancers = one->n_balancers;
	}
	all->splits_pods &= one->splits_pods;
	all->needs_canary_service |= one->needs_canary_service;
	all->needs_stable_service |= one->needs_stable_service;
	all->routes_differ |= one->routes_differ;
	all->has_route |= one->has_route;
	all->managed_routes += one->managed_routes;
}

struct routing
routed_merge(const struct routed *routed, struct arena *a)
{
	struct routing all = routed->n > 0 ? routed->by[0].routing : (struct routing){ 0 };

	for (size_t i = 1; i < routed->n; i++)
		routed_merge_one(&all, &routed->by[i].routing);
	routed_merge_experiments(routed, &all, a);
	all.own = NULL;
	return all;
}

/* The split for one router. Without ROUTER_EXPERIMENTS, the stable destination has the part of experiments too. */
static struct wanted_split
routed_split(const struct routed_by *by, const struct wanted_split *want)
{
	return routed_has(by, ROUTER_EXPERIMENTS) ? *want : (struct wanted_split){ .weight = want->weight };
}

struct err *
routed_set_weight(
    const struct rollout *r, const struct routed *routed, const struct wanted_split *want, struct plan *plan)
{
	size_t start = plan->n_steps;
	struct err *first = NULL;

	for (size_t i = 0; i < routed->n; i++) {
		const struct routed_by *by = &routed->by[i];
		struct wanted_split split = routed_split(by, want);
		size_t before = plan->n_steps;
		struct err *e = by->routing.own != NULL ? by->router->set_weight(r, &by->routing, &split, plan) : NULL;

		if (before > start)
			plan_independent_since(plan, before);
		if (first == NULL)
			first = e;
	}
	return first;
}

bool
routed_have_weight(
    const struct rollout *r, const struct routed *routed, const struct wanted_split *want, struct arena *a)
{
	for (size_t i = 0; i < routed->n; i++) {
		const struct routed_by *by = &routed->by[i];
		struct wanted_split split = routed_split(by, want);

		if (by->err != NULL || by->routing.unverified != NULL ||
		    !by->router->has_weight(r, &by->routing, &split, a))
			return false;
	}
	return true;
}

void
routed_set_hashes(
    const struct rollout *r, const struct routed *routed, const struct wanted_hashes *want, struct plan *plan)
{
	for (size_t i = 0; i < routed->n; i++)
		if (routed->by[i].routing.splits_pods)
			routed->by[i].router->set_hashes(r, &routed->by[i].routing, want, plan);
}

/* A router sets the routes of the kinds that it has: without one of them, its requests are split by weight only. */
static bool
routed_set_routes_of(const struct rollout *r, const struct routed_by *by, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	struct wanted_route *of_router = arena_new_array(a, struct wanted_route, n);
	size_t count = 0;

	if (by->routing.own == NULL || by->router->set_routes == NULL)
		return true;
	for (size_t i = 0; i < n; i++)
		if (routed_has(by, want[i].header != NULL ? ROUTER_HEADER_ROUTES : ROUTER_MIRROR_ROUTES))
			of_router[count++] = want[i];
	return by->router->set_routes(r, &by->routing, of_router, count, a, plan);
}

bool
routed_set_routes(const struct rollout *r, const struct routed *routed, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	bool as_wanted = true;

	for (size_t i = 0; i < routed->n; i++)
		as_wanted &= routed_set_routes_of(r, &routed->by[i], want, n, a, plan);
	return as_wanted;
}

bool
routed_has_type(const struct routed *routed, const struct type *type)
{
	for (size_t i = 0; i < routed->n; i++)
		if (router_has_type(routed->by[i].router, type))
			return true;
	return false;
}

bool
routed_needs(const struct rollout *r, const struct type *type)
{
	const struct router *router;

	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		if (router->needs != NULL && router_has_type(router, type) && router->needs(r, type))
			return true;
	return false;
}

bool
routed_are_listed(const struct rollout *r, const struct view *view)
{
	const struct router *router;

	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		for (const struct type *const *t = router->types; router->needs != NULL && *t != NULL; t++)
			if (router->needs(r, *t) && !view_knows(view, *t) && !view_refused(view, *t))
				return false;
	return true;
}

bool
routed_concerns(const struct rollout *r, const struct object *o)
{
	const struct router *router;

	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		if (router_has_type(router, o->type) && router->concerns(r, o))
			return true;
	return false;
}

void
routed_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	const struct router *router;

	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		router->names(r, emit, arg);
}
