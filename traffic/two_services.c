/* traffic/two_services.c: requirements of all routers that split between canaryService
 * and stableService. */
#include "traffic/two_services.h"
#include "base/str.h"

void
two_services_check(const struct canary_strategy *c, struct problems *p, const char *router)
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
	return err_new(a, ERR_INVALID, "%s: needs canaryService and stableService", field);
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
