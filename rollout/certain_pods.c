/* rollout/certain_pods.c: sets and removes the annotation with the pods of a ReplicaSet that are certain. */
#include "rollout/certain_pods.h"
#include <inttypes.h>
#include "base/time.h"

#define CERTAIN_MS 10000 /* from a scale-up to a status that counts no pod removed before it, if none was removed */

void
certain_pods_mark(struct plan *plan, const struct replicaset *rs, int64_t now, json_t *ops)
{
	int64_t pods = replicaset_wanted(rs), marked, since;

	if (replicaset_certain(rs, &marked, &since))
		pods = marked < pods ? marked : pods;
	else if (!replicaset_counts_removed_pods(rs))
		return;
	object_patch_annotation(plan->arena, ops, &rs->object, ANNOTATION_CERTAIN_PODS,
	    arena_printf(plan->arena, "%" PRId64 " %s", pods, time_format(plan->arena, time_stored(now))));
	plan_reason(plan, "ReplicaSet %s: %" PRId64 " pods are certain until its status shows the others",
	    rs->object.meta.name, pods);
}

void
certain_pods_check(struct plan *plan, const struct replicaset *rs, int64_t now)
{
	int64_t pods, since, at;
	json_t *ops;

	if (!replicaset_certain(rs, &pods, &since))
		return;
	/* A time in the future, by another clock or by a user, is not waited for. */
	at = since > time_add(now, CERTAIN_MS) ? now : time_add(since, CERTAIN_MS);
	if (rs->status.replicas > pods && now < at) {
		plan_wake(plan, at);
		return;
	}
	if (rs->status.replicas > pods && rs->status.observed_generation < rs->object.meta.generation)
		return; /* the next status requests a pass */
	ops = json_array();
	object_patch_annotation(plan->arena, ops, &rs->object, ANNOTATION_CERTAIN_PODS, NULL);
	plan_patch(plan, &rs->object, ops);
	plan_independent(plan);
}
