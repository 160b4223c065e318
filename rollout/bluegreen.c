/* rollout/bluegreen.c: two versions side by side, and one Service that is switched.
 *
 * The preview Service selects the new version at once → its pods are ready → the analysis before the switch → a pause, if one is
 * wanted → all of its pods → the active Service selects it → the analysis after the switch → it is the stable version, and the old
 * one goes after a delay. An abort switches back.
 */
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

bool
bluegreen_is_active(const struct decision *d)
{
	return d->w->routing.stable_hash != NULL && str_eq(d->w->routing.stable_hash, d->w->hash);
}

const struct replicaset *
bluegreen_active(const struct decision *d)
{
	return replicaset_of(d->w, d->w->routing.stable_hash);
}

/* An older version that still has the pods it had: until its date they are kept for this. One whose update was given
 * up has pods with a date too: where an analysis of this update has begun, and a retry is under way, it is measured. */
static bool
still_runs(const struct decision *d)
{
	const struct replicaset *rs = d->w->new_rs, *stable = d->w->stable_rs;

	return rs != NULL && stable != NULL && d->w->now <= scale_down_deadline(rs) && d->st.aborted_at == 0 &&
	       d->st.blue_green.pre_promotion_analysis == NULL && d->st.blue_green.post_promotion_analysis == NULL &&
	       rs->object.meta.creation_timestamp < stable->object.meta.creation_timestamp;
}

bool
bluegreen_is_quick(const struct decision *d)
{
	return !d->aborted && (d->promoted || d->st.promote_full || d->in_window || d->without_pods || still_runs(d));
}

/* Nothing is left to wait for but pods. Where no version serves yet, and the first has no pod that could, the next one is as good. */
static bool
switches_at_once(const struct decision *d)
{
	return bluegreen_is_quick(d) || bluegreen_is_active(d) ||
	       (d->w->routing.stable_hash == NULL && available(d->w->stable_rs) == 0);
}

int64_t
bluegreen_wanted(const struct decision *d)
{
	const struct opt_int *preview = &d->blue_green->preview_replica_count;

	if (!preview->set || bluegreen_active(d) == NULL || d->st.stable_rs == NULL || switches_at_once(d) ||
	    d->st.blue_green.scale_up_preview_check_point)
		return d->replicas;
	return d->replicas > 0 ? preview->is : 0;
}

static bool
has(const struct replicaset *rs, int64_t pods)
{
	return rs != NULL && replicaset_wanted(rs) >= pods && available(rs) >= pods;
}

bool
bluegreen_is_ready(const struct decision *d)
{
	return has(d->w->new_rs, bluegreen_wanted(d));
}

/* The strategy names an analysis, and it has not succeeded. */
static bool
is_open(const struct rollout_analysis *analysis, const struct run_status *run)
{
	return analysis != NULL && analysis->templates.n > 0 && (run == NULL || !str_eq(run->status, "Successful"));
}

/* By what was written: the pass that sees the run's success tells it, and time counts from there. */
bool
bluegreen_waits_for_run(const struct decision *d)
{
	const struct rollout_status *was = d->was;

	if (d->blue_green == NULL || d->promoted || !bluegreen_is_ready(d))
		return false;
	if (bluegreen_is_active(d))
		return was->blue_green.post_promotion_analysis != NULL &&
		       is_open(d->blue_green->post_promotion_analysis, was->blue_green.post_promotion_analysis);
	return was->blue_green.pre_promotion_analysis != NULL &&
	       is_open(d->blue_green->pre_promotion_analysis, was->blue_green.pre_promotion_analysis);
}

/* What comes before the switch is over: the pods that are wanted of it are there, the analysis succeeded, the pause is over. That a
 * pause is over is remembered by controllerPause without a condition, until the switch. */
