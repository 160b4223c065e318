/* rollout/runs.c: which analysis runs must exist, and what their verdicts do. */
#include <inttypes.h>
#include <string.h>
#include "analysis/assess.h"
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

#define LABEL_TYPE "rollout-type"
#define LABEL_STEP "step-index"
#define HISTORY_LIMIT 5

/* What an analysis is to a rollout, by its place. */
struct role {
	enum analysis_place place;
	const char *label; /* of its runs */
	const char *title; /* in what an abort says */
	const char *infix; /* of its runs' names; NULL: none, or the step's number */
	const struct run_status **known; /* in the status that will be written */
	const struct run_status *was; /* in the one that is */
	int64_t step; /* -1: it is no step's */
};

#define ROLES 2 /* of a strategy */

/* The analyses that the strategy may have; the step's is that of the step that the rollout is at, whether or not it has one. */
static void
roles_of(struct decision *d, struct role ret[ROLES])
{
	int64_t step =
	    d->st.current_step_index.set && d->st.current_step_index.is > 0 ? d->st.current_step_index.is : 0;

	if (d->canary != NULL) {
		ret[0] = (struct role){ IN_BACKGROUND, "Background", "Background analysis", NULL,
			&d->st.canary.background_analysis, d->was->canary.background_analysis, -1 };
		ret[1] = (struct role){ OF_STEP, "Step", "Step-based analysis", NULL, &d->st.canary.step_analysis,
			d->was->canary.step_analysis, step };
	} else {
		ret[0] = (struct role){ BEFORE_SWITCH, "PrePromotion", "Blue/green pre-promotion analysis", "pre",
			&d->st.blue_green.pre_promotion_analysis, d->was->blue_green.pre_promotion_analysis, -1 };
		ret[1] = (struct role){ AFTER_SWITCH, "PostPromotion", "Blue/green post-promotion analysis", "post",
			&d->st.blue_green.post_promotion_analysis, d->was->blue_green.post_promotion_analysis, -1 };
	}
}

static const char *
base_name(const struct decision *d, const struct role *role)
{
	const char *name =
	    arena_printf(d->arena, "%s-%s-%" PRId64, d->w->rollout->object.meta.name, d->w->hash, d->revision);

	if (role->infix != NULL)
		return arena_printf(d->arena, "%s-%s", name, role->infix);
	return role->step >= 0 ? arena_printf(d->arena, "%s-%" PRId64, name, role->step) : name;
}

/* What the strategy says about it, or NULL. */
static const struct analysis_found *
analysis_of(const struct decision *d, const struct role *role)
{
	for (size_t i = 0; i < d->w->n_analyses; i++)
		if (d->w->analyses[i].place == role->place && d->w->analyses[i].step == role->step)
			return &d->w->analyses[i];
	return NULL;
}

static const struct analysis_run *
run_named(const struct world *w, const char *name)
{
	for (size_t i = 0; name != NULL && i < w->n_runs; i++)
		if (str_eq(w->runs[i]->object.meta.name, name))
			return w->runs[i];
	return NULL;
}

/* Edited steps begin again, and what was measured for the steps before does not count for them. Objects of Argo Rollouts do not say
 * which steps they were made for. */
static bool
is_of_these_steps(const struct decision *d, const struct object *o)
{
	const char *hash = object_annotation(o, ANNOTATION_STEP_HASH);

	return hash == NULL || str_eq(hash, d->w->step_hash != NULL ? d->w->step_hash : "");
}

/* Once the status knows of the update, its runs are those created since; before that (the status may have been lost behind the
 * run's creation), those of its revision, which is new with each new template. */
bool
made_by_this_update(const struct decision *d, const struct object *o)
{
	int64_t since = d->st.duration.rollout_started_at;

	if (!is_of_these_steps(d, o))
		return false;
	if (d->changed)
		return d->changed_template && revision_of(o) == d->revision;
	return since != 0 && o->meta.creation_timestamp >= since;
}

/* While an update is aborted no run is created: one that is younger belongs to the retry, whether or not the status knows of that
 * yet. Its verdict must not be lost with a status write (seed 2782). */
