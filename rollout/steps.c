/* rollout/steps.c: the course of a canary's steps. Each kind of step is a row in a file of its own (step_kind.h). */
#include "rollout/steps.h"
#include <inttypes.h>
#include "rollout/analysis_templates.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/step_kind.h"

/* In the order of their fields in kube/api/rollout.c. */
static const struct step_kind *const step_kinds[] = { &weight_step_kind, &pause_step_kind, &scale_step_kind,
	&analysis_step_kind, &experiment_step_kind, &header_route_step_kind, &mirror_route_step_kind,
	&plugin_step_kind };

static const struct step_kind *
steps_kind_of(const struct canary_step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_kinds); i++)
		if (step_kinds[i]->matches(s))
			return step_kinds[i];
	return NULL;
}

/* The kind of the step; NULL after the last one, and for a step without a field. */
static const struct step_kind *
steps_kind_at(const struct rollout_pass *p, int64_t index)
{
	return index < steps_count(p) ? steps_kind_of(&p->canary->steps.at[index]) : NULL;
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
	const struct step_kind *k = steps_kind_at(p, index);

	return k != NULL && k->pauses;
}

bool
steps_wait_at(const struct rollout_pass *p, int64_t index)
{
	const struct step_kind *k = steps_kind_at(p, index);

	return k != NULL && k->waits;
}

static bool
steps_may_advance(const struct rollout_pass *p)
{
	return !p->aborted && p->promotion != PROMOTED && !p->paused_by_spec && !p->st.promote_full &&
	       p->index < steps_count(p) && p->change == CHANGE_NONE && !pause_undecided(&p->st);
}

bool
steps_are_held(const struct rollout_pass *p)
{
	return p->held && p->index + 1 >= steps_count(p);
}

/* The current step is completed. */
static void
steps_leave(struct rollout_pass *p, const struct step_kind *k)
{
	const char *text = k->text(p->arena, &p->canary->steps.at[p->index]);

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
	const struct step_kind *k = steps_kind_at(p, p->index);

	if (!steps_may_advance(p) || k == NULL || !k->pauses || !k->done(p, &p->canary->steps.at[p->index]) ||
	    steps_are_held(p))
		return;
	steps_leave(p, k);
	p->index++;
	p->resumed = true;
}

/* The end of a pause that a user ended is written first: a step that began with it is completed in the next pass at
 * the earliest. */
void
steps_advance(struct rollout_pass *p)
{
	const struct step_kind *k, *next;

	if (!steps_may_advance(p) || (p->resumed && !p->was_paused))
		return;
	k = steps_kind_at(p, p->index);
	if (k == NULL || !k->done(p, &p->canary->steps.at[p->index]) || steps_are_held(p))
		return;
	steps_leave(p, k);
	next = steps_kind_at(p, p->index + 1);
	if (next != NULL && next->enter != NULL)
		next->enter(p, &p->canary->steps.at[p->index + 1]);
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
	const struct step_kind *k = steps_kind_of(s);

	return k != NULL ? k->label(a, s) : "";
}

/* A step whose field could not be decoded already has an error. */
static void
steps_check_number(struct problems *p, const struct rollout_world *w, size_t n, const char *path)
{
	const char *names = "";

	if (n == 1 || object_problem(&w->rollout->object, path) != NULL)
		return;
	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		names = arena_printf(p->arena, "%s%s%s", names, k > 0 ? ", " : "", step_kinds[k]->name);
	problem_add(p, path, "Invalid value: has %s of %s; one is needed", n == 0 ? "none" : "several", names);
}

void
steps_check(struct problems *p, const struct rollout_world *w, size_t i, const char *path)
{
	const struct canary_step *s = &w->rollout->spec.strategy.canary->steps.at[i];
	size_t n = 0;

	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		n += step_kinds[k]->matches(s);
	steps_check_number(p, w, n, path);
	for (size_t k = 0; k < ARRAY_SIZE(step_kinds); k++)
		if (step_kinds[k]->matches(s) && step_kinds[k]->check != NULL)
			step_kinds[k]->check(p, w, s, arena_printf(p->arena, "%s.%s", path, step_kinds[k]->name));
}
