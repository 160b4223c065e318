/* traffic/istio_split.c: the routes of a VirtualService that are split, and the patch of their weights.
 *
 * Routes are, of each kind, those that the strategy names, or the only one. A destination is the canary's if its subset
 * is (with a DestinationRule), or if its host is the canary Service, up to the first dot (as Argo Rollouts compares
 * them: utils/istio). Patches test the whole list of destinations before they change a weight: a change that another
 * client made in the meantime makes them fail, and is not overwritten.
 */
#include <string.h>
#include "base/str.h"
#include "traffic/istio.h"

static const char *const kind_names[] = { [ISTIO_HTTP] = "http", [ISTIO_TLS] = "tls", [ISTIO_TCP] = "tcp" };
_Static_assert(ARRAY_SIZE(kind_names) == ISTIO_KIND_MAX, "a kind has no name");

const char *
istio_kind_name(enum istio_kind kind)
{
	return kind_names[kind];
}

struct istio_routes
istio_routes_of(const struct virtual_service *vs, enum istio_kind kind)
{
	switch (kind) {
	case ISTIO_HTTP: return (struct istio_routes){ vs->spec.http.at, vs->spec.http.n };
	case ISTIO_TLS: return (struct istio_routes){ vs->spec.tls.at, vs->spec.tls.n };
	case ISTIO_TCP: return (struct istio_routes){ vs->spec.tcp.at, vs->spec.tcp.n };
	case ISTIO_KIND_MAX: break;
	}
	return (struct istio_routes){ NULL, 0 };
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
	const struct istio_destination_rule_ref *dr = c->traffic_routing->istio->destination_rule;

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

bool
istio_split_at(const struct canary_strategy *c, const struct virtual_service *vs, enum istio_kind kind, size_t index,
    struct istio_split *ret)
{
	struct istio_routes routes = istio_routes_of(vs, kind);

	if (index >= routes.n)
		return false;
	*ret = (struct istio_split){ .kind = kind, .index = (unsigned)index, .route = &routes.at[index] };
	for (size_t i = 0; i < ret->route->route.n; i++) {
		enum istio_side side = istio_side(c, &ret->route->route.at[i].destination);

		if (side <= SIDE_STABLE && ret->n[side] == 0)
			ret->first[side] = (unsigned)i;
		ret->n[side]++;
	}
	return true;
}

bool
istio_is_split(const struct istio_split *split)
{
	return split->n[SIDE_CANARY] > 0 && split->n[SIDE_STABLE] > 0;
}

bool
istio_is_managed(const struct canary_strategy *c, const struct istio_route *r)
{
	for (size_t i = 0; r->name != NULL && i < c->traffic_routing->managed_routes.n; i++)
		if (str_eq(c->traffic_routing->managed_routes.at[i].name, r->name))
			return true;
	return false;
}

bool
istio_is_made(const struct canary_strategy *c, const struct istio_route *r)
{
	return istio_is_managed(c, r) &&
	       (r->raw_mirror != NULL || (r->route.n == 1 && istio_side(c, &r->route.at[0].destination) != SIDE_OTHER));
}

size_t
istio_references(const struct canary_strategy *c, const struct istio_virtual_service_ref **ret)
{
	const struct istio_routing *routing = c->traffic_routing->istio;

	*ret = routing->virtual_service != NULL ? routing->virtual_service : routing->virtual_services.at;
	return routing->virtual_service != NULL ? 1 : routing->virtual_services.n;
}

const char *
istio_reference_field(
    struct arena *a, const struct canary_strategy *c, const struct istio_virtual_service_ref *ref, const char *rest)
{
	const struct istio_routing *routing = c->traffic_routing->istio;

	if (ref == routing->virtual_service)
		return arena_printf(a, ISTIO_FIELD ".virtualService%s", rest);
	return arena_printf(
	    a, ISTIO_FIELD ".virtualServices[%zu]%s", (size_t)(ref - routing->virtual_services.at), rest);
}

bool
istio_reference_is(
    const struct rollout *r, const struct istio_virtual_service_ref *ref, const char *ns, const char *name)
{
	size_t n = ref->name != NULL ? strcspn(ref->name, ".") : 0;

	if (ref->name == NULL || strlen(name) != n || strncmp(name, ref->name, n) != 0)
		return false;
	return str_eq(ns, ref->name[n] == '.' ? ref->name + n + 1 : r->object.meta.namespace);
}

bool
istio_reference_lists(const struct istio_virtual_service_ref *ref, const char *route)
{
	for (size_t i = 0; i < ref->routes.n; i++)
		if (str_eq(ref->routes.at[i], route))
			return true;
	return false;
}

/* Returns the field of the reference that is read, with `rest` behind it. */
static const char *
istio_split_field(const struct istio_splits *s, const char *rest)
{
	return istio_reference_field(s->arena, s->canary, s->ref, rest);
}

static bool
istio_split_has(const struct istio_splits *s, const struct istio_route *route)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].route == route)
			return true;
	return false;
}

