/* traffic/gateway_mirror.c: the rules that setMirrorRoute steps create.
 *
 * Each rule that is split has one: a copy that is split in the same way, mirrors, and matches the requests that both
 * the rule and the step match. All are in front of the rules that are split: of rules whose matches are equally
 * specific, the Gateway API prefers the first.
 */
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "traffic/gateway_api.h"

/* Whether requests can match two conditions: never, those of a third one, or this code does not know. */
enum gateway_both { BOTH_NEVER, BOTH_SOME, BOTH_UNKNOWN };

enum gateway_path_kind { PATH_ANY, PATH_PREFIX, PATH_EXACT, PATH_REGEX, PATH_KIND_MAX };

static const char *const path_types[] = { "PathPrefix", "PathPrefix", "Exact", "RegularExpression" };
_Static_assert(ARRAY_SIZE(path_types) == PATH_KIND_MAX, "a kind of path has no type");

struct gateway_path {
	enum gateway_path_kind kind;
	const char *text;
};

static struct gateway_path
gateway_path_of(enum gateway_path_kind kind, const char *text)
{
	return kind == PATH_PREFIX && str_eq(text, "/") ? (struct gateway_path){ PATH_ANY, "/" }
							: (struct gateway_path){ kind, text };
}

/* The path of a rule's match; of a type that this code does not know it is a regular expression: never combined. */
static struct gateway_path
gateway_path_of_rule(const json_t *match)
{
	const json_t *path = json_object_get(match, "path");
	const char *type = json_str(path, "type") ?: path_types[PATH_PREFIX], *text = json_str(path, "value") ?: "/";

	if (strcmp(type, path_types[PATH_PREFIX]) == 0)
		return gateway_path_of(PATH_PREFIX, text);
	return gateway_path_of(strcmp(type, path_types[PATH_EXACT]) == 0 ? PATH_EXACT : PATH_REGEX, text);
}

static struct gateway_path
gateway_path_of_step(const struct string_match *m)
{
	if (m == NULL)
		return gateway_path_of(PATH_ANY, "/");
	if (m->exact != NULL)
		return gateway_path_of(PATH_EXACT, m->exact);
	return m->prefix != NULL ? gateway_path_of(PATH_PREFIX, m->prefix) : gateway_path_of(PATH_REGEX, m->regex);
}

/* Returns whether a path begins with the elements of a prefix: "/a" with those of "/a", but "/ab" does not. */
static bool
gateway_prefix_has(const struct gateway_path *prefix, const struct gateway_path *path)
{
	size_t n = strlen(prefix->text);

	while (n > 0 && prefix->text[n - 1] == '/')
		n--;
	return prefix->kind == PATH_PREFIX && strncmp(prefix->text, path->text, n) == 0 &&
	       (path->text[n] == '\0' || path->text[n] == '/');
}

static enum gateway_both
gateway_path_both(struct gateway_path a, struct gateway_path b, struct gateway_path *ret)
{
	bool same = a.kind == b.kind && str_eq(a.text, b.text);

	*ret = b.kind == PATH_ANY || same ? a : b;
	if (same || a.kind == PATH_ANY || b.kind == PATH_ANY)
		return BOTH_SOME;
	if (a.kind == PATH_REGEX || b.kind == PATH_REGEX)
		return BOTH_UNKNOWN;
	if (gateway_prefix_has(&a, &b))
		return BOTH_SOME;
	*ret = a;
	return gateway_prefix_has(&b, &a) ? BOTH_SOME : BOTH_NEVER;
}

/* The member of a list of header matches with this name; NULL if absent. */
static const json_t *
gateway_header_named(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcasecmp(json_str(one, "name") ?: "", name) == 0)
			return one;
	return NULL;
}

/* Adds the headers of a step, {NAME: string match}, to those of a match. */
static enum gateway_both
gateway_headers_both(struct arena *a, json_t *match, const char *step)
{
	_cleanup_(json_decrefp) json_t *headers = json_loads(step, 0, NULL);
	json_t *list = json_object_get(match, "headers"), *value;
	const char *name;

	if (list == NULL && json_object_size(headers) > 0)
		json_object_set_new(match, "headers", list = json_array());
	json_object_foreach (headers, name, value) {
		struct string_match text = { json_str(value, "exact"), json_str(value, "prefix"),
			json_str(value, "regex") };
		_cleanup_(json_decrefp) json_t *want = gateway_header_match(a, &(struct header_match){ name, &text });
		const json_t *have = gateway_header_named(list, name);
		const char *type = json_str(have, "type") ?: "Exact";

		if (have == NULL)
			json_array_append(list, want);
		else if (!str_eq(type, json_str(want, "type")))
			return BOTH_UNKNOWN;
		else if (!str_eq(json_str(have, "value"), json_str(want, "value")))
			return str_eq(type, "Exact") ? BOTH_NEVER : BOTH_UNKNOWN;
	}
	return BOTH_SOME;
}

