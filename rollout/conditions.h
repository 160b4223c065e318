/* rollout/conditions.h: conditions of a status, as Kubernetes keeps them (api-conventions, "Typical status
 * properties").
 *
 * Which conditions a Rollout has: status.c. lastTransitionTime changes only with a condition's status. A list is
 * copied before it is changed, as decoded values never change.
 */
#pragma once
#include "kube/api/rollout.h"

/* Returns the condition of a type, or NULL. Borrowed. */
const struct condition *condition_find(const struct conditions *, const char *type);

/* Sets a condition at `now` (wall ms). A condition that has this status and reason already stays as it is, unless
 * `touch` is set. Texts are borrowed. */
void condition_set(struct conditions *, struct arena *, int64_t now, const struct condition *to, bool touch);

/* Removes the condition of a type, if there is one. */
void condition_drop(struct conditions *, struct arena *, const char *type);