static bool
pause_is_over(struct decision *d)
{
	bool by_itself = !d->blue_green->auto_promotion_enabled.set || d->blue_green->auto_promotion_enabled.is;
	int64_t seconds = d->blue_green->auto_promotion_seconds, end;

	if (by_itself && seconds == 0)
		return true;
	if (!pause_has(&d->st, PAUSE_BLUE_GREEN)) {
		if (d->st.controller_pause && d->st.pause_conditions.n == 0)
			return true;
		pause_add(d, PAUSE_BLUE_GREEN);
	}
	if (!by_itself)
		return false;
	end = time_add(pause_since(&d->st, PAUSE_BLUE_GREEN), seconds * 1000);
	if (d->w->now <= end) {
		plan_wake(d->plan, end + 1);
		return false;
	}
	pause_drop(d, PAUSE_BLUE_GREEN);
	return true;
}

static bool
may_switch(struct decision *d)
{
	const struct blue_green_status *st = &d->st.blue_green;

	if (d->paused_by_spec || pause_has(&d->st, PAUSE_INCONCLUSIVE))
		return false;
	if (switches_at_once(d)) {
		pause_drop(d, PAUSE_BLUE_GREEN);
		return true;
	}
	if (st->scale_up_preview_check_point)
		return true;
	if (!bluegreen_is_ready(d) || is_open(d->blue_green->pre_promotion_analysis, st->pre_promotion_analysis) ||
	    !pause_is_over(d))
		return false;
	if (bluegreen_wanted(d) != d->replicas) {
		/* A person or time has said yes to a preview of fewer pods: written down, as the others come first. */
		d->st.blue_green.scale_up_preview_check_point = true;
		pause_clear(d);
		plan_reason(d->plan, "the preview is complete: scaling up all pods");
	}
	return true;
}

/* Back to the stable version, after an abort or because it is wanted again: when it can carry the traffic, or no worse than the version
 * that serves now. A Service that selects no version yet may select pods of others, who knows how many. */
static bool
can_serve(const struct decision *d, const struct replicaset *rs)
{
	if (rs == NULL)
		return false;
	if (available(rs) >= d->replicas)
		return true;
	return d->w->routing.stable_hash != NULL && available(rs) > 0 &&
	       available(rs) >= available(bluegreen_active(d));
}

static void
switch_active(struct decision *d)
{
	const struct world *w = d->w;
	bool none = w->routing.stable_hash == NULL && has(w->stable_rs, d->replicas);
	bool back = d->aborted || d->promoted || none, may = !d->aborted && may_switch(d);

	if (back ? !can_serve(d, w->stable_rs) : !may || !has(w->new_rs, d->replicas))
		return;
	d->stable_to = back ? d->st.stable_rs : w->hash;
	service_switch(d, w->active_service, d->stable_to);
}

void
bluegreen_back(struct decision *d)
{
	if (d->aborted)
		switch_active(d);
}

static void
promotion_sync(struct decision *d)
{
	if (d->st.stable_rs == NULL)
		promote(d, "Initial deploy", "Promoted");
	else if (d->promoted || d->aborted || d->changed || !bluegreen_is_active(d))
		return;
	else if (d->st.promote_full)
		promote(d, "Full promotion requested", "FastPromoted");
	else if (d->without_pods)
		promote(d, WITHOUT_PODS, "Promoted");
	else if (bluegreen_is_quick(d))
		promote(d, "Rollback to a version that still runs", "FastRolledBack");
	else if (!is_open(d->blue_green->post_promotion_analysis, d->st.blue_green.post_promotion_analysis))
		promote(d, "Completed blue-green update", "Promoted");
}

void
bluegreen_pass(struct decision *d)
{
	if (bluegreen_is_quick(d))
		pause_drop(d, PAUSE_INCONCLUSIVE);
	status_counts(d);
	bluegreen_back(d);
	if (!revision_is_there(d))
		return;
	service_switch(d, d->w->preview_service, d->w->hash);
	metadata_templates(d);
	replicas_raise(d);
	if (!d->aborted)
		switch_active(d);
	promotion_sync(d);
	pass_end(d);
}