/* Returns whether the rule replaces the prefix that it matched: another prefix would lead to another path. */
static bool
gateway_replaces_prefix(const json_t *rule)
{
	json_t *filter;
	size_t i;

	json_array_foreach (json_object_get(rule, "filters"), i, filter)
		if (str_eq(json_str(json_at(filter, "/urlRewrite/path"), "type"), "ReplacePrefixMatch"))
			return true;
	return false;
}

/* Restricts a match of the rule to what the step matches too. */
static enum gateway_both
gateway_match_both(struct arena *a, const json_t *rule, bool http, json_t *match, const struct route_match *step)
{
	struct gateway_path of_rule = gateway_path_of_rule(match), path;
	const char *method = json_str(match, "method");
	enum gateway_both both = BOTH_SOME;

	if (http) {
		if ((both = gateway_path_both(of_rule, gateway_path_of_step(step->path), &path)) != BOTH_SOME)
			return both;
		if (gateway_replaces_prefix(rule) && !str_eq(path.text, of_rule.text))
			return BOTH_UNKNOWN;
		json_object_set_new(
		    match, "path", json_pack("{s:s,s:s}", "type", path_types[path.kind], "value", path.text));
	}
	if (http && step->method != NULL) {
		if (method != NULL && !str_eq(method, step->method->exact))
			return BOTH_NEVER;
		json_object_set_new(match, "method", json_string(step->method->exact));
	}
	return step->headers != NULL ? gateway_headers_both(a, match, step->headers) : both;
}

/* The matches of the rule and of the step, each with each. Sets *ret_unknown to the number of the first one of the step
 * that cannot be combined. A new reference to a list. */
static json_t *
gateway_mirror_matches(
    struct arena *a, const json_t *rule, bool http, const struct mirror_route *want, struct opt_int *ret_unknown)
{
	const json_t *of_rule = json_object_get(rule, "matches");
	size_t n = json_array_size(of_rule) > 0 ? json_array_size(of_rule) : 1;
	json_t *list = json_array();

	for (size_t i = 0; i < want->match.n; i++)
		for (size_t k = 0; k < n; k++) {
			json_t *match = json_deep_copy(json_array_get(of_rule, k)) ?: json_object();
			enum gateway_both both = gateway_match_both(a, rule, http, match, &want->match.at[i]);

			if (both == BOTH_UNKNOWN && !ret_unknown->present)
				*ret_unknown = (struct opt_int){ true, (int64_t)i };
			if (both == BOTH_SOME)
				json_array_append(list, match);
			json_decref(match);
		}
	return list;
}

/* A filter's reference has neither weight nor filters. All requests are mirrored without `percent`, which older
 * releases of the Gateway API do not have. A new reference. */
static json_t *
gateway_mirror_filter(const struct rollout *r, const struct gateway_rule *split, const json_t *rule, int64_t percent)
{
	json_t *ref = gateway_canary_ref(r, split, rule), *mirror = json_pack("{s:o}", "backendRef", ref);

	json_object_del(ref, "filters");
	if (percent < 100)
		json_object_set_new(mirror, "percent", json_integer(percent));
	return json_pack("{s:s,s:o}", "type", "RequestMirror", "requestMirror", mirror);
}

/* Adds the rule for one that is split, unless no request matches both. */
static struct err *
gateway_mirror_rule(struct arena *a, const struct rollout *r, const struct mirror_route *want,
    const struct gateway_route *route, const struct gateway_rule *split, json_t *rules)
{
	_cleanup_(json_decrefp) json_t *rule = json_loads(split->raw, 0, NULL);
	struct opt_int unknown = { 0 };
	_cleanup_(json_decrefp) json_t *matches =
	    gateway_mirror_matches(a, rule, route->object.type == &http_route_type, want, &unknown);
	json_t *filters = json_object_get(rule, "filters");
	size_t n = json_array_size(rules);

	if (unknown.present)
		return err_at(a, arena_printf(a, "setMirrorRoute.match[%d]", (int)unknown.value),
		    err_new(a, ERR_INVALID,
			"Invalid value: a rule of %s %s has a match with another regular "
			"expression, "
			"or replaces the prefix of the path, so that the two cannot be combined; use the path or the "
			"header of "
			"the rule",
			route->object.type->kind, route->object.meta.name));
	if (json_array_size(matches) == 0)
		return NULL;
	json_object_set_new(rule, "name", json_string(n == 0 ? want->name : arena_printf(a, "%s-%zu", want->name, n)));
	json_object_set(rule, "matches", matches);
	if (filters == NULL)
		json_object_set_new(rule, "filters", filters = json_array());
	json_array_append_new(
	    filters, gateway_mirror_filter(r, split, rule, want->percentage.present ? want->percentage.value : 100));
	json_array_append(rules, rule);
	return NULL;
}

