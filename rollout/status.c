/* rollout/status.c: the only writer of a Rollout's status: counts, conditions, phase, message, duration. The list
 * type of conditions: conditions.c. The progress deadline: progress_deadline.c.
 *
 * The status has what was observed. Conditions, their reasons, and the order in which phase and message are
 * determined are those that clients of this API expect (kubectl plugin, Argo CD's health check): Argo Rollouts,
 * utils/conditions and utils/rollout.
 */
#include "rollout/status.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/diff.h"
#include "kube/api/replicaset.h"
#include "kube/api/selector.h"
#include "kube/plan/controller.h"
#include "rollout/bluegreen.h"
#include "rollout/conditions.h"
#include "rollout/experiment_step.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/pause_step.h"
#include "rollout/replicas.h"
#include "rollout/restart.h"
#include "rollout/step_target.h"
#include "rollout/steps.h"

#define WAITS_SINCE "status-waits-since" /* a note: since when the status has waited to be written */
#define NUMBERS_SINCE "numbers-wait-since" /* a note */
#define WAIT_MS 400 /* shorter than half a second, so that every state of that length is written */
#define ONE_POD_WAIT_MS 2000
#define SHORT_PAUSE_MS 2000 /* no status of its own for the step after it */
#define UNVERIFIED_SINCE "unverified-since" /* a note: since when the routing has not taken effect */
#define UNVERIFIED_REPORT_MS 10000
#define FAILS_SINCE "write-fails-since" /* a note: since when the write has failed */
#define FAILS_REPORT_MS 5000
#define REPORTED (-1) /* in a note: the event has been emitted */

static const struct condition *
status_find(const struct rollout_status *st, const char *type)
{
	return condition_find(&st->conditions, type);
}

static void
status_set_condition(
    struct rollout_pass *p, const char *type, const char *status, const char *reason, const char *message, bool touch)
{
	const struct condition to = { .type = type, .status = status, .reason = reason, .message = message };

	condition_set(&p->st.conditions, p->arena, p->w->now, &to, touch);
}

static void
status_drop_condition(struct rollout_pass *p, const char *type)
{
	condition_drop(&p->st.conditions, p->arena, type);
}

const struct seen_failure *
status_refused(const struct rollout_pass *p)
{
	const struct seen_failure *f = p->w->seen->failure;

	return f != NULL && f->class == ERR_INVALID ? f : NULL;
}

#define WEIGHT_UPDATED "TrafficWeightUpdated"

static void
status_weight_event(struct rollout_pass *p, int64_t from, int64_t to)
{
	if (from != to)
		plan_status_event(p->plan, &p->w->rollout->object, false, WEIGHT_UPDATED,
		    "Traffic weight updated from %" PRId64 " to %" PRId64, from, to);
}

static void
status_weight_events(struct rollout_pass *p, const struct traffic_weights *was, int64_t to)
{
	int64_t from = was != NULL ? was->canary.weight : 0;

	if (from == to)
		return;
	if (was == NULL) {
		plan_status_event(
		    p->plan, &p->w->rollout->object, false, WEIGHT_UPDATED, "Traffic weight updated to %" PRId64, to);
		return;
	}
	/* The canary had all traffic before it moved to the stable destination, and no status has reported that. */
	if (p->promotion == PROMOTING) {
		status_weight_event(p, from, p->weight_total - p->w->routing.kept_weight);
		from = p->weight_total - p->w->routing.kept_weight;
	}
	status_weight_event(p, from, to);
}

/* Autoscalers, Services and users count the pods of the active version. */
static void
status_count_blue_green(struct rollout_pass *p)
{
	const struct replicaset *active = bluegreen_active(p);

	p->st.canary = (struct canary_status){ 0 };
	p->st.blue_green.active_selector = p->w->routing.stable_hash;
	p->st.blue_green.preview_selector = p->w->routing.canary_hash;
	if (active == NULL)
		return;
	p->st.hpa_replicas = active->status.replicas;
	p->st.ready_replicas = active->status.ready_replicas;
	p->st.available_replicas = active->status.available_replicas;
	p->st.selector =
	    arena_printf(p->arena, "%s,%s=%s", p->st.selector, LABEL_POD_TEMPLATE_HASH, p->w->routing.stable_hash);
}

