/* rollout/restart.c: spec.restartAt: pods that were created before it are evicted, so that their ReplicaSets replace
 * them.
 *
 * Pods are not watched: they are listed by a query when a restart is due. At most maxUnavailable pods are evicted at
 * once. If a PodDisruptionBudget refuses an eviction, it is retried. The order is stable, new, older versions.
 */
#include "rollout/restart.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"
#include "rollout/pods.h"
#include "rollout/replica_counts.h"

#define AGAIN_MS 30000 /* the longest time until the list is requested again, if it had no pods to evict */

bool
restart_pending(const struct rollout_pass *p)
{
	int64_t at = p->w->rollout->spec.restart_at;

	return at != 0 && at <= p->w->now && p->st.restarted_at != at;
}

static int64_t
restart_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The number of pods that may be evicted now: ready pods beyond the required minimum, without the pods that this pass
 * removes. The list is newer than the counts of the ReplicaSets, which may still include an evicted pod; the counts
 * respect minReadySeconds; and pods beyond the wanted number are terminating. The smallest of the three is safe. */
static int64_t
restart_allowed(const struct rollout_pass *p, const struct pod *const *pods, size_t n)
{
	int64_t surge, unavailable, total = 0, ready = -p->writes.pods_removed;

	for (size_t i = 0; i < p->w->n_replicasets; i++) {
		const struct replicaset *rs = p->w->replicasets[i];
		int64_t listed = 0;

		for (size_t k = 0; k < n; k++)
			listed += pod_is_of(pods[k], rs) && pod_ready(pods[k]) &&
				  pods[k]->object.meta.deletion_timestamp == 0;
		total += replicaset_wanted(rs);
		ready += restart_least(restart_least(listed, replicaset_available(rs)), replicaset_wanted(rs));
	}
	counts_limits(NULL, p->canary != NULL ? p->canary->max_unavailable : p->blue_green->max_unavailable,
	    p->replicas, &surge, &unavailable);
	return ready - ((total > p->replicas ? total : p->replicas) - (unavailable > 1 ? unavailable : 1));
}

/* Evicts the version's old pods, at most *left, which is lowered. Returns the number of old pods. */
static size_t
restart_version(
    struct rollout_pass *p, const struct replicaset *rs, const struct pod *const *pods, size_t n, int64_t *left)
{
	size_t old = 0;

	for (size_t i = 0; i < n; i++) {
		const struct meta *m = &pods[i]->object.meta;

		if (!pod_is_of(pods[i], rs) || m->creation_timestamp >= p->w->rollout->spec.restart_at)
			continue;
		old++;
		if (m->deletion_timestamp != 0 || *left <= 0)
			continue;
		(*left)--;
		plan_evict(p->plan, &pods[i]->object);
		plan_independent(p->plan);
		plan_reason(p->plan, "pod %s is older than the restart: evicted", m->name);
	}
	return old;
}

void
restart_plan(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	const struct pod *const *pods;
	int64_t left;
	size_t n = 0, old = 0;

	if (w->rollout->spec.restart_at > w->now)
		plan_wake(p->plan, w->rollout->spec.restart_at);
	if (!restart_pending(p))
		return;
	if ((pods = pods_list(p, "restart", &n)) == NULL)
		return;
	plan_wake(p->plan, time_add(w->now, AGAIN_MS));
	left = restart_allowed(p, pods, n);
	if (w->stable_rs != NULL)
		old += restart_version(p, w->stable_rs, pods, n, &left);
	if (w->new_rs != NULL && w->new_rs != w->stable_rs)
		old += restart_version(p, w->new_rs, pods, n, &left);
	for (size_t i = 0; i < w->n_replicasets; i++)
		if (w->replicasets[i] != w->stable_rs && w->replicasets[i] != w->new_rs)
			old += restart_version(p, w->replicasets[i], pods, n, &left);
	if (old == 0) {
		p->st.restarted_at = w->rollout->spec.restart_at;
		plan_reason(p->plan, "no pod is older than the restart: completed");
	}
}
