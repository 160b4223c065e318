/* rollout/decide.c: what every pass begins with, whatever the strategy; canary.c and bluegreen.c go on.
 *
 * Read this first. What takes weight away or brings capacity back comes before what makes progress; pods go last, and only
 * what the routing was seen not to need. The status is computed on every path and written whatever else failed.
 */
#include "rollout/decide.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/workload.h"
#include "rollout/conditions.h"
#include "rollout/world.h"

#define PROGRESS_DEADLINE 600 /* seconds */

/* A new template or new steps: what was under way is over, the steps start again. */
static void
begin_update(struct decision *d)
{
	const struct world *w = d->w;
	bool first = d->was->current_pod_hash == NULL;
	bool other_template = !str_eq(d->was->current_pod_hash, w->hash);

	d->changed_template = other_template;
	d->changed = other_template || !str_eq(d->was->current_step_hash, w->step_hash);
	if (!d->changed)
		return;
	d->st.current_pod_hash = w->hash;
	d->st.current_step_hash = w->step_hash;
	pause_clear(d);
	d->st.abort = false;
	d->st.aborted_at = 0;
	d->st.promote_full = false;
	d->st.canary.background_analysis = d->st.canary.step_analysis = NULL;
	d->st.blue_green.pre_promotion_analysis = d->st.blue_green.post_promotion_analysis = NULL;
	d->st.blue_green.scale_up_preview_check_point = false;
	if (other_template && w->rollout->spec.restart_at <= w->now)
		d->st.restarted_at = w->rollout->spec.restart_at; /* new pods are on their way anyway */
	d->index = 0;
	d->st.current_step_index = (struct opt_int){ .set = steps_count(d) > 0 };
	if (d->promoted) {
		d->index = steps_count(d);
		if (steps_count(d) > 0)
			d->st.current_step_index.is = d->index;
		if (d->canary != NULL && !first && other_template)
			plan_status_event(
			    d->plan, &w->rollout->object, false, "SkipSteps", "Rollback to stable ReplicaSets");
	} else if (d->canary != NULL && d->in_window) {
		plan_status_event(d->plan, &w->rollout->object, false, "SkipSteps",
		    "Rollback to a ReplicaSet within the window of %" PRId64 " revisions",
		    w->rollout->spec.rollback_window->revisions);
	}
	plan_reason(d->plan, "the %s changed", other_template ? "pod template" : "steps");
}

/* The user's abort, or the one that is kept; the verdicts come from runs_verdict. An abort that was carried out has its time, and is taken
 * back by `promote --full`, as by a retry; one that comes behind a full promotion has none yet, and wins. */
static void
read_abort(struct decision *d)
{
	if (d->st.abort && d->promoted) {
		d->st.abort = false; /* nothing is being updated: nothing to abort */
		d->st.aborted_at = 0;
	}
	if (d->st.abort && d->st.promote_full && d->was->aborted_at != 0)
		d->st.abort = false;
	d->aborted = d->st.abort;
	d->retried = d->was->aborted_at != 0 && !d->st.abort;
	if (d->retried)
		d->st.blue_green.scale_up_preview_check_point = false; /* a retry begins with the preview */
}

static void
check_deadline(struct decision *d)
{
	const struct rollout_spec *spec = &d->w->rollout->spec;
	const struct condition *c = condition_find(&d->was->conditions, "Progressing");
	int64_t seconds = spec->progress_deadline_seconds.set ? spec->progress_deadline_seconds.is : PROGRESS_DEADLINE,
		at;

	if (c == NULL || d->changed || d->aborted || d->paused_by_spec || d->was->pause_conditions.n > 0 ||
	    step_is_pause(d, d->index) || step_waits(d, d->index) || bluegreen_waits_for_run(d) ||
	    str_eq(c->reason, "NewReplicaSetAvailable") || str_eq(c->reason, "RolloutAborted") ||
	    str_eq(c->reason, "RolloutPaused")) /* until this pass: time counts from now on */
		return;
	if (d->promoted && available(d->w->new_rs) >= d->replicas)
		return;
	at = time_add(c->last_update_time, seconds * 1000);
	if (d->w->now <= at) {
		plan_wake(d->plan, at + 1);
		return;
	}
	d->late = true;
	if (spec->progress_deadline_abort && !d->promoted) {
		d->aborted = true;
		d->abort_message = arena_printf(d->arena, "ReplicaSet \"%s-%s\" has timed out progressing.",
		    d->w->rollout->object.meta.name, d->w->hash);
	}
}

