/* gitops/source/repository_url.h: the URL of a repository, in parts, and the credentials that match it. Pure.
 *
 * Credentials are sent only to the server that they are for: scheme, host and port are the same, and a prefix ends
 * at the end of a path segment. A URL that a server may normalize ("..", "%2f", "//") gets no credentials.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

/* Returns true if both are the same repository. Case, ".git", the scheme's default port, and the user do not matter. */
bool location_is_same(struct arena *, const char *url, const char *other);

/* Returns the text of a URL, or of a glob of URLs, as Argo CD compares them (NormalizeGitURL), in the arena: in lower
 * case, without ".git" and slashes at the end, "git@host:path" as "git@host/path", and without "ssh://". */
const char *location_normalize(struct arena *, const char *url);

/* Returns the normalized text without the user and password before the host, in the arena. */
const char *location_without_user(struct arena *, const char *normalized);

/* Returns a text, such as a program's message, in which no URL has a user and password, in the arena: what is between
 * "://" and the last "@" before the next slash, blank or quote is removed. Programs escape a password in other ways. */
const char *location_without_users_in(struct arena *, const char *text);

/* Returns the number of parts of `prefix` (the host, and segments of its path) if `url` begins with all of them,
 * else 0. A prefix with a user matches that user alone. */
size_t location_below(struct arena *, const char *prefix, const char *url);
