/* traffic/traefik.c: the router of Traefik: weights of the two Services in spec.weighted.services of a
 * TraefikService. */
#include "base/str.h"
#include "kube/api/router_objects.h"
#include "traffic/router.h"
#include "traffic/service_weights.h"
#include "traffic/two_services.h"

#define TRAEFIK_FIELD "spec.strategy.canary.trafficRouting.traefik.weightedTraefikServiceName"
#define SERVICES "/spec/weighted/services"

static bool traefik_used(const struct canary_strategy *);
static void traefik_check(const struct canary_strategy *, struct problems *);
static struct err *traefik_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static const char *traefik_verify(const struct rollout *, const struct routing *, struct arena *);
static struct err *traefik_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool traefik_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static void traefik_overlay(const struct rollout *, const struct type *, const json_t *, json_t *);
static void traefik_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool traefik_concerns(const struct rollout *, const struct object *);
static bool traefik_needs(const struct rollout *, const struct type *);

static const struct type *const traefik_types[] = { &traefik_service_type, NULL };
static const struct weighted_list traefik_list = { .name = "name", .kind = "service", .weight = 1 };

const struct router traefik_router = {
	.name = "traefik",
	.metric_name = "Traefik",
	.types = traefik_types,
	.service_name = "/name",
	.service_port = "/port",
	.used = traefik_used,
	.check = traefik_check,
	.read = traefik_read,
	.verify = traefik_verify,
	.set_weight = traefik_set_weight,
	.has_weight = traefik_has_weight,
	.overlay = traefik_overlay,
	.names = traefik_names,
	.concerns = traefik_concerns,
	.needs = traefik_needs,
};

static bool
traefik_used(const struct canary_strategy *c)
{
	return c->traffic_routing != NULL && c->traffic_routing->traefik != NULL;
}

static const char *
traefik_name(const struct rollout *r)
{
	return r->spec.strategy.canary->traffic_routing->traefik->weighted_traefik_service_name;
}

static void
traefik_check(const struct canary_strategy *c, struct problems *p)
{
	two_services_check(c, p, "Traefik");
}

/* Parses the list of services, which the caller releases: `ret` points into it. */
static struct err *
traefik_weights(struct arena *a, const struct rollout *r, const struct router_object *o, json_t **ret_spec,
    struct service_weights *ret)
{
	struct err *e;

	*ret_spec = o->spec != NULL ? json_loads(o->spec, 0, NULL) : NULL;
	e = service_weights_find(
	    a, r->spec.strategy.canary, &traefik_list, json_at(*ret_spec, "/weighted/services"), ret);
	return e == NULL ? NULL
			 : err_at(a, TRAEFIK_FIELD,
			       err_wrap(a, e, "Invalid value: \"%s\": spec.weighted.services of the TraefikService",
				   o->object.meta.name));
}

static struct err *
traefik_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	struct err *e = two_services_missing(a, r->spec.strategy.canary, TRAEFIK_FIELD);
	const struct object *o = view_get(view, &traefik_service_type, r->object.meta.namespace, traefik_name(r));
	_cleanup_(json_decrefp) json_t *spec = NULL;
	struct service_weights s;

	if (e != NULL)
		return e;
	if (o == NULL)
		return err_at(a, TRAEFIK_FIELD,
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": traefikservices.traefik.io \"%s\" not found",
			traefik_name(r) ?: "", traefik_name(r) ?: ""));
	if ((e = traefik_weights(a, r, (const struct router_object *)o, &spec, &s)) != NULL)
		return e;
	*ret = (struct routing){ .own = o, .has_route = true };
	service_weights_percent(&s, &ret->weight_min, &ret->weight);
	ret->routes_differ = s.canary_weight == 0 && s.stable_weight == 0;
	return NULL;
}

/* Only the first service of a name gets a weight, as in Argo Rollouts: a second one would have traffic at any
 * weight. */
static const char *
traefik_verify(const struct rollout *r, const struct routing *now, struct arena *a)
{
	const struct router_object *o = now->own;
	_cleanup_(json_decrefp) json_t *spec = NULL;
	struct service_weights s;

	if (traefik_weights(a, r, o, &spec, &s) != NULL || !s.again)
		return NULL;
	return arena_printf(a,
	    "TraefikService %s has a Service of the rollout twice in spec.weighted.services; remove the second",
	    o->object.meta.name);
}

static struct err *
traefik_set_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct router_object *o = now->own;
	_cleanup_(json_decrefp) json_t *spec = NULL;
	struct service_weights s;
	struct err *e = traefik_weights(plan->arena, r, o, &spec, &s);
	json_t *ops = NULL;

	if (e != NULL)
		return e;
	service_weights_patch(plan->arena, &s, SERVICES, want->weight, &ops);
	if (ops != NULL)
		two_services_patch(plan, r, &o->object, ops, want->weight);
	return NULL;
}

static bool
traefik_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *spec = NULL, *ops = NULL;
	struct service_weights s;

	if (traefik_weights(a, r, now->own, &spec, &s) != NULL)
		return false;
	service_weights_patch(a, &s, SERVICES, want->weight, &ops);
	return ops == NULL;
}

static void
traefik_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	const json_t *meta = json_object_get(live, "metadata");

	(void)type;
	if (str_eq(json_str(meta, "name"), traefik_name(r)) &&
	    str_eq(json_str(meta, "namespace"), r->object.meta.namespace))
		service_weights_overlay(
		    r->spec.strategy.canary, &traefik_list, json_at(live, SERVICES), json_at(desired, SERVICES));
}

static void
traefik_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	if (traefik_name(r) != NULL)
		emit(&traefik_service_type, r->object.meta.namespace, traefik_name(r), arg);
}

static bool
traefik_concerns(const struct rollout *r, const struct object *o)
{
	return str_eq(o->meta.name, traefik_name(r)) && str_eq(o->meta.namespace, r->object.meta.namespace);
}

static bool
traefik_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &traefik_service_type;
}
