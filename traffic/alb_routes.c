/* traffic/alb_routes.c: the managed routes of an Ingress: for each an action, conditions, and a path at the beginning
 * of every rule, in the order of managedRoutes. A load balancer uses the first path that matches.
 */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/patch.h"
#include "traffic/alb.h"

#define PORT_OF_ACTION "use-annotation"

const char *
alb_path_action(const json_t *path)
{
	const json_t *service = json_object_get(json_object_get(path, "backend"), "service");

	return str_eq(json_str(json_object_get(service, "port"), "name"), PORT_OF_ACTION) ? json_str(service, "name")
											  : NULL;
}

/* The AWS Load Balancer Controller sends requests of a path with another port to that port of the Service, and does not
 * read the action. */
void
alb_warn(const struct rollout *r, const struct object *o, struct problems *p)
{
	const struct ingress *ingress = (const struct ingress *)o;
	_cleanup_(json_decrefp) json_t *rules =
	    ingress->spec.rules != NULL ? json_loads(ingress->spec.rules, 0, NULL) : NULL;
	const char *root = alb_root_service(r);
	json_t *rule, *path;
	size_t i, k;

	json_array_foreach (rules, i, rule)
		json_array_foreach (json_at(rule, "/http/paths"), k, path)
			if (str_eq(json_str(json_at(path, "/backend/service"), "name"), root) &&
			    alb_path_action(path) == NULL)
				problem_add(p,
				    arena_printf(
					p->arena, "spec.rules[%zu].http.paths[%zu].backend.service.port", i, k),
				    "all requests of this path go to Service \"%s\", and no weight has an effect; "
				    "for the action of Rollout %s, set {name: " PORT_OF_ACTION "}",
				    root, r->object.meta.name);
}

void
alb_routes_check(const struct canary_strategy *c, struct problems *p)
{
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct header_route *route = c->steps.at[i].set_header_route;

		for (size_t k = 0; route != NULL && k < route->match.n; k++) {
			const struct string_match *value = route->match.at[k].header_value;

			if (value != NULL && (value->exact == NULL || value->prefix != NULL || value->regex != NULL))
				problem_add(p,
				    arena_printf(
					p->arena, "spec.strategy.canary.steps[%zu].setHeaderRoute.match[%zu]", i, k),
				    "Invalid value: SetHeaderRoute match value invalid. ALB supports 'exact' value "
				    "only");
		}
	}
}

/* Returns the place of a name in managedRoutes; their number if it has none. */
static size_t
alb_route_rank(const struct canary_strategy *c, const char *name)
{
	size_t i = 0;

	while (i < c->traffic_routing->managed_routes.n &&
	       (name == NULL || !str_eq(c->traffic_routing->managed_routes.at[i].name, name)))
		i++;
	return i;
}

size_t
alb_managed_routes(const struct rollout *r, const struct ingress *ingress)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	size_t n = 0;

	for (size_t i = 0; i < c->traffic_routing->managed_routes.n; i++)
		n += object_annotation(&ingress->object,
			 alb_key(a, alb_of(c), "actions", c->traffic_routing->managed_routes.at[i].name)) != NULL;
	return n;
}

static const struct header_route *
alb_wanted_route(const struct wanted_route *want, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (want[i].header != NULL && str_eq(want[i].header->name, name))
			return want[i].header;
	return NULL;
}

/* Returns the index of the path with this action, or the number of paths. */
static size_t
alb_path_at(const json_t *paths, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (paths, i, one)
		if (str_eq(alb_path_action(one), name))
			return i;
	return json_array_size(paths);
}

static json_t *
alb_route_path(const char *name)
{
	return json_pack("{s:s,s:s,s:{s:{s:s,s:{s:s}}}}", "path", "/*", "pathType", "ImplementationSpecific", "backend",
	    "service", "name", name, "port", "name", PORT_OF_ACTION);
}

/* The paths of managed routes come first, in their order; all others keep theirs. */
static void
alb_sort_paths(const struct canary_strategy *c, json_t *paths)
{
	size_t n = c->traffic_routing->managed_routes.n;
	_cleanup_(json_decrefp) json_t *all = json_copy(paths);
	json_t *one;
	size_t i;

	json_array_clear(paths);
	for (size_t rank = 0; rank <= n; rank++)
		json_array_foreach (all, i, one)
			if (alb_route_rank(c, alb_path_action(one)) == rank)
				json_array_append(paths, one);
}

