/* rollout/view/forecast.c: reads the state of an update from its objects, and collects rows. The words of what it waits
 * for are here. */
#include "rollout/view/forecast.h"
#include <stdio.h>
#include <string.h>
#include "analysis/condition/go_time.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/plan/view.h"
#include "rollout/steps.h"
#include "rollout/view/summary.h"

#define LINES_MAX 200
#define FORECAST_TIME_MAX_MS (290ll * 365 * 24 * 3600 * 1000) /* Go's durations end at 292 years */

struct forecast_course
forecast_course_new(struct arena *a)
{
	return (struct forecast_course){ .arena = a,
		.user_at = -1,
		.user_step = -1,
		.analysis_at = -1,
		.promoted_at = -1,
		.settled_at = -1,
		.aborted_at = -1,
		.aborted_step = -1,
		.ended_at = -1 };
}

const char *
forecast_time(struct arena *a, int64_t ms)
{
	return ms < FORECAST_TIME_MAX_MS ? go_time_duration_text(a, (ms + 500) / 1000 * 1000000000)
					 : "more than 290 years";
}

void
forecast_line(struct arena *a, struct forecast_lines *l, const char *format, ...)
{
	va_list ap;

	if (l->n == LINES_MAX)
		return;
	l->at = arena_grow(a, l->at, l->n, &l->capacity, sizeof(*l->at));
	va_start(ap, format);
	l->at[l->n++] = arena_vprintf(a, format, ap);
	va_end(ap);
}

const char *
forecast_step(struct arena *a, const struct rollout *r, int64_t step)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	size_t n = c != NULL ? c->steps.n : 0;

	if (n == 0)
		return "";
	if (step < 0 || (size_t)step >= n)
		return arena_printf(a, "%zu/%zu done", n, n);
	return arena_printf(a, "%lld/%zu %s", (long long)step + 1, n, steps_label(a, &c->steps.at[step]));
}

static void
forecast_count(struct forecast_pods *pods, const struct replicaset *rs)
{
	pods->wanted += replicaset_wanted(rs);
	pods->exist += rs->status.replicas;
	pods->ready += rs->status.available_replicas;
}

/* Returns the percentage of a weight, which is a part of maxTrafficWeight until the new version has all traffic. */
static int64_t
forecast_percent(const struct rollout *r, int64_t weight)
{
	const struct traffic_routing *t = r->spec.strategy.canary->traffic_routing;

	if (t == NULL || !t->max_traffic_weight.present || t->max_traffic_weight.value < 1 ||
	    str_eq(r->status.stable_rs, r->status.current_pod_hash))
		return weight;
	return weight * 100 / t->max_traffic_weight.value;
}

/* Counts the pods of the Rollout's ReplicaSets, and of those of its Experiments. */
static void
forecast_read_pods(
    const struct view *v, const struct rollout *r, const char *old_hash, struct arena *a, struct forecast_state *s)
{
	const char *ns = r->object.meta.namespace;
	const struct object **sets, **experiments;
	size_t n = view_owned(v, &replicaset_type, ns, r->object.meta.uid, a, &sets);
	size_t n_experiments = view_owned(v, &experiment_type, ns, r->object.meta.uid, a, &experiments);

	s->weight = r->spec.strategy.canary != NULL ? forecast_percent(r, summary_actual_weight(r, sets, n)) : 0;
	for (size_t i = 0; i < n; i++) {
		const char *hash = object_label(sets[i], LABEL_POD_TEMPLATE_HASH);
		struct forecast_pods *pods = str_eq(hash, old_hash)			? &s->old_pods
					     : str_eq(hash, r->status.current_pod_hash) ? &s->new_pods
											: &s->other_pods;

		forecast_count(pods, (const struct replicaset *)sets[i]);
	}
	for (size_t i = 0; i < n_experiments; i++) {
		n = view_owned(v, &replicaset_type, ns, experiments[i]->meta.uid, a, &sets);
		for (size_t k = 0; k < n; k++)
			forecast_count(&s->other_pods, (const struct replicaset *)sets[k]);
	}
}

