/* rollout/weights.c: traffic weight of the new version, and the hashes that the destinations select. How a router
 * writes them: traffic/.
 *
 * The wanted weight follows from the step, and the planned one from readiness. A weight is raised only when the pods
 * on both sides are available for it and the destination is observed to select the new version. It is lowered at
 * once.
 */
#include "rollout/weights.h"
#include <inttypes.h>
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/canary.h"
#include "rollout/experiment_step.h"
#include "rollout/gather.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/replica_counts.h"
#include "rollout/replicas.h"
#include "rollout/services.h"
#include "rollout/step_target.h"

/* The part of all traffic that the available pods of a ReplicaSet can carry. */
static int64_t
weights_share_of_pods(const struct rollout_pass *p, const struct replicaset *rs)
{
	int64_t total = p->weight_total,
		share = p->replicas > 0 ? replicaset_available(rs) * total / p->replicas : total;

	return share < total ? share : total;
}

/* The weight of the step, before any check. */
static int64_t
weights_wanted(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;

	if (p->promotion != NOT_PROMOTED || p->aborted || p->change != CHANGE_NONE)
		return 0;
	if (replicaset_available(p->w->new_rs) == 0)
		return 0;
	if (canary_takes_turn(p))
		return p->weight_total;
	if (p->st.promote_full)
		return replicas_stable_scales(p) && weights_share_of_pods(p, p->w->new_rs) > r->weight
			   ? weights_share_of_pods(p, p->w->new_rs)
			   : r->weight;
	if (p->canary->steps.n == 0)
		return 0;
	return target_of(p).weight;
}

/* With dynamicStableScale the stable version gets traffic back when its pods become available; or at once, if the
 * canary has no available pod. */
static int64_t
weights_stable_can_carry(const struct rollout_pass *p, int64_t want)
{
	const struct routing *r = &p->w->routing;
	int64_t least = p->weight_total - weights_share_of_pods(p, world_replicaset(p->w, r->stable_hash));

	if (!replicas_stable_scales(p) || replicaset_available(world_replicaset(p->w, r->canary_hash)) == 0 ||
	    want >= r->weight || want >= least)
		return want;
	return least < r->weight ? least : r->weight;
}

/* The new version's pods are enough for the weight: its share of them is available, or the number that a user
 * configured (setCanaryScale, replicaProgressThreshold). A version without available pods never gets weight. */
static bool
weights_new_can_carry(const struct rollout_pass *p, int64_t weight)
{
	struct target want = target_of(p);
	int64_t need = counts_share(weight, p->weight_total, p->replicas);

	if (weight > 0 && p->replicas > 0 && replicaset_available(p->w->new_rs) == 0)
		return false;
	if (want.scaled || p->canary->replica_progress_threshold != NULL)
		return replicaset_available(p->w->new_rs) >= (need < want.new_rs ? need : want.new_rs) ||
		       want.pods_there;
	return replicaset_available(p->w->new_rs) >= need;
}

/* The canary's destination must select the new version before it has a weight. At 0 only an experiment's destinations
 * are raised, which have pods of their own. */
static bool
weights_may_raise(const struct rollout_pass *p, int64_t weight)
{
	const struct routing *r = &p->w->routing;

	if (p->aborted || p->deadline_exceeded || pause_undecided(&p->st))
		return false;
	if (weight > 0 && !str_eq(r->canary_hash, p->w->hash))
		return false;
	return weights_new_can_carry(p, weight) &&
	       replicaset_available(p->w->stable_rs) >= (p->weight_total - weight) * p->replicas / p->weight_total;
}

bool
weights_settled(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;

	return p->w->routers.n == 0 || (p->w->routing_err == NULL && r->unverified == NULL && r->unregistered == NULL &&
					   r->weight == 0 && r->weight_min == 0 && str_eq(r->stable_hash, p->w->hash) &&
					   (p->w->takes_turns || str_eq(r->canary_hash, p->w->hash)));
}

static const struct weight_destination *
weights_destination(const struct weight_destination *list, size_t n, const char *service)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].service_name, service))
			return &list[i];
	return NULL;
}

