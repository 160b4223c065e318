/* traffic/nginx.c: the router of ingress-nginx: canary Ingresses with a weight (nginx_ingress.c) and a header of a
 * step (nginx_header.c). ingress-nginx ended in 2026; docs/ingress-nginx.md shows how to change to the Gateway API.
 */
#include "traffic/nginx.h"
#include "base/str.h"
#include "traffic/ingress_stand_in.h"
#include "traffic/owned.h"
#include "traffic/two_services.h"

#define NAME_MAX_CUT 246 /* bytes of a canary Ingress' name before its suffix */
#define SUFFIX "-canary"

static bool nginx_used(const struct canary_strategy *);
static void nginx_check(const struct canary_strategy *, struct problems *);
static struct err *nginx_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *nginx_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool nginx_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static size_t nginx_release(
    const struct rollout *, const struct view *, const char *const *hashes, size_t, struct plan *);
static void nginx_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool nginx_concerns(const struct rollout *, const struct object *);
static bool nginx_needs(const struct rollout *, const struct type *);
static json_t *nginx_stand_in(const struct rollout *, const struct type *, const char *ns, const char *name);

static const struct type *const nginx_types[] = { &ingress_type, NULL };

const struct router nginx_router = {
	.name = "nginx",
	.metric_name = "Nginx",
	.types = nginx_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_MAX_WEIGHT,
	.service_name = "/service/name",
	.service_port = "/service/port",
	.copies_port = true,
	.used = nginx_used,
	.check = nginx_check,
	.read = nginx_read,
	.set_weight = nginx_set_weight,
	.has_weight = nginx_has_weight,
	.set_routes = nginx_set_routes,
	.release = nginx_release,
	.names = nginx_names,
	.stand_in = nginx_stand_in,
	.concerns = nginx_concerns,
	.needs = nginx_needs,
};

const struct nginx_routing *
nginx_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL ? c->traffic_routing->nginx : NULL;
}

static bool
nginx_used(const struct canary_strategy *c)
{
	return nginx_of(c) != NULL;
}

size_t
nginx_count(const struct canary_strategy *c)
{
	const struct nginx_routing *n = nginx_of(c);

	return n == NULL ? 0 : n->stable_ingresses.n > 0 ? n->stable_ingresses.n : !str_empty(n->stable_ingress);
}

const char *
nginx_stable_name(const struct canary_strategy *c, size_t i)
{
	const struct nginx_routing *n = nginx_of(c);

	return n->stable_ingresses.n > 0 ? n->stable_ingresses.at[i] : n->stable_ingress;
}

/* The field that names the i-th Ingress, for errors. */
static const char *
nginx_field(struct arena *a, const struct canary_strategy *c, size_t i)
{
	return nginx_of(c)->stable_ingresses.n > 0 ? arena_printf(a, NGINX_FIELD ".stableIngresses[%zu]", i)
						   : NGINX_FIELD ".stableIngress";
}

const char *
nginx_canary_name(struct arena *a, const struct rollout *r, const char *stable)
{
	return arena_printf(a, "%.*s" SUFFIX, NAME_MAX_CUT, arena_printf(a, "%s-%s", r->object.meta.name, stable));
}

static void
nginx_check(const struct canary_strategy *c, struct problems *p)
{
	const struct nginx_routing *n = nginx_of(c);
	bool one = !str_empty(n->stable_ingress), several = n->stable_ingresses.n > 0;

	if (one == several)
		problem_add(p, NGINX_FIELD,
		    "Invalid value: Either StableIngress or StableIngresses must be configured. %s are configured.",
		    one ? "Both" : "Neither");
	nginx_header_check(c, p);
	two_services_check(c, p, "NGINX");
}

/* --- reading --- */

static struct err *
nginx_read_canary(const struct rollout *r, const struct object *o, const char *field, struct arena *a,
    struct nginx_target *t, struct routing *ret)
{
	int64_t least = 0, most = 0;

