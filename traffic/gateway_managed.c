/* traffic/gateway_managed.c: the rules that steps create: those of managedRoutes. Those that mirror:
 * gateway_mirror.c.
 *
 * Each rule that is split has one for each setHeaderRoute step, which leads to the canary only. Its matches are those
 * of the rule with the headers of the step, so that the Gateway API prefers it: the match with more headers has
 * precedence.
 */
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "traffic/gateway_api.h"

json_t *
gateway_header_match(struct arena *a, const struct header_match *m)
{
	const struct string_match *value = m->header_value;
	const char *text = value->exact != NULL	  ? value->exact
			   : value->regex != NULL ? value->regex
						  : arena_printf(a, "%s.*", value->prefix);

	return json_pack("{s:s,s:s,s:s}", "name", m->header_name, "type",
	    value->exact != NULL ? "Exact" : "RegularExpression", "value", text);
}

static bool
gateway_has_header(const struct header_route *want, const char *name)
{
	for (size_t i = 0; name != NULL && i < want->match.n; i++)
		if (strcasecmp(want->match.at[i].header_name, name) == 0)
			return true;
	return false;
}

/* The headers of a match of the rule, then those of the step. A header may be matched once only: that of the step
 * replaces one of the rule. A new reference. */
static json_t *
gateway_header_matches(struct arena *a, const struct header_route *want, const json_t *of)
{
	json_t *list = json_array(), *one;
	size_t i;

	json_array_foreach (json_object_get(of, "headers"), i, one)
		if (!gateway_has_header(want, json_str(one, "name")))
			json_array_append(list, one);
	for (i = 0; i < want->match.n; i++)
		json_array_append_new(list, gateway_header_match(a, &want->match.at[i]));
	return list;
}

/* Group and kind are written, though they may be left out, as the API server does. */
json_t *
gateway_service_ref(const struct rollout *r, const struct gateway_rule *of, const json_t *rule, const char *service)
{
	json_t *ref = json_pack("{s:s,s:s,s:s}", "group", "", "kind", "Service", "name", service);
	static const char *const copied[] = { "namespace", "port", "filters" };
	json_t *from;
	size_t i;

	json_array_foreach (json_object_get(rule, "backendRefs"), i, from)
		if (gateway_ref_is(r, &of->backend_refs.at[i], service)) {
			for (size_t k = 0; k < ARRAY_SIZE(copied); k++)
				if (json_object_get(from, copied[k]) != NULL)
					json_object_set_new(
					    ref, copied[k], json_deep_copy(json_object_get(from, copied[k])));
			break;
		}
	return ref;
}

json_t *
gateway_canary_ref(const struct rollout *r, const struct gateway_rule *of, const json_t *rule)
{
	return gateway_service_ref(r, of, rule, r->spec.strategy.canary->canary_service);
}

/* The rule that a step creates for one that is split: all but its destinations, matches and name is copied. A new
 * reference. */
static json_t *
gateway_header_rule(struct arena *a, const struct rollout *r, const struct header_route *want,
    const struct gateway_rule *split, const char *name)
{
	json_t *rule = json_loads(split->raw, 0, NULL), *matches = json_object_get(rule, "matches"), *one;
	size_t i;

	json_object_set_new(rule, "name", json_string(name));
	json_object_set_new(rule, "backendRefs", json_pack("[o]", gateway_canary_ref(r, split, rule)));
	if (json_array_size(matches) == 0)
		json_object_set_new(
		    rule, "matches", json_pack("[{s:o}]", "headers", gateway_header_matches(a, want, NULL)));
	else
		json_array_foreach (matches, i, one)
			json_object_set_new(one, "headers", gateway_header_matches(a, want, one));
	return rule;
}

/* The rules that a step creates in a route: "beta", "beta-1" and so on. A new reference to a list. */
static json_t *
gateway_header_rules(
    struct arena *a, const struct rollout *r, const struct header_route *want, const struct gateway_route *route)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];
		size_t n = json_array_size(rules);

		if (!gateway_is_split(r, rule))
			continue;
		json_array_append_new(rules, gateway_header_rule(a, r, want, rule,
						 n == 0 ? want->name : arena_printf(a, "%s-%zu", want->name, n)));
	}
	return rules;
}

#define DEPTH_MAX 16 /* of a rule; deeper ones are not compared, and written again */

/* Returns whether the live value is the wanted one, with or without members that the API server has added as
 * defaults. */
static bool
gateway_includes(const json_t *live, const json_t *want, unsigned depth)
{
	const char *key;
	json_t *value;
	size_t i;

	if (depth == 0)
		return false;
	if (json_is_object(want)) {
		json_object_foreach ((json_t *)want, key, value)
			if (!gateway_includes(json_object_get(live, key), value, depth - 1))
				return false;
		return json_is_object(live);
	}
	if (!json_is_array(want))
		return json_equal(live, want);
	json_array_foreach (want, i, value)
		if (!gateway_includes(json_array_get(live, i), value, depth - 1))
			return false;
	return json_array_size(live) == json_array_size(want);
}

