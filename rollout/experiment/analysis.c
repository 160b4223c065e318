/* rollout/experiment/analysis.c: an analysis of an Experiment: its run, which begins when all pods are available. */
#include "rollout/experiment/analysis.h"
#include <string.h>
#include "analysis/metric_phase.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "rollout/analysis_templates.h"
#include "rollout/experiment/pass.h"

/* Returns the pod template hash (`hash`), or the name, of a template's ReplicaSet, borrowed. Returns NULL if it does
 * not exist: a placeholder for it stays in the argument. */
static const char *
experiment_analysis_replicaset(const struct experiment_pass *p, const char *template, bool hash)
{
	for (size_t i = 0; i < p->w->n_replicasets; i++) {
		const struct object *o = &p->w->replicasets[i]->object;

		if (str_eq(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE), template))
			return hash ? object_label(o, LABEL_POD_TEMPLATE_HASH) : o->meta.name;
	}
	return NULL;
}

/* Replaces {{templates.NAME.podTemplateHash}}, {{templates.NAME.replicaset.name}}, {{experiment.availableAt}} and
 * {{experiment.finishedAt}} in an argument. finishedAt is availableAt plus the duration; without a
 * duration its placeholder stays. */
static const char *
experiment_analysis_with_names(const struct experiment_pass *p, const char *value)
{
	const struct experiment *e = p->e;
	int64_t duration;
	const char *name;

	if (value == NULL || strstr(value, "{{") == NULL)
		return value;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		const char *t = e->spec.templates.at[i].name;

		if ((name = experiment_analysis_replicaset(p, t, true)) != NULL)
			value = str_replace(
			    p->arena, value, arena_printf(p->arena, "{{templates.%s.podTemplateHash}}", t), name);
		if ((name = experiment_analysis_replicaset(p, t, false)) != NULL)
			value = str_replace(
			    p->arena, value, arena_printf(p->arena, "{{templates.%s.replicaset.name}}", t), name);
	}
	value = str_replace(p->arena, value, "{{experiment.availableAt}}", time_format(p->arena, p->was->available_at));
	if (seconds_or_duration(e->spec.duration, &duration) == DURATION_SET)
		value = str_replace(p->arena, value, "{{experiment.finishedAt}}",
		    time_format(p->arena, time_add(p->was->available_at, duration)));
	return value;
}

static struct analysis_found
experiment_analysis_resolve(const struct experiment_pass *p, const struct experiment_analysis *a, size_t i)
{
	const struct experiment_spec *spec = &p->e->spec;
	struct rollout_analysis rules = { .dry_run.at = spec->dry_run.at,
		.dry_run.n = spec->dry_run.n,
		.retention.at = spec->retention.at,
		.retention.n = spec->retention.n };
	struct experiment_analysis resolved = *a;

	resolved.args.at = arena_new_array(p->arena, struct argument, a->args.n);
	for (size_t k = 0; k < a->args.n; k++) {
		resolved.args.at[k] = a->args.at[k];
		resolved.args.at[k].value = experiment_analysis_with_names(p, a->args.at[k].value);
	}
	return experiment_analysis_find(p->w->view, p->e->object.meta.namespace, &resolved, &rules,
	    arena_printf(p->arena, "spec.analyses[%zu]", i), p->arena);
}

static void
experiment_analysis_begin(
    struct experiment_pass *p, const struct analysis_found *f, const char *name, struct experiment_run_status *s)
{
	const struct run_metadata *extra = p->e->spec.run_metadata, none = { 0 };
	struct run_wish wish = { .owner = &p->e->object,
		.name = name,
		.analysis = f,
		.labels = string_map_encode(&(extra != NULL ? extra : &none)->labels),
		.annotations = string_map_encode(&(extra != NULL ? extra : &none)->annotations) };
	const char *made;
	struct err *e = run_create(p->plan, p->w->view, &wish, &made);