/* Autoscalers divide their metric by status.HPAReplicas. With a router, the pods of a canary and of older versions
 * are beyond spec.replicas and must not cause more. If the stable version is scaled by its share, both together are
 * spec.replicas. */
static int64_t
status_hpa_replicas(const struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	int64_t pods;

	if (w->routers.n == 0 || w->stable_rs == NULL)
		return p->st.replicas;
	pods = w->stable_rs->status.replicas;
	if (replicas_stable_scales(p) && w->new_rs != NULL && w->new_rs != w->stable_rs)
		pods += w->new_rs->status.replicas;
	return pods;
}

void
status_counts(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;

	p->st.replicas = p->st.ready_replicas = p->st.available_replicas = 0;
	for (size_t i = 0; i < w->n_replicasets; i++) {
		p->st.replicas += w->replicasets[i]->status.replicas;
		p->st.ready_replicas += w->replicasets[i]->status.ready_replicas;
		p->st.available_replicas += w->replicasets[i]->status.available_replicas;
	}
	p->st.updated_replicas = w->new_rs != NULL ? w->new_rs->status.replicas : 0;
	p->st.hpa_replicas = status_hpa_replicas(p);
	p->st.selector = label_selector_text(p->arena, w->rollout->spec.selector);
	if (p->blue_green != NULL) {
		status_count_blue_green(p);
		return;
	}
	p->st.blue_green = (struct blue_green_status){ 0 };
	if (w->routers.n == 0)
		p->st.canary.weights = NULL;
	/* Until a weight has taken effect, the status has the one before: a later pass keeps pods for both. */
	if (w->routers.n > 0 && w->routing_err == NULL && w->routing.unverified == NULL &&
	    w->routing.canary_hash != NULL && w->routing.stable_hash != NULL) {
		struct traffic_weights *seen = arena_alloc(p->arena, sizeof(*seen));
		const struct traffic_weights *was = p->was->canary.weights;
		int64_t kept = w->routing.kept_weight;
		int64_t most = kept < p->weight_total ? p->weight_total - kept : 0;
		int64_t weight = w->routing.weight < most ? w->routing.weight : most;

		seen->canary =
		    (struct weight_destination){ weight, p->canary->turn_canary_service, w->routing.canary_hash };
		seen->stable = (struct weight_destination){ most - weight, p->canary->turn_stable_service,
			w->routing.stable_hash };
		seen->verified = w->routing.verified;
		seen->additional.at = experiment_step_seen(p, &seen->additional.n);
		for (size_t i = 0; i < seen->additional.n; i++)
			seen->stable.weight -= seen->additional.at[i].weight;
		if (seen->stable.weight < 0)
			seen->stable.weight = 0;
		p->st.canary.weights = seen;
		status_weight_events(p, was, seen->canary.weight);
	}
}

/* The state of load balancers that routers query. The weights are those that they had: a later pass must know that
 * others were written since. */
static void
status_load_balancers(struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;
	struct traffic_weights *weights;

	if (p->w->settings == NULL || !p->w->settings->verify_target_groups) {
		p->st.alb = NULL;
		p->st.albs.n = 0;
		return;
	}
	routing_balancers(p->arena, r, &p->st);
	if (!r->verified.present || r->verified.value || p->st.canary.weights == NULL)
		return;
	weights = arena_alloc(p->arena, sizeof(*weights));
	*weights = *p->st.canary.weights;
	weights->verified = r->verified;
	p->st.canary.weights = weights;
}

/* New available pods are progress; the same pods that become available again (a crash loop) are not. The highest
 * number in this step is kept in this process only: after a restart of the controller the deadline may be extended
 * once more. */
static bool
status_more_available(struct rollout_pass *p)
{
	const char *name = arena_printf(p->arena, "available/%s/%" PRId64, p->w->hash, p->st.current_step_index.value);
	int64_t now = replicaset_available(p->w->new_rs), most = seen_note(p->w->seen, name, -1);
	bool more = most < 0 ? p->st.available_replicas > p->was->available_replicas : now > most;

	plan_note(p->plan, name, now > most ? now : most);
	return more;
}

static bool
status_run_changed(const struct run_status *was, const struct run_status *is)
{
	return is != NULL && (was == NULL || !str_eq(was->name, is->name) || !str_eq(was->status, is->status));
}

