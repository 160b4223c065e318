/* traffic/gateway_rules.c: weights in the rules of a route of the Gateway API, and the label of an update. */
#include <string.h>
#include "base/str.h"
#include "traffic/gateway_api.h"

#define LABEL_KEY "rollouts.argoproj.io/gatewayapi-canary"
#define LABEL_VALUE "in-progress"

/* Returns whether the text is "-" and a number, as in the name of a step's second rule. */
static bool
gateway_is_number(const char *text)
{
	return text[0] == '-' && text[1] != '\0' && strspn(text + 1, "0123456789") == strlen(text + 1);
}

bool
gateway_is_rule_name(const char *rule, const char *managed)
{
	size_t n = !str_empty(managed) ? strlen(managed) : 0;

	return n > 0 && rule != NULL && strncmp(rule, managed, n) == 0 &&
	       (rule[n] == '\0' || gateway_is_number(rule + n));
}

bool
gateway_names_overlap(const char *a, const char *b)
{
	return gateway_is_rule_name(a, b) || gateway_is_rule_name(b, a);
}

bool
gateway_has_managed_name(const struct canary_strategy *c, const struct gateway_rule *rule)
{
	const struct traffic_routing *t = c->traffic_routing;

	for (size_t i = 0; t != NULL && i < t->managed_routes.n; i++)
		if (gateway_is_rule_name(rule->name, t->managed_routes.at[i].name))
			return true;
	return false;
}

bool
gateway_is_managed(const struct rollout *r, const struct gateway_rule *rule)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return gateway_is_mirror(r, rule) || (gateway_has_managed_name(c, rule) && rule->backend_refs.n == 1 &&
						 (gateway_ref_is(r, &rule->backend_refs.at[0], c->canary_service) ||
						     gateway_ref_is(r, &rule->backend_refs.at[0], c->stable_service)));
}

bool
gateway_ref_is(const struct rollout *r, const struct backend_ref *ref, const char *service)
{
	const char *ns = !str_empty(ref->namespace) ? ref->namespace : gateway_namespace(r);

	return str_eq(ns, r->object.meta.namespace) && service != NULL && str_eq(ref->name, service) &&
	       (ref->kind == NULL || strcmp(ref->kind, "Service") == 0) &&
	       (ref->group == NULL || ref->group[0] == '\0');
}

bool
gateway_refers_to(const struct rollout *r, const struct gateway_rule *rule, const char *service)
{
	for (size_t i = 0; i < rule->backend_refs.n; i++)
		if (gateway_ref_is(r, &rule->backend_refs.at[i], service))
			return true;
	return false;
}

bool
gateway_is_split(const struct rollout *r, const struct gateway_rule *rule)
{
	return !gateway_is_managed(r, rule) && gateway_refers_to(r, rule, r->spec.strategy.canary->canary_service) &&
	       gateway_refers_to(r, rule, r->spec.strategy.canary->stable_service);
}

/* Returns whether all destinations of the rule are this Service. */
static bool
gateway_is_only(const struct rollout *r, const struct gateway_rule *rule, const char *service)
{
	for (size_t i = 0; i < rule->backend_refs.n; i++)
		if (!gateway_ref_is(r, &rule->backend_refs.at[i], service))
			return false;
	return true;
}

/* A rule of connections has no name, so that no step can have made it. */
static bool
gateway_is_of_connections(const struct gateway_route *route)
{
	return route->object.type != &http_route_type && route->object.type != &grpc_route_type;
}

bool
gateway_has_weights(const struct rollout *r, const struct gateway_route *route, const struct gateway_rule *rule)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return gateway_is_mirror(r, rule) ||
	       (!gateway_is_managed(r, rule) && !gateway_is_session(r, rule) &&
		   (gateway_is_of_connections(route) || !gateway_is_only(r, rule, c->canary_service)) &&
		   (gateway_refers_to(r, rule, c->canary_service) || gateway_refers_to(r, rule, c->stable_service)));
}

