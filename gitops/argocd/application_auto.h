/* gitops/argocd/application_auto.h: automated syncs and self-heal of an Application, sync windows, and the revision
 * that is held back. Pure. */
#pragma once
#include "gitops/argocd/application_result.h"

/* Updates which Rollouts are not synced to the revision (gitops/held_revision.h), the annotation and the condition
 * RevisionHeld. `compared`: the resources are those of a comparison in this pass, else of the status. `revision`
 * NULL: nothing is compared yet, and nothing changes. */
struct held_revision app_auto_hold(
    struct app_pass *, const char *revision, const struct worker_resources *, bool compared);

/* Releases the held revision: a user requests a sync. */
void app_auto_release(struct app_pass *);

/* Returns whether the sync windows of the project permit a sync now. If not, the condition SyncError says why, and
 * the pass is repeated when that changes. `manual`: a user requests the sync. */
bool app_auto_may_sync(struct app_pass *, bool manual);

/* Begins a sync, if the policy and the result of the last sync permit it. */
void app_auto_consider(
    struct app_pass *, const struct worker_response *, const struct app_summed *, const struct held_revision *);
