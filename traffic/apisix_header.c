/* traffic/apisix_header.c: the header routes of the APISIX router: an ApisixRoute for each, with the rules that are
 * split, at a higher priority, matched by the headers too, and without the stable Service.
 */
#include <string.h>
#include "base/str.h"
#include "traffic/apisix.h"
#include "traffic/owned.h"

#define WHOLE 100 /* the weight of the canary's backend */

/* The expression of one header of a step. A new reference. */
static json_t *
apisix_header_expr(struct arena *a, const struct header_match *m)
{
	const struct string_match *value = m->header_value;
	const char *text = value->exact != NULL	  ? value->exact
			   : value->regex != NULL ? value->regex
						  : arena_printf(a, "^%s.*", value->prefix);

	return json_pack("{s:{s:s,s:s},s:s,s:s}", "subject", "scope", "Header", "name", m->header_name, "op",
	    value->exact != NULL ? "Equal" : "RegexMatch", "value", text);
}

/* Leaves out the stable Service, and gives the canary's all the weight. */
static void
apisix_header_backends(const struct canary_strategy *c, json_t *rule)
{
	json_t *backends = json_object_get(rule, "backends");
	bool first = true;

	for (size_t i = 0; i < json_array_size(backends);) {
		json_t *backend = json_array_get(backends, i);

		if (str_eq(json_str(backend, "serviceName"), c->stable_service)) {
			json_array_remove(backends, i);
			continue;
		}
		if (first && str_eq(json_str(backend, "serviceName"), c->canary_service)) {
			json_object_set_new(backend, "weight", json_integer(WHOLE));
			first = false;
		}
		i++;
	}
}

/* Changes a copy of a rule that is split into that of the header route. Its own expressions stay. */
static void
apisix_header_rule(struct arena *a, const struct canary_strategy *c, const struct header_route *want, json_t *rule)
{
	json_t *match = json_object_get(rule, "match"), *exprs = json_object_get(match, "exprs");

	if (!json_is_object(match))
		json_object_set_new(rule, "match", match = json_object());
	if (!json_is_array(exprs))
		json_object_set_new(match, "exprs", exprs = json_array());
	for (size_t i = 0; i < want->match.n; i++)
		json_array_append_new(exprs, apisix_header_expr(a, &want->match.at[i]));
	apisix_header_backends(c, rule);
	json_object_set_new(rule, "priority", json_integer(json_int(rule, "priority", 0) + 1));
}

/* Returns whether the header route can be made of a rule: its backends have names, and the canary's is one of them. */
static bool
apisix_header_has_canary(const struct canary_strategy *c, const json_t *rule)
{
	const json_t *backends = json_object_get(rule, "backends");
	bool found = false;
	json_t *one;
	size_t i;

	json_array_foreach (backends, i, one) {
		if (json_str(one, "serviceName") == NULL)
			return false;
		found |= str_eq(json_str(one, "serviceName"), c->canary_service);
	}
	return found;
}

/* Adds the rules of the header route to `ret`, from a copy of the route's. Returns whether all can be made. */
static bool
apisix_header_rules(
    struct arena *a, const struct canary_strategy *c, const struct header_route *want, const json_t *http, json_t *ret)
{
	const struct apisix_route_ref *route = apisix_of(c);
	size_t n = route->rules.n > 0 ? route->rules.n : 1, at;
	json_t *rule;

	for (size_t i = 0; i < n; i++) {
		if (apisix_find_rule(a, http, route->rules.n > 0 ? route->rules.at[i] : route->name, &at) != NULL)
			return false;
		rule = json_array_get(http, at);
		if (!apisix_header_has_canary(c, rule))
			return false;
		apisix_header_rule(a, c, want, rule);
		json_array_append(ret, rule);
	}
	return true;
}

/* The spec of a header route: that of the route, with the split rules only. NULL: it cannot be made. A new
 * reference. */
