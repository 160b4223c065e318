/* gitops/source/helm_index_login.h: credentials of a Helm repository in the URLs of its index. Pure.
 *
 * Helm sends credentials either to the host of every chart that the index names, or to no host. As a part of the
 * URLs with the repository's own scheme, host and port, they are sent to that host alone, also when it redirects.
 */
#pragma once
#include "base/arena.h"

/* Returns the index (YAML or JSON) with `login` ("USER:PASSWORD@", escaped) added to each scalar that is a URL of the
 * server of `repo_url` and has no user; such a URL is then in double quotes. After an error in the text, and in UTF-16,
 * no URL gets it. In the arena; NULL: the result is too long. */
const char *helm_index_with_login(struct arena *, const char *index, const char *repo_url, const char *login);
