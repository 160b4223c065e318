/* rollout/experiment/validate.c: errors of an Experiment. */
#include "rollout/experiment/validate.h"
#include "base/str.h"
#include "kube/api/experiment.h"
#include "rollout/analysis_templates.h"
#include "rollout/checks.h"
#include "rollout/experiment/template.h"

static void
experiment_check_template(struct problems *p, const struct experiment *e, size_t i)
{
	const struct experiment_template *t = &e->spec.templates.at[i];
	const char *path = arena_printf(p->arena, "spec.templates[%zu]", i);

	check_unique(
	    p, &e->spec.templates.at->name, sizeof(*e->spec.templates.at), i, arena_printf(p->arena, "%s.name", path));
	if (t->name != NULL && t->name[0] == '\0')
		problem_add(p, arena_printf(p->arena, "%s.name", path), "Invalid value: is empty");
	if (t->selector != NULL)
		check_selector(p, t->selector, t->template, arena_printf(p->arena, "%s.selector", path),
		    arena_printf(p->arena, "%s.template", path));
	if (t->min_ready_seconds >= experiment_template_deadline(e))
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
	check_duration(p, e->spec.duration, "spec.duration");
	for (size_t i = 0; i < e->spec.templates.n; i++)
		experiment_check_template(p, e, i);
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_analysis *a = &e->spec.analyses.at[i];
		const char *path = arena_printf(p->arena, "spec.analyses[%zu]", i);

		check_unique(p, &e->spec.analyses.at->name, sizeof(*e->spec.analyses.at), i,
		    arena_printf(p->arena, "%s.name", path));
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
