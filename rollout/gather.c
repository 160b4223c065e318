/* rollout/gather.c: input of a pass: from the view of the cache to the world of one rollout. */
#include "rollout/gather.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_template.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/analysis_templates.h"
#include "rollout/steps.h"
#include "rollout/workload.h"
#include "rollout/world.h"
#include "traffic/target_groups.h"

const struct replicaset *
world_replicaset(const struct rollout_world *w, const char *hash)
{
	for (size_t i = 0; hash != NULL && i < w->n_replicasets; i++)
		if (str_eq(object_label(&w->replicasets[i]->object, LABEL_POD_TEMPLATE_HASH), hash))
			return w->replicasets[i];
	return NULL;
}

struct orphans {
	const struct rollout *rollout;
	const struct replicaset **list;
	size_t n, capacity;
	struct arena *arena;
};

static void
gather_orphan(const struct object *o, void *arg)
{
	struct orphans *orphans = arg;

	if (object_controller(o) != NULL || !rollout_selects(orphans->rollout, o) ||
	    object_label(o, LABEL_POD_TEMPLATE_HASH) == NULL || o->meta.deletion_timestamp != 0)
		return;
	orphans->list =
	    arena_grow(orphans->arena, orphans->list, orphans->n, &orphans->capacity, sizeof(*orphans->list));
	orphans->list[orphans->n++] = (const struct replicaset *)o;
}

/* It is not known whether the rollout may adopt it. */
static void
gather_unreadable_orphan(const struct object *o, void *arg)
{
	const struct rollout_world *w = arg;

	if (object_controller(o) == NULL && (rollout_selects(w->rollout, o) || o->unreadable->partial))
		view_depends(w->view, o);
}

static void
gather_orphans(struct rollout_world *w, struct arena *a)
{
	const char *ns = w->rollout->object.meta.namespace;
	struct orphans found = { .rollout = w->rollout, .arena = a };
	char key[VIEW_KEY_SIZE];

	view_each_unreadable(w->view, &replicaset_type, ns, gather_unreadable_orphan, w);
	view_find(w->view, &replicaset_type, &view_by_controller, view_key(key, "", ns, NULL), gather_orphan, &found);
	w->orphans = found.list;
	w->n_orphans = found.n;
}

static const char *
gather_service_hash(const struct service *s)
{
	return s != NULL ? string_map_get(&s->spec.selector, LABEL_POD_TEMPLATE_HASH) : NULL;
}

/* Returns what the Services of one role select. If routers use both, and one of them does not select the new version
 * yet, that is what counts: weight and pods wait for it. */
static const char *
gather_role(const struct rollout_world *w, const struct service *spec, const struct service *turn, bool both)
{
	const char *hash = gather_service_hash(spec);

	return both && str_eq(hash, w->hash) ? gather_service_hash(turn) : hash;
}

/* Which Services the routers split between, and what these select. */
static void
gather_hashes(struct rollout_world *w, const struct canary_strategy *c)
{
	bool two_pairs = (c->spec_services & SPEC_TWO_PAIRS) != 0, others = false;

	for (size_t i = 0; c->ping_pong != NULL && i < w->routers.n; i++) {
		bool turns = !two_pairs || (w->routers.by[i].router->features & ROUTER_PREFERS_PING_PONG) != 0;

		w->takes_turns |= turns;
		others |= !turns;
	}
	if (w->routing.splits_pods)
		return;
	if (w->takes_turns && !others) {
		w->routing.canary_hash = gather_service_hash(w->turn_canary_service);
		w->routing.stable_hash = gather_service_hash(w->turn_stable_service);
		return;
	}
	w->routing.canary_hash = gather_role(w, w->canary_service, w->turn_canary_service, w->takes_turns);
	w->routing.stable_hash = gather_role(w, w->stable_service, w->turn_stable_service, w->takes_turns);
}

static void
gather_analyses(struct rollout_world *w, struct arena *a)
{
	const struct rollout *r = w->rollout;
	const struct rollout_analysis *background = r->spec.strategy.canary->analysis;
	struct analysis_found *list =
	    arena_new_array(a, struct analysis_found, (background != NULL) + steps_analyses(w, a, NULL));
	size_t n = 0;

	if (background != NULL)
		list[n++] = analysis_find(
		    w->view, r->object.meta.namespace, background, "spec.strategy.canary.analysis", IN_BACKGROUND, a);
	w->n_analyses = n + steps_analyses(w, a, &list[n]);
	w->analyses = list;
}

