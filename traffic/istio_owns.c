/* traffic/istio_owns.c: the fields of a VirtualService and a DestinationRule that are a rollout's.
 *
 * The objects are decoded to find the routes and subsets, by the same functions that the router uses; the fields are
 * copied between the JSON of the two, at the same kind and index.
 */
#include "base/str.h"
#include "traffic/istio.h"

/* The live and the desired state of an object. */
struct istio_pair {
	const struct rollout *rollout;
	const struct canary_strategy *canary;
	const struct object *live, *desired; /* decoded; of one type */
	const json_t *live_json;
	json_t *desired_json;
};

static const struct istio_virtual_service_ref *
istio_owns_reference(const struct rollout *r, const struct object *o)
{
	const struct istio_virtual_service_ref *refs;
	size_t n = istio_references(r->spec.strategy.canary, &refs);

	for (size_t i = 0; i < n; i++)
		if (istio_reference_is(r, &refs[i], o->meta.namespace, o->meta.name))
			return &refs[i];
	return NULL;
}

static json_t *
istio_owns_list(const json_t *object, const char *name)
{
	return json_object_get(json_object_get(object, "spec"), name);
}

/* The JSON of a route's i-th destination. Borrowed. */
static json_t *
istio_owns_destination(const json_t *object, const struct istio_split *split, size_t i)
{
	const json_t *route = json_array_get(istio_owns_list(object, istio_kind_name(split->kind)), split->index);

	return json_array_get(json_object_get(route, "route"), i);
}

/* Finds the live route that belongs to a desired one: of the same name, or, without a name, the one with the same
 * number among the split routes without a name. */
static bool
istio_owns_live_route(
    const struct istio_pair *p, const struct istio_split *desired, size_t number, struct istio_split *ret)
{
	const struct virtual_service *live = (const struct virtual_service *)p->live;
	const char *name = desired->route->name;

	for (size_t i = 0; istio_split_at(p->canary, live, desired->kind, i, ret); i++)
		if (istio_is_split(ret) &&
		    (name != NULL ? str_eq(ret->route->name, name) : ret->route->name == NULL && number-- == 0))
			return true;
	return false;
}

/* Returns whether the destination is a Service of the experiment that the status has. */
static bool
istio_owns_additional(const struct rollout *r, const struct istio_destination *d)
{
	const struct traffic_weights *w = r->status.canary.weights;

	for (size_t i = 0; w != NULL && i < w->additional.n; i++)
		if (istio_host_is(d->host, w->additional.at[i].service_name))
			return true;
	return false;
}

/* A destination without a weight has 0, or 100 if it is the only one: then the desired one has no weight either. */
static void
istio_owns_keep_weights(const struct istio_pair *p, const struct istio_split *live, const struct istio_split *desired)
{
	static const enum istio_side sides[] = { SIDE_CANARY, SIDE_STABLE };
	json_t *list = json_object_get(
	    json_array_get(istio_owns_list(p->desired_json, istio_kind_name(desired->kind)), desired->index), "route");

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		json_t *from = istio_owns_destination(p->live_json, live, live->first[sides[i]]);
		json_t *to = istio_owns_destination(p->desired_json, desired, desired->first[sides[i]]);

		if (json_object_get(from, "weight") != NULL)
			json_object_set(to, "weight", json_object_get(from, "weight"));
		else
			json_object_del(to, "weight");
		istio_session_keep(from, to);
	}
	for (size_t i = 0; i < live->route->route.n; i++) {
		const struct istio_destination *d = &live->route->route.at[i].destination;

		if (istio_side(p->canary, d) == SIDE_OTHER && istio_owns_additional(p->rollout, d))
			json_array_append_new(list, json_deep_copy(istio_owns_destination(p->live_json, live, i)));
	}
}

/* The routes that steps created stay as they are, before all others. Those of the same name in Git are replaced. */
static void
istio_owns_keep_managed(const struct istio_pair *p)
{
	struct istio_routes live = istio_routes_of((const struct virtual_service *)p->live, ISTIO_HTTP);
	struct istio_routes desired = istio_routes_of((const struct virtual_service *)p->desired, ISTIO_HTTP);
	json_t *from = istio_owns_list(p->live_json, istio_kind_name(ISTIO_HTTP));
	json_t *to = istio_owns_list(p->desired_json, istio_kind_name(ISTIO_HTTP));
	size_t n = 0;

	for (size_t i = desired.n; i-- > 0;)
		if (istio_is_managed(p->canary, &desired.at[i]) || istio_is_session(p->rollout, &desired.at[i]))
			json_array_remove(to, i);
	for (size_t i = 0; i < live.n && json_is_array(to); i++)
		if (istio_is_managed(p->canary, &live.at[i]))
			json_array_insert_new(to, n++, json_deep_copy(json_array_get(from, i)));
}