static bool
status_blue_green_progressed(const struct blue_green_status *was, const struct blue_green_status *is)
{
	return !str_eq(was->active_selector, is->active_selector) ||
	       !str_eq(was->preview_selector, is->preview_selector) ||
	       status_run_changed(was->pre_promotion_analysis, is->pre_promotion_analysis) ||
	       status_run_changed(was->post_promotion_analysis, is->post_promotion_analysis) ||
	       was->scale_up_preview_check_point != is->scale_up_preview_check_point;
}

static bool
status_progressed(const struct rollout_pass *p, bool more)
{
	const struct rollout_status *was = p->was, *st = &p->st;
	int64_t old_before = was->replicas - was->updated_replicas, old_now = st->replicas - st->updated_replicas;

	return p->change != CHANGE_NONE || more || was->updated_replicas != st->updated_replicas ||
	       old_now < old_before || !str_eq(was->stable_rs, st->stable_rs) ||
	       (was->current_step_index.present && st->current_step_index.present &&
		   was->current_step_index.value != st->current_step_index.value) ||
	       (was->pause_conditions.n > 0 && st->pause_conditions.n == 0) ||
	       status_blue_green_progressed(&was->blue_green, &st->blue_green);
}

/* Returns whether all pods of the version are available, and no other version has traffic. */
static bool
status_is_complete(const struct rollout_pass *p)
{
	const struct rollout_status *st = &p->st;
	bool whole = p->blue_green != NULL
			 ? bluegreen_is_active(p) && (p->w->preview_service == NULL ||
							 str_eq(st->blue_green.preview_selector, st->current_pod_hash))
			 : st->replicas == p->replicas;

	return whole && p->w->new_rs != NULL && replicaset_available(p->w->new_rs) >= p->replicas &&
	       st->updated_replicas == p->replicas && st->available_replicas == p->replicas &&
	       str_eq(st->stable_rs, st->current_pod_hash) && str_eq(st->current_pod_hash, p->w->hash);
}

static bool
status_is_healthy(const struct rollout_pass *p)
{
	return status_is_complete(p) && !p->paused_by_spec && p->st.pause_conditions.n == 0;
}

/* Returns whether the condition reports the end of an update that was superseded by a new template. */
static bool
status_is_of_another_update(const struct rollout_pass *p, const struct condition *progressing)
{
	return str_eq(progressing->reason, "RolloutAborted") ||
	       (p->change != CHANGE_NONE && str_eq(progressing->reason, "ProgressDeadlineExceeded"));
}

static void
status_progressing(struct rollout_pass *p, bool is_healthy)
{
	const char *name = p->w->new_rs != NULL ? p->w->new_rs->object.meta.name : "";
	const struct condition *old = status_find(&p->st, "Progressing");
	bool paused = p->paused_by_spec || p->st.pause_conditions.n > 0, moves;
	/* The pods of a completed update exceeded the deadline, and became available again while spec.paused is set. */
	bool recovered = old != NULL && str_eq(old->reason, "ProgressDeadlineExceeded") && status_is_complete(p);

	if (p->w->new_rs == NULL) {
		const struct seen_failure *f = status_refused(p);

		if (f != NULL && f->create && f->type == &replicaset_type)
			status_set_condition(p, "Progressing", "False", "ReplicaSetCreateError", f->text,
			    old == NULL || !str_eq(old->message, f->text));
		return;
	}
	moves = status_progressed(p, status_more_available(p));
	if (p->st.abort) {
		const char *message =
		    arena_printf(p->arena, "Rollout aborted update to revision %" PRId64 "%s%s", p->revision,
			p->abort_message != NULL ? ": " : "", p->abort_message != NULL ? p->abort_message : "");

		if (old == NULL || !str_eq(old->reason, "RolloutAborted")) {
			status_set_condition(p, "Progressing", "False", "RolloutAborted", message, false);
			plan_status_event(p->plan, &p->w->rollout->object, true, "RolloutAborted", "%s", message);
		}
	} else if (is_healthy || recovered) {
		status_set_condition(p, "Progressing", "True", "NewReplicaSetAvailable",
		    arena_printf(p->arena, "ReplicaSet \"%s\" has successfully progressed.", name), false);
	} else if (paused && old != NULL && str_eq(p->st.stable_rs, p->st.current_pod_hash) &&
		   !status_is_of_another_update(p, old)) {
		/* no update is active that could be paused: the last condition stays */
	} else if (paused) {
		status_set_condition(p, "Progressing", "Unknown", "RolloutPaused", "Rollout is paused", false);
	} else if (old == NULL || moves || str_eq(old->reason, "RolloutAborted") ||
		   str_eq(old->reason, "RolloutPaused") || str_eq(old->reason, "NewReplicaSetAvailable") ||
		   str_eq(old->reason, "ReplicaSetCreateError")) {
		status_set_condition(p, "Progressing", "True", "ReplicaSetUpdated",
		    arena_printf(p->arena, "ReplicaSet \"%s\" is progressing.", name), moves);
	} else if (p->deadline_exceeded) {
		status_set_condition(p, "Progressing", "False", "ProgressDeadlineExceeded",
		    arena_printf(p->arena, "ReplicaSet \"%s\" has timed out progressing.", name), false);
	}
}

