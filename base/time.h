/* base/time.h: times (RFC 3339), and durations in the syntax of Go.
 *
 * A time is an int64_t of milliseconds since 1970-01-01T00:00:00Z; 0 means "not set" (Go omits a
 * zero metav1.Time). Arithmetic saturates. Nothing here reads a clock: only io/loop_*.c does.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

#define TIME_MAX (INT64_MAX / 2)

/* Reads "2026-11-23T16:48:07Z", also with a fraction and an offset. Truncates to milliseconds. Returns false if
 * invalid. */
bool time_parse(const char *, int64_t *ret);

/* Returns the stored form of metav1.Time: UTC ("Z"), truncated to seconds. */
char *time_format(struct arena *, int64_t ms);

#define TIME_TEXT_SIZE 40

/* Writes the time into memory of the caller, of TIME_TEXT_SIZE bytes, and returns that memory. */
char *time_print(char *ret, int64_t ms);

/* Returns the time truncated to seconds, as when it is stored. */
int64_t time_stored(int64_t ms);

/* Returns a + b, saturated at ±TIME_MAX. */
int64_t time_add(int64_t a, int64_t b);

/* Reads a duration as Go's time.ParseDuration: "300ms", "-1.5h", "2h45m", "0"; units ns us µs ms s m h. *ret_ms is
 * saturated and truncated. Returns false if invalid. */
bool duration_parse(const char *, int64_t *ret_ms);

/* Convert a date of the proleptic Gregorian calendar to days since 1970-01-01, and back. Months and days start at 1. */
int64_t time_days(int64_t year, int64_t month, int64_t day);
void time_civil(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day);

/* Like duration_parse, in nanoseconds. Returns false also if the result does not fit. */
bool duration_parse_ns(const char *, int64_t *ret_ns);

/* Returns the short form of kubectl for ages: "5s", "2m3s", "4h", "3d2h". */
char *duration_human(struct arena *, int64_t ms);