bool
made_by_this_try(const struct decision *d, const struct object *o)
{
	return d->st.aborted_at == 0 || o->meta.creation_timestamp > d->st.aborted_at;
}

static bool
is_known(const struct run_status *known, const struct analysis_run *run)
{
	return known != NULL && str_eq(known->name, run->object.meta.name);
}

static bool
is_of_role(const struct decision *d, const struct analysis_run *run, const struct role *role)
{
	const char *step = object_label(&run->object, LABEL_STEP);

	return str_eq(object_label(&run->object, LABEL_POD_TEMPLATE_HASH), d->w->hash) &&
	       str_eq(object_label(&run->object, LABEL_TYPE), role->label) &&
	       (role->step < 0 || str_eq(step, arena_printf(d->arena, "%" PRId64, role->step)));
}

static bool
bad(const char *phase)
{
	return str_eq(phase, "Failed") || str_eq(phase, "Error");
}

/* A verdict and its effect are written together: Failed with the abort, Inconclusive with the pause. Where the
 * status has the verdict without the effect, a user has retried the update or gone on, and the run counts for
 * nothing; it stays named until the next is seen, so that neither a failed create nor a lost status brings the
 * verdict back. */
static bool
is_overruled(const struct decision *d, const struct role *role)
{
	const struct run_status *was = role->was;

	if (was == NULL || *role->known != was || d->was->abort || d->st.promote_full)
		return false;
	return bad(was->status) || (str_eq(was->status, "Inconclusive") && !pause_has(d->was, PAUSE_INCONCLUSIVE));
}

/* This pass retries an update, and the run is from before. */
static bool
is_before_retry(const struct decision *d, const struct analysis_run *run)
{
	return d->retried && run->object.meta.creation_timestamp <= d->was->aborted_at;
}

/* The run of this update: the one the status names, or one that was created and not yet written down. */
static const struct analysis_run *
current(const struct decision *d, const struct role *role)
{
	const struct run_status *known = *role->known;
	const struct analysis_run *named = known != NULL ? run_named(d->w, known->name) : NULL, *found = NULL;
	/* Past the last step an undecided run pauses nothing, so that there is nothing that a user could have taken
	 * back. */
	bool passed = steps_count(d) > 0 && d->was->current_step_index.is >= steps_count(d) && !d->changed;

	if (known != NULL && !is_overruled(d, role) &&
	    (named == NULL || (is_of_role(d, named, role) && !is_ended(&named->object) && !is_before_retry(d, named))))
		return named;
	for (size_t i = 0; i < d->w->n_runs; i++) {
		const struct analysis_run *run = d->w->runs[i];

		if (run == named && is_overruled(d, role))
			found = NULL; /* and so are older ones */
		else if (is_of_role(d, run, role) && !run->spec.terminate && made_by_this_update(d, &run->object) &&
			 made_by_this_try(d, &run->object))
			found = run;
	}
	return found == NULL && passed && is_overruled(d, role) && !bad(known->status) ? named : found;
}

static bool
wanted(const struct decision *d, const struct role *role)
{
	const struct analysis_found *f = analysis_of(d, role);

	if (f == NULL || f->spec->templates.n == 0 || d->st.stable_rs == NULL || d->promoted || d->aborted ||
	    d->in_window || d->without_pods || d->st.promote_full || str_eq(d->st.stable_rs, d->w->hash))
		return false;
	switch (role->place) {
	case OF_STEP: return true;
	case IN_BACKGROUND: return d->index >= (f->spec->starting_step.set ? f->spec->starting_step.is : 0);
	case BEFORE_SWITCH: return !bluegreen_is_active(d) && !bluegreen_is_quick(d);
	case AFTER_SWITCH: return bluegreen_is_active(d) && !bluegreen_is_quick(d);
	case OF_EXPERIMENT: break; /* the experiment's own */
	}
	return false;
}

/* While there is a pause no run begins but the one in the background; one that looks at pods begins when they are there. */
static bool
may_begin(const struct decision *d, const struct role *role)
{
	if (role->place == IN_BACKGROUND)
		return true;
	if (*role->known != NULL && str_eq((*role->known)->status, "Successful"))
		return false; /* somebody deleted it */
	return d->st.pause_conditions.n == 0 && (d->blue_green == NULL || bluegreen_is_ready(d));
}