/* Pods that cannot be created (a quota, an admission webhook) are reported by the ReplicaSets; the rollout repeats
 * the error. */
static void
status_replica_failure(struct rollout_pass *p)
{
	for (size_t i = 0; i < p->w->n_replicasets; i++) {
		const struct replicaset *rs = p->w->replicasets[i];

		for (size_t k = 0; k < rs->status.conditions.n; k++) {
			const struct condition *c = &rs->status.conditions.at[k];
			const struct condition *was = status_find(&p->st, "ReplicaFailure");

			if (!str_eq(c->type, "ReplicaFailure") || !str_eq(c->status, "True") ||
			    replicaset_wanted(rs) == 0)
				continue;
			status_set_condition(p, "ReplicaFailure", "True", c->reason, c->message,
			    was != NULL && !str_eq(was->message, c->message));
			return;
		}
	}
	status_drop_condition(p, "ReplicaFailure");
}

static void
status_conditions(struct rollout_pass *p)
{
	bool is_healthy = status_is_healthy(p), paused = p->paused_by_spec || p->st.pause_conditions.n > 0;
	bool completed = p->st.stable_rs != NULL && str_eq(p->st.stable_rs, p->st.current_pod_hash);
	bool enough = p->st.available_replicas >= p->replicas &&
		      (p->blue_green == NULL || bluegreen_active(p) != NULL || p->replicas == 0);

	status_drop_condition(p, "InvalidSpec");
	status_progressing(p, is_healthy);
	status_replica_failure(p);
	if (paused || status_find(&p->st, "Paused") != NULL)
		status_set_condition(
		    p, "Paused", paused ? "True" : "False", "RolloutPaused", "Rollout is paused", false);
	if (is_healthy)
		status_set_condition(p, "Healthy", "True", "RolloutHealthy", "Rollout is healthy", false);
	else if (status_find(&p->st, "Healthy") != NULL)
		status_set_condition(p, "Healthy", "False", "RolloutHealthy", "Rollout is not healthy", false);
	status_set_condition(
	    p, "Completed", completed ? "True" : "False", "RolloutCompleted", "RolloutCompleted", false);
	status_set_condition(p, "Available", enough ? "True" : "False", "AvailableReason",
	    enough ? "Rollout has minimum availability" : "Rollout does not have minimum availability", false);
}

/* Returns why the routing has not taken effect for some time: the current step cannot end. NULL: it has, or for a short
 * time only. */
static const char *
status_unverified(struct rollout_pass *p)
{
	const char *why = p->w->routing.unverified ?: p->w->routing.unregistered;
	int64_t since = seen_note(p->w->seen, UNVERIFIED_SINCE, p->w->now), at = time_add(since, UNVERIFIED_REPORT_MS);

	if (why == NULL)
		return NULL;
	plan_note(p->plan, UNVERIFIED_SINCE, since);
	if (p->w->now >= at)
		return arena_printf(p->arena, "waiting for the routing: %s", why);
	plan_wake(p->plan, at);
	return NULL;
}

