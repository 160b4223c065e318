/* kube/api/type.h: API types as tables.
 *
 * A type is a struct and a table of rows, one for each field. Decoding (with errors that name the path), encoding and
 * validation use the same rows, so that a field is declared once. A row is typed: `INT(step, set_weight, "setWeight")`
 * does not compile unless `struct step` has an int64_t of that name.
 *
 *	static const struct field canary_step_fields[] = {
 *		OPT_INT(canary_step, set_weight, "setWeight", .min = 0, .max = 100, .doc = "Percentage of traffic."),
 *		OBJECT(canary_step, pause, "pause", pause_step),
 *	};
 *	TYPE(canary_step, "canary step", .strict = true);
 *
 * A field without a row is ignored. If the type is `strict`, it is an error that lists the known names, because a
 * misspelled key could silently change a release.
 *
 * Decoded values are in the arena that decode() gets, and are never changed afterwards.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/json.h"

/* The C type of a member, and the form of its field in JSON. */
enum kind {
	KIND_BOOL, /* bool */
	KIND_OPT_BOOL, /* struct opt_bool */
	KIND_INT, /* int64_t */
	KIND_OPT_INT, /* struct opt_int, in which an absent field differs from 0 */
	KIND_STRING, /* const char *; NULL if absent */
	KIND_TIME, /* int64_t, ms since 1970; 0 if absent; RFC 3339 in JSON */
	KIND_DURATION, /* struct duration; "1m30s" (Go syntax) in JSON */
	KIND_INT_OR_STRING, /* const char *: the text of an integer or string */
	KIND_OBJECT, /* const struct x *; NULL if absent */
	KIND_EMBED, /* struct x, which is all zeroes if absent */
	KIND_LIST, /* LIST_OF(struct x) */
	KIND_STRINGS, /* struct strings */
	KIND_STRING_MAP, /* struct string_map */
	KIND_JSON, /* const char *: compact JSON text */
	KIND_ENUM, /* enum x, by the names of its values; 0 if absent */
	KIND_MAX
};

struct opt_int {
	bool present;
	int64_t value;
};

struct opt_bool {
	bool present, value;
};

struct duration {
	const char *text; /* as written; NULL if absent */
	int64_t ms;
};

struct strings {
	const char **at;
	size_t n;
};

struct string_pair {
	const char *key, *value;
};

struct string_map {
	struct string_pair *at; /* in input order */
	size_t n;
};

#define LIST_OF(T)                                                                                                     \
	struct {                                                                                                       \
		T *at;                                                                                                 \
		size_t n;                                                                                              \
	}

struct type;
struct object;

/* A row. Members that only some kinds use name these kinds. */
struct field {
	const char *name; /* the key in JSON */
	enum kind kind;
	uint32_t offset; /* of the member in its struct */
	const struct type *of; /* of the object, embedded struct or list element; for JSON: of a list decoded later */
	bool required; /* it is an error if the field is absent */
	bool always; /* the field is written even if it is empty, as by Go without omitempty */
	bool immutable; /* the field must not be changed after the object was created */
	bool pod_template; /* JSON: the value is a pod template */
	bool scalar; /* JSON: the value is a number or a string, not an object */
	/* The field is known and not supported: using it is an error that names it, with `default_text` as what to do
	 * instead. */
	bool not_supported;
	int64_t min, max; /* INT, OPT_INT: the limits, if min < max */
	uint32_t items_max; /* LIST, or JSON of a list: the maximum length; 0 means no limit */
	uint32_t n_names; /* ENUM: the number of values */
	const char *choices; /* STRING: the allowed values, "a|b|c"; NULL allows all */
	const char *const *names; /* ENUM: the name of each value; NULL or "" for a value that is not written */
	const char *blank; /* STRING_MAP: a key whose value is dropped, so that only its existence is kept */
	const char *doc; /* the description for users; NULL hides the field from them */
	const char *default_text; /* the default, for users; NULL if the field has none */
	const char *filled; /* STRING: the value that the API server stores if the field is absent; NULL: none */
};

/* A type of the API. */
struct type {
	const char *name; /* for messages, such as "canary strategy" */
	size_t size; /* of the struct */
	const struct field *fields;
	size_t n_fields;
	bool strict; /* an unknown key is an error */
	bool any_case; /* keys match in upper and lower case, as in Go's encoding/json */
	/* Rules between fields for the API server, separated by "; ": "one a b" (exactly one is set; *: of all fields),
	 * "any a b" (*: of all fields), "most a b" (at most one), "not a b" (not both), "needs a b" (a only with b),
	 * "differ a b" (not equal). A boolean is set if it is true. NULL if the type has no rules. The controller
	 * validates the same rules. */
	const char *rules;

