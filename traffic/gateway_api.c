/* traffic/gateway_api.c: the router of the Gateway API: weights in its routes (gateway_rules.c, gateway_experiment.c),
 * rules that steps create (gateway_managed.c, gateway_mirror.c), session affinity (gateway_session.c), and the fields
 * that Git does not set back (gateway_owns.c). Its fields are under the name of the plugin of Argo Rollouts, so that
 * manifests for it can be used.
 */
#include "traffic/gateway_api.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "traffic/two_services.h"

static bool gateway_used(const struct canary_strategy *);
static void gateway_check(const struct canary_strategy *, struct problems *);
static struct err *gateway_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static const char *gateway_verify(const struct rollout *, const struct routing *, struct arena *);
static struct err *gateway_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool gateway_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static void gateway_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool gateway_needs(const struct rollout *, const struct type *);
static json_t *gateway_stand_in(const struct rollout *, const struct type *, const char *ns, const char *name);

#define VERSIONS_MAX 2
#define GATEWAY_WEIGHT_MAX 1000000 /* of a backendRef; a limit of the Gateway API */

/* Row of a kind of route. */
static const struct gateway_kind_row {
	const char *field; /* that names one route; with "s" those that name several, with "Selector" labels */
	const struct type *types[VERSIONS_MAX + 1];
	bool header_routes;
} gateway_kinds[GATEWAY_KIND_MAX] = {
	[GATEWAY_HTTP] = { "httpRoute", { &http_route_type }, true },
	[GATEWAY_GRPC] = { "grpcRoute", { &grpc_route_type }, true },
	[GATEWAY_TCP] = { "tcpRoute", { &tcp_route_type, &tcp_route_v1alpha2_type }, false },
	[GATEWAY_TLS] = { "tlsRoute", { &tls_route_type, &tls_route_v1alpha2_type }, false },
};

static const struct type *const gateway_types[] = { &http_route_type, &grpc_route_type, &tcp_route_type,
	&tcp_route_v1alpha2_type, &tls_route_type, &tls_route_v1alpha2_type, NULL };

const struct router gateway_router = {
	.name = "plugins[\"argoproj-labs/gatewayAPI\"]",
	.metric_name = "GatewayAPI",
	.types = gateway_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_MIRROR_ROUTES | ROUTER_EXPERIMENTS | ROUTER_PING_PONG |
		    ROUTER_MAX_WEIGHT | ROUTER_SESSION_AFFINITY,
	.service_name = "/name",
	.service_port = "/port",
	.used = gateway_used,
	.check = gateway_check,
	.read = gateway_read,
	.verify = gateway_verify,
	.set_weight = gateway_set_weight,
	.has_weight = gateway_has_weight,
	.set_routes = gateway_set_routes,
	.overlay = gateway_overlay,
	.names = gateway_names,
	.stand_in = gateway_stand_in,
	.needs = gateway_needs,
	.concerns = gateway_concerns,
};

const struct gateway_routing *
gateway_of(const struct canary_strategy *c)
{
	const struct traffic_routing *t = c->traffic_routing;

	return t != NULL && t->plugins != NULL ? t->plugins->gateway_api : NULL;
}

static bool
gateway_used(const struct canary_strategy *c)
{
	return gateway_of(c) != NULL;
}

/* Without a route for its rules a step would have no effect. */
static void
gateway_check_header_routes(const struct canary_strategy *c, struct problems *p)
{
	struct gateway_reference ref;

	for (size_t i = 0; gateway_reference_at(c, i, &ref); i++)
		if (ref.header_routes)
			return;
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct canary_step *s = &c->steps.at[i];

		if (s->set_header_route != NULL || s->set_mirror_route != NULL)
			problem_add(p,
			    arena_printf(p->arena, "spec.strategy.canary.steps[%zu].%s", i,
				s->set_header_route != NULL ? "setHeaderRoute" : "setMirrorRoute"),
			    "Invalid value: no route of the Gateway API has useHeaderRoutes: true");
	}
}

