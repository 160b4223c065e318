/* base/time.h: RFC 3339 times and Go-syntax durations.
 *
 * A time is an int64_t of milliseconds since 1970-01-01T00:00:00Z; 0 means "not set" (as Go's zero metav1.Time is
 * omitted). Arithmetic saturates instead of wrapping. Nothing here reads a clock: only base/loop_*.c may.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

#define TIME_MAX (INT64_MAX / 2)

/* "2026-11-23T16:48:07Z", fractions and offsets allowed; false if it is none. Fractions past milliseconds are cut. */
bool time_parse(const char *, int64_t *ret);

/* The stored form: UTC, whole seconds, cut not rounded ("Z" form of metav1.Time). */
char *time_format(struct arena *, int64_t ms);

/* Cut to whole seconds, as storing would. */
int64_t time_stored(int64_t ms);

/* a + b, saturating at ±TIME_MAX. */
int64_t time_add(int64_t a, int64_t b);

/* Go's time.ParseDuration: "300ms", "-1.5h", "2h45m", "0"; units ns us µs ms s m h. Result in ms, saturating, parts
 * smaller than a millisecond cut. False if it is none. */
bool duration_parse(const char *, int64_t *ret_ms);

/* The days from 1970-01-01 to a date of the proleptic Gregorian calendar, and back. Months and days count from 1. */
int64_t time_days(int64_t year, int64_t month, int64_t day);
void time_civil(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day);

/* The same in nanoseconds, exact; false also when it does not fit. */
bool duration_parse_ns(const char *, int64_t *ret_ns);

/* Kubernetes' short form for ages: "5s", "2m3s", "4h", "3d2h". */
char *duration_human(struct arena *, int64_t ms);
