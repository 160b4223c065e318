/* traffic/istio.c: the Istio router: weights in VirtualServices (istio_split.c), routes that steps create
 * (istio_managed.c), session affinity (istio_session.c), pod template hashes in a DestinationRule (istio_subsets.c),
 * and the fields that Git does not set back (istio_owns.c).
 */
#include "traffic/istio.h"
#include <string.h>
#include "base/str.h"
#include "traffic/two_services.h"

static bool istio_used(const struct canary_strategy *);
static void istio_check(const struct canary_strategy *, struct problems *);
static struct err *istio_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *istio_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool istio_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);

static const struct type *const istio_types[] = { &virtual_service_type, &destination_rule_type, NULL };

static void istio_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);

const struct router istio_router = {
	.name = "istio",
	.metric_name = "Istio",
	.types = istio_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_MIRROR_ROUTES | ROUTER_EXPERIMENTS | ROUTER_PING_PONG |
		    ROUTER_SESSION_AFFINITY,
	.service_name = "/destination/host",
	.service_port = "/destination/port",
	.used = istio_used,
	.check = istio_check,
	.read = istio_read,
	.set_weight = istio_set_weight,
	.has_weight = istio_has_weight,
	.set_hashes = istio_set_hashes,
	.set_routes = istio_set_routes,
	.release = istio_release,
	.overlay = istio_overlay,
	.names = istio_names,
	.stand_in = istio_stand_in,
	.concerns = istio_concerns,
};

static bool
istio_used(const struct canary_strategy *c)
{
	return c->traffic_routing != NULL && c->traffic_routing->istio != NULL;
}

/* Steps create and remove managed routes: a route that is split would be removed with them. */
static void
istio_check_managed(const struct canary_strategy *c, struct problems *p)
{
	const struct traffic_routing *t = c->traffic_routing;

	for (size_t i = 0; i < t->managed_routes.n; i++) {
		const char *name = t->managed_routes.at[i].name;
		bool split =
		    t->istio->virtual_service != NULL && istio_reference_lists(t->istio->virtual_service, name);

		for (size_t k = 0; k < t->istio->virtual_services.n; k++)
			split |= istio_reference_lists(&t->istio->virtual_services.at[k], name);
		if (split)
			problem_add(p,
			    arena_printf(p->arena, "spec.strategy.canary.trafficRouting.managedRoutes[%zu].name", i),
			    "Invalid value: \"%s\" is a route that is split; give the managed route a name of its own",
			    name);
	}
}

static void
istio_check(const struct canary_strategy *c, struct problems *p)
{
	const struct istio_destination_rule_ref *rule = c->traffic_routing->istio->destination_rule;

	istio_check_managed(c, p);
	if (rule == NULL)
		two_services_required(c, p);
	if (rule != NULL && rule->canary_subset_name != NULL &&
	    str_eq(rule->canary_subset_name, rule->stable_subset_name))
		problem_add(p, ISTIO_FIELD ".destinationRule.stableSubsetName",
		    "Invalid value: \"%s\": is the subset of the canary too", rule->stable_subset_name);
	if (c->ping_pong != NULL && rule != NULL)
		problem_add(p, "spec.strategy.canary.pingPong",
		    "Invalid value: is for splitting by Services, and destinationRule splits by subsets");
}

/* The canary's percentage. If it has all traffic that other destinations leave, that is 100. */
static int64_t
istio_read_weight(const struct canary_strategy *c, const struct istio_split *split)
{
	int64_t weight = istio_weight(split->route, split->first[SIDE_CANARY]), kept = istio_kept_weight(c, split);

	return kept > 0 && weight > 0 && weight + kept >= 100 &&
		       istio_weight(split->route, split->first[SIDE_STABLE]) == 0
		   ? 100
		   : weight;
}

/* Adds the other destinations that have a weight to *ret: each once, with the most that a route gives it. */
static void
istio_read_additional(const struct istio_splits *s, const struct istio_split *split, bool first, struct routing *ret)
{
	const struct istio_route *r = split->route;
	struct weight_destination *list =
	    arena_new_array(s->arena, struct weight_destination, ret->n_additional + r->route.n);
	size_t n = ret->n_additional, met = 0;

	if (n > 0)
		memcpy(list, ret->additional, n * sizeof(*list));
	for (size_t i = 0; i < r->route.n; i++) {
		const struct istio_destination *d = &r->route.at[i].destination;
		int64_t weight = istio_weight(r, i);
		size_t k = 0;

		if (istio_side(s->canary, d) != SIDE_OTHER || weight == 0 || d->host == NULL)
			continue;
		while (k < n && !istio_host_is(d->host, list[k].service_name))
			k++;
		met++;
		ret->routes_differ |= !first && (k == n || list[k].weight != weight);
		if (k == n)
			list[n++].service_name = arena_strndup(s->arena, d->host, strcspn(d->host, "."));
		list[k].weight = weight > list[k].weight ? weight : list[k].weight;
	}
	ret->routes_differ |= !first && met != n;
	ret->additional = list;
	ret->n_additional = n;
}

