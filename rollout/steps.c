/* rollout/steps.c: the canary's steps: what each is called, when it is over, what happens on entering it.
 *
 * Add a kind of step by adding its row to the table at the end.
 */
#include "rollout/steps.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/experiment_step.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/plugin_step.h"
#include "rollout/routes.h"
#include "rollout/target.h"

struct step_kind {
	bool (*is)(const struct canary_step *);
	const char *(*text)(struct arena *, const struct canary_step *);
	bool (*done)(struct rollout_pass *, const struct canary_step *);
	void (*enter)(struct rollout_pass *, const struct canary_step *); /* NULL: nothing */
};

static bool
is_weight(const struct canary_step *s)
{
	return s->set_weight.set;
}

static const char *
weight_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setWeight: %" PRId64, s->set_weight.is);
}

/* Over when it is seen, not when it was asked for: pods there and ready, and every route says so. */
static bool
weight_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return target_reached(p);
}

static bool
is_pause(const struct canary_step *s)
{
	return s->pause != NULL;
}

static const char *
pause_text(struct arena *a, const struct canary_step *s)
{
	return s->pause->duration != NULL ? arena_printf(a, "pause: %s", s->pause->duration) : "pause";
}

/* A timed pause ends strictly after start + duration; any pause ends when a user has removed its condition while the
 * controller was pausing (that is how `promote` resumes). leave() forgets controllerPause, so that this ends one pause: the
 * step behind it, if it is a pause too, begins with a condition of its own. */
static bool
pause_done(struct rollout_pass *p, const struct canary_step *s)
{
	int64_t duration, end;

	if (!pause_has(&p->st, PAUSE_STEP)) {
		if (p->st.controller_pause && p->change == CHANGE_NONE)
			return true;
		pause_add(p, PAUSE_STEP);
	}
	if (seconds_or_duration(s->pause->duration, &duration) != DURATION_SET)
		return false;
	end = time_add(pause_since(&p->st, PAUSE_STEP), duration);
	if (p->w->now > end)
		return true;
	plan_wake(p->plan, end + 1);
	return false;
}

static void
pause_enter(struct rollout_pass *p, const struct canary_step *s)
{
	int64_t duration;

	pause_add(p, PAUSE_STEP);
	if (seconds_or_duration(s->pause->duration, &duration) == DURATION_SET)
		plan_wake(p->plan, time_add(time_stored(p->w->now), duration) + 1);
}

static bool
is_scale(const struct canary_step *s)
{
	return s->set_canary_scale != NULL;
}

static const char *
scale_text(struct arena *a, const struct canary_step *s)
{
	const struct canary_scale *scale = s->set_canary_scale;

	if (scale->weight.set)
		return arena_printf(a, "setCanaryScale{weight: %" PRId64 "}", scale->weight.is);
	if (scale->replicas.set)
		return arena_printf(a, "setCanaryScale{replicas: %" PRId64 "}", scale->replicas.is);
	return "setCanaryScale{matchTrafficWeight: true}";
}

static bool
scale_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return target_of(p).pods_there;
}

static bool
is_analysis(const struct canary_step *s)
{
	return s->analysis != NULL;
}

static const char *
analysis_text(struct arena *a, const struct canary_step *s)
{
	(void)a;
	(void)s;
	return "analysis";
}

/* What its run says is in the status: runs_verdict puts it there. */
static bool
analysis_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return p->st.canary.step_analysis != NULL && str_eq(p->st.canary.step_analysis->status, "Successful");
}

static bool
is_experiment(const struct canary_step *s)
{
	return s->experiment != NULL;
}

static const char *
experiment_text(struct arena *a, const struct canary_step *s)
{
	(void)a;
	(void)s;
	return "experiment";
}

static bool
experiment_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return experiment_step_succeeded(p);
}

static bool
is_plugin(const struct canary_step *s)
{
	return s->plugin != NULL;
}

static const char *
plugin_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "plugin: %s", s->plugin->name);
}

static bool
plugin_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return plugin_step_succeeded(p);
}

