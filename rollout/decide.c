/* rollout/decide.c: the beginning of every pass over a Rollout, for both strategies; canary.c and bluegreen.c
 * continue it.
 *
 * Read this first. Writes that lower the canary's weight or restore capacity come before writes that make progress.
 * Pods are removed last, and only those that the routing was observed not to need. The status is computed on every
 * path and written whatever else failed.
 */
#include "rollout/decide.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "rollout/bluegreen.h"
#include "rollout/canary.h"
#include "rollout/conditions.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/progress_deadline.h"
#include "rollout/revision.h"
#include "rollout/routes.h"
#include "rollout/analysis_runs.h"
#include "rollout/status.h"
#include "rollout/steps.h"
#include "rollout/validate.h"
#include "rollout/weights.h"

/* A new template or new steps: the current update ends, and the steps start again. */
static void
decide_begin_update(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	bool first = p->was->current_pod_hash == NULL;
	bool other_template = !str_eq(p->was->current_pod_hash, w->hash);

	p->change = other_template				      ? CHANGE_TEMPLATE
		    : str_eq(p->was->current_step_hash, w->step_hash) ? CHANGE_NONE
								      : CHANGE_STEPS;
	if (p->change == CHANGE_NONE)
		return;
	p->st.current_pod_hash = w->hash;
	p->st.current_step_hash = w->step_hash;
	pause_clear(p);
	p->st.abort = false;
	p->st.aborted_at = 0;
	p->st.promote_full = false;
	p->st.canary.background_analysis = p->st.canary.step_analysis = NULL;
	p->st.blue_green.pre_promotion_analysis = p->st.blue_green.post_promotion_analysis = NULL;
	p->st.blue_green.scale_up_preview_check_point = false;
	if (other_template && w->rollout->spec.restart_at <= w->now)
		p->st.restarted_at = w->rollout->spec.restart_at; /* all its pods are new */
	p->index = 0;
	p->st.current_step_index = (struct opt_int){ .present = steps_count(p) > 0 };
	if (p->promotion == PROMOTED) {
		p->index = steps_count(p);
		if (steps_count(p) > 0)
			p->st.current_step_index.value = p->index;
		if (p->canary != NULL && !first && other_template)
			plan_status_event(
			    p->plan, &w->rollout->object, false, "SkipSteps", "Rollback to stable ReplicaSets");
	} else if (p->canary != NULL && p->in_window) {
		plan_status_event(p->plan, &w->rollout->object, false, "SkipSteps",
		    "Rollback to a ReplicaSet within the window of %" PRId64 " revisions",
		    w->rollout->spec.rollback_window->revisions);
	}
	plan_reason(p->plan, "the %s changed", other_template ? "pod template" : "steps");
}

/* Reads an abort by a user, or an earlier abort that is still in effect; runs_verdict() finds the others. An earlier
 * abort has a time, and is ended by `promote --full`, as by a retry. An abort that follows a full promotion has no
 * time yet, and has precedence. */
static void
decide_read_abort(struct rollout_pass *p)
{
	if (p->st.abort && p->promotion == PROMOTED) {
		p->st.abort = false; /* no update is active: nothing to abort */
		p->st.aborted_at = 0;
	}
	if (p->st.abort && p->st.promote_full && p->was->aborted_at != 0)
		p->st.abort = false;
	p->aborted = p->st.abort;
	p->retried = p->was->aborted_at != 0 && !p->st.abort;
	if (p->retried)
		p->st.blue_green.scale_up_preview_check_point = false; /* a retry begins with the preview */
}

static void
decide_apply_abort(struct rollout_pass *p)
{
	if (!p->aborted)
		return;
	p->st.abort = true;
	if (p->st.aborted_at == 0)
		p->st.aborted_at = time_stored(p->w->now);
	pause_clear(p);
	p->st.promote_full = false;
	if (steps_count(p) > 0)
		p->st.current_step_index = (struct opt_int){ true, 0 };
}

/* Reads a request of `promote --full`: the steps count as completed at once, and pods and traffic follow. */
static void
decide_read_promote_full(struct rollout_pass *p)
{
	if (!p->st.promote_full || p->aborted)
		return;
	if (p->promotion == PROMOTED) {
		p->st.promote_full = false;
		return;
	}
	pause_clear(p);
	if (steps_count(p) > 0)
		p->st.current_step_index = (struct opt_int){ true, steps_count(p) };
}

/* Returns whether the update began under spec.paused: its ReplicaSet is unchanged since its creation, and never had
 * a pod. */
static bool
decide_was_held_without_pods(const struct rollout_pass *p)
{
	const struct replicaset *rs = p->w->new_rs;

	return p->index == 0 && rs != NULL && rs->object.meta.generation == 1 && replicaset_wanted(rs) == 0 &&
	       p->st.pause_conditions.n == 0 && !p->st.controller_pause;
}