int64_t
gateway_weight(const struct backend_ref *ref)
{
	return ref->weight.present ? ref->weight.value : 1;
}

/* The share is exact if the weights are those that a rollout sets, even if a rule names a Service twice. */
struct gateway_shares
gateway_shares_of(const struct rollout *r, const struct gateway_rule *rule, const struct gateway_services *services)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct gateway_shares ret = { 0 };
	int64_t canary = 0, stable = 0, all, each_canary = -1, others = gateway_services_weight(r, rule, services),
		total = weight_total(c);
	bool as_set = true;

	for (size_t i = 0; i < rule->backend_refs.n; i++) {
		const struct backend_ref *ref = &rule->backend_refs.at[i];

		if (!gateway_ref_is(r, ref, c->canary_service))
			continue;
		ret.n_canary++;
		canary += gateway_weight(ref);
		as_set &= each_canary < 0 || each_canary == gateway_weight(ref);
		each_canary = gateway_weight(ref);
	}
	for (size_t i = 0; i < rule->backend_refs.n; i++) {
		const struct backend_ref *ref = &rule->backend_refs.at[i];

		if (!gateway_ref_is(r, ref, c->stable_service))
			continue;
		ret.n_stable++;
		stable += gateway_weight(ref);
		as_set &= gateway_weight(ref) == total - others - each_canary;
	}
	all = canary + stable + others;
	ret.none = all == 0;
	if (ret.n_canary > 0 && as_set && each_canary <= total)
		ret.least = ret.most = each_canary;
	else if (all > 0) {
		ret.least = total * canary / all;
		ret.most = (total * canary + all - 1) / all;
	}
	return ret;
}

/* The two versions share the part of the traffic that experiments leave. */
static int64_t
gateway_rest(const struct canary_strategy *c, const struct wanted_split *want)
{
	int64_t rest = weight_total(c);

	for (size_t i = 0; i < want->n_additional; i++)
		rest -= want->additional[i].weight;
	return rest > 0 ? rest : 0;
}

/* The changes of weights in one rule. A new reference; NULL: there are none. */
static json_t *
gateway_weight_edits(struct arena *a, const struct rollout *r, const struct gateway_rule *rule, const char *base,
    const struct wanted_split *want)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	bool alone = gateway_is_only(r, rule, c->stable_service) || gateway_is_only(r, rule, c->canary_service);
	int64_t rest = gateway_rest(c, want), of_canary = want->weight < rest ? want->weight : rest;
	json_t *edits = NULL;

	for (size_t i = 0; i < rule->backend_refs.n; i++) {
		const struct backend_ref *ref = &rule->backend_refs.at[i];
		const struct weight_destination *more = gateway_wanted_service(r, want, ref);
		bool canary = gateway_ref_is(r, ref, c->canary_service),
		     stable = !canary && gateway_ref_is(r, ref, c->stable_service);
		int64_t weight = canary ? of_canary : stable ? rest - of_canary : more != NULL ? more->weight : 0;

		if ((!canary && !stable && more == NULL) || (alone && weight == 0) ||
		    (ref->weight.present && ref->weight.value == weight))
			continue;
		json_patch_add(json_patch_of(&edits), ref->weight.present ? "replace" : "add",
		    arena_printf(a, "%s/%zu/weight", base, i), json_integer(weight));
	}
	return edits;
}

