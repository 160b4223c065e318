/* rollout/analysis_runs.c: the AnalysisRuns of a rollout, and the effects of their phases. */
#include "rollout/analysis_runs.h"
#include <inttypes.h>
#include "analysis/args.h"
#include "analysis/metric_phase.h"
#include "base/str.h"
#include "kube/api/compare.h"
#include "kube/api/replicaset.h"
#include "rollout/analysis_templates.h"
#include "rollout/bluegreen.h"
#include "rollout/comparisons.h"
#include "rollout/gather.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/revision.h"
#include "rollout/steps.h"

#define LABEL_TYPE "rollout-type"
#define LABEL_STEP "step-index"
#define HISTORY_LIMIT 5

/* The roles of analyses in a rollout: background, step, before and after the switch. */
struct role {
	enum analysis_place place;
	const char *label; /* of its runs */
	const char *title; /* in the message of an abort */
	const char *infix; /* of its runs' names; NULL: none, or the step's number */
	const struct run_status **known; /* its member of the status that will be written */
	const struct run_status *was; /* its member of the status that was read */
	int64_t step; /* index of the step; -1: not a step */
};

#define ROLES 2 /* of a strategy */

/* The analyses that the strategy may have. The step's role is that of the current step, even if it has no
 * analysis. */
static void
runs_roles(struct rollout_pass *p, struct role ret[ROLES])
{
	int64_t step =
	    p->st.current_step_index.present && p->st.current_step_index.value > 0 ? p->st.current_step_index.value : 0;

	if (p->canary != NULL) {
		ret[0] = (struct role){ IN_BACKGROUND, "Background", "Background analysis", NULL,
			&p->st.canary.background_analysis, p->was->canary.background_analysis, -1 };
		ret[1] = (struct role){ OF_STEP, "Step", "Step-based analysis", NULL, &p->st.canary.step_analysis,
			p->was->canary.step_analysis, step };
	} else {
		ret[0] = (struct role){ BEFORE_SWITCH, "PrePromotion", "Blue/green pre-promotion analysis", "pre",
			&p->st.blue_green.pre_promotion_analysis, p->was->blue_green.pre_promotion_analysis, -1 };
		ret[1] = (struct role){ AFTER_SWITCH, "PostPromotion", "Blue/green post-promotion analysis", "post",
			&p->st.blue_green.post_promotion_analysis, p->was->blue_green.post_promotion_analysis, -1 };
	}
}

static const char *
runs_name(const struct rollout_pass *p, const struct role *role)
{
	const char *name =
	    arena_printf(p->arena, "%s-%s-%" PRId64, p->w->rollout->object.meta.name, p->w->hash, p->revision);

	if (role->infix != NULL)
		return arena_printf(p->arena, "%s-%s", name, role->infix);
	return role->step >= 0 ? arena_printf(p->arena, "%s-%" PRId64, name, role->step) : name;
}

/* The analysis of the strategy that has this role, or NULL. */
static const struct analysis_found *
runs_analysis(const struct rollout_pass *p, const struct role *role)
{
	for (size_t i = 0; i < p->w->n_analyses; i++)
		if (p->w->analyses[i].place == role->place && p->w->analyses[i].step == role->step)
			return &p->w->analyses[i];
	return NULL;
}

static const struct analysis_run *
runs_find(const struct rollout_world *w, const char *name)
{
	for (size_t i = 0; name != NULL && i < w->n_runs; i++)
		if (str_eq(w->runs[i]->object.meta.name, name))
			return w->runs[i];
	return NULL;
}

/* After the steps were edited, results for the previous steps do not count. Objects of Argo Rollouts do not have the
 * hash of their steps. */
static bool
runs_is_of_steps(const struct rollout_pass *p, const struct object *o)
{
	const char *hash = object_annotation(o, ANNOTATION_STEP_HASH);

	return hash == NULL || str_eq(hash, p->w->step_hash != NULL ? p->w->step_hash : "");
}

