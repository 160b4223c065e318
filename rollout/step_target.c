/* rollout/step_target.c: the traffic and the pods that the current step requires.
 *
 * Three parts of a pass use this result, so that they do not contradict each other: the condition that ends a step,
 * the scaling, and the pods that the routing needs. Two rules make every step reachable. A weight is lowered without
 * waiting for pods, as pods wait for the routing. A step that sends requests to the canary, by a weight or a managed
 * route, has at least the one pod that the routing needs.
 */
#include "rollout/step_target.h"
#include <inttypes.h>
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/bluegreen.h"
#include "rollout/pass.h"
#include "rollout/replica_counts.h"
#include "rollout/replicas.h"
#include "rollout/routes.h"

static int64_t
target_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct pod_counts
target_counts(const struct replicaset *rs)
{
	int64_t pods, since;
	/* A step that scales a version down is completed when its other pods are removed: they still count. After a
	 * scale-up that followed at once, only those that are certain do. */
	bool all = replicaset_counts_removed_pods(rs) && !replicaset_certain(rs, &pods, &since);

	return (struct pod_counts){ replicaset_wanted(rs), rs->status.replicas,
		all ? rs->status.available_replicas : replicaset_available(rs) };
}

/* The pods that a share of the traffic needs. The share of managed routes is not known, but is more than 0. */
static int64_t
target_share(const struct rollout_pass *p, int64_t weight, bool routes)
{
	weight = routes ? target_most(weight, 1) : weight;
	return counts_share(weight > p->weight_total ? p->weight_total : weight, p->weight_total, p->replicas);
}

int64_t
target_kept(const struct rollout_pass *p, const struct replicaset *rs)
{
	const struct routing *r = &p->w->routing;
	const char *hash = object_label(&rs->object, LABEL_POD_TEMPLATE_HASH);
	/* A weight that has not taken effect may be any: no pod is removed. */
	int64_t canary = r->unverified != NULL ? p->weight_total : r->weight;
	int64_t stable = p->weight_total - (r->unverified != NULL ? 0 : r->weight_min), weight = 0;
	bool is_canary = str_eq(r->canary_hash, hash) || str_eq(p->writes.canary_hash, hash);

	if (p->writes.weight.present) {
		canary = target_most(canary, p->writes.weight.value);
		stable = target_most(stable, p->weight_total - p->writes.weight.value);
	}
	if (is_canary)
		weight += canary;
	if (str_eq(r->stable_hash, hash) || str_eq(p->writes.stable_hash, hash))
		weight += stable;
	return target_share(p, weight, is_canary && r->managed_routes > 0);
}

/* Returns whether the step requires that requests reach the canary. */
static bool
target_has_traffic(const struct rollout_pass *p)
{
	return p->w->routers.n > 0 && !p->aborted && p->replicas > 0 &&
	       (counts_step_weight(p->canary, p->index, true) > 0 || routes_wanted(p));
}

static void
target_calculate(const struct rollout_pass *p, struct pod_counts *stable, struct counts_result *ret)
{
	const struct rollout_world *w = p->w;
	struct counts_question q = { .canary = p->canary,
		.replicas = p->replicas,
		.index = p->index,
		.aborted = p->aborted,
		.promote_full = p->st.promote_full,
		.least_new = target_has_traffic(p) };

	if (w->routers.n > 0 && w->routing_err == NULL) {
		q.has_weights = true;
		q.canary_weight = w->routing.weight;
		q.stable_weight = p->weight_total - w->routing.weight_min;
	}
	if (w->new_rs != NULL)
		q.new_rs = target_counts(w->new_rs);
	if (w->stable_rs != NULL && w->stable_rs != w->new_rs) {
		*stable = target_counts(w->stable_rs);
		q.stable = stable;
	}
	for (size_t i = 0; i < w->n_replicasets; i++)
		if (w->replicasets[i] != w->new_rs && w->replicasets[i] != w->stable_rs) {
			struct pod_counts one = target_counts(w->replicasets[i]);

			q.older.spec += one.spec;
			q.older.replicas += one.replicas;
			q.older.available += one.available;
		}
	counts_wanted(&q, ret);
}

