/* gitops/source/go_glob.h: the globs of Go's package path, which Flux uses for values and for the names of files. */
#pragma once
#include "base/arena.h"

/* Returns 1 if the whole text matches, 0 if not, -1 if the glob is wrong. A star is any text, also with slashes: it
 * takes the shortest text after which the rest can begin to match, and is not retried with a longer one. `?` is a
 * character, `[a-z]` and `[^a-z]` are classes, and a character after a backslash is itself. The arena is used during
 * the call only. */
int go_glob_match(struct arena *, const char *glob, const char *text);