static void
record(struct decision *d, const struct role *role, const struct analysis_run *run)
{
	struct run_status *rs = arena_alloc(d->arena, sizeof(*rs));

	*rs = (struct run_status){ run->object.meta.name, run->status.phase != NULL ? run->status.phase : "",
		run->status.message };
	*role->known = rs;
}

static void
verdict(struct decision *d, const struct role *role)
{
	const struct analysis_run *run = current(d, role);
	const char *previous;

	if (run == NULL)
		return;
	previous = is_known(*role->known, run) ? (*role->known)->status : "";
	if (phase_is_final(run->status.phase) && !str_eq(previous, run->status.phase))
		plan_status_event(d->plan, &d->w->rollout->object, bad(run->status.phase),
		    arena_printf(d->arena, "AnalysisRun%s", run->status.phase),
		    "%s Analysis Run '%s' Status New: '%s' Previous: '%s'", role->label, run->object.meta.name,
		    run->status.phase, previous);
	if (bad(run->status.phase) && !d->aborted) {
		d->aborted = true;
		d->abort_message = arena_printf(d->arena, "%s phase error/failed: %s", role->title,
		    run->status.message != NULL ? run->status.message : run->status.phase);
		plan_reason(d->plan, "analysis run %s is %s", run->object.meta.name, run->status.phase);
	}
	if (role->place != IN_BACKGROUND)
		record(d, role, run);
	if (str_eq(run->status.phase, "Inconclusive") && !d->aborted && !d->st.promote_full && !steps_are_passed(d))
		pause_add(d, PAUSE_INCONCLUSIVE);
}

/* A retry measures anew, also what had succeeded: its pods are others. A verdict that is overruled is kept, so that
 * it stays so. */
static void
forget(struct decision *d, const struct role *role)
{
	const struct analysis_run *run = *role->known != NULL ? run_named(d->w, (*role->known)->name) : NULL;

	if (!is_overruled(d, role) && (run == NULL || is_before_retry(d, run)))
		*role->known = NULL;
}

/* A user who resumes after an inconclusive run before the switch has it measured again; the same act does not permit the switch.
 * A run after the switch that an earlier try left in the status has no part in this: the promotion of a retry would be lost. */
static void
measure_again(struct decision *d, const struct role *role)
{
	if (role->place == BEFORE_SWITCH && d->was->pause_conditions.n == 0 && is_overruled(d, role))
		d->st.controller_pause = false;
}

void
runs_verdict(struct decision *d)
{
	struct role roles[ROLES];

	if (d->promoted || d->changed || d->w->new_rs == NULL)
		return;
	d->revision = revision_of(&d->w->new_rs->object);
	roles_of(d, roles);
	for (size_t i = 0; i < ROLES; i++) {
		if (d->retried)
			forget(d, &roles[i]);
		measure_again(d, &roles[i]);
		/* A run of before the switch has had its say. */
		if (roles[i].place == BEFORE_SWITCH && bluegreen_is_active(d))
			continue;
		if (roles[i].place == IN_BACKGROUND || analysis_of(d, &roles[i]) != NULL)
			verdict(d, &roles[i]);
	}
}

/* What the other controller's clients find a run by. */
static json_t *
run_labels(struct decision *d, const struct role *role, const struct run_metadata *extra)
{
	json_t *labels = string_map_encode(&d->w->rollout->spec.selector->match_labels);

	for (size_t i = 0; extra != NULL && i < extra->labels.n; i++)
		json_object_set_new(labels, extra->labels.at[i].key, json_string(extra->labels.at[i].value));
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(d->w->hash));
	json_object_set_new(labels, LABEL_TYPE, json_string(role->label));
	if (role->step >= 0)
		json_object_set_new(labels, LABEL_STEP, json_sprintf("%" PRId64, role->step));
	return labels;
}