void
abort_now(struct decision *d, const char *message)
{
	d->aborted = true;
	d->abort_message = message;
	d->st.abort = true;
	d->st.aborted_at = time_stored(d->w->now);
	pause_clear(d);
}

static void
apply_abort(struct decision *d)
{
	if (!d->aborted)
		return;
	d->st.abort = true;
	if (d->st.aborted_at == 0)
		d->st.aborted_at = time_stored(d->w->now);
	pause_clear(d);
	d->st.promote_full = false;
	if (steps_count(d) > 0)
		d->st.current_step_index = (struct opt_int){ true, 0 };
}

void
promote(struct decision *d, const char *why, const char *completion)
{
	/* A rollback in mid-update has its word since it began. */
	if (!str_eq(d->st.duration.completion_status, "RolledBack") || !str_eq(completion, "Promoted"))
		d->st.duration.completion_status = completion;
	d->st.stable_rs = d->w->hash;
	pause_clear(d);
	d->st.promote_full = false;
	d->st.blue_green.scale_up_preview_check_point = false;
	if (d->canary != NULL && d->canary->ping_pong != NULL)
		d->st.canary.stable_ping_pong = str_eq(d->was->canary.stable_ping_pong, "ping") ? "pong" : "ping";
	if (steps_count(d) > 0)
		d->st.current_step_index = (struct opt_int){ true, steps_count(d) };
	plan_status_event(d->plan, &d->w->rollout->object, false, "RolloutCompleted",
	    "Rollout completed update to revision %d (%s): %s", (int)d->revision, d->w->hash, why);
	plan_reason(d->plan, "promoted: %s", why);
}

/* `promote --full`: the steps count as done at once; pods and traffic follow. */
static void
read_promote_full(struct decision *d)
{
	if (!d->st.promote_full || d->aborted)
		return;
	if (d->promoted) {
		d->st.promote_full = false;
		return;
	}
	pause_clear(d);
	if (steps_count(d) > 0)
		d->st.current_step_index = (struct opt_int){ true, steps_count(d) };
}

bool
revision_is_there(struct decision *d)
{
	if (revision_sync(d))
		return true;
	/* Without its ReplicaSet nothing else can be said of the new version; what runs keeps running. */
	d->st.current_pod_hash = d->was->current_pod_hash;
	d->st.current_step_hash = d->was->current_step_hash;
	d->st.current_step_index = d->was->current_step_index;
	d->plan->n_status_events = 0;
	replicas_raise(d);
	/* What can be said is said by the pass that sees it; only when it could not be made is that told here. */
	if (!d->born || d->w->seen->failure != NULL)
		status_finish(d);
	return false;
}

void
pass_end(struct decision *d)
{
	runs_sync(d);
	experiment_sync(d);
	plugin_sync(d);
	replicas_lower(d);
	restart_plan(d);
	release_plan(d);
	revision_history(d);
	metadata_pods(d);
	workload_scale(d);
	status_finish(d);
}

/* It began under spec.paused: its ReplicaSet, which is as it was made, never had a pod. */
static bool
was_held_without_pods(const struct decision *d)
{
	const struct replicaset *rs = d->w->new_rs;

	return d->index == 0 && rs != NULL && rs->object.meta.generation == 1 && replicaset_wanted(rs) == 0 &&
	       d->st.pause_conditions.n == 0 && !d->st.controller_pause;
}

/* An update that begins at spec.replicas 0 is over at once, as a Deployment's is: no pod could be tried. One that began with pods, and
 * is scaled to 0 on its way, goes on as its steps say: its pauses and gates are not passed because nobody runs it for a while. */
