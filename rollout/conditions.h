/* rollout/conditions.h: conditions of a status, as Kubernetes keeps them (api-conventions, "Typical status
 * properties").
 *
 * Which conditions a Rollout has: status.c. lastTransitionTime changes only with a condition's status. A list is
 * copied before it is changed, as decoded values never change.
 */
#pragma once
#include "kube/api/rollout.h"

/* The condition of that type, or NULL. */
const struct condition *condition_find(const struct conditions *, const char *type);

/* Sets a condition. It stays unchanged if it has the same status and reason, unless `touch`. `now`: wall ms. Texts
 * are borrowed. */
void condition_set(struct conditions *, struct arena *, int64_t now, const struct condition *to, bool touch);

void condition_drop(struct conditions *, struct arena *, const char *type);
