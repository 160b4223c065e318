/* rollout/gather.c: from the view of the cache to the world of one rollout. */
#include <string.h>
#include "base/str.h"
#include "kube/api/pod_template.h"
#include "rollout/world.h"

const struct replicaset *
replicaset_of(const struct world *w, const char *hash)
{
	for (size_t i = 0; hash != NULL && i < w->n_replicasets; i++)
		if (str_eq(object_label(&w->replicasets[i]->object, LABEL_POD_TEMPLATE_HASH), hash))
			return w->replicasets[i];
	return NULL;
}

struct orphans {
	const struct rollout *rollout;
	const struct replicaset **list; /* NULL: only count */
	size_t n;
};

static void
keep_orphan(const struct object *o, void *arg)
{
	struct orphans *orphans = arg;

	if (object_controller(o) != NULL || !rollout_selects(orphans->rollout, o) ||
	    object_label(o, LABEL_POD_TEMPLATE_HASH) == NULL || o->meta.deletion_timestamp != 0)
		return;
	if (orphans->list != NULL)
		orphans->list[orphans->n] = (const struct replicaset *)o;
	orphans->n++;
}

static void
gather_orphans(struct world *w, struct arena *a)
{
	struct orphans found = { .rollout = w->rollout };

	w->view->each(w->view, &replicaset_type, w->rollout->object.meta.namespace, keep_orphan, &found);
	if (found.n == 0)
		return;
	found.list = arena_new_array(a, const struct replicaset *, found.n);
	found.n = 0;
	w->view->each(w->view, &replicaset_type, w->rollout->object.meta.namespace, keep_orphan, &found);
	w->orphans = found.list;
	w->n_orphans = found.n;
}

static const char *
service_hash(const struct service *s)
{
	return s != NULL ? string_map_get(&s->spec.selector, LABEL_POD_TEMPLATE_HASH) : NULL;
}

static void
add_template(const struct world *w, struct analysis_found *f, const struct template_ref *ref, const char *field)
{
	for (size_t i = 0; i < f->n_templates; i++)
		if (str_eq(f->templates[i].ref->template_name, ref->template_name) &&
		    f->templates[i].ref->cluster_scope == ref->cluster_scope)
			return;
	if (f->n_templates == TEMPLATES_MAX) {
		f->too_many = true;
		return;
	}
	f->templates[f->n_templates++] = (struct template_found){ ref, field,
		(const struct analysis_template *)view_get(w->view,
		    ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type,
		    w->rollout->object.meta.namespace, ref->template_name) };
}

/* The templates in the order in which they are named; those that a template names itself come behind. */
static struct analysis_found
find_analysis(const struct world *w, const struct rollout_analysis *spec, const char *field, enum analysis_place place,
    struct arena *a)
{
	struct analysis_found f = { .spec = spec,
		.field = field,
		.place = place,
		.step = -1,
		.templates = arena_new_array(a, struct template_found, TEMPLATES_MAX) };

	for (size_t i = 0; i < spec->templates.n; i++)
		add_template(w, &f, &spec->templates.at[i], arena_printf(a, "%s.templates[%zu]", field, i));
	for (size_t i = 0; i < f.n_templates; i++) {
		const struct analysis_template *t = f.templates[i].template;

		for (size_t k = 0; t != NULL && k < t->spec.templates.n; k++)
			add_template(w, &f, &t->spec.templates.at[k],
			    arena_printf(a, "%s: %s %s: spec.templates[%zu]", field, t->object.type->kind,
				t->object.meta.name, k));
	}
	return f;
}

static void
gather_analyses(struct world *w, struct arena *a)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	struct analysis_found *list = arena_new_array(a, struct analysis_found, c->steps.n + 1);
	size_t n = 0;

	if (c->analysis != NULL)
		list[n++] = find_analysis(w, c->analysis, "spec.strategy.canary.analysis", IN_BACKGROUND, a);
	for (size_t i = 0; i < c->steps.n; i++)
		if (c->steps.at[i].analysis != NULL) {
			list[n] = find_analysis(w, c->steps.at[i].analysis,
			    arena_printf(a, "spec.strategy.canary.steps[%zu].analysis", i), OF_STEP, a);
			list[n++].step = (int64_t)i;
		}
	w->analyses = list;
	w->n_analyses = n;
}

static void
gather_canary(struct world *w, struct arena *a)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	const char *ns = w->rollout->object.meta.namespace;

	gather_analyses(w, a);
	w->canary_service = (const struct service *)view_get(w->view, &service_type, ns, c->canary_service);
	w->stable_service = (const struct service *)view_get(w->view, &service_type, ns, c->stable_service);
	w->router = router_of(c);
	if (w->router != NULL)
		w->routing_err = w->router->read(w->rollout, w->view, a, &w->routing);
	if (!w->routing.splits_pods) {
		w->routing.canary_hash = service_hash(w->canary_service);
		w->routing.stable_hash = service_hash(w->stable_service);
	}
}

static void
gather_blue_green(struct world *w, struct arena *a)
{
	static const char pre[] = "spec.strategy.blueGreen.prePromotionAnalysis",
			  post[] = "spec.strategy.blueGreen.postPromotionAnalysis";
	const struct blue_green_strategy *b = w->rollout->spec.strategy.blue_green;
	const char *ns = w->rollout->object.meta.namespace;
	struct analysis_found *list = arena_new_array(a, struct analysis_found, 2);

	if (b->pre_promotion_analysis != NULL)
		list[w->n_analyses++] = find_analysis(w, b->pre_promotion_analysis, pre, BEFORE_SWITCH, a);
	if (b->post_promotion_analysis != NULL)
		list[w->n_analyses++] = find_analysis(w, b->post_promotion_analysis, post, AFTER_SWITCH, a);
	w->analyses = list;
	w->active_service = (const struct service *)view_get(w->view, &service_type, ns, b->active_service);
	w->preview_service = (const struct service *)view_get(w->view, &service_type, ns, b->preview_service);
	w->routing.stable_hash = service_hash(w->active_service);
	w->routing.canary_hash = service_hash(w->preview_service);
}

void
world_gather(const struct pass *p, const struct rollout *r, struct arena *a, struct world *w)
{
	const char *ns = r->object.meta.namespace;
	const struct object **list;

	*w = (struct world){ .now = p->now, .seen = p->seen, .view = p->view };
	w->rollout = r = workload_resolve(w, r, a);
	w->n_replicasets = view_owned(p->view, &replicaset_type, ns, r->object.meta.uid, a, &list);
	w->replicasets = (const struct replicaset *const *)list;
	gather_orphans(w, a);
	w->n_runs = view_owned(p->view, &analysis_run_type, ns, r->object.meta.uid, a, &list);
	w->runs = (const struct analysis_run *const *)list;
	w->hash = r->spec.template != NULL ? pod_template_hash(a, r->spec.template, r->status.collision_count) : NULL;
	w->step_hash = r->steps_json != NULL ? text_hash(a, r->steps_json) : NULL;
	w->new_rs = replicaset_of(w, w->hash);
	w->stable_rs = replicaset_of(w, r->status.stable_rs);
	if (r->spec.strategy.canary != NULL)
		gather_canary(w, a);
	else if (r->spec.strategy.blue_green != NULL)
		gather_blue_green(w, a);
}
