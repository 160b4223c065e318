/* kube/api/type.h: API types as tables.
 *
 * A type is a struct and a table of rows, one for each field. Decoding (with errors that name the path), encoding and
 * validation use the same rows, so that a field is declared once. A row is typed: `INT(step, set_weight, "setWeight")`
 * does not compile unless `struct step` has an int64_t of that name.
 *
 * static const struct field step_fields[] = { OPT_INT(canary_step, set_weight, "setWeight", .min = 0, .max = 100, .doc
 * = "share of traffic, percent"), OBJECT(canary_step, pause, "pause", &pause_type), };
 *
 * Fields without a row are ignored, or, if the type is `strict`, an error that lists the known names: there a
 * misspelled key would silently change a release.
 *
 * Decoded values live in the arena given to decode and are never changed afterwards.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/json.h"

enum kind {
	KIND_BOOL, /* bool */
	KIND_OPT_BOOL, /* struct opt_bool */
	KIND_INT, /* int64_t */
	KIND_OPT_INT, /* struct opt_int: absent differs from 0 */
	KIND_STRING, /* const char *; NULL when absent */
	KIND_TIME, /* int64_t, ms since 1970; 0 when absent; RFC 3339 in JSON */
	KIND_DURATION, /* struct duration; "1m30s" (Go syntax) in JSON */
	KIND_INT_OR_STRING, /* const char *: the text of either */
	KIND_OBJECT, /* const struct x *; NULL when absent */
	KIND_EMBED, /* struct x */
	KIND_LIST, /* LIST_OF(struct x) */
	KIND_STRINGS, /* struct strings */
	KIND_STRING_MAP, /* struct string_map */
	KIND_JSON, /* const char *: compact JSON text */
	KIND_ENUM, /* enum x, by the names of its values; 0 when absent */
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
	const char *text; /* as written; NULL when absent */
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

struct field {
	const char *name; /* JSON name */
	enum kind kind;
	size_t offset;
	const struct type *of; /* of the object, embedded struct or list element; for JSON: of a list decoded later */
	bool required; /* absent is an error */
	bool always; /* written even when empty, as Go does without omitempty */
	bool immutable; /* must not be changed */
	bool pod_template; /* JSON: a pod template */
	bool not_supported; /* known but not supported: an error that names it */
	int64_t min, max; /* INT, OPT_INT, when min < max */
	size_t items_max; /* LIST, or JSON of a list: maximum length; 0: no limit */
	const char *choices; /* STRING: "a|b|c" */
	const char *const *names; /* ENUM: of each value; NULL or "" of one that is not written */
	size_t n_names;
	const char *blank; /* STRING_MAP: the value of this key is not kept, only its existence */
	const char *doc; /* one line; NULL: not for users */
	const char *default_text; /* the default, for users; NULL if the field has none */
};

struct type {
	const char *name; /* "canary strategy": for messages */
	size_t size;
	const struct field *fields;
	size_t n_fields;
	bool strict; /* an unknown key is an error */
	bool any_case; /* keys are taken in upper and lower case, as Go's encoding/json takes them */
	/* Rules between fields for the API server, separated by "; ": "one a b" (exactly one is set; "one *": of all
	 * fields), "any a b", "not a b" (not both), "needs a b" (a only with b), "differ a b". A boolean is set if
	 * it is true. NULL: none. The controller validates the same rules. */
	const char *rules;

