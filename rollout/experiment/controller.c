/* rollout/experiment/controller.c: row of the experiment controller: its types, its watches, and its pass. */
#include "rollout/experiment/controller.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/experiment/decide.h"
#include "rollout/experiment/world.h"
#include "traffic/routed.h"

/* The rollout whose step created the Experiment, and the Services that its routing gives weight to. */
static void
experiment_gather_rollout(struct experiment_world *w, struct arena *a)
{
	const struct owner *owner = object_controller(&w->experiment->object);
	struct routed routed;
	struct routing routing;

	if (owner == NULL || !str_eq(owner->kind, rollout_type.kind))
		return;
	w->rollout =
	    (const struct rollout *)view_get(w->view, &rollout_type, w->experiment->object.meta.namespace, owner->name);
	if (w->rollout == NULL)
		return;
	/* After an error the routing has what could be read. */
	routed_read(w->rollout, w->view, a, &routed);
	routing = routed_merge(&routed, a);
	w->routed = routing.additional;
	w->n_routed = routing.n_additional;
}

static void
experiment_controller_pass(const struct pass *p, struct plan *plan)
{
	struct experiment_world w = { .now = p->now, .seen = p->seen, .view = p->view };
	const struct object **list;

	w.experiment = (const struct experiment *)view_get(p->view, &experiment_type, p->namespace, p->name);
	if (w.experiment == NULL)
		return;
	w.n_replicasets =
	    view_owned(p->view, &replicaset_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.replicasets = (const struct replicaset *const *)list;
	w.n_services =
	    view_owned(p->view, &service_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.services = (const struct service *const *)list;
	w.n_runs =
	    view_owned(p->view, &analysis_run_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.runs = (const struct analysis_run *const *)list;
	experiment_gather_rollout(&w, plan->arena);
	experiment_decide(&w, plan);
}

static void
experiment_controller_stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	struct experiment_world w = { .now = p->now, .seen = p->seen, .view = p->view };

	w.experiment = (const struct experiment *)view_get(p->view, &experiment_type, p->namespace, p->name);
	if (w.experiment != NULL)
		experiment_stand_still(&w, why, plan);
}

/* The arguments of experiment_emit_owned(). */
struct emitting {
	emit_key *emit;
	void *arg;
};

/* Emits the key of an Experiment that has this owner. */
static void
experiment_emit(const struct object *o, void *arg)
{
	const struct emitting *e = arg;

	e->emit(o->meta.namespace, o->meta.name, e->arg);
}

/* An Experiment waits until the routing of its rollout does not use its pods any more. */
static void
experiment_map_rollout(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	if (o->meta.uid != NULL)
		view_find(v, &experiment_type, &view_by_controller, o->meta.uid, experiment_emit,
		    &(struct emitting){ emit, arg });
}

static const struct controller_watch watches[] = {
	{ .type = &experiment_type },
	{ .type = &replicaset_type, .label_selector = LABEL_POD_TEMPLATE_HASH },
	{ .type = &service_type },
	{ .type = &analysis_run_type },
	{ .type = &rollout_type, .map = experiment_map_rollout },
};

const struct controller experiment_controller = {
	.name = "experiment",
	.type = &experiment_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = experiment_controller_pass,
	.stand_still = experiment_controller_stand_still,
};
