/* rollout/pause.c: pause conditions, and the changes that users make to them.
 *
 * The controller pauses by a condition and controllerPause. A user resumes by removing the conditions and leaving
 * controllerPause, which therefore remembers that there was a pause.
 */
#include "rollout/pause.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/controller.h"
#include "rollout/bluegreen.h"
#include "rollout/pass.h"
#include "rollout/steps.h"

bool
pause_has(const struct rollout_status *st, const char *reason)
{
	for (size_t i = 0; i < st->pause_conditions.n; i++)
		if (str_eq(st->pause_conditions.at[i].reason, reason))
			return true;
	return false;
}

bool
pause_undecided(const struct rollout_status *st)
{
	return pause_has(st, PAUSE_INCONCLUSIVE) || pause_has(st, PAUSE_EXPERIMENT);
}

int64_t
pause_since(const struct rollout_status *st, const char *reason)
{
	for (size_t i = 0; i < st->pause_conditions.n; i++)
		if (str_eq(st->pause_conditions.at[i].reason, reason))
			return st->pause_conditions.at[i].start_time;
	return 0;
}

void
pause_add(struct rollout_pass *p, const char *reason)
{
	size_t n = p->st.pause_conditions.n;
	struct pause_condition *list;

	if (pause_has(&p->st, reason))
		return;
	list = arena_new_array(p->arena, struct pause_condition, n + 1);
	if (n > 0)
		memcpy(list, p->st.pause_conditions.at, n * sizeof(*list));
	list[n] = (struct pause_condition){ reason, time_stored(p->w->now) };
	p->st.pause_conditions.at = list;
	p->st.pause_conditions.n = n + 1;
	p->st.controller_pause = true;
}

void
pause_clear(struct rollout_pass *p)
{
	p->st.pause_conditions.at = NULL;
	p->st.pause_conditions.n = 0;
	p->st.controller_pause = false;
}

void
pause_drop(struct rollout_pass *p, const char *reason)
{
	struct pause_condition *list = arena_new_array(p->arena, struct pause_condition, p->st.pause_conditions.n);
	size_t n = 0;

	for (size_t i = 0; i < p->st.pause_conditions.n; i++)
		if (!str_eq(p->st.pause_conditions.at[i].reason, reason))
			list[n++] = p->st.pause_conditions.at[i];
	p->st.pause_conditions.at = list;
	p->st.pause_conditions.n = n;
}

/* `promote --skip-current-step` moves the index and leaves the condition. A note has the step at which a condition
 * was first observed: a condition of another step has ended, and the current pause starts its own. */
static bool
pause_is_of_this_step(struct rollout_pass *p)
{
	const char *name = arena_printf(p->arena, "pause/%" PRId64, pause_since(&p->st, PAUSE_STEP));
	int64_t step = seen_note(p->w->seen, name, p->index);

	plan_note(p->plan, name, step);
	return step == p->index;
}

void
pause_read(struct rollout_pass *p)
{
	bool may_be_over = p->blue_green != NULL ? !bluegreen_is_active(p) : steps_pause_at(p, p->index);

	p->was_paused = p->was->pause_conditions.n > 0;
	if (pause_has(&p->st, PAUSE_STEP) && (!steps_pause_at(p, p->index) || !pause_is_of_this_step(p))) {
		pause_drop(p, PAUSE_STEP);
		may_be_over = false;
	}
	if (steps_are_passed(p) && !p->aborted)
		pause_clear(p); /* a user may have skipped all steps from a pause */
	/* left from a pause that has ended */
	if (p->st.pause_conditions.n == 0 && !may_be_over)
		p->st.controller_pause = false;
}
