/* rollout/steps.c: the course of a canary's steps. Each kind of step is a row in a file of its own (step_kind.h). */
#include "rollout/steps.h"
#include <inttypes.h>
#include "rollout/analysis_templates.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/replica_counts.h"
#include "rollout/step_kind.h"

/* In the order of their fields in kube/api/rollout.c. */
static const struct step_kind *const step_kinds[] = { &weight_step_kind, &pause_step_kind, &scale_step_kind,
	&analysis_step_kind, &experiment_step_kind, &header_route_step_kind, &mirror_route_step_kind,
	&plugin_step_kind };

/* Returns whether the step is completed. It may have several fields: as in Argo Rollouts a pause alone ends it, and is
 * before the kinds that it may be used with. Otherwise all of them must be done. */
static bool
steps_is_done(struct rollout_pass *p, const struct canary_step *s)
{
	bool done = false;

	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++) {
		const struct step_kind *k = step_kinds[i];

		if (!k->matches(s))
			continue;
		done = k->done(p, s);
		if (!done || k->pauses)
			return done;
	}
	return done;
}

/* The step in a few words, those of its first field. */
static const char *
steps_text(struct arena *a, const struct canary_step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->matches(s))
			return step_kinds[i]->text(a, s);
	return "";
}

int64_t
steps_count(const struct rollout_pass *p)
{
	return p->canary != NULL ? (int64_t)p->canary->steps.n : 0;
}

bool
steps_are_passed(const struct rollout_pass *p)
{
	return steps_count(p) > 0 && p->index >= steps_count(p);
}

bool
steps_pause_at(const struct rollout_pass *p, int64_t index)
{
	bool pauses = false;

	for (size_t i = 0; index < steps_count(p) && i < ARRAY_SIZE(step_kinds); i++)
		pauses |= step_kinds[i]->pauses && step_kinds[i]->matches(&p->canary->steps.at[index]);
	return pauses;
}

bool
steps_wait_at(const struct rollout_pass *p, int64_t index)
{
	bool waits = false;

	for (size_t i = 0; index < steps_count(p) && i < ARRAY_SIZE(step_kinds); i++)
		waits |= step_kinds[i]->waits && step_kinds[i]->matches(&p->canary->steps.at[index]);
	return waits;
}

static bool
steps_may_advance(const struct rollout_pass *p)
{
	return !p->aborted && p->promotion != PROMOTED && !p->paused_by_spec && !p->st.promote_full &&
	       p->index < steps_count(p) && p->change == CHANGE_NONE && !pause_undecided(&p->st);
}

/* Returns whether the canary gets all the traffic, which it does not have yet, when this step ends. */
static bool
steps_end_with_all_traffic(const struct rollout_pass *p, int64_t index)
{
	int64_t next = index + 1;

	return next >= steps_count(p) || (counts_step_weight(p->canary, index, true) < p->weight_total &&
					     counts_step_weight(p->canary, next, true) >= p->weight_total);
}

bool
steps_may_be_held(const struct rollout_pass *p)
{
	return steps_end_with_all_traffic(p, p->index) || steps_end_with_all_traffic(p, p->index + 1);
}

bool
steps_are_held(const struct rollout_pass *p)
{
	return p->held && steps_end_with_all_traffic(p, p->index);
}

/* The current step is completed. */
static void
steps_leave(struct rollout_pass *p)
{
	const char *text = steps_text(p->arena, &p->canary->steps.at[p->index]);

	p->st.current_step_index = (struct opt_int){ true, p->index + 1 };
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->leave != NULL)
			step_kinds[i]->leave(p);
	plan_status_event(p->plan, &p->w->rollout->object, false, "RolloutStepCompleted",
	    "Rollout step %" PRId64 "/%" PRId64 " completed (%s)", p->index + 1, steps_count(p), text);
	plan_reason(p->plan, "step %" PRId64 " (%s) is complete", p->index, text);
}

/* A pause depends only on its time and on users: the next step begins in the same pass. Until the status is written,
 * every pass has the same result. */
