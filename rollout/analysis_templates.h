/* rollout/analysis_templates.h: the analyses of Rollouts and Experiments: their templates, errors and runs. The effects
 * of a run: analysis_runs.h. */
#pragma once
#include "analysis/args.h"
#include "kube/plan/plan.h"
#include "kube/plan/view.h"

#define TEMPLATES_MAX 64 /* of one analysis */

/* A reference to a template, and the template. */
struct template_found {
	const struct template_ref *ref;
	const char *field; /* the field that names it, such as "templates[0]", possibly in another template */
	const struct analysis_template *template; /* NULL if it does not exist */
};

/* The use of an analysis, by which its result has an effect. */
enum analysis_place { IN_BACKGROUND, OF_STEP, BEFORE_SWITCH, AFTER_SWITCH, OF_EXPERIMENT };

/* An analysis, and the templates that it names. */
struct analysis_found {
	const struct rollout_analysis *spec;
	const char *field; /* the field in which the analysis is written */
	enum analysis_place place;
	int64_t step; /* for OF_STEP: the index of the step; otherwise -1 */
	bool required; /* for OF_EXPERIMENT: the Experiment succeeds only when this analysis has */
	struct template_found *templates; /* that the analysis or its templates name; each once; in the arena */
	size_t n_templates, capacity;
	bool too_many; /* more than TEMPLATES_MAX templates are named; the rest is left out */
};

/* Finds the templates of an analysis, in the order in which they are named, and then the templates that these
 * name. */
struct analysis_found analysis_find(const struct view *, const char *ns, const struct rollout_analysis *,
    const char *field, enum analysis_place, struct arena *);

/* Finds the templates of an analysis of an Experiment. `rules` has the Experiment's dryRun, measurementRetention and
 * metadata. */
struct analysis_found experiment_analysis_find(const struct view *, const char *ns, const struct experiment_analysis *,
    const struct rollout_analysis *rules, const char *field, struct arena *);

/* Adds the errors of an analysis: templates that do not exist, cannot be merged, lack arguments or cannot be
 * measured. With `measures` also errors of metrics whose arguments are known already, and metrics without an end in
 * an analysis that a step, a switch or an Experiment waits for. */
void analysis_problems(struct problems *, const struct analysis_found *, bool measures);

/* The properties of a run to create. */
struct run_wish {
	const struct object *owner;
	const char *name; /* ".1", ".2" … is added if the name is in use */
	const struct analysis_found *analysis;
	const struct args_source *from; /* source of the values of its arguments */
	json_t *labels, *annotations; /* consumed */
};

/* Plans the creation of the run, and sets *ret_name to its name. Returns an error, whose text starts with the field, if
 * the templates cannot be merged. */
struct err *run_create(struct plan *, const struct view *, const struct run_wish *, const char **ret_name);

/* Marks a run or an Experiment that its rollout has ended: its result does not count. A run that a user ends keeps
 * its result. Argo Rollouts does not have this annotation. */
#define ANNOTATION_ENDED "rollout.argoproj.io/ended-by-rollout"

/* Plans the end of a run. Does nothing if it is finished. */
void run_terminate(struct plan *, const struct analysis_run *);

/* Returns the patch that ends a run or an Experiment, with the annotation. A new reference. */
json_t *ended_patch(void);

/* Returns true if its Rollout has ended this run or Experiment: it has ANNOTATION_ENDED. */
bool is_ended(const struct object *);
