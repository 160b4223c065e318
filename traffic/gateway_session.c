/* traffic/gateway_session.c: session affinity in HTTPRoutes: a user who was on the canary stays there.
 *
 * While the canary has weight, a response of its Service sets a cookie with the hash of its version (a filter of its
 * backendRef), and for each rule that is split there is one that leads requests with this cookie to the canary only.
 * Both are written, and removed, in the patch that sets the weight. While an update is aborted, the rule leads to the
 * stable Service and makes the cookie expire. A later version has another hash, so that old cookies mean nothing.
 */
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "kube/api/session_affinity.h"
#include "traffic/gateway_api.h"
#include "traffic/session.h"

#define FILTER "ResponseHeaderModifier"
#define HEADERS_MAX 16 /* of a match; a limit of the Gateway API */

bool
gateway_is_session(const struct rollout *r, const struct gateway_rule *rule)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return session_is_name(r, rule->name) && rule->backend_refs.n == 1 &&
	       (gateway_ref_is(r, &rule->backend_refs.at[0], c->canary_service) ||
		   gateway_ref_is(r, &rule->backend_refs.at[0], c->stable_service));
}

/* The filter that sets or expires the cookie. A new reference. */
static json_t *
gateway_session_filter(struct arena *a, const struct session *s)
{
	return json_pack("{s:s,s:{s:[{s:s,s:s}]}}", "type", FILTER, "responseHeaderModifier", "add", "name",
	    "Set-Cookie", "value", session_set_cookie(a, s));
}

static bool
gateway_is_session_filter(const json_t *filter)
{
	const char *value = json_str(json_at(filter, "/responseHeaderModifier/add/0"), "value");

	return str_eq(json_str(filter, "type"), FILTER) && session_is_set_cookie(value);
}

/* The filters of the canary's reference: those of the user, and that of the session. A new reference. */
static json_t *
gateway_session_filters(struct arena *a, const struct session *s, const json_t *ref)
{
	json_t *list = json_array(), *one;
	size_t i;

	json_array_foreach (json_object_get(ref, "filters"), i, one)
		if (!gateway_is_session_filter(one))
			json_array_append(list, one);
	if (s->mode == SESSION_STICKY)
		json_array_append_new(list, gateway_session_filter(a, s));
	return list;
}

json_t *
gateway_session_edits(
    struct arena *a, const struct rollout *r, const struct gateway_rule *rule, const char *base, int64_t weight)
{
	struct session s = session_of(a, r, weight);
	_cleanup_(json_decrefp) json_t *json = NULL;
	json_t *edits = NULL;

	if (s.mode != SESSION_STICKY && !session_is_set_cookie(rule->raw))
		return NULL;
	json = json_loads(rule->raw, 0, NULL);
	for (size_t i = 0; i < rule->backend_refs.n; i++) {
		const json_t *ref = json_array_get(json_object_get(json, "backendRefs"), i),
			     *have = json_object_get(ref, "filters");
		_cleanup_(json_decrefp) json_t *want = gateway_session_filters(a, &s, ref);
		const char *path = arena_printf(a, "%s/%zu/filters", base, i);

		if (!gateway_ref_is(r, &rule->backend_refs.at[i], r->spec.strategy.canary->canary_service))
			continue;
		if (json_array_size(want) == 0 && have != NULL)
			json_patch_add(json_patch_of(&edits), "remove", path, NULL);
		else if (json_array_size(want) > 0 && !json_equal(have, want))
			json_patch_add(json_patch_of(&edits), "add", path, json_incref(want));
	}
	return edits;
}

/* Returns whether the cookie can be added to each match of the rule. Of several conditions for a header, the Gateway
 * API uses the first: with one for Cookie, that for the session would be ignored, and the canary would get all
 * requests. */
static bool
gateway_session_fits(const json_t *rule)
{
	json_t *match, *header;
	size_t i, k;

	json_array_foreach (json_object_get(rule, "matches"), i, match) {
		if (json_array_size(json_object_get(match, "headers")) >= HEADERS_MAX)
			return false;
		json_array_foreach (json_object_get(match, "headers"), k, header)
			if (strcasecmp(json_str(header, "name") ?: "", "Cookie") == 0)
				return false;
	}
	return true;
}

/* The matches of a rule, each with the cookie too. It may be anywhere among the others of its header. A new reference
 * to a list. */
static json_t *
gateway_session_matches(struct arena *a, const struct session *s, const json_t *rule)
{
	const json_t *of_rule = json_object_get(rule, "matches");
	size_t n = json_array_size(of_rule) > 0 ? json_array_size(of_rule) : 1;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *match = json_deep_copy(json_array_get(of_rule, i)) ?: json_object();
		json_t *headers = json_object_get(match, "headers");

		if (headers == NULL)
			json_object_set_new(match, "headers", headers = json_array());
		json_array_append_new(headers, json_pack("{s:s,s:s,s:s}", "name", "Cookie", "type", "RegularExpression",
						   "value", session_pattern(a, s)));
		json_array_append_new(list, match);
	}
	return list;
}

