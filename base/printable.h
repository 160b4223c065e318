/* base/printable.h: makes text from outside safe for a terminal. Pure.
 *
 * Terminals interpret some characters as commands: to move the cursor, to hide text, to send input. In text from a
 * cluster, a repository or a server they are replaced with escapes such as "\u001b". JSON remains the same JSON, and
 * all other Unicode is kept.
 */
#pragma once
#include "base/str.h"

/* The first byte of own sequences, instead of ESC. UTF-8 text never has this byte. "\xff[31m" is red. */
#define PRINTABLE_ESC "\xff"

/* Appends the text. Control characters (except line ends and tabs) and marks that change the direction of text
 * become \u…; bytes that are not UTF-8 become \x…. With `styles`, own sequences are sent to the terminal. Returns
 * the number of bytes used: all of them, or without `end` all except an incomplete character at the end. */
size_t printable_add(struct str *, const char *at, size_t len, bool styles, bool end);