/* Returns the names of an analysis' templates. */
static const char *
forecast_templates(struct arena *a, const struct rollout_analysis *analysis)
{
	const char *text = "analysis";

	for (size_t i = 0; analysis != NULL && i < analysis->templates.n && strlen(text) < 200; i++)
		text =
		    arena_printf(a, "%s%s %s", text, i > 0 ? "," : "", analysis->templates.at[i].template_name ?: "");
	return text;
}

static const struct canary_step *
forecast_current_step(const struct rollout *r, const struct forecast_state *s)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return c != NULL && s->step >= 0 && (size_t)s->step < c->steps.n ? &c->steps.at[s->step] : NULL;
}

/* Moves on to the next step when the time of a pause has ended: the controller acts at once, and delays the status,
 * which it combines with the next change. */
static void
forecast_skip_ended_pause(const struct rollout *r, int64_t now, struct forecast_state *s)
{
	const struct canary_step *step = forecast_current_step(r, s);
	int64_t ms;

	s->paused = r->status.pause_conditions.n > 0;
	if (!s->paused || step == NULL || step->pause == NULL ||
	    seconds_or_duration(step->pause->duration, &ms) != DURATION_SET ||
	    now < time_add(r->status.pause_conditions.at[0].start_time, ms))
		return;
	s->paused = false;
	s->step++;
}

/* Returns the wait of a pause: for its time, or for a user. */
static const char *
forecast_pause(const struct rollout *r, struct arena *a, struct forecast_state *s)
{
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const char *reason = r->status.pause_conditions.at[0].reason;
	const struct canary_step *step = forecast_current_step(r, s);
	int64_t ms;

	if (str_eq(reason, "CanaryPauseStep") && step != NULL && step->pause != NULL &&
	    seconds_or_duration(step->pause->duration, &ms) == DURATION_SET)
		return arena_printf(a, "pause %s", forecast_time(a, ms));
	if (str_eq(reason, "BlueGreenPause") && b != NULL && b->auto_promotion_seconds > 0)
		return arena_printf(a, "autoPromotionSeconds %s", forecast_time(a, 1000 * b->auto_promotion_seconds));
	s->user = true;
	return "a promotion by a user";
}

/* Returns what pods of the new version it waits for; NULL: none. */
static const char *
forecast_pods_wait(const struct rollout *r, struct arena *a, const struct forecast_state *s)
{
	const struct forecast_pods *pods = &s->new_pods;

	if (pods->ready >= pods->wanted)
		return NULL;
	return arena_printf(a, "%lld of %lld pods of the new version%s", (long long)(pods->wanted - pods->ready),
	    (long long)pods->wanted,
	    r->spec.min_ready_seconds > 0
		? arena_printf(a, " (minReadySeconds %lld)", (long long)r->spec.min_ready_seconds)
		: "");
}

/* Without a duration and a required analysis an experiment runs until a user ends the step. */
static const char *
forecast_experiment_wait(const struct experiment_step *e, struct arena *a, struct forecast_state *s)
{
	bool required = false;

	for (size_t i = 0; i < e->analyses.n; i++)
		required |= e->analyses.at[i].required_for_completion;
	if (e->duration != NULL)
		return arena_printf(a, "experiment (%s)", e->duration);
	if (required || s->other_pods.wanted == 0 || s->other_pods.ready < s->other_pods.wanted)
		return "experiment";
	s->user = true;
	return "a promotion by a user (the experiment has no duration)";
}

