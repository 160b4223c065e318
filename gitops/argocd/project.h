/* gitops/argocd/project.h: the restrictions of an AppProject on its Applications. Pure.
 *
 * Source: Argo CD's documentation, "Projects". An entry `!GLOB` of a list denies what it matches,
 * even if another entry allows it. A lone `*` allows all. In globs of repositories `*` matches within slashes and `**`
 * across them; they and the URL are normalized (gitops/source/repository_url.h).
 */
#pragma once
#include "base/err.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"

/* Returns the error in the project itself, in the arena; NULL: there is no error. */
const char *project_problem(struct arena *, const struct app_project *);

/* Returns an error that names the source, destination or namespace that the project does not permit for the
 * Application, or NULL. The destination has both its server and its name, as far as they are known; `namespace` is
 * the controller's. */
struct err *project_check(struct arena *, const struct app_project *, const struct application *,
    const struct application_destination *, const char *namespace);

/* Returns whether objects are permitted in this namespace of the Application's cluster. */
bool project_permits_namespace(const struct app_project *, const struct application_destination *, const char *ns);

/* Returns whether an Application may have objects of this kind. */
bool project_permits_kind(
    const struct app_project *, const char *group, const char *kind, const char *name, bool cluster_scoped);

/* Returns true if a glob of the list matches the text and none that begins with "!" does. `separator`: see
 * glob_match_between. */
bool project_globs_allow(const struct strings *globs, const char *text, char separator);
