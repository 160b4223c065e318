/* base/glob.h: globs of Argo CD's configuration (the syntax of gobwas/glob, without separators). */
#pragma once
#include <stdbool.h>

/* Whether the whole text matches. `*` is any text, also with slashes; `?` is one byte; `[a-z]` and `[!a-z]` are one
 * byte of a class; `{a,b}` is one of several globs; `\` quotes the next byte. An unclosed class or brace is plain
 * text. The number of steps is at most the product of both lengths, plus the square of the length of the glob. */
bool glob_match(const char *glob, const char *text);

/* The same, but `*` and `?` do not match the separator, and `**` is any text. '\0': no separator. */
bool glob_match_between(const char *glob, const char *text, char separator);
