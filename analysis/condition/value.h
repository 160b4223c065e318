/* analysis/condition/value.h: the values of the condition language. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"

enum value_kind {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_MAP,
	VALUE_TIME,
	VALUE_DURATION, /* ns */
	VALUE_MONTH, /* from January = 1 */
	VALUE_WEEKDAY, /* from Sunday = 0 */
	VALUE_ZONE, /* seconds east of UTC */
	VALUE_KIND_MAX
};

struct value_entry;

/* A point in time, exact to the nanosecond: moment.h. */
struct moment {
	int64_t s; /* seconds since 1970 */
	int32_t ns; /* from 0 to 999999999 */
	int32_t zone; /* seconds east of UTC: the offset that it is shown in */
};

/* A value; arrays, maps and strings point into the arena of the evaluation. */
struct value {
	enum value_kind kind;
	bool floats; /* ARRAY: a list of floats by type (a Prometheus vector), so that its elements are known to be */
	bool any_keys; /* MAP: its keys may be of any kind (groupBy, fromPairs); others have strings only */
	union {
		bool b;
		int64_t i;
		double f;
		struct {
			const char *at;
			size_t len;
		} s;
		struct {
			struct value *at;
			size_t n;
		} array;
		struct {
			struct value_entry *at;
			size_t n;
		} map;
		struct moment time;
	};
};

struct value_entry {
	struct value key, value;
};

struct value value_bool(bool);
struct value value_int(int64_t);
struct value value_float(double);
struct value value_string(const char *);
struct value value_bytes(const char *, size_t n); /* a string that may hold any byte; borrowed, NUL behind its end */
struct value value_array(struct arena *, size_t n); /* elements are nil until set */
struct value value_time(struct moment);
struct value value_duration(int64_t ns);

/* A JSON value as Go's decoder hands it over: every number is a float. */
struct value value_from_json(struct arena *, const json_t *);
/* NULL when it holds what JSON has no word for: NaN, or a map with other keys than strings. */
json_t *value_to_json(const struct value *);

/* A list of floats as text: "NaN", "+Inf" and "-Inf" are floats too. */
struct value value_from_floats(struct arena *, const double *, size_t n);

/* How many values there are in one, itself counted; more than `max` when there are more, or lists are nested deeper than
 * VALUE_DEPTH_MAX. A condition can share a list with itself, so that what looks small has no end: whatever walks over values asks
 * this first. */
#define VALUE_DEPTH_MAX 300
size_t value_nodes(const struct value *, size_t max);

/* The bytes of all texts in a value, or more than max. Its nodes must have been counted before. */
size_t value_text_len(const struct value *, size_t max);

/* Deep equality; int and float compare as numbers, NaN equals nothing. */
bool value_equal(const struct value *, const struct value *);

/* As a float, for a number; false otherwise. */
bool value_number(const struct value *, double *ret);

/* The map's value for a key, or NULL. */
const struct value *value_member(const struct value *map, const struct value *key);

/* "array", "map", "float", "time", …; type() of the language says "time.Time" for the last. */
const char *value_kind_name(enum value_kind);

/* As Go's fmt prints it with %v: "[1 2]", "map[a:1]", "<nil>". In the arena. */
const char *value_print(struct arena *, const struct value *);

/* How Argo Rollouts writes a measurement's value: "[0.2]", "0.5", JSON. In the arena. */
const char *value_text(struct arena *, const struct value *);