	if (e != NULL) {
		s->phase = "Error";
		s->message = err_text(p->arena, e);
		return;
	}
	plan_independent(p->plan);
}

/* The run of this attempt: runs begin when the pods are available, so that an older run is from before a retry. */
static const struct analysis_run *
experiment_analysis_run_of(const struct experiment_pass *p, const struct experiment_run_status *s, const char *name)
{
	const struct analysis_run *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < p->w->n_runs; i++) {
		const struct meta *m = &p->w->runs[i]->object.meta;

		if (s->analysis_run != NULL) {
			if (str_eq(m->name, s->analysis_run))
				return p->w->runs[i];
		} else if (p->was->available_at != 0 && m->creation_timestamp >= p->was->available_at &&
			   strncmp(m->name, name, n) == 0 && (m->name[n] == '\0' || m->name[n] == '.')) {
			found = p->w->runs[i];
		}
	}
	return found;
}

static void
experiment_analysis_read(struct experiment_pass *p, const struct analysis_run *run, const struct experiment_analysis *a,
    struct experiment_run_status *s)
{
	s->analysis_run = run->object.meta.name;
	s->phase = run->status.phase != NULL && run->status.phase[0] != '\0' ? run->status.phase : "Pending";
	s->message = run->status.message;
	if (!p->ending || phase_is_final(run->status.phase) || run->spec.terminate)
		return;
	run_terminate(p->plan, run);
	plan_independent(p->plan);
	plan_event(p->plan, &p->e->object, false, "AnalysisRunTerminating", "Terminating %s (%s)", a->name,
	    run->object.meta.name);
}

/* An Experiment with an invalid analysis ends with an error. Templates may be created later than the Experiment:
 * until its pods are available, they are waited for. */
static void
experiment_analysis_check(struct experiment_pass *p, const struct analysis_found *f, struct experiment_run_status *s)
{
	struct problems found = { .arena = p->arena };

	analysis_problems(&found, f, true);
	if (found.n == 0 || (found.at[0].reference && p->was->available_at == 0))
		return;
	s->phase = "Error";
	s->message = arena_printf(p->arena, "%s: %s", found.at[0].path, found.at[0].text);
}

void
experiment_analysis_pass(struct experiment_pass *p, size_t i)
{
	const struct experiment_analysis *a = &p->e->spec.analyses.at[i];
	struct experiment_run_status *s = &p->st.runs.at[i], was = *s;
	const char *name = arena_printf(p->arena, "%s-%s", p->e->object.meta.name, a->name);
	const struct analysis_run *run = phase_is_final(s->phase) ? NULL : experiment_analysis_run_of(p, s, name);

	if (run != NULL) {
		experiment_analysis_read(p, run, a, s);
	} else if (!phase_is_final(s->phase) && s->analysis_run != NULL) {
		s->phase = "Error";
		s->message = arena_printf(p->arena, "AnalysisRun %s is gone", s->analysis_run);
	} else if (!phase_is_final(s->phase) && !p->ending) {
		struct analysis_found f = experiment_analysis_resolve(p, a, i);

		experiment_analysis_check(p, &f, s);
		if (s->phase == NULL && p->was->available_at != 0)
			experiment_analysis_begin(p, &f, name, s);
	}
	if (s->phase == NULL || str_eq(was.phase, s->phase))
		return;
	experiment_event(p, experiment_phase_is_bad(s->phase), "AnalysisRun", a->name, was.phase, s->phase, s->message);
	if (experiment_phase_is_bad(s->phase) && p->w->rollout != NULL)
		plan_status_event(p->plan, &p->w->rollout->object, true,
		    arena_printf(p->arena, "AnalysisRun%s", s->phase), "AnalysisRun '%s' of Experiment '%s' is %s%s%s",
		    a->name, p->e->object.meta.name, s->phase, s->message != NULL ? ": " : "",
		    s->message != NULL ? s->message : "");
}
