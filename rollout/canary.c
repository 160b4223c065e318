/* rollout/canary.c: the order of a canary's pass, and when its version has earned all the traffic. */
#include <inttypes.h>
#include "base/str.h"
#include "rollout/world.h"

static bool
new_is_whole(const struct decision *d)
{
	const struct replicaset *rs = d->w->new_rs;

	return rs != NULL && replicaset_wanted(rs) >= d->replicas && available(rs) >= d->replicas;
}

/* Nothing is left to do for this update but to promote its version, and nobody holds it. */
static bool
steps_are_done(const struct decision *d)
{
	return d->index >= steps_count(d) && !d->paused_by_spec && d->st.pause_conditions.n == 0;
}

/* The new version has earned all the traffic, by its steps (whose last share is seen to have arrived; without steps there is none) or
 * because a person says so: the stable destination selects it, and only then is it called the stable version. Once that has begun,
 * neither a pause nor a change of scale turns it round (seed 12529). */
static bool
takes_over(const struct decision *d)
{
	const struct routing *r = &d->w->routing;

	if (d->promoted || d->aborted || d->changed || d->st.stable_rs == NULL || d->replicas == 0 ||
	    d->canary->ping_pong != NULL || d->w->router == NULL || d->w->routing_err != NULL || d->w->new_rs == NULL ||
	    !str_eq(r->canary_hash, d->w->hash))
		return false;
	if (str_eq(r->stable_hash, d->w->hash))
		return d->st.promote_full || d->index >= steps_count(d);
	if (!new_is_whole(d))
		return false;
	return d->st.promote_full || (steps_are_done(d) && (steps_count(d) == 0 || r->weight_least == 100));
}

/* With Services that take turns the new version's gets all the traffic, and is called the stable version's then. */
bool
canary_takes_turn(const struct decision *d)
{
	return d->canary->ping_pong != NULL && !d->promoted && !d->aborted && !d->changed && d->st.stable_rs != NULL &&
	       d->w->new_rs != NULL && new_is_whole(d) && (d->st.promote_full || steps_are_done(d));
}

static bool
has_all_traffic(const struct decision *d)
{
	const struct routing *r = &d->w->routing;

	if (d->replicas == 0)
		return true;
	if (d->canary->ping_pong == NULL)
		return weights_settled(d);
	return d->w->routing_err == NULL && r->weight_least == 100 && str_eq(r->canary_hash, d->w->hash);
}

/* Makes the new version the stable one when it has earned it. */
static void
promotion_sync(struct decision *d)
{
	const char *done = steps_count(d) > 0
			       ? arena_printf(d->arena, "Completed all %" PRId64 " canary steps", steps_count(d))
			       : "Canary strategy has no steps";

	if (d->st.stable_rs == NULL) {
		promote(d, "Initial deploy", "Promoted");
		return;
	}
	if (d->promoted || d->aborted || d->changed || !new_is_whole(d) || !has_all_traffic(d))
		return;
	if (d->st.promote_full)
		promote(d, "Full promotion requested", d->in_window ? "FastRolledBack" : "FastPromoted");
	else if (steps_are_done(d) && d->without_pods)
		promote(d, WITHOUT_PODS, "Promoted");
	else if (steps_are_done(d) && d->in_window)
		promote(d, "Rollback within the rollback window", "FastRolledBack");
	else if (steps_are_done(d))
		promote(d, done, "Promoted");
}

/* Going back to a version that was good not long ago, or an update without pods: the steps count as done at once, and nothing is
 * measured. */
static void
read_untried(struct decision *d)
{
	if (!d->in_window && !d->without_pods)
		return;
	pause_clear(d);
	d->index = steps_count(d);
	if (d->index > 0)
		d->st.current_step_index = (struct opt_int){ true, d->index };
}

void
canary_pass(struct decision *d)
{
	read_untried(d);
	steps_resume(d);
	d->takes_over = takes_over(d);
	status_counts(d);
	weights_plan(d, true);
	routes_plan(d, true);
	replicas_keep(d);
	if (!revision_is_there(d))
		return;
	metadata_templates(d);
	replicas_raise(d);
	hashes_plan(d);
	weights_plan(d, false);
	routes_plan(d, false);
	promotion_sync(d);
	if (!str_eq(d->st.stable_rs, d->w->hash))
		steps_advance(d);
	pass_end(d);
}
