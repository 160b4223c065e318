/* traffic/istio_subsets.c: the subsets of a DestinationRule, which select pods by their template hash. */
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "traffic/istio.h"
#include "traffic/owns.h"

const struct subset *
istio_subset(const struct destination_rule *dr, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < dr->spec.subsets.n; i++)
		if (str_eq(dr->spec.subsets.at[i].name, name)) {
			if (ret_index != NULL)
				*ret_index = i;
			return &dr->spec.subsets.at[i];
		}
	return NULL;
}

struct err *
istio_read_subsets(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret,
    const struct object **ret_object)
{
	const struct istio_destination_rule_ref *ref =
	    r->spec.strategy.canary->traffic_routing->istio->destination_rule;
	const struct object *o = view_get(view, &destination_rule_type, r->object.meta.namespace, ref->name);
	const struct destination_rule *dr = (const struct destination_rule *)o;
	const char *names[] = { ref->canary_subset_name, ref->stable_subset_name };
	const char **hashes[] = { &ret->canary_hash, &ret->stable_hash };
	const char *other;

	if (o == NULL)
		return err_at(a, ISTIO_FIELD ".destinationRule.name",
		    err_new(a, ERR_GONE,
			"Invalid value: \"%s\": "
			"destinationrules.networking.istio.io \"%s\" not found",
			ref->name, ref->name));
	if ((other = managed_by_other(r, view, o)) != NULL)
		return err_at(a, ISTIO_FIELD ".destinationRule.name",
		    err_new(
			a, ERR_INVALID, "Invalid value: \"%s\": it is managed by rollout \"%s\"", ref->name, other));
	for (size_t i = 0; i < 2; i++) {
		const struct subset *s = istio_subset(dr, names[i], NULL);

		if (s == NULL)
			return err_at(a, ISTIO_FIELD ".destinationRule",
			    err_new(a, ERR_INVALID, "DestinationRule %s has no subset \"%s\"", ref->name, names[i]));
		*hashes[i] = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	}
	ret->splits_pods = true;
	*ret_object = o;
	return NULL;
}

static void
istio_patch_subset(struct arena *a, json_t **ops, const struct destination_rule *dr, const char *name, const char *hash)
{
	const struct subset *s;
	const char *base, *now;
	size_t i = 0;

	if (hash == NULL || (s = istio_subset(dr, name, &i)) == NULL)
		return;
	now = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	if (str_eq(now, hash))
		return;
	base = arena_printf(a, "/spec/subsets/%zu", i);
	json_patch_add(json_patch_of(ops), "test", arena_printf(a, "%s/name", base), json_string(name));
	if (s->labels.n == 0) {
		json_patch_add(json_patch_of(ops), "add", arena_printf(a, "%s/labels", base),
		    json_pack("{s:s}", LABEL_POD_TEMPLATE_HASH, hash));
		return;
	}
	if (now != NULL)
		json_patch_add(json_patch_of(ops), "test",
		    arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(now));
	json_patch_add(json_patch_of(ops), now != NULL ? "replace" : "add",
	    arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(hash));
}

bool
istio_is_of_experiment(const struct istio_destination_rule_ref *ref, const struct subset *s)
{
	for (size_t i = 0; i < ref->additional_subset_names.n; i++)
		if (str_eq(ref->additional_subset_names.at[i], s->name))
			return false;
	return s->labels.n == 1 && string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH) != NULL &&
	       !str_eq(s->name, ref->canary_subset_name) && !str_eq(s->name, ref->stable_subset_name);
}

/* An experiment of the rollout has a Service of this name. A subset of another name may be a user's, or have been the
 * canary's before the strategy named another. */
static bool
istio_is_service_of(const struct rollout *r, const struct wanted_hashes *want, const char *name)
{
	size_t n = strlen(r->object.meta.name);

	for (size_t i = 0; i < want->n_services; i++)
		if (str_eq(want->services[i], name))
			return true;
	return name != NULL && strncmp(name, r->object.meta.name, n) == 0 && name[n] == '-';
}

static const struct weight_destination *
istio_wanted_subset(const struct wanted_hashes *want, const char *service)
{
	for (size_t i = 0; i < want->n_additional; i++)
		if (str_eq(want->additional[i].service_name, service))
			return &want->additional[i];
	return NULL;
}

/* Each Service of an experiment has a subset of its name while it may have traffic. It is distinguished from a user's
 * by its name and its only label. The patch tests the resourceVersion: otherwise two passes could both add a subset of
 * the same name. */