static const char *
forecast_step_wait(const struct rollout *r, struct arena *a, struct forecast_state *s)
{
	const struct canary_step *step = forecast_current_step(r, s);

	if (step != NULL && step->analysis != NULL)
		return forecast_templates(a, step->analysis);
	if (step != NULL && step->experiment != NULL)
		return forecast_experiment_wait(step->experiment, a, s);
	if (step != NULL && step->plugin != NULL)
		return arena_printf(a, "plugin %s", step->plugin->name != NULL ? step->plugin->name : "");
	return NULL;
}

/* Returns the wait for an analysis of a blue-green switch; NULL: none runs. */
static const char *
forecast_switch_wait(const struct rollout *r, struct arena *a)
{
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const struct blue_green_status *st = &r->status.blue_green;

	if (b == NULL)
		return NULL;
	if (st->pre_promotion_analysis != NULL && str_eq(st->pre_promotion_analysis->status, "Running"))
		return arena_printf(a, "prePromotion %s", forecast_templates(a, b->pre_promotion_analysis));
	if (st->post_promotion_analysis != NULL && str_eq(st->post_promotion_analysis->status, "Running"))
		return arena_printf(a, "postPromotion %s", forecast_templates(a, b->post_promotion_analysis));
	return NULL;
}

/* Returns what a promoted update waits for: the deletion of the pods of other versions. */
static const char *
forecast_last_wait(const struct rollout *r, struct arena *a)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const struct opt_int *delay = c != NULL	  ? &c->scale_down_delay_seconds
				      : b != NULL ? &b->scale_down_delay_seconds
						  : NULL;

	if (c != NULL && c->traffic_routing == NULL)
		return "the deletion of old pods";
	return arena_printf(a, "scaleDownDelaySeconds %s",
	    forecast_time(a, 1000 * (delay != NULL && delay->present ? delay->value : 30)));
}

static const char *
forecast_waits(const struct rollout *r, struct arena *a, struct forecast_state *s)
{
	const char *message, *phase = summary_phase(r, &message), *wait;

	if (s->aborted)
		return arena_printf(a, "aborted: %s", message != NULL ? message : "");
	if (s->failure != NULL)
		return s->failure;
	if (s->paused)
		return forecast_pause(r, a, s);
	if ((wait = forecast_pods_wait(r, a, s)) != NULL || (wait = forecast_switch_wait(r, a)) != NULL)
		return wait;
	if (s->promoted)
		return s->settled ? "" : forecast_last_wait(r, a);
	if ((wait = forecast_step_wait(r, a, s)) != NULL)
		return wait;
	return message != NULL && strcmp(phase, "Healthy") != 0 ? message : "";
}

void
forecast_read(const struct view *v, const struct rollout *r, const char *old_hash, int64_t now, struct arena *a,
    struct forecast_state *ret)
{
	const struct rollout_status *st = &r->status;
	struct forecast_state s = { .step = st->current_step_index.present ? st->current_step_index.value : -1 };
	bool changed = st->current_pod_hash != NULL && !str_eq(st->current_pod_hash, old_hash);
	const char *message, *phase = summary_phase(r, &message);

	forecast_read_pods(v, r, old_hash, a, &s);
	if (!changed) { /* the controller has not read the new template yet */
		s.weight = 0;
		s.step = r->spec.strategy.canary != NULL && r->spec.strategy.canary->steps.n > 0 ? 0 : -1;
	}
	if (r->spec.strategy.blue_green != NULL && changed &&
	    str_eq(st->blue_green.active_selector, st->current_pod_hash))
		s.weight = 100;
	s.aborted = st->abort;
	s.promoted = changed && str_eq(st->stable_rs, st->current_pod_hash);
	s.settled = s.promoted && strcmp(phase, "Healthy") == 0 && s.old_pods.exist == 0 && s.old_pods.wanted == 0 &&
		    s.other_pods.exist == 0 && s.other_pods.wanted == 0;
	if (changed && strcmp(phase, "Degraded") == 0 && !s.aborted)
		s.failure = message != NULL ? message : "Degraded";
	forecast_skip_ended_pause(r, now, &s);
	s.waits = forecast_waits(r, a, &s);
	s.timed =
	    (s.paused && !s.user) || s.promoted ||
	    (s.step >= 0 && forecast_current_step(r, &s) != NULL && forecast_current_step(r, &s)->experiment != NULL &&
		forecast_current_step(r, &s)->experiment->duration != NULL);
	*ret = s;
}

