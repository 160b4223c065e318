/* rollout/analysis_step.c: analysis: an AnalysisRun must succeed. analysis_runs.c creates it and reads its phase. */
#include "base/str.h"
#include "rollout/analysis_templates.h"
#include "rollout/pass.h"
#include "rollout/step_kind.h"

static bool analysis_step_matches(const struct canary_step *);
static const char *analysis_step_text(struct arena *, const struct canary_step *);
static const char *analysis_step_label(struct arena *, const struct canary_step *);
static size_t analysis_step_analyses(const struct rollout_world *, size_t, struct arena *, struct analysis_found *);
static void analysis_step_templates(const struct canary_step *, void (*)(const struct template_ref *, void *), void *);
static bool analysis_step_done(struct rollout_pass *, const struct canary_step *);
static void analysis_step_leave(struct rollout_pass *);

const struct step_kind analysis_step_kind = {
	.name = "analysis",
	.alone = true,
	.waits = true,
	.matches = analysis_step_matches,
	.text = analysis_step_text,
	.label = analysis_step_label,
	.analyses = analysis_step_analyses,
	.templates = analysis_step_templates,
	.done = analysis_step_done,
	.leave = analysis_step_leave,
};

static bool
analysis_step_matches(const struct canary_step *s)
{
	return s->analysis != NULL;
}

static const char *
analysis_step_text(struct arena *a, const struct canary_step *s)
{
	(void)a;
	(void)s;
	return "analysis";
}

static const char *
analysis_step_label(struct arena *a, const struct canary_step *s)
{
	const char *names = "";

	for (size_t i = 0; i < s->analysis->templates.n; i++)
		names = arena_printf(
		    a, "%s%s%s", names, i > 0 ? ", " : "", s->analysis->templates.at[i].template_name ?: "");
	return arena_printf(a, "analysis %s", names);
}

static size_t
analysis_step_analyses(const struct rollout_world *w, size_t index, struct arena *a, struct analysis_found *ret)
{
	const struct rollout *r = w->rollout;

	if (ret == NULL)
		return 1;
	*ret = analysis_find(w->view, r->object.meta.namespace, r->spec.strategy.canary->steps.at[index].analysis,
	    arena_printf(a, "spec.strategy.canary.steps[%zu].analysis", index), OF_STEP, a);
	ret->step = (int64_t)index;
	return 1;
}

static void
analysis_step_templates(const struct canary_step *s, void (*emit)(const struct template_ref *, void *), void *arg)
{
	for (size_t i = 0; i < s->analysis->templates.n; i++)
		emit(&s->analysis->templates.at[i], arg);
}

/* runs_verdict() has written the phase of the run into the status. */
static bool
analysis_step_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return p->st.canary.step_analysis != NULL && str_eq(p->st.canary.step_analysis->status, "Successful");
}

/* The run stays; the status names only that of the current step. */
static void
analysis_step_leave(struct rollout_pass *p)
{
	p->st.canary.step_analysis = NULL;
}
