/* rollout/scale_down_delay.c: scaleDownDelaySeconds and abortScaleDownDelaySeconds: a version that lost its traffic
 * keeps its pods for a while. The time at which they are removed is an annotation of its ReplicaSet, as in Argo
 * Rollouts. Scaling itself: replicas.c.
 */
#include "rollout/scale_down_delay.h"
#include <inttypes.h>
#include "base/time.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"
#include "rollout/replicas.h"
#include "rollout/step_target.h"
#include "rollout/weights.h"

#define SCALE_DOWN_DELAY 30 /* seconds */
#define ABORT_SCALE_DOWN_DELAY 30 /* seconds */

int64_t
scale_down_deadline(const struct replicaset *rs)
{
	int64_t at;

	return time_parse(object_annotation(&rs->object, ANNOTATION_SCALE_DOWN_DEADLINE), &at) ? at : 0;
}

static void
scale_down_set_deadline(struct rollout_pass *p, const struct replicaset *rs, int64_t seconds)
{
	int64_t at = time_add(time_stored(p->w->now), seconds * 1000);
	json_t *ops = json_array();

	object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, time_format(p->arena, at));
	plan_patch(p->plan, &rs->object, ops);
	plan_wake(p->plan, at + 1);
	plan_reason(p->plan, "ReplicaSet %s is scaled down in %" PRId64 " s", rs->object.meta.name, seconds);
}

/* The aborted version keeps its pods for a delay, for a quick retry; 0 means without a limit, as documented in the
 * API. */
void
scale_down_aborted(struct rollout_pass *p, const struct replicaset *rs)
{
	const struct opt_int *delay = &p->abort_delay;
	int64_t at = scale_down_deadline(rs);

	/* If the stable version is scaled by its share, the pods of both versions must not run longer than
	 * necessary. */
	if (replicas_stable_scales(p) && !delay->present) {
		replicas_shrink(p, rs, target_kept(p, rs));
		return;
	}
	if (replicaset_wanted(rs) == 0 || (delay->present && delay->value == 0) || target_kept(p, rs) > 0)
		return;
	if (at == 0) {
		if (replicaset_available(p->w->stable_rs) >= p->replicas)
			scale_down_set_deadline(p, rs, delay->present ? delay->value : ABORT_SCALE_DOWN_DELAY);
	} else if (p->w->now > at) {
		replicas_scale(p, rs, 0, false);
	} else {
		plan_wake(p->plan, at + 1);
	}
}

/* A superseded canary that has traffic keeps its pods for the delay. Its deadline is set in the plan that takes the
 * weight away, after that write, as the next pass does not see the weight any more. If the weight stays longer than
 * the deadline, a new one is set. */
void
scale_down_keep(struct rollout_pass *p)
{
	int64_t seconds = p->scale_down_delay.present ? p->scale_down_delay.value : SCALE_DOWN_DELAY;

	if (p->w->routers.n == 0 || p->promotion == PROMOTED || replicas_stable_scales(p) || seconds == 0)
		return;
	for (size_t i = 0; i < p->w->n_replicasets; i++) {
		const struct replicaset *rs = p->w->replicasets[i];
		int64_t at = scale_down_deadline(rs);

		if (rs != p->w->new_rs && rs != p->w->stable_rs && replicaset_wanted(rs) > 0 &&
		    target_kept(p, rs) > 0 && (at == 0 || p->w->now > at))
			scale_down_set_deadline(p, rs, seconds);
	}
}

/* Versions that are neither new nor stable. Those that had traffic are kept for a delay, for a quick rollback and
 * open connections, but at most scaleDownDelayRevisionLimit of them. Before an update is completed, all others are
 * scaled down at once. */
void
scale_down_superseded(struct rollout_pass *p, const struct replicaset *rs, int64_t *kept)
{
	const struct opt_int *delay = &p->scale_down_delay, *limit = &p->scale_down_limit;
	bool superseded = p->canary != NULL && p->promotion != PROMOTED;
	int64_t at = scale_down_deadline(rs);

	if (replicaset_wanted(rs) == 0 || target_kept(p, rs) > 0)
		return;
	if (replicas_stable_scales(p) || (at == 0 && superseded) || (at != 0 && p->w->now > at) ||
	    (limit->present && *kept >= limit->value)) {
		replicas_scale(p, rs, 0, true);
		return;
	}
	(*kept)++;
	/* The delay begins when the traffic has settled. */
	if (at != 0)
		plan_wake(p->plan, at + 1);
	else if (p->canary == NULL || weights_settled(p))
		scale_down_set_deadline(p, rs, delay->present ? delay->value : SCALE_DOWN_DELAY);
}
