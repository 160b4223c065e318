/* traffic/apisix.c: the router of APISIX: weights in rules of an ApisixRoute, and for each header route an ApisixRoute
 * of the rollout's own, whose rules have a higher priority and lead to the canary only (apisix_header.c).
 */
#include "traffic/apisix.h"
#include "base/str.h"
#include "traffic/owned.h"
#include "traffic/two_services.h"

static bool apisix_used(const struct canary_strategy *);
static void apisix_check(const struct canary_strategy *, struct problems *);
static struct err *apisix_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static const char *apisix_verify(const struct rollout *, const struct routing *, struct arena *);
static struct err *apisix_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool apisix_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static size_t apisix_release(
    const struct rollout *, const struct view *, const char *const *hashes, size_t, struct plan *);
static void apisix_overlay(const struct rollout *, const struct type *, const json_t *, json_t *);
static void apisix_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool apisix_concerns(const struct rollout *, const struct object *);
static bool apisix_needs(const struct rollout *, const struct type *);

static const struct type *const apisix_types[] = { &apisix_route_type, NULL };
static const struct weighted_list apisix_list = { .name = "serviceName", .kind = "backend", .weight = 100 };

const struct router apisix_router = {
	.name = "apisix",
	.metric_name = "Apisix",
	.types = apisix_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_ROUTE_OBJECTS,
	.service_name = "/serviceName",
	.service_port = "/servicePort",
	.used = apisix_used,
	.check = apisix_check,
	.read = apisix_read,
	.verify = apisix_verify,
	.set_weight = apisix_set_weight,
	.has_weight = apisix_has_weight,
	.set_routes = apisix_set_routes,
	.release = apisix_release,
	.overlay = apisix_overlay,
	.names = apisix_names,
	.concerns = apisix_concerns,
	.needs = apisix_needs,
};

const struct apisix_route_ref *
apisix_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL && c->traffic_routing->apisix != NULL
		   ? c->traffic_routing->apisix->route
		   : NULL;
}

static bool
apisix_used(const struct canary_strategy *c)
{
	return c->traffic_routing != NULL && c->traffic_routing->apisix != NULL;
}

bool
apisix_has_rule(const struct apisix_route_ref *route, const char *name)
{
	if (route->rules.n == 0)
		return str_eq(route->name, name);
	for (size_t i = 0; i < route->rules.n; i++)
		if (str_eq(route->rules.at[i], name))
			return true;
	return false;
}

static void
apisix_check(const struct canary_strategy *c, struct problems *p)
{
	const struct apisix_route_ref *route = apisix_of(c);

	for (size_t i = 0; route != NULL && i < c->traffic_routing->managed_routes.n; i++)
		if (str_eq(c->traffic_routing->managed_routes.at[i].name, route->name))
			problem_add(p,
			    arena_printf(p->arena, "spec.strategy.canary.trafficRouting.managedRoutes[%zu].name", i),
			    "Invalid value: \"%s\": is the ApisixRoute itself; give the managed route another name",
			    route->name);
	two_services_check(c, p, "APISIX");
}

struct err *
apisix_find_rule(struct arena *a, const json_t *http, const char *name, size_t *ret_index)
{
	json_t *rule;
	size_t i;

	json_array_foreach (http, i, rule) {
		if (json_str(rule, "name") == NULL)
			return err_new(a, ERR_INVALID, "spec.http[%zu] has no name", i);
		if (str_eq(json_str(rule, "name"), name)) {
			*ret_index = i;
			return NULL;
		}
	}
	return err_new(a, ERR_INVALID, "spec.http has no rule \"%s\"", name);
}

/* Adds a rule, if both Services are in it. */
static struct err *
apisix_rules_add(
    struct arena *a, const struct canary_strategy *c, const json_t *http, const char *name, struct apisix_rules *rules)
{
	struct apisix_rule *rule = &rules->at[rules->n];
	struct err *e = apisix_find_rule(a, http, name, &rule->index);

	if (e != NULL)
		return e;
	e = service_weights_find(
	    a, c, &apisix_list, json_object_get(json_array_get(http, rule->index), "backends"), &rule->weights);
	if (e != NULL)
		return err_wrap(a, e, "rule \"%s\"", name);
	rules->n++;
	return NULL;
}

