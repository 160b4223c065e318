/* rollout/steps.c: the canary's steps: what each is called, when it is over, what happens on entering it.
 *
 * Add a kind of step by adding its row to the table at the end.
 */
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

struct step_kind {
	bool (*is)(const struct canary_step *);
	const char *(*text)(struct arena *, const struct canary_step *);
	bool (*done)(struct decision *, const struct canary_step *);
	void (*enter)(struct decision *, const struct canary_step *); /* NULL: nothing */
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
weight_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return target_reached(d);
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
pause_done(struct decision *d, const struct canary_step *s)
{
	int64_t duration = pause_duration(s->pause), end;

	if (!pause_has(&d->st, PAUSE_STEP)) {
		if (d->st.controller_pause && !d->changed)
			return true;
		pause_add(d, PAUSE_STEP);
	}
	if (duration < 0)
		return false;
	end = time_add(pause_since(&d->st, PAUSE_STEP), duration);
	if (d->w->now > end)
		return true;
	plan_wake(d->plan, end + 1);
	return false;
}

static void
pause_enter(struct decision *d, const struct canary_step *s)
{
	int64_t duration = pause_duration(s->pause);

	pause_add(d, PAUSE_STEP);
	if (duration >= 0)
		plan_wake(d->plan, time_add(time_stored(d->w->now), duration) + 1);
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
scale_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return target_of(d).pods_there;
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
analysis_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return d->st.canary.step_analysis != NULL && str_eq(d->st.canary.step_analysis->status, "Successful");
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
experiment_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return experiment_succeeded(d);
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
plugin_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return plugin_succeeded(d);
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
route_done(struct decision *d, const struct canary_step *s)
{
	(void)s;
	return d->replicas == 0 || routes_settled(d);
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
steps_count(const struct decision *d)
{
	return d->canary != NULL ? (int64_t)d->canary->steps.n : 0;
}

bool
step_is_pause(const struct decision *d, int64_t index)
{
	return index < steps_count(d) && is_pause(&d->canary->steps.at[index]);
}

bool
steps_are_passed(const struct decision *d)
{
	return steps_count(d) > 0 && d->index >= steps_count(d);
}

bool
step_waits(const struct decision *d, int64_t index)
{
	return index < steps_count(d) &&
	       (is_analysis(&d->canary->steps.at[index]) || is_experiment(&d->canary->steps.at[index]));
}

static bool
may_step(const struct decision *d)
{
	return !d->aborted && !d->promoted && !d->paused_by_spec && !d->st.promote_full && d->index < steps_count(d) &&
	       !d->changed && !pause_undecided(&d->st);
}

/* The step is complete. */
static void
leave(struct decision *d)
{
	const char *text = step_text(d->arena, &d->canary->steps.at[d->index]);

	d->st.current_step_index = (struct opt_int){ true, d->index + 1 };
	d->st.canary.step_analysis = NULL;
	pause_clear(d);
	plan_status_event(d->plan, &d->w->rollout->object, false, "RolloutStepCompleted",
	    "Rollout step %" PRId64 "/%" PRId64 " completed (%s)", d->index + 1, steps_count(d), text);
	plan_reason(d->plan, "step %" PRId64 " (%s) is complete", d->index, text);
}

/* A pause depends on nothing but its time and what a person did: what comes behind it begins in the same pass. As long as that is
 * not written, every pass finds it out again. */
void
steps_resume(struct decision *d)
{
	if (!may_step(d) || !step_is_pause(d, d->index) || !pause_done(d, &d->canary->steps.at[d->index]))
		return;
	leave(d);
	d->index++;
	d->resumed = true;
}

void
steps_advance(struct decision *d)
{
	const struct canary_step *s;
	const struct step_kind *k;

	/* What a person resumed is written first; a step that began with it is complete in the next pass, if it is. */
	if (!may_step(d) || (d->resumed && !d->was_paused))
		return;
	s = &d->canary->steps.at[d->index];
	k = kind_of(s);
	if (k == NULL || !k->done(d, s))
		return;
	leave(d);
	if (d->index + 1 < steps_count(d) && (k = kind_of(&d->canary->steps.at[d->index + 1])) != NULL &&
	    k->enter != NULL)
		k->enter(d, &d->canary->steps.at[d->index + 1]);
}