	t->foreign = o != NULL && !owned_is(r, o);
	if (t->foreign)
		return err_at(a, field,
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": canary ingress `%s` controlled by different object; delete or rename "
			"it",
			t->name, t->canary_name));
	t->canary = (const struct ingress *)o;
	if (t->canary != NULL)
		nginx_ingress_weight(a, r, t->canary, &least, &most);
	t->weight = most;
	ret->weight = most > ret->weight ? most : ret->weight;
	ret->weight_min = least < ret->weight_min ? least : ret->weight_min;
	ret->has_route = true;
	if (t->canary != NULL && nginx_header_is_managed(r->spec.strategy.canary) &&
	    object_annotation(o, nginx_annotation(a, nginx_of(r->spec.strategy.canary), "canary-by-header")) != NULL)
		ret->managed_routes++;
	return NULL;
}

/* Returns whether the canary Ingress is other than one of its weight, because it, or its Ingress, was changed. */
static bool
nginx_has_changed(const struct rollout *r, const struct nginx_target *t, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *ops = NULL;

	if (t->canary == NULL)
		return false;
	nginx_ingress_patch(a, r, t,
	    &(struct nginx_wish){
		.weight = t->weight, .keep_header = nginx_header_is_managed(r->spec.strategy.canary) },
	    &ops);
	return ops != NULL;
}

static struct err *
nginx_read_one(const struct rollout *r, const struct view *view, size_t i, struct arena *a, struct nginx_target *t,
    struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *ns = r->object.meta.namespace, *field = nginx_field(a, c, i);
	const struct object *stable, *canary;
	struct err *e, *foreign;

	t->name = nginx_stable_name(c, i);
	t->canary_name = nginx_canary_name(a, r, t->name);
	stable = view_get(view, &ingress_type, ns, t->name);
	canary = view_get(view, &ingress_type, ns, t->canary_name);
	foreign = nginx_read_canary(r, canary, field, a, t, ret);
	if (stable == NULL)
		return err_at(a, field,
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": ingresses.networking.k8s.io \"%s\" not found", t->name,
			t->name));
	t->stable = (const struct ingress *)stable;
	e = nginx_ingress_problem(a, r, t, field);
	if (e != NULL || foreign != NULL) {
		t->stable = NULL;
		return e != NULL ? e : foreign;
	}
	ret->routes_differ |= nginx_has_changed(r, t, a);
	return NULL;
}

/* Long names are cut: those of two Ingresses may be the same. */
static struct err *
nginx_read_twice(const struct nginx_targets *all, size_t i, const struct canary_strategy *c, struct arena *a)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->at[k].canary_name, all->at[i].canary_name))
			return err_at(a, nginx_field(a, c, i),
			    err_new(a, ERR_INVALID,
				"Invalid value: \"%s\": its canary Ingress would have the name \"%s\", as that of "
				"\"%s\"",
				all->at[i].name, all->at[i].canary_name, all->at[k].name));
	return NULL;
}

static struct err *
nginx_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct nginx_targets *own = arena_alloc(a, sizeof(*own));
	struct err *e, *first = two_services_missing(a, c, NGINX_FIELD);

	if (first != NULL)
		return first;
	own->n = nginx_count(c);
	own->at = arena_new_array(a, struct nginx_target, own->n);
	*ret = (struct routing){ .weight_min = weight_total(c), .own = own };
	for (size_t i = 0; i < own->n; i++) {
		e = nginx_read_one(r, view, i, a, &own->at[i], ret);
		e = e != NULL ? e : nginx_read_twice(own, i, c, a);
		first = first != NULL ? first : e;
	}
	if (!ret->has_route)
		ret->weight_min = 0;
	return first;
}

/* --- writing --- */

static void
nginx_event(const struct rollout *r, const struct nginx_target *t, int64_t weight, struct plan *plan)
{
	struct plan_step *e = t->canary == NULL
				  ? plan_event(plan, &r->object, false, "CreatingCanaryIngress",
					"Creating canary ingress `%s` with weight `%d`", t->canary_name, (int)weight)
				  : plan_event(plan, &r->object, false, "PatchingCanaryIngress",
					"Updating Ingress `%s` to desiredWeight '%d'", t->canary_name, (int)weight);

	/* the status reports a change of its weight, with the step or the promotion that made it */
	e->implied =
	    t->canary != NULL && r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != weight;
}

