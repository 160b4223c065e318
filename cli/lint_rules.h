/* cli/lint_rules.h: what an API server with our definitions refuses of fields together, found without one. */
#pragma once
#include "kube/api/type.h"

/* Adds each rule of the type and of what is in it (struct type's `rules`) that the object breaks. */
void lint_rules(struct problems *, const struct type *, const json_t *object);
