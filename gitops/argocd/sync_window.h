/* gitops/argocd/sync_window.h: sync windows: the times at which an AppProject permits syncs. Pure.
 *
 * Source: Argo CD's documentation, "Sync Windows". Their schedules are cron's (cron.h).
 */
#pragma once
#include "base/err.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"

/* Returns whether the sync windows permit a sync of the Application now. If not, *ret_why is the reason, in the arena,
 * and *ret_until the time of the next change (wall ms; 0: not within a year). `manual`: a user requested the sync. */
bool sync_windows_permit(struct arena *, const struct app_project *, const struct application *, int64_t now,
    bool manual, const char **ret_why, int64_t *ret_until);
