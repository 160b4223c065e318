/* rollout/controller.c: row of the rollout controller: its types, its watches, and its pass. */
#include "rollout/controller.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "kube/plan/controller.h"
#include "rollout/decide.h"
#include "rollout/gather.h"
#include "rollout/status.h"
#include "rollout/steps.h"
#include "rollout/world.h"
#include "traffic/router.h"

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

/* Arguments of a search for the rollouts that an object concerns: each rollout is checked. */
struct concern {
	const struct object *object;
	bool (*concerns)(const struct rollout *, const struct object *);
	emit_key *emit;
	void *arg;
};

static void
rollout_emit_if_concerned(const struct object *o, void *arg)
{
	const struct rollout *r = (const struct rollout *)o;
	struct concern *c = arg;

	if (c->concerns(r, c->object))
		c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static bool
rollout_by_router(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct router *router = c != NULL ? router_of(c) : NULL;

	return router != NULL && router_has_type(router, o->type) && router->concerns(r, o);
}

static bool
rollout_by_service(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const char *name = o->meta.name;

	if (!str_eq(r->object.meta.namespace, o->meta.namespace))
		return false;
	return (c != NULL && (str_eq(c->canary_service, name) || str_eq(c->stable_service, name))) ||
	       (b != NULL && (str_eq(b->active_service, name) || str_eq(b->preview_service, name)));
}

/* Returns whether a change of the template concerns the Rollout: every one with an analysis, as a template can be
 * named by another template. */
static bool
rollout_by_template(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	bool any = (c != NULL && (c->analysis != NULL || steps_have_analyses(c))) ||
		   (b != NULL && (b->pre_promotion_analysis != NULL || b->post_promotion_analysis != NULL));

	return any && (o->type->cluster_scoped || str_eq(r->object.meta.namespace, o->meta.namespace));
}

static void
rollout_map_with(const struct view *v, const struct object *o,
    bool (*concerns)(const struct rollout *, const struct object *), emit_key *emit, void *arg)
{
	struct concern c = { o, concerns, emit, arg };

	v->each(v, &rollout_type, NULL, rollout_emit_if_concerned, &c);
}

static void
rollout_map_routing(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	rollout_map_with(v, o, rollout_by_router, emit, arg);
}

static void
rollout_map_service(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	rollout_map_with(v, o, rollout_by_service, emit, arg);
}

static void
rollout_map_template(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	rollout_map_with(v, o, rollout_by_template, emit, arg);
}

static bool
rollout_by_selector(const struct rollout *r, const struct object *o)
{
	return str_eq(r->object.meta.namespace, o->meta.namespace) && rollout_selects(r, o);
}

/* Enqueues the controller of a ReplicaSet, or, if it has none, every Rollout that could adopt it. */
static void
rollout_map_replicaset(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	const struct owner *owner = object_controller(o);

	if (owner == NULL)
		rollout_map_with(v, o, rollout_by_selector, emit, arg);
	else if (str_eq(owner->kind, rollout_type.kind))
		emit(o->meta.namespace, owner->name, arg);
}

static bool
rollout_by_workload(const struct rollout *r, const struct object *o)
{
	const struct workload_ref *ref = r->spec.workload_ref;

	return ref != NULL && workload_type(ref) == o->type && str_eq(ref->name, o->meta.name) &&
	       str_eq(r->object.meta.namespace, o->meta.namespace);
}

static void
rollout_map_workload(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	rollout_map_with(v, o, rollout_by_workload, emit, arg);
}

static bool
rollout_needs_type(const struct object *rollout, const struct type *t)
{
	const struct workload_ref *ref = ((const struct rollout *)rollout)->spec.workload_ref;

	return ref != NULL && workload_type(ref) == t;
}

static const struct controller_watch watches[] = {
	{ .type = &rollout_type },
	{ .type = &replicaset_type, .label_selector = LABEL_POD_TEMPLATE_HASH, .map = rollout_map_replicaset },
	{ .type = &analysis_run_type },
	{ .type = &experiment_type },
	{ .type = &analysis_template_type, .map = rollout_map_template },
	{ .type = &cluster_analysis_template_type, .map = rollout_map_template },
	{ .type = &service_type, .map = rollout_map_service },
	{ .type = &deployment_type, .map = rollout_map_workload, .needed = rollout_needs_type },
	{ .type = &workload_replicaset_type, .map = rollout_map_workload, .needed = rollout_needs_type },
	{ .type = &pod_template_object_type, .map = rollout_map_workload, .needed = rollout_needs_type },
};

/* The types of the routers' objects. */
static bool
rollout_watch_more(size_t i, struct controller_watch *ret)
{
	*ret = (struct controller_watch){ .type = router_type(i), .map = rollout_map_routing };
	return ret->type != NULL;
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
