/* rollout/canary.c: canary: the order of its pass, and the conditions under which its version becomes stable.
 * Weights: weights.c; pods: replicas.c and replica_counts.c. */
#include "rollout/canary.h"
#include <inttypes.h>
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/replicas.h"
#include "rollout/scale_down_delay.h"
#include "rollout/routes.h"
#include "rollout/status.h"
#include "rollout/steps.h"
#include "rollout/weights.h"

static bool
canary_is_whole(const struct rollout_pass *p)
{
	const struct replicaset *rs = p->w->new_rs;

	return rs != NULL && replicaset_wanted(rs) >= p->replicas && replicaset_available(rs) >= p->replicas;
}

/* Returns whether all steps are completed, and no pause prevents the promotion. */
static bool
canary_steps_are_done(const struct rollout_pass *p)
{
	return p->index >= steps_count(p) && !p->paused_by_spec && p->st.pause_conditions.n == 0 &&
	       (steps_count(p) > 0 || !steps_are_held(p));
}

/* The new version is to get all traffic: its steps are completed (the last weight is observed; without steps there is
 * no weight), or a user promoted it. First the stable destination selects it; only then is it the stable version.
 * After this has begun, neither a pause nor a change of scale reverses it. */
static bool
canary_is_promoting(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;

	if (p->promotion == PROMOTED || p->aborted || p->change != CHANGE_NONE || p->st.stable_rs == NULL ||
	    p->replicas == 0 || p->w->takes_turns || p->w->routers.n == 0 || p->w->routing_err != NULL ||
	    p->w->new_rs == NULL || !str_eq(r->canary_hash, p->w->hash))
		return false;
	if (str_eq(r->stable_hash, p->w->hash))
		return p->st.promote_full || p->index >= steps_count(p);
	if (!canary_is_whole(p))
		return false;
	return p->st.promote_full ||
	       (canary_steps_are_done(p) &&
		   (steps_count(p) == 0 || (r->weight_min == p->weight_total && r->unverified == NULL)));
}

/* With pingPong: returns true if the new version's Service is to get all the traffic; it then becomes that of the
 * stable version. */
bool
canary_takes_turn(const struct rollout_pass *p)
{
	return p->w->takes_turns && p->promotion != PROMOTED && !p->aborted && p->change == CHANGE_NONE &&
	       p->st.stable_rs != NULL && p->w->new_rs != NULL && canary_is_whole(p) &&
	       (p->st.promote_full || canary_steps_are_done(p));
}

static bool
canary_has_all_traffic(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;

	if (p->replicas == 0)
		return true;
	if (!p->w->takes_turns)
		return weights_settled(p);
	return p->w->routing_err == NULL && r->unverified == NULL && r->weight_min == p->weight_total &&
	       str_eq(r->canary_hash, p->w->hash);
}

/* Makes the new version the stable one when the conditions are met. */
static void
canary_promote(struct rollout_pass *p)
{
	const char *done = steps_count(p) > 0
			       ? arena_printf(p->arena, "Completed all %" PRId64 " canary steps", steps_count(p))
			       : "Canary strategy has no steps";

	if (p->st.stable_rs == NULL) {
		pass_promote(p, "Initial deploy", "Promoted");
		return;
	}
	if (p->promotion == PROMOTED || p->aborted || p->change != CHANGE_NONE || !canary_is_whole(p) ||
	    !canary_has_all_traffic(p))
		return;
	if (p->st.promote_full)
		pass_promote(p, "Full promotion requested", p->in_window ? "FastRolledBack" : "FastPromoted");
	else if (canary_steps_are_done(p) && p->without_pods)
		pass_promote(p, WITHOUT_PODS, "Promoted");
	else if (canary_steps_are_done(p) && p->in_window)
		pass_promote(p, "Rollback within the rollback window", "FastRolledBack");
	else if (canary_steps_are_done(p))
		pass_promote(p, done, "Promoted");
}

/* In a rollback within spec.rollbackWindow, or an update without pods, the steps count as completed and nothing is
 * measured. */
static void
canary_skip_steps(struct rollout_pass *p)
{
	if (!p->in_window && !p->without_pods)
		return;
	pause_clear(p);
	p->index = steps_count(p);
	if (p->index > 0)
		p->st.current_step_index = (struct opt_int){ true, p->index };
}

void
canary_pass(struct rollout_pass *p)
{
	canary_skip_steps(p);
	steps_resume(p);
	if (canary_is_promoting(p))
		p->promotion = PROMOTING;
	status_counts(p);
	weights_plan(p, true);
	routes_plan(p, true);
	scale_down_keep(p);
	if (!pass_make_revision(p))
		return;
	metadata_templates(p);
	replicas_raise(p);
	weights_plan_hashes(p);
	weights_plan(p, false);
	routes_plan(p, false);
	canary_promote(p);
	if (!str_eq(p->st.stable_rs, p->w->hash))
		steps_advance(p);
	pass_end(p);
}
