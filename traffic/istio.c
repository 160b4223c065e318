/* traffic/istio.c: Istio: weights in VirtualServices, pod template hashes in DestinationRules.
 *
 * Routes are, of each kind (http, tls, tcp), those that the strategy names, or the only one there is. A destination is the
 * canary's when its subset is (with a DestinationRule) or when its host is the canary Service, up to the first dot (as Argo
 * Rollouts compares them: utils/istio). Patches test the whole route list before they touch a weight, so that a change made
 * by somebody else in the meantime makes them fail instead of being overwritten.
 */
#include "traffic/istio.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "traffic/owns.h"
#include "traffic/router.h"

static bool istio_used(const struct canary_strategy *);
static void istio_check(const struct canary_strategy *, struct problems *);
static struct err *istio_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *istio_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool istio_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static void istio_set_hashes(
    const struct rollout *, const struct routing *, const struct wanted_hashes *, struct plan *);
static bool istio_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);
static size_t istio_release(const struct rollout *, const struct view *, const char *const *, size_t, struct plan *);
static bool istio_concerns(const struct rollout *, const struct object *);

static const struct type *const istio_types[] = { &virtual_service_type, &destination_rule_type, NULL };

const struct router istio_router = {
	.name = "istio",
	.metric_name = "Istio",
	.types = istio_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_MIRROR_ROUTES | ROUTER_EXPERIMENTS | ROUTER_PING_PONG,
	.used = istio_used,
	.check = istio_check,
	.read = istio_read,
	.set_weight = istio_set_weight,
	.has_weight = istio_has_weight,
	.set_hashes = istio_set_hashes,
	.set_routes = istio_set_routes,
	.release = istio_release,
	.overlay = istio_overlay,
	.concerns = istio_concerns,
};

#define FIELD "spec.strategy.canary.trafficRouting.istio"

static const char *const kinds[] = { "http", "tls", "tcp" };

/* Which destinations of one route carry what. */
struct split {
	const char *kind; /* of kinds[] */
	const struct istio_route *route;
	size_t index; /* in spec.KIND */
	size_t canary, stable; /* in route */
};

/* The splits of one VirtualService. In the arena. */
struct splits {
	struct arena *arena;
	const struct canary_strategy *canary;
	const struct virtual_service *vs;
	struct split *at;
	size_t n;
};

static const struct istio_routing *
config(const struct canary_strategy *c)
{
	return c->traffic_routing->istio;
}

static bool
istio_used(const struct canary_strategy *c)
{
	return c->traffic_routing != NULL && c->traffic_routing->istio != NULL;
}

static bool
istio_names_route(const struct istio_virtual_service_ref *ref, const char *name)
{
	for (size_t i = 0; ref != NULL && i < ref->routes.n; i++)
		if (str_eq(ref->routes.at[i], name))
			return true;
	return false;
}

/* Steps make and remove managed routes: a route that is split would be removed with them. */
static void
istio_check_managed_routes(const struct canary_strategy *c, struct problems *p)
{
	const struct traffic_routing *t = c->traffic_routing;

	for (size_t i = 0; i < t->managed_routes.n; i++) {
		const char *name = t->managed_routes.at[i].name;
		bool split = istio_names_route(t->istio->virtual_service, name);

		for (size_t k = 0; k < t->istio->virtual_services.n; k++)
			split |= istio_names_route(&t->istio->virtual_services.at[k], name);
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
	const struct istio_destination_rule_ref *rule = config(c)->destination_rule;

	istio_check_managed_routes(c, p);
	if (rule != NULL && rule->canary_subset_name != NULL &&
	    str_eq(rule->canary_subset_name, rule->stable_subset_name))
		problem_add(p, FIELD ".destinationRule.stableSubsetName",
		    "Invalid value: \"%s\": is the subset of the canary too", rule->stable_subset_name);
	if (c->ping_pong != NULL && rule != NULL)
		problem_add(p, "spec.strategy.canary.pingPong",
		    "Invalid value: is for splitting by Services, and destinationRule splits by subsets");
}

bool
istio_host_is(const char *host, const char *service)
{
	size_t n;

	if (host == NULL || service == NULL)
		return false;
	n = strcspn(host, ".");
	return strlen(service) == n && strncmp(host, service, n) == 0;
}

enum istio_side
istio_side(const struct canary_strategy *c, const struct istio_destination *d)
{
	const struct istio_destination_rule_ref *dr = config(c)->destination_rule;

	if (dr != NULL) {
		if (str_eq(d->subset, dr->canary_subset_name))
			return SIDE_CANARY;
		if (str_eq(d->subset, dr->stable_subset_name))
			return SIDE_STABLE;
		for (size_t i = 0; i < dr->additional_subset_names.n; i++)
			if (str_eq(d->subset, dr->additional_subset_names.at[i]))
				return SIDE_KEPT;
		return SIDE_OTHER;
	}
	if (istio_host_is(d->host, c->canary_service))
		return SIDE_CANARY;
	return istio_host_is(d->host, c->stable_service) ? SIDE_STABLE : SIDE_OTHER;
}

static struct err *
split_route(struct splits *s, const char *kind, const struct istio_route *r, size_t index)
{
	struct split split = { kind, r, index, 0, 0 };
	size_t n[SIDE_OTHER + 1] = { 0 };

	for (size_t i = 0; i < r->route.n; i++) {
		enum istio_side side = istio_side(s->canary, &r->route.at[i].destination);

		n[side]++;
		if (side == SIDE_CANARY)
			split.canary = i;
		else if (side == SIDE_STABLE)
			split.stable = i;
	}
	if (n[SIDE_CANARY] != 1 || n[SIDE_STABLE] != 1)
		return err_new(s->arena, ERR_INVALID,
		    "%s.virtualService: %s route %s of VirtualService %s must have one %s and one %s "
		    "destination, but has %zu and %zu",
		    FIELD, kind, r->name != NULL ? r->name : arena_printf(s->arena, "number %zu", index),
		    s->vs->object.meta.name, "canary", "stable", n[SIDE_CANARY], n[SIDE_STABLE]);
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].route == r)
			return NULL; /* meant twice */
	s->at[s->n++] = split;
	return NULL;
}

