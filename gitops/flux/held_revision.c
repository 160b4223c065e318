/* gitops/flux/held_revision.c: a commit that a rollout aborted, in a Kustomization. */
#include "base/str.h"
#include "gitops/flux/flux_parts.h"
#include "gitops/held_revision.h"
#include "kube/api/application.h"

#define REASON "RevisionHeld"

/* It is about this commit, and about the Kustomization as it was when that was applied. */
static bool
is_about(const struct flux *f, const json_t *held, const char *revision)
{
	return str_eq(json_str(held, "revision"), revision) &&
	       json_int(held, "generation", 0) == f->object->meta.generation;
}

static bool
is_attempted(const struct flux *f, const char *revision)
{
	return str_eq(json_str(f->was, "lastAttemptedRevision"), revision) &&
	       json_int(f->was, "observedGeneration", 0) == f->object->meta.generation;
}

static void
write_held(struct flux *f, const json_t *held)
{
	plan_merge(f->plan, f->object,
	    json_pack("{s:{s:{s:o}}}", "metadata", "annotations", ANNOTATION_HELD, held_written(f->arena, held)));
}

json_t *
flux_hold(struct flux *f, const char *revision, const struct worker_resources *resources, bool answered)
{
	json_t *is = held_read(f->object), *rollouts;
	bool changed = false;
	int64_t applied;

	if (is != NULL && (flux_is_requested(f) || !is_about(f, is, revision))) {
		plan_status_event(f->plan, f->object, false, "RevisionReleased", "Revision %s is no longer held",
		    json_str(is, "revision"));
		json_decref(is);
		is = NULL;
		changed = true;
	}
	rollouts = is != NULL ? json_incref(json_object_get(is, "rollouts")) : json_object();
	applied = held_applied(f->plan, f->pass,
	    arena_printf(f->arena, "%s %lld", revision, (long long)f->object->meta.generation),
	    answered ? resources : NULL, rollouts);
	if (!flux_is_requested(f) && is_attempted(f, revision))
		changed |= held_add(f->plan, f->object, f->pass->view, applied, resources, revision, rollouts);
	if (is != NULL && answered)
		changed |= held_drop(f->plan, f->object, resources, revision, rollouts);
	if (is != NULL && json_object_size(rollouts) == 0) {
		json_decref(is);
		is = NULL;
	}
	if (is == NULL && json_object_size(rollouts) > 0)
		is = json_pack("{s:s, s:I, s:O}", "revision", revision, "generation",
		    (json_int_t)f->object->meta.generation, "rollouts", rollouts);
	if (changed)
		write_held(f, is);
	flux_condition(
	    f, REASON, is != NULL ? "True" : NULL, "RolloutAborted", held_text(f->arena, revision, rollouts));
	if (is != NULL)
		flux_condition(f, "Ready", "False", REASON, held_text(f->arena, revision, rollouts));
	json_decref(rollouts);
	return is;
}
