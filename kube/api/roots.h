/* kube/api/roots.h: the types whose objects people write for Sluice. */
#pragma once
#include "kube/api/type.h"

extern const struct type *const api_roots[]; /* ended by NULL */

/* By kind, plural, singular or short name, in any case ("Rollout", "rollouts", "ro"), or NULL. */
const struct type *api_root_named(const char *name);