struct err *
gateway_mirror_rules(struct arena *a, const struct rollout *r, const struct mirror_route *want,
    const struct gateway_route *route, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *rules = json_array();
	struct err *e;

	for (size_t i = 0; i < route->spec.rules.n; i++)
		if (gateway_is_split(r, &route->spec.rules.at[i]) &&
		    (e = gateway_mirror_rule(a, r, want, route, &route->spec.rules.at[i], rules)) != NULL)
			return e;
	if (json_array_size(rules) == 0)
		return err_at(a, "setMirrorRoute.match",
		    err_new(a, ERR_INVALID, "Invalid value: no request that it matches is one of a split rule of %s %s",
			route->object.type->kind, route->object.meta.name));
	*ret = TAKE_PTR(rules);
	return NULL;
}

/* Returns whether a filter of the rule mirrors to one of the Services: they have swapped since then with pingPong. */
static bool
gateway_mirrors(const struct rollout *r, const struct gateway_rule *rule)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(json_decrefp) json_t *json = json_loads(rule->raw, 0, NULL);
	json_t *filter;
	size_t i;

	json_array_foreach (json_object_get(json, "filters"), i, filter) {
		const json_t *to = json_at(filter, "/requestMirror/backendRef");
		struct backend_ref ref = { .group = json_str(to, "group"),
			.kind = json_str(to, "kind"),
			.name = json_str(to, "name"),
			.namespace = json_str(to, "namespace") };

		if (ref.name != NULL &&
		    (gateway_ref_is(r, &ref, c->canary_service) || gateway_ref_is(r, &ref, c->stable_service)))
			return true;
	}
	return false;
}

bool
gateway_is_mirror(const struct rollout *r, const struct gateway_rule *rule)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return gateway_has_managed_name(c, rule) && gateway_refers_to(r, rule, c->canary_service) &&
	       gateway_refers_to(r, rule, c->stable_service) && gateway_mirrors(r, rule);
}

static bool
gateway_is_one_value(const struct string_match *m)
{
	return m != NULL && (m->exact != NULL) + (m->prefix != NULL) + (m->regex != NULL) == 1;
}

/* A method is a name, and a path begins with "/". A GRPCRoute has neither. That a value is missing, or one of several,
 * is another problem (rollout/route_steps.c). */
static void
gateway_check_mirror_match(const struct route_match *m, bool grpc, const char *path, struct problems *p)
{
	const char *text = !gateway_is_one_value(m->path) ? NULL : m->path->exact ?: m->path->prefix;

	if (gateway_is_one_value(m->method) && (m->method->prefix != NULL || m->method->regex != NULL || grpc))
		problem_add(p, arena_printf(p->arena, "%s.method", path),
		    grpc ? "Invalid value: requests of a GRPCRoute are mirrored by their headers only"
			 : "Invalid value: needs exact: routes of the Gateway API match a method by its name");
	if (text != NULL && text[0] != '/')
		problem_add(p, arena_printf(p->arena, "%s.path", path),
		    "Invalid value: \"%s\": a path in a route of the Gateway API starts with /", text);
	else if (grpc && gateway_is_one_value(m->path) && gateway_path_of_step(m->path).kind != PATH_ANY)
		problem_add(p, arena_printf(p->arena, "%s.path", path),
		    "Invalid value: requests of a GRPCRoute are mirrored by their headers only");
}

void
gateway_check_mirrors(const struct canary_strategy *c, struct problems *p)
{
	struct gateway_reference ref;
	bool grpc = false;

	for (size_t i = 0; gateway_reference_at(c, i, &ref); i++)
		grpc |= ref.kind == GATEWAY_GRPC && ref.header_routes;
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct mirror_route *m = c->steps.at[i].set_mirror_route;

		for (size_t k = 0; m != NULL && k < m->match.n; k++)
			gateway_check_mirror_match(&m->match.at[k], grpc,
			    arena_printf(p->arena, "spec.strategy.canary.steps[%zu].setMirrorRoute.match[%zu]", i, k),
			    p);
	}
}
