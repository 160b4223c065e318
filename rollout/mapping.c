/* rollout/mapping.c: which rollouts an object concerns: an index of rollouts for each kind of name that they have. */
#include "rollout/mapping.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/workload.h"
#include "rollout/steps.h"
#include "traffic/owns.h"
#include "traffic/routed.h"

#define CLOSURE_MAX 256 /* templates that name a template, directly or through others; beyond it: every rollout */

/* Arguments of a search for the rollouts that an object concerns: those found by their key are checked. */
struct mapping {
	const struct object *object;
	bool (*concerns)(const struct rollout *, const struct object *);
	emit_key *emit;
	void *arg;
};

static void
mapping_emit_if_concerned(const struct object *o, void *arg)
{
	const struct rollout *r = (const struct rollout *)o;
	struct mapping *m = arg;

	if (m->concerns(r, m->object))
		m->emit(o->meta.namespace, o->meta.name, m->arg);
}

/* --- Services --- */

static void
mapping_service_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct rollout_strategy *s = &((const struct rollout *)o)->spec.strategy;
	bool two_pairs = s->canary != NULL && (s->canary->spec_services & SPEC_TWO_PAIRS) != 0;
	const char *const names[] = { s->canary != NULL ? s->canary->canary_service : NULL,
		s->canary != NULL ? s->canary->stable_service : NULL, two_pairs ? s->canary->turn_canary_service : NULL,
		two_pairs ? s->canary->turn_stable_service : NULL,
		s->blue_green != NULL ? s->blue_green->active_service : NULL,
		s->blue_green != NULL ? s->blue_green->preview_service : NULL };
	char key[VIEW_KEY_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] != NULL)
			emit(view_key(key, o->meta.namespace, names[i], NULL), arg);
}

static const struct view_index by_service = { mapping_service_keys };

static bool
mapping_is_service(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const char *name = o->meta.name;

	if (!str_eq(r->object.meta.namespace, o->meta.namespace))
		return false;
	return (c != NULL && (str_eq(c->canary_service, name) || str_eq(c->stable_service, name) ||
				 str_eq(c->turn_canary_service, name) || str_eq(c->turn_stable_service, name))) ||
	       (b != NULL && (str_eq(b->active_service, name) || str_eq(b->preview_service, name)));
}

void
mapping_service(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct mapping m = { o, mapping_is_service, emit, arg };
	char key[VIEW_KEY_SIZE];

	view_find(v, &rollout_type, &by_service, view_key(key, o->meta.namespace, o->meta.name, NULL),
	    mapping_emit_if_concerned, &m);
}

/* --- objects of routers --- */

struct mapping_keys {
	void (*emit)(const char *, void *);
	void *arg;
};

static void
mapping_routed_key(const struct type *t, const char *ns, const char *name, void *arg)
{
	const struct mapping_keys *keys = arg;
	char key[VIEW_KEY_SIZE];

	keys->emit(view_key(key, t->kind, ns, name), keys->arg);
}

static void
mapping_routed_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct rollout *r = (const struct rollout *)o;
	struct mapping_keys keys = { emit, arg };

	routed_names(r, mapping_routed_key, &keys);
}

static const struct view_index by_routed = { mapping_routed_keys };

void
mapping_routed(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct mapping m = { o, routed_concerns, emit, arg };
	char key[VIEW_KEY_SIZE];

	view_find(v, &rollout_type, &by_routed, view_key(key, o->type->kind, o->meta.namespace, o->meta.name),
	    mapping_emit_if_concerned, &m);
	view_find(v, &rollout_type, &by_routed, view_key(key, o->type->kind, o->meta.namespace, NULL),
	    mapping_emit_if_concerned, &m);
}

/* --- templates of analyses --- */

/* A reference from a namespace (NULL: from a ClusterAnalysisTemplate). A name is found in its namespace, and, if it
 * may be that of a cluster-scoped template, in none: "/NAME". */
static void
mapping_template_key(const struct mapping_keys *keys, const char *ns, const struct template_ref *ref)
{
	char key[VIEW_KEY_SIZE];

	if (ref->template_name == NULL)
		return;
	if (ns != NULL)
		keys->emit(view_key(key, ns, ref->template_name, NULL), keys->arg);
	if (ns == NULL || ref->cluster_scope)
		keys->emit(view_key(key, "", ref->template_name, NULL), keys->arg);
}

struct mapping_references {
	struct mapping_keys keys;
	const char *ns;
};

static void
mapping_reference(const struct template_ref *ref, void *arg)
{
	const struct mapping_references *from = arg;

	mapping_template_key(&from->keys, from->ns, ref);
}

static void
mapping_analysis(const struct rollout_analysis *a, struct mapping_references *from)
{
	for (size_t i = 0; a != NULL && i < a->templates.n; i++)
		mapping_reference(&a->templates.at[i], from);
}

static void
mapping_rollout_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct rollout_strategy *s = &((const struct rollout *)o)->spec.strategy;
	struct mapping_references from = { { emit, arg }, o->meta.namespace };

	if (s->canary != NULL) {
		mapping_analysis(s->canary->analysis, &from);
		steps_templates(s->canary, mapping_reference, &from);
	}
	if (s->blue_green != NULL) {
		mapping_analysis(s->blue_green->pre_promotion_analysis, &from);
		mapping_analysis(s->blue_green->post_promotion_analysis, &from);
	}
}