/* Once the status has the start of the update, its runs are those that were created since. Before that (the status
 * may have been lost after the run was created), its runs are those of its revision, which is new for each new
 * template. */
bool
runs_made_by_update(const struct rollout_pass *p, const struct object *o)
{
	int64_t since = p->st.duration.rollout_started_at;

	if (!runs_is_of_steps(p, o))
		return false;
	if (p->change != CHANGE_NONE)
		return p->change == CHANGE_TEMPLATE && revision_of(o) == p->revision;
	return since != 0 && o->meta.creation_timestamp >= since;
}

/* While an update is aborted no run is created: a younger run belongs to the retry, even if the status does not have
 * it yet. Its verdict must not be lost with a status write. */
bool
runs_made_by_try(const struct rollout_pass *p, const struct object *o)
{
	return p->st.aborted_at == 0 || o->meta.creation_timestamp > p->st.aborted_at;
}

static bool
runs_is_known(const struct run_status *known, const struct analysis_run *run)
{
	return known != NULL && str_eq(known->name, run->object.meta.name);
}

static bool
runs_is_of_role(const struct rollout_pass *p, const struct analysis_run *run, const struct role *role)
{
	const char *step = object_label(&run->object, LABEL_STEP);

	return str_eq(object_label(&run->object, LABEL_POD_TEMPLATE_HASH), p->w->hash) &&
	       str_eq(object_label(&run->object, LABEL_TYPE), role->label) &&
	       (role->step < 0 || str_eq(step, arena_printf(p->arena, "%" PRId64, role->step)));
}

static bool
runs_failed(const char *phase)
{
	return str_eq(phase, "Failed") || str_eq(phase, "Error");
}

/* A verdict and its effect are written together: Failed with the abort, Inconclusive with the pause. If the status
 * has the verdict without the effect, a user has retried or resumed the update, and the run does not count. The
 * status names it until the next run is observed, so that neither a failed create nor a lost status restores the
 * verdict. */
static bool
runs_is_overruled(const struct rollout_pass *p, const struct role *role)
{
	const struct run_status *was = role->was;

	if (was == NULL || *role->known != was || p->was->abort || p->st.promote_full)
		return false;
	return runs_failed(was->status) ||
	       (str_eq(was->status, "Inconclusive") && !pause_has(p->was, PAUSE_INCONCLUSIVE));
}

/* Returns whether this pass retries the update, and the run is from before the retry. */
static bool
runs_is_before_retry(const struct rollout_pass *p, const struct analysis_run *run)
{
	return p->retried && run->object.meta.creation_timestamp <= p->was->aborted_at;
}

/* The run of this update: the one in the status, or one that was created but is not in the status yet. */
static const struct analysis_run *
runs_current(const struct rollout_pass *p, const struct role *role)
{
	const struct run_status *known = *role->known;
	const struct analysis_run *named = known != NULL ? runs_find(p->w, known->name) : NULL, *found = NULL;
	/* After the last step an inconclusive run pauses nothing, so that no user can have overruled it. */
	bool passed =
	    steps_count(p) > 0 && p->was->current_step_index.value >= steps_count(p) && p->change == CHANGE_NONE;

	if (known != NULL && !runs_is_overruled(p, role) &&
	    (named == NULL ||
		(runs_is_of_role(p, named, role) && !is_ended(&named->object) && !runs_is_before_retry(p, named))))
		return named;
	for (size_t i = 0; i < p->w->n_runs; i++) {
		const struct analysis_run *run = p->w->runs[i];

		if (run == named && runs_is_overruled(p, role))
			found = NULL; /* older runs are overruled too */
		else if (runs_is_of_role(p, run, role) && !run->spec.terminate &&
			 runs_made_by_update(p, &run->object) && runs_made_by_try(p, &run->object))
			found = run;
	}
	return found == NULL && passed && runs_is_overruled(p, role) && !runs_failed(known->status) ? named : found;
}