/* A route for session affinity, and the desired route that it stands before. Borrowed. */
struct istio_owns_session {
	const json_t *session, *before;
};

/* Sets *ret to the route for session affinity of a live route, if it has one. */
static bool
istio_owns_live_session(const struct istio_pair *p, const struct istio_split *live, const struct istio_split *desired,
    struct istio_owns_session *ret)
{
	const struct virtual_service *vs = (const struct virtual_service *)p->live;

	if (live->kind != ISTIO_HTTP || live->index == 0 ||
	    !istio_is_session(p->rollout, &vs->spec.http.at[live->index - 1]))
		return false;
	ret->session = json_array_get(istio_owns_list(p->live_json, istio_kind_name(ISTIO_HTTP)), live->index - 1);
	ret->before = json_array_get(istio_owns_list(p->desired_json, istio_kind_name(ISTIO_HTTP)), desired->index);
	return true;
}

static void
istio_owns_keep_sessions(const struct istio_pair *p, const struct istio_owns_session *list, size_t n)
{
	json_t *to = istio_owns_list(p->desired_json, istio_kind_name(ISTIO_HTTP));

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < json_array_size(to); i++)
			if (json_array_get(to, i) == list[k].before) {
				json_array_insert_new(to, i, json_deep_copy(list[k].session));
				break;
			}
}

/* Other routes are last: they move the indexes of those that are split. */
static void
istio_owns_keep_routes(const struct istio_pair *p, const struct istio_virtual_service_ref *ref)
{
	const struct virtual_service *vs = (const struct virtual_service *)p->desired;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct istio_owns_session *sessions = arena_new_array(a, struct istio_owns_session, vs->spec.http.n);
	struct istio_split desired, live;
	size_t n = 0;

	for (enum istio_kind kind = 0; kind < ISTIO_KIND_MAX; kind++) {
		size_t unnamed = 0;

		for (size_t i = 0; istio_split_at(p->canary, vs, kind, i, &desired); i++) {
			bool found;

			if (!istio_is_split(&desired) || (kind == ISTIO_HTTP && ref->routes.n > 0 &&
							     !istio_reference_lists(ref, desired.route->name)))
				continue;
			found = istio_owns_live_route(p, &desired, unnamed, &live);
			unnamed += desired.route->name == NULL;
			if (found)
				istio_owns_keep_weights(p, &live, &desired);
			n += found && istio_owns_live_session(p, &live, &desired, &sessions[n]);
		}
	}
	istio_owns_keep_managed(p);
	istio_owns_keep_sessions(p, sessions, n);
}

static void
istio_owns_keep_hash(const struct istio_pair *p, const char *name)
{
	const struct subset *live = istio_subset((const struct destination_rule *)p->live, name, NULL);
	const char *hash = live != NULL ? string_map_get(&live->labels, LABEL_POD_TEMPLATE_HASH) : NULL;
	json_t *subset, *labels;
	size_t i;

	if (hash == NULL || istio_subset((const struct destination_rule *)p->desired, name, &i) == NULL)
		return;
	subset = json_array_get(istio_owns_list(p->desired_json, "subsets"), i);
	labels = json_object_get(subset, "labels");
	if (!json_is_object(labels))
		json_object_set_new(subset, "labels", labels = json_object());
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(hash));
}

/* The two subsets keep their hashes. Subsets of experiments are not in Git: they are added. */
static void
istio_owns_keep_subsets(const struct istio_pair *p, const struct istio_destination_rule_ref *ref)
{
	const struct destination_rule *live = (const struct destination_rule *)p->live,
				      *desired = (const struct destination_rule *)p->desired;
	json_t *from = istio_owns_list(p->live_json, "subsets"), *to = istio_owns_list(p->desired_json, "subsets");

	istio_owns_keep_hash(p, ref->canary_subset_name);
	istio_owns_keep_hash(p, ref->stable_subset_name);
	for (size_t i = 0; i < live->spec.subsets.n && json_is_array(to); i++)
		if (istio_subset(desired, live->spec.subsets.at[i].name, NULL) == NULL &&
		    istio_is_of_experiment(ref, &live->spec.subsets.at[i]))
			json_array_append_new(to, json_deep_copy(json_array_get(from, i)));
}

void
istio_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct istio_pair p = { .rollout = r,
		.canary = r->spec.strategy.canary,
		.live = object_decode(type, live, a),
		.desired = object_decode(type, desired, a),
		.live_json = live,
		.desired_json = desired };
	const struct istio_destination_rule_ref *rule = p.canary->traffic_routing->istio->destination_rule;
	const struct istio_virtual_service_ref *ref;

	if (type == &virtual_service_type && (ref = istio_owns_reference(r, p.live)) != NULL)
		istio_owns_keep_routes(&p, ref);
	if (type == &destination_rule_type && rule != NULL && istio_concerns(r, p.live))
		istio_owns_keep_subsets(&p, rule);
}
