/* traffic/two_services.c: requirements of all routers that split between canaryService
 * and stableService. */
#include "traffic/two_services.h"
#include "base/str.h"
#include "traffic/router.h"

/* The text is that of Argo Rollouts. */
static void
two_services_require(const struct canary_strategy *c, struct problems *p, enum spec_services service, const char *path)
{
	if ((c->spec_services & service) == 0 && !problem_at(p, path))
		problem_add(p, path,
		    "Invalid value: \"\": Canary service and Stable service must to be set to use Traffic Routing");
}

/* Returns whether all routers of the strategy split between the Services of pingPong, if it has that. */
static bool
two_services_take_turns(const struct canary_strategy *c)
{
	const struct router *router;
	size_t n = 0;

	while ((router = router_at(c, n)) != NULL && (router->features & ROUTER_PING_PONG) != 0)
		n++;
	return router == NULL;
}

void
two_services_required(const struct canary_strategy *c, struct problems *p)
{
	if (c->ping_pong != NULL && two_services_take_turns(c))
		return;
	two_services_require(c, p, SPEC_STABLE_SERVICE, "spec.strategy.canary.stableService");
	two_services_require(c, p, SPEC_CANARY_SERVICE, "spec.strategy.canary.canaryService");
}

void
two_services_check(const struct canary_strategy *c, struct problems *p, const char *router)
{
	two_services_required(c, p);
	two_services_check_split(c, p, router);
}

void
two_services_check_split(const struct canary_strategy *c, struct problems *p, const char *router)
{
	const struct istio_routing *istio = c->traffic_routing->istio;

	if (istio != NULL && istio->destination_rule != NULL)
		problem_add(p, "spec.strategy.canary.trafficRouting.istio.destinationRule",
		    "Invalid value: splits by subsets, and %s by Services; without destinationRule both split by "
		    "canaryService and stableService",
		    router);
}

struct err *
two_services_missing(struct arena *a, const struct canary_strategy *c, const char *field)
{
	if (!str_empty(c->canary_service) && !str_empty(c->stable_service))
		return NULL;
	return err_at(a, field, err_new(a, ERR_INVALID, "needs canaryService and stableService"));
}

void
two_services_patch(struct plan *plan, const struct rollout *r, const struct object *o, json_t *ops, int64_t weight)
{
	plan_patch(plan, o, ops);
	/* the status reports a change of its weight, with the step or the promotion that made it */
	plan_event(plan, &r->object, false, arena_printf(plan->arena, "Updated %s", o->type->kind),
	    "%s `%s` set to desiredWeight '%d'", o->type->kind, o->meta.name, (int)weight)
	    ->implied = r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != weight;
}
