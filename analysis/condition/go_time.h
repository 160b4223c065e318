/* analysis/condition/go_time.h: times of the condition language, as Go's package time has them.
 *
 * A moment has nanoseconds and an offset, in which it is printed. The only zone with a name is UTC, because this folder
 * reads no files. Nothing here reads a clock.
 */
#pragma once
#include "analysis/condition/value.h"

#define GO_TIME_SECOND INT64_C(1000000000) /* in nanoseconds */

/* The date and time of a moment in its own zone. */
struct go_time_parts {
	int64_t year;
	int month, day, hour, minute, second; /* month and day from 1 */
	int weekday; /* Sunday is 0 */
	int year_day; /* January 1 is 1 */
};

/* Returns the moment that is `ms` milliseconds after 1970 began, in UTC. */
struct go_time go_time_from_ms(int64_t ms);

/* Returns the milliseconds from 1970 to the moment, without fractions; outside of int64_t: its ends. */
int64_t go_time_ms(struct go_time);

/* Returns the date and time of the moment in its own zone. */
struct go_time_parts go_time_parts(struct go_time);

/* Returns the moment of a date and time. Parts may be out of range, as for time.Date of Go: October 32 is November 1.
 * `ns` are the nanoseconds of its second, `zone` the seconds east of UTC. */
struct go_time go_time_from_parts(const struct go_time_parts *, int32_t ns, int32_t zone);

/* Returns the nanoseconds from b to a; outside of int64_t: its ends. */
int64_t go_time_sub(struct go_time a, struct go_time b);

/* Returns the moment `ns` nanoseconds later, in the same zone. */
struct go_time go_time_add(struct go_time, int64_t ns);

/* Returns -1, 0 or 1 if a is before b, the same time, or after it. Zones do not matter. */
int go_time_compare(struct go_time a, struct go_time b);

/* Returns the last multiple of `ns`, counted from the zero time of Go, that is not after the moment; with `ns` <= 0 the
 * moment itself. */
struct go_time go_time_truncate(struct go_time, int64_t ns);

/* Returns the nearest multiple of `ns`, counted from the zero time of Go; the later one of two that are equally near.
 * With `ns` <= 0 it is the moment itself. */
struct go_time go_time_round(struct go_time, int64_t ns);

/* Returns the moment by a layout of Go, such as "2006-01-02T15:04:05Z07:00". The text is in the arena. */
const char *go_time_format(struct arena *, struct go_time, const char *layout);

/* Parses a text by a layout of Go. A text without an offset is in `zone` (seconds east of UTC). Returns false if the
 * text does not match; *ret is then unchanged. */
bool go_time_parse(const char *layout, const char *text, int32_t zone, struct go_time *ret);

/* Returns the moment as Go prints it: "2024-01-01 00:00:00 +0000 UTC". The text is in the arena. */
const char *go_time_text(struct arena *, struct go_time);

/* Returns a duration as Go prints it: "1h0m0s", "1.5s", "200ms", "0s". The text is in the arena. */
const char *go_time_duration_text(struct arena *, int64_t ns);

/* The English names, from January and from Sunday. */
extern const char *const go_time_months[12], *const go_time_weekdays[7];