/* The pods of a subset are among those that the Service selects that is its host. */
static void
istio_read_services(const struct canary_strategy *c, const struct istio_split *split, struct routing *ret)
{
	static const enum istio_side sides[] = { SIDE_CANARY, SIDE_STABLE };

	for (size_t i = 0; i < ARRAY_SIZE(sides) && c->traffic_routing->istio->destination_rule != NULL; i++) {
		const struct istio_destination *d = &split->route->route.at[split->first[sides[i]]].destination;

		ret->needs_canary_service |= istio_host_is(d->host, c->canary_service);
		ret->needs_stable_service |= istio_host_is(d->host, c->stable_service);
	}
}

/* A route with a managed name that no step made is an error: the next step would replace it. */
static struct err *
istio_read_managed(const struct istio_splits *s, struct routing *ret)
{
	struct err *e = NULL;

	for (size_t i = 0; i < s->vs->spec.http.n; i++) {
		const struct istio_route *route = &s->vs->spec.http.at[i];

		if (istio_is_made(s->canary, route))
			ret->managed_routes++;
		else if (e == NULL && istio_is_managed(s->canary, route))
			e = err_at(s->arena, "spec.strategy.canary.trafficRouting.managedRoutes",
			    err_new(s->arena, ERR_INVALID,
				"VirtualService %s has a route \"%s\" "
				"that no step made; give the managed route another name",
				s->vs->object.meta.name, route->name));
	}
	return e;
}

/* The cookie and the routes that belong to the weight that was read must be there too. */
static struct err *
istio_read_session(const struct istio_splits *s, const struct rollout *r, struct routing *ret)
{
	_cleanup_(json_decrefp) json_t *ops = NULL;
	struct session session;

	if (!istio_session_concerns(s->arena, r, s->vs, ret->weight, &session))
		return NULL;
	istio_session_patch(s, r, &session, &ops);
	for (size_t i = 0; ops == NULL && i < s->n; i++)
		ops = istio_session_edits(s->arena, &session, &s->at[i]);
	ret->routes_differ |= ops != NULL;
	return istio_session_problem(s, r);
}

/* Reads one VirtualService, and adds its state to *ret. */
static struct err *
istio_read_virtual_service(const struct rollout *r, const struct istio_virtual_service_ref *ref,
    const struct view *view, struct arena *a, struct routing *ret, const struct object **ret_object)
{
	struct istio_splits s = { .arena = a, .canary = r->spec.strategy.canary };
	const char *dot = ref->name != NULL ? strchr(ref->name, '.') : NULL, *name;
	struct err *e, *managed, *no_session;

	if (ref->name == NULL)
		return err_at(a, istio_reference_field(a, s.canary, ref, ".name"),
		    err_new(a, ERR_INVALID, "required, but missing"));
	name = dot != NULL ? arena_strndup(a, ref->name, (size_t)(dot - ref->name)) : ref->name;
	s.vs = (const struct virtual_service *)view_get(
	    view, &virtual_service_type, dot != NULL ? dot + 1 : r->object.meta.namespace, name);
	if (s.vs == NULL)
		return err_at(a, istio_reference_field(a, s.canary, ref, ".name"),
		    err_new(a, ERR_GONE,
			"Invalid value: \"%s\": "
			"virtualservices.networking.istio.io \"%s\" not found",
			ref->name, name));
	e = istio_splits_read(&s, ref);
	if (e == NULL && s.n == 0)
		return err_at(a, istio_reference_field(a, s.canary, ref, ""),
		    err_new(a, ERR_INVALID, "VirtualService %s has no http, tls or tcp route", name));
	for (size_t i = 0; i < s.n; i++) {
		int64_t w = istio_read_weight(s.canary, &s.at[i]);

		istio_read_services(s.canary, &s.at[i], ret);
		if (!ret->has_route || w > ret->weight)
			ret->kept_weight = istio_kept_weight(s.canary, &s.at[i]);
		ret->weight = w > ret->weight ? w : ret->weight;
		ret->weight_min = w < ret->weight_min ? w : ret->weight_min;
		istio_read_additional(&s, &s.at[i], !ret->has_route, ret);
		ret->has_route = true;
	}
	/* an abort takes the weight away whatever these are */
	*ret_object = &s.vs->object;
	managed = istio_read_managed(&s, ret);
	no_session = istio_read_session(&s, r, ret);
	return e ?: managed ?: no_session;
}