static void
gather_canary(struct rollout_world *w, const struct pass *p, struct arena *a)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	const char *ns = w->rollout->object.meta.namespace;

	gather_analyses(w, a);
	w->canary_service = (const struct service *)view_get(w->view, &service_type, ns, c->canary_service);
	w->stable_service = (const struct service *)view_get(w->view, &service_type, ns, c->stable_service);
	if (c->ping_pong != NULL) {
		w->turn_canary_service =
		    (const struct service *)view_get(w->view, &service_type, ns, c->turn_canary_service);
		w->turn_stable_service =
		    (const struct service *)view_get(w->view, &service_type, ns, c->turn_stable_service);
	}
	w->unlisted |= !routed_are_listed(w->rollout, w->view);
	w->routing_err = routed_read(w->rollout, w->view, a, &w->routers);
	if (routed_confirms(&w->routers)) {
		struct plan *queries = plan_new(a);

		routed_confirm(w->rollout, &w->routers, p, queries);
		w->routing_queries = queries;
	}
	w->routing = routed_merge(&w->routers, a);
	gather_hashes(w, c);
}

/* Returns whether the active Service selects a version that is not the stable one yet. If the analysis after the switch
 * has begun, it is known that the load balancers have its pods. */
static bool
gather_is_switched(const struct rollout_world *w)
{
	const struct rollout_status *st = &w->rollout->status;

	return w->settings != NULL && w->settings->verify_target_groups && !st->abort && !str_empty(st->stable_rs) &&
	       !str_eq(st->stable_rs, st->current_pod_hash) && st->blue_green.post_promotion_analysis == NULL &&
	       w->routing.stable_hash != NULL && str_eq(w->routing.stable_hash, st->current_pod_hash);
}

static void
gather_blue_green(struct rollout_world *w, const struct pass *p, struct arena *a)
{
	static const char pre[] = "spec.strategy.blueGreen.prePromotionAnalysis",
			  post[] = "spec.strategy.blueGreen.postPromotionAnalysis";
	const struct blue_green_strategy *b = w->rollout->spec.strategy.blue_green;
	const char *ns = w->rollout->object.meta.namespace;
	struct analysis_found *list = arena_new_array(a, struct analysis_found, 2);

	if (b->pre_promotion_analysis != NULL)
		list[w->n_analyses++] = analysis_find(w->view, ns, b->pre_promotion_analysis, pre, BEFORE_SWITCH, a);
	if (b->post_promotion_analysis != NULL)
		list[w->n_analyses++] = analysis_find(w->view, ns, b->post_promotion_analysis, post, AFTER_SWITCH, a);
	w->analyses = list;
	w->active_service = (const struct service *)view_get(w->view, &service_type, ns, b->active_service);
	w->preview_service = (const struct service *)view_get(w->view, &service_type, ns, b->preview_service);
	w->routing.stable_hash = gather_service_hash(w->active_service);
	w->routing.canary_hash = gather_service_hash(w->preview_service);
	if (gather_is_switched(w)) {
		struct plan *queries = plan_new(a);

		target_groups_confirm(
		    w->rollout, b->active_service, w->routing.stable_hash, true, p, queries, &w->routing.unregistered);
		w->routing_queries = queries;
	}
}

json_t *
rollout_for_args(const struct rollout *r)
{
	const struct meta *m = &r->object.meta;
	json_t *o = encode(&rollout_type, r);

	json_object_set_new(o, "metadata",
	    json_pack("{s:s,s:s,s:o,s:o}", "name", m->name, "namespace", m->namespace, "labels",
		string_map_encode(&m->labels), "annotations", string_map_encode(&m->annotations)));
	return o;
}

void
world_gather(const struct pass *p, const struct rollout *r, struct arena *a, struct rollout_world *w)
{
	const char *ns = r->object.meta.namespace;
	const struct object **list;

	*w = (struct rollout_world){ .now = p->now, .seen = p->seen, .view = p->view, .settings = p->settings };
	w->rollout = r = workload_resolve(w, r, a);
	w->n_replicasets = view_owned(p->view, &replicaset_type, ns, r->object.meta.uid, a, &list);
	w->replicasets = (const struct replicaset *const *)list;
	gather_orphans(w, a);
	w->n_runs = view_owned(p->view, &analysis_run_type, ns, r->object.meta.uid, a, &list);
	w->runs = (const struct analysis_run *const *)list;
	w->n_experiments = view_owned(p->view, &experiment_type, ns, r->object.meta.uid, a, &list);
	w->experiments = (const struct experiment *const *)list;
	w->hash = r->spec.template != NULL ? sum_hash(a, r->template_sum, r->status.collision_count) : NULL;
	w->step_hash = r->steps_json != NULL ? sum_hash(a, r->steps_sum, (struct opt_int){ 0 }) : NULL;
	w->new_rs = world_replicaset(w, w->hash);
	w->stable_rs = world_replicaset(w, r->status.stable_rs);
	if (r->spec.strategy.canary != NULL)
		gather_canary(w, p, a);
	else if (r->spec.strategy.blue_green != NULL)
		gather_blue_green(w, p, a);
}
