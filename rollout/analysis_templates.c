/* rollout/analysis_templates.c: analyses of Rollouts and Experiments: resolves their templates, and builds the
 * AnalysisRun. Its creation and phase, and the abort after a failure: analysis_runs.c. */
#include "rollout/analysis_templates.h"
#include "analysis/args.h"
#include "analysis/metric_phase.h"
#include "analysis/compare_annotation.h"
#include "analysis/validate.h"
#include "base/str.h"
#include "kube/api/analysis.h"

static void
analyses_add_template(const struct view *v, const char *ns, struct analysis_found *f, const struct template_ref *ref,
    const char *field, struct arena *a)
{
	for (size_t i = 0; i < f->n_templates; i++)
		if (str_eq(f->templates[i].ref->template_name, ref->template_name) &&
		    f->templates[i].ref->cluster_scope == ref->cluster_scope)
			return;
	if (f->n_templates == TEMPLATES_MAX) {
		f->too_many = true;
		return;
	}
	f->templates = arena_grow(a, f->templates, f->n_templates, &f->capacity, sizeof(*f->templates));
	f->templates[f->n_templates++] = (struct template_found){ ref, field,
		(const struct analysis_template *)view_get(v,
		    ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type, ns,
		    ref->template_name) };
}

struct analysis_found
analysis_find(const struct view *v, const char *ns, const struct rollout_analysis *spec, const char *field,
    enum analysis_place place, struct arena *a)
{
	struct analysis_found f = { .spec = spec, .field = field, .place = place, .step = -1 };

	for (size_t i = 0; i < spec->templates.n; i++)
		analyses_add_template(
		    v, ns, &f, &spec->templates.at[i], arena_printf(a, "%s.templates[%zu]", field, i), a);
	for (size_t i = 0; i < f.n_templates; i++) {
		const struct analysis_template *t = f.templates[i].template;

		for (size_t k = 0; t != NULL && k < t->spec.templates.n; k++)
			analyses_add_template(v, ns, &f, &t->spec.templates.at[k],
			    arena_printf(a, "%s: %s %s: spec.templates[%zu]", field, t->object.type->kind,
				t->object.meta.name, k),
			    a);
	}
	return f;
}

struct analysis_found
experiment_analysis_find(const struct view *v, const char *ns, const struct experiment_analysis *spec,
    const struct rollout_analysis *rules, const char *field, struct arena *a)
{
	struct rollout_analysis *whole = arena_alloc(a, sizeof(*whole));
	struct template_ref *ref = arena_alloc(a, sizeof(*ref));
	struct analysis_found f;

	*ref = (struct template_ref){ spec->template_name, spec->cluster_scope };
	*whole = rules != NULL ? *rules : (struct rollout_analysis){ 0 };
	whole->templates.at = ref;
	whole->templates.n = 1;
	whole->args.at = spec->args.at;
	whole->args.n = spec->args.n;
	f = analysis_find(v, ns, whole, field, OF_EXPERIMENT, a);
	f.templates[0].field = field;
	f.required = spec->required_for_completion;
	return f;
}

/* Returns false if the template cannot be used. */
static bool
analyses_check_template(struct problems *p, const struct template_found *t)
{
	const struct problem *bad;

	if (t->template == NULL) {
		problem_add(p, arena_printf(p->arena, "%s.templateName", t->field),
		    "Invalid value: \"%s\": %s \"%s\" not found", t->ref->template_name,
		    t->ref->cluster_scope ? "ClusterAnalysisTemplate" : "AnalysisTemplate", t->ref->template_name);
		problem_is_reference(p);
		return false;
	}
	if ((bad = object_problem(&t->template->object, "spec")) != NULL) {
		problem_add(p, t->field, "AnalysisTemplate %s: %s: %s", t->ref->template_name, bad->path, bad->text);
		return false;
	}
	compare_annotation_check(p, t->template, t->field);
	return true;
}

/* The template that has the i-th of the merged metrics. */
static const struct template_found *
analyses_template_of(const struct analysis_found *f, size_t i)
{
	for (size_t k = 0; k < f->n_templates; k++) {
		_cleanup_(json_decrefp) json_t *list =
		    json_loads(f->templates[k].template->spec.metrics ?: "[]", 0, NULL);

		if (i < json_array_size(list))
			return &f->templates[k];
		i -= json_array_size(list);
	}
	return NULL;
}

/* A step, a switch or an Experiment waits for all metrics of the run, dry runs too. The text is that of Argo
 * Rollouts. */
static void
analyses_check_ends(struct problems *p, const struct analysis_found *f, const struct metric_set *set)
{
	if (f->place == IN_BACKGROUND || (f->place == OF_EXPERIMENT && !f->required))
		return;
	for (size_t i = 0; i < set->n; i++) {
		const struct template_found *t =
		    metric_is_endless(&set->metrics[i], &set->limits[i]) ? analyses_template_of(f, i) : NULL;
		const char *count = set->metrics[i].count, *name = t != NULL ? t->ref->template_name : NULL;

		if (t != NULL)
			problem_add(p,
			    arena_printf(
				p->arena, f->place == OF_EXPERIMENT ? "%s.templateName" : "%s.templates", f->field),
			    "Invalid value: \"%s\": AnalysisTemplate %s has metric %s which runs indefinitely. Invalid "
			    "value for count: %s",
			    name, name, set->metrics[i].name, count != NULL ? count : "<nil>");
	}
}

