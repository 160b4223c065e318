/* base/printable.h: text of others that is about to be shown. Pure.
 *
 * A terminal takes some characters as commands: to move, to hide what it shows, to type for its user. Text from a cluster, a repository or a
 * server never has them when it is shown: they stand there as "\u001b". What is JSON stays the same JSON, and all other Unicode is kept.
 */
#pragma once
#include "base/str.h"

/* How our own sequences begin, in place of ESC: a byte that no UTF-8 text has. "\xff[31m" is red. */
#define PRINTABLE_ESC "\xff"

/* Appends the text, with \u… in the place of control characters (but for line ends and tabs) and of those that turn the direction of text
 * round, and \x… in that of bytes that are no UTF-8. With `styles`, our own sequences become what they stand for. Returns how many bytes were
 * taken: all, or unless `end`, all but the beginning of a character that is not complete. */
size_t printable_add(struct str *, const char *at, size_t len, bool styles, bool end);
