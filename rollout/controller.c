/* rollout/controller.c: row of the rollout controller: its types, its watches, and its pass. */
#include "rollout/controller.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "kube/plan/controller.h"
#include "rollout/decide.h"
#include "rollout/gather.h"
#include "rollout/mapping.h"
#include "rollout/status.h"
#include "rollout/world.h"
#include "traffic/routed.h"

static void
rollout_controller_pass(const struct pass *p, struct plan *plan)
{
	const struct rollout *r = (const struct rollout *)view_get(p->view, &rollout_type, p->namespace, p->name);
	struct rollout_world w;

	if (r == NULL)
		return;
	world_gather(p, r, plan->arena, &w);
	rollout_decide(&w, plan);
}

static void
rollout_controller_stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	const struct rollout *r = (const struct rollout *)view_get(p->view, &rollout_type, p->namespace, p->name);

	if (r != NULL && r->object.meta.deletion_timestamp == 0)
		status_stand_still(p, r, why, plan);
}

static bool
rollout_needs_type(const struct object *rollout, const struct type *t)
{
	const struct workload_ref *ref = ((const struct rollout *)rollout)->spec.workload_ref;

	return ref != NULL && workload_type(ref) == t;
}

static const struct controller_watch watches[] = {
	{ .type = &rollout_type },
	{ .type = &replicaset_type, .label_selector = LABEL_POD_TEMPLATE_HASH, .map = mapping_replicaset },
	{ .type = &analysis_run_type },
	{ .type = &experiment_type },
	{ .type = &analysis_template_type, .map = mapping_template },
	{ .type = &cluster_analysis_template_type, .map = mapping_template },
	{ .type = &service_type, .map = mapping_service },
	{ .type = &deployment_type, .map = mapping_workload, .needed = rollout_needs_type },
	{ .type = &workload_replicaset_type, .map = mapping_workload, .needed = rollout_needs_type },
	{ .type = &pod_template_object_type, .map = mapping_workload, .needed = rollout_needs_type },
};

static bool
rollout_needs_routed(const struct object *rollout, const struct type *t)
{
	return routed_needs((const struct rollout *)rollout, t);
}

/* The types of the routers' objects. */
static bool
rollout_watch_more(size_t i, struct controller_watch *ret)
{
	const struct router *router;
	const struct type *type = router_type(i, &router);

	if (type == NULL)
		return false;
	*ret = (struct controller_watch){
		.type = type, .map = mapping_routed, .needed = router->needs != NULL ? rollout_needs_routed : NULL
	};
	return true;
}

const struct controller rollout_controller = {
	.name = "rollout",
	.type = &rollout_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.watch_more = rollout_watch_more,
	.pass = rollout_controller_pass,
	.stand_still = rollout_controller_stand_still,
};
