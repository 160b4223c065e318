/* base/float.h: numbers as Go writes them. Pure. Source: Go's strconv.FormatFloat, fmt's %v and encoding/json. */
#pragma once
#include "base/arena.h"

#define FLOAT_EXPONENT_V 21 /* fmt's %v writes this and larger exponents with "e" */
#define FLOAT_EXPONENT_PRINT 6 /* expr's string() of a float */

/* Returns the shortest decimal text that reads back as d, in the arena: with an exponent where it is less than -4, or
 * exponent_min and above. "NaN", "+Inf" and "-Inf" are texts too. */
const char *float_shortest(struct arena *, double d, int exponent_min);

/* Returns the text of %v, in the arena. */
const char *float_text(struct arena *, double d);

/* Returns the text of encoding/json, in the arena. */
const char *float_json(struct arena *, double d);
