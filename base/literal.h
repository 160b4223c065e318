/* base/literal.h: string literals of Go, in templates and conditions. */
#pragma once
#include "base/arena.h"

/* Reads "…" or '…' with escapes, or `…` without, at `at`, of at most `max` bytes. Returns its text in the arena, and
 * *ret_end after the closing quote. NULL if it is not a literal, with the reason in *ret_why. */
char *literal_read(struct arena *, const char *at, size_t max, const char **ret_end, const char **ret_why);
