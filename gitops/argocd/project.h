/* gitops/argocd/project.h: what an AppProject lets its Applications do. Pure.
 *
 * Source: Argo CD's documentation, "Projects", "Sync Windows". In lists of globs one that begins with "!" forbids, whatever the others allow;
 * in those of repositories `*` is a part between slashes and `**` any.
 */
#pragma once
#include "base/err.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"

/* What is wrong with the project itself, in the arena; NULL: nothing. */
const char *project_problem(struct arena *, const struct app_project *);

/* NULL, or an error that says what of the Application's source, destination or namespace is not allowed. The destination has both its server and
 * its name, as far as they are known; `namespace` is the controller's. */
struct err *project_check(struct arena *, const struct app_project *, const struct application *,
    const struct application_destination *, const char *namespace);

/* Objects may go to this namespace of the Application's cluster. */
bool project_permits_namespace(const struct app_project *, const struct application_destination *, const char *ns);

/* An object of this kind may be. */
bool project_permits_kind(
    const struct app_project *, const char *group, const char *kind, const char *name, bool cluster_scoped);

/* A sync may begin now, as far as windows say. False: why not, in the arena, and when that changes (wall ms; 0: not in a year). */
bool project_permits_sync(struct arena *, const struct app_project *, const struct application *, int64_t now,
    bool manual, const char **ret_why, int64_t *ret_until);
