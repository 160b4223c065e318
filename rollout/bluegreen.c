/* rollout/bluegreen.c: blue-green: two versions, and an active Service that is switched from one to the other.
 *
 * The order of an update: the preview Service selects the new version; its pods are available; the analysis before
 * the switch succeeds; the pause, if there is one, ends; all of its pods are available; the active Service selects
 * it; the analysis after the switch succeeds; it is the stable version. The old version is scaled down after a delay.
 * An abort switches back.
 */
#include "rollout/bluegreen.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/replicaset.h"
#include "rollout/gather.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/replicas.h"
#include "rollout/scale_down_delay.h"
#include "rollout/services.h"
#include "rollout/status.h"

bool
bluegreen_is_active(const struct rollout_pass *p)
{
	return p->w->routing.stable_hash != NULL && str_eq(p->w->routing.stable_hash, p->w->hash);
}

const struct replicaset *
bluegreen_active(const struct rollout_pass *p)
{
	return world_replicaset(p->w, p->w->routing.stable_hash);
}

/* Returns true for an older version whose pods are kept until their deadline, for a rollback. An aborted version has
 * such a deadline too: it is measured if an analysis of this update has begun, or if this is a retry. */
static bool
bluegreen_still_runs(const struct rollout_pass *p)
{
	const struct replicaset *rs = p->w->new_rs, *stable = p->w->stable_rs;

	return rs != NULL && stable != NULL && p->w->now <= scale_down_deadline(rs) && p->st.aborted_at == 0 &&
	       p->st.blue_green.pre_promotion_analysis == NULL && p->st.blue_green.post_promotion_analysis == NULL &&
	       rs->object.meta.creation_timestamp < stable->object.meta.creation_timestamp;
}

bool
bluegreen_is_quick(const struct rollout_pass *p)
{
	return !p->aborted && (p->promotion == PROMOTED || p->st.promote_full || p->in_window || p->without_pods ||
				  bluegreen_still_runs(p));
}

/* Returns whether the switch waits only for pods. If no version is active yet, and the first one has no available
 * pod, the next version replaces it. */
static bool
bluegreen_switches_at_once(const struct rollout_pass *p)
{
	return bluegreen_is_quick(p) || bluegreen_is_active(p) ||
	       (p->w->routing.stable_hash == NULL && replicaset_available(p->w->stable_rs) == 0);
}

int64_t
bluegreen_wanted(const struct rollout_pass *p)
{
	const struct opt_int *preview = &p->blue_green->preview_replica_count;

	if (!preview->present || bluegreen_active(p) == NULL || p->st.stable_rs == NULL ||
	    bluegreen_switches_at_once(p) || p->st.blue_green.scale_up_preview_check_point)
		return p->replicas;
	return p->replicas > 0 ? preview->value : 0;
}

static bool
bluegreen_has(const struct replicaset *rs, int64_t pods)
{
	return rs != NULL && replicaset_wanted(rs) >= pods && replicaset_available(rs) >= pods;
}

bool
bluegreen_is_ready(const struct rollout_pass *p)
{
	return bluegreen_has(p->w->new_rs, bluegreen_wanted(p));
}

/* Returns whether the strategy names an analysis that has not succeeded. */
static bool
bluegreen_run_is_open(const struct rollout_analysis *analysis, const struct run_status *run)
{
	return analysis != NULL && analysis->templates.n > 0 && (run == NULL || !str_eq(run->status, "Successful"));
}

/* Uses the written status: the pass that observes the success of the run writes it, and delays start with that
 * write. */
bool
bluegreen_waits_for_run(const struct rollout_pass *p)
{
	const struct rollout_status *was = p->was;

	if (p->blue_green == NULL || p->promotion == PROMOTED || !bluegreen_is_ready(p))
		return false;
	if (bluegreen_is_active(p))
		return was->blue_green.post_promotion_analysis != NULL &&
		       bluegreen_run_is_open(
			   p->blue_green->post_promotion_analysis, was->blue_green.post_promotion_analysis);
	return was->blue_green.pre_promotion_analysis != NULL &&
	       bluegreen_run_is_open(p->blue_green->pre_promotion_analysis, was->blue_green.pre_promotion_analysis);
}

/* Returns whether the pause before the switch has ended. Until the switch, controllerPause without a condition
 * records the end of the pause. */