static void
create(struct decision *d, const struct role *role)
{
	const struct analysis_found *f = analysis_of(d, role);
	const struct run_metadata *extra = f->spec->run_metadata;
	_cleanup_(json_decrefp) json_t *rollout = rollout_for_args(d->w->rollout);
	struct args_source from = { .rollout = rollout, .latest_hash = d->w->hash, .stable_hash = d->st.stable_rs };
	struct run_wish wish = { .owner = &d->w->rollout->object,
		.name = base_name(d, role),
		.analysis = f,
		.from = &from,
		.labels = run_labels(d, role, extra),
		.annotations = extra != NULL ? string_map_encode(&extra->annotations) : json_object() };
	const char *name;
	struct err *e;

	json_object_set_new(wish.annotations, ANNOTATION_REVISION, json_sprintf("%" PRId64, d->revision));
	json_object_set_new(
	    wish.annotations, ANNOTATION_STEP_HASH, json_string(d->w->step_hash != NULL ? d->w->step_hash : ""));
	/* Not recorded in the status before it is seen: the create may fail. */
	if ((e = run_create(d->plan, d->w->view, &wish, &name)) != NULL)
		abort_now(d, err_text(d->arena, e)); /* without the gate the update must not go on */
}

void
history_limits(const struct decision *d, int64_t ret[2])
{
	const struct analysis_history *h = d->w->rollout->spec.analysis;

	ret[0] = h != NULL && h->successful_limit.set ? h->successful_limit.is : HISTORY_LIMIT;
	ret[1] = h != NULL && h->unsuccessful_limit.set ? h->unsuccessful_limit.is : HISTORY_LIMIT;
}

/* Runs beyond the history, and those whose revision is gone. */
static void
collect(struct decision *d)
{
	int64_t left[2];

	history_limits(d, left);
	for (size_t i = d->w->n_runs; i-- > 0;) {
		const struct analysis_run *run = d->w->runs[i];
		const char *hash = object_label(&run->object, LABEL_POD_TEMPLATE_HASH);
		bool orphan = hash != NULL && !str_eq(hash, d->w->hash) && replicaset_of(d->w, hash) == NULL;
		bool ok = str_eq(run->status.phase, "Successful");

		if (!phase_is_final(run->status.phase) || run->object.meta.deletion_timestamp != 0)
			continue;
		if (is_known(d->st.canary.background_analysis, run) || is_known(d->st.canary.step_analysis, run) ||
		    is_known(d->st.blue_green.pre_promotion_analysis, run) ||
		    is_known(d->st.blue_green.post_promotion_analysis, run))
			continue;
		if (orphan || left[ok ? 0 : 1]-- <= 0)
			plan_delete(d->plan, &run->object);
	}
}

/* A retry need not want the run yet that failed: until it does, and the next is there, the status tells which one
 * counts for nothing. */
static bool
stays_named(const struct decision *d, const struct role *role)
{
	return is_overruled(d, role) && !d->aborted && !str_eq(d->st.stable_rs, d->w->hash);
}

/* The run that is to go on, or NULL. */
static const struct analysis_run *
sync(struct decision *d, const struct role *role)
{
	bool want = wanted(d, role);
	const struct analysis_run *run = want || *role->known != NULL ? current(d, role) : NULL;

	if (want && run == NULL && may_begin(d, role))
		create(d, role);
	/* Those of a blue-green rollout stay in the status until the next update. */
	if (run != NULL && (want || d->blue_green != NULL || (d->abort_message != NULL && d->aborted)))
		record(d, role, run);
	else if (!want && !stays_named(d, role))
		*role->known = NULL;
	return want ? run : NULL;
}

static bool
is_one_of(const struct analysis_run *run, const struct analysis_run *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] != NULL && list[i] == run)
			return true;
	return false;
}

void
runs_sync(struct decision *d)
{
	const struct analysis_run *kept[ROLES];
	struct role roles[ROLES];

	roles_of(d, roles);
	for (size_t i = 0; i < ROLES; i++)
		kept[i] = sync(d, &roles[i]);
	for (size_t i = 0; i < d->w->n_runs; i++)
		if (!is_one_of(d->w->runs[i], kept, ARRAY_SIZE(kept)))
			run_terminate(d->plan, d->w->runs[i]);
	collect(d);
}
