/* gitops/flux/kustomization_hold.c: an aborted commit is not applied again by its Kustomization: annotation and
 * conditions. The rule is in gitops/held_revision.c. */
#include "gitops/flux/kustomization_hold.h"
#include "base/str.h"
#include "kube/api/application.h"

#define REASON "RevisionHeld"

static bool
ks_is_attempted(const struct flux_pass *p, const char *revision)
{
	return str_eq(p->w.status.last_attempted_revision, revision) &&
	       p->w.status.observed_generation == p->w.object->meta.generation;
}

struct held_revision
ks_hold(struct flux_pass *p, const char *revision, const struct worker_resources *resources, bool compared)
{
	struct held_revision held = held_revision_read(p->arena, p->w.object);
	const struct held_input in = { .object = p->w.object,
		.view = p->w.pass->view,
		.now = p->w.now,
		.revision = revision,
		.generation = p->w.object->meta.generation,
		.spec = p->w.object->meta.generation,
		.attempted = ks_is_attempted(p, revision),
		.requested = flux_pass_is_requested(p),
		.resources = resources,
		.compared = compared };
	const char *text;

	if (held_revision_update(&held, &in, &p->memory.held, p->plan))
		plan_merge(p->plan, p->w.object,
		    json_pack("{s:{s:{s:o}}}", "metadata", "annotations", ANNOTATION_HELD,
			held_revision_annotation(p->arena, &held)));
	text = held_revision_text(p->arena, &held);
	flux_pass_condition(p, REASON, text != NULL ? CONDITION_TRUE : CONDITION_NONE, "RolloutAborted", text);
	if (text != NULL)
		flux_pass_condition(p, "Ready", CONDITION_FALSE, REASON, text);
	return held;
}
