/* traffic/alb_owns.c: the annotations and paths of an Ingress that are a rollout's: Git does not set them back, and
 * they are reset when the rollout does not use them any more.
 */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/patch.h"
#include "traffic/alb.h"

/* --- what Git does not set back --- */

static bool
alb_is_managed(const struct canary_strategy *c, const char *name)
{
	for (size_t i = 0; name != NULL && i < c->traffic_routing->managed_routes.n; i++)
		if (str_eq(c->traffic_routing->managed_routes.at[i].name, name))
			return true;
	return false;
}

static void
alb_keep_annotation(const json_t *live, json_t *desired, const char *key)
{
	json_t *value = json_object_get(json_object_get(json_object_get(live, "metadata"), "annotations"), key);
	json_t *meta = json_object_get(desired, "metadata"), *annotations = json_object_get(meta, "annotations");

	if (value == NULL || !json_is_object(meta))
		return;
	if (!json_is_object(annotations))
		json_object_set_new(meta, "annotations", annotations = json_object());
	json_object_set(annotations, key, value);
}

/* The paths of managed routes are at the beginning of the rule of the same number and host. */
static void
alb_keep_paths(const struct canary_strategy *c, const json_t *live, json_t *desired)
{
	json_t *from = json_object_get(json_object_get(live, "http"), "paths"),
	       *to = json_object_get(json_object_get(desired, "http"), "paths"), *one;
	size_t i, at = 0;

	if (!str_eq(json_str(live, "host") ?: "", json_str(desired, "host") ?: "") || !json_is_array(to))
		return;
	for (i = json_array_size(to); i-- > 0;)
		if (alb_is_managed(c, alb_path_action(json_array_get(to, i))))
			json_array_remove(to, i);
	json_array_foreach (from, i, one)
		if (alb_is_managed(c, alb_path_action(one)))
			json_array_insert_new(to, at++, json_deep_copy(one));
}

void
alb_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *rules = json_object_get(json_object_get(live, "spec"), "rules");
	json_t *one;
	size_t i;

	if (!alb_concerns(r, object_decode(type, live, a)))
		return;
	alb_keep_annotation(live, desired, alb_key(a, alb_of(c), "actions", alb_root_service(r)));
	for (i = 0; i < c->traffic_routing->managed_routes.n; i++) {
		const char *name = c->traffic_routing->managed_routes.at[i].name;

		alb_keep_annotation(live, desired, alb_key(a, alb_of(c), "actions", name));
		alb_keep_annotation(live, desired, alb_key(a, alb_of(c), "conditions", name));
	}
	alb_keep_annotation(live, desired, ALB_MANAGED);
	json_array_foreach (json_object_get(json_object_get(desired, "spec"), "rules"), i, one)
		alb_keep_paths(c, json_array_get(rules, i), one);
}

/* --- Ingresses that the strategy does not name any more --- */

/* Returns the name in a key PREFIX/WHAT.NAME, or NULL. */
static const char *
alb_key_name(const char *key, const char *what)
{
	const char *slash = strchr(key, '/');
	size_t n = strlen(what);

	return slash != NULL && strncmp(slash + 1, what, n) == 0 && slash[1 + n] == '.' ? slash + n + 2 : NULL;
}

/* Returns whether the record has conditions of this name: it is a managed route. */
static bool
alb_has_conditions(const json_t *keys, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (keys, i, one)
		if (str_eq(alb_key_name(json_string_value(one), "conditions"), name))
			return true;
	return false;
}

/* The action that sends all requests to one Service, with the port and stickiness of the one before. */
static const char *
alb_reset_action(struct arena *a, const char *action, const char *service)
{
	_cleanup_(json_decrefp) json_t *j = action != NULL ? json_loads(action, 0, NULL) : NULL;
	json_t *config = json_object_get(j, "ForwardConfig");
	int64_t port = alb_action_port(action);

	if (port == 0 || !json_is_object(config))
		return action;
	json_object_set_new(config, "TargetGroups",
	    json_pack("[{s:s,s:s,s:i}]", "ServiceName", service, "ServicePort", arena_printf(a, "%d", (int)port),
		"Weight", 100));
	return json_text_go_struct(a, j);
}

static void
alb_reset_paths(const struct ingress *ingress, const json_t *keys, json_t **ops)
{
	_cleanup_(json_decrefp) json_t *live =
	    ingress->spec.rules != NULL ? json_loads(ingress->spec.rules, 0, NULL) : NULL;
	_cleanup_(json_decrefp) json_t *rules = json_deep_copy(live);
	json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule) {
		json_t *paths = json_object_get(json_object_get(rule, "http"), "paths");

		for (size_t k = json_array_size(paths); k-- > 0;) {
			const char *name = alb_path_action(json_array_get(paths, k));

			if (name != NULL && alb_has_conditions(keys, name))
				json_array_remove(paths, k);
		}
	}
	if (json_equal(rules, live))
		return;
	json_patch_add(json_patch_of(ops), "test", "/spec/rules", json_incref(live));
	json_patch_add(json_patch_of(ops), "replace", "/spec/rules", json_incref(rules));
}

struct alb_left {
	const struct rollout *rollout;
	struct plan *plan;
	size_t n;
};

static void
alb_reset(const struct object *o, void *arg)
{
	struct alb_left *left = arg;
	const struct ingress *ingress = (const struct ingress *)o;
	const char *name = left->rollout->object.meta.name, *service, *key;
	_cleanup_(json_decrefp) json_t *keys = NULL;
	json_t *ops = NULL, *one;
	struct arena *a = left->plan->arena;
	struct alb_edit e;
	size_t i;

	if (alb_concerns(left->rollout, o) || object_annotation(o, ALB_MANAGED) == NULL)
		return;
	alb_edit_begin(&e, a, ingress, &ops);
	keys = json_deep_copy(json_object_get(e.managed, name));
	if (keys == NULL) {
		json_decref(e.managed);
		return;
	}
	json_array_foreach (keys, i, one) {
		key = json_string_value(one);
		service = alb_key_name(key, "actions");
		alb_edit_set(&e, left->rollout, key,
		    service != NULL && !alb_has_conditions(keys, service)
			? alb_reset_action(a, object_annotation(o, key), service)
			: NULL);
	}
	json_object_del(e.managed, name);
	alb_edit_end(&e);
	alb_reset_paths(ingress, keys, &ops);
	plan_patch(left->plan, o, ops);
	plan_independent(left->plan);
	plan_reason(left->plan, "Ingress %s is no longer used: all requests to its own Services", o->meta.name);
	left->n++;
}

size_t
alb_release(const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	struct alb_left left = { .rollout = r, .plan = plan };

	(void)hashes;
	(void)n;
	v->each(v, &ingress_type, r->object.meta.namespace, alb_reset, &left);
	return left.n;
}