/* An update that begins at spec.replicas 0 is completed at once, like that of a Deployment: it has no pods to
 * measure. An update that began with pods and is scaled to 0 continues with its steps: its pauses and analyses still
 * apply. */
static bool
decide_begins_without_pods(const struct rollout_pass *p)
{
	const struct rollout_status *st = &p->st;
	if (p->replicas > 0 || p->aborted || p->promotion == PROMOTED || st->stable_rs == NULL)
		return false;
	if (p->change != CHANGE_NONE || p->retried)
		return true;
	if (p->canary != NULL)
		return (p->index >= steps_count(p) && st->pause_conditions.n == 0) || decide_was_held_without_pods(p);
	return st->pause_conditions.n == 0 && !st->controller_pause && !st->blue_green.scale_up_preview_check_point &&
	       st->blue_green.pre_promotion_analysis == NULL && st->blue_green.post_promotion_analysis == NULL;
}

static void
decide_valid(struct rollout_pass *p)
{
	decide_begin_update(p);
	decide_read_abort(p);
	pause_read(p);
	runs_verdict(p);
	steps_verdict(p);
	progress_deadline_check(p);
	decide_apply_abort(p);
	p->in_window &= !p->aborted && p->promotion != PROMOTED;
	p->without_pods = !p->paused_by_spec && decide_begins_without_pods(p);
	decide_read_promote_full(p);
	if (p->canary != NULL)
		canary_pass(p);
	else
		bluegreen_pass(p);
	/* A user waits for these. The end of a pause's time is progress, and has no precedence. */
	p->plan->urgent = p->aborted || p->st.promote_full || (p->resumed && !p->was_paused);
}

/* With an invalid spec or reference, the current update is still aborted by a user, a failed analysis or the
 * deadline, and its traffic is returned where the routing can be read. Nothing else is changed. */
static void
decide_invalid(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;

	if ((p->canary == NULL && p->blue_green == NULL) || w->new_rs == NULL ||
	    !str_eq(p->was->current_pod_hash, w->hash))
		return;
	p->revision = revision_of(&w->new_rs->object);
	decide_read_abort(p);
	runs_verdict(p);
	steps_verdict(p);
	progress_deadline_check(p);
	decide_apply_abort(p);
	if (p->aborted && p->canary != NULL) {
		weights_plan(p, true);
		routes_plan(p, true);
	} else if (p->aborted) {
		bluegreen_back(p);
	}
	p->plan->urgent = p->aborted;
}

/* The step of the status. If a user has edited the status, an index outside the steps is replaced by the nearest
 * valid one. */
static int64_t
decide_index(const struct opt_int *index, const struct canary_strategy *c)
{
	int64_t n = c != NULL ? (int64_t)c->steps.n : 0;

	if (!index->present || index->value < 0)
		return 0;
	return index->value > n ? n : index->value;
}

static void
decide_read_strategy(struct rollout_pass *p, const struct rollout_strategy *s)
{
	p->canary = s->canary;
	p->weight_total = weight_total(s->canary);
	if (s->canary != NULL) {
		p->scale_down_delay = s->canary->scale_down_delay_seconds;
		p->scale_down_limit = s->canary->scale_down_delay_revision_limit;
		p->abort_delay = s->canary->abort_scale_down_delay_seconds;
	} else if (s->blue_green != NULL) {
		p->blue_green = s->blue_green;
		p->scale_down_delay = s->blue_green->scale_down_delay_seconds;
		p->scale_down_limit = s->blue_green->scale_down_delay_revision_limit;
		p->abort_delay = s->blue_green->abort_scale_down_delay_seconds;
	}
}

void
rollout_decide(const struct rollout_world *w, struct plan *plan)
{
	const struct rollout *r = w->rollout;
	struct rollout_pass pass = { .w = w, .plan = plan, .arena = plan->arena, .was = &r->status, .st = r->status };
	const char *wrong;

	if (r->object.meta.deletion_timestamp != 0 || w->unlisted)
		return;
	decide_read_strategy(&pass, &r->spec.strategy);
	pass.replicas = r->spec.replicas.present ? r->spec.replicas.value : 1;
	pass.index = decide_index(&r->status.current_step_index, pass.canary);
	pass.promotion = w->hash != NULL && str_eq(r->status.stable_rs, w->hash) ? PROMOTED : NOT_PROMOTED;
	pass.paused_by_spec = r->spec.paused;
	pass.st.workload_observed_generation =
	    w->workload != NULL ? arena_printf(pass.arena, "%" PRId64, w->workload->object.meta.generation) : NULL;
	pass.in_window = revision_in_window(w);
	if ((wrong = validate_message(&pass)) != NULL) {
		decide_invalid(&pass);
		pass_query_routing(&pass);
		status_invalid(&pass, wrong);
		return;
	}
	if (!r->spec.replicas.present)
		plan_merge(plan, &r->object, json_pack("{s:{s:i}}", "spec", "replicas", 1));
	decide_valid(&pass);
}
