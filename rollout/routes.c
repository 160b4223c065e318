/* rollout/routes.c: the routes that setHeaderRoute and setMirrorRoute steps make: what they send to the canary has no weight.
 *
 * They are there while the canary has ready pods and the destination selects it, and go before anything takes it away.
 */
#include "base/str.h"
#include "rollout/world.h"

/* What the steps up to the present one say of a name; false: nothing, or no longer. */
static bool
wanted_route(const struct decision *d, const char *name, struct wanted_route *ret)
{
	for (int64_t i = d->index < steps_count(d) ? d->index : steps_count(d) - 1; i >= 0; i--) {
		const struct canary_step *s = &d->canary->steps.at[i];

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

/* What the steps up to the present one want. In the arena. */
static size_t
wanted_by_steps(const struct decision *d, struct wanted_route **ret)
{
	size_t n = 0, all = d->canary->traffic_routing->managed_routes.n;

	*ret = arena_new_array(d->arena, struct wanted_route, all);
	if (d->promoted || d->takes_over || d->aborted || d->st.promote_full || d->in_window || d->without_pods)
		return 0;
	for (size_t i = 0; i < all; i++)
		n += wanted_route(d, d->canary->traffic_routing->managed_routes.at[i].name, &(*ret)[n]);
	return n;
}

bool
routes_wanted(const struct decision *d)
{
	struct wanted_route *want;

	return d->canary->traffic_routing != NULL && d->canary->traffic_routing->managed_routes.n > 0 &&
	       wanted_by_steps(d, &want) > 0;
}

/* The canary's destination leads to a pod. */
static bool
canary_answers(const struct decision *d)
{
	return available(d->w->new_rs) > 0 && str_eq(d->w->routing.canary_hash, d->w->hash);
}

void
routes_plan(struct decision *d, bool lower)
{
	struct wanted_route *want = NULL;
	size_t n;

	if (d->w->router == NULL || d->canary->traffic_routing->managed_routes.n == 0)
		return; /* there are none to make or take away */
	if (d->w->routing_err != NULL && !d->aborted)
		return;
	n = !d->changed && canary_answers(d) ? wanted_by_steps(d, &want) : 0;
	if (lower ? n > 0 || d->w->routing.routes == 0 : d->routes_change || d->late)
		return;
	if (d->w->router->set_routes(d->w->rollout, &d->w->routing, want, n, d->arena, d->plan))
		return;
	d->routes_change = true;
	plan_reason(d->plan, "managed routes: %zu", n);
}

bool
routes_settled(const struct decision *d)
{
	struct wanted_route *want;
	size_t n = wanted_by_steps(d, &want);

	return d->w->routing_err == NULL && (n == 0 || canary_answers(d)) &&
	       d->w->router->set_routes(d->w->rollout, &d->w->routing, want, n, d->arena, NULL);
}
