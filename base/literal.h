/* base/literal.h: string literals as Go has them, in templates and conditions. */
#pragma once
#include "base/arena.h"

/* Reads "…" or '…', with escapes, or `…`, without, which begins at `at`. What it says, in the arena, with *ret_end behind the closing
 * quote; NULL: it is none, and *ret_why says why. It is at most `max` bytes long. */
char *literal_read(struct arena *, const char *at, size_t max, const char **ret_end, const char **ret_why);
