/* traffic/nginx_header.c: the managed route of the NGINX router: annotations that send requests with a header to the
 * canary, whatever its weight is. A canary Ingress has one header at most. */
#include <string.h>
#include "base/str.h"
#include "traffic/nginx.h"

#define NAME "canary-by-header"
#define VALUE "canary-by-header-value"
#define PATTERN "canary-by-header-pattern"

/* Returns whether the map has a key that ends with the annotation's name. */
static bool
nginx_header_is_in(const struct string_map *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (strstr(map->at[i].key, NAME) != NULL)
			return true;
	return false;
}

bool
nginx_header_is_managed(const struct canary_strategy *c)
{
	const struct nginx_routing *n = nginx_of(c);

	return c->traffic_routing->managed_routes.n > 0 && !nginx_header_is_in(&n->additional_ingress_annotations) &&
	       !nginx_header_is_in(&n->canary_ingress_annotations);
}

/* The regular expression of ingress-nginx (PCRE) for values that begin with a text. */
static const char *
nginx_header_prefix(struct arena *a, const char *text)
{
	const char *pattern = "^";

	for (; *text != '\0'; text++)
		pattern =
		    arena_printf(a, "%s%s%c", pattern, strchr(".[]{}()*+?^$|\\/-", *text) != NULL ? "\\" : "", *text);
	return pattern;
}

void
nginx_header_annotations(struct arena *a, const struct nginx_routing *n, const struct header_route *route,
    void (*emit)(const char *, const char *, void *), void *arg)
{
	const struct header_match *m = route != NULL && route->match.n > 0 ? &route->match.at[0] : NULL;
	const struct string_match *value = m != NULL ? m->header_value : NULL;
	const char *pattern = NULL;

	if (value != NULL && value->exact == NULL)
		pattern = value->regex != NULL ? value->regex : nginx_header_prefix(a, value->prefix);
	emit(nginx_annotation(a, n, NAME), m != NULL ? m->header_name : NULL, arg);
	emit(nginx_annotation(a, n, VALUE), value != NULL ? value->exact : NULL, arg);
	emit(nginx_annotation(a, n, PATTERN), pattern, arg);
}

static void
nginx_header_check_match(const struct header_route *route, const char *path, struct problems *p)
{
	const struct string_match *value = route->match.at[0].header_value;

	if (route->match.n > 1)
		problem_add(p, arena_printf(p->arena, "%s.match[1]", path),
		    "Invalid value: the annotations of ingress-nginx compare one header");
	/* Without a value the header would have another meaning: "always" and "never" are the values then. */
	if (value != NULL && (str_eq(value->exact, "") || str_eq(value->prefix, "") || str_eq(value->regex, "")))
		problem_add(p, arena_printf(p->arena, "%s.match[0].headerValue", path),
		    "Invalid value: \"\": ingress-nginx compares only values that are not empty; use regex: \".*\"");
}

void
nginx_header_check(const struct canary_strategy *c, struct problems *p)
{
	const char *first = NULL;

	for (size_t i = 0; i < c->steps.n; i++) {
		const struct header_route *route = c->steps.at[i].set_header_route;
		const char *path = arena_printf(p->arena, "spec.strategy.canary.steps[%zu].setHeaderRoute", i);

		if (route == NULL || route->match.n == 0)
			continue;
		nginx_header_check_match(route, path, p);
		if (first != NULL && !str_eq(first, route->name))
			problem_add(p, arena_printf(p->arena, "%s.name", path),
			    "Invalid value: \"%s\": ingress-nginx has one header route, which is \"%s\"", route->name,
			    first);
		if (first == NULL && c->traffic_routing->managed_routes.n > 0 && !nginx_header_is_managed(c))
			problem_add(p, path,
			    "Invalid value: additionalIngressAnnotations or canaryIngressAnnotations have " NAME
			    " already; remove it there");
		first = first != NULL ? first : route->name;
	}
}

/* The patch of the three annotations. */
struct nginx_header_patch {
	struct arena *arena;
	const struct object *object;
	json_t *ops; /* NULL: nothing to change */
};

static void
nginx_header_patch_one(const char *key, const char *value, void *arg)
{
	struct nginx_header_patch *p = arg;

	if (!str_eq(object_annotation(p->object, key), value))
		object_patch_annotation(p->arena, json_patch_of(&p->ops), p->object, key, value);
}

/* Adds what gives one canary Ingress the header. Returns whether it has it. */
static bool
nginx_header_set(const struct rollout *r, const struct nginx_target *t, const struct header_route *want,
    struct arena *a, struct plan *plan)
{
	const struct nginx_routing *n = nginx_of(r->spec.strategy.canary);
	struct nginx_header_patch p = { .arena = a, .object = t->canary != NULL ? &t->canary->object : NULL };

	if (t->foreign || (t->canary == NULL && (want == NULL || t->stable == NULL)))
		return want == NULL;
	if (t->canary == NULL && plan != NULL) {
		plan_create(plan, &ingress_type, r->object.meta.namespace, t->canary_name,
		    nginx_ingress_new(a, r, t, &(struct nginx_wish){ .header = want }));
		plan_independent(plan);
		plan_event(plan, &r->object, false, "CreatingCanaryIngress",
		    "Creating canary ingress `%s` with weight `0`", t->canary_name);
	}
	if (t->canary == NULL)
		return false;
	nginx_header_annotations(a, n, want, nginx_header_patch_one, &p);
	if (p.ops == NULL)
		return true;
	if (plan == NULL) {
		json_decref(p.ops);
		return false;
	}
	plan_patch(plan, p.object, p.ops);
	plan_independent(plan);
	plan_event(plan, &r->object, false, "PatchingCanaryIngress", "Ingress `%s` has %s", t->canary_name,
	    want != NULL ? arena_printf(a, "the header route %s", want->name) : "no header route");
	return false;
}

bool
nginx_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct nginx_targets *all = now->own;
	bool as_wanted = true;

	if (!nginx_header_is_managed(r->spec.strategy.canary))
		return n == 0;
	for (size_t i = 0; i < all->n; i++)
		as_wanted &= nginx_header_set(r, &all->at[i], n > 0 ? want[0].header : NULL, a, plan);
	return as_wanted;
}