/* Returns true if the traffic of another destination decreases. */
static bool
weights_take_away(const struct routing *r, const struct wanted_split *want)
{
	for (size_t i = 0; i < r->n_additional; i++) {
		const struct weight_destination *to =
		    weights_destination(want->additional, want->n_additional, r->additional[i].service_name);

		if (to == NULL || to->weight < r->additional[i].weight)
			return true;
	}
	return false;
}

/* Returns true if the observed destinations are not the wanted ones. */
static bool
weights_differ(const struct routing *r, const struct wanted_split *want)
{
	return r->routes_differ || r->n_additional != want->n_additional || weights_take_away(r, want) ||
	       weights_take_away(
		   &(struct routing){ .additional = want->additional, .n_additional = want->n_additional },
		   &(struct wanted_split){ .additional = r->additional, .n_additional = r->n_additional });
}

/* No destination gets more weight than it has. */
static struct wanted_split
weights_only_less(struct rollout_pass *p, struct wanted_split want)
{
	const struct routing *r = &p->w->routing;
	struct weight_destination *list = arena_new_array(p->arena, struct weight_destination, want.n_additional);
	size_t n = 0;

	for (size_t i = 0; i < want.n_additional; i++) {
		const struct weight_destination *now =
		    weights_destination(r->additional, r->n_additional, want.additional[i].service_name);

		if (now == NULL)
			continue;
		list[n] = want.additional[i];
		list[n].weight = now->weight < list[n].weight ? now->weight : list[n].weight;
		n++;
	}
	if (want.weight > r->weight)
		want.weight = r->weight_min;
	want.additional = list;
	want.n_additional = n;
	return want;
}

void
weights_plan(struct rollout_pass *p, bool lower)
{
	const struct routing *r = &p->w->routing;
	struct wanted_split want = { .weight = weights_stable_can_carry(p, weights_wanted(p)) };
	bool same, down, restored;
	size_t before = p->plan->n_steps;
	struct err *e;

	/* an invalid routing is still used to lower the canary's weight, as far as it can be read */
	if (p->w->routers.n == 0 || (p->w->routing_err != NULL && !p->aborted))
		return;
	want.additional = experiment_step_weights(p, &want.n_additional);
	same = r->weight == want.weight && r->weight_min == want.weight;
	if (same && !weights_differ(r, &want))
		return;
	down = weights_take_away(r, &want) ||
	       (!same && (want.weight <= r->weight_min || (want.weight < r->weight && p->aborted)));
	/* the stable destination must be observed to select the new version, and to reach its pods, before it gets all
	 * traffic */
	if (((p->promotion != NOT_PROMOTED) && (!str_eq(r->stable_hash, p->w->hash) || r->unregistered != NULL)) ||
	    down != lower)
		return;
	/* nothing gets more traffic than it has: objects that a user, or what they are copied from, changed */
	restored = same && want.n_additional == 0 && r->n_additional == 0;
	/* removed routes change the indices of the others: the next pass raises the weight */
	if (!down && (p->writes.routes || (!restored && !weights_may_raise(p, want.weight))))
		return;
	if (down)
		want = weights_only_less(p, want);
	p->writes.weight = (struct opt_int){ true, want.weight };
	e = routed_set_weight(p->w->rollout, &p->w->routers, &want, p->plan);
	p->writes.routing |= p->plan->n_steps > before;
	if (e != NULL)
		plan_reason(p->plan, "weight: %s", err_text(p->arena, e));
	else
		plan_reason(p->plan, "weight %" PRId64 " -> %" PRId64, r->weight, want.weight);
	for (size_t i = 0; i < want.n_additional; i++)
		plan_reason(
		    p->plan, "weight of %s -> %" PRId64, want.additional[i].service_name, want.additional[i].weight);
}

/* Returns true if a destination that has `weight` percent, and selects `now`, may select this revision. If `now` has
 * no available pod, one pod is enough. */
static bool
weights_can_carry(const struct rollout_pass *p, const struct replicaset *rs, int64_t weight, const char *now)
{
	if (weight == 0 || p->replicas == 0)
		return true;
	if (now != NULL && replicaset_available(world_replicaset(p->w, now)) == 0)
		return replicaset_available(rs) > 0;
	return replicaset_available(rs) > 0 && replicaset_available(rs) >= weight * p->replicas / p->weight_total;
}