static bool
target_is_empty(const struct replicaset *rs)
{
	return rs == NULL || (replicaset_wanted(rs) == 0 && rs->status.available_replicas == 0);
}

/* Returns the pods of versions that are neither new nor stable. */
static int64_t
target_older(const struct rollout_pass *p)
{
	int64_t pods = 0;

	for (size_t i = 0; i < p->w->n_replicasets; i++)
		if (p->w->replicasets[i] != p->w->new_rs && p->w->replicasets[i] != p->w->stable_rs)
			pods += replicaset_wanted(p->w->replicasets[i]);
	return pods;
}

/* spec.paused stops an update in its current state, as in Argo Rollouts: its version is not scaled up, except for
 * the traffic that it has, and the other version is not scaled down. Both follow a change of spec.replicas. */
static void
target_hold(const struct rollout_pass *p, struct target *t)
{
	const struct replicaset *rs = p->w->new_rs, *stable = p->w->stable_rs;
	int64_t has = rs != NULL ? replicaset_wanted(rs) : 0, held;
	bool scaled;

	if (!p->paused_by_spec || p->aborted || p->promotion == PROMOTED || p->st.promote_full ||
	    p->promotion == PROMOTING || stable == NULL)
		return;
	scaled = !str_eq(object_annotation(&stable->object, ANNOTATION_DESIRED_REPLICAS),
	    arena_printf(p->arena, "%" PRId64, p->replicas));
	held = p->w->routers.n > 0 ? target_most(has, rs != NULL ? target_kept(p, rs) : 0)
	       : scaled && has > 0 ? t->new_rs
				   : has;
	if (t->new_rs <= held)
		return;
	t->new_rs = held;
	if (p->w->routers.n == 0)
		t->stable =
		    target_most(scaled ? p->replicas - held - target_older(p) : replicaset_wanted(stable), t->stable);
}

struct target
target_of(const struct rollout_pass *p)
{
	struct pod_counts stable;
	struct counts_result pods;
	int64_t before;
	struct target t;

	if (p->blue_green != NULL)
		return (struct target){
			.new_rs = bluegreen_wanted(p), .stable = p->replicas, .pods_there = bluegreen_is_ready(p)
		};
	if (p->replicas == 0)
		return (struct target){ .pods_there = target_is_empty(p->w->new_rs) && target_is_empty(p->w->stable_rs),
			.weight = counts_step_weight(p->canary, p->index, true) };
	target_calculate(p, &stable, &pods);
	t = (struct target){
		.new_rs = pods.new_rs, .stable = pods.stable, .scaled = pods.scaled, .pods_there = pods.reached
	};
	/* until the pods of the step are available, the previous weight stays, unless the weight of the step is
	 * lower */
	t.weight = counts_step_weight(p->canary, p->index, true);
	/* with dynamicStableScale the stable version has pods for all traffic that the canary does not have,
	 * whatever setCanaryScale requires */
	if (replicas_stable_scales(p) && pods.scaled)
		t.stable =
		    target_most(t.stable, counts_share(p->weight_total - t.weight, p->weight_total, p->replicas));
	before = counts_step_weight(p->canary, p->index, false);
	if (!t.pods_there && before < t.weight)
		t.weight = before;
	target_hold(p, &t);
	return t;
}

bool
target_reached(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;
	struct wanted_split want = { .weight = counts_step_weight(p->canary, p->index, true) };

	if (!target_of(p).pods_there)
		return false;
	if (p->w->routers.n == 0 || p->replicas == 0)
		return true; /* without a router the pods are the weight; without pods there is no traffic */
	if (want.weight > 0 && !str_eq(r->canary_hash, p->w->hash))
		return false;
	if (r->unverified == NULL && r->weight == want.weight && r->weight_min == want.weight)
		return true;
	/* other destinations may leave less than the weight of the step: the canary then gets the rest */
	return p->w->routing_err == NULL && routed_have_weight(p->w->rollout, &p->w->routers, &want, p->arena);
}
