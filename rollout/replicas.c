/* rollout/replicas.c: scaling of ReplicaSets: the number of pods of each revision. step_target.c has the numbers of the
 * step, replica_counts.c their rounding; scale_down_delay.c keeps pods for a while. Creation and deletion of
 * ReplicaSets: revision.c.
 *
 * With traffic routing, pods are added before traffic is moved, and removed after the traffic is observed to have
 * moved: a ReplicaSet that the routing still selects is never scaled below its share. Without traffic routing, the
 * numbers of pods are the weight, and both sides change within maxSurge and maxUnavailable.
 */
#include "rollout/replicas.h"
#include <inttypes.h>
#include "kube/api/replicaset.h"
#include "rollout/bluegreen.h"
#include "rollout/certain_pods.h"
#include "rollout/pass.h"
#include "rollout/replica_counts.h"
#include "rollout/revision.h"
#include "rollout/scale_down_delay.h"
#include "rollout/step_target.h"
#include "rollout/weights.h"

static int64_t
replicas_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void
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

	if (from < to || (scale_down_deadline(rs) != 0 && !keep))
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

void
replicas_shrink(struct rollout_pass *p, const struct replicaset *rs, int64_t to)
{
	if (rs != NULL && replicaset_wanted(rs) > to)
		replicas_scale(p, rs, to, false);
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
		scale_down_superseded(p, others[i], &kept);
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
		scale_down_aborted(p, new_rs);
		return;
	}
	replicas_shrink(
	    p, new_rs, replicas_most(want.new_rs, want.scaled ? target_kept(p, new_rs) > 0 : target_kept(p, new_rs)));
}
