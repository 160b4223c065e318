/* rollout/pause_step.c: pause: the update waits for a duration or for a promotion. */
#include "rollout/pause_step.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/checks.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/step_kind.h"
#include "rollout/steps.h"

static bool pause_step_matches(const struct canary_step *);
static const char *pause_step_text(struct arena *, const struct canary_step *);
static const char *pause_step_label(struct arena *, const struct canary_step *);
static void pause_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static bool pause_step_done(struct rollout_pass *, const struct canary_step *);
static void pause_step_enter(struct rollout_pass *, const struct canary_step *);

const struct step_kind pause_step_kind = {
	.name = "pause",
	.alone = true,
	.pauses = true,
	.waits = true,
	.matches = pause_step_matches,
	.text = pause_step_text,
	.label = pause_step_label,
	.check = pause_step_check,
	.done = pause_step_done,
	.enter = pause_step_enter,
	.leave = pause_clear,
};

static bool
pause_step_matches(const struct canary_step *s)
{
	return s->pause != NULL;
}

static const char *
pause_step_text(struct arena *a, const struct canary_step *s)
{
	return s->pause->duration != NULL ? arena_printf(a, "pause: %s", s->pause->duration) : "pause";
}

static const char *
pause_step_label(struct arena *a, const struct canary_step *s)
{
	const char *duration = s->pause->duration;
	bool seconds;

	if (str_empty(duration))
		return "pause until promoted";
	seconds = strspn(duration, "0123456789") == strlen(duration);
	return arena_printf(a, "pause %s%s", duration, seconds ? " s" : "");
}

static void
pause_step_check(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	(void)w;
	check_duration(p, s->pause->duration, arena_printf(p->arena, "%s.duration", path));
}

/* A timed pause ends strictly after start + duration. Any pause ends when a user has removed its condition while the
 * controller was pausing, as `promote` does. pause_clear() resets controllerPause, so that this ends one pause only:
 * a pause in the next step begins with a condition of its own. */
static bool
pause_step_done(struct rollout_pass *p, const struct canary_step *s)
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
pause_step_enter(struct rollout_pass *p, const struct canary_step *s)
{
	int64_t duration;

	pause_add(p, PAUSE_STEP);
	if (seconds_or_duration(s->pause->duration, &duration) == DURATION_SET)
		plan_wake(p->plan, time_add(time_stored(p->w->now), duration) + 1);
}

bool
pause_step_is_endless(const struct rollout_pass *p, int64_t index)
{
	const struct pause_step *pause = index >= 0 && index < steps_count(p) ? p->canary->steps.at[index].pause : NULL;

	return pause != NULL && pause->duration == NULL;
}

bool
pause_step_is_short(const struct rollout_pass *p, int64_t index, int64_t ms)
{
	const struct pause_step *pause = index >= 0 && index < steps_count(p) ? p->canary->steps.at[index].pause : NULL;
	int64_t duration;

	return pause != NULL && seconds_or_duration(pause->duration, &duration) == DURATION_SET && duration <= ms;
}
