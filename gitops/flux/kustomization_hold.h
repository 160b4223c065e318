/* gitops/flux/kustomization_hold.h: an aborted commit is not applied again by its Kustomization. Pure. The rule is
 * in gitops/held_revision.h. */
#pragma once
#include "gitops/flux/flux_pass.h"

/* Updates which Rollouts are not applied (gitops/held_revision.h), the annotation, and the conditions RevisionHeld
 * and, if a revision is held, Ready. `resources`: of a comparison in this pass (`compared`), or of the inventory. */
struct held_revision ks_hold(struct flux_pass *, const char *revision, const struct worker_resources *, bool compared);