struct err *
apisix_rules_read(
    struct arena *a, const struct canary_strategy *c, const struct router_object *o, struct apisix_rules *ret)
{
	const struct apisix_route_ref *route = apisix_of(c);
	size_t n = route->rules.n > 0 ? route->rules.n : 1;
	const json_t *http;
	struct err *e = NULL;

	*ret = (struct apisix_rules){ .spec = o->spec != NULL ? json_loads(o->spec, 0, NULL) : NULL,
		.at = arena_new_array(a, struct apisix_rule, n) };
	http = json_object_get(ret->spec, "http");
	if (!json_is_array(http))
		e = err_new(a, ERR_INVALID, "has no spec.http");
	for (size_t i = 0; i < n; i++) {
		struct err *one =
		    apisix_rules_add(a, c, http, route->rules.n > 0 ? route->rules.at[i] : route->name, ret);

		e = e ?: one;
	}
	return e == NULL ? NULL
			 : err_at(a, APISIX_FIELD,
			       err_wrap(a, e, "Invalid value: \"%s\": the ApisixRoute", o->object.meta.name));
}

void
apisix_rules_done(struct apisix_rules *rules)
{
	json_decref(rules->spec);
	rules->spec = NULL;
}

/* The ApisixRoutes of managed routes. One of others is an error: it would be replaced. */
static struct err *
apisix_read_managed(
    const struct rollout *r, const struct view *view, struct arena *a, struct apisix_target *t, struct routing *ret)
{
	const struct traffic_routing *routing = r->spec.strategy.canary->traffic_routing;
	struct err *first = NULL;

	t->n_managed = routing->managed_routes.n;
	t->managed = arena_new_array(a, struct apisix_managed, t->n_managed);
	for (size_t i = 0; i < t->n_managed; i++) {
		const char *name = routing->managed_routes.at[i].name;
		const struct object *o = view_get(view, &apisix_route_type, r->object.meta.namespace, name);

		t->managed[i].foreign = o != NULL && !owned_is(r, o);
		if (!t->managed[i].foreign) {
			t->managed[i].object = (const struct router_object *)o;
			ret->managed_routes += o != NULL;
		} else if (first == NULL) {
			first = err_at(a, "spec.strategy.canary.trafficRouting.managedRoutes",
			    err_new(a, ERR_INVALID,
				"Invalid value: \"%s\": duplicate "
				"ApisixRoute [%s] already exists, and is not the rollout's; give the managed route "
				"another name",
				name, name));
		}
	}
	return first;
}

static void
apisix_read_weights(const struct apisix_rules *rules, struct routing *ret)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct service_weights *s = &rules->at[i].weights;
		int64_t least, most;

		service_weights_percent(s, &least, &most);
		ret->weight = most > ret->weight ? most : ret->weight;
		ret->weight_min = least < ret->weight_min ? least : ret->weight_min;
		ret->routes_differ |= s->canary_weight == 0 && s->stable_weight == 0;
		ret->has_route = true;
	}
}

static struct err *
apisix_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct apisix_route_ref *route = apisix_of(c);
	struct err *e = two_services_missing(a, c, APISIX_FIELD), *managed;
	struct apisix_target *t = arena_alloc(a, sizeof(*t));
	_cleanup_(apisix_rules_done) struct apisix_rules rules = { 0 };
	const struct object *o;

	if (e != NULL)
		return e;
	if (route == NULL || route->name == NULL)
		return err_at(a, APISIX_FIELD, err_new(a, ERR_INVALID, "required, but missing"));
	o = view_get(view, &apisix_route_type, r->object.meta.namespace, route->name);
	t->route = (const struct router_object *)o;
	*ret = (struct routing){ .own = t };
	managed = apisix_read_managed(r, view, a, t, ret);
	if (o == NULL)
		return err_at(a, APISIX_FIELD,
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": apisixroutes.apisix.apache.org \"%s\" not found",
			route->name, route->name));
	e = apisix_rules_read(a, c, t->route, &rules);
	ret->weight_min = rules.n > 0 ? 100 : 0;
	apisix_read_weights(&rules, ret);
	return e ?: managed;
}

/* Only the first backend of a Service gets a weight, as in Argo Rollouts: a second one would have traffic at any
 * weight. */
