/* rollout/experiment/decide.c: one pass over an Experiment.
 *
 * Pods are created first and kept until the end. Runs begin when all pods are available, and the duration counts from
 * then. The end is written before anything is removed, and pods that the mesh still sends requests to are kept. All
 * times that are compared are those of the status.
 */
#include "rollout/experiment/decide.h"
#include "analysis/metric_phase.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/plan/controller.h"
#include "rollout/conditions.h"
#include "rollout/experiment/analysis.h"
#include "rollout/experiment/pass.h"
#include "rollout/experiment/template.h"
#include "rollout/experiment/validate.h"
#include "traffic/router.h"

bool
experiment_phase_is_bad(const char *phase)
{
	return str_eq(phase, "Failed") || str_eq(phase, "Error") || str_eq(phase, "Inconclusive");
}

void
experiment_event(struct experiment_pass *p, bool warning, const char *kind, const char *name, const char *from,
    const char *to, const char *message)
{
	plan_status_event(p->plan, &p->e->object, warning, arena_printf(p->arena, "%s%s", kind, to),
	    "%s '%s' transitioned from %s -> %s%s%s", kind, name, from != NULL ? from : "", to,
	    message != NULL ? ": " : "", message != NULL ? message : "");
}

static int
experiment_template_rank(const char *template)
{
	static const char *const order[] = { "Successful", "Running", "Progressing", "Error", "Failed" };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (str_eq(template, order[i]))
			return (int)i;
	return 2;
}

/* The combined result of the analyses. */
struct findings {
	enum run_phase worst;
	const char *message; /* why */
	bool required, required_done; /* some analyses must succeed; all of those have */
};

static struct findings
experiment_assess_analyses(const struct experiment *e, const struct experiment_status *st)
{
	struct findings f = { .worst = RUN_SUCCESSFUL, .required_done = true };

	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_run_status *s = &st->runs.at[i];
		enum run_phase phase = s->phase != NULL ? run_phase_named(s->phase) : RUN_RUNNING;

		if (phase == RUN_NONE || phase == RUN_PENDING)
			phase = RUN_RUNNING;
		if (phase > f.worst) {
			f.worst = phase;
			f.message = s->message;
		}
		if (e->spec.analyses.at[i].required_for_completion) {
			f.required = true;
			f.required_done &= phase == RUN_SUCCESSFUL;
		}
	}
	return f;
}

static void
experiment_assess(struct experiment_pass *p)
{
	struct findings f = experiment_assess_analyses(p->e, &p->st);
	const char *template = "Successful", *message = NULL;
	int64_t duration;
	bool endless = seconds_or_duration(p->e->spec.duration, &duration) != DURATION_SET;

	for (size_t i = 0; i < p->st.templates.n; i++)
		if (experiment_template_rank(p->st.templates.at[i].status) > experiment_template_rank(template)) {
			template = p->st.templates.at[i].status;
			message = p->st.templates.at[i].message;
		}
	if (str_eq(template, "Running") && p->st.available_at == 0)
		p->st.available_at = time_stored(p->w->now);
	p->st.message = message;
	if (str_eq(template, "Failed") || str_eq(template, "Error")) {
		p->st.phase = template;
	} else if (f.worst >= RUN_INCONCLUSIVE || (str_eq(template, "Successful") && f.worst != RUN_RUNNING)) {
		p->st.phase = run_phase_name(f.worst);
		p->st.message = f.message;
	} else if (str_eq(template, "Successful") && !f.required) {
		p->st.phase = "Successful";
	} else if (f.required && f.required_done) {
		p->st.phase = "Successful";
		p->st.message = "Required AnalysisRuns completed";
	} else if (endless && !f.required && p->e->spec.analyses.n > 0 && f.worst == RUN_SUCCESSFUL) {
		p->st.phase = "Successful"; /* nothing else would ever end it */
		p->st.message = "AnalysisRuns completed";
	} else {
		/* Successful: its duration has ended, and a required analysis has not. */
		p->st.phase = str_eq(template, "Running") || str_eq(template, "Successful") ? "Running" : "Pending";
	}
}

static void
experiment_set_condition(
    struct experiment_pass *p, const char *type, const char *status, const char *reason, const char *message)
{
	const struct condition to = { .type = type, .status = status, .reason = reason, .message = message };

	condition_set(&p->st.conditions, p->arena, p->w->now, &to, false);
}

static void
experiment_conditions(struct experiment_pass *p)
{
	const char *name = p->e->object.meta.name, *phase = p->st.phase;

	if (str_eq(phase, "Successful"))
		experiment_set_condition(p, "Progressing", "False", "ExperimentCompleted",
		    arena_printf(p->arena, "Experiment \"%s\" has successfully ran and completed.", name));
	else if (phase_is_final(phase))
		experiment_set_condition(p, "Progressing", "False", "ProgressDeadlineExceeded",
		    arena_printf(p->arena, "Experiment \"%s\" has not completed: %s", name,
			p->st.message != NULL ? p->st.message : phase));
	else if (str_eq(phase, "Running"))
		experiment_set_condition(p, "Progressing", "True", "NewReplicaSetAvailable",
		    arena_printf(p->arena, "Experiment \"%s\" is running.", name));
	else
		experiment_set_condition(p, "Progressing", "True", "ReplicaSetUpdated",
		    arena_printf(p->arena, "Experiment \"%s\" is progressing.", name));
}