/* The first rule that applies determines phase and message. */
static void
status_phase(struct rollout_pass *p)
{
	static const char *const bad_reasons[] = { "RolloutAborted", "ProgressDeadlineExceeded",
		"ReplicaSetCreateError" };
	const struct rollout_status *st = &p->st;
	const char *phase = "Progressing", *message = NULL;

	for (size_t i = 0; i < st->conditions.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(bad_reasons) && message == NULL; k++)
			if (str_eq(st->conditions.at[i].reason, bad_reasons[k])) {
				phase = "Degraded";
				message =
				    arena_printf(p->arena, "%s: %s", bad_reasons[k], st->conditions.at[i].message);
			}
	if (message == NULL) {
		if (p->paused_by_spec) {
			phase = "Paused";
			message = "manually paused";
		} else if (st->pause_conditions.n > 0) {
			phase = "Paused";
			message = st->pause_conditions.at[0].reason;
		} else if (restart_pending(p)) {
			message = "rollout is restarting";
		} else if (!str_eq(st->stable_rs, st->current_pod_hash) && (message = status_unverified(p)) != NULL) {
			phase = "Progressing";
		} else if (st->updated_replicas < p->replicas) {
			message = "more replicas need to be updated";
		} else if (replicaset_available(p->w->new_rs) < st->updated_replicas) {
			message = "updated replicas are still becoming available";
		} else if (p->blue_green != NULL && !bluegreen_is_active(p)) {
			message = "active service cutover pending";
		} else if (p->blue_green != NULL && !str_eq(st->stable_rs, st->current_pod_hash)) {
			message = p->blue_green->post_promotion_analysis != NULL
				      ? "waiting for analysis to complete"
				      : "waiting for post-promotion verification to complete";
		} else if (p->canary != NULL && p->w->routers.n == 0 && st->replicas > st->updated_replicas) {
			message = "old replicas are pending termination";
		} else if (!str_eq(st->stable_rs, st->current_pod_hash)) {
			message = "waiting for all steps to complete";
		} else {
			phase = "Healthy";
		}
	}
	p->st.phase = phase;
	p->st.message = message;
}

/* Returns the write that has failed in each pass for some time, for example because of a webhook that is down. NULL:
 * none. */
static const struct seen_failure *
status_failing(struct rollout_pass *p)
{
	const struct seen_failure *f = p->w->seen->failure;
	int64_t since = seen_note(p->w->seen, FAILS_SINCE, p->w->now);

	if (f == NULL || f->class != ERR_AGAIN)
		return NULL;
	plan_note(p->plan, FAILS_SINCE, since);
	return p->w->now >= time_add(since, FAILS_REPORT_MS) ? f : NULL;
}

/* Returns a hash of a text, at least 1 (FNV-1a). NULL: 0. */
static int64_t
status_text_number(const char *text)
{
	uint64_t h = 14695981039346656037u;

	if (text == NULL)
		return 0;
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return (int64_t)(h >> 2) + 1;
}

/* A write that fails repeatedly is reported by one event, although its error (a duration) differs each time. The
 * event is emitted with the status, whose write may fail too: it has been emitted if the status has the message that
 * an earlier pass noted. A new process emits it once more. */
static bool
status_has_reported(struct rollout_pass *p, const struct seen_failure *f)
{
	const char *name = arena_printf(p->arena, "write-failure-reported/%s/%s", f->type->kind, f->name);
	int64_t noted = seen_note(p->w->seen, name, 0);
	bool reported = noted == REPORTED || (noted != 0 && noted == status_text_number(p->was->message));

	plan_note(p->plan, name, reported ? REPORTED : status_text_number(p->st.message));
	return reported;
}

/* Without this the rollout would stop without a reported reason. */
static void
status_report_failure(struct rollout_pass *p)
{
	const struct seen_failure *f = status_refused(p) != NULL ? status_refused(p) : status_failing(p);
	bool create = f != NULL && f->create && f->type == &replicaset_type;
	const char *text;

	if (f == NULL || f->type == &rollout_type)
		return;
	p->write_failed = true;
	text = arena_printf(p->arena, "%s %s cannot be written: %s", f->type->kind, f->name, f->text);
	if (!create || f->class == ERR_AGAIN)
		p->st.message = p->st.message != NULL ? arena_printf(p->arena, "%s (%s)", p->st.message, text) : text;
	if (f->class == ERR_AGAIN ? !status_has_reported(p, f) : !str_eq(p->st.message, p->was->message))
		plan_status_event(p->plan, &p->w->rollout->object, true,
		    create				       ? "ReplicaSetCreateError"
		    : routed_has_type(&p->w->routers, f->type) ? "TrafficRoutingError"
							       : "ReconciliationError",
		    "%s", text);
}