static bool
is_managed(const struct canary_strategy *c, const struct istio_route *r)
{
	for (size_t i = 0; r->name != NULL && i < c->traffic_routing->managed_routes.n; i++)
		if (str_eq(c->traffic_routing->managed_routes.at[i].name, r->name))
			return true;
	return false;
}

/* When the strategy names none, there must be just one, besides those that it manages. */
static struct err *
split_only(struct splits *s, const char *kind, const struct istio_route *routes, size_t all)
{
	size_t n = 0, only = 0;

	for (size_t i = 0; i < all; i++)
		if (!is_managed(s->canary, &routes[i])) {
			n++;
			only = i;
		}
	if (n == 1)
		return split_route(s, kind, &routes[only], only);
	return err_new(s->arena, ERR_INVALID,
	    "%s.virtualService.%s: VirtualService %s has %zu %s routes%s; name the ones to split", FIELD,
	    strcmp(kind, "http") == 0 ? "routes" : arena_printf(s->arena, "%sRoutes", kind), s->vs->object.meta.name, n,
	    kind, n < all ? " in addition to those of managedRoutes" : "");
}

static struct err *
split_http(struct splits *s, const struct strings *names)
{
	const struct virtual_service_spec *spec = &s->vs->spec;
	struct err *e = NULL;

	if (spec->http.n == 0)
		return NULL;
	if (names->n == 0)
		e = split_only(s, kinds[0], spec->http.at, spec->http.n);
	for (size_t i = 0; i < names->n && e == NULL; i++) {
		size_t k = 0;

		while (k < spec->http.n && !str_eq(spec->http.at[k].name, names->at[i]))
			k++;
		e = k < spec->http.n ? split_route(s, kinds[0], &spec->http.at[k], k)
				     : err_new(s->arena, ERR_INVALID,
					   "%s.virtualService.routes[%zu]: VirtualService %s has no http route \"%s\"",
					   FIELD, i, s->vs->object.meta.name, names->at[i]);
	}
	/* A route that mirrors splits what it matches as the others do. */
	for (size_t i = 0; i < spec->http.n && e == NULL; i++)
		if (is_managed(s->canary, &spec->http.at[i]) && spec->http.at[i].raw_mirror != NULL)
			e = split_route(s, kinds[0], &spec->http.at[i], i);
	return e;
}

static bool
has_host(const struct strings *hosts, const char *host)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (str_eq(hosts->at[i], host))
			return true;
	return false;
}

/* All matches of the route are on the port that the reference says (or on none, as it), and their hosts together are those of
 * the reference, no more and no fewer. */
static bool
is_meant(const struct istio_route_ref *ref, const struct istio_route *r)
{
	int64_t port = ref->port.set ? ref->port.is : 0;

	for (size_t m = 0; m < r->match.n; m++) {
		const struct istio_match *match = &r->match.at[m];

		if ((match->port.set ? match->port.is : 0) != port)
			return false;
		for (size_t i = 0; i < match->sni_hosts.n; i++)
			if (!has_host(&ref->sni_hosts, match->sni_hosts.at[i]))
				return false;
	}
	for (size_t i = 0; i < ref->sni_hosts.n; i++) {
		bool found = false;

		for (size_t m = 0; m < r->match.n; m++)
			found |= has_host(&r->match.at[m].sni_hosts, ref->sni_hosts.at[i]);
		if (!found)
			return false;
	}
	return r->match.n > 0;
}