/* The rules of "beta" may be named "beta-1" too. */
static void
gateway_check_managed(const struct canary_strategy *c, struct problems *p)
{
	const struct traffic_routing *t = c->traffic_routing;

	for (size_t i = 0; i < t->managed_routes.n; i++)
		for (size_t k = 0; k < i; k++)
			if (!str_eq(t->managed_routes.at[k].name, t->managed_routes.at[i].name) &&
			    gateway_names_overlap(t->managed_routes.at[k].name, t->managed_routes.at[i].name))
				problem_add(p,
				    arena_printf(
					p->arena, "spec.strategy.canary.trafficRouting.managedRoutes[%zu].name", i),
				    "Invalid value: \"%s\": rules in routes of the Gateway API are named \"NAME\" or "
				    "\"NAME-N\", so that its rules may be those of \"%s\"; give it another name",
				    t->managed_routes.at[i].name, t->managed_routes.at[k].name);
}

static void
gateway_check_max_weight(const struct canary_strategy *c, struct problems *p)
{
	if (weight_total(c) > GATEWAY_WEIGHT_MAX)
		problem_add(p, "spec.strategy.canary.trafficRouting.maxTrafficWeight",
		    "Invalid value: %" PRId64 ": the largest weight in a route of the Gateway API is %d",
		    weight_total(c), GATEWAY_WEIGHT_MAX);
}

static void
gateway_check(const struct canary_strategy *c, struct problems *p)
{
	struct gateway_reference ref;
	bool selects = false;

	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++)
		selects |= gateway_selector(c, kind) != NULL;
	if (!gateway_reference_at(c, 0, &ref) && !selects)
		problem_add(p, GATEWAY_FIELD,
		    "Required value: names no route; set httpRoute, grpcRoute, tcpRoute or tlsRoute, or one of "
		    "these names with \"s\" or \"Selector\"");
	gateway_check_header_routes(c, p);
	gateway_check_mirrors(c, p);
	gateway_check_experiments(c, p);
	gateway_check_managed(c, p);
	gateway_check_max_weight(c, p);
	two_services_check_split(c, p, "the Gateway API");
}

const struct type *
gateway_type(enum gateway_kind kind, size_t i)
{
	return gateway_kinds[kind].types[i];
}

static bool
gateway_is_of_kind(enum gateway_kind kind, const struct type *type)
{
	for (size_t i = 0; gateway_type(kind, i) != NULL; i++)
		if (gateway_type(kind, i) == type)
			return true;
	return false;
}

/* Returns the route in the first version that the API server serves it in; NULL: it does not exist. */
static const struct object *
gateway_get(const struct view *view, enum gateway_kind kind, const char *ns, const char *name)
{
	const struct object *o = NULL;

	for (size_t i = 0; o == NULL && gateway_type(kind, i) != NULL; i++)
		o = view_get(view, gateway_type(kind, i), ns, name);
	return o;
}

bool
gateway_reference_at(const struct canary_strategy *c, size_t i, struct gateway_reference *ret)
{
	const struct gateway_routing *g = gateway_of(c);
	const struct {
		const char *alone;
		const struct gateway_route_reference *at;
		size_t n;
	} kinds[GATEWAY_KIND_MAX] = { [GATEWAY_HTTP] = { g->http_route, g->http_routes.at, g->http_routes.n },
		[GATEWAY_GRPC] = { g->grpc_route, g->grpc_routes.at, g->grpc_routes.n },
		[GATEWAY_TCP] = { g->tcp_route, g->tcp_routes.at, g->tcp_routes.n },
		[GATEWAY_TLS] = { g->tls_route, g->tls_routes.at, g->tls_routes.n } };

	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++) {
		if (i < kinds[kind].n) {
			const struct gateway_route_reference *ref = &kinds[kind].at[i];

			*ret = (struct gateway_reference){ .kind = kind,
				.name = ref->name,
				.header_routes = ref->use_header_routes && gateway_kinds[kind].header_routes,
				.index = { true, (int64_t)i } };
			return true;
		}
		i -= kinds[kind].n;
		if (str_empty(kinds[kind].alone))
			continue;
		if (i-- == 0) {
			*ret = (struct gateway_reference){ .kind = kind,
				.name = kinds[kind].alone,
				.header_routes = gateway_kinds[kind].header_routes };
			return true;
		}
	}
	return false;
}

