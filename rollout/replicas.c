/* rollout/replicas.c: scaling of ReplicaSets: the number of pods of each revision. step_target.c has the numbers of the
 * step, replica_counts.c their rounding. Creation and
 * deletion of ReplicaSets: revision.c.
 *
 * With traffic routing, pods are added before traffic is moved, and removed after the traffic is observed to have
 * moved: a ReplicaSet that the routing still selects is never scaled below its share. Without traffic routing, the
 * numbers of pods are the weight, and both sides change within maxSurge and maxUnavailable.
 */
#include "rollout/replicas.h"
#include <inttypes.h>
#include "base/time.h"
#include "kube/api/replicaset.h"
#include "rollout/bluegreen.h"
#include "rollout/certain_pods.h"
#include "rollout/pass.h"
#include "rollout/replica_counts.h"
#include "rollout/revision.h"
#include "rollout/step_target.h"
#include "rollout/weights.h"

#define SCALE_DOWN_DELAY 30 /* seconds */
#define ABORT_SCALE_DOWN_DELAY 30 /* seconds */

static int64_t
replicas_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
replicas_deadline(const struct replicaset *rs)
{
	int64_t at;

	return time_parse(object_annotation(&rs->object, ANNOTATION_SCALE_DOWN_DEADLINE), &at) ? at : 0;
}

/* Scales to `to`; `drop_deadline` removes the scale-down deadline. */
static void
replicas_scale(struct rollout_pass *p, const struct replicaset *rs, int64_t to, bool drop_deadline)
{
	int64_t from = replicaset_wanted(rs);
	json_t *ops = json_array();

	p->writes.pods_removed += to < from ? from - to : 0;
	if (from != to) {
		json_patch_add(ops, "test", "/spec/replicas", json_integer(from));
		json_patch_add(ops, "replace", "/spec/replicas", json_integer(to));
		object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_DESIRED_REPLICAS,
		    arena_printf(p->arena, "%" PRId64, p->replicas));
	}
	if (to > from)
		certain_pods_mark(p->plan, rs, p->w->now, ops);
	if (drop_deadline)
		object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, NULL);
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	plan_patch(p->plan, &rs->object, ops);
	if (from != to)
		plan_event(p->plan, &p->w->rollout->object, false, "ScalingReplicaSet",
		    "Scaled %s ReplicaSet %s (revision %" PRId64 ") from %" PRId64 " to %" PRId64,
		    to > from ? "up" : "down", rs->object.meta.name, revision_of(&rs->object), from, to);
}

static void
replicas_set_deadline(struct rollout_pass *p, const struct replicaset *rs, int64_t seconds)
{
	int64_t at = time_add(time_stored(p->w->now), seconds * 1000);
	json_t *ops = json_array();

	object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, time_format(p->arena, at));
	plan_patch(p->plan, &rs->object, ops);
	plan_wake(p->plan, at + 1);
	plan_reason(p->plan, "ReplicaSet %s is scaled down in %" PRId64 " s", rs->object.meta.name, seconds);
}

bool
replicas_stable_scales(const struct rollout_pass *p)
{
	return p->w->routers.n > 0 && p->canary != NULL && p->canary->dynamic_stable_scale;
}

/* Returns whether traffic is independent of the number of pods: a router splits it, or a Service is switched. */
static bool
replicas_are_routed(const struct rollout_pass *p)
{
	return p->w->routers.n > 0 || p->blue_green != NULL;
}

/* Scales the ReplicaSet up to `to`, and removes its scale-down deadline. In the rollback of a blue-green rollout the
 * deadline shows that the version ran until recently: it is kept until the rollback is completed. */
static void
replicas_grow(struct rollout_pass *p, const struct replicaset *rs, int64_t to)
{
	int64_t from = replicaset_wanted(rs);
	bool keep = p->blue_green != NULL && rs == p->w->new_rs && p->promotion != PROMOTED && bluegreen_is_quick(p);

	if (from < to || (replicas_deadline(rs) != 0 && !keep))
		replicas_scale(p, rs, from < to ? to : from, !keep);
}

/* Until the routing distinguishes the two versions, pods of the new one would get requests for the stable one. */
static bool
replicas_may_grow(const struct rollout_pass *p)
{
	return !p->aborted &&
	       (p->w->stable_rs == NULL || !p->w->routing.splits_pods || p->w->routing.stable_hash != NULL);
}

int64_t
replicas_initial(const struct rollout_pass *p)
{
	return replicas_may_grow(p) ? target_of(p).new_rs : 0;
}

void
replicas_raise(struct rollout_pass *p)
{
	const struct replicaset *new_rs = p->w->new_rs, *stable = p->w->stable_rs;
	struct target want = target_of(p);

	/* After an abort the stable version is scaled up at once; the weight follows when its pods are ready. */
	if (stable != NULL && stable != new_rs)
		replicas_grow(p, stable, p->aborted && replicas_are_routed(p) ? p->replicas : want.stable);
	if (new_rs == NULL)
		return;
	if (new_rs == stable) {
		replicas_grow(p, new_rs, replicas_are_routed(p) ? p->replicas : want.new_rs);
		return;
	}
	if (replicas_may_grow(p))
		replicas_grow(p, new_rs, want.new_rs);
}