static struct err *
split_l4(struct splits *s, const char *kind, const struct istio_route *routes, size_t n_routes,
    const struct istio_route_ref *refs, size_t n_refs)
{
	struct err *e = NULL;

	if (n_routes == 0)
		return NULL;
	if (n_refs == 0)
		return split_only(s, kind, routes, n_routes);
	for (size_t i = 0; i < n_refs; i++) {
		bool found = false;

		for (size_t k = 0; k < n_routes && e == NULL; k++)
			if (is_meant(&refs[i], &routes[k])) {
				found = true;
				e = split_route(s, kind, &routes[k], k);
			}
		if (e == NULL && !found)
			e = err_new(s->arena, ERR_INVALID,
			    "%s.virtualService.%sRoutes[%zu]: VirtualService %s has no %s route with this port%s",
			    FIELD, kind, i, s->vs->object.meta.name, kind,
			    strcmp(kind, "tls") == 0 ? " and these sniHosts" : "");
		if (e != NULL)
			return e;
	}
	return NULL;
}

/* The routes to work on: of each kind those that are named, or the single one. */
static struct err *
split_all(struct splits *s, const struct istio_virtual_service_ref *ref)
{
	const struct virtual_service_spec *spec = &s->vs->spec;
	struct err *e;

	s->at = arena_new_array(s->arena, struct split, spec->http.n + spec->tls.n + spec->tcp.n + 1);
	if ((e = split_http(s, &ref->routes)) != NULL ||
	    (e = split_l4(s, kinds[1], spec->tls.at, spec->tls.n, ref->tls_routes.at, ref->tls_routes.n)) != NULL)
		return e;
	return split_l4(s, kinds[2], spec->tcp.at, spec->tcp.n, ref->tcp_routes.at, ref->tcp_routes.n);
}

/* A weight that is not written is 0. */
static int64_t
weight_of(const struct split *s, size_t i)
{
	const struct opt_int *weight = &s->route->route.at[i].weight;

	return weight->set ? weight->is : 0;
}

/* What the destinations besides the two, and those that go, have of the weight. */
static int64_t
kept_weight(const struct splits *s, const struct split *split)
{
	int64_t kept = 0;

	for (size_t i = 0; i < split->route->route.n; i++)
		if (istio_side(s->canary, &split->route->route.at[i].destination) == SIDE_KEPT)
			kept += weight_of(split, i);
	return kept;
}

/* The canary's share as the rollout counts it: all that others leave it is all. */
static int64_t
weight_read(const struct splits *s, const struct split *split)
{
	int64_t weight = weight_of(split, split->canary), kept = kept_weight(s, split);

	return kept > 0 && weight > 0 && weight + kept >= 100 && weight_of(split, split->stable) == 0 ? 100 : weight;
}

static const struct weight_destination *
additional_of(const struct istio_destination *d, const struct wanted_split *want)
{
	for (size_t i = 0; i < want->n_additional; i++)
		if (istio_host_is(d->host, want->additional[i].service_name))
			return &want->additional[i];
	return NULL;
}

/* What has to change in one route. A new reference. */
static json_t *
route_edits(const struct splits *s, const struct split *split, const struct wanted_split *wanted)
{
	const struct istio_route *r = split->route;
	json_t *edits = json_array(), *added = json_array();
	const char *base = arena_printf(s->arena, "/spec/%s/%zu/route", split->kind, split->index);
	int64_t rest = 100 - kept_weight(s, split), weight = wanted->weight;

	for (size_t k = 0; k < wanted->n_additional; k++) {
		bool found = false;

		rest -= wanted->additional[k].weight;
		for (size_t i = 0; i < r->route.n; i++)
			found |= i != split->canary && i != split->stable &&
				 istio_host_is(r->route.at[i].destination.host, wanted->additional[k].service_name);
		if (!found)
			json_patch_add(added, "add", arena_printf(s->arena, "%s/-", base),
			    json_pack("{s:{s:s},s:I}", "destination", "host", wanted->additional[k].service_name,
				"weight", (json_int_t)wanted->additional[k].weight));
	}
	rest = rest > 0 ? rest : 0;
	weight = weight < rest ? weight : rest;
	/* From the last destination to the first, so that removing one does not move the others. */
	for (size_t i = r->route.n; i-- > 0;) {
		const char *path = arena_printf(s->arena, "%s/%zu", base, i);
		const struct weight_destination *more = additional_of(&r->route.at[i].destination, wanted);
		bool ours = i == split->canary || i == split->stable || more != NULL;
		int64_t want = i == split->canary   ? weight
			       : i == split->stable ? rest - weight
			       : more != NULL	    ? more->weight
						    : 0;

		if (weight_of(split, i) == want || istio_side(s->canary, &r->route.at[i].destination) == SIDE_KEPT)
			continue;
		if (ours)
			json_patch_add(edits, r->route.at[i].weight.set ? "replace" : "add",
			    arena_printf(s->arena, "%s/weight", path), json_integer(want));
		else /* The split must add up to 100: a destination that is neither loses its share. */
			json_patch_add(edits, "remove", path, NULL);
	}
	json_array_extend(edits, added);
	json_decref(added);
	return edits;
}

