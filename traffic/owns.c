/* traffic/owns.c: fields of an object that belong to a rollout when others are managed in Git: those of Services and
 * workloads. Other objects: istio_owns.c. */
#include "traffic/owns.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/core.h"
#include "traffic/routed.h"

/* Returns whether the object is of this group ("" for "v1") and kind, in any version. */
static bool
owns_is_kind(const json_t *object, const char *group, const char *kind)
{
	const char *api = json_str(object, "apiVersion") ?: "", *slash = strchr(api, '/');
	size_t n = slash != NULL ? (size_t)(slash - api) : 0;

	return str_eq(json_str(object, "kind"), kind) && strlen(group) == n && strncmp(api, group, n) == 0;
}

static bool
owns_is_service(const struct rollout *r, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const char *own[] = { c != NULL ? c->canary_service : NULL, c != NULL ? c->stable_service : NULL,
		c != NULL && c->ping_pong != NULL ? c->ping_pong->ping_service : NULL,
		c != NULL && c->ping_pong != NULL ? c->ping_pong->pong_service : NULL,
		b != NULL ? b->active_service : NULL, b != NULL ? b->preview_service : NULL };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i] != NULL && own[i][0] != '\0' && strcmp(own[i], name) == 0)
			return true;
	return false;
}

static void
owns_keep_hash(const json_t *live, json_t *desired)
{
	const json_t *hash =
	    json_object_get(json_object_get(json_object_get(live, "spec"), "selector"), LABEL_POD_TEMPLATE_HASH);
	json_t *selector = json_object_get(json_object_get(desired, "spec"), "selector");

	if (hash != NULL && json_is_object(selector))
		json_object_set(selector, LABEL_POD_TEMPLATE_HASH, (json_t *)hash);
}

static bool
owns_is_scaled_down(const struct rollout *r, const char *name)
{
	const struct workload_ref *ref = r->spec.workload_ref;

	return ref != NULL && str_eq(ref->name, name) && str_eq(ref->kind, "Deployment") && ref->scale_down != NULL &&
	       strcmp(ref->scale_down, "never") != 0;
}

static void
owns_keep_replicas(const json_t *live, json_t *desired)
{
	json_t *replicas = json_object_get(json_object_get(live, "spec"), "replicas"),
	       *spec = json_object_get(desired, "spec");

	if (replicas != NULL && json_is_object(spec))
		json_object_set(spec, "replicas", replicas);
}

bool
owns_kind(const char *group, const char *kind)
{
	const struct type *t = &service_type;

	if (str_eq(group, "apps") && str_eq(kind, "Deployment"))
		return true;
	for (size_t i = 0; t != NULL; t = router_type(i++, NULL))
		if (str_eq(group, t->group) && str_eq(kind, t->kind))
			return true;
	return false;
}

bool
owns_names(const struct rollout *r, const struct object *o)
{
	if (o->type == &service_type)
		return str_eq(o->meta.namespace, r->object.meta.namespace) && owns_is_service(r, o->meta.name);
	return routed_concerns(r, o);
}

static void
owns_manager_key(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const char *manager = object_annotation(o, ANNOTATION_MANAGED_BY);
	char key[VIEW_KEY_SIZE];

	if (manager != NULL)
		emit(view_key(key, o->meta.namespace, manager, NULL), arg);
}

const struct view_index owns_by_manager = { owns_manager_key };

struct owns_search {
	const struct object *object;
	bool found;
};

static void
owns_search_rollout(const struct object *rollout, void *arg)
{
	struct owns_search *n = arg;

	n->found = n->found || owns_names((const struct rollout *)rollout, n->object);
}

bool
owns_is_left(const struct rollout *r, const struct view *v, const struct object *o)
{
	struct owns_search n = { .object = o };

	if (!str_eq(object_annotation(o, ANNOTATION_MANAGED_BY), r->object.meta.name) ||
	    !str_eq(o->meta.namespace, r->object.meta.namespace) || owns_names(r, o))
		return false;
	v->each(v, &rollout_type, o->meta.namespace, owns_search_rollout, &n);
	return !n.found;
}

void
owns_overlay(const struct rollout *r, const json_t *live, json_t *desired)
{
	const char *name = json_str(json_object_get(live, "metadata"), "name"),
		   *ns = json_str(json_object_get(live, "metadata"), "namespace");
	const struct router *router;

	if (name == NULL)
		return;
	if (str_eq(ns, r->object.meta.namespace) && owns_is_kind(live, "", "Service") && owns_is_service(r, name))
		owns_keep_hash(live, desired);
	else if (str_eq(ns, r->object.meta.namespace) && owns_is_kind(live, "apps", "Deployment") &&
		 owns_is_scaled_down(r, name))
		owns_keep_replicas(live, desired);
	for (size_t i = 0; (router = router_at(r->spec.strategy.canary, i)) != NULL; i++)
		for (const struct type *const *t = router->types; router->overlay != NULL && *t != NULL; t++)
			if (owns_is_kind(live, (*t)->group, (*t)->kind))
				router->overlay(r, *t, live, desired);
}