const struct label_selector *
gateway_selector(const struct canary_strategy *c, enum gateway_kind kind)
{
	const struct gateway_routing *g = gateway_of(c);
	const struct label_selector *const selectors[GATEWAY_KIND_MAX] = { [GATEWAY_HTTP] = g->http_route_selector,
		[GATEWAY_GRPC] = g->grpc_route_selector,
		[GATEWAY_TCP] = g->tcp_route_selector,
		[GATEWAY_TLS] = g->tls_route_selector };

	return selectors[kind];
}

const char *
gateway_namespace(const struct rollout *r)
{
	const char *ns = gateway_of(r->spec.strategy.canary)->namespace;

	return !str_empty(ns) ? ns : r->object.meta.namespace;
}

/* The field of a reference, for errors. */
static const char *
gateway_field(struct arena *a, const struct gateway_reference *ref)
{
	const char *field = gateway_kinds[ref->kind].field;

	if (ref->selected)
		return arena_printf(a, GATEWAY_FIELD ".%sSelector", field);
	if (!ref->index.present)
		return arena_printf(a, GATEWAY_FIELD ".%s", field);
	return arena_printf(a, GATEWAY_FIELD ".%ss[%d].name", field, (int)ref->index.value);
}

/* --- rollouts that share a route --- */

static void
gateway_route_key(const struct type *t, const char *ns, const char *name, void *arg)
{
	const struct {
		void (*emit)(const char *, void *);
		void *arg;
	} *keys = arg;
	char key[VIEW_KEY_SIZE];

	keys->emit(view_key(key, t->kind, ns, name), keys->arg);
}

static void
gateway_route_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct rollout *r = (const struct rollout *)o;
	struct {
		void (*emit)(const char *, void *);
		void *arg;
	} keys = { emit, arg };

	if (r->spec.strategy.canary != NULL && gateway_used(r->spec.strategy.canary))
		gateway_names(r, gateway_route_key, &keys);
}

static const struct view_index by_route = { gateway_route_keys };

struct gateway_sharing {
	const struct rollout *rollout;
	const struct gateway_route *route;
	const char *label; /* its key */
	bool needed;
	const char *rule; /* a managed route whose rules could have the names of another rollout's; NULL: none */
	const char *taken; /* the managed route of that rollout */
	const char *other; /* that rollout */
};

/* Returns the first managed route that can have a rule of the same name as `name`; NULL: none. */
static const char *
gateway_manages(const struct canary_strategy *c, const char *name)
{
	for (size_t i = 0; i < c->traffic_routing->managed_routes.n; i++)
		if (gateway_names_overlap(c->traffic_routing->managed_routes.at[i].name, name))
			return c->traffic_routing->managed_routes.at[i].name;
	return NULL;
}

/* Returns whether a rule of the route is split between the Services of the rollout. */
static bool
gateway_splits(const struct rollout *r, const struct gateway_route *route)
{
	for (size_t i = 0; i < route->spec.rules.n; i++)
		if (gateway_is_split(r, &route->spec.rules.at[i]))
			return true;
	return false;
}

static const struct gateway_services no_services;

/* A rollout that only names the route, and has no Services in it, is invalid itself and takes nothing from others. */
static void
gateway_share(const struct object *o, void *arg)
{
	struct gateway_sharing *s = arg;
	const struct canary_strategy *own = s->rollout->spec.strategy.canary;
	const struct rollout *r = (const struct rollout *)o;
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *name;

	if ((str_eq(o->meta.name, s->rollout->object.meta.name) &&
		str_eq(o->meta.namespace, s->rollout->object.meta.namespace)) ||
	    !gateway_concerns(r, &s->route->object) || !gateway_splits(r, s->route))
		return;
	for (size_t i = 0; i < own->traffic_routing->managed_routes.n; i++)
		if ((name = gateway_manages(c, own->traffic_routing->managed_routes.at[i].name)) != NULL) {
			s->rule = own->traffic_routing->managed_routes.at[i].name;
			s->taken = name;
			s->other = o->meta.name;
		}
	for (size_t i = 0; str_eq(gateway_label_key(gateway_of(c)), s->label) && i < s->route->spec.rules.n; i++)
		s->needed |= gateway_is_split(r, &s->route->spec.rules.at[i]) &&
			     gateway_shares_of(r, &s->route->spec.rules.at[i], &no_services).most > 0;
}

