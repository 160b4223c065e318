/* gitops/source/go_glob.h: the globs of Go's package path, which Flux uses for values and for the names of files. */
#pragma once
#include "base/arena.h"

/* The whole text matches: 1; or not: 0; -1: the glob is wrong. A star is any text, also with slashes: it takes the
 * least that lets what is behind it match, and is not tried again. `?` is a character, `[a-z]` and `[^a-z]` are
 * classes, and what is behind a backslash is itself. The arena is for the time of the call. */
int go_glob_match(struct arena *, const char *glob, const char *text);