/* Adds a route, unless the list has it already. */
static struct err *
istio_split_add(struct istio_splits *s, enum istio_kind kind, size_t index)
{
	struct istio_split split;

	if (!istio_split_at(s->canary, s->vs, kind, index, &split))
		return NULL;
	if (split.n[SIDE_CANARY] != 1 || split.n[SIDE_STABLE] != 1)
		return err_at(s->arena, istio_split_field(s, ""),
		    err_new(s->arena, ERR_INVALID,
			"%s route %s of VirtualService %s must have one %s and one %s "
			"destination, but has %u and %u",
			kind_names[kind],
			split.route->name != NULL ? split.route->name : arena_printf(s->arena, "number %zu", index),
			s->vs->object.meta.name, "canary", "stable", split.n[SIDE_CANARY], split.n[SIDE_STABLE]));
	if (!istio_split_has(s, split.route))
		s->at[s->n++] = split;
	return NULL;
}

/* Adds the only route of a kind of which the strategy names none, not counting managed routes and those for session
 * affinity. */
static struct err *
istio_split_only(struct istio_splits *s, enum istio_kind kind)
{
	struct istio_routes routes = istio_routes_of(s->vs, kind);
	size_t n = 0, only = 0;

	for (size_t i = 0; i < routes.n; i++)
		if (!istio_is_managed(s->canary, &routes.at[i]) && !istio_is_session(NULL, &routes.at[i])) {
			n++;
			only = i;
		}
	if (n == 1)
		return istio_split_add(s, kind, only);
	if (n == 0)
		return err_at(s->arena, istio_split_field(s, ""),
		    err_new(s->arena, ERR_INVALID,
			"VirtualService %s has no %s route except those of managedRoutes; add one to "
			"split",
			s->vs->object.meta.name, kind_names[kind]));
	return err_at(s->arena,
	    istio_split_field(
		s, kind == ISTIO_HTTP ? ".routes" : arena_printf(s->arena, ".%sRoutes", kind_names[kind])),
	    err_new(s->arena, ERR_INVALID, "VirtualService %s has %zu %s routes%s; name the ones to split",
		s->vs->object.meta.name, n, kind_names[kind],
		n < routes.n ? " in addition to those of managedRoutes" : ""));
}

static struct err *
istio_split_http(struct istio_splits *s, const struct strings *names)
{
	struct istio_routes routes = istio_routes_of(s->vs, ISTIO_HTTP);
	struct err *e = NULL;

	if (routes.n == 0)
		return NULL;
	if (names->n == 0)
		e = istio_split_only(s, ISTIO_HTTP);
	for (size_t i = 0; i < names->n && e == NULL; i++) {
		size_t k = 0;

		while (k < routes.n && !str_eq(routes.at[k].name, names->at[i]))
			k++;
		e = k < routes.n ? istio_split_add(s, ISTIO_HTTP, k)
				 : err_at(s->arena, istio_split_field(s, arena_printf(s->arena, ".routes[%zu]", i)),
				       err_new(s->arena, ERR_INVALID, "VirtualService %s has no http route \"%s\"",
					   s->vs->object.meta.name, names->at[i]));
	}
	/* A route that mirrors splits the requests that it matches as the others do. */
	for (size_t i = 0; i < routes.n && e == NULL; i++)
		if (istio_is_managed(s->canary, &routes.at[i]) && routes.at[i].raw_mirror != NULL)
			e = istio_split_add(s, ISTIO_HTTP, i);
	return e;
}

static bool
istio_has_host(const struct strings *hosts, const char *host)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (str_eq(hosts->at[i], host))
			return true;
	return false;
}

/* Returns whether the reference selects a route: all matches of the route have the port of the reference (none if it
 * has none), and their hosts together are exactly the hosts of the reference. */
