/* base/float.h: numbers as Go writes them. Pure. Source: Go's strconv.FormatFloat, fmt's %v and encoding/json. */
#pragma once
#include "base/arena.h"

#define FLOAT_EXPONENT_FMT 6 /* fmt's %v: 1000000.0 is "1e+06" */

/* Returns the shortest decimal text that reads back as d, in the arena: with an exponent where it is less than -4, or
 * exponent_min and above. "NaN", "+Inf" and "-Inf" are texts too. */
const char *float_shortest(struct arena *, double d, int exponent_min);

/* Returns plain decimals up to 1e21, in the arena. */
const char *float_text(struct arena *, double d);

/* Returns plain decimals of any length: those of strconv.FormatFloat with 'f' and -1. In the arena. */
const char *float_plain(struct arena *, double d);

/* Returns the text of encoding/json, in the arena. */
const char *float_json(struct arena *, double d);
