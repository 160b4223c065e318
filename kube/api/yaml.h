/* kube/api/yaml.h: YAML → JSON, read as Kubernetes' own reader does (YAML 1.1 scalars, as in sigs.k8s.io/yaml).
 *
 * Duplicate keys are refused, nesting and the growth of aliases are bounded, and errors name line and column. JSON is
 * YAML, so the same function reads both.
 */
#pragma once
#include "base/json.h"

#define YAML_NODES_MAX 200000 /* values in one stream after aliases are expanded */

/* Every document of a stream; empty ones are left out. *ret is a new JSON array. */
struct err *yaml_parse(struct arena *, const char *text, size_t len, json_t **ret);

/* Block-style YAML of a value, for people. In the arena. */
char *yaml_text(struct arena *, const json_t *);