/* It keeps the objects as istio_objects() returns them. */
static struct err *
istio_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_routing *routing = c->traffic_routing->istio;
	const struct istio_virtual_service_ref *refs;
	size_t n = istio_references(c, &refs);
	struct err *e, *first = NULL;
	const struct object **objects;

	if (n == 0)
		return err_at(a, ISTIO_FIELD ".virtualService.name", err_new(a, ERR_INVALID, "required, but missing"));
	if (routing->virtual_service != NULL && routing->virtual_services.n > 0)
		return err_at(a, ISTIO_FIELD ".virtualServices",
		    err_new(a, ERR_INVALID, "Invalid value: either virtualService or virtualServices, not both"));
	if (routing->destination_rule == NULL && (c->canary_service == NULL || c->stable_service == NULL))
		return err_at(a, ISTIO_FIELD,
		    err_new(a, ERR_INVALID, "needs a destinationRule, or canaryService and stableService"));
	objects = arena_new_array(a, const struct object *, n + 1);
	*ret = (struct routing){ .weight_min = 100, .own = objects };
	for (size_t i = 0; i < n; i++)
		if ((e = istio_read_virtual_service(r, &refs[i], view, a, ret, &objects[i + 1])) != NULL &&
		    first == NULL)
			first = e;
	if (routing->destination_rule != NULL && (e = istio_read_subsets(r, view, a, ret, &objects[0])) != NULL &&
	    first == NULL)
		first = e;
	return first;
}

/* VirtualServices are independent: the patch of one is sent even if that of another failed, so that weight is lowered
 * wherever it can be. The first patch depends on the writes before it. */
static struct err *
istio_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct istio_virtual_service_ref *refs;
	size_t n = istio_references(r->spec.strategy.canary, &refs), written = 0;
	struct err *e, *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)istio_objects(now)[i + 1];
		json_t *ops;

		if (vs == NULL)
			continue;
		e = istio_weight_patch(plan->arena, r->spec.strategy.canary, r, &refs[i], vs, want, &ops);
		first = first ?: e;
		if (json_array_size(ops) == 0) {
			json_decref(ops);
			continue;
		}
		plan_patch(plan, &vs->object, ops);
		if (written++ > 0)
			plan_independent(plan);
		/* the status reports a change of its weight, with the step or the promotion that made it */
		plan_event(plan, &r->object, false, "Updated VirtualService",
		    "VirtualService `%s` set to desiredWeight '%d'", vs->object.meta.name, (int)want->weight)
		    ->implied =
		    r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != want->weight;
	}
	return first;
}

static bool
istio_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct istio_virtual_service_ref *refs;
	size_t n = istio_references(r->spec.strategy.canary, &refs);
	bool has = true;

	for (size_t i = 0; i < n && has; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)istio_objects(now)[i + 1];
		_cleanup_(json_decrefp) json_t *ops = NULL;

		has = vs != NULL &&
		      istio_weight_patch(a, r->spec.strategy.canary, r, &refs[i], vs, want, &ops) == NULL &&
		      json_array_size(ops) == 0;
	}
	return has;
}

static void
istio_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_destination_rule_ref *rule = c->traffic_routing->istio->destination_rule;
	const struct istio_virtual_service_ref *refs;
	char name[VIEW_KEY_SIZE];

	if (rule != NULL && rule->name != NULL)
		emit(&destination_rule_type, r->object.meta.namespace, rule->name, arg);
	for (size_t n = istio_references(c, &refs); n-- > 0;) {
		const char *ref = refs[n].name;
		size_t len = ref != NULL ? strcspn(ref, ".") : 0;

		if (ref == NULL || len >= sizeof(name))
			continue;
		memcpy(name, ref, len);
		name[len] = '\0';
		emit(&virtual_service_type, ref[len] == '.' ? ref + len + 1 : r->object.meta.namespace, name, arg);
	}
}

bool
istio_concerns(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_destination_rule_ref *rule = c->traffic_routing->istio->destination_rule;
	const struct istio_virtual_service_ref *refs;

	if (o->type == &destination_rule_type)
		return rule != NULL && str_eq(o->meta.namespace, r->object.meta.namespace) &&
		       str_eq(o->meta.name, rule->name);
	for (size_t n = istio_references(c, &refs); n-- > 0;)
		if (istio_reference_is(r, &refs[n], o->meta.namespace, o->meta.name))
			return true;
	return false;
}
