/* rollout/certain_pods.h: the pods that are certain of a ReplicaSet that was scaled up while its status still counted
 * pods that are being removed. See replicaset_certain.
 *
 * Without the annotation, traffic would be sent, and analyses begun, for pods that do not exist any more: after a
 * scale-down that is followed by a scale-up at once (an abort, a retry, an undo), the status has the old number, with
 * all of its pods available.
 */
#pragma once
#include <stdint.h>
#include "kube/api/replicaset.h"
#include "kube/plan/plan.h"

/* Adds the annotation to the patch that scales the ReplicaSet up, if its status counts pods that are being removed.
 * `now`: wall ms. */
void certain_pods_mark(struct plan *, const struct replicaset *, int64_t now, json_t *ops);

/* Plans the removal of the annotation when the status is believed again: it has shown that the pods were removed, or
 * the ReplicaSet controller has observed the scale-up, and had the time to count again. */
void certain_pods_check(struct plan *, const struct replicaset *, int64_t now);
