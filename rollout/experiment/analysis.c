/* rollout/experiment/analysis.c: an analysis of an Experiment: its run, from when all pods are there. */
#include <string.h>
#include "analysis/assess.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/experiment.h"
#include "rollout/analyses.h"
#include "rollout/experiment/pass.h"

static const char *
replicaset_name(const struct trial *x, const char *template, bool hash)
{
	for (size_t i = 0; i < x->w->n_replicasets; i++) {
		const struct object *o = &x->w->replicasets[i]->object;

		if (str_eq(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE), template))
			return hash ? object_label(o, LABEL_POD_TEMPLATE_HASH) : o->meta.name;
	}
	return NULL;
}

/* {{templates.NAME.podTemplateHash}}, {{templates.NAME.replicaset.name}}, {{experiment.availableAt}} and .finishedAt of an argument:
 * that the last is not known before the end is no matter to runs that begin at the start. */
static const char *
with_names(const struct trial *x, const char *value)
{
	const struct experiment *e = x->e;
	int64_t duration = seconds_or_duration(e->spec.duration);
	const char *name;

	if (value == NULL || strstr(value, "{{") == NULL)
		return value;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		const char *t = e->spec.templates.at[i].name;

		if ((name = replicaset_name(x, t, true)) != NULL)
			value = str_replace(
			    x->arena, value, arena_printf(x->arena, "{{templates.%s.podTemplateHash}}", t), name);
		if ((name = replicaset_name(x, t, false)) != NULL)
			value = str_replace(
			    x->arena, value, arena_printf(x->arena, "{{templates.%s.replicaset.name}}", t), name);
	}
	value = str_replace(x->arena, value, "{{experiment.availableAt}}", time_format(x->arena, x->was->available_at));
	if (duration >= 0)
		value = str_replace(x->arena, value, "{{experiment.finishedAt}}",
		    time_format(x->arena, time_add(x->was->available_at, duration)));
	return value;
}

static struct analysis_found
find(const struct trial *x, const struct experiment_analysis *a, size_t i)
{
	const struct experiment_spec *spec = &x->e->spec;
	struct rollout_analysis rules = { .dry_run.at = spec->dry_run.at,
		.dry_run.n = spec->dry_run.n,
		.retention.at = spec->retention.at,
		.retention.n = spec->retention.n };
	struct experiment_analysis resolved = *a;

	resolved.args.at = arena_new_array(x->arena, struct argument, a->args.n);
	for (size_t k = 0; k < a->args.n; k++) {
		resolved.args.at[k] = a->args.at[k];
		resolved.args.at[k].value = with_names(x, a->args.at[k].value);
	}
	return experiment_analysis_find(x->w->view, x->e->object.meta.namespace, &resolved, &rules,
	    arena_printf(x->arena, "spec.analyses[%zu]", i), x->arena);
}

static void
begin_run(struct trial *x, const struct analysis_found *f, const char *name, struct experiment_run_status *s)
{
	const struct run_metadata *extra = x->e->spec.run_metadata, none = { 0 };
	struct run_wish wish = { .owner = &x->e->object,
		.name = name,
		.analysis = f,
		.labels = string_map_encode(&(extra != NULL ? extra : &none)->labels),
		.annotations = string_map_encode(&(extra != NULL ? extra : &none)->annotations) };
	const char *made;
	struct err *e = run_create(x->plan, x->w->view, &wish, &made);

	if (e != NULL) {
		s->phase = "Error";
		s->message = err_text(x->arena, e);
		return;
	}
	plan_beside(x->plan);
}

/* The run of this try: runs begin once the pods are there, so that an older one is from before a retry. */
static const struct analysis_run *
run_of(const struct trial *x, const struct experiment_run_status *s, const char *name)
{
	const struct analysis_run *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < x->w->n_runs; i++) {
		const struct meta *m = &x->w->runs[i]->object.meta;

		if (s->analysis_run != NULL) {
			if (str_eq(m->name, s->analysis_run))
				return x->w->runs[i];
		} else if (x->was->available_at != 0 && m->creation_timestamp >= x->was->available_at &&
			   strncmp(m->name, name, n) == 0 && (m->name[n] == '\0' || m->name[n] == '.')) {
			found = x->w->runs[i];
		}
	}
	return found;
}

static void
read_run(struct trial *x, const struct analysis_run *run, const struct experiment_analysis *a,
    struct experiment_run_status *s)
{
	s->analysis_run = run->object.meta.name;
	s->phase = run->status.phase != NULL && run->status.phase[0] != '\0' ? run->status.phase : "Pending";
	s->message = run->status.message;
	if (!x->ending || phase_is_final(run->status.phase) || run->spec.terminate)
		return;
	run_terminate(x->plan, run);
	plan_beside(x->plan);
	plan_event(x->plan, &x->e->object, false, "AnalysisRunTerminating", "Terminating %s (%s)", a->name,
	    run->object.meta.name);
}

/* An experiment that cannot be measured is none. Templates may come a little later than what names them: until pods are there. */
static void
check_analysis(struct trial *x, const struct analysis_found *f, struct experiment_run_status *s)
{
	struct problems p = { .arena = x->arena };

	analysis_problems(&p, f, true);
	if (p.n == 0 || (p.at[0].reference && x->was->available_at == 0))
		return;
	s->phase = "Error";
	s->message = arena_printf(x->arena, "%s: %s", p.at[0].path, p.at[0].text);
}

void
trial_analysis(struct trial *x, size_t i)
{
	const struct experiment_analysis *a = &x->e->spec.analyses.at[i];
	struct experiment_run_status *s = &x->st.runs.at[i], was = *s;
	const char *name = arena_printf(x->arena, "%s-%s", x->e->object.meta.name, a->name);
	const struct analysis_run *run = phase_is_final(s->phase) ? NULL : run_of(x, s, name);

	if (run != NULL) {
		read_run(x, run, a, s);
	} else if (!phase_is_final(s->phase) && s->analysis_run != NULL) {
		s->phase = "Error";
		s->message = arena_printf(x->arena, "AnalysisRun %s is gone", s->analysis_run);
	} else if (!phase_is_final(s->phase) && !x->ending) {
		struct analysis_found f = find(x, a, i);

		check_analysis(x, &f, s);
		if (s->phase == NULL && x->was->available_at != 0)
			begin_run(x, &f, name, s);
	}
	if (s->phase == NULL || str_eq(was.phase, s->phase))
		return;
	trial_tell(x, trial_is_bad(s->phase), "AnalysisRun", a->name, was.phase, s->phase, s->message);
	if (trial_is_bad(s->phase) && x->w->rollout != NULL)
		plan_status_event(x->plan, &x->w->rollout->object, true,
		    arena_printf(x->arena, "AnalysisRun%s", s->phase), "AnalysisRun '%s' of Experiment '%s' is %s%s%s",
		    a->name, x->e->object.meta.name, s->phase, s->message != NULL ? ": " : "",
		    s->message != NULL ? s->message : "");
}