	/* The following members are only for root types, the types of whole objects. */
	const char *group; /* "" for the core group */
	const char *version, *plural, *kind;
	const char *also; /* older versions that are served in the same form, "v1beta2 v1beta1"; NULL without any */
	const char *short_name; /* for kubectl, such as "ro"; NULL without one */
	const char *scale; /* JSON paths of the scale subresource, "SPEC STATUS SELECTOR"; NULL without one */
	const char *columns; /* for kubectl get, "Name:type:path|…"; NULL for only Age */
	const char *part; /* the part of Sluice that is installed with it: "gitops", "flux"; NULL for rollouts */
	const char *doc; /* the description for users: what it is for, and who creates it */
	const char *errors; /* where errors in an object are reported, for users: "by the phase Error" */
	bool cluster_scoped;
	bool has_status; /* the status is a subresource */

	/* Sets members without a row after decoding, such as a canonical template, from the struct and its text: a
	 * value of an accepted text (base/json_walk.h) of any type, or NULL. Types that are not root types can have it
	 * too. NULL if there are no such members. */
	void (*finish)(void *of, const char *text, struct arena *);
	/* Only for root types: sets the members that are computed from the spec at some cost, after decoding. `before`
	 * is an older version of the object with the same spec, whose results are copied; NULL: it is not known. */
	void (*derive)(void *of, const void *before, const char *text, struct arena *);

	/* Replaces texts that `finish` or `derive` has set by copies in the arena, in a struct that is a copy of
	 * another one and whose members with a row are copied. NULL if they set none. */
	void (*copied)(void *of, struct arena *);
};

#define FIELD_(S, m, T, K, json, ...)                                                                                  \
	{                                                                                                              \
		.name = (json), .kind = (K),                                                                           \
		.offset = _Generic(((struct S *)0)->m, T                                                               \
				   : offsetof(struct S, m)),                                                           \
		__VA_ARGS__                                                                                            \
	}
#define BOOL(S, m, json, ...) FIELD_(S, m, bool, KIND_BOOL, json, __VA_ARGS__)
#define OPT_BOOL(S, m, json, ...) FIELD_(S, m, struct opt_bool, KIND_OPT_BOOL, json, __VA_ARGS__)
#define INT(S, m, json, ...) FIELD_(S, m, int64_t, KIND_INT, json, __VA_ARGS__)
#define OPT_INT(S, m, json, ...) FIELD_(S, m, struct opt_int, KIND_OPT_INT, json, __VA_ARGS__)
#define STRING(S, m, json, ...) FIELD_(S, m, const char *, KIND_STRING, json, __VA_ARGS__)
#define TIME(S, m, json, ...) FIELD_(S, m, int64_t, KIND_TIME, json, __VA_ARGS__)
#define DURATION(S, m, json, ...) FIELD_(S, m, struct duration, KIND_DURATION, json, __VA_ARGS__)
#define INT_OR_STRING(S, m, json, ...) FIELD_(S, m, const char *, KIND_INT_OR_STRING, json, __VA_ARGS__)
#define STRINGS(S, m, json, ...) FIELD_(S, m, struct strings, KIND_STRINGS, json, __VA_ARGS__)
#define STRING_MAP(S, m, json, ...) FIELD_(S, m, struct string_map, KIND_STRING_MAP, json, __VA_ARGS__)
#define JSON(S, m, json, ...) FIELD_(S, m, const char *, KIND_JSON, json, __VA_ARGS__)
#define SCALAR(S, m, json, ...) FIELD_(S, m, const char *, KIND_JSON, json, .scalar = true, __VA_ARGS__)
/* The C type of the member is checked against T, a struct tag. */
#define OBJECT(S, m, json, T, ...) FIELD_(S, m, const struct T *, KIND_OBJECT, json, .of = &T##_type, __VA_ARGS__)
#define EMBED(S, m, json, T, ...) FIELD_(S, m, struct T, KIND_EMBED, json, .of = &T##_type, __VA_ARGS__)
#define LIST(S, m, json, T, ...)                                                                                       \
	{                                                                                                              \
		.name = (json), .kind = KIND_LIST, .of = &T##_type,                                                    \
		.offset = _Generic(((struct S *)0)->m.at, struct T *                                                   \
				   : offsetof(struct S, m)),                                                           \
		__VA_ARGS__                                                                                            \
	}
/* The member is an `enum E`; E_names has a name for each value. */
#define ENUM(S, m, json, E, ...)                                                                                       \
	{                                                                                                              \
		.name = (json), .kind = KIND_ENUM, .names = E##_names, .n_names = ARRAY_SIZE(E##_names),               \
		.offset = _Generic(((struct S *)0)->m, enum E                                                          \
				   : offsetof(struct S, m)),                                                           \
		__VA_ARGS__                                                                                            \
	}