/* Checks an analysis before its run exists: its templates can be merged and have their arguments, their metrics can
 * be measured, and metrics that something waits for end. Values that are resolved later are not checked. */
static void
analyses_check_run(struct problems *p, const struct analysis_found *f, bool measures)
{
	struct template_source *sources = arena_new_array(p->arena, struct template_source, f->n_templates);
	struct analysis_spec merged;
	struct metric_set set;
	const char *names = "";
	struct err *e;

	for (size_t i = 0; i < f->n_templates; i++) {
		sources[i] =
		    (struct template_source){ f->templates[i].ref->template_name, &f->templates[i].template->spec };
		names = arena_printf(p->arena, "%s%s%s", names, i > 0 ? ", " : "", sources[i].name);
	}
	e = args_merge(p->arena, sources, f->n_templates, f->spec, NULL, &merged);
	for (size_t i = 0; e == NULL && !measures && i < merged.args.n; i++)
		if (merged.args.at[i].value == NULL && merged.args.at[i].value_from->secret_key_ref == NULL)
			return;
	if (e == NULL)
		e = metrics_prepare(
		    p->arena, &merged, args_unresolved(p->arena, merged.args.at, merged.args.n), merged.args.n, &set);
	if (e != NULL)
		problem_add(p, f->field, "AnalysisTemplate %s: %s", names, err_text(p->arena, e));
	else if (measures)
		analyses_check_ends(p, f, &set);
}

void
analysis_problems(struct problems *p, const struct analysis_found *f, bool measures)
{
	bool whole = !f->too_many;

	if (f->place != IN_BACKGROUND && f->spec->starting_step.present)
		problem_add(p, arena_printf(p->arena, "%s.startingStep", f->field),
		    "Invalid value: only an analysis in the background has it");
	if (f->place != IN_BACKGROUND && f->n_templates == 0)
		problem_add(p, arena_printf(p->arena, "%s.templates", f->field),
		    "Required value: an analysis needs a template");
	if (f->too_many)
		problem_add(p, arena_printf(p->arena, "%s.templates", f->field),
		    "Invalid value: more than %d templates, with those that they name", TEMPLATES_MAX);
	for (size_t i = 0; i < f->n_templates; i++)
		whole &= analyses_check_template(p, &f->templates[i]);
	if (whole && f->n_templates > 0)
		analyses_check_run(p, f, measures);
}

static json_t *
analyses_run_object(const struct run_wish *w, const char *name, const struct analysis_spec *merged)
{
	const struct object *o = w->owner;

	if (object_label(o, LABEL_INSTANCE_ID) != NULL) /* without the label no controller would measure the run */
		json_object_set_new(w->labels, LABEL_INSTANCE_ID, json_string(object_label(o, LABEL_INSTANCE_ID)));
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:O,s:O,s:[o]},s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind",
	    "AnalysisRun", "metadata", "name", name, "namespace", o->meta.namespace, "labels", w->labels, "annotations",
	    w->annotations, "ownerReferences", owner_reference(o), "spec", encode(&analysis_spec_type, merged));
}

static struct err *
analyses_make_run(struct plan *p, const struct view *v, const struct run_wish *w, const char **ret_name)
{
	const struct analysis_found *f = w->analysis;
	const char *ns = w->owner->meta.namespace, *name = w->name;
	struct template_source *sources = arena_new_array(p->arena, struct template_source, f->n_templates);
	const struct analysis_template **templates =
	    arena_new_array(p->arena, const struct analysis_template *, f->n_templates);
	struct analysis_spec merged;
	const char *comparisons;
	struct err *e;

	for (size_t i = 0; i < f->n_templates; i++) {
		sources[i] =
		    (struct template_source){ f->templates[i].ref->template_name, &f->templates[i].template->spec };
		templates[i] = f->templates[i].template;
	}
	if ((e = args_merge(p->arena, sources, f->n_templates, f->spec, w->from, &merged)) != NULL ||
	    (e = compare_annotation_merge(
		 p->arena, templates, f->n_templates, merged.args.at, merged.args.n, &comparisons)) != NULL)
		return err_wrap(p->arena, e, "%s", f->field);
	if (comparisons != NULL)
		json_object_set_new(w->annotations, ANNOTATION_COMPARE, json_string(comparisons));
	for (int i = 1; view_get(v, &analysis_run_type, ns, name) != NULL; i++)
		name = arena_printf(p->arena, "%s.%d", w->name, i);
	plan_create(p, &analysis_run_type, ns, name, analyses_run_object(w, name, &merged));
	plan_reason(p, "starting analysis run %s", name);
	*ret_name = name;
	return NULL;
}

struct err *
run_create(struct plan *p, const struct view *v, const struct run_wish *w, const char **ret_name)
{
	struct err *e = analyses_make_run(p, v, w, ret_name);

	json_decref(w->labels);
	json_decref(w->annotations);
	return e;
}

json_t *
ended_patch(void)
{
	return json_pack(
	    "{s:{s:b},s:{s:{s:s}}}", "spec", "terminate", 1, "metadata", "annotations", ANNOTATION_ENDED, "true");
}

bool
is_ended(const struct object *o)
{
	return object_annotation(o, ANNOTATION_ENDED) != NULL;
}

void
run_terminate(struct plan *p, const struct analysis_run *run)
{
	if (!phase_is_final(run->status.phase) && !run->spec.terminate && run->object.meta.deletion_timestamp == 0)
		plan_merge(p, &run->object, ended_patch());
}
