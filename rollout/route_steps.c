/* rollout/route_steps.c: setHeaderRoute and setMirrorRoute: some requests are routed or mirrored to the canary. */
#include <inttypes.h>
#include "base/str.h"
#include "rollout/checks.h"
#include "rollout/pass.h"
#include "rollout/routes.h"
#include "rollout/step_kind.h"
#include "traffic/router.h"

static bool header_route_step_matches(const struct canary_step *);
static const char *header_route_step_text(struct arena *, const struct canary_step *);
static const char *header_route_step_label(struct arena *, const struct canary_step *);
static void header_route_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static bool mirror_route_step_matches(const struct canary_step *);
static const char *mirror_route_step_text(struct arena *, const struct canary_step *);
static const char *mirror_route_step_label(struct arena *, const struct canary_step *);
static void mirror_route_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static bool route_steps_done(struct rollout_pass *, const struct canary_step *);

const struct step_kind header_route_step_kind = {
	.name = "setHeaderRoute",
	.matches = header_route_step_matches,
	.text = header_route_step_text,
	.label = header_route_step_label,
	.check = header_route_step_check,
	.done = route_steps_done,
};

const struct step_kind mirror_route_step_kind = {
	.name = "setMirrorRoute",
	.matches = mirror_route_step_matches,
	.text = mirror_route_step_text,
	.label = mirror_route_step_label,
	.check = mirror_route_step_check,
	.done = route_steps_done,
};

static bool
header_route_step_matches(const struct canary_step *s)
{
	return s->set_header_route != NULL;
}

static const char *
header_route_step_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setHeaderRoute: %s", s->set_header_route->name);
}

static const char *
header_route_step_label(struct arena *a, const struct canary_step *s)
{
	const struct header_route *r = s->set_header_route;

	return arena_printf(a, "header route %s%s", r->name, r->match.n > 0 ? "" : " ends");
}

static bool
mirror_route_step_matches(const struct canary_step *s)
{
	return s->set_mirror_route != NULL;
}

static const char *
mirror_route_step_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setMirrorRoute: %s", s->set_mirror_route->name);
}

static const char *
mirror_route_step_label(struct arena *a, const struct canary_step *s)
{
	const struct mirror_route *r = s->set_mirror_route;

	if (r->percentage.present)
		return arena_printf(a, "mirror %s %" PRId64 " %%", r->name, r->percentage.value);
	return arena_printf(a, "mirror %s", r->name);
}

static bool
route_steps_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return p->replicas == 0 || routes_settled(p);
}

/* Adds the error of a value, with the text of Argo Rollouts. `path` is that of its item of `match`; `field` is its
 * place there. */
static void
route_steps_check_match(struct problems *p, const struct string_match *m, const char *path, const char *field)
{
	int n = m != NULL ? (m->exact != NULL) + (m->prefix != NULL) + (m->regex != NULL) : 1;

	if (n == 0)
		problem_add(p, path,
		    "Invalid value: %s: StringMatch value missed, match value must have one of the following: exact, "
		    "regex, prefix",
		    field);
	else if (n > 1)
		problem_add(p, path,
		    "Invalid value: %s: StringMatch match value must have exactly one of the following: exact, regex, "
		    "prefix",
		    field);
}

/* The route is one that the rollout may create and remove. The texts are those of Argo Rollouts, which has the error of
 * the missing field for each step too. */
static void
route_steps_check_name(struct problems *p, const struct canary_strategy *c, const char *name, const char *path)
{
	static const char managed[] = "spec.strategy.canary.trafficRouting.managedRoutes";
	const struct traffic_routing *t = c->traffic_routing;

	if (t == NULL || name == NULL)
		return;
	for (size_t i = 0; i < t->managed_routes.n; i++)
		if (str_eq(t->managed_routes.at[i].name, name))
			return;
	if (t->managed_routes.n > 0)
		problem_add(
		    p, path, "Invalid value: \"%s\": Steps define a route that does not exist in %s", name, managed);
	else
		problem_add(p, managed, "Required value: for %s: Rollout has missing field '%s'", path, managed);
}

static void
header_route_step_check(
    struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	const struct header_route *r = s->set_header_route;
	bool has = check_feature(p, c, ROUTER_HEADER_ROUTES, path);

	for (size_t i = 0; has && i < r->match.n; i++) {
		const char *at = arena_printf(p->arena, "%s.match[%zu]", path, i);

		if (!problem_at(p, at)) /* a stricter error of the router */
			route_steps_check_match(p, r->match.at[i].header_value, at, "headerValue");
	}
	route_steps_check_name(p, c, r->name, path);
}

/* Checks a map of string matches, the headers of the item of `match` at this path. */
static void
route_steps_check_headers(struct problems *p, const char *text, const char *path)
{
	_cleanup_(json_decrefp) json_t *headers = json_loads(text, 0, NULL);
	const char *name;
	json_t *value;

	if (!json_is_object(headers))
		problem_add(p, arena_printf(p->arena, "%s.headers", path), "Invalid value: is no object");
	json_object_foreach (headers, name, value) {
		struct problems inner = { .arena = p->arena };
		struct string_match match = { 0 };
		const char *field = arena_printf(p->arena, "%s.headers[%s]", path, name);

		decode(&string_match_type, value, field, &inner, &match);
		for (size_t i = 0; i < inner.n; i++)
			problem_add(p, inner.at[i].path, "%s", inner.at[i].text);
		if (inner.n == 0)
			route_steps_check_match(p, &match, path, arena_printf(p->arena, "headers[%s]", name));
	}
}

static void
mirror_route_step_check(
    struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	const struct mirror_route *r = s->set_mirror_route;

	check_feature(p, c, ROUTER_MIRROR_ROUTES, path);
	for (size_t i = 0; i < r->match.n; i++) {
		const struct route_match *m = &r->match.at[i];
		const char *at = arena_printf(p->arena, "%s.match[%zu]", path, i);

		if (problem_at(p, at)) /* a stricter error of the router */
			continue;
		route_steps_check_match(p, m->method, at, "method");
		route_steps_check_match(p, m->path, at, "path");
		if (m->headers != NULL)
			route_steps_check_headers(p, m->headers, at);
	}
	route_steps_check_name(p, c, r->name, path);
}
