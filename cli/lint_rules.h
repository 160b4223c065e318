/* cli/lint_rules.h: validation rules of several fields (the CEL rules of our CRDs), checked without an API server. */
#pragma once
#include "kube/api/type.h"

/* Adds each rule of the type and of what is in it (struct type's `rules`) that the object breaks. */
void lint_rules(struct problems *, const struct type *, const json_t *object);