static void
istio_patch_experiment_subsets(struct arena *a, json_t **ops, const struct destination_rule *dr,
    const struct rollout *r, const struct wanted_hashes *want)
{
	const struct istio_destination_rule_ref *ref =
	    r->spec.strategy.canary->traffic_routing->istio->destination_rule;
	size_t before = json_array_size(*ops);

	for (size_t i = dr->spec.subsets.n; i-- > 0;) {
		const struct subset *s = &dr->spec.subsets.at[i];

		if (istio_is_of_experiment(ref, s) && istio_is_service_of(r, want, s->name) &&
		    istio_wanted_subset(want, s->name) == NULL)
			json_patch_add(json_patch_of(ops), "remove", arena_printf(a, "/spec/subsets/%zu", i), NULL);
	}
	for (size_t i = 0; i < want->n_additional; i++) {
		const struct weight_destination *d = &want->additional[i];

		if (d->pod_template_hash != NULL && istio_subset(dr, d->service_name, NULL) == NULL)
			json_patch_add(json_patch_of(ops), "add", "/spec/subsets/-",
			    json_pack("{s:s,s:{s:s}}", "name", d->service_name, "labels", LABEL_POD_TEMPLATE_HASH,
				d->pod_template_hash));
	}
	if (json_array_size(*ops) > before)
		json_array_insert_new(*ops, 0,
		    json_pack("{s:s,s:s,s:s}", "op", "test", "path", "/metadata/resourceVersion", "value",
			dr->object.meta.resource_version));
}

void
istio_set_hashes(
    const struct rollout *r, const struct routing *now, const struct wanted_hashes *want, struct plan *plan)
{
	const struct istio_destination_rule_ref *ref =
	    r->spec.strategy.canary->traffic_routing->istio->destination_rule;
	const struct destination_rule *dr = (const struct destination_rule *)istio_objects(now)[0];
	json_t *ops = NULL;

	istio_patch_subset(plan->arena, &ops, dr, ref->canary_subset_name, want->canary);
	istio_patch_subset(plan->arena, &ops, dr, ref->stable_subset_name, want->stable);
	istio_patch_experiment_subsets(plan->arena, &ops, dr, r, want);
	if (ops == NULL)
		return;
	object_patch_annotation(plan->arena, ops, &dr->object, ANNOTATION_MANAGED_BY, r->object.meta.name);
	plan_patch(plan, &dr->object, ops);
	/* a new stable version is reported by RolloutCompleted */
	plan_event(plan, &r->object, false, "UpdatedDestinationRule",
	    "DestinationRule %s subset updated (canary: %s, stable: %s)", dr->object.meta.name,
	    want->canary != NULL ? want->canary : now->canary_hash,
	    want->stable != NULL ? want->stable : now->stable_hash)
	    ->implied =
	    want->stable != NULL && r->status.stable_rs != NULL && !str_eq(want->stable, r->status.stable_rs);
}

/* A search for DestinationRules that the rollout does not name any more. */
struct istio_release {
	const struct rollout *rollout;
	const struct view *view;
	const char *const *hashes;
	size_t n_hashes;
	struct plan *plan;
	size_t n; /* number of such rules */
};

static bool
istio_is_released(const struct istio_release *l, const char *hash)
{
	for (size_t i = 0; hash != NULL && i < l->n_hashes; i++)
		if (str_eq(l->hashes[i], hash))
			return true;
	return false;
}

static void
istio_release_rule(const struct object *o, void *arg)
{
	const struct destination_rule *dr = (const struct destination_rule *)o;
	struct istio_release *l = arg;
	json_t *ops;

	if (!owns_is_left(l->rollout, l->view, o))
		return;
	ops = json_array();
	for (size_t i = 0; i < dr->spec.subsets.n; i++) {
		const char *hash = string_map_get(&dr->spec.subsets.at[i].labels, LABEL_POD_TEMPLATE_HASH);
		const char *path =
		    arena_printf(l->plan->arena, "/spec/subsets/%zu/labels/%s", i, LABEL_POD_TEMPLATE_HASH);

		if (!istio_is_released(l, hash))
			continue;
		json_patch_add(ops, "test", path, json_string(hash));
		json_patch_add(ops, "remove", path, NULL);
	}
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	object_patch_annotation(l->plan->arena, ops, o, ANNOTATION_MANAGED_BY, NULL);
	plan_patch(l->plan, o, ops);
	plan_independent(l->plan);
	plan_reason(
	    l->plan, "DestinationRule %s is no longer referenced: removing the hashes of its subsets", o->meta.name);
	l->n++;
}

/* An unreadable rule is released by a later pass. */
static void
istio_count_unreadable(const struct object *o, void *arg)
{
	struct istio_release *l = arg;

	l->n += owns_is_left(l->rollout, l->view, o);
}

size_t
istio_release(
    const struct rollout *r, const struct view *v, const char *const *hashes, size_t n_hashes, struct plan *plan)
{
	struct istio_release l = { r, v, hashes, n_hashes, plan, 0 };
	char key[VIEW_KEY_SIZE];

	view_find(v, &destination_rule_type, &owns_by_manager,
	    view_key(key, r->object.meta.namespace, r->object.meta.name, NULL), istio_release_rule, &l);
	view_each_unreadable(v, &destination_rule_type, r->object.meta.namespace, istio_count_unreadable, &l);
	return l.n;
}