struct err *
istio_weight_patch(struct arena *a, const struct canary_strategy *c, const struct istio_virtual_service_ref *ref,
    const struct virtual_service *vs, const struct wanted_split *want, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *ops = NULL;
	struct splits s = { .arena = a, .canary = c, .vs = vs };
	struct err *e;

	if ((e = split_all(&s, ref)) != NULL)
		return e;
	ops = json_array();
	for (size_t k = 0; k < s.n; k++) {
		_cleanup_(json_decrefp) json_t *edits = route_edits(&s, &s.at[k], want);
		const struct istio_route *r = s.at[k].route;
		const char *path = arena_printf(a, "/spec/%s/%zu", s.at[k].kind, s.at[k].index);

		if (json_array_size(edits) == 0)
			continue;
		if (r->name != NULL)
			json_patch_add(ops, "test", arena_printf(a, "%s/name", path), json_string(r->name));
		else if (s.at[k].kind != kinds[0] && r->raw_match != NULL)
			json_patch_add(
			    ops, "test", arena_printf(a, "%s/match", path), json_loads(r->raw_match, 0, NULL));
		json_patch_add(ops, "test", arena_printf(a, "%s/route", path), json_loads(r->raw_route, 0, NULL));
		json_array_extend(ops, edits);
	}
	*ret = TAKE_PTR(ops);
	return NULL;
}

/* The VirtualServices that the strategy names: the one, or the list. */
static size_t
references(const struct canary_strategy *c, const struct istio_virtual_service_ref **ret)
{
	const struct istio_routing *routing = config(c);

	*ret = routing->virtual_service != NULL ? routing->virtual_service : routing->virtual_services.at;
	return routing->virtual_service != NULL ? 1 : routing->virtual_services.n;
}

/* "name" or "name.namespace"; *ret_name is NULL when the manifest has none. */
static void
vs_key(const struct rollout *r, const struct istio_virtual_service_ref *ref, struct arena *a, const char **ret_ns,
    const char **ret_name)
{
	const char *dot = ref->name != NULL ? strchr(ref->name, '.') : NULL;

	*ret_ns = dot != NULL ? dot + 1 : r->object.meta.namespace;
	*ret_name = dot != NULL ? arena_strndup(a, ref->name, (size_t)(dot - ref->name)) : ref->name;
}

static const struct subset *
subset_named(const struct destination_rule *dr, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < dr->spec.subsets.n; i++)
		if (str_eq(dr->spec.subsets.at[i].name, name)) {
			if (ret_index != NULL)
				*ret_index = i;
			return &dr->spec.subsets.at[i];
		}
	return NULL;
}

static struct err *
read_destination_rule(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct istio_destination_rule_ref *ref = config(r->spec.strategy.canary)->destination_rule;
	const struct object *o = view_get(view, &destination_rule_type, r->object.meta.namespace, ref->name);
	const struct destination_rule *dr = (const struct destination_rule *)o;
	const char *names[] = { ref->canary_subset_name, ref->stable_subset_name };
	const char **hashes[] = { &ret->canary_hash, &ret->stable_hash };
	const char *other;

	if (o == NULL)
		return err_new(a, ERR_GONE,
		    "%s.destinationRule.name: Invalid value: \"%s\": "
		    "destinationrules.networking.istio.io \"%s\" not found",
		    FIELD, ref->name, ref->name);
	if ((other = managed_by_other(r, view, o)) != NULL)
		return err_new(a, ERR_INVALID,
		    "%s.destinationRule.name: Invalid value: \"%s\": it is managed by rollout \"%s\"", FIELD, ref->name,
		    other);
	for (size_t i = 0; i < 2; i++) {
		const struct subset *s = subset_named(dr, names[i], NULL);

		if (s == NULL)
			return err_new(a, ERR_INVALID, "%s.destinationRule: DestinationRule %s has no subset \"%s\"",
			    FIELD, ref->name, names[i]);
		*hashes[i] = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	}
	ret->splits_pods = true;
	ret->objects[0] = o;
	return NULL;
}

/* What destinations besides the two have, into *ret: each once, with the most that a route gives it. */
static void
read_additional(const struct splits *s, const struct split *split, bool first, struct routing *ret)
{
	const struct istio_route *r = split->route;
	struct weight_destination *list =
	    arena_new_array(s->arena, struct weight_destination, ret->n_additional + r->route.n);
	size_t n = ret->n_additional, met = 0;

	if (n > 0)
		memcpy(list, ret->additional, n * sizeof(*list));
	for (size_t i = 0; i < r->route.n; i++) {
		const struct istio_destination *d = &r->route.at[i].destination;
		int64_t weight = weight_of(split, i);
		size_t k = 0;

		if (istio_side(s->canary, d) != SIDE_OTHER || weight == 0 || d->host == NULL)
			continue;
		while (k < n && !istio_host_is(d->host, list[k].service_name))
			k++;
		met++;
		ret->uneven |= !first && (k == n || list[k].weight != weight);
		if (k == n)
			list[n++].service_name = arena_strndup(s->arena, d->host, strcspn(d->host, "."));
		list[k].weight = weight > list[k].weight ? weight : list[k].weight;
	}
	ret->uneven |= !first && met != n;
	ret->additional = list;
	ret->n_additional = n;
}