/* Returns whether a rule has a path of the route. */
static bool
alb_has_path(const json_t *rules, const char *name)
{
	json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule) {
		const json_t *paths = json_object_get(json_object_get(rule, "http"), "paths");

		if (alb_path_at(paths, name) < json_array_size(paths))
			return true;
	}
	return false;
}

/* Changes the paths of one managed route in all rules. */
static void
alb_set_path(json_t *rules, const char *name, bool wanted)
{
	bool has = alb_has_path(rules, name);
	json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule) {
		json_t *paths = json_object_get(json_object_get(rule, "http"), "paths");
		size_t at = alb_path_at(paths, name);

		if (wanted && !has && json_is_array(paths))
			json_array_insert_new(paths, 0, alb_route_path(name));
		else if (!wanted && at < json_array_size(paths))
			json_array_remove(paths, at);
	}
}

/* Adds the edit of the rules. */
static void
alb_set_rules(struct alb_edit *e, const struct rollout *r, const struct wanted_route *want, size_t n)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(json_decrefp) json_t *live =
	    e->ingress->spec.rules != NULL ? json_loads(e->ingress->spec.rules, 0, NULL) : NULL;
	_cleanup_(json_decrefp) json_t *rules = json_deep_copy(live);
	json_t *rule;
	size_t i;

	for (i = 0; i < n; i++)
		if (want[i].header != NULL)
			alb_set_path(rules, want[i].header->name, true);
	for (i = 0; i < c->traffic_routing->managed_routes.n; i++)
		if (alb_wanted_route(want, n, c->traffic_routing->managed_routes.at[i].name) == NULL)
			alb_set_path(rules, c->traffic_routing->managed_routes.at[i].name, false);
	json_array_foreach (rules, i, rule)
		if (json_is_array(json_object_get(json_object_get(rule, "http"), "paths")))
			alb_sort_paths(c, json_object_get(json_object_get(rule, "http"), "paths"));
	if (json_equal(rules, live))
		return;
	json_patch_add(json_patch_of(e->ops), "test", "/spec/rules", json_incref(live));
	json_patch_add(json_patch_of(e->ops), "replace", "/spec/rules", json_incref(rules));
}

/* Adds all edits of one Ingress. Returns whether it is as wanted. */
static bool
alb_set_ingress(struct arena *a, const struct rollout *r, const struct ingress *ingress,
    const struct wanted_route *want, size_t n, json_t **ops)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct alb_edit e;

	if (alb_edit_begin(&e, a, ingress, ops) != NULL) {
		alb_edit_end(&e);
		return n == 0;
	}
	for (size_t i = 0; i < n + c->traffic_routing->managed_routes.n; i++) {
		const struct header_route *route = i < n ? want[i].header : NULL;
		const char *name = i >= n	   ? c->traffic_routing->managed_routes.at[i - n].name
				   : route != NULL ? route->name
						   : NULL;

		if (name == NULL || (i >= n && alb_wanted_route(want, n, name) != NULL))
			continue;
		alb_edit_set(
		    &e, r, alb_key(a, alb_of(c), "actions", name), route != NULL ? alb_header_action(a, r) : NULL);
		alb_edit_set(&e, r, alb_key(a, alb_of(c), "conditions", name),
		    route != NULL ? alb_header_conditions(a, route) : NULL);
	}
	alb_edit_end(&e);
	alb_set_rules(&e, r, want, n);
	return *ops == NULL;
}

/* Routes are removed from each Ingress that exists. They are added to none behind one that does not, as by Argo
 * Rollouts. */
bool
alb_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct alb_targets *all = now->own;
	bool as_wanted = true;

	for (size_t i = 0; i < all->n; i++) {
		_cleanup_(json_decrefp) json_t *ops = NULL;
		const struct ingress *ingress = all->at[i].ingress;

		if (ingress == NULL && n > 0)
			return false;
		if (ingress == NULL || r->spec.strategy.canary->traffic_routing->managed_routes.n == 0)
			continue;
		as_wanted &= alb_set_ingress(a, r, ingress, want, n, &ops);
		if (ops == NULL || plan == NULL)
			continue;
		plan_patch(plan, &ingress->object, TAKE_PTR(ops));
		plan_independent(plan);
		plan_event(plan, &r->object, false, "PatchingALBIngress",
		    n > 0 ? "Updating Ingress `%s` with managed routes"
			  : "Updating Ingress `%s` removing managed routes",
		    ingress->object.meta.name);
	}
	return as_wanted;
}