static bool
status_is_indefinite(const struct rollout_pass *p, const struct rollout_status *st)
{
	int64_t i = st->current_step_index.present ? st->current_step_index.value : -1;

	if (p->paused_by_spec || pause_undecided(st))
		return true;
	if (p->blue_green != NULL)
		return pause_has(st, PAUSE_BLUE_GREEN) && p->blue_green->auto_promotion_enabled.present &&
		       !p->blue_green->auto_promotion_enabled.value;
	return pause_has(st, PAUSE_STEP) && pause_step_is_endless(p, i);
}

/* Returns whether the duration of the update continues after the template changed: in a rollback, to the stable
 * version or to an older one. */
static bool
status_duration_continues(const struct rollout_pass *p)
{
	const struct rollout_duration *t = &p->was->duration;
	const struct replicaset *rs = p->w->new_rs, *stable = p->w->stable_rs;

	if (p->was->stable_rs == NULL || t->rollout_started_at == 0 || t->finished_at != 0)
		return false;
	return p->promotion == PROMOTED ||
	       (stable != NULL && rs->object.meta.creation_timestamp < stable->object.meta.creation_timestamp);
}

/* A new template starts a new duration, except a rollback of an update that was completed or aborted. */
static void
status_duration_begin(struct rollout_pass *p)
{
	struct rollout_duration *t = &p->st.duration;

	if (status_duration_continues(p))
		t->completion_status = p->promotion == PROMOTED ? "FastRolledBack" : "RolledBack";
	else if (p->promotion != PROMOTED)
		*t = (struct rollout_duration){ .rollout_started_at = time_stored(p->w->now),
			.completion_status = p->was->stable_rs == NULL ? t->completion_status : NULL };
}

/* The duration of the current or last update. A pause that only a user ends counts until the update is completed. */
static void
status_duration(struct rollout_pass *p)
{
	struct rollout_duration *t = &p->st.duration;
	int64_t now = time_stored(p->w->now);
	bool promoted = str_eq(p->st.stable_rs, p->st.current_pod_hash), pauses;

	if (p->change != CHANGE_NONE && !str_eq(p->was->current_pod_hash, p->w->hash)) {
		status_duration_begin(p);
	} else if (p->was->aborted_at != 0 && !p->st.abort) {
		*t = (struct rollout_duration){ .rollout_started_at = now,
			.completion_status = promoted ? t->completion_status : NULL };
		p->st.aborted_at = 0;
	}
	if (p->st.abort && !str_eq(t->completion_status, "Aborted")) {
		t->completion_status = "Aborted";
		t->finished_at = now;
	}
	if (t->finished_at == 0 && promoted && t->completion_status != NULL &&
	    replicaset_available(p->w->new_rs) >= p->replicas)
		t->finished_at = now;
	pauses = t->finished_at == 0 && status_is_indefinite(p, &p->st);
	if (pauses && t->manual_pause_started_at == 0) {
		t->manual_pause_started_at = now;
	} else if (!pauses && t->manual_pause_started_at != 0) {
		t->total_manual_pause_seconds = (struct opt_int){ true,
			t->total_manual_pause_seconds.value + (now - t->manual_pause_started_at) / 1000 };
		t->manual_pause_started_at = 0;
	}
}

/* Returns whether the statuses differ only in consequences of counting pods: numbers, the observed weight, texts,
 * and times of conditions. */
