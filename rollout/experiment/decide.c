/* rollout/experiment/decide.c: one pass over an Experiment.
 *
 * Pods come, and stay until it is over; runs begin when all pods are there, and time counts from then. What ends it is written before
 * anything is taken away, and no pods go that the mesh still sends requests to. All times compared are those of the status.
 */
#include "rollout/experiment/decide.h"
#include <string.h>
#include "analysis/assess.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/analyses.h"
#include "rollout/conditions.h"
#include "rollout/experiment/pass.h"
#include "rollout/validate.h"
#include "traffic/router.h"

bool
trial_is_bad(const char *phase)
{
	return str_eq(phase, "Failed") || str_eq(phase, "Error") || str_eq(phase, "Inconclusive");
}

void
trial_tell(struct trial *x, bool warning, const char *kind, const char *name, const char *from, const char *to,
    const char *message)
{
	plan_status_event(x->plan, &x->e->object, warning, arena_printf(x->arena, "%s%s", kind, to),
	    "%s '%s' transitioned from %s -> %s%s%s", kind, name, from != NULL ? from : "", to,
	    message != NULL ? ": " : "", message != NULL ? message : "");
}

/* --- what it comes to ----------------------------------------------------------------------------------------------- */

static int
badness(const char *template)
{
	static const char *const order[] = { "Successful", "Running", "Progressing", "Error", "Failed" };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (str_eq(template, order[i]))
			return (int)i;
	return 2;
}

/* What analyses come to. */
struct findings {
	const char *worst, *message;
	bool required, required_done; /* some must succeed; all those have */
};

static struct findings
assess_analyses(const struct experiment *e, const struct experiment_status *st)
{
	struct findings f = { .worst = "Successful", .required_done = true };

	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_run_status *s = &st->runs.at[i];
		const char *phase = s->phase != NULL ? s->phase : "Running";

		if (str_eq(phase, "Pending"))
			phase = "Running";
		if (phase_worse(phase, f.worst) == phase && !str_eq(phase, f.worst)) {
			f.worst = phase;
			f.message = s->message;
		}
		if (e->spec.analyses.at[i].required_for_completion) {
			f.required = true;
			f.required_done &= str_eq(phase, "Successful");
		}
	}
	return f;
}

static void
assess(struct trial *x)
{
	struct findings f = assess_analyses(x->e, &x->st);
	const char *template = "Successful", *message = NULL;
	bool endless = seconds_or_duration(x->e->spec.duration) < 0;

	for (size_t i = 0; i < x->st.templates.n; i++)
		if (badness(x->st.templates.at[i].status) > badness(template)) {
			template = x->st.templates.at[i].status;
			message = x->st.templates.at[i].message;
		}
	if (str_eq(template, "Running") && x->st.available_at == 0)
		x->st.available_at = time_stored(x->w->now);
	x->st.message = message;
	if (str_eq(template, "Failed") || str_eq(template, "Error")) {
		x->st.phase = template;
	} else if (trial_is_bad(f.worst) ||
		   (str_eq(template, "Successful") && (phase_is_final(f.worst) || f.required))) {
		x->st.phase = f.worst;
		x->st.message = f.message;
	} else if (str_eq(template, "Successful")) {
		x->st.phase = "Successful";
	} else if (f.required && f.required_done) {
		x->st.phase = "Successful";
		x->st.message = "Required AnalysisRuns completed";
	} else if (endless && !f.required && x->e->spec.analyses.n > 0 && str_eq(f.worst, "Successful")) {
		x->st.phase = "Successful"; /* nothing else would ever end it */
		x->st.message = "AnalysisRuns completed";
	} else {
		x->st.phase = str_eq(template, "Running") ? "Running" : "Pending";
	}
}

static void
set_condition(struct trial *x, const char *type, const char *status, const char *reason, const char *message)
{
	const struct condition to = { .type = type, .status = status, .reason = reason, .message = message };

	condition_set(&x->st.conditions, x->arena, x->w->now, &to, false);
}

static void
conditions(struct trial *x)
{
	const char *name = x->e->object.meta.name, *phase = x->st.phase;

	if (str_eq(phase, "Successful"))
		set_condition(x, "Progressing", "False", "ExperimentCompleted",
		    arena_printf(x->arena, "Experiment \"%s\" has successfully ran and completed.", name));
	else if (phase_is_final(phase))
		set_condition(x, "Progressing", "False", "ProgressDeadlineExceeded",
		    arena_printf(x->arena, "Experiment \"%s\" has not completed: %s", name,
			x->st.message != NULL ? x->st.message : phase));
	else if (str_eq(phase, "Running"))
		set_condition(x, "Progressing", "True", "NewReplicaSetAvailable",
		    arena_printf(x->arena, "Experiment \"%s\" is running.", name));
	else
		set_condition(x, "Progressing", "True", "ReplicaSetUpdated",
		    arena_printf(x->arena, "Experiment \"%s\" is progressing.", name));
}

/* --- what is wrong with it ------------------------------------------------------------------------------------------ */

