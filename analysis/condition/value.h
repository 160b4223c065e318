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

/* A point in time, exact to the nanosecond: go_time.h. */
struct go_time {
	int64_t s; /* seconds since 1970 */
	int32_t ns; /* from 0 to 999999999 */
	int32_t zone; /* seconds east of UTC: the offset in which it is printed */
};

/* A value. The memory of its array, map or string is in the arena of the evaluation. */
struct value {
	enum value_kind kind;
	bool floats; /* of an ARRAY: its type in Go is []float64, as that of a Prometheus vector */
	/* Of an ARRAY: it is a list of a struct in Go, whose fields are the members of each element. Others are errors
	 * before a condition is evaluated. */
	bool structs;
	bool named; /* of a STRING: its type in Go is not string, and cannot be compared with one */
	bool any_keys; /* of a MAP: its keys may be of any kind (groupBy, fromPairs); other maps have strings as keys */
	union {
		bool b;
		int64_t i; /* INT, DURATION, MONTH, WEEKDAY and ZONE */
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
		struct go_time time;
	};
};

/* An entry of a map. */
struct value_entry {
	struct value key, value;
};

/* Each returns a value of one kind. A string is borrowed: its memory must outlive the value. */
struct value value_bool(bool);
struct value value_int(int64_t);
struct value value_float(double);
struct value value_string(const char *);
struct value value_time(struct go_time);
struct value value_duration(int64_t ns);

/* Returns a string of any n bytes. They are borrowed, and a NUL must follow them. */
struct value value_bytes(const char *, size_t n);

/* Returns an array of n values, in the arena. They are nil until they are set. */
struct value value_array(struct arena *, size_t n);

/* Returns the value of JSON, in the arena, as Go's decoder returns it: every number is a float. */
struct value value_from_json(struct arena *, const json_t *);

/* Returns the JSON of a value as a new reference. Returns NULL if JSON cannot represent it: NaN, an infinity, or a map
 * with keys that are not strings. */
json_t *value_to_json(const struct value *);

/* Returns an array of these floats, with `floats` set. In the arena. */
struct value value_from_floats(struct arena *, const double *, size_t n);

/* Returns the number of values in a value, itself included; a number above `max` if there are more, or if lists are
 * nested deeper than VALUE_DEPTH_MAX. A condition can put a list into itself many times over, so that it has more
 * values than can be visited. Therefore each function that visits all of them calls this first. */
#define VALUE_DEPTH_MAX 300
size_t value_nodes(const struct value *, size_t max);

/* Returns the bytes of all strings in a value, or a number above `max`. value_nodes() must have been called before. */
size_t value_text_len(const struct value *, size_t max);

/* Returns whether two values are equal, with all values in them. Int and float compare as numbers; NaN equals
 * nothing. */
bool value_equal(const struct value *, const struct value *);

/* Sets *ret to the value as a float. Returns false, and leaves *ret, if it is neither an int nor a float. */
bool value_number(const struct value *, double *ret);

/* Returns the value of a key in a map, or NULL. */
const struct value *value_member(const struct value *map, const struct value *key);

/* Returns the name of a kind for messages: "array", "map", "float", "time". (The function type() of the language
 * returns "time.Time" for a time.) */
const char *value_kind_name(enum value_kind);

/* Returns the value as Go prints it with %v: "[1 2]", "map[a:1]", "<nil>". In the arena. */
const char *value_print(struct arena *, const struct value *);

/* Returns the value as Argo Rollouts writes it into a measurement: "[0.2]", "0.5", or JSON. In the arena. */
const char *value_text(struct arena *, const struct value *);
