/* gitops/source/helm_index.h: the login of a Helm repository in the URLs of its index. Pure.
 *
 * Helm sends credentials with each chart that the index of a repository names, wherever that is, or with none. As a
 * part of the URLs of the repository's own scheme, host and port they go there alone, and no redirect takes them
 * along.
 */
#pragma once
#include "base/arena.h"

/* The index, as YAML in any style or as JSON, with `login` ("USER:PASSWORD@", escaped) in each text of it that is a
 * URL of the server that `repo_url` names, and names no user itself. In the arena; NULL: it becomes too long. */
const char *helm_index_with_login(struct arena *, const char *index, const char *repo_url, const char *login);
