/* traffic/gateway_owns.c: the fields of a route of the Gateway API that are a rollout's.
 *
 * The objects are decoded to find the rules, by the same functions that the router uses; the fields are copied between
 * the JSON of the two, at the same index.
 */
#include "base/str.h"
#include "traffic/gateway_api.h"

/* The live and the desired state of a route. */
struct gateway_pair {
	const struct rollout *rollout;
	const struct gateway_route *live, *desired; /* decoded */
	const json_t *live_json;
	json_t *desired_json;
};

static json_t *
gateway_owns_rules(const json_t *object)
{
	return json_object_get(json_object_get(object, "spec"), "rules");
}

/* Finds the live rule that belongs to a desired one: of the same name, or, without a name, the one with the same number
 * among the rules with weights and without a name. */
static bool
gateway_owns_live_rule(
    const struct gateway_pair *p, const struct gateway_rule *desired, size_t number, size_t *ret_index)
{
	for (size_t i = 0; i < p->live->spec.rules.n; i++) {
		const struct gateway_rule *live = &p->live->spec.rules.at[i];

		if (!gateway_has_weights(p->rollout, p->live, live) ||
		    (desired->name != NULL ? !str_eq(live->name, desired->name) : live->name != NULL || number-- > 0))
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}

/* A destination of one of the two Services has the weight of the live one of the same Service. */
static void
gateway_owns_keep_weights(const struct gateway_pair *p, size_t live, size_t desired)
{
	const struct canary_strategy *c = p->rollout->spec.strategy.canary;
	const struct gateway_rule *from = &p->live->spec.rules.at[live], *to = &p->desired->spec.rules.at[desired];
	const json_t *from_refs =
	    json_object_get(json_array_get(gateway_owns_rules(p->live_json), live), "backendRefs");
	const json_t *to_refs =
	    json_object_get(json_array_get(gateway_owns_rules(p->desired_json), desired), "backendRefs");

	for (size_t i = 0; i < to->backend_refs.n; i++) {
		const struct backend_ref *ref = &to->backend_refs.at[i];
		size_t k = 0;
		json_t *weight;

		if (!gateway_ref_is(p->rollout, ref, c->canary_service) &&
		    !gateway_ref_is(p->rollout, ref, c->stable_service))
			continue;
		while (k < from->backend_refs.n && !gateway_ref_is(p->rollout, &from->backend_refs.at[k], ref->name))
			k++;
		gateway_session_keep(json_array_get(from_refs, k), json_array_get(to_refs, i));
		weight = json_object_get(json_array_get(from_refs, k), "weight");
		if (weight != NULL)
			json_object_set(json_array_get(to_refs, i), "weight", weight);
	}
}

/* A destination that an experiment has stays behind the others of its rule. */
static void
gateway_owns_keep_services(const struct gateway_pair *p, size_t live, size_t desired)
{
	const struct traffic_weights *weights = p->rollout->status.canary.weights;
	const struct gateway_rule *from = &p->live->spec.rules.at[live], *to = &p->desired->spec.rules.at[desired];
	const json_t *from_refs =
	    json_object_get(json_array_get(gateway_owns_rules(p->live_json), live), "backendRefs");
	json_t *to_refs = json_object_get(json_array_get(gateway_owns_rules(p->desired_json), desired), "backendRefs");

	for (size_t k = 0; weights != NULL && k < weights->additional.n; k++) {
		const char *name = weights->additional.at[k].service_name;

		for (size_t i = 0; i < from->backend_refs.n; i++)
			if (gateway_ref_is(p->rollout, &from->backend_refs.at[i], name) &&
			    !gateway_refers_to(p->rollout, to, name))
				json_array_append_new(to_refs, json_deep_copy(json_array_get(from_refs, i)));
	}
}

/* The rules that steps created stay: those that mirror in front of all others, the rest behind them. Those of the same
 * name in Git are replaced. */
static void
gateway_owns_keep_managed(const struct gateway_pair *p)
{
	json_t *from = gateway_owns_rules(p->live_json), *to = gateway_owns_rules(p->desired_json);
	size_t mirrors = 0;

	for (size_t i = p->desired->spec.rules.n; i-- > 0;)
		if (gateway_is_managed(p->rollout, &p->desired->spec.rules.at[i]))
			json_array_remove(to, i);
	for (size_t i = 0; i < p->live->spec.rules.n && json_is_array(to); i++)
		if (gateway_is_mirror(p->rollout, &p->live->spec.rules.at[i]))
			json_array_insert_new(to, mirrors++, json_deep_copy(json_array_get(from, i)));
		else if (gateway_is_managed(p->rollout, &p->live->spec.rules.at[i]) ||
			 gateway_is_session(p->rollout, &p->live->spec.rules.at[i]))
			json_array_append_new(to, json_deep_copy(json_array_get(from, i)));
}

/* The label tells other tools that an update is in progress. */
static void
gateway_owns_keep_label(const struct gateway_pair *p)
{
	const char *key = gateway_label_key(gateway_of(p->rollout->spec.strategy.canary));
	json_t *value = key != NULL ? json_object_get(json_at(p->live_json, "/metadata/labels"), key) : NULL;
	json_t *meta = json_object_get(p->desired_json, "metadata"), *labels = json_object_get(meta, "labels");

	if (value == NULL || !json_is_object(meta))
		return;
	if (!json_is_object(labels))
		json_object_set_new(meta, "labels", labels = json_object());
	json_object_set(labels, key, value);
}

void
gateway_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct gateway_pair p = { .rollout = r,
		.live = (const struct gateway_route *)object_decode(type, live, a),
		.desired = (const struct gateway_route *)object_decode(type, desired, a),
		.live_json = live,
		.desired_json = desired };
	size_t unnamed = 0, at;

	if (!gateway_concerns(r, &p.live->object))
		return;
	for (size_t i = 0; i < p.desired->spec.rules.n; i++) {
		const struct gateway_rule *rule = &p.desired->spec.rules.at[i];

		if (!gateway_has_weights(r, p.desired, rule))
			continue;
		if (gateway_owns_live_rule(&p, rule, unnamed, &at)) {
			gateway_owns_keep_weights(&p, at, i);
			gateway_owns_keep_services(&p, at, i);
		}
		unnamed += rule->name == NULL;
	}
	gateway_owns_keep_managed(&p);
	gateway_owns_keep_label(&p);
}
