/* kube/api/yaml.h: YAML to JSON, as Kubernetes reads it (YAML 1.1 scalars, as in sigs.k8s.io/yaml), and JSON to YAML.
 *
 * Duplicate keys are refused, nesting and the expansion of aliases are limited, and errors name line and column. JSON
 * is YAML, so that the same function reads both.
 */
#pragma once
#include "base/json.h"
#include "kube/api/type.h"

#define YAML_NODES_MAX 200000 /* values in one stream, with aliases expanded */

/* The meaning of plain scalars. Kubernetes reads yes, no, on, off, y and n as booleans, and a date as text.
 * Kustomize reads the words as text, and a date as a time, which it writes as RFC 3339. In files for Sluice, y and n
 * are text too. */
enum yaml_words { YAML_DEFAULT, YAML_KUBERNETES, YAML_KUSTOMIZE };

/* Reads all documents of a stream, without empty ones, with YAML_DEFAULT or with other rules for plain scalars. *ret is
 * a new JSON array of them. */
struct err *yaml_parse(struct arena *, const char *text, size_t len, json_t **ret);
struct err *yaml_parse_as(struct arena *, const char *text, size_t len, enum yaml_words, json_t **ret);

/* Returns the value of a plain scalar, as a new reference; NULL if it is text. Integral numbers are integers, as in
 * Go's JSON. */
json_t *yaml_plain(struct arena *, const char *, enum yaml_words);

/* The position of a value in its file, from 1. Paths are those of problems: "spec.steps[2].pause". */
struct yaml_mark {
	const char *path;
	size_t line, column;
};

struct yaml_marks {
	struct yaml_mark root; /* the document; its path is "" */
	LIST_OF(struct yaml_mark) marks;
};

/* Reads all documents as yaml_parse() does, and the positions of keys and list elements: *ret_marks has one element for
 * each document, in the arena. On failure *ret_failed is the position of the error, which is not in its text. */
struct err *yaml_parse_marked(struct arena *, const char *text, size_t len, json_t **ret, struct yaml_marks **ret_marks,
    struct yaml_mark *ret_failed);

/* Returns the mark of a path or of its nearest parent, or NULL: it has none, apart from the document. */
const struct yaml_mark *yaml_mark_of(const struct yaml_marks *, const char *path);

/* Returns block-style YAML of a value, in the arena. Every reader of YAML 1.1 and 1.2 reads the same value. */
char *yaml_text(struct arena *, const json_t *);

/* How yaml_text() writes a string: bare, in single or double quotes, or as a literal block. */
enum yaml_style { YAML_BARE, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL };

/* Returns how yaml_text() writes this string as a value. */
enum yaml_style yaml_style(const char *);
