/* kube/api/roots.h: list of the types that users write for Sluice, found by kind or short name. */
#pragma once
#include "kube/api/type.h"

extern const struct type *const api_roots[]; /* ended by NULL */

/* Finds a type by kind, plural, singular or short name in any case ("Rollout", "rollouts", "ro"). Returns NULL for
 * others. */
const struct type *api_root_named(const char *name);