static bool
istio_is_selected(const struct istio_route_ref *ref, const struct istio_route *r)
{
	int64_t port = ref->port.present ? ref->port.value : 0;

	for (size_t m = 0; m < r->match.n; m++) {
		const struct istio_match *match = &r->match.at[m];

		if ((match->port.present ? match->port.value : 0) != port)
			return false;
		for (size_t i = 0; i < match->sni_hosts.n; i++)
			if (!istio_has_host(&ref->sni_hosts, match->sni_hosts.at[i]))
				return false;
	}
	for (size_t i = 0; i < ref->sni_hosts.n; i++) {
		bool found = false;

		for (size_t m = 0; m < r->match.n; m++)
			found |= istio_has_host(&r->match.at[m].sni_hosts, ref->sni_hosts.at[i]);
		if (!found)
			return false;
	}
	return r->match.n > 0;
}

/* Routes of kinds that have no names: tls and tcp. */
static struct err *
istio_split_unnamed(struct istio_splits *s, enum istio_kind kind, const struct istio_route_ref *refs, size_t n_refs)
{
	struct istio_routes routes = istio_routes_of(s->vs, kind);
	struct err *e = NULL;

	if (routes.n == 0)
		return NULL;
	if (n_refs == 0)
		return istio_split_only(s, kind);
	for (size_t i = 0; i < n_refs; i++) {
		bool found = false;

		for (size_t k = 0; k < routes.n && e == NULL; k++)
			if (istio_is_selected(&refs[i], &routes.at[k])) {
				found = true;
				e = istio_split_add(s, kind, k);
			}
		if (e == NULL && !found)
			e = err_at(s->arena,
			    istio_split_field(s, arena_printf(s->arena, ".%sRoutes[%zu]", kind_names[kind], i)),
			    err_new(s->arena, ERR_INVALID, "VirtualService %s has no %s route with this port%s",
				s->vs->object.meta.name, kind_names[kind],
				kind == ISTIO_TLS ? " and these sniHosts" : ""));
		if (e != NULL)
			return e;
	}
	return NULL;
}

/* Adds each route that has both destinations. */
static void
istio_split_all(struct istio_splits *s)
{
	for (enum istio_kind kind = ISTIO_HTTP; kind <= ISTIO_TCP; kind++) {
		struct istio_split split;

		for (size_t i = 0; istio_split_at(s->canary, s->vs, kind, i, &split); i++)
			if (istio_is_split(&split) && !istio_split_has(s, split.route))
				s->at[s->n++] = split;
	}
}

struct err *
istio_splits_read(struct istio_splits *s, const struct istio_virtual_service_ref *ref)
{
	const struct virtual_service_spec *spec = &s->vs->spec;
	struct err *e;

	s->ref = ref;
	s->at = arena_new_array(s->arena, struct istio_split, spec->http.n + spec->tls.n + spec->tcp.n + 1);
	if ((e = istio_split_http(s, &ref->routes)) != NULL ||
	    (e = istio_split_unnamed(s, ISTIO_TLS, ref->tls_routes.at, ref->tls_routes.n)) != NULL ||
	    (e = istio_split_unnamed(s, ISTIO_TCP, ref->tcp_routes.at, ref->tcp_routes.n)) != NULL)
		istio_split_all(s);
	return e;
}

int64_t
istio_weight(const struct istio_route *r, size_t i)
{
	const struct opt_int *weight = &r->route.at[i].weight;

	return weight->present ? weight->value : 0;
}

int64_t
istio_kept_weight(const struct canary_strategy *c, const struct istio_split *split)
{
	const struct istio_route *r = split->route;
	int64_t kept = 0;

	for (size_t i = 0; split->n[SIDE_KEPT] > 0 && i < r->route.n; i++)
		if (istio_side(c, &r->route.at[i].destination) == SIDE_KEPT)
			kept += istio_weight(r, i);
	return kept;
}

static const struct weight_destination *
istio_additional(const struct wanted_split *want, const struct istio_destination *d)
{
	for (size_t i = 0; i < want->n_additional; i++)
		if (istio_host_is(d->host, want->additional[i].service_name))
			return &want->additional[i];
	return NULL;
}

/* The destinations of experiments that the route does not have yet are added at its end. */
static void
istio_add_destinations(
    struct arena *a, const struct istio_split *split, const struct wanted_split *want, const char *base, json_t **edits)
{
	const struct istio_route *r = split->route;

