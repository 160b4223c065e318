/* rollout/warnings.c: fields of a valid Rollout that have no effect, or not the one that they appear to have. The
 * errors are in validate.c. */
#include "rollout/warnings.h"
#include "base/str.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"

#define CANARY "spec.strategy.canary"

/* Returns the first router without the feature, if another one has it; else NULL: the spec has an error, or none. */
static const struct router *
warnings_without(const struct canary_strategy *c, enum router_feature feature)
{
	const struct router *router, *without = NULL;
	bool with = false;

	for (size_t i = 0; (router = router_at(c, i)) != NULL; i++)
		if ((router->features & feature) != 0)
			with = true;
		else if (without == NULL)
			without = router;
	return with ? without : NULL;
}

static void
warnings_add_without(struct problems *p, const struct canary_strategy *c, enum router_feature feature, const char *what,
    const char *path)
{
	const struct router *without = warnings_without(c, feature);

	if (without != NULL)
		problem_add(p, path,
		    "%s has no %s: the requests that it routes are split by weight only; routers that have them: %s",
		    without->name, what, router_names(p->arena, feature));
}

static void
warnings_of_step(struct problems *p, const struct canary_strategy *c, size_t i)
{
	const struct canary_step *s = &c->steps.at[i];
	const char *path = arena_printf(p->arena, CANARY ".steps[%zu]", i);

	if (s->set_header_route != NULL)
		warnings_add_without(
		    p, c, ROUTER_HEADER_ROUTES, "header routes", arena_printf(p->arena, "%s.setHeaderRoute", path));
	if (s->set_mirror_route != NULL)
		warnings_add_without(
		    p, c, ROUTER_MIRROR_ROUTES, "mirror routes", arena_printf(p->arena, "%s.setMirrorRoute", path));
	for (size_t k = 0; s->experiment != NULL && k < s->experiment->templates.n; k++)
		if (s->experiment->templates.at[k].weight.present)
			warnings_add_without(p, c, ROUTER_EXPERIMENTS, "weights of experiments",
			    arena_printf(p->arena, "%s.experiment.templates[%zu].weight", path, k));
}

static void
warnings_of_service(struct problems *p, const char *service, const char *path)
{
	if (str_empty(service))
		problem_add(p, path,
		    "is not set: the routes are split between stableService and canaryService, and are invalid "
		    "without both");
}

/* Istio can split by subsets instead. */
static void
warnings_of_services(struct problems *p, const struct canary_strategy *c)
{
	if (c->traffic_routing == NULL || c->traffic_routing->istio != NULL || router_at(c, 0) == NULL ||
	    c->ping_pong != NULL)
		return;
	warnings_of_service(p, c->stable_service, CANARY ".stableService");
	warnings_of_service(p, c->canary_service, CANARY ".canaryService");
}

void
warnings_find(struct problems *p, const struct rollout *r)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (c == NULL)
		return;
	if (c->traffic_routing != NULL && router_at(c, 0) == NULL)
		problem_add(p, CANARY ".trafficRouting",
		    "names no router: no weight is set, and steps wait for pods only; name one of %s, or split the "
		    "requests between canaryService and stableService yourself",
		    router_names(p->arena, 0));
	if (c->traffic_routing == NULL && c->ping_pong != NULL)
		problem_add(p, CANARY ".pingPong",
		    "without trafficRouting the two Services take turns, and nothing splits the requests between them; "
		    "name a router with pingPong: %s",
		    router_names(p->arena, ROUTER_PING_PONG));
	warnings_of_services(p, c);
	for (size_t i = 0; i < c->steps.n; i++)
		warnings_of_step(p, c, i);
}