/* A subset is taken from what the Service selects that is its host. */
static void
read_services(const struct splits *s, const struct split *split, struct routing *ret)
{
	const size_t own[] = { split->canary, split->stable };

	for (size_t i = 0; i < ARRAY_SIZE(own) && config(s->canary)->destination_rule != NULL; i++) {
		const struct istio_destination *d = &split->route->route.at[own[i]].destination;

		ret->needs_canary_service |= istio_host_is(d->host, s->canary->canary_service);
		ret->needs_stable_service |= istio_host_is(d->host, s->canary->stable_service);
	}
}

/* A route with a managed name that no step can have made is a user's, and would be removed: a step's has the canary's destination alone,
 * which may be the stable one by now, or it mirrors. */
static struct err *
check_managed(const struct splits *s)
{
	for (size_t i = 0; i < s->vs->spec.http.n; i++) {
		const struct istio_route *r = &s->vs->spec.http.at[i];
		enum istio_side side =
		    r->route.n == 1 ? istio_side(s->canary, &r->route.at[0].destination) : SIDE_OTHER;

		if (is_managed(s->canary, r) && r->raw_mirror == NULL && side != SIDE_CANARY && side != SIDE_STABLE)
			return err_new(s->arena, ERR_INVALID,
			    "spec.strategy.canary.trafficRouting.managedRoutes: VirtualService %s has a route \"%s\" "
			    "that no step "
			    "made; give the managed route another name",
			    s->vs->object.meta.name, r->name);
	}
	return NULL;
}

/* Reads one VirtualService, and adds what it says to *ret. */
static struct err *
read_virtual_service(const struct rollout *r, const struct istio_virtual_service_ref *ref, const struct view *view,
    struct arena *a, struct routing *ret, const struct object **ret_object)
{
	struct splits s = { .arena = a, .canary = r->spec.strategy.canary };
	const char *ns, *name;
	struct err *e;

	if (ref->name == NULL)
		return err_new(a, ERR_INVALID, "%s.virtualService.name: required, but missing", FIELD);
	vs_key(r, ref, a, &ns, &name);
	s.vs = (const struct virtual_service *)view_get(view, &virtual_service_type, ns, name);
	if (s.vs == NULL)
		return err_new(a, ERR_GONE,
		    "%s.virtualService.name: Invalid value: \"%s\": "
		    "virtualservices.networking.istio.io \"%s\" not found",
		    FIELD, ref->name, name);
	if ((e = split_all(&s, ref)) != NULL)
		return e;
	if (s.n == 0)
		return err_new(
		    a, ERR_INVALID, "%s.virtualService: VirtualService %s has no http, tls or tcp route", FIELD, name);
	for (size_t i = 0; i < s.n; i++) {
		int64_t w = weight_read(&s, &s.at[i]);

		read_services(&s, &s.at[i], ret);
		if (!ret->reads_route || w > ret->weight)
			ret->kept = kept_weight(&s, &s.at[i]);
		ret->weight = w > ret->weight ? w : ret->weight;
		ret->weight_least = w < ret->weight_least ? w : ret->weight_least;
		read_additional(&s, &s.at[i], !ret->reads_route, ret);
		ret->reads_route = true;
	}
	if ((e = check_managed(&s)) != NULL)
		return e;
	for (size_t i = 0; i < s.vs->spec.http.n; i++)
		ret->routes += is_managed(s.canary, &s.vs->spec.http.at[i]);
	*ret_object = &s.vs->object;
	return NULL;
}

static struct err *
istio_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_virtual_service_ref *refs;
	size_t n = references(c, &refs);
	struct err *e, *first = NULL;

	if (n == 0)
		return err_new(a, ERR_INVALID, "%s.virtualService.name: required, but missing", FIELD);
	if (config(c)->virtual_service != NULL && config(c)->virtual_services.n > 0)
		return err_new(a, ERR_INVALID,
		    "%s.virtualServices: Invalid value: either virtualService or virtualServices, not both", FIELD);
	if (config(c)->destination_rule == NULL && (c->canary_service == NULL || c->stable_service == NULL))
		return err_new(
		    a, ERR_INVALID, "%s: needs a destinationRule, or canaryService and stableService", FIELD);
	/* objects[0] is the DestinationRule; the VirtualServices follow in the order of their references. NULL: not read. */
	*ret = (struct routing){ .weight_least = 100, .objects = arena_new_array(a, const struct object *, n + 1) };
	for (size_t i = 0; i < n; i++)
		if ((e = read_virtual_service(r, &refs[i], view, a, ret, &ret->objects[i + 1])) != NULL &&
		    first == NULL)
			first = e;
	if (config(c)->destination_rule != NULL && (e = read_destination_rule(r, view, a, ret)) != NULL &&
	    first == NULL)
		first = e;
	return first;
}

