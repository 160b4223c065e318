/* rollout/services.c: selectors of Services: the pod template hash that each one selects. Weights: weights.c.
 *
 * A Service that is switched has the rollout's name in an annotation, as in Argo Rollouts, so that no other rollout
 * uses it.
 */
#include "rollout/services.h"
#include "base/str.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"

void
services_switch(struct rollout_pass *p, const struct service *s, const char *hash)
{
	const char *now;
	json_t *ops;

	if (s == NULL || hash == NULL)
		return;
	now = string_map_get(&s->spec.selector, LABEL_POD_TEMPLATE_HASH);
	if (str_eq(now, hash))
		return;
	ops = json_array();
	if (now != NULL)
		json_patch_add(ops, "test", "/spec/selector/" LABEL_POD_TEMPLATE_HASH, json_string(now));
	json_patch_add(ops, "add", "/spec/selector/" LABEL_POD_TEMPLATE_HASH, json_string(hash));
	object_patch_annotation(p->arena, ops, &s->object, ANNOTATION_MANAGED_BY, p->w->rollout->object.meta.name);
	plan_patch(p->plan, &s->object, ops);
	/* a canary that becomes the stable version is reported by RolloutCompleted */
	plan_event(p->plan, &p->w->rollout->object, false, "SwitchService",
	    "Switched selector for service '%s' from '%s' to '%s'", s->object.meta.name, now != NULL ? now : "", hash)
	    ->implied = p->canary != NULL && s == p->w->stable_service && p->was->stable_rs != NULL &&
			!str_eq(hash, p->was->stable_rs);
}

/* If the traffic is not split by Services, existing ones follow the versions. A Service without endpoints would not
 * respond: only a version with available pods is selected, and at first only one with all its pods. A Service whose
 * pods are split by subsets selects all of them. */
void
services_follow(struct rollout_pass *p)
{
	const struct rollout_world *w = p->w;
	const struct replicaset *stable = w->stable_rs != NULL ? w->stable_rs : w->new_rs,
				*canary = p->aborted ? stable : w->new_rs;
	const struct {
		const struct service *service;
		const struct replicaset *to;
	} services[] = { { w->routing.needs_stable_service ? NULL : w->stable_service, stable },
		{ w->routing.needs_canary_service ? NULL : w->canary_service, canary } };

	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		const struct service *s = services[i].service;
		const struct replicaset *to = services[i].to;
		bool ours = s != NULL && object_annotation(&s->object, ANNOTATION_MANAGED_BY) != NULL;

		if (s != NULL && to != NULL && replicaset_available(to) > 0 &&
		    (ours || replicaset_available(to) >= replicaset_wanted(to)))
			services_switch(p, s, object_label(&to->object, LABEL_POD_TEMPLATE_HASH));
	}
}
