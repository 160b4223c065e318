/* base/letters.h: upper and lower case of UTF-8 text, character by character, whatever the locale. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* The character's other case; itself when it has none. */
uint32_t letter_upper(uint32_t);
uint32_t letter_lower(uint32_t);

/* The next character, and *s behind it. A byte that is no UTF-8 is a character by itself. Not to be called at the end. */
uint32_t letters_next(const char **s);

/* The text in upper (or lower) case: all of it, or its first character alone. In the arena. */
const char *letters_cased(struct arena *, const char *, bool upper, bool all);

/* The text, with U+FFFD in place of each byte that is no UTF-8; of one that is longer than `max` bytes (> 3) the beginning, and "…". The text
 * itself where nothing is to be changed, else in the arena. */
const char *letters_shown(struct arena *, const char *text, size_t max);
