/* cli/lint_kinds.h: lint: the type of an object in a file, and objects whose kind does not exist. */
#pragma once
#include "base/json.h"

struct arena;
struct type;

/* Returns the type of an object that lint checks, by its kind and the group of its apiVersion; NULL for others. */
const struct type *lint_type_of(const json_t *object);

/* Returns why an object for which lint_type_of() returned NULL can only be one with a typo, and sets *ret_path to its
 * field; NULL for objects of other projects. */
const char *lint_kind_problem(struct arena *, const json_t *object, const char **ret_path);