static bool
runs_wanted(const struct rollout_pass *p, const struct role *role)
{
	const struct analysis_found *f = runs_analysis(p, role);

	if (f == NULL || f->spec->templates.n == 0 || p->st.stable_rs == NULL || p->promotion == PROMOTED ||
	    p->aborted || p->in_window || p->without_pods || p->st.promote_full || str_eq(p->st.stable_rs, p->w->hash))
		return false;
	switch (role->place) {
	case OF_STEP: return true;
	case IN_BACKGROUND: return p->index >= (f->spec->starting_step.present ? f->spec->starting_step.value : 0);
	case BEFORE_SWITCH: return !bluegreen_is_active(p) && !bluegreen_is_quick(p);
	case AFTER_SWITCH:
		return bluegreen_is_active(p) && !bluegreen_is_quick(p) && p->w->routing.unregistered == NULL;
	case OF_EXPERIMENT: break; /* belongs to the Experiment */
	}
	return false;
}

/* During a pause only the background analysis begins. Analyses before and after a switch begin when the pods are
 * available. */
static bool
runs_may_begin(const struct rollout_pass *p, const struct role *role)
{
	if (role->place == IN_BACKGROUND)
		return true;
	if (*role->known != NULL && str_eq((*role->known)->status, "Successful"))
		return false; /* a user deleted the run */
	return p->st.pause_conditions.n == 0 && (p->blue_green == NULL || bluegreen_is_ready(p));
}

static void
runs_record(struct rollout_pass *p, const struct role *role, const struct analysis_run *run)
{
	struct run_status *rs = arena_alloc(p->arena, sizeof(*rs));

	*rs = (struct run_status){ run->object.meta.name, run->status.phase != NULL ? run->status.phase : "",
		run->status.message };
	*role->known = rs;
}

static void
runs_verdict_of(struct rollout_pass *p, const struct role *role)
{
	const struct analysis_run *run = runs_current(p, role);
	const char *previous;

	if (run == NULL)
		return;
	previous = runs_is_known(*role->known, run) ? (*role->known)->status : "";
	if (phase_is_final(run->status.phase) && !str_eq(previous, run->status.phase))
		plan_status_event(p->plan, &p->w->rollout->object, runs_failed(run->status.phase),
		    arena_printf(p->arena, "AnalysisRun%s", run->status.phase),
		    "%s Analysis Run '%s' Status New: '%s' Previous: '%s'", role->label, run->object.meta.name,
		    run->status.phase, previous);
	if (runs_failed(run->status.phase) && !p->aborted) {
		p->aborted = true;
		p->abort_message = arena_printf(p->arena, "%s phase error/failed: %s", role->title,
		    run->status.message != NULL ? run->status.message : run->status.phase);
		plan_reason(p->plan, "analysis run %s is %s", run->object.meta.name, run->status.phase);
	}
	if (role->place != IN_BACKGROUND)
		runs_record(p, role, run);
	if (str_eq(run->status.phase, "Inconclusive") && !p->aborted && !p->st.promote_full && !steps_are_passed(p))
		pause_add(p, PAUSE_INCONCLUSIVE);
}

/* A retry measures again, even what succeeded, as its pods are new. An overruled verdict is kept in the status. */
static void
runs_forget(struct rollout_pass *p, const struct role *role)
{
	const struct analysis_run *run = *role->known != NULL ? runs_find(p->w, (*role->known)->name) : NULL;

	if (!runs_is_overruled(p, role) && (run == NULL || runs_is_before_retry(p, run)))
		*role->known = NULL;
}

/* If a user resumes after an inconclusive run before the switch, it is measured again; this does not permit the
 * switch. A run after the switch that an earlier try left in the status is ignored, as otherwise the promotion of a
 * retry would be lost. */
