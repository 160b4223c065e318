/* tests/simulation/judge_pods.c: no write takes the pods above replicas + maxSurge, or the available ones below
 * replicas - maxUnavailable.
 *
 * - Without a router pods are the traffic. After a write that makes a ReplicaSet larger there are at most replicas +
 * maxSurge pods; pods that a user scaled down may exceed that, but none is added then. After a write that removes
 * available pods there are at least replicas - maxUnavailable of them.
 * - With a router each version has its own bound: its ReplicaSet is never made larger than replicas, setCanaryScale
 * or minPodsPerReplicaSet. Removal is bounded by the routing (judge.c).
 * - Blue-green: the same, for each of the two.
 * - An eviction leaves replicas - maxUnavailable ready pods, but one pod may always be evicted.
 */
#include <string.h>
#include "tests/simulation/judge_parts.h"

#define CHANGES_MAX 32

struct pod_bounds {
	struct cluster *cluster;
	struct judge *judge;
	long long replicas; /* spec.replicas */
	struct {
		long long replicas;
		int64_t until; /* mono ms at which it became another number */
	} was[CHANGES_MAX];
	size_t changes; /* of spec.replicas, the last of which are in `was` */
	int64_t changed_at; /* mono ms of the last change of the spec */
	int64_t fell_at; /* mono ms: pods were lost that nothing of ours took */
	long long lost; /* how many lately */
};

static bool
bounds_recent(const struct pod_bounds *b, int64_t at)
{
	return at != 0 && loop_mono(b->cluster->loop) < at + judge_memory(b->cluster);
}

/* A decision may rest on what a user has changed since: the most, or the least, of what was there lately. */
static long long
bounds_replicas(const struct pod_bounds *b, bool most)
{
	long long found = b->replicas;

	for (size_t i = 0; i < CHANGES_MAX && i < b->changes; i++)
		if (bounds_recent(b, b->was[i].until) &&
		    (most ? b->was[i].replicas > found : b->was[i].replicas < found))
			found = b->was[i].replicas;
	return found;
}

static bool
bounds_routed(const json_t *rollout)
{
	return json_at(rollout, "/spec/strategy/canary/trafficRouting") != NULL ||
	       json_at(rollout, "/spec/strategy/blueGreen") != NULL;
}

static long long
bounds_most(long long a, long long b)
{
	return a > b ? a : b;
}

/* The largest that any version may be made. */
static long long
bounds_of_version(const struct pod_bounds *b, const json_t *rollout)
{
	long long most = bounds_replicas(b, true);
	json_t *step;
	size_t i;

	json_array_foreach (facts_steps(rollout), i, step)
		most = bounds_most(most, json_int(json_object_get(step, "setCanaryScale"), "replicas", 0));
	return bounds_most(most, json_int(json_at(rollout, "/spec/strategy/blueGreen"), "previewReplicaCount", 0));
}

static void
bounds_on_grown(struct pod_bounds *b, const json_t *rollout, const json_t *rs, long long now)
{
	long long surge, unavailable, replicas = bounds_replicas(b, true), all;

	if (bounds_routed(rollout)) {
		if (now > bounds_of_version(b, rollout))
			judge_wrong(b->judge, "ReplicaSet %s grew to %lld, but the rollout has %lld replicas",
			    facts_label(rs), now, replicas);
		return;
	}
	facts_limits(rollout, replicas, &surge, &unavailable);
	all = facts_all_pods(b->cluster, NULL).wanted;
	if (all > replicas + surge && !bounds_recent(b, b->changed_at))
		judge_wrong(b->judge,
		    "ReplicaSet %s grew to %lld: %lld pods in all, more than %lld replicas and %lld surge",
		    facts_label(rs), now, all, replicas, surge);
}

static void
bounds_on_shrunk(struct pod_bounds *b, const json_t *rollout, const json_t *rs, long long now)
{
	long long available = json_int(json_object_get(rs, "status"), "availableReplicas", 0);
	long long surge, unavailable, replicas = bounds_replicas(b, false), left;

	if (bounds_routed(rollout) || available <= now)
		return;
	facts_limits(rollout, replicas, &surge, &unavailable);
	left = facts_all_pods(b->cluster, NULL).available + (bounds_recent(b, b->fell_at) ? b->lost : 0);
	if (left < replicas - unavailable && !bounds_recent(b, b->changed_at))
		judge_wrong(b->judge,
		    "ReplicaSet %s shrunk to %lld, which leaves %lld available pods of %lld, and %lld may be missing",
		    facts_label(rs), now, left, replicas, unavailable);
}

