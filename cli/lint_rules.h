/* cli/lint_rules.h: rules of several fields, which an API server with our definitions enforces, checked without one. */
#pragma once
#include "kube/api/type.h"

/* Adds each rule of the type and of what is in it (struct type's `rules`) that the object breaks. */
void lint_rules(struct problems *, const struct type *, const json_t *object);