/* Returns whether a managed rule is this wanted one. Weights are set with those of all rules. */
static bool
gateway_rule_is(const struct gateway_rule *rule, const json_t *want)
{
	_cleanup_(json_decrefp) json_t *live = json_loads(rule->raw, 0, NULL), *same = json_deep_copy(want);
	json_t *ref;
	size_t i;

	json_array_foreach (json_object_get(same, "backendRefs"), i, ref)
		json_object_del(ref, "weight");
	return str_eq(json_str(want, "name"), rule->name) && gateway_includes(live, same, DEPTH_MAX);
}

int
gateway_wanted_at(const struct gateway_rule *rule, const json_t *want)
{
	json_t *one;
	size_t i;

	json_array_foreach (want, i, one)
		if (gateway_rule_is(rule, one))
			return (int)i;
	return -1;
}

/* The rules that are wanted in a route. */
struct gateway_wanted {
	json_t *mirrors; /* in their order, in front of the rules that are split */
	json_t *others; /* in any order */
};

/* Returns whether the rules that mirror are the wanted ones, in their order and place. */
static bool
gateway_has_mirrors(const struct rollout *r, const struct gateway_route *route, const json_t *want)
{
	size_t n = 0;
	bool split = false;

	for (size_t i = 0; i < route->spec.rules.n; i++) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];

		split |= gateway_is_split(r, rule);
		if (gateway_is_mirror(r, rule) && (split || !gateway_rule_is(rule, json_array_get(want, n++))))
			return false;
	}
	return n == json_array_size(want);
}

/* Removes managed rules that are not wanted from the last to the first, so that none moves another, and adds missing
 * ones: those that mirror at the beginning, all together, and others at the end. Managed rules that are as wanted
 * stay. */
static json_t *
gateway_rules_patch(
    struct arena *a, const struct rollout *r, const struct gateway_route *route, struct gateway_wanted *want)
{
	bool mirrors = gateway_has_mirrors(r, route, want->mirrors);
	json_t *ops = NULL, *one;
	size_t i;

	for (i = route->spec.rules.n; i-- > 0;) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];
		const char *path = arena_printf(a, "/spec/rules/%zu", i);
		int at;

		if (!gateway_is_managed(r, rule) || (mirrors && gateway_is_mirror(r, rule)))
			continue;
		if (!gateway_is_mirror(r, rule) && (at = gateway_wanted_at(rule, want->others)) >= 0) {
			json_array_remove(want->others, (size_t)at);
			continue;
		}
		json_patch_add(json_patch_of(&ops), "test", arena_printf(a, "%s/name", path), json_string(rule->name));
		json_patch_add(json_patch_of(&ops), "remove", path, NULL);
	}
	for (i = json_array_size(want->mirrors); !mirrors && i-- > 0;)
		json_patch_add(
		    json_patch_of(&ops), "add", "/spec/rules/0", json_incref(json_array_get(want->mirrors, i)));
	json_array_foreach (want->others, i, one)
		json_patch_add(json_patch_of(&ops), "add", "/spec/rules/-", json_incref(one));
	return ops;
}

/* Adds the rules of a managed route to those that are wanted. Returns false if it cannot be made: gateway_read() has
 * the error. */
static bool
gateway_want_route(struct arena *a, const struct rollout *r, const struct gateway_route *route,
    const struct wanted_route *want, struct gateway_wanted *ret)
{
	_cleanup_(json_decrefp) json_t *rules = NULL;

	if (want->header != NULL)
		rules = gateway_header_rules(a, r, want->header, route);
	else if (gateway_mirror_rules(a, r, want->mirror, route, &rules) != NULL)
		return false;
	json_array_extend(want->header != NULL ? ret->others : ret->mirrors, rules);
	return true;
}

/* Returns whether a route has a filter that older releases of the Gateway API would drop, and mirror all requests. */
static bool
gateway_needs_percent(const struct wanted_route *want, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (want[i].mirror != NULL && want[i].mirror->percentage.present &&
		    want[i].mirror->percentage.value < 100)
			return true;
	return false;
}

/* A route whose useHeaderRoutes was set before may still have rules: they are removed. No rule is added behind a route
 * with an error, as by the plugin of Argo Rollouts. */
bool
gateway_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct gateway_targets *all = now->own;
	bool as_wanted = true;

	for (size_t i = 0; i < all->n; i++) {
		const struct gateway_route *route = all->at[i].route;
		_cleanup_(json_decrefp) json_t *mirrors = json_array(), *others = json_array(), *ops = NULL;
		size_t wanted = all->at[i].reference.header_routes ? n : 0;
		struct gateway_wanted rules = { mirrors, others };

		if (wanted > 0 && (route == NULL || all->at[i].invalid))
			return false;
		if (route == NULL)
			continue;
		for (size_t k = 0; k < wanted; k++)
			as_wanted &= gateway_want_route(a, r, route, &want[k], &rules);
		ops = gateway_rules_patch(a, r, route, &rules);
		as_wanted &= ops == NULL;
		if (ops == NULL || plan == NULL)
			continue;
		plan_patch(plan, &route->object, TAKE_PTR(ops));
		plan_independent(plan);
		if (gateway_needs_percent(want, wanted))
			plan_strict(plan);
		plan_event(plan, &r->object, false, arena_printf(a, "Updated %s", route->object.type->kind),
		    "%s `%s` has %zu managed routes", route->object.type->kind, route->object.meta.name, wanted);
	}
	return as_wanted;
}