/* Finds what other rollouts that name the route need of it. A managed route belongs to one rollout. */
static struct err *
gateway_read_sharing(const struct rollout *r, const struct view *view, struct arena *a, struct gateway_target *t)
{
	struct gateway_sharing s = {
		.rollout = r, .route = t->route, .label = gateway_label_key(gateway_of(r->spec.strategy.canary))
	};
	const struct meta *m = &t->route->object.meta;
	char key[VIEW_KEY_SIZE];

	view_find(view, &rollout_type, &by_route, view_key(key, t->route->object.type->kind, m->namespace, m->name),
	    gateway_share, &s);
	view_find(view, &rollout_type, &by_route, view_key(key, t->route->object.type->kind, m->namespace, NULL),
	    gateway_share, &s);
	t->label_needed = s.needed && s.label != NULL;
	if (s.rule == NULL)
		return NULL;
	return err_at(a, "spec.strategy.canary.trafficRouting.managedRoutes",
	    err_new(a, ERR_INVALID,
		"Invalid value: \"%s\": rollout \"%s\" has a managed "
		"route %s in %s %s too; give it another name",
		s.rule, s.other, str_eq(s.rule, s.taken) ? "of this name" : arena_printf(a, "\"%s\"", s.taken),
		t->route->object.type->kind, m->name));
}

/* --- reading --- */

/* The cookie and the rules that belong to the weight that was read must be there too. */
static void
gateway_read_session(const struct rollout *r, const struct gateway_route *route, struct arena *a, struct routing *ret)
{
	_cleanup_(json_decrefp) json_t *ops = NULL;

	gateway_session_patch(a, r, route, ret->weight, &ops);
	for (size_t i = 0; ops == NULL && i < route->spec.rules.n; i++)
		if (gateway_is_split(r, &route->spec.rules.at[i]))
			ops = gateway_session_edits(a, r, &route->spec.rules.at[i], "", ret->weight);
	ret->routes_differ |= ops != NULL;
}

/* Adds the weights of one route to *ret. */
static void
gateway_read_weights(const struct rollout *r, const struct gateway_route *route, struct gateway_targets *own,
    struct arena *a, struct routing *ret)
{
	bool http = route->object.type == &http_route_type;

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];
		struct gateway_shares s = gateway_shares_of(r, rule, http ? &own->services : &no_services);

		if (!gateway_is_split(r, rule) && !gateway_is_mirror(r, rule))
			continue;
		if (http)
			gateway_read_additional(r, rule, &own->services, !own->has_http, a, ret);
		own->has_http |= http;
		ret->weight = s.most > ret->weight ? s.most : ret->weight;
		ret->weight_min = s.least < ret->weight_min ? s.least : ret->weight_min;
		ret->routes_differ |= s.none;
		ret->has_route = true;
	}
	if (http)
		gateway_read_session(r, route, a, ret);
}

/* Counts the managed rules. A user's rule of such a name is an error: it would be taken for one of a step. */
static struct err *
gateway_read_managed(const struct rollout *r, const struct gateway_route *route, struct arena *a, struct routing *ret)
{
	struct err *e = NULL;

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];

		if (gateway_is_managed(r, rule))
			ret->managed_routes++;
		else if (e == NULL && gateway_has_managed_name(r->spec.strategy.canary, rule))
			e = err_at(a, "spec.strategy.canary.trafficRouting.managedRoutes",
			    err_new(a, ERR_INVALID,
				"%s %s has a rule \"%s\" that no step "
				"made; give the managed route another name",
				route->object.type->kind, route->object.meta.name, rule->name));
	}
	return e;
}