static struct err *
istio_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct istio_virtual_service_ref *refs;
	size_t n = references(r->spec.strategy.canary, &refs), written = 0;
	struct err *e;

	for (size_t i = 0; i < n; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)now->objects[i + 1];
		json_t *ops;

		if (vs == NULL)
			continue;
		if ((e = istio_weight_patch(plan->arena, r->spec.strategy.canary, &refs[i], vs, want, &ops)) != NULL)
			return e;
		if (json_array_size(ops) == 0) {
			json_decref(ops);
			continue;
		}
		plan_patch(plan, &vs->object, ops);
		if (written++ > 0)
			plan_beside(plan);
		plan_event(plan, &r->object, false, "Updated VirtualService",
		    "VirtualService `%s` set to desiredWeight '%d'", vs->object.meta.name, (int)want->weight);
	}
	return NULL;
}

static bool
istio_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct istio_virtual_service_ref *refs;
	size_t n = references(r->spec.strategy.canary, &refs);
	bool has = true;

	for (size_t i = 0; i < n && has; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)now->objects[i + 1];
		_cleanup_(json_decrefp) json_t *ops = NULL;

		has = vs != NULL && istio_weight_patch(a, r->spec.strategy.canary, &refs[i], vs, want, &ops) == NULL &&
		      json_array_size(ops) == 0;
	}
	return has;
}

static void
patch_subset(struct arena *a, json_t *ops, const struct destination_rule *dr, const char *name, const char *hash)
{
	const struct subset *s;
	const char *base, *now;
	size_t i = 0;

	if (hash == NULL || (s = subset_named(dr, name, &i)) == NULL)
		return;
	now = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	if (str_eq(now, hash))
		return;
	base = arena_printf(a, "/spec/subsets/%zu", i);
	json_patch_add(ops, "test", arena_printf(a, "%s/name", base), json_string(name));
	if (s->labels.n == 0) {
		json_patch_add(
		    ops, "add", arena_printf(a, "%s/labels", base), json_pack("{s:s}", LABEL_POD_TEMPLATE_HASH, hash));
		return;
	}
	if (now != NULL)
		json_patch_add(
		    ops, "test", arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(now));
	json_patch_add(ops, now != NULL ? "replace" : "add",
	    arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(hash));
}

bool
istio_is_of_experiment(
    const struct istio_destination_rule_ref *ref, const char *name, size_t n_labels, const char *hash)
{
	for (size_t i = 0; i < ref->additional_subset_names.n; i++)
		if (str_eq(ref->additional_subset_names.at[i], name))
			return false;
	return n_labels == 1 && hash != NULL && !str_eq(name, ref->canary_subset_name) &&
	       !str_eq(name, ref->stable_subset_name);
}

/* By its name: what is called otherwise may be a user's, or have been the canary's before the strategy named
 * another. */
static bool
is_service_of(const struct rollout *r, const struct wanted_hashes *want, const char *name)
{
	size_t n = strlen(r->object.meta.name);

	for (size_t i = 0; i < want->n_services; i++)
		if (str_eq(want->services[i], name))
			return true;
	return name != NULL && strncmp(name, r->object.meta.name, n) == 0 && name[n] == '-';
}

static const struct weight_destination *
destination_of(const struct wanted_hashes *want, const char *service)
{
	for (size_t i = 0; i < want->n_additional; i++)
		if (str_eq(want->additional[i].service_name, service))
			return &want->additional[i];
	return NULL;
}

/* A subset for each of an experiment's Services, by its name, as long as it may have traffic. They are distinguished from a
 * user's by name and labels: theirs is the hash alone. The patch holds for the version that was read, or a second
 * one could be added of the same name. */
static void
patch_experiment_subsets(struct arena *a, json_t *ops, const struct destination_rule *dr, const struct rollout *r,
    const struct wanted_hashes *want)
{
	const struct istio_destination_rule_ref *ref = config(r->spec.strategy.canary)->destination_rule;
	size_t before = json_array_size(ops);

	for (size_t i = dr->spec.subsets.n; i-- > 0;) {
		const struct subset *s = &dr->spec.subsets.at[i];
		const char *hash = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);

		if (istio_is_of_experiment(ref, s->name, s->labels.n, hash) && is_service_of(r, want, s->name) &&
		    destination_of(want, s->name) == NULL)
			json_patch_add(ops, "remove", arena_printf(a, "/spec/subsets/%zu", i), NULL);
	}
	for (size_t i = 0; i < want->n_additional; i++) {
		const struct weight_destination *d = &want->additional[i];

		if (d->pod_template_hash != NULL && subset_named(dr, d->service_name, NULL) == NULL)
			json_patch_add(ops, "add", "/spec/subsets/-",
			    json_pack("{s:s,s:{s:s}}", "name", d->service_name, "labels", LABEL_POD_TEMPLATE_HASH,
				d->pod_template_hash));
	}
	if (json_array_size(ops) > before)
		json_array_insert_new(ops, 0,
		    json_pack("{s:s,s:s,s:s}", "op", "test", "path", "/metadata/resourceVersion", "value",
			dr->object.meta.resource_version));
}