static void
mapping_template_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct analysis_template *t = (const struct analysis_template *)o;
	struct mapping_keys keys = { emit, arg };

	for (size_t i = 0; i < t->spec.templates.n; i++)
		mapping_template_key(
		    &keys, o->type->cluster_scoped ? NULL : o->meta.namespace, &t->spec.templates.at[i]);
}

static const struct view_index by_template = { mapping_rollout_keys },
			       templates_by_template = { mapping_template_keys };

/* A template that concerns the rollouts that name it in this namespace; NULL: in all. Borrowed from the cache. */
struct mapping_named {
	const char *ns, *name;
};

struct mapping_closure {
	struct mapping_named at[CLOSURE_MAX];
	size_t n;
	bool too_many;
	const char *ns; /* of the templates that are added; NULL: each its own */
};

static void
mapping_add_template(const struct object *o, void *arg)
{
	struct mapping_closure *c = arg;
	struct mapping_named named = { c->ns != NULL ? c->ns : o->meta.namespace, o->meta.name };

	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->at[i].ns, named.ns) && str_eq(c->at[i].name, named.name))
			return;
	c->too_many |= c->n == CLOSURE_MAX;
	if (c->n < CLOSURE_MAX)
		c->at[c->n++] = named;
}

/* Every rollout with an analysis. */
static bool
mapping_has_analysis(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	bool any = (c != NULL && (c->analysis != NULL || steps_have_analyses(c))) ||
		   (b != NULL && (b->pre_promotion_analysis != NULL || b->post_promotion_analysis != NULL));

	return any && (o->type->cluster_scoped || str_eq(r->object.meta.namespace, o->meta.namespace));
}

/* A template of a namespace is named by templates of that namespace, and by cluster-scoped ones, which rollouts of
 * that namespace name. */
void
mapping_template(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct mapping m = { o, mapping_has_analysis, emit, arg };
	struct mapping_closure c = { .n = 0 };
	char key[VIEW_KEY_SIZE];

	mapping_add_template(o, &c);
	for (size_t i = 0; i < c.n && !c.too_many; i++) {
		const struct mapping_named at = c.at[i];

		c.ns = at.ns;
		view_find(v, &cluster_analysis_template_type, &templates_by_template, view_key(key, "", at.name, NULL),
		    mapping_add_template, &c);
		view_find(v, &analysis_template_type, &templates_by_template,
		    view_key(key, at.ns != NULL ? at.ns : "", at.name, NULL), mapping_add_template, &c);
	}
	if (c.too_many) {
		v->each(v, &rollout_type, NULL, mapping_emit_if_concerned, &m);
		return;
	}
	for (size_t i = 0; i < c.n; i++)
		view_find(v, &rollout_type, &by_template,
		    view_key(key, c.at[i].ns != NULL ? c.at[i].ns : "", c.at[i].name, NULL), mapping_emit_if_concerned,
		    &m);
}

/* --- ReplicaSets --- */

static const char *
mapping_label_key(char ret[VIEW_KEY_SIZE], const char *ns, const struct string_pair *label)
{
	return label != NULL ? view_key(ret, ns, label->key, label->value) : view_key(ret, ns, "", NULL);
}

/* The first of the labels that it selects: an object without it is not selected. */
static void
mapping_selector_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct label_selector *s = ((const struct rollout *)o)->spec.selector;
	char key[VIEW_KEY_SIZE];

	if (s != NULL)
		emit(mapping_label_key(key, o->meta.namespace, s->match_labels.n > 0 ? s->match_labels.at : NULL), arg);
}

static const struct view_index by_selector = { mapping_selector_keys };

static bool
mapping_is_selected(const struct rollout *r, const struct object *o)
{
	return str_eq(r->object.meta.namespace, o->meta.namespace) && rollout_selects(r, o);
}

void
mapping_replicaset(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	const struct owner *owner = object_controller(o);
	struct mapping m = { o, mapping_is_selected, emit, arg };
	char key[VIEW_KEY_SIZE];

	if (owner != NULL) {
		if (str_eq(owner->kind, rollout_type.kind))
			emit(o->meta.namespace, owner->name, arg);
		return;
	}
	view_find(v, &rollout_type, &by_selector, mapping_label_key(key, o->meta.namespace, NULL),
	    mapping_emit_if_concerned, &m);
	for (size_t i = 0; i < o->meta.labels.n; i++)
		view_find(v, &rollout_type, &by_selector,
		    mapping_label_key(key, o->meta.namespace, &o->meta.labels.at[i]), mapping_emit_if_concerned, &m);
}

/* --- workloads --- */

static void
mapping_workload_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct workload_ref *ref = ((const struct rollout *)o)->spec.workload_ref;
	char key[VIEW_KEY_SIZE];

	if (ref != NULL && ref->kind != NULL && ref->name != NULL)
		emit(view_key(key, ref->kind, o->meta.namespace, ref->name), arg);
}

static const struct view_index by_workload = { mapping_workload_keys };

static bool
mapping_is_workload(const struct rollout *r, const struct object *o)
{
	const struct workload_ref *ref = r->spec.workload_ref;

	return ref != NULL && workload_type(ref) == o->type && str_eq(ref->name, o->meta.name) &&
	       str_eq(r->object.meta.namespace, o->meta.namespace);
}

void
mapping_workload(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct mapping m = { o, mapping_is_workload, emit, arg };
	char key[VIEW_KEY_SIZE];

	view_find(v, &rollout_type, &by_workload, view_key(key, o->type->kind, o->meta.namespace, o->meta.name),
	    mapping_emit_if_concerned, &m);
}
