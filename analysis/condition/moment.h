/* analysis/condition/moment.h: times of the condition language, as Go's package time has them.
 *
 * A moment has nanoseconds and an offset, in which it is printed. The only zone with a name is UTC, because this folder
 * reads no files. Nothing here reads a clock.
 */
#pragma once
#include "analysis/condition/value.h"

#define MOMENT_SECOND INT64_C(1000000000) /* in nanoseconds */

/* The date and time of a moment in its own zone. */
struct moment_parts {
	int64_t year;
	int month, day, hour, minute, second; /* month and day from 1 */
	int weekday, year_day; /* from Sunday = 0; from 1 */
};

struct moment moment_from_ms(int64_t ms);
int64_t moment_ms(struct moment); /* cut, saturating */

struct moment_parts moment_parts(struct moment);

/* Parts may be out of range, as for time.Date of Go: October 32 is November 1. */
struct moment moment_from_parts(const struct moment_parts *, int32_t ns, int32_t zone);

/* Nanoseconds from b to a, saturating. */
int64_t moment_sub(struct moment a, struct moment b);
struct moment moment_add(struct moment, int64_t ns);
int moment_compare(struct moment, struct moment);

/* Returns the multiple of `ns` since the zero time of Go before the moment, or the nearest; the moment itself if ns <=
 * 0. */
struct moment moment_truncate(struct moment, int64_t ns, bool round);

/* Formats by a layout of Go: "2006-01-02T15:04:05Z07:00". The text is in the arena. */
const char *moment_format(struct arena *, struct moment, const char *layout);

/* Parses by a layout. A text without an offset is in `zone` (seconds east of UTC). False: it does not match. */
bool moment_parse(const char *layout, const char *text, int32_t zone, struct moment *ret);

/* "2024-01-01 00:00:00 +0000 UTC" */
const char *moment_text(struct arena *, struct moment);

/* "1h0m0s", "1.5s", "200ms", "0s" */
const char *moment_duration_text(struct arena *, int64_t ns);

extern const char *const moment_months[12], *const moment_weekdays[7];