static void
istio_set_hashes(
    const struct rollout *r, const struct routing *now, const struct wanted_hashes *want, struct plan *plan)
{
	const struct istio_destination_rule_ref *ref = config(r->spec.strategy.canary)->destination_rule;
	const struct destination_rule *dr = (const struct destination_rule *)now->objects[0];
	json_t *ops = json_array();

	patch_subset(plan->arena, ops, dr, ref->canary_subset_name, want->canary);
	patch_subset(plan->arena, ops, dr, ref->stable_subset_name, want->stable);
	patch_experiment_subsets(plan->arena, ops, dr, r, want);
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	object_patch_annotation(plan->arena, ops, &dr->object, ANNOTATION_MANAGED_BY, r->object.meta.name);
	plan_patch(plan, &dr->object, ops);
	plan_event(plan, &r->object, false, "UpdatedDestinationRule",
	    "DestinationRule %s subset updated (canary: %s, stable: %s)", dr->object.meta.name,
	    want->canary != NULL ? want->canary : now->canary_hash,
	    want->stable != NULL ? want->stable : now->stable_hash);
}

/* The route of one header match or several: all that it matches goes to the canary. A new reference. */
static json_t *
header_route(const struct wanted_route *want, const json_t *canary)
{
	json_t *matches = json_array(), *destination = json_deep_copy(canary);

	for (size_t i = 0; i < want->header->match.n; i++) {
		const struct header_match *m = &want->header->match.at[i];

		json_array_append_new(matches,
		    json_pack("{s:{s:o}}", "headers", m->header_name, encode(&string_match_type, m->header_value)));
	}
	json_object_set_new(destination, "weight", json_integer(100));
	return json_pack("{s:s,s:o,s:[o]}", "name", want->header->name, "match", matches, "route", destination);
}

static json_t *
mirror_matches(const struct mirror_route *m)
{
	json_t *matches = json_array();

	for (size_t i = 0; i < m->match.n; i++) {
		const struct route_match *match = &m->match.at[i];
		json_t *one = json_object();

		if (match->method != NULL)
			json_object_set_new(one, "method", encode(&string_match_type, match->method));
		if (match->path != NULL)
			json_object_set_new(one, "uri", encode(&string_match_type, match->path));
		if (match->headers != NULL)
			json_object_set_new(one, "headers", json_loads(match->headers, 0, NULL));
		json_array_append_new(matches, one);
	}
	return matches;
}

static json_t *
mirror_percentage(const struct mirror_route *m)
{
	return json_pack("{s:I}", "value", (json_int_t)(m->percentage.set ? m->percentage.is : 100));
}

static bool
says(const char *raw, json_t *want)
{
	_cleanup_(json_decrefp) json_t *is = raw != NULL ? json_loads(raw, 0, NULL) : NULL;
	bool equal = json_equal(is, want);

	json_decref(want);
	return equal;
}

static bool
is_header_route(const struct istio_route *r, const struct wanted_route *want, const json_t *canary)
{
	_cleanup_(json_decrefp) json_t *whole = header_route(want, canary);

	return str_eq(r->name, want->header->name) && r->raw_mirror == NULL &&
	       says(r->raw_match, json_incref(json_object_get(whole, "match"))) &&
	       says(r->raw_route, json_incref(json_object_get(whole, "route")));
}

/* Its weights are no matter of this. */
static bool
is_mirror_route(const struct istio_route *r, const struct mirror_route *want, const json_t *canary)
{
	return str_eq(r->name, want->name) && says(r->raw_match, mirror_matches(want)) &&
	       says(r->raw_mirror, json_pack("[O,o]", json_object_get(canary, "destination"), mirror_percentage(want)));
}

/* The managed routes go, and come back in their order: one patch, so that nobody sees less than before or more than wanted. What mirrors
 * begins as a copy of the route that is split. */
static json_t *
routes_patch(const struct splits *s, const struct wanted_route *want, size_t n, size_t primary, const json_t *canary)
{
	json_t *ops = json_array();
	const char *name;

	for (size_t i = s->vs->spec.http.n; i-- > 0;) {
		const char *path = arena_printf(s->arena, "/spec/http/%zu", i);

		if (!is_managed(s->canary, &s->vs->spec.http.at[i]))
			continue;
		json_patch_add(
		    ops, "test", arena_printf(s->arena, "%s/name", path), json_string(s->vs->spec.http.at[i].name));
		json_patch_add(ops, "remove", path, NULL);
		primary -= i < primary;
	}
	for (size_t i = n; i-- > 0; primary++) {
		if (want[i].header != NULL) {
			json_patch_add(ops, "add", "/spec/http/0", header_route(&want[i], canary));
			continue;
		}
		name = arena_printf(s->arena, "/spec/http/%zu", primary);
		json_array_append_new(
		    ops, json_pack("{s:s,s:s,s:s}", "op", "copy", "from", name, "path", "/spec/http/0"));
		json_patch_add(ops, "add", "/spec/http/0/name", json_string(want[i].mirror->name));
		json_patch_add(ops, "add", "/spec/http/0/match", mirror_matches(want[i].mirror));
		json_patch_add(ops, "add", "/spec/http/0/mirror", json_incref(json_object_get(canary, "destination")));
		json_patch_add(ops, "add", "/spec/http/0/mirrorPercentage", mirror_percentage(want[i].mirror));
	}
	return ops;
}

