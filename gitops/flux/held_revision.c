/* gitops/flux/held_revision.c: a revision that a Rollout aborted, in a Kustomization. */
#include "base/str.h"
#include "gitops/flux/flux_parts.h"
#include "kube/api/application.h"

#define REASON "RevisionHeld"

static bool
held_is_attempted(const struct flux *f, const char *revision)
{
	return str_eq(json_str(f->was, "lastAttemptedRevision"), revision) &&
	       json_int(f->was, "observedGeneration", 0) == f->object->meta.generation;
}

struct held_revision
flux_hold(struct flux *f, const char *revision, const struct worker_resources *resources, bool compared)
{
	struct held_revision held = held_revision_read(f->arena, f->object);
	const struct held_input in = { .object = f->object,
		.view = f->pass->view,
		.now = f->now,
		.revision = revision,
		.generation = f->object->meta.generation,
		.spec = f->object->meta.generation,
		.attempted = held_is_attempted(f, revision),
		.requested = flux_is_requested(f),
		.resources = resources,
		.compared = compared };
	const char *text;

	if (held_revision_update(&held, &in, &f->memory.held, f->plan))
		plan_merge(f->plan, f->object,
		    json_pack("{s:{s:{s:o}}}", "metadata", "annotations", ANNOTATION_HELD,
			held_revision_annotation(f->arena, &held)));
	text = held_revision_text(f->arena, &held);
	flux_condition(f, REASON, text != NULL ? "True" : NULL, "RolloutAborted", text);
	if (text != NULL)
		flux_condition(f, "Ready", "False", REASON, text);
	return held;
}