	/* Of root types only. */
	const char *group; /* "" for the core group */
	const char *version, *plural, *kind;
	const char *also; /* older versions to serve in the same form: "v1beta2 v1beta1"; NULL: none */
	const char *short_name; /* kubectl's: "ro" */
	const char *scale; /* "SPEC STATUS SELECTOR", JSON paths of the scale subresource; NULL: none */
	const char *columns; /* of kubectl get: "Name:type:path|…"; NULL: only Age */
	const char *part; /* of Sluice, whose definitions are installed apart ("gitops"); NULL: rollouts */
	const char *doc; /* one line */
	bool cluster_scoped;
	bool has_status; /* /status is a subresource */
	/* Derives members without a row after decoding, for example a canonical template, from the struct and its
	 * text, a value of an accepted text (base/json_walk.h) of any type, or NULL. Of any type of struct. NULL:
	 * none. */
	void (*finish)(void *of, const char *text, struct arena *);
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
/* `enum E` with the names E_names, an array as long as the enum. */
#define ENUM(S, m, json, E, ...)                                                                                       \
	{                                                                                                              \
		.name = (json), .kind = KIND_ENUM, .names = E##_names, .n_names = ARRAY_SIZE(E##_names),               \
		.offset = _Generic(((struct S *)0)->m, enum E                                                          \
				   : offsetof(struct S, m)),                                                           \
		__VA_ARGS__                                                                                            \
	}
#define NOT_SUPPORTED_AS(json, K)                                                                                      \
	{                                                                                                              \
		.name = (json), .kind = (K), .not_supported = true                                                     \
	}
#define NOT_SUPPORTED(json) NOT_SUPPORTED_AS(json, KIND_JSON)

/* The name and rows of a type: TYPE(canary_step, "canary step", .strict = true). TYPE_AS: another type with the same
 * struct and rows. */
#define TYPE_AS(V, T, text, ...)                                                                                       \
	const struct type V = { .name = (text),                                                                        \
		.size = sizeof(struct T),                                                                              \
		.fields = T##_fields,                                                                                  \
		.n_fields = ARRAY_SIZE(T##_fields),                                                                    \
		__VA_ARGS__ }
#define TYPE(T, text, ...) TYPE_AS(T##_type, T, text, __VA_ARGS__)

/* A problem of an object. */
struct problem {
	const char *path; /* "spec.strategy.canary.steps[2].setWeight" */
	const char *text;
	bool reference; /* it refers to an object that does not exist */
};

#define PROBLEMS_MAX 1000 /* of one object; the last one states that there are more */

struct problems {
	struct arena *arena; /* for decoded values and problems */
	struct arena *scratch; /* for paths during decoding; NULL: `arena` */
	struct problem *at; /* in arena */
	size_t n, capacity; /* n is PROBLEMS_MAX at most */
	bool unknown; /* report unknown fields of types that are not strict too */
};

/* Adds a problem at a path ("spec.replicas"; copied), with a printf format. */
void problem_add(struct problems *, const char *path, const char *format, ...) printf_like(3, 4);

/* Marks the last problem as a reference to an object that does not exist. */
void problem_is_reference(struct problems *);

/* Fills the zeroed struct at `ret` from a JSON object. Problems are added to `problems`. A field with a problem
 * remains zero, and the others are decoded, so that an invalid field does not hide the status of an object. */
void decode(const struct type *, const json_t *, const char *path, struct problems *, void *ret);

/* The same for a value within an accepted text (base/json_walk.h), or NULL. */
void decode_at(const struct type *, const char *value, const char *path, struct problems *, void *ret);

/* The same for a text, for a stored status. Malformed fields remain zero. NULL: all do. */
void decode_text(const struct type *, const char *text, struct arena *, void *ret);

/* Returns the JSON object of a struct, as a new reference. Zero values are omitted, except for rows with `always`. */
json_t *encode(const struct type *, const void *);

/* Returns the JSON value of one field, whose member is at `at`, as a new reference; NULL: it is omitted. */
json_t *encode_field(const struct field *, const void *at);

/* Returns the value of an enum with this name, from 1. 0 for other names and NULL. */
unsigned enum_named(const char *const *names, size_t n, const char *name);

/* Returns the strings of a JSON list, in the arena, without other values. NULL: none. */
struct strings strings_decode(struct arena *, const json_t *list);

/* Returns the JSON object of a map, as a new reference. */
json_t *string_map_encode(const struct string_map *);

/* Returns a deep copy of a struct, in the arena. */
void *type_copy(const struct type *, const void *, struct arena *);

/* Returns "argoproj.io/v1alpha1", or "v1" for the core group. */
const char *type_api_version(const struct type *, struct arena *);

/* Returns the value of a key, or NULL. The map can be NULL. */
const char *string_map_get(const struct string_map *, const char *key);