static bool
begins_without_pods(const struct decision *d)
{
	const struct rollout_status *st = &d->st;
	if (d->replicas > 0 || d->aborted || d->promoted || st->stable_rs == NULL)
		return false;
	if (d->changed || d->retried)
		return true;
	if (d->canary != NULL)
		return (d->index >= steps_count(d) && st->pause_conditions.n == 0) || was_held_without_pods(d);
	return st->pause_conditions.n == 0 && !st->controller_pause && !st->blue_green.scale_up_preview_check_point &&
	       st->blue_green.pre_promotion_analysis == NULL && st->blue_green.post_promotion_analysis == NULL;
}

static void
decide_valid(struct decision *d)
{
	begin_update(d);
	read_abort(d);
	pause_read(d);
	runs_verdict(d);
	experiment_verdict(d);
	plugin_verdict(d);
	check_deadline(d);
	apply_abort(d);
	d->in_window &= !d->aborted && !d->promoted;
	d->without_pods = !d->paused_by_spec && begins_without_pods(d);
	read_promote_full(d);
	if (d->canary != NULL)
		canary_pass(d);
	else
		bluegreen_pass(d);
}

/* Whatever is wrong with the spec or with what it refers to: an update that is under way is still given up by a person, a
 * failed analysis or the deadline, and its traffic taken back where the routing can be read. Nothing else moves. */
static void
decide_invalid(struct decision *d)
{
	const struct world *w = d->w;

	if ((d->canary == NULL && d->blue_green == NULL) || w->new_rs == NULL ||
	    !str_eq(d->was->current_pod_hash, w->hash))
		return;
	d->revision = revision_of(&w->new_rs->object);
	read_abort(d);
	runs_verdict(d);
	experiment_verdict(d);
	plugin_verdict(d);
	check_deadline(d);
	apply_abort(d);
	if (d->aborted && d->canary != NULL) {
		weights_plan(d, true);
		routes_plan(d, true);
	} else if (d->aborted) {
		bluegreen_back(d);
	}
}

/* The step that the status names; whatever somebody wrote there, it is one that there is, or the end. */
static int64_t
index_within(const struct opt_int *index, const struct canary_strategy *c)
{
	int64_t n = c != NULL ? (int64_t)c->steps.n : 0;

	if (!index->set || index->is < 0)
		return 0;
	return index->is > n ? n : index->is;
}

static void
read_strategy(struct decision *d, const struct rollout_strategy *s)
{
	d->canary = s->canary;
	if (s->canary != NULL) {
		d->scale_down_delay = s->canary->scale_down_delay_seconds;
		d->scale_down_limit = s->canary->scale_down_delay_revision_limit;
		d->abort_delay = s->canary->abort_scale_down_delay_seconds;
	} else if (s->blue_green != NULL) {
		d->blue_green = s->blue_green;
		d->scale_down_delay = s->blue_green->scale_down_delay_seconds;
		d->scale_down_limit = s->blue_green->scale_down_delay_revision_limit;
		d->abort_delay = s->blue_green->abort_scale_down_delay_seconds;
	}
}

void
rollout_decide(const struct world *w, struct plan *plan)
{
	const struct rollout *r = w->rollout;
	struct decision d = { .w = w, .plan = plan, .arena = plan->arena, .was = &r->status, .st = r->status };
	const char *wrong;

	if (r->object.meta.deletion_timestamp != 0 || w->workload_unknown)
		return;
	read_strategy(&d, &r->spec.strategy);
	d.replicas = r->spec.replicas.set ? r->spec.replicas.is : 1;
	d.index = index_within(&r->status.current_step_index, d.canary);
	d.promoted = w->hash != NULL && str_eq(r->status.stable_rs, w->hash);
	d.paused_by_spec = r->spec.paused;
	d.st.workload_observed_generation =
	    w->workload != NULL ? arena_printf(d.arena, "%" PRId64, w->workload->object.meta.generation) : NULL;
	d.in_window = revision_in_window(w);
	if ((wrong = validate(&d)) != NULL) {
		decide_invalid(&d);
		status_invalid(&d, wrong);
		return;
	}
	if (!r->spec.replicas.set)
		plan_merge(plan, &r->object, json_pack("{s:{s:i}}", "spec", "replicas", 1));
	decide_valid(&d);
}
