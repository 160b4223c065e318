/* rollout/replicas.c: how many pods each revision has; the numbers are from target.c.
 *
 * With traffic routing, adding pods comes before traffic moves, taking pods away after it was seen to have moved: a ReplicaSet
 * that the routing still names is never shrunk below its share. Without, the numbers of pods are the weight, and both sides
 * move within maxSurge and maxUnavailable.
 */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

#define SCALE_DOWN_DELAY 30 /* seconds */
#define ABORT_SCALE_DOWN_DELAY 30 /* seconds */

int64_t
available(const struct replicaset *rs)
{
	return rs != NULL ? rs->status.available_replicas : 0;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
scale_down_deadline(const struct replicaset *rs)
{
	int64_t at;

	return time_parse(object_annotation(&rs->object, ANNOTATION_SCALE_DOWN_DEADLINE), &at) ? at : 0;
}

/* Scales to `to`; `drop_deadline` removes the date at which it was to go. */
static void
scale(struct decision *d, const struct replicaset *rs, int64_t to, bool drop_deadline)
{
	int64_t from = replicaset_wanted(rs);
	json_t *ops = json_array();

	d->pods_removed += to < from ? from - to : 0;
	if (from != to) {
		json_patch_add(ops, "test", "/spec/replicas", json_integer(from));
		json_patch_add(ops, "replace", "/spec/replicas", json_integer(to));
		object_patch_annotation(d->arena, ops, &rs->object, ANNOTATION_DESIRED_REPLICAS,
		    arena_printf(d->arena, "%" PRId64, d->replicas));
	}
	if (drop_deadline)
		object_patch_annotation(d->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, NULL);
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	plan_patch(d->plan, &rs->object, ops);
	if (from != to)
		plan_event(d->plan, &d->w->rollout->object, false, "ScalingReplicaSet",
		    "Scaled %s ReplicaSet %s (revision %" PRId64 ") from %" PRId64 " to %" PRId64,
		    to > from ? "up" : "down", rs->object.meta.name, revision_of(&rs->object), from, to);
}

static void
set_deadline(struct decision *d, const struct replicaset *rs, int64_t seconds)
{
	int64_t at = time_add(time_stored(d->w->now), seconds * 1000);
	json_t *ops = json_array();

	object_patch_annotation(d->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, time_format(d->arena, at));
	plan_patch(d->plan, &rs->object, ops);
	plan_wake(d->plan, at + 1);
	plan_reason(d->plan, "ReplicaSet %s is scaled down in %" PRId64 " s", rs->object.meta.name, seconds);
}

bool
scales_stable(const struct decision *d)
{
	return d->w->router != NULL && d->canary != NULL && d->canary->dynamic_stable_scale;
}

/* Traffic is told apart from pods: by a router, or by a Service that is switched. */
static bool
is_routed(const struct decision *d)
{
	return d->w->router != NULL || d->blue_green != NULL;
}

/* The ReplicaSet grows to `to`, if that is more, and is no longer due to go. Of a blue-green rollout that goes back the date is what tells
 * that the version just ran: it is kept until that is over. */
static void
grow(struct decision *d, const struct replicaset *rs, int64_t to)
{
	int64_t from = replicaset_wanted(rs);
	bool keep = d->blue_green != NULL && rs == d->w->new_rs && !d->promoted && bluegreen_is_quick(d);

	if (from < to || (scale_down_deadline(rs) != 0 && !keep))
		scale(d, rs, from < to ? to : from, !keep);
}

/* Until the mesh can tell two versions apart, pods of the new one would be served as stable ones. */
static bool
may_grow(const struct decision *d)
{
	return !d->aborted &&
	       (d->w->stable_rs == NULL || !d->w->routing.splits_pods || d->w->routing.stable_hash != NULL);
}

int64_t
replicas_at_birth(const struct decision *d)
{
	return may_grow(d) ? target_of(d).new_rs : 0;
}

void
replicas_raise(struct decision *d)
{
	const struct replicaset *new_rs = d->w->new_rs, *stable = d->w->stable_rs;
	struct target want = target_of(d);

	/* After an abort all of the stable version comes back at once: the weight follows as its pods become ready. */
	if (stable != NULL && stable != new_rs)
		grow(d, stable, d->aborted && is_routed(d) ? d->replicas : want.stable);
	if (new_rs == NULL)
		return;
	if (new_rs == stable) {
		grow(d, new_rs, is_routed(d) ? d->replicas : want.new_rs);
		return;
	}
	if (may_grow(d))
		grow(d, new_rs, want.new_rs);
}

static void
shrink(struct decision *d, const struct replicaset *rs, int64_t to)
{
	if (rs != NULL && replicaset_wanted(rs) > to)
		scale(d, rs, to, false);
}

/* The aborted version keeps its pods for a while, so that a retry is quick; 0 means for ever, as the API documents it. */
static void
lower_aborted(struct decision *d, const struct replicaset *rs)
{
	const struct opt_int *delay = &d->abort_delay;
	int64_t at = scale_down_deadline(rs);

	/* With a stable version that is scaled by its share, the pods of both must not add up for longer than it takes. */
	if (scales_stable(d) && !delay->set) {
		shrink(d, rs, target_kept(d, rs));
		return;
	}
	if (replicaset_wanted(rs) == 0 || (delay->set && delay->is == 0) || target_kept(d, rs) > 0)
		return;
	if (at == 0) {
		if (available(d->w->stable_rs) >= d->replicas)
			set_deadline(d, rs, delay->set ? delay->is : ABORT_SCALE_DOWN_DELAY);
	} else if (d->w->now > at) {
		scale(d, rs, 0, false);
	} else {
		plan_wake(d->plan, at + 1);
	}
}

/* A superseded canary that has traffic keeps its pods for the delay. Its date is set by the plan that takes the weight away, behind that
 * write: the next pass no longer sees that there was any. Where the weight stays longer than the date, there is another. */
void
replicas_keep(struct decision *d)
{
	int64_t seconds = d->scale_down_delay.set ? d->scale_down_delay.is : SCALE_DOWN_DELAY;

	if (d->w->router == NULL || d->promoted || scales_stable(d) || seconds == 0)
		return;
	for (size_t i = 0; i < d->w->n_replicasets; i++) {
		const struct replicaset *rs = d->w->replicasets[i];
		int64_t at = scale_down_deadline(rs);

		if (rs != d->w->new_rs && rs != d->w->stable_rs && replicaset_wanted(rs) > 0 &&
		    target_kept(d, rs) > 0 && (at == 0 || d->w->now > at))
			set_deadline(d, rs, seconds);
	}
}

/* Versions that are neither new nor stable. Those that had traffic are kept for a delay, so that a rollback is quick and connections end,
 * but no more of them than scaleDownDelayRevisionLimit; before an update is over, all others are scaled down at once. */
static void
lower_other(struct decision *d, const struct replicaset *rs, int64_t *kept)
{
	const struct opt_int *delay = &d->scale_down_delay, *limit = &d->scale_down_limit;
	bool superseded = d->canary != NULL && !d->promoted;
	int64_t at = scale_down_deadline(rs);

	if (replicaset_wanted(rs) == 0 || target_kept(d, rs) > 0)
		return;
	if (scales_stable(d) || (at == 0 && superseded) || (at != 0 && d->w->now > at) ||
	    (limit->set && *kept >= limit->is)) {
		scale(d, rs, 0, true);
		return;
	}
	(*kept)++;
	/* The delay begins when the traffic has settled. */
	if (at != 0)
		plan_wake(d->plan, at + 1);
	else if (d->canary == NULL || weights_settled(d))
		set_deadline(d, rs, delay->set ? delay->is : SCALE_DOWN_DELAY);
}

static int
by_revision(const void *a, const void *b)
{
	int64_t x = revision_of(&(*(const struct replicaset *const *)a)->object);
	int64_t y = revision_of(&(*(const struct replicaset *const *)b)->object);

	return x > y ? -1 : x < y;
}

/* Those that are neither new nor stable, the newest revision first. In the arena. */
static size_t
others_by_revision(const struct decision *d, const struct replicaset ***ret)
{
	const struct replicaset **others = arena_new_array(d->arena, const struct replicaset *, d->w->n_replicasets);
	size_t n = 0;

	for (size_t i = 0; i < d->w->n_replicasets; i++)
		if (d->w->replicasets[i] != d->w->new_rs && d->w->replicasets[i] != d->w->stable_rs)
			others[n++] = d->w->replicasets[i];
	qsort(others, n, sizeof(*others), by_revision);
	*ret = others;
	return n;
}

static void
lower_others(struct decision *d)
{
	const struct replicaset **others;
	size_t n = others_by_revision(d, &others);
	int64_t kept = 0;

	for (size_t i = 0; i < n; i++)
		lower_other(d, others[i], &kept);
}

/* Without traffic routing: what is not available goes first, then the newest, as far as maxUnavailable allows. */
static void
lower_others_basic(struct decision *d)
{
	const struct replicaset **others;
	size_t n = others_by_revision(d, &others);
	int64_t surge, unavailable, spare = 0;

	/* Of one that was just scaled down the status may still count pods that are on their way out (seed 2419). */
	for (size_t i = 0; i < d->w->n_replicasets; i++) {
		const struct replicaset *rs = d->w->replicasets[i];

		spare += available(rs) < replicaset_wanted(rs) ? available(rs) : replicaset_wanted(rs);
	}
	counts_limits(d->canary->max_surge, d->canary->max_unavailable, d->replicas, &surge, &unavailable);
	spare -= d->replicas - unavailable;
	for (size_t i = 0; i < n; i++) {
		int64_t to = replicaset_wanted(others[i]);

		if (to > available(others[i]))
			to = available(others[i]);
		if (spare > 0 && to > 0) {
			int64_t less = to < spare ? to : spare;

			to -= less;
			spare -= less;
		}
		if (to < replicaset_wanted(others[i]))
			scale(d, others[i], to, true);
	}
}

void
replicas_lower(struct decision *d)
{
	const struct replicaset *new_rs = d->w->new_rs, *stable = d->w->stable_rs;
	struct target want = target_of(d);

	if (!is_routed(d)) {
		lower_others_basic(d);
		if (stable != new_rs)
			shrink(d, stable, want.stable);
		shrink(d, new_rs, want.new_rs);
		return;
	}
	if (stable != NULL && scales_stable(d) && stable != new_rs && !d->aborted && !d->promoted)
		shrink(d, stable, most(want.stable, target_kept(d, stable)));
	else
		shrink(d, stable, d->replicas);
	lower_others(d);
	if (new_rs == NULL || new_rs == stable)
		return;
	if (d->aborted) {
		lower_aborted(d, new_rs);
		return;
	}
	shrink(d, new_rs, most(want.new_rs, want.scaled ? target_kept(d, new_rs) > 0 : target_kept(d, new_rs)));
}
