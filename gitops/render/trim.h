/* gitops/render/trim.h: ${v#glob} and ${v%glob}: the value without the beginning or end that the glob matches. */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

#define TRIM_MAX (64u << 10) /* bytes of a value, since each length of it is tried */

/* The value without the shortest (or longest) beginning that the glob matches, which is never empty: a part of
 * `value`. NULL: the value is too long. A glob that is wrong trims nothing. */
const char *trim_start(const char *value, const char *glob, bool longest);

/* The same at the end: in the arena. As in Flux, both are turned round for it, character by character, and so are
 * classes, which then are none. */
const char *trim_end(struct arena *, const char *value, const char *glob, bool longest);