/* Adds the write of one canary Ingress. Returns whether there was something to write. */
static bool
nginx_write(const struct rollout *r, const struct nginx_target *t, int64_t weight, struct plan *plan)
{
	struct nginx_wish wish = { .weight = weight, .keep_header = nginx_header_is_managed(r->spec.strategy.canary) };
	json_t *ops = NULL;

	if (t->canary == NULL) {
		plan_create(plan, &ingress_type, r->object.meta.namespace, t->canary_name,
		    nginx_ingress_new(plan->arena, r, t, &wish));
	} else {
		nginx_ingress_patch(plan->arena, r, t, &wish, &ops);
		if (ops == NULL)
			return false;
		plan_patch(plan, &t->canary->object, ops);
	}
	nginx_event(r, t, weight, plan);
	return true;
}

/* Ingresses are independent: an abort returns the traffic of each that has a canary Ingress. Behind an invalid one
 * nothing else is written. */
static struct err *
nginx_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct nginx_targets *all = now->own;
	size_t written = 0;
	bool invalid = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct nginx_target *t = &all->at[i];
		size_t before = plan->n_steps;

		invalid |= t->stable == NULL;
		if (t->foreign || (t->stable == NULL && t->canary == NULL) || (invalid && want->weight > 0) ||
		    !nginx_write(r, t, want->weight, plan))
			continue;
		if (written++ > 0)
			plan_independent_since(plan, before);
	}
	return NULL;
}

static bool
nginx_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct nginx_targets *all = now->own;
	struct nginx_wish wish = { .weight = want->weight,
		.keep_header = nginx_header_is_managed(r->spec.strategy.canary) };
	bool has = true;

	for (size_t i = 0; i < all->n && has; i++) {
		const struct nginx_target *t = &all->at[i];
		_cleanup_(json_decrefp) json_t *ops = NULL;

		if (t->canary != NULL && t->stable != NULL)
			nginx_ingress_patch(a, r, t, &wish, &ops);
		has = t->stable != NULL && (t->canary != NULL ? ops == NULL : want->weight == 0);
	}
	return has;
}

/* --- which Ingresses --- */

static void
nginx_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < nginx_count(r->spec.strategy.canary); i++) {
		const char *name = nginx_stable_name(r->spec.strategy.canary, i);

		emit(&ingress_type, r->object.meta.namespace, name, arg);
		emit(&ingress_type, r->object.meta.namespace, nginx_canary_name(a, r, name), arg);
	}
}

/* Returns whether the Ingress is the canary Ingress of one that the strategy names. */
static bool
nginx_is_canary(const struct rollout *r, const struct object *o)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	bool found = false;

	if (!str_ends(o->meta.name, SUFFIX) || !str_eq(o->meta.namespace, r->object.meta.namespace))
		return false;
	a = arena_new();
	for (size_t i = 0; i < nginx_count(r->spec.strategy.canary); i++)
		found |= str_eq(nginx_canary_name(a, r, nginx_stable_name(r->spec.strategy.canary, i)), o->meta.name);
	return found;
}

static bool
nginx_concerns(const struct rollout *r, const struct object *o)
{
	for (size_t i = 0; i < nginx_count(r->spec.strategy.canary); i++)
		if (str_eq(nginx_stable_name(r->spec.strategy.canary, i), o->meta.name) &&
		    str_eq(r->object.meta.namespace, o->meta.namespace))
			return true;
	return nginx_is_canary(r, o);
}

static bool
nginx_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &ingress_type;
}

/* The canary Ingresses of Ingresses that the strategy does not name any more. */
static size_t
nginx_release(const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	(void)hashes;
	(void)n;
	return owned_release(r, v, &ingress_type, nginx_is_canary, plan);
}

/* The canary Ingress has no stand-in: the controller creates it. */
static json_t *
nginx_stand_in(const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	(void)t;
	(void)ns;
	for (size_t i = 0; i < nginx_count(c); i++)
		if (str_eq(nginx_stable_name(c, i), name) && c->stable_service != NULL)
			return ingress_stand_in("nginx", c->stable_service);
	return NULL;
}