static bool
is_header_route(const struct canary_step *s)
{
	return s->set_header_route != NULL;
}

static const char *
header_route_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setHeaderRoute: %s", s->set_header_route->name);
}

static bool
is_mirror_route(const struct canary_step *s)
{
	return s->set_mirror_route != NULL;
}

static const char *
mirror_route_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setMirrorRoute: %s", s->set_mirror_route->name);
}

static bool
route_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return p->replicas == 0 || routes_settled(p);
}

static const struct step_kind kinds[] = {
	{ is_weight, weight_text, weight_done, NULL },
	{ is_pause, pause_text, pause_done, pause_enter },
	{ is_scale, scale_text, scale_done, NULL },
	{ is_analysis, analysis_text, analysis_done, NULL },
	{ is_experiment, experiment_text, experiment_done, NULL },
	{ is_plugin, plugin_text, plugin_done, NULL },
	{ is_header_route, header_route_text, route_done, NULL },
	{ is_mirror_route, mirror_route_text, route_done, NULL },
};

static const struct step_kind *
kind_of(const struct canary_step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].is(s))
			return &kinds[i];
	return NULL;
}

const char *
step_text(struct arena *a, const struct canary_step *s)
{
	const struct step_kind *k = kind_of(s);

	return k != NULL ? k->text(a, s) : "?";
}

int64_t
steps_count(const struct rollout_pass *p)
{
	return p->canary != NULL ? (int64_t)p->canary->steps.n : 0;
}

bool
step_is_pause(const struct rollout_pass *p, int64_t index)
{
	return index < steps_count(p) && is_pause(&p->canary->steps.at[index]);
}

bool
steps_are_passed(const struct rollout_pass *p)
{
	return steps_count(p) > 0 && p->index >= steps_count(p);
}

bool
step_waits(const struct rollout_pass *p, int64_t index)
{
	return index < steps_count(p) &&
	       (is_analysis(&p->canary->steps.at[index]) || is_experiment(&p->canary->steps.at[index]));
}

static bool
may_step(const struct rollout_pass *p)
{
	return !p->aborted && p->promotion != PROMOTED && !p->paused_by_spec && !p->st.promote_full &&
	       p->index < steps_count(p) && p->change == CHANGE_NONE && !pause_undecided(&p->st);
}

/* The step is complete. */
static void
leave(struct rollout_pass *p)
{
	const char *text = step_text(p->arena, &p->canary->steps.at[p->index]);

	p->st.current_step_index = (struct opt_int){ true, p->index + 1 };
	p->st.canary.step_analysis = NULL;
	pause_clear(p);
	plan_status_event(p->plan, &p->w->rollout->object, false, "RolloutStepCompleted",
	    "Rollout step %" PRId64 "/%" PRId64 " completed (%s)", p->index + 1, steps_count(p), text);
	plan_reason(p->plan, "step %" PRId64 " (%s) is complete", p->index, text);
}

/* A pause depends on nothing but its time and what a person did: what comes behind it begins in the same pass. As long as that is
 * not written, every pass finds it out again. */
void
steps_resume(struct rollout_pass *p)
{
	if (!may_step(p) || !step_is_pause(p, p->index) || !pause_done(p, &p->canary->steps.at[p->index]))
		return;
	leave(p);
	p->index++;
	p->resumed = true;
}

void
steps_advance(struct rollout_pass *p)
{
	const struct canary_step *s;
	const struct step_kind *k;

	/* What a person resumed is written first; a step that began with it is complete in the next pass, if it is. */
	if (!may_step(p) || (p->resumed && !p->was_paused))
		return;
	s = &p->canary->steps.at[p->index];
	k = kind_of(s);
	if (k == NULL || !k->done(p, s))
		return;
	leave(p);
	if (p->index + 1 < steps_count(p) && (k = kind_of(&p->canary->steps.at[p->index + 1])) != NULL &&
	    k->enter != NULL)
		k->enter(p, &p->canary->steps.at[p->index + 1]);
}
