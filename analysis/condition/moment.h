/* analysis/condition/moment.h: times of the condition language, as Go's package time has them.
 *
 * A moment is exact to the nanosecond and remembers the offset it was written with. Zones with a name are not known but for
 * UTC: this folder reads no files. Nothing here reads a clock.
 */
#pragma once
#include "analysis/condition/value.h"

#define MOMENT_SECOND INT64_C(1000000000) /* in nanoseconds */

/* The calendar of a moment in its own zone. */
struct moment_parts {
	int64_t year;
	int month, day, hour, minute, second; /* month and day from 1 */
	int weekday, year_day; /* from Sunday = 0; from 1 */
};

struct moment moment_from_ms(int64_t ms);
int64_t moment_ms(struct moment); /* cut, saturating */

struct moment_parts moment_parts(struct moment);

/* Parts may be out of their range, as time.Date takes them: October 32 is November 1. */
struct moment moment_from_parts(const struct moment_parts *, int32_t ns, int32_t zone);

/* Nanoseconds from b to a, saturating. */
int64_t moment_sub(struct moment a, struct moment b);
struct moment moment_add(struct moment, int64_t ns);
int moment_compare(struct moment, struct moment);

/* Down to, or to the nearest, multiple of `ns` since Go's zero time; the moment itself when ns <= 0. */
struct moment moment_truncate(struct moment, int64_t ns, bool round);

/* By a layout of Go's: "2006-01-02T15:04:05Z07:00". The text is in the arena. */
const char *moment_format(struct arena *, struct moment, const char *layout);

/* Reads by a layout; a text without an offset is in `zone` (seconds east of UTC). False when it does not match. */
bool moment_parse(const char *layout, const char *text, int32_t zone, struct moment *ret);

/* "2024-01-01 00:00:00 +0000 UTC" */
const char *moment_text(struct arena *, struct moment);

/* "1h0m0s", "1.5s", "200ms", "0s" */
const char *moment_duration_text(struct arena *, int64_t ns);

extern const char *const moment_months[12], *const moment_weekdays[7];