/* The rule for one that is split; NULL if the cookie cannot be added to its matches (gateway_session_problem): the
 * patch that sets the weight must not fail. A new reference. */
static json_t *
gateway_session_rule(struct arena *a, const struct rollout *r, const struct session *s,
    const struct gateway_rule *split, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	json_t *rule = json_loads(split->raw, 0, NULL), *ref, *filters;
	struct session none = { 0 };

	if (!gateway_session_fits(rule)) {
		json_decref(rule);
		return NULL;
	}
	ref = gateway_service_ref(r, split, rule, s->mode == SESSION_STICKY ? c->canary_service : c->stable_service);
	filters = gateway_session_filters(a, &none, ref);
	if (s->mode == SESSION_EXPIRES)
		json_array_append_new(filters, gateway_session_filter(a, s));
	if (json_array_size(filters) > 0)
		json_object_set(ref, "filters", filters);
	else
		json_object_del(ref, "filters");
	json_decref(filters);
	json_object_set_new(rule, "matches", gateway_session_matches(a, s, rule));
	json_object_set_new(rule, "backendRefs", json_pack("[o]", ref));
	json_object_set_new(rule, "name", json_string(name));
	return rule;
}

static json_t *
gateway_session_rules(
    struct arena *a, const struct rollout *r, const struct session *s, const struct gateway_route *route)
{
	json_t *rules = json_array();

	for (size_t i = 0; s->mode != SESSION_OFF && i < route->spec.rules.n; i++) {
		size_t n = json_array_size(rules);
		json_t *rule = NULL;

		if (gateway_is_split(r, &route->spec.rules.at[i]))
			rule = gateway_session_rule(a, r, s, &route->spec.rules.at[i], session_name(a, r, n));
		if (rule != NULL)
			json_array_append_new(rules, rule);
	}
	return rules;
}

void
gateway_session_patch(
    struct arena *a, const struct rollout *r, const struct gateway_route *route, int64_t weight, json_t **ops)
{
	struct session s = session_of(a, r, weight);
	_cleanup_(json_decrefp) json_t *want = gateway_session_rules(a, r, &s, route);
	json_t *one;
	size_t i;

	for (i = route->spec.rules.n; i-- > 0;) {
		const struct gateway_rule *rule = &route->spec.rules.at[i];
		const char *path = arena_printf(a, "/spec/rules/%zu", i);
		int at;

		if (!gateway_is_session(r, rule))
			continue;
		if ((at = gateway_wanted_at(rule, want)) >= 0) {
			json_array_remove(want, (size_t)at);
			continue;
		}
		json_patch_add(json_patch_of(ops), "test", arena_printf(a, "%s/name", path), json_string(rule->name));
		json_patch_add(json_patch_of(ops), "remove", path, NULL);
	}
	json_array_foreach (want, i, one)
		json_patch_add(json_patch_of(ops), "add", "/spec/rules/-", json_incref(one));
}

void
gateway_session_keep(const json_t *live, json_t *desired)
{
	json_t *filter, *to;
	size_t i;

	json_array_foreach (json_object_get(live, "filters"), i, filter) {
		if (!gateway_is_session_filter(filter))
			continue;
		if (json_object_get(desired, "filters") == NULL)
			json_object_set_new(desired, "filters", json_array());
		to = json_object_get(desired, "filters");
		json_array_append(to, filter);
	}
}

/* Returns whether a backendRef of the rule has a filter of the user where that of the session would be a second one. */
static bool
gateway_session_has_filter(const json_t *rule)
{
	json_t *ref, *filter;
	size_t i, k;

	json_array_foreach (json_object_get(rule, "backendRefs"), i, ref)
		json_array_foreach (json_object_get(ref, "filters"), k, filter)
			if (str_eq(json_str(filter, "type"), FILTER) && !gateway_is_session_filter(filter))
				return true;
	return false;
}

struct err *
gateway_session_problem(struct arena *a, const struct rollout *r, const struct gateway_route *route)
{
	struct session s = session_of(a, r, 1);

	for (size_t i = 0; s.mode == SESSION_STICKY && i < route->spec.rules.n; i++) {
		_cleanup_(json_decrefp) json_t *rule = NULL;

		if (!gateway_is_split(r, &route->spec.rules.at[i]))
			continue;
		rule = json_loads(route->spec.rules.at[i].raw, 0, NULL);
		if (gateway_session_has_filter(rule))
			return err_at(a, "metadata.annotations." ANNOTATION_SESSION_AFFINITY,
			    err_new(a, ERR_INVALID,
				"Invalid value: a backendRef of %s %s has a filter " FILTER
				", and may have one only; move it to the rule",
				route->object.type->kind, route->object.meta.name));
		if (!gateway_session_fits(rule))
			return err_at(a, "metadata.annotations." ANNOTATION_SESSION_AFFINITY,
			    err_new(a, ERR_INVALID,
				"Invalid value: a split rule of %s %s matches the header Cookie, or %d headers, so "
				"that the cookie of the session cannot be matched too",
				route->object.type->kind, route->object.meta.name, HEADERS_MAX));
	}
	return NULL;
}