static void
runs_measure_again(struct rollout_pass *p, const struct role *role)
{
	if (role->place == BEFORE_SWITCH && p->was->pause_conditions.n == 0 && runs_is_overruled(p, role))
		p->st.controller_pause = false;
}

/* Returns whether a user continued after an inconclusive run of this update: the next run does not hold. */
static bool
runs_was_undecided(const struct rollout_pass *p, const struct role *role, const struct analysis_run *current)
{
	for (size_t i = 0; i < p->w->n_runs; i++) {
		const struct analysis_run *run = p->w->runs[i];

		if (run != current && runs_is_of_role(p, run, role) && runs_made_by_update(p, &run->object) &&
		    runs_made_by_try(p, &run->object) && str_eq(run->status.phase, "Inconclusive"))
			return true;
	}
	return false;
}

/* At the step that is held (steps_are_held) the stable version still has traffic to compare with. */
static bool
runs_hold_promotion(struct rollout_pass *p, const struct role *background)
{
	const struct analysis_run *run;

	if (p->canary == NULL || !steps_may_be_held(p) || !runs_wanted(p, background))
		return false;
	run = runs_current(p, background);
	if (runs_was_undecided(p, background, run))
		return false;
	return run != NULL ? comparisons_hold(p, run) : comparisons_are_used(runs_analysis(p, background));
}

void
runs_verdict(struct rollout_pass *p)
{
	struct role roles[ROLES];

	if (p->promotion == PROMOTED || p->change != CHANGE_NONE || p->w->new_rs == NULL)
		return;
	p->revision = revision_of(&p->w->new_rs->object);
	runs_roles(p, roles);
	for (size_t i = 0; i < ROLES; i++) {
		if (p->retried)
			runs_forget(p, &roles[i]);
		runs_measure_again(p, &roles[i]);
		/* After the switch, the run of before the switch has no effect. */
		if (roles[i].place == BEFORE_SWITCH && bluegreen_is_active(p))
			continue;
		if (roles[i].place == IN_BACKGROUND || runs_analysis(p, &roles[i]) != NULL)
			runs_verdict_of(p, &roles[i]);
	}
	p->held = runs_hold_promotion(p, &roles[0]);
}

/* The labels by which clients of Argo Rollouts find a run. */
static json_t *
runs_labels(struct rollout_pass *p, const struct role *role, const struct run_metadata *extra)
{
	json_t *labels = string_map_encode(&p->w->rollout->spec.selector->match_labels);

	for (size_t i = 0; extra != NULL && i < extra->labels.n; i++)
		json_object_set_new(labels, extra->labels.at[i].key, json_string(extra->labels.at[i].value));
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(p->w->hash));
	json_object_set_new(labels, LABEL_TYPE, json_string(role->label));
	if (role->step >= 0)
		json_object_set_new(labels, LABEL_STEP, json_sprintf("%" PRId64, role->step));
	return labels;
}

static void
runs_create(struct rollout_pass *p, const struct role *role)
{
	const struct analysis_found *f = runs_analysis(p, role);
	const struct run_metadata *extra = f->spec->run_metadata;
	_cleanup_(json_decrefp) json_t *rollout = rollout_for_args(p->w->rollout);
	struct args_source from = { .rollout = rollout, .latest_hash = p->w->hash, .stable_hash = p->st.stable_rs };
	struct run_wish wish = { .owner = &p->w->rollout->object,
		.name = runs_name(p, role),
		.analysis = f,
		.from = &from,
		.labels = runs_labels(p, role, extra),
		.annotations = extra != NULL ? string_map_encode(&extra->annotations) : json_object() };
	const char *name;
	struct err *e;

	json_object_set_new(wish.annotations, ANNOTATION_REVISION, json_sprintf("%" PRId64, p->revision));
	json_object_set_new(
	    wish.annotations, ANNOTATION_STEP_HASH, json_string(p->w->step_hash != NULL ? p->w->step_hash : ""));
	if (comparisons_are_used(f))
		json_object_set_new(
		    wish.annotations, ANNOTATION_RELEASE, comparisons_release(p, role->place == IN_BACKGROUND));
	/* The status has the run when it is observed, as the create may fail. */
	if ((e = run_create(p->plan, p->w->view, &wish, &name)) != NULL)
		pass_abort(p, err_text(p->arena, e)); /* without its analysis the update must not continue */
}

