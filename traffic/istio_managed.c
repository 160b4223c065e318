/* traffic/istio_managed.c: the http routes that steps create for the canary: those of managedRoutes. */
#include <string.h>
#include "base/str.h"
#include "traffic/istio.h"

/* The route of a setHeaderRoute step: the requests that it matches go to the canary. A new reference. */
static json_t *
istio_header_route(const struct wanted_route *want, const json_t *canary)
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
istio_mirror_matches(const struct mirror_route *m)
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
istio_mirror_percentage(const struct mirror_route *m)
{
	return json_pack("{s:I}", "value", (json_int_t)(m->percentage.present ? m->percentage.value : 100));
}

/* Returns whether the raw JSON of a route is the wanted value, which is consumed. */
static bool
istio_raw_is(const char *raw, json_t *want)
{
	_cleanup_(json_decrefp) json_t *now = raw != NULL ? json_loads(raw, 0, NULL) : NULL;
	bool equal = json_equal(now, want);

	json_decref(want);
	return equal;
}

static bool
istio_is_header_route(const struct istio_route *r, const struct wanted_route *want, const json_t *canary)
{
	_cleanup_(json_decrefp) json_t *whole = istio_header_route(want, canary);

	return str_eq(r->name, want->header->name) && r->raw_mirror == NULL &&
	       istio_raw_is(r->raw_match, json_incref(json_object_get(whole, "match"))) &&
	       istio_raw_is(r->raw_route, json_incref(json_object_get(whole, "route")));
}

/* Returns whether the route is the mirroring route that a step requires. Its weights are set with those of the other
 * routes. */
static bool
istio_is_mirror_route(const struct istio_route *r, const struct mirror_route *want, const json_t *canary)
{
	return str_eq(r->name, want->name) && istio_raw_is(r->raw_match, istio_mirror_matches(want)) &&
	       istio_raw_is(r->raw_mirror,
		   json_pack("[O,o]", json_object_get(canary, "destination"), istio_mirror_percentage(want)));
}

/* Removes all managed routes that steps made, and adds the wanted ones in their order, in one patch: no request meets a
 * state in between. A route that mirrors starts as a copy of the route that is split, whose index is `primary`. */
static json_t *
istio_routes_patch(
    const struct istio_splits *s, const struct wanted_route *want, size_t n, size_t primary, const json_t *canary)
{
	json_t *ops = json_array();
	const char *name;

	for (size_t i = s->vs->spec.http.n; i-- > 0;) {
		const char *path = arena_printf(s->arena, "/spec/http/%zu", i);

		if (!istio_is_made(s->canary, &s->vs->spec.http.at[i]))
			continue;
		json_patch_add(
		    ops, "test", arena_printf(s->arena, "%s/name", path), json_string(s->vs->spec.http.at[i].name));
		json_patch_add(ops, "remove", path, NULL);
		primary -= i < primary;
	}
	for (size_t i = n; i-- > 0; primary++) {
		if (want[i].header != NULL) {
			json_patch_add(ops, "add", "/spec/http/0", istio_header_route(&want[i], canary));
			continue;
		}
		name = arena_printf(s->arena, "/spec/http/%zu", primary);
		json_array_append_new(
		    ops, json_pack("{s:s,s:s,s:s}", "op", "copy", "from", name, "path", "/spec/http/0"));
		json_patch_add(ops, "add", "/spec/http/0/name", json_string(want[i].mirror->name));
		json_patch_add(ops, "add", "/spec/http/0/match", istio_mirror_matches(want[i].mirror));
		json_patch_add(ops, "add", "/spec/http/0/mirror", json_incref(json_object_get(canary, "destination")));
		json_patch_add(ops, "add", "/spec/http/0/mirrorPercentage", istio_mirror_percentage(want[i].mirror));
	}
	return ops;
}

static bool
istio_has_routes(const struct virtual_service *vs, const struct canary_strategy *c, const struct wanted_route *want,
    size_t n, const json_t *canary)
{
	size_t managed = 0;

	for (size_t i = 0; i < vs->spec.http.n; i++)
		managed += istio_is_made(c, &vs->spec.http.at[i]);
	if (managed != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (want[i].header != NULL ? !istio_is_header_route(&vs->spec.http.at[i], &want[i], canary)
					   : !istio_is_mirror_route(&vs->spec.http.at[i], want[i].mirror, canary))
			return false;
	return true;
}

/* The first http route that is split and not managed, or NULL. */
static const struct istio_split *
istio_primary(const struct istio_splits *s)
{
	for (size_t k = 0; k < s->n; k++)
		if (s->at[k].kind == ISTIO_HTTP && !istio_is_managed(s->canary, s->at[k].route))
			return &s->at[k];
	return NULL;
}

bool
istio_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct istio_virtual_service_ref *refs;
	size_t n_refs = istio_references(r->spec.strategy.canary, &refs);
	bool as_wanted = true;

	for (size_t i = 0; i < n_refs; i++) {
		const struct virtual_service *vs = (const struct virtual_service *)istio_objects(now)[i + 1];
		struct istio_splits s = { .arena = a, .canary = r->spec.strategy.canary, .vs = vs };
		_cleanup_(json_decrefp) json_t *route = NULL;
		const struct istio_split *primary;
		const json_t *canary;

		/* in spite of an error routes are removed */
		if (vs == NULL || vs->spec.http.n == 0 || (istio_splits_read(&s, &refs[i]) != NULL && n > 0) ||
		    (primary = istio_primary(&s)) == NULL)
			continue;
		route = json_loads(primary->route->raw_route, 0, NULL);
		canary = json_array_get(route, primary->first[SIDE_CANARY]);
		if (istio_has_routes(vs, s.canary, want, n, canary))
			continue;
		as_wanted = false;
		if (plan == NULL)
			continue;
		plan_patch(plan, &vs->object, istio_routes_patch(&s, want, n, primary->index, canary));
		plan_independent(plan);
		plan_event(plan, &r->object, false, "Updated VirtualService",
		    "VirtualService `%s` has %zu managed routes", vs->object.meta.name, n);
	}
	return as_wanted;
}