static const char *
apisix_verify(const struct rollout *r, const struct routing *now, struct arena *a)
{
	const struct apisix_target *t = now->own;
	_cleanup_(apisix_rules_done) struct apisix_rules rules = { 0 };

	if (apisix_rules_read(a, r->spec.strategy.canary, t->route, &rules) != NULL)
		return NULL;
	for (size_t i = 0; i < rules.n; i++)
		if (rules.at[i].weights.again)
			return arena_printf(a,
			    "ApisixRoute %s has a Service of the rollout twice in spec.http[%zu].backends; remove the "
			    "second",
			    t->route->object.meta.name, rules.at[i].index);
	return NULL;
}

/* An error of one rule does not keep an abort from taking the weight from the others. */
static struct err *
apisix_weight_patch(
    struct arena *a, const struct rollout *r, const struct apisix_target *t, int64_t weight, json_t **ops)
{
	_cleanup_(apisix_rules_done) struct apisix_rules rules = { 0 };
	struct err *e;

	if (t->route == NULL)
		return NULL;
	e = apisix_rules_read(a, r->spec.strategy.canary, t->route, &rules);
	for (size_t i = 0; i < rules.n; i++)
		(e == NULL ? service_weights_patch : service_weights_lower)(a, &rules.at[i].weights,
		    arena_printf(a, "/spec/http/%zu/backends", rules.at[i].index), weight, ops);
	return e;
}

static struct err *
apisix_set_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct apisix_target *t = now->own;
	json_t *ops = NULL;
	struct err *e = apisix_weight_patch(plan->arena, r, t, want->weight, &ops);

	if (ops != NULL)
		two_services_patch(plan, r, &t->route->object, ops, want->weight);
	return e;
}

static bool
apisix_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct apisix_target *t = now->own;
	_cleanup_(json_decrefp) json_t *ops = NULL;

	return t->route != NULL && apisix_weight_patch(a, r, t, want->weight, &ops) == NULL && ops == NULL;
}

static void
apisix_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	const struct apisix_route_ref *route = apisix_of(r->spec.strategy.canary);
	const json_t *meta = json_object_get(live, "metadata");
	json_t *rule, *from;
	size_t i, k;

	(void)type;
	if (route == NULL || !str_eq(json_str(meta, "name"), route->name) ||
	    !str_eq(json_str(meta, "namespace"), r->object.meta.namespace))
		return;
	json_array_foreach (json_at(desired, "/spec/http"), i, rule)
		json_array_foreach (json_at(live, "/spec/http"), k, from)
			if (json_str(rule, "name") != NULL && str_eq(json_str(rule, "name"), json_str(from, "name")) &&
			    apisix_has_rule(route, json_str(rule, "name")))
				service_weights_overlay(r->spec.strategy.canary, &apisix_list,
				    json_object_get(from, "backends"), json_object_get(rule, "backends"));
}

static void
apisix_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (apisix_of(c) != NULL && apisix_of(c)->name != NULL)
		emit(&apisix_route_type, r->object.meta.namespace, apisix_of(c)->name, arg);
	for (size_t i = 0; i < c->traffic_routing->managed_routes.n; i++)
		if (c->traffic_routing->managed_routes.at[i].name != NULL)
			emit(&apisix_route_type, r->object.meta.namespace,
			    c->traffic_routing->managed_routes.at[i].name, arg);
}

/* Returns whether the ApisixRoute has the name of a managed route. */
static bool
apisix_is_managed(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	for (size_t i = 0; apisix_of(c) != NULL && i < c->traffic_routing->managed_routes.n; i++)
		if (str_eq(c->traffic_routing->managed_routes.at[i].name, o->meta.name))
			return str_eq(o->meta.namespace, r->object.meta.namespace);
	return false;
}

static bool
apisix_concerns(const struct rollout *r, const struct object *o)
{
	const struct apisix_route_ref *route = apisix_of(r->spec.strategy.canary);

	return apisix_is_managed(r, o) || (route != NULL && str_eq(route->name, o->meta.name) &&
					      str_eq(o->meta.namespace, r->object.meta.namespace));
}

static bool
apisix_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &apisix_route_type;
}

static size_t
apisix_release(const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	(void)hashes;
	(void)n;
	return owned_release(r, v, &apisix_route_type, apisix_is_managed, plan);
}