void
steps_resume(struct rollout_pass *p)
{
	if (!steps_may_advance(p) || !steps_pause_at(p, p->index) ||
	    !steps_is_done(p, &p->canary->steps.at[p->index]) || steps_are_held(p))
		return;
	steps_leave(p);
	p->index++;
	p->resumed = true;
}

/* Plans what must be written together with the end of the step before. */
static void
steps_enter(struct rollout_pass *p, const struct canary_step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->enter != NULL && step_kinds[i]->matches(s))
			step_kinds[i]->enter(p, s);
}

/* The end of a pause that a user ended is written first: a step that began with it is completed in the next pass at
 * the earliest. */
void
steps_advance(struct rollout_pass *p)
{
	if (!steps_may_advance(p) || (p->resumed && !p->was_paused))
		return;
	if (!steps_is_done(p, &p->canary->steps.at[p->index]) || steps_are_held(p))
		return;
	steps_leave(p);
	if (p->index + 1 < steps_count(p))
		steps_enter(p, &p->canary->steps.at[p->index + 1]);
}

void
steps_verdict(struct rollout_pass *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->verdict != NULL)
			step_kinds[i]->verdict(p);
}

void
steps_sync(struct rollout_pass *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->sync != NULL)
			step_kinds[i]->sync(p);
}

bool
steps_have_analyses(const struct canary_strategy *c)
{
	for (size_t i = 0; i < c->steps.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
			if (step_kinds[k]->analyses != NULL && step_kinds[k]->matches(&c->steps.at[i]))
				return true;
	return false;
}

void
steps_templates(const struct canary_strategy *c, void (*emit)(const struct template_ref *, void *), void *arg)
{
	for (size_t i = 0; i < c->steps.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
			if (step_kinds[k]->templates != NULL && step_kinds[k]->matches(&c->steps.at[i]))
				step_kinds[k]->templates(&c->steps.at[i], emit, arg);
}

size_t
steps_analyses(const struct rollout_world *w, struct arena *a, struct analysis_found *ret)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	size_t n = 0;

	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		for (size_t i = 0; step_kinds[k]->analyses != NULL && i < c->steps.n; i++)
			if (step_kinds[k]->matches(&c->steps.at[i]))
				n += step_kinds[k]->analyses(w, i, a, ret != NULL ? &ret[n] : NULL);
	return n;
}

const char *
steps_label(struct arena *a, const struct canary_step *s)
{
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->matches(s))
			text = arena_printf(a, "%s%s%s", text, text[0] != '\0' ? ", " : "", step_kinds[i]->label(a, s));
	return text;
}

/* Returns the names of the kinds; `alone`: only of those of which a step has at most one. */
static const char *
steps_names(struct arena *a, bool alone)
{
	const char *names = "";

	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		if (step_kinds[k]->alone || !alone)
			names = arena_printf(a, "%s%s%s", names, names[0] != '\0' ? ", " : "", step_kinds[k]->name);
	return names;
}

/* A step whose field could not be decoded already has an error. */
static void
steps_check_number(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	size_t n = 0, alone = 0;

	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++) {
		n += step_kinds[k]->matches(s);
		alone += step_kinds[k]->alone && step_kinds[k]->matches(s);
	}
	if (object_problem(&w->rollout->object, path) != NULL)
		return;
	if (n == 0)
		problem_add(p, path, "Invalid value: has none of %s; one is needed", steps_names(p->arena, false));
	else if (alone > 1)
		problem_add(
		    p, path, "Invalid value: has several of %s; only one is allowed", steps_names(p->arena, true));
}

void
steps_check(struct problems *p, const struct rollout_world *w, size_t i, const char *path)
{
	const struct canary_step *s = &w->rollout->spec.strategy.canary->steps.at[i];

	steps_check_number(p, w, s, path);
	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		if (step_kinds[k]->matches(s) && step_kinds[k]->check != NULL)
			step_kinds[k]->check(p, w, s, arena_printf(p->arena, "%s.%s", path, step_kinds[k]->name));
}