/* Adds the edits of one rule, behind a test that nothing in its destinations has changed. */
static void
gateway_rule_patch(struct arena *a, const struct rollout *r, const struct gateway_rule *rule, size_t index,
    const struct gateway_services *services, const struct wanted_split *want, json_t **ops)
{
	const char *base = arena_printf(a, "/spec/rules/%zu/backendRefs", index);
	bool both = services != NULL && (gateway_is_split(r, rule) || gateway_is_mirror(r, rule));
	struct wanted_split alone = { .weight = want->weight };
	_cleanup_(json_decrefp) json_t *weights = gateway_weight_edits(a, r, rule, base, both ? want : &alone);
	_cleanup_(json_decrefp) json_t *filters = both ? gateway_session_edits(a, r, rule, base, want->weight) : NULL;
	_cleanup_(json_decrefp) json_t *edits = both ? gateway_service_edits(a, r, rule, base, services, want) : NULL;
	_cleanup_(json_decrefp) json_t *json = NULL;

	if (weights == NULL && filters == NULL && edits == NULL)
		return;
	json = json_loads(rule->raw, 0, NULL);
	json_patch_add(json_patch_of(ops), "test", base, json_incref(json_object_get(json, "backendRefs")));
	json_array_extend(*ops, weights);
	json_array_extend(*ops, filters);
	json_array_extend(*ops, edits);
}

/* Returns why no rule of the route is split. */
static struct err *
gateway_not_split(struct arena *a, const struct rollout *r, const struct gateway_route *route)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	bool canary = false, stable = false, other = !str_eq(gateway_namespace(r), r->object.meta.namespace);
	const char *where = other ? arena_printf(a, " with namespace \"%s\"", r->object.meta.namespace) : "";

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];

		canary |= !gateway_is_managed(r, rule) && gateway_refers_to(r, rule, c->canary_service);
		stable |= !gateway_is_managed(r, rule) && gateway_refers_to(r, rule, c->stable_service);
	}
	if (canary && stable)
		return err_new(a, ERR_INVALID,
		    "%s %s has no rule with backendRefs of both canaryService \"%s\" and stableService \"%s\"%s",
		    route->object.type->kind, route->object.meta.name, c->canary_service, c->stable_service, where);
	return err_new(a, ERR_INVALID, "%s %s has no rule with a backendRef of %s \"%s\"%s", route->object.type->kind,
	    route->object.meta.name, canary ? "stableService" : "canaryService",
	    canary ? c->stable_service : c->canary_service, where);
}

struct err *
gateway_weight_patch(struct arena *a, const struct rollout *r, const struct gateway_route *route,
    const struct gateway_services *services, const struct wanted_split *want, json_t **ops)
{
	bool http = route->object.type == &http_route_type;
	bool split = false;

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		if (!gateway_has_weights(r, route, &route->spec.rules.at[i]))
			continue;
		gateway_rule_patch(a, r, &route->spec.rules.at[i], i, http ? services : NULL, want, ops);
		split |= gateway_is_split(r, &route->spec.rules.at[i]);
	}
	if (split && http)
		gateway_session_patch(a, r, route, want->weight, ops);
	return split ? NULL : gateway_not_split(a, r, route);
}

const char *
gateway_label_key(const struct gateway_routing *g)
{
	if (g->disable_in_progress_label)
		return NULL;
	return !str_empty(g->in_progress_label_key) ? g->in_progress_label_key : LABEL_KEY;
}

void
gateway_label_patch(
    struct arena *a, const struct gateway_routing *g, const struct object *o, int64_t weight, bool needed, json_t **ops)
{
	const char *key = gateway_label_key(g), *path, *now, *want = NULL;

	if (key == NULL)
		return;
	if (weight > 0)
		want = !str_empty(g->in_progress_label_value) ? g->in_progress_label_value : LABEL_VALUE;
	now = object_label(o, key);
	if (str_eq(now, want) || (want == NULL && needed))
		return;
	path = arena_printf(a, "/metadata/labels/%s", json_pointer_escape(a, key));
	if (o->meta.labels.n == 0) {
		json_patch_add(
		    json_patch_of(ops), "test", "/metadata/resourceVersion", json_string(o->meta.resource_version));
		json_patch_add(json_patch_of(ops), "add", "/metadata/labels", json_object());
	}
	if (now != NULL)
		json_patch_add(json_patch_of(ops), "test", path, json_string(now));
	json_patch_add(
	    json_patch_of(ops), want != NULL ? "add" : "remove", path, want != NULL ? json_string(want) : NULL);
}