	for (size_t k = 0; k < want->n_additional; k++) {
		const char *service = want->additional[k].service_name;
		bool found = false;

		for (size_t i = 0; i < r->route.n; i++)
			found |= i != split->first[SIDE_CANARY] && i != split->first[SIDE_STABLE] &&
				 istio_host_is(r->route.at[i].destination.host, service);
		if (!found)
			json_patch_add(json_patch_of(edits), "add", arena_printf(a, "%s/-", base),
			    json_pack("{s:{s:s},s:I}", "destination", "host", service, "weight",
				(json_int_t)want->additional[k].weight));
	}
}

/* The changes of one route. They go from the last destination to the first, so that a removed one does not move the
 * others; one of no side that has a weight is removed, because the weights must add up to 100. A new reference; NULL:
 * there are none. */
static json_t *
istio_route_edits(struct arena *a, const struct canary_strategy *c, const struct istio_split *split,
    const struct wanted_split *wanted)
{
	const struct istio_route *r = split->route;
	const char *base = arena_printf(a, "/spec/%s/%u/route", kind_names[split->kind], split->index);
	int64_t rest = 100 - istio_kept_weight(c, split), weight = wanted->weight;
	json_t *edits = NULL;

	for (size_t k = 0; k < wanted->n_additional; k++)
		rest -= wanted->additional[k].weight;
	rest = rest > 0 ? rest : 0;
	weight = weight < rest ? weight : rest;
	for (size_t i = r->route.n; i-- > 0;) {
		const struct weight_destination *more = istio_additional(wanted, &r->route.at[i].destination);
		bool is_canary = i == split->first[SIDE_CANARY], is_stable = i == split->first[SIDE_STABLE];
		int64_t want = is_canary ? weight : is_stable ? rest - weight : more != NULL ? more->weight : 0;

		if (istio_weight(r, i) == want || istio_side(c, &r->route.at[i].destination) == SIDE_KEPT)
			continue;
		if (is_canary || is_stable || more != NULL)
			json_patch_add(json_patch_of(&edits), r->route.at[i].weight.present ? "replace" : "add",
			    arena_printf(a, "%s/%zu/weight", base, i), json_integer(want));
		else
			json_patch_add(json_patch_of(&edits), "remove", arena_printf(a, "%s/%zu", base, i), NULL);
	}
	istio_add_destinations(a, split, wanted, base, &edits);
	return edits;
}

struct err *
istio_weight_patch(struct arena *a, const struct canary_strategy *c, const struct rollout *rollout,
    const struct istio_virtual_service_ref *ref, const struct virtual_service *vs, const struct wanted_split *want,
    json_t **ret)
{
	_cleanup_(json_decrefp) json_t *ops = NULL, *moves = NULL;
	struct istio_splits s = { .arena = a, .canary = c, .vs = vs };
	struct session session;
	bool concerned = rollout != NULL && istio_session_concerns(a, rollout, vs, want->weight, &session);
	struct err *e = istio_splits_read(&s, ref);

	*ret = NULL;
	/* routes that are ambiguous get no cookie */
	concerned &= e == NULL || want->weight == 0;
	if (concerned)
		istio_session_patch(&s, rollout, &session, &moves);
	for (size_t k = 0; k < s.n; k++) {
		_cleanup_(json_decrefp) json_t *edits = concerned ? istio_session_edits(a, &session, &s.at[k]) : NULL;
		_cleanup_(json_decrefp) json_t *weights = istio_route_edits(a, c, &s.at[k], want);
		const struct istio_route *r = s.at[k].route;
		const char *path = arena_printf(a, "/spec/%s/%u", kind_names[s.at[k].kind], s.at[k].index);

		if (edits == NULL && weights == NULL && moves == NULL)
			continue;
		if (e != NULL && istio_weight(r, s.at[k].first[SIDE_CANARY]) <= want->weight)
			continue;
		json_patch_of(&ops);
		if (r->name != NULL)
			json_patch_add(ops, "test", arena_printf(a, "%s/name", path), json_string(r->name));
		else if (s.at[k].kind != ISTIO_HTTP && r->raw_match != NULL)
			json_patch_add(
			    ops, "test", arena_printf(a, "%s/match", path), json_loads(r->raw_match, 0, NULL));
		json_patch_add(ops, "test", arena_printf(a, "%s/route", path), json_loads(r->raw_route, 0, NULL));
		if (edits != NULL)
			json_array_extend(ops, edits);
		if (weights != NULL)
			json_array_extend(ops, weights);
	}
	if (moves != NULL)
		json_array_extend(json_patch_of(&ops), moves);
	*ret = TAKE_PTR(ops);
	return e;
}