static bool
status_differs_in_counts(const struct rollout_pass *p)
{
	struct rollout_status was = *p->was, is = p->st;

	if (was.conditions.n != is.conditions.n || was.observed_generation == NULL ||
	    !str_eq(was.observed_generation, is.observed_generation))
		return false;
	for (size_t i = 0; i < was.conditions.n; i++)
		if (!str_eq(was.conditions.at[i].type, is.conditions.at[i].type) ||
		    !str_eq(was.conditions.at[i].status, is.conditions.at[i].status) ||
		    !str_eq(was.conditions.at[i].reason, is.conditions.at[i].reason))
			return false;
	was.conditions = is.conditions;
	was.canary.weights = is.canary.weights;
	was.message = is.message;
	was.replicas = is.replicas;
	was.updated_replicas = is.updated_replicas;
	was.ready_replicas = is.ready_replicas;
	was.available_replicas = is.available_replicas;
	was.hpa_replicas = is.hpa_replicas;
	return type_equal(&rollout_status_type, &was, &is);
}

static int64_t
status_canary_weight(const struct rollout_status *st)
{
	return st->canary.weights != NULL ? st->canary.weights->canary.weight : 0;
}

/* Returns whether the step adds at most one pod, which is not ready yet. */
static bool
status_has_one_pod_more(const struct rollout_pass *p)
{
	const struct rollout_status *was = p->was, *is = &p->st;
	int64_t more = is->replicas - was->replicas, updated = is->updated_replicas - was->updated_replicas;

	return more >= 0 && more <= 1 && updated >= 0 && updated <= 1 && is->ready_replicas == was->ready_replicas &&
	       is->available_replicas == was->available_replicas &&
	       status_canary_weight(is) == status_canary_weight(was);
}

/* Returns whether the number of the step after a pause needs a status of its own. The number of all steps stays, and
 * a step that waits for pods has their counts written later; any other step may be completed before anything else is
 * written, and clients that wait for its number (kubectl wait) would never see it. Only after a short pause this
 * write is not worth its cost. */
static bool
status_needs_step_number(const struct rollout_pass *p)
{
	return !pause_step_is_short(p, p->index - 1, SHORT_PAUSE_MS) && seen_note(p->w->seen, WAITS_SINCE, -1) < 0 &&
	       !steps_are_passed(p) && target_of(p).pods_there;
}

/* Returns whether the only change is the end of a timed pause. */
static bool
status_only_resumed(const struct rollout_pass *p)
{
	const struct rollout_status *was = p->was, *is = &p->st;

	/* the step after the pause may be completed before the status names it as the current one */
	for (size_t i = 0; i < p->plan->n_steps; i++)
		if (p->plan->steps[i].op == PLAN_CREATE)
			return false;
	return p->resumed && was->pause_conditions.n > 0 && is->pause_conditions.n == 0 && !is->abort &&
	       is->current_step_index.value == p->index && str_eq(was->stable_rs, is->stable_rs) &&
	       !p->deadline_exceeded && !status_needs_step_number(p);
}

/* A status that every later pass would compute again is written together with the next necessary change, or after a
 * delay that is short enough that no state of half a second is skipped. A refused write is reported at once. Returns
 * true if the status is not to be written now. */
static bool
status_may_wait(struct rollout_pass *p)
{
	int64_t now = p->w->now, since = seen_note(p->w->seen, WAITS_SINCE, now),
		until = time_add(since, ONE_POD_WAIT_MS), soon = seen_note(p->w->seen, NUMBERS_SINCE, now);

	/* a plan that requests another pass at once needs its status: otherwise that pass would compute the same
	 * again */
	if (p->write_failed || status_refused(p) != NULL || !(status_differs_in_counts(p) || status_only_resumed(p)) ||
	    (p->plan->wake_at != 0 && p->plan->wake_at <= now))
		return false;
	/* the status of a step that adds one pod is written when this pod is ready, which completes the step
	 * (tests/bench/requests) */
	if (!status_has_one_pod_more(p)) {
		until = time_add(soon, WAIT_MS) < until ? time_add(soon, WAIT_MS) : until;
		plan_note(p->plan, NUMBERS_SINCE, soon);
	}
	if (now >= until)
		return false;
	plan_note(p->plan, WAITS_SINCE, since);
	plan_wake(p->plan, until);
	return true;
}

/* Clients expect the members canary and blueGreen, even if empty: the first status adds them. */
static void
status_write_first(struct rollout_pass *p)
{
	json_t *from = encode(&rollout_status_type, p->was);

	json_object_del(from, "canary");
	json_object_del(from, "blueGreen");
	plan_status(p->plan, &p->w->rollout->object, from, encode(&rollout_status_type, &p->st));
}

