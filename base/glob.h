/* base/glob.h: globs as Argo CD's configuration has them (the syntax of gobwas/glob, without separators). */
#pragma once
#include <stdbool.h>

/* The whole text matches: `*` is any text, also of several directories, `?` one byte, `[a-z]` and `[!a-z]` one of a class,
 * `{a,b}` one of several globs, and `\` takes what follows as it is. A glob that is not closed is text. Takes as
 * many steps as the two lengths multiplied, and to read the glob at most its length squared, whatever they are. */
bool glob_match(const char *glob, const char *text);

/* The same, but `*` and `?` are never the separator, and `**` is any text. '\0': there is none. */
bool glob_match_between(const char *glob, const char *text, char separator);
