/* gitops/flux/kustomization_hold.h: an aborted commit is not applied again by its Kustomization. Pure. The rule is
 * in gitops/held_revision.h. */
#pragma once
#include "gitops/flux/flux_pass.h"

/* Decides which Rollouts have aborted the revision and are not applied (gitops/held_revision.h), and returns them.
 * Updates the annotation, the condition RevisionHeld and, if a revision is held, the condition Ready. The resources are
 * those of a comparison in this pass if `compared` is set, and otherwise those of the inventory. */
struct held_revision ks_hold(struct flux_pass *, const char *revision, const struct worker_resources *, bool compared);
