/* rollout/routes.c: managed routes, which setHeaderRoute and setMirrorRoute steps create. Their requests are
 * independent of the weight. The steps: route_steps.c.
 *
 * They exist while the canary has ready pods and the destination selects it, and are removed before its pods are.
 */
#include "rollout/routes.h"
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"
#include "rollout/steps.h"

/* Finds the route that the steps up to the current one define for a name. Returns false if they define none, or have
 * removed it. */
static bool
routes_find(const struct rollout_pass *p, const char *name, struct wanted_route *ret)
{
	for (int64_t i = p->index < steps_count(p) ? p->index : steps_count(p) - 1; i >= 0; i--) {
		const struct canary_step *s = &p->canary->steps.at[i];

		if (s->set_header_route != NULL && str_eq(s->set_header_route->name, name)) {
			*ret = (struct wanted_route){ .header = s->set_header_route };
			return s->set_header_route->match.n > 0;
		}
		if (s->set_mirror_route != NULL && str_eq(s->set_mirror_route->name, name)) {
			*ret = (struct wanted_route){ .mirror = s->set_mirror_route };
			return s->set_mirror_route->match.n > 0;
		}
	}
	return false;
}

/* The routes that the steps up to the current one define. In the arena. */
static size_t
routes_of_steps(const struct rollout_pass *p, struct wanted_route **ret)
{
	size_t n = 0, all = p->canary->traffic_routing->managed_routes.n;

	*ret = arena_new_array(p->arena, struct wanted_route, all);
	if (p->promotion != NOT_PROMOTED || p->aborted || p->st.promote_full || p->in_window || p->without_pods)
		return 0;
	for (size_t i = 0; i < all; i++)
		n += routes_find(p, p->canary->traffic_routing->managed_routes.at[i].name, &(*ret)[n]);
	return n;
}

bool
routes_wanted(const struct rollout_pass *p)
{
	struct wanted_route *want;

	return p->canary->traffic_routing != NULL && p->canary->traffic_routing->managed_routes.n > 0 &&
	       routes_of_steps(p, &want) > 0;
}

/* Returns whether the canary's destination has an available pod. */
static bool
routes_canary_is_ready(const struct rollout_pass *p)
{
	return replicaset_available(p->w->new_rs) > 0 && str_eq(p->w->routing.canary_hash, p->w->hash);
}

void
routes_plan(struct rollout_pass *p, bool lower)
{
	struct wanted_route *want = NULL;
	size_t n, before = p->plan->n_steps;

	if (p->w->routers.n == 0 || p->canary->traffic_routing->managed_routes.n == 0)
		return; /* no routes to create or remove */
	if (p->w->routing_err != NULL && !p->aborted)
		return;
	n = p->change == CHANGE_NONE && routes_canary_is_ready(p) ? routes_of_steps(p, &want) : 0;
	if (lower ? n > 0 || p->w->routing.managed_routes == 0 : p->writes.routes || p->deadline_exceeded)
		return;
	if (routed_set_routes(p->w->rollout, &p->w->routers, want, n, p->arena, p->plan))
		return;
	p->writes.routes = true;
	p->writes.routing |= p->plan->n_steps > before;
	plan_reason(p->plan, "managed routes: %zu", n);
}

bool
routes_settled(const struct rollout_pass *p)
{
	struct wanted_route *want;
	size_t n = routes_of_steps(p, &want);

	return p->w->routing_err == NULL && p->w->routing.unverified == NULL && (n == 0 || routes_canary_is_ready(p)) &&
	       routed_set_routes(p->w->rollout, &p->w->routers, want, n, p->arena, NULL);
}
