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
	int32_t zone; /* seconds east of UTC: the offset in which it is printed */
};

/* A value; arrays, maps and strings point into the arena of the evaluation. */
struct value {
	enum value_kind kind;
	bool floats; /* ARRAY: its type is a list of floats, as of a Prometheus vector */
	bool any_keys; /* MAP: its keys may be of any kind (groupBy, fromPairs); those of others are strings */
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
struct value value_bytes(const char *, size_t n); /* a string of any bytes; borrowed, with a NUL after its end */
struct value value_array(struct arena *, size_t n); /* elements are nil until set */
struct value value_time(struct moment);
struct value value_duration(int64_t ns);

/* A JSON value as the decoder of Go returns it: every number is a float. */
struct value value_from_json(struct arena *, const json_t *);
/* NULL if JSON cannot represent it: NaN, or a map with keys that are not strings. */
json_t *value_to_json(const struct value *);

/* A list of floats as text: "NaN", "+Inf" and "-Inf" are floats too. */
struct value value_from_floats(struct arena *, const double *, size_t n);

/* The number of values in a value, itself included; more than `max` if there are more, or if lists are nested deeper
 * than VALUE_DEPTH_MAX. A condition can put a list into itself many times over. Therefore each function that visits all
 * values in a value calls this first. */
#define VALUE_DEPTH_MAX 300
size_t value_nodes(const struct value *, size_t max);

/* The bytes of all strings in a value, or more than max. Its values must have been counted before. */
size_t value_text_len(const struct value *, size_t max);

/* Deep equality; int and float compare as numbers, NaN equals nothing. */
bool value_equal(const struct value *, const struct value *);

/* Sets *ret to a number as a float. False: it is not a number. */
bool value_number(const struct value *, double *ret);

/* Returns the value of a key in a map, or NULL. */
const struct value *value_member(const struct value *map, const struct value *key);

/* "array", "map", "float", "time", …; type() of the language returns "time.Time" for the last. */
const char *value_kind_name(enum value_kind);

/* The text of %v of Go: "[1 2]", "map[a:1]", "<nil>". In the arena. */
const char *value_print(struct arena *, const struct value *);

/* The value of a measurement as Argo Rollouts writes it: "[0.2]", "0.5", JSON. In the arena. */
const char *value_text(struct arena *, const struct value *);
