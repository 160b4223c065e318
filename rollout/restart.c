/* rollout/restart.c: spec.restartAt: pods that were created before it are evicted, so that their ReplicaSets make new ones.
 *
 * Pods are not watched for it: they are listed when a restart is due, as a question to the API server. No more go at once than
 * may be unavailable; a PodDisruptionBudget that refuses one is tried again. The order is stable, new, older versions.
 */
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/world.h"

#define AGAIN_MS 30000 /* a list that showed nothing to evict is asked for anew at the latest after this */

bool
restart_pending(const struct decision *d)
{
	int64_t at = d->w->rollout->spec.restart_at;

	return at != 0 && at <= d->w->now && d->st.restarted_at != at;
}

static int64_t
restart_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How many may be evicted now: what is ready beyond the most that must be, without the pods that this pass removes. The list is newer
 * than the ReplicaSets' counts, which may not know yet of a pod that was evicted just now; these know of minReadySeconds; and pods
 * beyond what a ReplicaSet wants are on their way out. The smallest number is the safe one. */
static int64_t
allowed(const struct decision *d, const struct pod *const *pods, size_t n)
{
	int64_t surge, unavailable, total = 0, ready = -d->pods_removed;

	for (size_t i = 0; i < d->w->n_replicasets; i++) {
		const struct replicaset *rs = d->w->replicasets[i];
		int64_t listed = 0;

		for (size_t k = 0; k < n; k++)
			listed += pod_is_of(pods[k], rs) && pod_ready(pods[k]) &&
				  pods[k]->object.meta.deletion_timestamp == 0;
		total += replicaset_wanted(rs);
		ready += restart_least(restart_least(listed, available(rs)), replicaset_wanted(rs));
	}
	counts_limits(NULL, d->canary != NULL ? d->canary->max_unavailable : d->blue_green->max_unavailable,
	    d->replicas, &surge, &unavailable);
	return ready - ((total > d->replicas ? total : d->replicas) - (unavailable > 1 ? unavailable : 1));
}

/* The version's old pods go, up to *left of them. Returns how many there are. */
static size_t
restart_version(struct decision *d, const struct replicaset *rs, const struct pod *const *pods, size_t n, int64_t *left)
{
	size_t old = 0;

	for (size_t i = 0; i < n; i++) {
		const struct meta *m = &pods[i]->object.meta;

		if (!pod_is_of(pods[i], rs) || m->creation_timestamp >= d->w->rollout->spec.restart_at)
			continue;
		old++;
		if (m->deletion_timestamp != 0 || *left <= 0)
			continue;
		(*left)--;
		plan_evict(d->plan, &pods[i]->object);
		plan_beside(d->plan);
		plan_reason(d->plan, "pod %s is older than the restart: evicted", m->name);
	}
	return old;
}

void
restart_plan(struct decision *d)
{
	const struct world *w = d->w;
	const struct pod *const *pods;
	int64_t left;
	size_t n = 0, old = 0;

	if (w->rollout->spec.restart_at > w->now)
		plan_wake(d->plan, w->rollout->spec.restart_at);
	if (!restart_pending(d))
		return;
	if ((pods = pods_listed(d, "restart", &n)) == NULL)
		return;
	plan_wake(d->plan, time_add(w->now, AGAIN_MS));
	left = allowed(d, pods, n);
	if (w->stable_rs != NULL)
		old += restart_version(d, w->stable_rs, pods, n, &left);
	if (w->new_rs != NULL && w->new_rs != w->stable_rs)
		old += restart_version(d, w->new_rs, pods, n, &left);
	for (size_t i = 0; i < w->n_replicasets; i++)
		if (w->replicasets[i] != w->stable_rs && w->replicasets[i] != w->new_rs)
			old += restart_version(d, w->replicasets[i], pods, n, &left);
	if (old == 0) {
		d->st.restarted_at = w->rollout->spec.restart_at;
		plan_reason(d->plan, "no pod is older than the restart: completed");
	}
}
