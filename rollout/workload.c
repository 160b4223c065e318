/* rollout/workload.c: spec.workloadRef: the pod template of a Deployment, ReplicaSet or PodTemplate is the Rollout's.
 *
 * A change of the workload is a new revision. Nothing is decided before the first list of its type, as a workload
 * that is not known yet may exist. A Deployment is scaled down, if configured, when the Rollout's pods are available.
 */
#include "rollout/workload.h"
#include <inttypes.h>
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "rollout/pass.h"

const struct rollout *
workload_resolve(struct rollout_world *w, const struct rollout *r, struct arena *a)
{
	const struct workload_ref *ref = r->spec.workload_ref;
	const struct type *t = ref != NULL ? workload_type(ref) : NULL;
	struct rollout *copy;

	if (t == NULL)
		return r;
	if (!view_knows(w->view, t)) {
		w->unlisted = true;
		return r;
	}
	w->workload = (const struct workload *)view_get(w->view, t, r->object.meta.namespace, ref->name);
	if (w->workload == NULL)
		return r;
	copy = arena_alloc(a, sizeof(*copy));
	*copy = *r;
	copy->spec.template = w->workload->template;
	copy->template_sum = w->workload->template_sum;
	if (copy->spec.selector == NULL)
		copy->spec.selector = w->workload->spec.selector;
	return copy;
}

/* Sets the number of pods that the Deployment is to have. Returns false if this is not configured. It uses the
 * written status of the Rollout, and only during its first revision. */
static bool
workload_wanted_replicas(const struct rollout_pass *p, int64_t *ret)
{
	const struct workload_ref *ref = p->w->rollout->spec.workload_ref;
	bool healthy = p->promotion == PROMOTED && str_eq(p->was->phase, "Healthy") &&
		       str_eq(p->was->workload_observed_generation, p->st.workload_observed_generation);
	int64_t ready = p->w->new_rs != NULL ? p->w->new_rs->status.ready_replicas : 0;

	*ret = 0;
	if (p->revision != 1 || p->w->workload->object.type != &deployment_type)
		return false;
	if (str_eq(ref->scale_down, "onsuccess"))
		return healthy;
	if (!str_eq(ref->scale_down, "progressively"))
		return false;
	if (!healthy)
		*ret = ready < p->replicas ? p->replicas - ready : 0;
	return true;
}

void
workload_scale(struct rollout_pass *p)
{
	const struct workload *l = p->w->workload;
	int64_t now, want;

	if (l == NULL || !workload_wanted_replicas(p, &want))
		return;
	now = l->spec.replicas.present ? l->spec.replicas.value : 1;
	if (now == want)
		return;
	plan_scale(p->plan, &l->object, want);
	plan_independent(p->plan);
	plan_reason(p->plan, "Deployment %s: %" PRId64 " pods, not %" PRId64, l->object.meta.name, want, now);
}