int64_t
forecast_pods(const struct forecast_state *s)
{
	return s->new_pods.exist + s->old_pods.exist + s->other_pods.exist;
}

static bool
forecast_pods_equal(const struct forecast_pods *a, const struct forecast_pods *b)
{
	return a->wanted == b->wanted && a->exist == b->exist && a->ready == b->ready;
}

static bool
forecast_equal(const struct forecast_state *a, const struct forecast_state *b)
{
	return a->step == b->step && a->weight == b->weight && forecast_pods_equal(&a->new_pods, &b->new_pods) &&
	       forecast_pods_equal(&a->old_pods, &b->old_pods) && forecast_pods_equal(&a->other_pods, &b->other_pods) &&
	       a->aborted == b->aborted && a->promoted == b->promoted && str_eq(a->waits, b->waits);
}

/* Records what happened for the first time. */
static void
forecast_mark(struct forecast_course *c, int64_t at, const struct forecast_state *s)
{
	if (s->promoted && c->promoted_at < 0)
		c->promoted_at = at;
	if (s->settled && c->settled_at < 0)
		c->settled_at = at;
	if (c->aborted_at >= 0)
		return;
	if (s->aborted) {
		c->aborted_at = at;
		return;
	}
	c->aborted_step = s->step;
	/* Before the status reports an abort, the pods of the new version may be gone. */
	if (s->new_pods.wanted > 0)
		c->aborted_weight = s->weight;
}

/* Returns the row that the change belongs to: the last one, if it follows closely and nothing was waited for. */
static struct forecast_row *
forecast_row_of(struct forecast_course *c, int64_t at)
{
	struct forecast_row *last = c->n > 0 ? &c->rows[c->n - 1] : NULL;

	if (last != NULL && at - last->last <= FORECAST_GAP_MS && at - last->at <= FORECAST_SPAN_MS &&
	    !last->state.user && last->state.aborted == (c->aborted_at >= 0))
		return last;
	if (c->n == FORECAST_ROWS_MAX) {
		c->cut = true;
		return NULL;
	}
	c->rows = arena_grow(c->arena, c->rows, c->n, &c->capacity, sizeof(*c->rows));
	c->rows[c->n] = (struct forecast_row){ .at = at, .last = at };
	return &c->rows[c->n++];
}

void
forecast_add(struct forecast_course *c, int64_t at, const struct forecast_state *s)
{
	int64_t pods = forecast_pods(s);
	struct forecast_row *row;

	forecast_mark(c, at, s);
	if (c->n > 0 && forecast_equal(&c->rows[c->n - 1].state, s))
		return;
	row = forecast_row_of(c, at);
	if (pods > c->peak || c->n == 0) {
		c->peak = pods;
		c->peak_row = row != NULL ? c->n - 1 : FORECAST_ROWS_MAX;
	}
	if (row == NULL)
		return;
	row->last = at;
	row->pods = pods > row->pods ? pods : row->pods;
	row->state = *s;
	row->state.waits = arena_strdup(c->arena, s->waits);
	row->state.failure = arena_strdup(c->arena, s->failure);
}

const char *
forecast_least(struct arena *a, const struct forecast *f)
{
	const struct forecast_course *c = f->course;

	if (c->promoted_at >= 0)
		return forecast_time(a, c->promoted_at);
	if (c->aborted_at >= 0)
		return arena_printf(a, "none: the update is aborted after %s", forecast_time(a, c->aborted_at));
	return arena_printf(a, "none: %s", c->problem != NULL ? c->problem : "it does not end");
}