static void
check_template(struct problems *p, const struct experiment *e, size_t i)
{
	const struct experiment_template *t = &e->spec.templates.at[i];
	const char *path = arena_printf(p->arena, "spec.templates[%zu]", i);
	int64_t deadline =
	    e->spec.progress_deadline_seconds.set ? e->spec.progress_deadline_seconds.is : EXPERIMENT_DEADLINE;

	for (size_t k = 0; t->name != NULL && k < i; k++)
		if (str_eq(e->spec.templates.at[k].name, t->name))
			problem_add(p, arena_printf(p->arena, "%s.name", path), "Duplicate value: \"%s\"", t->name);
	if (t->name != NULL && t->name[0] == '\0')
		problem_add(p, arena_printf(p->arena, "%s.name", path), "Invalid value: is empty");
	if (t->selector != NULL)
		selector_problems(p, t->selector, t->template, arena_printf(p->arena, "%s.selector", path),
		    arena_printf(p->arena, "%s.template", path));
	if (t->min_ready_seconds >= deadline)
		problem_add(p, arena_printf(p->arena, "%s.minReadySeconds", path),
		    "Invalid value: must be less than progressDeadlineSeconds");
}

void
experiment_problems(const struct view *v, const struct experiment *e, struct problems *p)
{
	const struct problems *decoding = e->object.problems;

	for (size_t i = 0; decoding != NULL && i < decoding->n; i++)
		if (str_starts(decoding->at[i].path, "spec"))
			problem_add(p, decoding->at[i].path, "%s", decoding->at[i].text);
	if (e->spec.templates.n == 0 && object_problem(&e->object, "spec.templates") == NULL)
		problem_add(p, "spec.templates", "Required value: an experiment needs a template");
	if (seconds_or_duration(e->spec.duration) == -2)
		problem_add(
		    p, "spec.duration", "\"%s\" is neither seconds nor a duration such as 10m", e->spec.duration);
	for (size_t i = 0; i < e->spec.templates.n; i++)
		check_template(p, e, i);
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_analysis *a = &e->spec.analyses.at[i];
		const char *path = arena_printf(p->arena, "spec.analyses[%zu]", i);

		for (size_t k = 0; a->name != NULL && k < i; k++)
			if (str_eq(e->spec.analyses.at[k].name, a->name))
				problem_add(
				    p, arena_printf(p->arena, "%s.name", path), "Duplicate value: \"%s\"", a->name);
		for (size_t k = 0; k < a->args.n; k++)
			if (a->args.at[k].value_from != NULL && a->args.at[k].value_from->secret_key_ref == NULL)
				problem_add(p, arena_printf(p->arena, "%s.args[%zu].valueFrom", path, k),
				    "Invalid value: only a step of a rollout has fields and hashes to take it from");
		if (v != NULL && a->template_name != NULL) {
			struct analysis_found f =
			    experiment_analysis_find(v, e->object.meta.namespace, a, NULL, path, p->arena);

			analysis_problems(p, &f, true);
		}
	}
}

/* True: it is, and the status says so. What its analyses name is looked at by their passes. */
static bool
is_invalid(struct trial *x)
{
	struct problems p = { .arena = x->arena };

	experiment_problems(NULL, x->e, &p);
	if (p.n == 0) {
		condition_drop(&x->st.conditions, x->arena, "InvalidExperimentSpec");
		return false;
	}
	x->st.phase = "Error";
	x->st.message = arena_printf(
	    x->arena, "The Experiment \"%s\" is invalid: %s: %s", x->e->object.meta.name, p.at[0].path, p.at[0].text);
	set_condition(x, "InvalidExperimentSpec", "True", "InvalidSpec", x->st.message);
	return true;
}

/* --- the pass ------------------------------------------------------------------------------------------------------- */

/* One entry for each template and analysis of the spec, as they were. */
static void
begin_status(struct trial *x)
{
	const struct experiment *e = x->e;

	x->st.templates.at = arena_new_array(x->arena, struct template_status, e->spec.templates.n);
	x->st.templates.n = e->spec.templates.n;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		x->st.templates.at[i].name = e->spec.templates.at[i].name;
		for (size_t k = 0; k < x->was->templates.n; k++)
			if (str_eq(x->was->templates.at[k].name, e->spec.templates.at[i].name))
				x->st.templates.at[i] = x->was->templates.at[k];
	}
	x->st.runs.at = arena_new_array(x->arena, struct experiment_run_status, e->spec.analyses.n);
	x->st.runs.n = e->spec.analyses.n;
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		struct experiment_run_status *s = &x->st.runs.at[i];

		s->name = e->spec.analyses.at[i].name;
		for (size_t k = 0; k < x->was->runs.n; k++)
			if (str_eq(x->was->runs.at[k].name, s->name))
				*s = x->was->runs.at[k];
		/* What is not there yet is written as nothing. */
		s->analysis_run = str_empty(s->analysis_run) ? NULL : s->analysis_run;
		s->phase = str_empty(s->phase) ? NULL : s->phase;
	}
}

