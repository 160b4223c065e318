/* sim/cel.h: validation rules of our CRDs (CEL): the part of CEL (github.com/google/cel-spec) that they use
 * (kube/api/schema.c): has(self.a), self.a of a boolean, self.a != self.b, !, &&, ||, parentheses, and
 * (A ? 1 : 0) + (B ? 1 : 0) == 1. */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Returns whether the rule holds for `self`. Invalid syntax ends the process, because all rules are from this
 * program. */
bool cel_holds(const char *rule, const json_t *self);