/* Each step that mirrors must be able to do so in the rules as they are, before the update comes to it. */
static struct err *
gateway_read_mirrors(const struct rollout *r, const struct gateway_route *route, struct arena *a)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct err *e;

	for (size_t i = 0; i < c->steps.n; i++) {
		const struct mirror_route *m = c->steps.at[i].set_mirror_route;
		_cleanup_(json_decrefp) json_t *rules = NULL;

		if (m != NULL && m->match.n > 0 && (e = gateway_mirror_rules(a, r, m, route, &rules)) != NULL)
			return err_at(a, arena_printf(a, "spec.strategy.canary.steps[%zu].%s", i, e->path), e);
	}
	return NULL;
}

static struct err *
gateway_read_route(const struct rollout *r, const struct view *view, struct arena *a, struct gateway_targets *own,
    struct routing *ret, struct gateway_target *t)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct type *type = gateway_type(t->reference.kind, 0);
	const struct object *o = gateway_get(view, t->reference.kind, gateway_namespace(r), t->reference.name);
	_cleanup_(json_decrefp) json_t *ops = NULL;
	struct err *e, *not_made, *shared, *no_mirror = NULL, *no_session;

	if (o == NULL)
		return err_at(a, gateway_field(a, &t->reference),
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": %s.%s \"%s\" not found", t->reference.name,
			type->plural, type->group, t->reference.name));
	if (str_empty(c->canary_service) || str_empty(c->stable_service))
		return err_at(a, gateway_field(a, &t->reference),
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": %s %s is split between canaryService and stableService, "
			"and %s is not set; set it, or pingPong",
			t->reference.name, type->kind, t->reference.name,
			str_empty(c->canary_service) ? "canaryService" : "stableService"));
	t->route = (const struct gateway_route *)o;
	e = gateway_weight_patch(a, r, t->route, &own->services, &(struct wanted_split){ 0 }, &ops);
	not_made = gateway_read_managed(r, t->route, a, ret);
	t->invalid = e != NULL || not_made != NULL;
	if (e != NULL)
		return err_at(
		    a, gateway_field(a, &t->reference), err_wrap(a, e, "Invalid value: \"%s\"", t->reference.name));
	gateway_read_weights(r, t->route, own, a, ret);
	shared = gateway_read_sharing(r, view, a, t);
	if (t->reference.header_routes)
		no_mirror = gateway_read_mirrors(r, t->route, a);
	no_session = gateway_session_problem(a, r, t->route);
	return not_made != NULL ? not_made : shared != NULL ? shared : no_mirror != NULL ? no_mirror : no_session;
}

/* The names of the routes that a selector selects. */
struct gateway_selected {
	const struct label_selector *labels;
	const char **names;
	size_t n, capacity;
	struct arena *arena;
};

static void
gateway_select(const struct object *o, void *arg)
{
	struct gateway_selected *s = arg;

	if (!label_selector_matches(s->labels, &o->meta.labels))
		return;
	s->names = arena_grow(s->arena, s->names, s->n, &s->capacity, sizeof(*s->names));
	s->names[s->n++] = o->meta.name;
}

static struct gateway_selected
gateway_selected_routes(const struct rollout *r, const struct view *view, enum gateway_kind kind, struct arena *a)
{
	struct gateway_selected s = { .labels = gateway_selector(r->spec.strategy.canary, kind), .arena = a };

	for (size_t i = 0; s.labels != NULL && gateway_type(kind, i) != NULL; i++)
		view->each(view, gateway_type(kind, i), gateway_namespace(r), gateway_select, &s);
	return s;
}

/* A route that is named twice is one target. */
static struct gateway_target *
gateway_add_target(struct gateway_targets *all, const struct gateway_reference *ref)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].reference.kind == ref->kind && str_eq(all->at[i].reference.name, ref->name)) {
			all->at[i].reference.header_routes |= ref->header_routes;
			return NULL;
		}
	all->at[all->n] = (struct gateway_target){ .reference = *ref };
	return &all->at[all->n++];
}

