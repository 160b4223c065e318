/* kube/api/yaml.h: YAML → JSON, read as Kubernetes' own reader does (YAML 1.1 scalars, as in sigs.k8s.io/yaml).
 *
 * Duplicate keys are refused, nesting and the growth of aliases are bounded, and errors name line and column. JSON is
 * YAML, so the same function reads both.
 */
#pragma once
#include "base/json.h"
#include "kube/api/type.h"

#define YAML_NODES_MAX 200000 /* values in one stream after aliases are expanded */

/* Every document of a stream; empty ones are left out. *ret is a new JSON array. */
struct err *yaml_parse(struct arena *, const char *text, size_t len, json_t **ret);

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

/* Block-style YAML of a value, for people. In the arena. */
char *yaml_text(struct arena *, const json_t *);
