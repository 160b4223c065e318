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
	VALUE_TIME, /* ms since 1970 */
	VALUE_DURATION, /* ms */
	VALUE_KIND_MAX
};

struct value_entry;

/* A value; arrays, maps and strings point into the arena of the evaluation. */
struct value {
	enum value_kind kind;
	bool floats; /* ARRAY: a list of floats by type (a Prometheus vector), so that its elements are known to be */
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
	};
};

struct value_entry {
	struct value key, value;
};

struct value value_bool(bool);
struct value value_int(int64_t);
struct value value_float(double);
struct value value_string(const char *);
struct value value_array(struct arena *, size_t n); /* elements are nil until set */

/* A JSON value as Go's decoder hands it over: every number is a float. */
struct value value_from_json(struct arena *, const json_t *);
json_t *value_to_json(const struct value *);

/* A list of floats as text: "NaN", "+Inf" and "-Inf" are floats too. */
struct value value_from_floats(struct arena *, const double *, size_t n);

/* Deep equality; int and float compare as numbers, NaN equals nothing. */
bool value_equal(const struct value *, const struct value *);

/* As a float, for a number; false otherwise. */
bool value_number(const struct value *, double *ret);

/* The map's value for a key, or NULL. */
const struct value *value_member(const struct value *map, const struct value *key);

/* "array", "map", "float", … as the language's type() says. */
const char *value_kind_name(enum value_kind);

/* How Argo Rollouts writes a measurement's value: "[0.2]", "0.5", JSON. In the arena. */
const char *value_text(struct arena *, const struct value *);

/* The shortest decimal text that reads back as d, as Go's strconv 'f'/-1 and 'e' do for %v. */
const char *float_text(struct arena *, double d);