static struct err *
gateway_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct gateway_targets *own = arena_alloc(a, sizeof(*own));
	struct gateway_selected selected[GATEWAY_KIND_MAX];
	struct gateway_reference ref;
	struct gateway_target *t;
	struct err *e, *first = NULL;
	size_t n = 0;

	while (gateway_reference_at(c, n, &ref))
		n++;
	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++) {
		selected[kind] = gateway_selected_routes(r, view, kind, a);
		n += selected[kind].n;
	}
	own->at = arena_new_array(a, struct gateway_target, n);
	own->services = gateway_read_services(r, view, a);
	*ret = (struct routing){ .weight_min = weight_total(c), .own = own };
	for (size_t i = 0; gateway_reference_at(c, i, &ref); i++)
		if ((t = gateway_add_target(own, &ref)) != NULL &&
		    (e = gateway_read_route(r, view, a, own, ret, t)) != NULL && first == NULL)
			first = e;
	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++)
		for (size_t i = 0; i < selected[kind].n; i++) {
			ref = (struct gateway_reference){
				.kind = kind, .name = selected[kind].names[i], .selected = true
			};
			if ((t = gateway_add_target(own, &ref)) != NULL &&
			    (e = gateway_read_route(r, view, a, own, ret, t)) != NULL && first == NULL)
				first = e;
		}
	if (n == 0 && first == NULL)
		first = err_at(a, GATEWAY_FIELD,
		    err_new(a, ERR_GONE, "Invalid value: its selectors select no route in namespace \"%s\"",
			gateway_namespace(r)));
	if (!ret->has_route)
		ret->weight_min = 0;
	return first;
}

/* --- whether it has taken effect --- */

static bool
gateway_is_parent(const struct parent_ref *a, const struct parent_ref *b, const char *ns)
{
	return str_eq(a->name, b->name) && str_eq(a->namespace ?: ns, b->namespace ?: ns) &&
	       str_eq(a->kind ?: "Gateway", b->kind ?: "Gateway") &&
	       str_eq(a->section_name ?: "", b->section_name ?: "") && a->port.present == b->port.present &&
	       a->port.value == b->port.value;
}

static bool
gateway_condition_is_true(const struct route_parent_status *p, const char *type, int64_t generation)
{
	for (size_t i = 0; i < p->conditions.n; i++)
		if (str_eq(p->conditions.at[i].type, type))
			return str_eq(p->conditions.at[i].status, "True") &&
			       p->conditions.at[i].observed_generation >= generation;
	return false;
}

/* Every controller that reports about a parent must have accepted the route as it is, and found its Services. */
static const char *
gateway_unverified_parent(const struct gateway_route *route, const struct parent_ref *parent, struct arena *a)
{
	static const char *const types[] = { "Accepted", "ResolvedRefs" };
	const struct meta *m = &route->object.meta;
	bool found = false;

	for (size_t i = 0; i < route->status.parents.n; i++) {
		const struct route_parent_status *p = &route->status.parents.at[i];

		if (!gateway_is_parent(&p->parent_ref, parent, m->namespace))
			continue;
		found = true;
		for (size_t k = 0; k < ARRAY_SIZE(types); k++)
			if (!gateway_condition_is_true(p, types[k], m->generation))
				return arena_printf(a, "%s %s: parent %s has not reported %s for generation %lld",
				    route->object.type->kind, m->name, parent->name, types[k],
				    (long long)m->generation);
	}
	return found ? NULL
		     : arena_printf(a, "%s %s: no controller reports about parent %s", route->object.type->kind,
			   m->name, parent->name);
}

static const char *
gateway_verify(const struct rollout *r, const struct routing *now, struct arena *a)
{
	const struct gateway_targets *all = now->own;
	const char *why;

	(void)r;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->at[i].route->spec.parent_refs.n; k++)
			if ((why = gateway_unverified_parent(
				 all->at[i].route, &all->at[i].route->spec.parent_refs.at[k], a)) != NULL)
				return why;
	return NULL;
}

/* --- writing --- */

/* Routes are independent: an abort lowers the weight wherever it can be. Otherwise nothing is written behind a route
 * with an error, as by the plugin of Argo Rollouts. The first patch depends on the writes before it. */