/* Returns true if the Experiment is invalid, and reports it in the status. Analyses are checked in their own
 * passes. */
static bool
experiment_is_invalid(struct experiment_pass *p)
{
	struct problems found = { .arena = p->arena };

	experiment_problems(NULL, p->e, &found);
	if (found.n == 0) {
		condition_drop(&p->st.conditions, p->arena, "InvalidExperimentSpec");
		return false;
	}
	p->st.phase = "Error";
	p->st.message = arena_printf(p->arena, "The Experiment \"%s\" is invalid: %s: %s", p->e->object.meta.name,
	    found.at[0].path, found.at[0].text);
	experiment_set_condition(p, "InvalidExperimentSpec", "True", "InvalidSpec", p->st.message);
	return true;
}

/* One entry for each template and analysis of the spec, with its previous status. */
static void
experiment_begin_status(struct experiment_pass *p)
{
	const struct experiment *e = p->e;

	p->st.templates.at = arena_new_array(p->arena, struct template_status, e->spec.templates.n);
	p->st.templates.n = e->spec.templates.n;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		p->st.templates.at[i].name = e->spec.templates.at[i].name;
		for (size_t k = 0; k < p->was->templates.n; k++)
			if (str_eq(p->was->templates.at[k].name, e->spec.templates.at[i].name))
				p->st.templates.at[i] = p->was->templates.at[k];
	}
	p->st.runs.at = arena_new_array(p->arena, struct experiment_run_status, e->spec.analyses.n);
	p->st.runs.n = e->spec.analyses.n;
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		struct experiment_run_status *s = &p->st.runs.at[i];

		s->name = e->spec.analyses.at[i].name;
		for (size_t k = 0; k < p->was->runs.n; k++)
			if (str_eq(p->was->runs.at[k].name, s->name))
				*s = p->was->runs.at[k];
		/* Values that do not exist yet are written as empty. */
		s->analysis_run = str_empty(s->analysis_run) ? NULL : s->analysis_run;
		s->phase = str_empty(s->phase) ? NULL : s->phase;
	}
}

/* Returns whether a user has terminated the Experiment, or a template or analysis has failed. */
static bool
experiment_is_ending(const struct experiment_pass *p)
{
	if (phase_is_final(p->was->phase) || p->e->spec.terminate)
		return true;
	for (size_t i = 0; i < p->st.templates.n; i++)
		if (experiment_phase_is_bad(p->st.templates.at[i].status))
			return true;
	for (size_t i = 0; i < p->st.runs.n; i++)
		if (experiment_phase_is_bad(p->st.runs.at[i].phase))
			return true;
	return false;
}

void
experiment_decide(const struct experiment_world *w, struct plan *plan)
{
	const struct experiment *e = w->experiment;
	struct experiment_pass pass = {
		.w = w, .e = e, .plan = plan, .arena = plan->arena, .was = &e->status, .st = e->status
	};
	bool over = phase_is_final(e->status.phase);

	if (e->object.meta.deletion_timestamp != 0)
		return;
	if (over || !experiment_is_invalid(&pass)) {
		experiment_begin_status(&pass);
		pass.ending = experiment_is_ending(&pass);
		for (size_t i = 0; i < e->spec.templates.n; i++)
			experiment_template_pass(&pass, i);
		for (size_t i = 0; i < e->spec.analyses.n; i++)
			experiment_analysis_pass(&pass, i);
		if (!over)
			experiment_assess(&pass);
	}
	if (!over)
		experiment_conditions(&pass);
	if (!str_eq(pass.was->phase, pass.st.phase)) {
		experiment_event(&pass, experiment_phase_is_bad(pass.st.phase), "Experiment", e->object.meta.name,
		    pass.was->phase, pass.st.phase, pass.st.message);
		plan_reason(
		    plan, "experiment is %s: %s", pass.st.phase, pass.st.message != NULL ? pass.st.message : "");
		plan_wake(plan, w->now); /* the writes that follow from the phase come after its status */
	}
	plan_status(
	    plan, &e->object, encode(&experiment_status_type, &e->status), encode(&experiment_status_type, &pass.st));
}

/* Leaves the phase as it is: Error would be final, and this state is not. */
void
experiment_stand_still(const struct experiment_world *w, const char *why, struct plan *plan)
{
	const struct experiment *e = w->experiment;
	struct experiment_pass pass = {
		.w = w, .e = e, .plan = plan, .arena = plan->arena, .was = &e->status, .st = e->status
	};

	if (e->object.meta.deletion_timestamp != 0 || phase_is_final(e->status.phase))
		return;
	experiment_set_condition(&pass, "Progressing", "Unknown", "UnreadableObject",
	    arena_printf(pass.arena, "Experiment \"%s\" stands still: %s", e->object.meta.name, why));
	plan_status(
	    plan, &e->object, encode(&experiment_status_type, pass.was), encode(&experiment_status_type, &pass.st));
}