static void
status_write(struct rollout_pass *p)
{
	const struct rollout *r = p->w->rollout;

	p->st.observed_generation = arena_printf(p->arena, "%" PRId64, r->object.meta.generation);
	if (type_equal(&rollout_status_type, p->was, &p->st))
		return;
	if (status_may_wait(p))
		/* the events are emitted with the write: they report differences from the written status */
		p->plan->n_status_events = 0;
	else if (p->was->observed_generation == NULL)
		status_write_first(p);
	else
		plan_status_rows(p->plan, &r->object, &rollout_status_type, p->was, &p->st);
}

/* The number of steps that were completed when this pass ends; -1: there are none. */
static int64_t
status_steps_done(const struct rollout_pass *p)
{
	return p->st.current_step_index.present && p->change == CHANGE_NONE ? p->st.current_step_index.value : -1;
}

static bool
status_is_promoted(const struct rollout_pass *p)
{
	return !str_eq(p->st.stable_rs, p->was->stable_rs);
}

/* Each fact has one event. The completion of a setWeight step reports its weight, and RolloutCompleted those of a
 * promotion, also those that are written before it ends because the API server is slow. */
static void
status_imply_weight(struct rollout_pass *p)
{
	int64_t done = status_steps_done(p);
	bool is_step = done > 0 && done > p->was->current_step_index.value && done <= steps_count(p) &&
		       p->canary->steps.at[done - 1].set_weight.present;

	for (size_t i = 0; i < p->plan->n_status_events; i++)
		if (str_eq(p->plan->status_events[i].reason, WEIGHT_UPDATED))
			p->plan->status_events[i].implied =
			    is_step || p->promotion == PROMOTING || status_is_promoted(p);
}

/* The completion of its step, or of the update, reports the end of a pause too. A pause with a duration has no other
 * event: it does not wait for a user. */
static void
status_pause_events(struct rollout_pass *p)
{
	const struct object *o = &p->w->rollout->object;
	size_t n = p->st.pause_conditions.n;
	const char *why = n > 0 ? p->st.pause_conditions.at[0].reason : NULL;
	int64_t done = status_steps_done(p);

	/* a pause after a timed one is a separate pause */
	if (p->was_paused && (n == 0 || p->resumed) && !p->st.abort)
		plan_status_event(p->plan, o, false, "RolloutResumed", "Rollout is resumed")->implied =
		    done > p->was->current_step_index.value || status_is_promoted(p);
	if (n > 0 && (!p->was_paused || p->resumed))
		plan_status_event(p->plan, o, false, "RolloutPaused", "Rollout is paused (%s)", why)->implied =
		    n == 1 && str_eq(why, PAUSE_STEP) && !p->paused_by_spec &&
		    !pause_step_is_endless(p, p->st.current_step_index.value);
}

void
status_finish(struct rollout_pass *p)
{
	if (p->w->new_rs != NULL)
		status_duration(p);
	status_load_balancers(p);
	status_conditions(p);
	status_phase(p);
	status_report_failure(p);
	status_imply_weight(p);
	status_pause_events(p);
	status_write(p);
}

void
status_stand_still(const struct pass *from, const struct rollout *r, const char *why, struct plan *plan)
{
	struct rollout_world w = {
		.now = from->now, .seen = from->seen, .view = from->view, .settings = from->settings, .rollout = r
	};
	struct rollout_pass pass = { .w = &w, .plan = plan, .arena = plan->arena, .was = &r->status, .st = r->status };

	status_invalid(
	    &pass, arena_printf(pass.arena, "The Rollout \"%s\" stands still: %s", r->object.meta.name, why));
}

void
status_invalid(struct rollout_pass *p, const char *message)
{
	const struct condition *old = status_find(&p->st, "InvalidSpec");
	bool same = old != NULL && str_eq(old->message, message);

	if (p->aborted)
		status_progressing(p, false);
	status_set_condition(p, "InvalidSpec", "True", "InvalidSpec", message, !same);
	p->st.phase = "Degraded";
	p->st.message = arena_printf(p->arena, "InvalidSpec: %s", message);
	if (!same)
		plan_status_event(p->plan, &p->w->rollout->object, true, "InvalidSpec", "%s", message);
	plan_reason(p->plan, "%s", message);
	status_write(p);
}