/* The hash for the canary's destination; NULL: not changed. The canary Service of an aborted update selects the
 * stable version again, as the canary's pods will be removed, but only after the routing is observed to send no
 * requests to it. One of pingPong (`turns`) keeps its version until the next update. */
static const char *
weights_canary_hash(const struct rollout_pass *p, bool turns)
{
	const struct routing *r = &p->w->routing;

	if (!p->aborted || r->splits_pods || turns)
		return p->w->hash;
	if (r->unverified != NULL || r->weight > 0 || r->managed_routes > 0 || p->writes.weight.present ||
	    p->writes.routes)
		return NULL;
	return replicaset_available(p->w->stable_rs) > 0 ? p->st.stable_rs : NULL;
}

/* A Service without endpoints does not respond: only a version with pods is selected. */
static void
weights_switch(struct rollout_pass *p, const struct service *s, const char *hash)
{
	if (hash != NULL && replicaset_available(world_replicaset(p->w, hash)) > 0)
		services_switch(p, s, hash);
}

/* Switches the Services of the roles; a NULL hash: not that role. With pingPong, the old version's Service stays as it
 * is until the next update, and that of the stable version already selects a version that is being promoted. */
static void
weights_switch_services(struct rollout_pass *p, bool canary, const char *stable_hash)
{
	const struct rollout_world *w = p->w;

	if (p->canary->ping_pong == NULL || (p->canary->spec_services & SPEC_TWO_PAIRS) != 0) {
		weights_switch(p, w->canary_service, canary ? weights_canary_hash(p, false) : NULL);
		weights_switch(p, w->stable_service, stable_hash);
	}
	if (p->canary->ping_pong != NULL && canary && p->promotion == NOT_PROMOTED)
		weights_switch(p, w->turn_canary_service, w->hash);
	if (p->canary->ping_pong != NULL && p->promotion != PROMOTING)
		weights_switch(p, w->turn_stable_service, stable_hash);
}

void
weights_plan_hashes(struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;
	bool new_is_stable = p->promotion != NOT_PROMOTED;
	const struct replicaset *stable = new_is_stable ? p->w->new_rs : p->w->stable_rs;
	const char *canary_hash = weights_canary_hash(p, p->w->takes_turns),
		   *stable_hash = new_is_stable ? p->w->hash : p->st.stable_rs;
	bool two = p->w->new_rs != NULL && stable != p->w->new_rs;
	struct wanted_hashes want = { 0 };
	bool canary_ok, stable_ok;

	if (p->w->routers.n == 0 || r->splits_pods)
		services_follow(p);
	if (p->w->routers.n == 0 || p->w->routing_err != NULL || p->w->new_rs == NULL || stable_hash == NULL)
		return;
	canary_ok =
	    weights_can_carry(p, p->w->new_rs, r->unverified != NULL ? p->weight_total : r->weight, r->canary_hash);
	stable_ok =
	    weights_can_carry(p, stable, p->weight_total - (r->unverified != NULL ? 0 : r->weight_min), r->stable_hash);
	/* a stable version that was scaled down gets the canary's share too only when all of its pods are
	 * available */
	if (!two && replicas_stable_scales(p) && r->weight > 0 && replicaset_available(p->w->new_rs) < p->replicas &&
	    replicaset_available(world_replicaset(p->w, r->canary_hash)) > 0)
		canary_ok = false;
	if (!two && r->canary_hash == NULL && r->stable_hash == NULL)
		/* the first deploy: the versions are split when all pods are available */
		canary_ok = stable_ok = replicaset_available(stable) >= p->replicas;
	else if (two && r->stable_hash == NULL && r->splits_pods)
		/* both versions are selected: whatever the state of the pods, this only removes other pods */
		stable_ok = true;
	p->writes.canary_hash = canary_ok ? canary_hash : NULL;
	p->writes.stable_hash = stable_ok ? stable_hash : NULL;
	if (!r->splits_pods) {
		weights_switch_services(p, canary_ok, stable_ok ? stable_hash : NULL);
		return;
	}
	want.canary = p->writes.canary_hash;
	want.stable = p->writes.stable_hash;
	want.additional = experiment_step_destinations(p, &want.n_additional);
	want.services = experiment_step_services(p, &want.n_services);
	routed_set_hashes(p->w->rollout, &p->w->routers, &want, p->plan);
}