static json_t *
apisix_header_spec(
    struct arena *a, const struct rollout *r, const struct apisix_target *t, const struct header_route *want)
{
	json_t *spec = t->route != NULL && t->route->spec != NULL ? json_loads(t->route->spec, 0, NULL) : NULL;
	json_t *http = json_array();

	if (apisix_header_rules(a, r->spec.strategy.canary, want, json_object_get(spec, "http"), http)) {
		json_object_set_new(spec, "http", http);
		return spec;
	}
	json_decref(http);
	json_decref(spec);
	return NULL;
}

/* Labels and annotations by which others find the objects that they applied: a copy would be taken for one of these. */
static bool
apisix_header_is_tracking(const char *key)
{
	static const char *const keys[] = { "kubectl.kubernetes.io/last-applied-configuration",
		"argocd.argoproj.io/tracking-id", "app.kubernetes.io/instance" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_eq(key, keys[i]))
			return true;
	return strstr(key, "toolkit.fluxcd.io/") != NULL;
}

static void
apisix_header_copy(json_t *meta, const char *member, const struct string_map *from)
{
	json_t *to = json_object();

	for (size_t i = 0; i < from->n; i++)
		if (!apisix_header_is_tracking(from->at[i].key))
			json_object_set_new(to, from->at[i].key, json_string(from->at[i].value));
	if (json_object_size(to) > 0)
		json_object_set(meta, member, to);
	json_decref(to);
}

static void
apisix_header_create(const struct rollout *r, const struct router_object *route, const struct header_route *want,
    json_t *spec, struct plan *plan)
{
	json_t *o = owned_new(r, type_api_version(&apisix_route_type, plan->arena), apisix_route_type.kind, want->name);
	json_t *meta = json_object_get(o, "metadata");

	apisix_header_copy(meta, "labels", &route->object.meta.labels);
	apisix_header_copy(meta, "annotations", &route->object.meta.annotations);
	json_object_set(o, "spec", spec);
	plan_create(plan, &apisix_route_type, r->object.meta.namespace, want->name, o);
}

/* Adds the write of one header route. Returns whether it is as wanted. */
static bool
apisix_header_set(const struct rollout *r, const struct apisix_target *t, const struct apisix_managed *now,
    const struct header_route *want, struct arena *a, struct plan *plan)
{
	_cleanup_(json_decrefp) json_t *spec = apisix_header_spec(a, r, t, want), *live = NULL;
	json_t *ops = NULL;

	if (spec == NULL || now->foreign)
		return false;
	live = now->object != NULL && now->object->spec != NULL ? json_loads(now->object->spec, 0, NULL) : NULL;
	if (live != NULL && json_equal(live, spec))
		return true;
	if (plan == NULL)
		return false;
	if (now->object == NULL) {
		apisix_header_create(r, t->route, want, spec, plan);
	} else {
		if (live != NULL)
			json_patch_add(json_patch_of(&ops), "test", "/spec", json_incref(live));
		json_patch_add(json_patch_of(&ops), "add", "/spec", json_incref(spec));
		plan_patch(plan, &now->object->object, ops);
	}
	plan_independent(plan);
	return false;
}

bool
apisix_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct traffic_routing *routing = r->spec.strategy.canary->traffic_routing;
	const struct apisix_target *t = now->own;
	bool as_wanted = true;

	for (size_t i = 0; i < t->n_managed; i++) {
		const struct header_route *header = NULL;

		for (size_t k = 0; k < n; k++)
			if (want[k].header != NULL && str_eq(want[k].header->name, routing->managed_routes.at[i].name))
				header = want[k].header;
		as_wanted &= !t->managed[i].foreign;
		if (header != NULL) {
			as_wanted &= apisix_header_set(r, t, &t->managed[i], header, a, plan);
		} else if (t->managed[i].object != NULL) {
			as_wanted = false;
			if (plan == NULL)
				continue;
			plan_delete(plan, &t->managed[i].object->object);
			plan_independent(plan);
		}
	}
	return as_wanted;
}
