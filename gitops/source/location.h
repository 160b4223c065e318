/* gitops/source/location.h: where a repository is, and which credentials are meant for it. Pure.
 *
 * Credentials go to the server that they were given for and to no other: scheme, host and port are the same, and a
 * prefix ends at the end of a path segment. A URL that a server may read differently than it is written ("..",
 * "%2f", "//") has no credentials.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

/* Both name the same repository: whatever their case, with or without ".git", the port of the scheme, or a user. */
bool location_is_same(struct arena *, const char *url, const char *other);

/* How many parts of `url` (the host, and segments of its path) are those of `prefix`, when all of the prefix's are;
 * 0: it is not below it. A prefix that names a user is for that user alone. */
size_t location_below(struct arena *, const char *prefix, const char *url);
