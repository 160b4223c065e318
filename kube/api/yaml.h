/* kube/api/yaml.h: YAML → JSON, read as Kubernetes' own reader does (YAML 1.1 scalars, as in sigs.k8s.io/yaml), and JSON → YAML.
 *
 * Duplicate keys are refused, nesting and the growth of aliases are bounded, and errors name line and column. JSON is
 * YAML, so the same function reads both.
 */
#pragma once
#include "base/json.h"
#include "kube/api/type.h"

#define YAML_NODES_MAX 200000 /* values in one stream after aliases are expanded */

/* How bare words are read. Kubernetes' reader takes yes, no, on, off, y and n for booleans, and a date for text; kustomize's takes the words for
 * text, and a date for a time, which it writes as RFC 3339. In files that people write for us, y and n alone are text too. */
enum yaml_words { YAML_DEFAULT, YAML_KUBERNETES, YAML_KUSTOMIZE };

/* Every document of a stream; empty ones are left out. *ret is a new JSON array. */
struct err *yaml_parse(struct arena *, const char *text, size_t len, json_t **ret);
struct err *yaml_parse_as(struct arena *, const char *text, size_t len, enum yaml_words, json_t **ret);

/* A bare scalar's value: a new reference; or NULL when it is text. Integral numbers are integers, as JSON from Go has them. */
json_t *yaml_plain(struct arena *, const char *, enum yaml_words);

/* Where a value stands in its file, from 1; paths are those of problems: "spec.steps[2].pause". */
struct yaml_mark {
	const char *path;
	size_t line, column;
};

struct yaml_marks {
	LIST_OF(struct yaml_mark) marks;
};

/* The same, and for each document where its keys and list entries stand. *ret_marks has as many elements as *ret; in the arena. */
struct err *yaml_parse_marked(
    struct arena *, const char *text, size_t len, json_t **ret, struct yaml_marks **ret_marks);

/* The mark of a path, or of what it stands in; NULL when there is none. */
const struct yaml_mark *yaml_mark_of(const struct yaml_marks *, const char *path);

/* Block-style YAML of a value, which every reader of YAML 1.1 and 1.2 reads back as the same value. In the arena. */
char *yaml_text(struct arena *, const json_t *);

/* How yaml_text writes a string as a value in a block. */
enum yaml_style { YAML_BARE, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL };
enum yaml_style yaml_style(const char *);