static struct err *
gateway_set_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct gateway_targets *all = now->own;
	struct err *e, *first = NULL;
	size_t written = 0;
	bool stops = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct gateway_target *t = &all->at[i];
		json_t *ops = NULL;

		stops |= (t->route == NULL || t->invalid) && want->weight > 0 && !r->status.abort;
		if (t->route == NULL || stops)
			continue;
		if ((e = gateway_weight_patch(plan->arena, r, t->route, &all->services, want, &ops)) != NULL) {
			first = first != NULL ? first : e;
			continue;
		}
		gateway_label_patch(plan->arena, gateway_of(c), &t->route->object, want->weight, t->label_needed, &ops);
		if (ops == NULL)
			continue;
		plan_patch(plan, &t->route->object, ops);
		if (written++ > 0)
			plan_independent(plan);
		/* the status reports a change of its weight, with the step or the promotion that made it */
		plan_event(plan, &r->object, false,
		    arena_printf(plan->arena, "Updated %s", t->route->object.type->kind),
		    "%s `%s` set to desiredWeight '%d'", t->route->object.type->kind, t->route->object.meta.name,
		    (int)want->weight)
		    ->implied =
		    r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != want->weight;
	}
	return first;
}

static bool
gateway_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct gateway_targets *all = now->own;
	bool has = true;

	for (size_t i = 0; i < all->n && has; i++) {
		const struct gateway_target *t = &all->at[i];
		_cleanup_(json_decrefp) json_t *ops = NULL;

		has = t->route != NULL && gateway_weight_patch(a, r, t->route, &all->services, want, &ops) == NULL &&
		      ops == NULL;
	}
	return has;
}

static void
gateway_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	struct gateway_reference ref;

	for (size_t i = 0; gateway_reference_at(r->spec.strategy.canary, i, &ref); i++)
		for (size_t k = 0; ref.name != NULL && gateway_type(ref.kind, k) != NULL; k++)
			emit(gateway_type(ref.kind, k), gateway_namespace(r), ref.name, arg);
	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++)
		for (size_t k = 0;
		     gateway_selector(r->spec.strategy.canary, kind) != NULL && gateway_type(kind, k) != NULL; k++)
			emit(gateway_type(kind, k), gateway_namespace(r), NULL, arg);
}

static bool
gateway_needs(const struct rollout *r, const struct type *type)
{
	struct gateway_reference ref;

	for (size_t i = 0; gateway_reference_at(r->spec.strategy.canary, i, &ref); i++)
		if (gateway_is_of_kind(ref.kind, type))
			return true;
	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++)
		if (gateway_is_of_kind(kind, type) && gateway_selector(r->spec.strategy.canary, kind) != NULL)
			return true;
	return false;
}

bool
gateway_concerns(const struct rollout *r, const struct object *o)
{
	struct gateway_reference ref;

	for (size_t i = 0; gateway_reference_at(r->spec.strategy.canary, i, &ref); i++)
		if (gateway_is_of_kind(ref.kind, o->type) && str_eq(ref.name, o->meta.name) &&
		    str_eq(gateway_namespace(r), o->meta.namespace))
			return true;
	for (enum gateway_kind kind = 0; kind < GATEWAY_KIND_MAX; kind++)
		if (gateway_is_of_kind(kind, o->type) && gateway_selector(r->spec.strategy.canary, kind) != NULL &&
		    str_eq(gateway_namespace(r), o->meta.namespace) &&
		    label_selector_matches(gateway_selector(r->spec.strategy.canary, kind), &o->meta.labels))
			return true;
	return false;
}

/* A rule with both Services, behind a gateway that accepts it. */
static json_t *
gateway_stand_in(const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *stable = c->stable_service != NULL ? c->stable_service : ROUTER_STAND_IN_HOST,
		   *canary = c->canary_service != NULL ? c->canary_service : ROUTER_STAND_IN_HOST;

	(void)t;
	(void)ns;
	(void)name;
	return json_pack("{s:[{s:s}],s:[{s:[{s:s,s:i,s:i},{s:s,s:i,s:i}]}]}", "parentRefs", "name",
	    ROUTER_STAND_IN_HOST, "rules", "backendRefs", "name", stable, "port", 80, "weight", 100, "name", canary,
	    "port", 80, "weight", 0);
}
