/* rollout/target.c: what the present step is to have, of the traffic and of pods.
 *
 * It is one answer, because three parts of a pass must not contradict each other: what a step waits for, what pods are added and
 * removed by, and what the routing keeps. Two rules make every step reachable. Weight goes down without waiting for pods, since
 * pods wait for the routing; and a step that sends requests to the canary, by a weight or by a managed route, is to have at
 * least the pod that the routing will keep.
 */
#include <inttypes.h>
#include "base/str.h"
#include "rollout/world.h"

static int64_t
target_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct pod_counts
target_counts(const struct replicaset *rs)
{
	return (struct pod_counts){ replicaset_wanted(rs), rs->status.replicas, available(rs) };
}

/* The pods that a part of the traffic needs. What managed routes send is not known, but it is something. */
static int64_t
target_share(const struct decision *d, int64_t weight, bool routes)
{
	weight = routes ? target_most(weight, 1) : weight;
	return share(weight > 100 ? 100 : weight, d->replicas);
}

int64_t
target_kept(const struct decision *d, const struct replicaset *rs)
{
	const struct routing *r = &d->w->routing;
	const char *hash = object_label(&rs->object, LABEL_POD_TEMPLATE_HASH);
	int64_t canary = r->weight, stable = 100 - r->weight_least, weight = 0;
	bool is_canary = str_eq(r->canary_hash, hash) || str_eq(d->canary_to, hash);

	if (d->weight_to.set) {
		canary = target_most(canary, d->weight_to.is);
		stable = target_most(stable, 100 - d->weight_to.is);
	}
	if (is_canary)
		weight += canary;
	if (str_eq(r->stable_hash, hash) || str_eq(d->stable_to, hash))
		weight += stable;
	return target_share(d, weight, is_canary && r->routes > 0);
}

/* The step wants requests to reach the canary. */
static bool
target_has_traffic(const struct decision *d)
{
	return d->w->router != NULL && !d->aborted && d->replicas > 0 &&
	       (step_weight(d->canary, d->index, true) > 0 || routes_wanted(d));
}

static void
target_ask(const struct decision *d, struct pod_counts *stable, struct counts_answer *ret)
{
	const struct world *w = d->w;
	struct counts_question q = { .canary = d->canary,
		.replicas = d->replicas,
		.index = d->index,
		.aborted = d->aborted,
		.promote_full = d->st.promote_full,
		.least_new = target_has_traffic(d) };

	if (w->router != NULL && w->routing_err == NULL) {
		q.has_weights = true;
		q.canary_weight = w->routing.weight;
		q.stable_weight = 100 - w->routing.weight_least;
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
	return rs == NULL || (replicaset_wanted(rs) == 0 && available(rs) == 0);
}

/* spec.paused holds an update where it is, as with Argo Rollouts: its version gets no more pods than it has, or than the traffic
 * needs that it has, and the other one keeps its own. Both follow a change of spec.replicas. */
static void
target_hold(const struct decision *d, struct target *t)
{
	const struct replicaset *rs = d->w->new_rs, *stable = d->w->stable_rs;
	int64_t has = rs != NULL ? replicaset_wanted(rs) : 0, held;
	bool scaled;

	if (!d->paused_by_spec || d->aborted || d->promoted || d->st.promote_full || d->takes_over || stable == NULL)
		return;
	scaled = !str_eq(object_annotation(&stable->object, ANNOTATION_DESIRED_REPLICAS),
	    arena_printf(d->arena, "%" PRId64, d->replicas));
	held = d->w->router != NULL ? target_most(has, rs != NULL ? target_kept(d, rs) : 0)
	       : scaled && has > 0  ? t->new_rs
				    : has;
	if (t->new_rs <= held)
		return;
	t->new_rs = held;
	if (d->w->router == NULL)
		t->stable = target_most(scaled ? d->replicas - held : replicaset_wanted(stable), t->stable);
}

struct target
target_of(const struct decision *d)
{
	struct pod_counts stable;
	struct counts_answer pods;
	int64_t before;
	struct target t;

	if (d->blue_green != NULL)
		return (struct target){
			.new_rs = bluegreen_wanted(d), .stable = d->replicas, .pods_there = bluegreen_is_ready(d)
		};
	if (d->replicas == 0)
		return (struct target){ .pods_there = target_is_empty(d->w->new_rs) && target_is_empty(d->w->stable_rs),
			.weight = step_weight(d->canary, d->index, true) };
	target_ask(d, &stable, &pods);
	t = (struct target){
		.new_rs = pods.new_rs, .stable = pods.stable, .scaled = pods.scaled, .pods_there = pods.reached
	};
	/* Until the step's pods are there, what was reached before stays, unless the step wants less. */
	t.weight = step_weight(d->canary, d->index, true);
	/* A stable version that is scaled by its share carries what the weight leaves to it, whatever setCanaryScale says. */
	if (scales_stable(d) && pods.scaled)
		t.stable = target_most(t.stable, share(100 - t.weight, d->replicas));
	before = step_weight(d->canary, d->index, false);
	if (!t.pods_there && before < t.weight)
		t.weight = before;
	target_hold(d, &t);
	return t;
}

bool
target_reached(const struct decision *d)
{
	const struct routing *r = &d->w->routing;
	struct wanted_split want = { .weight = step_weight(d->canary, d->index, true) };

	if (!target_of(d).pods_there)
		return false;
	if (d->w->router == NULL || d->replicas == 0)
		return true; /* the pods are the weight; or there are none, and no traffic to see */
	if (want.weight > 0 && !str_eq(r->canary_hash, d->w->hash))
		return false;
	if (r->weight == want.weight && r->weight_least == want.weight)
		return true;
	/* Destinations of others may leave less than the step's weight; the canary then has what is left. */
	return d->w->routing_err == NULL && d->w->router->has_weight(d->w->rollout, r, &want, d->arena);
}