/* Told to end, or over for some part of it. */
static bool
is_ending(const struct trial *x)
{
	if (phase_is_final(x->was->phase) || x->e->spec.terminate)
		return true;
	for (size_t i = 0; i < x->st.templates.n; i++)
		if (trial_is_bad(x->st.templates.at[i].status))
			return true;
	for (size_t i = 0; i < x->st.runs.n; i++)
		if (trial_is_bad(x->st.runs.at[i].phase))
			return true;
	return false;
}

void
experiment_decide(const struct experiment_world *w, struct plan *plan)
{
	const struct experiment *e = w->experiment;
	struct trial x = { .w = w, .e = e, .plan = plan, .arena = plan->arena, .was = &e->status, .st = e->status };
	bool over = phase_is_final(e->status.phase);

	if (e->object.meta.deletion_timestamp != 0)
		return;
	if (over || !is_invalid(&x)) {
		begin_status(&x);
		x.ending = is_ending(&x);
		for (size_t i = 0; i < e->spec.templates.n; i++)
			trial_template(&x, i);
		for (size_t i = 0; i < e->spec.analyses.n; i++)
			trial_analysis(&x, i);
		if (!over)
			assess(&x);
	}
	if (!over)
		conditions(&x);
	if (!str_eq(x.was->phase, x.st.phase)) {
		trial_tell(&x, trial_is_bad(x.st.phase), "Experiment", e->object.meta.name, x.was->phase, x.st.phase,
		    x.st.message);
		plan_reason(plan, "experiment is %s: %s", x.st.phase, x.st.message != NULL ? x.st.message : "");
		plan_wake(plan, w->now); /* what follows from it is done once it is written */
	}
	plan_status(
	    plan, &e->object, encode(&experiment_status_type, &e->status), encode(&experiment_status_type, &x.st));
}

/* The rollout whose step it is, and what its routing gives weight to. */
static void
gather_rollout(struct experiment_world *w, struct arena *a)
{
	const struct owner *owner = object_controller(&w->experiment->object);
	const struct router *router;
	struct routing routing = { 0 };

	if (owner == NULL || !str_eq(owner->kind, rollout_type.kind))
		return;
	w->rollout =
	    (const struct rollout *)view_get(w->view, &rollout_type, w->experiment->object.meta.namespace, owner->name);
	if (w->rollout == NULL || w->rollout->spec.strategy.canary == NULL ||
	    (router = router_of(w->rollout->spec.strategy.canary)) == NULL)
		return;
	router->read(w->rollout, w->view, a, &routing); /* what could be read, whatever else is wrong */
	w->routed = routing.additional;
	w->n_routed = routing.n_additional;
}

static void
pass(const struct pass *p, struct plan *plan)
{
	struct experiment_world w = { .now = p->now, .seen = p->seen, .view = p->view };
	const struct object **list;

	w.experiment = (const struct experiment *)view_get(p->view, &experiment_type, p->namespace, p->name);
	if (w.experiment == NULL)
		return;
	w.n_replicasets =
	    view_owned(p->view, &replicaset_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.replicasets = (const struct replicaset *const *)list;
	w.n_services =
	    view_owned(p->view, &service_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.services = (const struct service *const *)list;
	w.n_runs =
	    view_owned(p->view, &analysis_run_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.runs = (const struct analysis_run *const *)list;
	gather_rollout(&w, plan->arena);
	experiment_decide(&w, plan);
}

/* Its phase stays: an experiment that has ended in an error is over. */
static void
stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	struct experiment_world w = { .now = p->now, .seen = p->seen, .view = p->view };
	struct trial x = { .w = &w, .plan = plan, .arena = plan->arena };

	x.e = w.experiment = (const struct experiment *)view_get(p->view, &experiment_type, p->namespace, p->name);
	if (x.e == NULL || x.e->object.meta.deletion_timestamp != 0 || phase_is_final(x.e->status.phase))
		return;
	x.was = &x.e->status;
	x.st = x.e->status;
	set_condition(&x, "Progressing", "Unknown", "UnreadableObject",
	    arena_printf(x.arena, "Experiment \"%s\" stands still: %s", p->name, why));
	plan_status(plan, &x.e->object, encode(&experiment_status_type, x.was), encode(&experiment_status_type, &x.st));
}

struct emitting {
	const char *owner; /* uid */
	emit_key *emit;
	void *arg;
};

static void
emit_owned(const struct object *o, void *arg)
{
	const struct owner *owner = object_controller(o);
	struct emitting *e = arg;

	if (owner != NULL && str_eq(owner->uid, e->owner))
		e->emit(o->meta.namespace, o->meta.name, e->arg);
}

/* Its experiments may wait for its routing to let go of their pods. */
static void
map_rollout(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct emitting e = { o->meta.uid, emit, arg };

	v->each(v, &experiment_type, o->meta.namespace, emit_owned, &e);
}

static const struct controller_watch watches[] = {
	{ .type = &experiment_type },
	{ .type = &replicaset_type, .label_selector = LABEL_POD_TEMPLATE_HASH },
	{ .type = &service_type },
	{ .type = &analysis_run_type },
	{ .type = &rollout_type, .map = map_rollout },
};

const struct controller experiment_controller = {
	.name = "experiment",
	.type = &experiment_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
	.stand_still = stand_still,
};