static void
replicas_shrink(struct rollout_pass *p, const struct replicaset *rs, int64_t to)
{
	if (rs != NULL && replicaset_wanted(rs) > to)
		replicas_scale(p, rs, to, false);
}

/* The aborted version keeps its pods for a delay, for a quick retry; 0 means without a limit, as documented in the
 * API. */
static void
replicas_lower_aborted(struct rollout_pass *p, const struct replicaset *rs)
{
	const struct opt_int *delay = &p->abort_delay;
	int64_t at = replicas_deadline(rs);

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
			replicas_set_deadline(p, rs, delay->present ? delay->value : ABORT_SCALE_DOWN_DELAY);
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
replicas_keep(struct rollout_pass *p)
{
	int64_t seconds = p->scale_down_delay.present ? p->scale_down_delay.value : SCALE_DOWN_DELAY;

	if (p->w->routers.n == 0 || p->promotion == PROMOTED || replicas_stable_scales(p) || seconds == 0)
		return;
	for (size_t i = 0; i < p->w->n_replicasets; i++) {
		const struct replicaset *rs = p->w->replicasets[i];
		int64_t at = replicas_deadline(rs);

		if (rs != p->w->new_rs && rs != p->w->stable_rs && replicaset_wanted(rs) > 0 &&
		    target_kept(p, rs) > 0 && (at == 0 || p->w->now > at))
			replicas_set_deadline(p, rs, seconds);
	}
}

/* Versions that are neither new nor stable. Those that had traffic are kept for a delay, for a quick rollback and
 * open connections, but at most scaleDownDelayRevisionLimit of them. Before an update is completed, all others are
 * scaled down at once. */
static void
replicas_lower_other(struct rollout_pass *p, const struct replicaset *rs, int64_t *kept)
{
	const struct opt_int *delay = &p->scale_down_delay, *limit = &p->scale_down_limit;
	bool superseded = p->canary != NULL && p->promotion != PROMOTED;
	int64_t at = replicas_deadline(rs);

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
		replicas_set_deadline(p, rs, delay->present ? delay->value : SCALE_DOWN_DELAY);
}

static int
replicas_by_revision(const void *a, const void *b)
{
	int64_t x = revision_of(&(*(const struct replicaset *const *)a)->object);
	int64_t y = revision_of(&(*(const struct replicaset *const *)b)->object);

	return x > y ? -1 : x < y;
}

/* Returns the versions that are neither new nor stable, the newest revision first. In the arena. */
static size_t
replicas_others(const struct rollout_pass *p, const struct replicaset ***ret)
{
	const struct replicaset **others = arena_new_array(p->arena, const struct replicaset *, p->w->n_replicasets);
	size_t n = 0;

	for (size_t i = 0; i < p->w->n_replicasets; i++)
		if (p->w->replicasets[i] != p->w->new_rs && p->w->replicasets[i] != p->w->stable_rs)
			others[n++] = p->w->replicasets[i];
	qsort(others, n, sizeof(*others), replicas_by_revision);
	*ret = others;
	return n;
}

static void
replicas_lower_others(struct rollout_pass *p)
{
	const struct replicaset **others;
	size_t n = replicas_others(p, &others);
	int64_t kept = 0;

	for (size_t i = 0; i < n; i++)
		replicas_lower_other(p, others[i], &kept);
}

/* Without traffic routing: pods that are not available are removed first, then those of the newest revision, within
 * maxUnavailable. */
static void
replicas_lower_others_basic(struct rollout_pass *p)
{
	const struct replicaset **others;
	size_t n = replicas_others(p, &others);
	int64_t surge, unavailable, spare = 0;

	for (size_t i = 0; i < p->w->n_replicasets; i++)
		spare += replicaset_available(p->w->replicasets[i]);
	counts_limits(p->canary->max_surge, p->canary->max_unavailable, p->replicas, &surge, &unavailable);
	spare -= p->replicas - unavailable;
	for (size_t i = 0; i < n; i++) {
		int64_t to = replicaset_wanted(others[i]);

		if (to > replicaset_available(others[i]))
			to = replicaset_available(others[i]);
		if (spare > 0 && to > 0) {
			int64_t less = to < spare ? to : spare;

			to -= less;
			spare -= less;
		}
		if (to < replicaset_wanted(others[i]))
			replicas_scale(p, others[i], to, true);
	}
}

void
replicas_lower(struct rollout_pass *p)
{
	const struct replicaset *new_rs = p->w->new_rs, *stable = p->w->stable_rs;
	struct target want = target_of(p);

	if (!replicas_are_routed(p)) {
		replicas_lower_others_basic(p);
		if (stable != new_rs)
			replicas_shrink(p, stable, want.stable);
		replicas_shrink(p, new_rs, want.new_rs);
		return;
	}
	if (stable != NULL && replicas_stable_scales(p) && stable != new_rs && !p->aborted && p->promotion != PROMOTED)
		replicas_shrink(p, stable, replicas_most(want.stable, target_kept(p, stable)));
	else
		replicas_shrink(p, stable, p->replicas);
	replicas_lower_others(p);
	if (new_rs == NULL || new_rs == stable)
		return;
	if (p->aborted) {
		replicas_lower_aborted(p, new_rs);
		return;
	}
	replicas_shrink(
	    p, new_rs, replicas_most(want.new_rs, want.scaled ? target_kept(p, new_rs) > 0 : target_kept(p, new_rs)));
}