/* A field that is known and not supported. K is its kind, for the schema. */
#define NOT_SUPPORTED_AS(json, K)                                                                                      \
	{                                                                                                              \
		.name = (json), .kind = (K), .not_supported = true                                                     \
	}
#define NOT_SUPPORTED(json) NOT_SUPPORTED_AS(json, KIND_JSON)
/* The same for a field that another one replaces: `text` says which. */
#define REPLACED(json, text)                                                                                           \
	{                                                                                                              \
		.name = (json), .kind = KIND_JSON, .not_supported = true, .default_text = (text)                       \
	}

/* Defines T_type, with the rows T_fields: TYPE(canary_step, "canary step", .strict = true). TYPE_AS defines V, another
 * type with the same struct and rows. */
#define TYPE_AS(V, T, text, ...)                                                                                       \
	const struct type V = { .name = (text),                                                                        \
		.size = sizeof(struct T),                                                                              \
		.fields = T##_fields,                                                                                  \
		.n_fields = ARRAY_SIZE(T##_fields),                                                                    \
		__VA_ARGS__ }
#define TYPE(T, text, ...) TYPE_AS(T##_type, T, text, __VA_ARGS__)

/* An object with any fields: `of` in a row of JSON that is a list of them. */
extern const struct type any_object_type;

/* An error in an object. */
struct problem {
	const char *path; /* "spec.strategy.canary.steps[2].setWeight" */
	const char *text;
	bool reference; /* the field refers to an object that does not exist */
	bool range; /* a whole number that is not between the bounds of its row */
};

#define PROBLEMS_MAX 1000 /* of one object; the last one states that there are more */

/* The problems of an object. The initial value is all zeroes, except for the arena. */
struct problems {
	struct arena *arena; /* for decoded values and problems */
	struct arena *scratch; /* for paths during decoding; NULL uses `arena` */
	struct problem *at; /* in arena */
	size_t n, capacity; /* n is PROBLEMS_MAX at most */
	bool unknown; /* unknown fields of types that are not strict are reported too */
};

/* Adds a problem at a path ("spec.replicas"; copied), with a printf format. */
void problem_add(struct problems *, const char *path, const char *format, ...) printf_like(3, 4);

/* Marks the problem that was added last as a reference to an object that does not exist. */
void problem_is_reference(struct problems *);

/* Marks the problem that was added last as a whole number that is not between the bounds of its row. */
void problem_is_range(struct problems *);

/* Returns whether there is a problem at this path. */
bool problem_at(const struct problems *, const char *path);

/* Fills the zeroed struct at `ret` from a JSON object. Problems are added to `problems`. A field with a problem
 * remains zero, and the others are decoded, so that an invalid field does not hide the status of an object. */
void decode(const struct type *, const json_t *, const char *path, struct problems *, void *ret);

/* Fills the zeroed struct at `ret` as decode() does, from a value within an accepted text (base/json_walk.h), or
 * NULL. */
void decode_at(const struct type *, const char *value, const char *path, struct problems *, void *ret);

/* Fills the zeroed struct at `ret` from JSON text, such as a stored status. Malformed fields remain zero; for NULL, all
 * fields do. */
void decode_text(const struct type *, const char *text, struct arena *, void *ret);

/* Returns the JSON object of a struct, as a new reference. Zero values are omitted, except for rows with `always`. */
json_t *encode(const struct type *, const void *);

/* Returns the JSON value of one field, whose member is at `at`, as a new reference; NULL: it is omitted. */
json_t *encode_field(const struct field *, const void *at);

/* Returns the value of an enum with this name, from 1. Returns 0 for other names and NULL. */
unsigned enum_named(const char *const *names, size_t n, const char *name);

/* Returns the strings in a JSON list, in the arena; other values are left out. Returns an empty list for NULL. */
struct strings strings_decode(struct arena *, const json_t *list);

/* Returns the JSON object of a map, as a new reference. */
json_t *string_map_encode(const struct string_map *);

/* Returns a deep copy of a struct, in the arena. It takes as many bytes as decoding it, or less. */
void *type_copy(const struct type *, const void *, struct arena *);

/* Returns the apiVersion of a type: "argoproj.io/v1alpha1", or "v1" for the core group. In the arena. */
const char *type_api_version(const struct type *, struct arena *);

/* Returns the value of a key, or NULL if the map does not have it. The map can be NULL. */
const char *string_map_get(const struct string_map *, const char *key);