void
runs_history_limits(const struct rollout_pass *p, int64_t ret[2])
{
	const struct analysis_history *h = p->w->rollout->spec.analysis;

	ret[0] = h != NULL && h->successful_limit.present ? h->successful_limit.value : HISTORY_LIMIT;
	ret[1] = h != NULL && h->unsuccessful_limit.present ? h->unsuccessful_limit.value : HISTORY_LIMIT;
}

/* Deletes runs beyond the history limits, and those whose revision does not exist any more. */
static void
runs_collect(struct rollout_pass *p)
{
	int64_t left[2];

	runs_history_limits(p, left);
	for (size_t i = p->w->n_runs; i-- > 0;) {
		const struct analysis_run *run = p->w->runs[i];
		const char *hash = object_label(&run->object, LABEL_POD_TEMPLATE_HASH);
		bool orphan = hash != NULL && !str_eq(hash, p->w->hash) && world_replicaset(p->w, hash) == NULL;
		bool ok = str_eq(run->status.phase, "Successful");

		if (!phase_is_final(run->status.phase) || run->object.meta.deletion_timestamp != 0)
			continue;
		if (runs_is_known(p->st.canary.background_analysis, run) ||
		    runs_is_known(p->st.canary.step_analysis, run) ||
		    runs_is_known(p->st.blue_green.pre_promotion_analysis, run) ||
		    runs_is_known(p->st.blue_green.post_promotion_analysis, run))
			continue;
		if (orphan || left[ok ? 0 : 1]-- <= 0)
			plan_delete(p->plan, &run->object);
	}
}

/* A retry may need the analysis of the failed run only later. Until then, and until the next run exists, the status
 * keeps the name of the failed run, which does not count. */
static bool
runs_stays_named(const struct rollout_pass *p, const struct role *role)
{
	return runs_is_overruled(p, role) && !p->aborted && !str_eq(p->st.stable_rs, p->w->hash);
}

/* Returns the run that continues, or NULL. */
static const struct analysis_run *
runs_sync_role(struct rollout_pass *p, const struct role *role)
{
	bool want = runs_wanted(p, role);
	const struct analysis_run *run = want || *role->known != NULL ? runs_current(p, role) : NULL;

	if (want && run == NULL && runs_may_begin(p, role))
		runs_create(p, role);
	/* Runs of a blue-green rollout stay in the status until the next update. */
	if (run != NULL && (want || p->blue_green != NULL || (p->abort_message != NULL && p->aborted)))
		runs_record(p, role, run);
	else if (!want && !runs_stays_named(p, role))
		*role->known = NULL;
	return want ? run : NULL;
}

static bool
runs_is_one_of(const struct analysis_run *run, const struct analysis_run *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] != NULL && list[i] == run)
			return true;
	return false;
}

void
runs_sync(struct rollout_pass *p)
{
	const struct analysis_run *kept[ROLES];
	struct role roles[ROLES];

	runs_roles(p, roles);
	for (size_t i = 0; i < ROLES; i++)
		if ((kept[i] = runs_sync_role(p, &roles[i])) != NULL)
			comparisons_record_weight(p, kept[i]);
	for (size_t i = 0; i < p->w->n_runs; i++)
		if (!runs_is_one_of(p->w->runs[i], kept, ARRAY_SIZE(kept)))
			run_terminate(p->plan, p->w->runs[i]);
	runs_collect(p);
}