static void
bounds_on_replicaset(struct pod_bounds *b, const json_t *old, const json_t *o)
{
	const json_t *rollout = cluster_rollout(b->cluster);
	long long before = json_int(json_object_get(old, "spec"), "replicas", 0),
		  now = json_int(json_object_get(o, "spec"), "replicas", 0);
	long long was = json_int(json_object_get(old, "status"), "availableReplicas", 0),
		  available = json_int(json_object_get(o, "status"), "availableReplicas", 0);

	if (!facts_owned(o, "Rollout") || rollout == NULL)
		return;
	if (now == before && available < was && available < now) {
		b->lost = (bounds_recent(b, b->fell_at) ? b->lost : 0) + (was < now ? was : now) - available;
		b->fell_at = loop_mono(b->cluster->loop);
	}
	if (b->cluster->urgency.user)
		return;
	if (now > before)
		bounds_on_grown(b, rollout, o, now);
	else if (now < before)
		bounds_on_shrunk(b, rollout, o, now);
}

struct bounds_counting {
	const char *rs;
	long long n, ready;
};

static void
bounds_count(const json_t *pod, void *arg)
{
	struct bounds_counting *k = arg;
	json_t *condition;
	size_t i;

	if (json_at(pod, "/metadata/deletionTimestamp") != NULL ||
	    strcmp(json_str(json_at(pod, "/metadata/ownerReferences/0"), "name") ?: "", k->rs) != 0)
		return;
	k->n++;
	json_array_foreach (json_at(pod, "/status/conditions"), i, condition)
		k->ready +=
		    str_eq(json_str(condition, "type"), "Ready") && str_eq(json_str(condition, "status"), "True");
}

struct bounds_summing {
	struct cluster *cluster;
	long long ready, wanted;
};

static void
bounds_sum(const json_t *rs, void *arg)
{
	struct bounds_summing *s = arg;
	struct bounds_counting k = { .rs = json_str(json_object_get(rs, "metadata"), "name") };

	if (!facts_owned(rs, "Rollout"))
		return;
	store_each(s->cluster->store, "pods", bounds_count, &k);
	s->ready += k.ready;
	s->wanted += json_int(json_object_get(rs, "spec"), "replicas", 0);
}

/* A pod that ends although its ReplicaSet wants it was evicted: no user here deletes pods. */
static void
bounds_on_pod(struct pod_bounds *b, const json_t *old, const json_t *o, bool gone)
{
	const json_t *rollout = cluster_rollout(b->cluster);
	const char *owner = json_str(json_at(o, "/metadata/ownerReferences/0"), "name");
	const json_t *rs = owner != NULL ? store_get(b->cluster->store, "replicasets", "default", owner) : NULL;
	struct bounds_counting k = { .rs = owner };
	struct bounds_summing s = { .cluster = b->cluster };
	long long surge, unavailable, least;

	if (rollout == NULL || rs == NULL || !facts_owned(rs, "Rollout") || b->cluster->urgency.user ||
	    json_at(old, "/metadata/deletionTimestamp") != NULL ||
	    (!gone && json_at(o, "/metadata/deletionTimestamp") == NULL) || json_at(rollout, "/spec/restartAt") == NULL)
		return;
	store_each(b->cluster->store, "pods", bounds_count, &k);
	if (k.n >= json_int(json_object_get(rs, "spec"), "replicas", 0))
		return;
	store_each(b->cluster->store, "replicasets", bounds_sum, &s);
	facts_limits(rollout, bounds_replicas(b, false), &surge, &unavailable);
	least = bounds_replicas(b, false) - (unavailable > 1 ? unavailable : 1);
	if (s.ready + (bounds_recent(b, b->fell_at) ? b->lost : 0) < least && !bounds_recent(b, b->changed_at))
		judge_wrong(b->judge,
		    "a pod of %s was evicted, which leaves %lld ready pods of %lld, and %lld may be missing", owner,
		    s.ready, bounds_replicas(b, false), unavailable);
}

void
pod_bounds_on_write(
    struct pod_bounds *b, const struct resource *r, const char *type, const json_t *old, const json_t *o)
{
	bool gone = strcmp(type, "DELETED") == 0;

	if (strcmp(r->kind, "Pod") == 0) {
		bounds_on_pod(b, old, o, gone);
		return;
	}
	if (gone)
		return;
	if (strcmp(r->kind, "ReplicaSet") == 0)
		bounds_on_replicaset(b, old, o);
	if (strcmp(r->kind, "Rollout") == 0 && !json_equal(json_object_get(old, "spec"), json_object_get(o, "spec"))) {
		b->was[b->changes % CHANGES_MAX].replicas = old != NULL ? facts_replicas(old) : 0;
		b->was[b->changes++ % CHANGES_MAX].until = loop_mono(b->cluster->loop);
		b->replicas = facts_replicas(o);
		b->changed_at = loop_mono(b->cluster->loop);
	}
}

struct pod_bounds *
pod_bounds_new(struct cluster *c, struct judge *j)
{
	struct pod_bounds *b = mem_alloc(sizeof(*b));

	b->cluster = c;
	b->judge = j;
	return b;
}

struct pod_bounds *
pod_bounds_free(struct pod_bounds *b)
{
	free(b);
	return NULL;
}