static bool
has_routes(const struct virtual_service *vs, const struct canary_strategy *c, const struct wanted_route *want, size_t n,
    const json_t *canary)
{
	size_t managed = 0;

	for (size_t i = 0; i < vs->spec.http.n; i++)
		managed += is_managed(c, &vs->spec.http.at[i]);
	if (managed != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (want[i].header != NULL ? !is_header_route(&vs->spec.http.at[i], &want[i], canary)
					   : !is_mirror_route(&vs->spec.http.at[i], want[i].mirror, canary))
			return false;
	return true;
}

static bool
istio_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct istio_virtual_service_ref *refs;
	size_t n_refs = references(r->spec.strategy.canary, &refs);
	bool as_wanted = true;

	for (size_t i = 0; i < n_refs; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)now->objects[i + 1];
		struct splits s = { .arena = a, .canary = r->spec.strategy.canary, .vs = vs };
		_cleanup_(json_decrefp) json_t *route = NULL;
		const struct split *primary = NULL;
		const json_t *canary;

		if (vs == NULL || vs->spec.http.n == 0 || split_all(&s, &refs[i]) != NULL)
			continue;
		for (size_t k = 0; k < s.n && primary == NULL; k++)
			if (s.at[k].kind == kinds[0] && !is_managed(s.canary, s.at[k].route))
				primary = &s.at[k];
		if (primary == NULL)
			continue;
		route = json_loads(primary->route->raw_route, 0, NULL);
		canary = json_array_get(route, primary->canary);
		if (has_routes(vs, s.canary, want, n, canary))
			continue;
		as_wanted = false;
		if (plan == NULL)
			continue;
		plan_patch(plan, &vs->object, routes_patch(&s, want, n, primary->index, canary));
		plan_beside(plan);
		plan_event(plan, &r->object, false, "Updated VirtualService",
		    "VirtualService `%s` has %zu managed routes", vs->object.meta.name, n);
	}
	return as_wanted;
}

struct istio_left {
	const struct rollout *rollout;
	const struct view *view;
	const char *const *hashes;
	size_t n_hashes;
	struct plan *plan;
	size_t n;
};

static bool
is_left_hash(const struct istio_left *l, const char *hash)
{
	for (size_t i = 0; hash != NULL && i < l->n_hashes; i++)
		if (str_eq(l->hashes[i], hash))
			return true;
	return false;
}

static void
release_rule(const struct object *o, void *arg)
{
	const struct destination_rule *dr = (const struct destination_rule *)o;
	struct istio_left *l = arg;
	json_t *ops;

	if (!owns_is_left(l->rollout, l->view, o))
		return;
	ops = json_array();
	for (size_t i = 0; i < dr->spec.subsets.n; i++) {
		const char *hash = string_map_get(&dr->spec.subsets.at[i].labels, LABEL_POD_TEMPLATE_HASH);
		const char *path =
		    arena_printf(l->plan->arena, "/spec/subsets/%zu/labels/%s", i, LABEL_POD_TEMPLATE_HASH);

		if (!is_left_hash(l, hash))
			continue;
		json_patch_add(ops, "test", path, json_string(hash));
		json_patch_add(ops, "remove", path, NULL);
	}
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	object_patch_annotation(l->plan->arena, ops, o, ANNOTATION_MANAGED_BY, NULL);
	plan_patch(l->plan, o, ops);
	plan_beside(l->plan);
	plan_reason(
	    l->plan, "DestinationRule %s is no longer referenced: removing the hashes of its subsets", o->meta.name);
	l->n++;
}

/* One that cannot be read is left to a later pass. */
static void
await_rule(const struct object *o, void *arg)
{
	struct istio_left *l = arg;

	l->n += owns_is_left(l->rollout, l->view, o);
}

static size_t
istio_release(
    const struct rollout *r, const struct view *v, const char *const *hashes, size_t n_hashes, struct plan *plan)
{
	struct istio_left l = { r, v, hashes, n_hashes, plan, 0 };

	v->each(v, &destination_rule_type, r->object.meta.namespace, release_rule, &l);
	view_each_unreadable(v, &destination_rule_type, r->object.meta.namespace, await_rule, &l);
	return l.n;
}

static bool
istio_concerns(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_virtual_service_ref *refs;
	_cleanup_(arena_freep) struct arena *a = NULL;
	const char *ns, *name;

	if (o->type == &destination_rule_type)
		return config(c)->destination_rule != NULL && str_eq(o->meta.namespace, r->object.meta.namespace) &&
		       str_eq(o->meta.name, config(c)->destination_rule->name);
	a = arena_new();
	for (size_t n = references(c, &refs); n-- > 0;) {
		vs_key(r, &refs[n], a, &ns, &name);
		if (name != NULL && str_eq(o->meta.namespace, ns) && str_eq(o->meta.name, name))
			return true;
	}
	return false;
}
