/* base/utf8.h: characters of UTF-8 text: validity, upper and lower case; independent of the locale. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* Return the other case of a character, or the character itself. */
uint32_t utf8_upper(uint32_t);
uint32_t utf8_lower(uint32_t);

/* Returns the next character and moves *s after it. A byte that is not UTF-8 is one character. Not for the end of a
 * text. */
uint32_t utf8_next(const char **s);

/* Returns the text in upper or lower case, in the arena: all of it, or only its first character. */
const char *utf8_cased(struct arena *, const char *, bool upper, bool all);

/* Returns the text with U+FFFD for each byte that is not UTF-8, and cut to `max` bytes (> 3) with "…" at the end.
 * Returns the text itself if nothing changes, else a copy in the arena. */
const char *utf8_shown(struct arena *, const char *text, size_t max);