static bool
bluegreen_pause_is_over(struct rollout_pass *p)
{
	bool by_itself = !p->blue_green->auto_promotion_enabled.present || p->blue_green->auto_promotion_enabled.value;
	int64_t seconds = p->blue_green->auto_promotion_seconds, end;

	if (by_itself && seconds == 0)
		return true;
	if (!pause_has(&p->st, PAUSE_BLUE_GREEN)) {
		if (p->st.controller_pause && p->st.pause_conditions.n == 0)
			return true;
		pause_add(p, PAUSE_BLUE_GREEN);
	}
	if (!by_itself)
		return false;
	end = time_add(pause_since(&p->st, PAUSE_BLUE_GREEN), seconds * 1000);
	if (p->w->now <= end) {
		plan_wake(p->plan, end + 1);
		return false;
	}
	pause_drop(p, PAUSE_BLUE_GREEN);
	return true;
}

static bool
bluegreen_may_switch(struct rollout_pass *p)
{
	const struct blue_green_status *st = &p->st.blue_green;

	if (p->paused_by_spec || pause_has(&p->st, PAUSE_INCONCLUSIVE))
		return false;
	if (bluegreen_switches_at_once(p)) {
		pause_drop(p, PAUSE_BLUE_GREEN);
		return true;
	}
	if (st->scale_up_preview_check_point)
		return true;
	if (!bluegreen_is_ready(p) ||
	    bluegreen_run_is_open(p->blue_green->pre_promotion_analysis, st->pre_promotion_analysis) ||
	    !bluegreen_pause_is_over(p))
		return false;
	if (bluegreen_wanted(p) != p->replicas) {
		/* A user, or the time, ended the pause of a preview with fewer pods. This is stored, as the
		 * remaining pods must become available before the switch. */
		p->st.blue_green.scale_up_preview_check_point = true;
		pause_clear(p);
		plan_reason(p->plan, "the preview is complete: scaling up all pods");
	}
	return true;
}

/* The stable version can take the traffic back, after an abort or because the spec is the stable one again: all its
 * pods are available, or at least as many as the active version has. An active Service without a hash may select any
 * number of other pods. */
static bool
bluegreen_can_serve(const struct rollout_pass *p, const struct replicaset *rs)
{
	if (rs == NULL)
		return false;
	if (replicaset_available(rs) >= p->replicas)
		return true;
	return p->w->routing.stable_hash != NULL && replicaset_available(rs) > 0 &&
	       replicaset_available(rs) >= replicaset_available(bluegreen_active(p));
}

static void
bluegreen_switch(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	bool none = w->routing.stable_hash == NULL && bluegreen_has(w->stable_rs, p->replicas);
	bool back = p->aborted || p->promotion == PROMOTED || none, may = !p->aborted && bluegreen_may_switch(p);

	if (back ? !bluegreen_can_serve(p, w->stable_rs) : !may || !bluegreen_has(w->new_rs, p->replicas))
		return;
	p->writes.stable_hash = back ? p->st.stable_rs : w->hash;
	services_switch(p, w->active_service, p->writes.stable_hash);
}

void
bluegreen_back(struct rollout_pass *p)
{
	if (p->aborted)
		bluegreen_switch(p);
}

static void
bluegreen_promote(struct rollout_pass *p)
{
	if (p->st.stable_rs == NULL)
		pass_promote(p, "Initial deploy", "Promoted");
	else if (p->promotion == PROMOTED || p->aborted || p->change != CHANGE_NONE || !bluegreen_is_active(p) ||
		 p->w->routing.unregistered != NULL)
		return;
	else if (p->st.promote_full)
		pass_promote(p, "Full promotion requested", "FastPromoted");
	else if (p->without_pods)
		pass_promote(p, WITHOUT_PODS, "Promoted");
	else if (bluegreen_is_quick(p))
		pass_promote(p, "Rollback to a version that still runs", "FastRolledBack");
	else if (!bluegreen_run_is_open(
		     p->blue_green->post_promotion_analysis, p->st.blue_green.post_promotion_analysis))
		pass_promote(p, "Completed blue-green update", "Promoted");
}

void
bluegreen_pass(struct rollout_pass *p)
{
	if (bluegreen_is_quick(p))
		pause_drop(p, PAUSE_INCONCLUSIVE);
	status_counts(p);
	bluegreen_back(p);
	if (!pass_make_revision(p))
		return;
	services_switch(p, p->w->preview_service, p->w->hash);
	metadata_templates(p);
	replicas_raise(p);
	if (!p->aborted)
		bluegreen_switch(p);
	bluegreen_promote(p);
	pass_end(p);
}
