/* base/float.c: numbers as text, as Go prints them: precision is increased until the text reads back as the same
 * number. */
#include "base/float.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT_EXPONENT_NEVER 400 /* above that of any number */
#define FLOAT_EXPONENT_MAX 21 /* larger ones are written with "e" by encoding/json too */

const char *
float_shortest(struct arena *a, double d, int exponent_min)
{
	char text[40], *e;
	int precision, exponent;

	if (isnan(d))
		return "NaN";
	if (isinf(d))
		return d > 0 ? "+Inf" : "-Inf";
	for (precision = 1; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, d);
		if (strtod(text, NULL) == d)
			break;
	}
	snprintf(text, sizeof(text), "%.*e", precision - 1, d);
	e = strchr(text, 'e');
	exponent = e != NULL ? (int)strtol(e + 1, NULL, 10) : 0;
	if (exponent < -4 || exponent >= exponent_min)
		return arena_printf(a, "%s", text);
	return arena_printf(a, "%.*f", precision - 1 - exponent > 0 ? precision - 1 - exponent : 0, d);
}

const char *
float_text(struct arena *a, double d)
{
	return float_shortest(a, d, FLOAT_EXPONENT_MAX);
}

const char *
float_plain(struct arena *a, double d)
{
	const char *text = float_shortest(a, d, FLOAT_EXPONENT_NEVER), *e = strchr(text, 'e');

	if (e == NULL)
		return text;
	return arena_printf(
	    a, "%.*f", (int)(e - text) - 1 - (d < 0) - (strchr(text, '.') != NULL) - (int)strtol(e + 1, NULL, 10), d);
}

const char *
float_json(struct arena *a, double d)
{
	const char *text = float_shortest(a, d, FLOAT_EXPONENT_MAX), *e = strchr(text, 'e');
	int exponent = e != NULL ? (int)strtol(e + 1, NULL, 10) : 0;

	if (e == NULL || exponent >= 21)
		return text;
	if (exponent > -7)
		return arena_printf(
		    a, "%.*f", (int)(e - text) - 1 - (d < 0) - (strchr(text, '.') != NULL) - exponent, d);
	return arena_printf(a, "%.*se%d", (int)(e - text), text, exponent);
}
