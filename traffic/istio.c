/* traffic/istio.c: Istio: weights in VirtualServices, pod template hashes in DestinationRules.
 *
 * Routes are the http routes that the strategy names, or the only one there is. A destination is the canary's when its
 * subset is (with a DestinationRule) or when its host is the canary Service, up to the first dot (as Argo Rollouts compares
 * them: utils/istio). Patches test the whole route list before they touch a weight, so that a change made by somebody else
 * in the meantime makes them fail instead of being overwritten.
 */
#include "traffic/istio.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "traffic/router.h"

static bool istio_used(const struct canary_strategy *);
static struct err *istio_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *istio_set_weight(const struct rollout *, const struct routing *, int64_t, struct plan *);
static void istio_set_hashes(const struct rollout *, const struct routing *, const char *, const char *, struct plan *);
static bool istio_routes(const struct type *);
static bool istio_concerns(const struct rollout *, const struct object *);

const struct router istio_router = {
	.name = "istio",
	.used = istio_used,
	.read = istio_read,
	.set_weight = istio_set_weight,
	.set_hashes = istio_set_hashes,
	.routes = istio_routes,
	.concerns = istio_concerns,
};

#define FIELD "spec.strategy.canary.trafficRouting.istio"

enum side { SIDE_CANARY, SIDE_STABLE, SIDE_OTHER };

/* Which destinations of one http route carry what. */
struct split {
	const struct http_route *route;
	size_t index; /* in spec.http */
	size_t canary, stable; /* in route */
};

static const struct istio_routing *
config(const struct canary_strategy *c)
{
	return c->traffic_routing->istio;
}

static bool
istio_used(const struct canary_strategy *c)
{
	return c->traffic_routing != NULL && c->traffic_routing->istio != NULL;
}

static bool
host_is(const char *host, const char *service)
{
	size_t n;

	if (host == NULL || service == NULL)
		return false;
	n = strcspn(host, ".");
	return strlen(service) == n && strncmp(host, service, n) == 0;
}

static enum side
side_of(const struct canary_strategy *c, const struct istio_destination *d)
{
	const struct istio_destination_rule_ref *dr = config(c)->destination_rule;

	if (dr != NULL) {
		if (str_eq(d->subset, dr->canary_subset_name))
			return SIDE_CANARY;
		return str_eq(d->subset, dr->stable_subset_name) ? SIDE_STABLE : SIDE_OTHER;
	}
	if (host_is(d->host, c->canary_service))
		return SIDE_CANARY;
	return host_is(d->host, c->stable_service) ? SIDE_STABLE : SIDE_OTHER;
}

static struct err *
split_route(
    struct arena *a, const struct canary_strategy *c, const struct virtual_service *vs, size_t index, struct split *ret)
{
	const struct http_route *r = &vs->spec.http.at[index];
	const char *label = r->name != NULL ? r->name : arena_printf(a, "number %zu", index);
	size_t n[3] = { 0 };

	*ret = (struct split){ r, index, 0, 0 };
	for (size_t i = 0; i < r->route.n; i++) {
		enum side side = side_of(c, &r->route.at[i].destination);

		n[side]++;
		if (side == SIDE_CANARY)
			ret->canary = i;
		else if (side == SIDE_STABLE)
			ret->stable = i;
	}
	if (n[SIDE_CANARY] == 1 && n[SIDE_STABLE] == 1)
		return NULL;
	return err_new(a, ERR_INVALID,
	    "%s.virtualService: http route %s of VirtualService %s must have one %s and one %s "
	    "destination, but has %zu and %zu",
	    FIELD, label, vs->object.meta.name, "canary", "stable", n[SIDE_CANARY], n[SIDE_STABLE]);
}

/* The routes to work on: those named, or the single one. In the arena; *ret_n of them. */
static struct err *
splits(struct arena *a, const struct canary_strategy *c, const struct virtual_service *vs, struct split **ret,
    size_t *ret_n)
{
	const struct strings *names = &config(c)->virtual_service->routes;
	const char *vs_name = vs->object.meta.name;
	size_t n = 0;
	struct err *e;

	*ret = arena_new_array(a, struct split, names->n + 1);
	*ret_n = 0;
	if (vs->spec.http.n == 0)
		return NULL;
	if (names->n == 0) {
		if (vs->spec.http.n > 1)
			return err_new(a, ERR_INVALID,
			    "%s.virtualService.routes: VirtualService %s has %zu http routes; name the ones to split",
			    FIELD, vs_name, vs->spec.http.n);
		if ((e = split_route(a, c, vs, 0, &(*ret)[0])) != NULL)
			return e;
		*ret_n = 1;
		return NULL;
	}
	for (size_t i = 0; i < names->n; i++) {
		size_t at = vs->spec.http.n;

		for (size_t k = vs->spec.http.n; k-- > 0;)
			if (str_eq(vs->spec.http.at[k].name, names->at[i]))
				at = k;
		if (at == vs->spec.http.n)
			return err_new(a, ERR_INVALID,
			    "%s.virtualService.routes[%zu]: VirtualService %s has no http route \"%s\"", FIELD, i,
			    vs_name, names->at[i]);
		if ((e = split_route(a, c, vs, at, &(*ret)[n])) != NULL)
			return e;
		n++;
	}
	*ret_n = n;
	return NULL;
}

static void
patch_weight(struct arena *a, json_t *ops, const struct split *s, size_t i, int64_t weight)
{
	const struct opt_int *now = &s->route->route.at[i].weight;
	const char *path = arena_printf(a, "/spec/http/%zu/route/%zu/weight", s->index, i);

	json_patch_add(ops, now->set ? "replace" : "add", path, json_integer(weight));
}

struct err *
istio_weight_patch(
    struct arena *a, const struct canary_strategy *c, const struct virtual_service *vs, int64_t weight, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *ops = json_array();
	struct split *s;
	struct err *e;
	size_t n;

	if (vs->spec.tcp != NULL || vs->spec.tls != NULL)
		return err_new(a, ERR_INVALID,
		    "%s.virtualService: VirtualService %s has %s routes, which are not built yet", FIELD,
		    vs->object.meta.name, vs->spec.tcp != NULL ? "tcp" : "tls");
	if ((e = splits(a, c, vs, &s, &n)) != NULL)
		return e;
	for (size_t k = 0; k < n; k++) {
		_cleanup_(json_decrefp) json_t *edits = json_array();

		/* From the last destination to the first, so that removing one does not move the others. */
		for (size_t i = s[k].route->route.n; i-- > 0;) {
			const struct route_destination *d = &s[k].route->route.at[i];
			int64_t want = i == s[k].canary ? weight : 100 - weight;

			if (i == s[k].canary || i == s[k].stable) {
				if (!d->weight.set || d->weight.is != want)
					patch_weight(a, edits, &s[k], i, want);
			} else if (d->weight.set && d->weight.is != 0) {
				/* The split must add up to 100: a destination that is neither loses its share. */
				json_patch_add(
				    edits, "remove", arena_printf(a, "/spec/http/%zu/route/%zu", s[k].index, i), NULL);
			}
		}
		if (json_array_size(edits) == 0)
			continue;
		if (s[k].route->name != NULL)
			json_patch_add(ops, "test", arena_printf(a, "/spec/http/%zu/name", s[k].index),
			    json_string(s[k].route->name));
		json_patch_add(ops, "test", arena_printf(a, "/spec/http/%zu/route", s[k].index),
		    json_loads(s[k].route->raw_route, 0, NULL));
		json_array_extend(ops, edits);
	}
	*ret = TAKE_PTR(ops);
	return NULL;
}

/* "name" or "name.namespace"; *ret_name is NULL when the manifest has none. */
static void
vs_key(const struct rollout *r, struct arena *a, const char **ret_ns, const char **ret_name)
{
	const char *name = config(r->spec.strategy.canary)->virtual_service->name;
	const char *dot = name != NULL ? strchr(name, '.') : NULL;

	*ret_ns = dot != NULL ? dot + 1 : r->object.meta.namespace;
	*ret_name = dot != NULL ? arena_strndup(a, name, (size_t)(dot - name)) : name;
}

static const struct subset *
subset_named(const struct destination_rule *dr, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < dr->spec.subsets.n; i++)
		if (str_eq(dr->spec.subsets.at[i].name, name)) {
			if (ret_index != NULL)
				*ret_index = i;
			return &dr->spec.subsets.at[i];
		}
	return NULL;
}

static struct err *
read_destination_rule(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct istio_destination_rule_ref *ref = config(r->spec.strategy.canary)->destination_rule;
	const struct object *o = view_get(view, &destination_rule_type, r->object.meta.namespace, ref->name);
	const struct destination_rule *dr = (const struct destination_rule *)o;
	const char *names[] = { ref->canary_subset_name, ref->stable_subset_name };
	const char **hashes[] = { &ret->canary_hash, &ret->stable_hash };
	const char *other;

	if (o == NULL)
		return err_new(a, ERR_GONE,
		    "%s.destinationRule.name: Invalid value: \"%s\": "
		    "destinationrules.networking.istio.io \"%s\" not found",
		    FIELD, ref->name, ref->name);
	if ((other = managed_by_other(r, view, o)) != NULL)
		return err_new(a, ERR_INVALID,
		    "%s.destinationRule.name: Invalid value: \"%s\": it is managed by rollout \"%s\"", FIELD, ref->name,
		    other);
	for (size_t i = 0; i < 2; i++) {
		const struct subset *s = subset_named(dr, names[i], NULL);

		if (s == NULL)
			return err_new(a, ERR_INVALID, "%s.destinationRule: DestinationRule %s has no subset \"%s\"",
			    FIELD, ref->name, names[i]);
		*hashes[i] = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	}
	ret->splits_pods = true;
	ret->objects[1] = o;
	return NULL;
}

static struct err *
istio_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct virtual_service *vs;
	const char *ns, *name;
	struct split *s;
	struct err *e;
	size_t n;

	if (config(c)->virtual_service == NULL || config(c)->virtual_service->name == NULL)
		return err_new(a, ERR_INVALID, "%s.virtualService.name: required, but missing", FIELD);
	if (config(c)->destination_rule == NULL && (c->canary_service == NULL || c->stable_service == NULL))
		return err_new(
		    a, ERR_INVALID, "%s: needs a destinationRule, or canaryService and stableService", FIELD);
	vs_key(r, a, &ns, &name);
	vs = (const struct virtual_service *)view_get(view, &virtual_service_type, ns, name);
	if (vs == NULL)
		return err_new(a, ERR_GONE,
		    "%s.virtualService.name: Invalid value: \"%s\": "
		    "virtualservices.networking.istio.io \"%s\" not found",
		    FIELD, config(c)->virtual_service->name, name);
	if (vs->spec.tcp != NULL || vs->spec.tls != NULL)
		return err_new(a, ERR_INVALID,
		    "%s.virtualService: VirtualService %s has %s routes, which are not built yet", FIELD, name,
		    vs->spec.tcp != NULL ? "tcp" : "tls");
	if ((e = splits(a, c, vs, &s, &n)) != NULL)
		return e;
	if (n == 0)
		return err_new(a, ERR_INVALID, "%s.virtualService: VirtualService %s has no http route", FIELD, name);
	*ret = (struct routing){ .weight_least = 100 };
	ret->objects[0] = &vs->object;
	for (size_t i = 0; i < n; i++) {
		const struct route_destination *d = &s[i].route->route.at[s[i].canary];
		int64_t w = d->weight.set ? d->weight.is : 0;

		ret->weight = w > ret->weight ? w : ret->weight;
		ret->weight_least = w < ret->weight_least ? w : ret->weight_least;
	}
	return config(c)->destination_rule != NULL ? read_destination_rule(r, view, a, ret) : NULL;
}

static struct err *
istio_set_weight(const struct rollout *r, const struct routing *now, int64_t weight, struct plan *plan)
{
	const struct virtual_service *vs = (const struct virtual_service *)now->objects[0];
	json_t *ops;
	struct err *e;

	if ((e = istio_weight_patch(plan->arena, r->spec.strategy.canary, vs, weight, &ops)) != NULL)
		return e;
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return NULL;
	}
	plan_patch(plan, &vs->object, ops);
	plan_event(plan, &r->object, false, "Updated VirtualService", "VirtualService `%s` set to desiredWeight '%d'",
	    vs->object.meta.name, (int)weight);
	return NULL;
}

static void
patch_subset(struct arena *a, json_t *ops, const struct destination_rule *dr, const char *name, const char *hash)
{
	const struct subset *s;
	const char *base, *now;
	size_t i = 0;

	if (hash == NULL || (s = subset_named(dr, name, &i)) == NULL)
		return;
	now = string_map_get(&s->labels, LABEL_POD_TEMPLATE_HASH);
	if (str_eq(now, hash))
		return;
	base = arena_printf(a, "/spec/subsets/%zu", i);
	json_patch_add(ops, "test", arena_printf(a, "%s/name", base), json_string(name));
	if (s->labels.n == 0) {
		json_patch_add(
		    ops, "add", arena_printf(a, "%s/labels", base), json_pack("{s:s}", LABEL_POD_TEMPLATE_HASH, hash));
		return;
	}
	if (now != NULL)
		json_patch_add(
		    ops, "test", arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(now));
	json_patch_add(ops, now != NULL ? "replace" : "add",
	    arena_printf(a, "%s/labels/%s", base, LABEL_POD_TEMPLATE_HASH), json_string(hash));
}

static void
istio_set_hashes(
    const struct rollout *r, const struct routing *now, const char *canary, const char *stable, struct plan *plan)
{
	const struct istio_destination_rule_ref *ref = config(r->spec.strategy.canary)->destination_rule;
	const struct destination_rule *dr = (const struct destination_rule *)now->objects[1];
	json_t *ops = json_array();

	patch_subset(plan->arena, ops, dr, ref->canary_subset_name, canary);
	patch_subset(plan->arena, ops, dr, ref->stable_subset_name, stable);
	if (json_array_size(ops) == 0) {
		json_decref(ops);
		return;
	}
	object_patch_annotation(plan->arena, ops, &dr->object, ANNOTATION_MANAGED_BY, r->object.meta.name);
	plan_patch(plan, &dr->object, ops);
	plan_event(plan, &r->object, false, "UpdatedDestinationRule",
	    "DestinationRule %s subset updated (canary: %s, stable: %s)", dr->object.meta.name,
	    canary != NULL ? canary : now->canary_hash, stable != NULL ? stable : now->stable_hash);
}

static bool
istio_routes(const struct type *t)
{
	return t == &virtual_service_type || t == &destination_rule_type;
}

static bool
istio_concerns(const struct rollout *r, const struct object *o)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(arena_freep) struct arena *a = NULL;
	const char *ns, *name;

	if (o->type == &destination_rule_type)
		return config(c)->destination_rule != NULL && str_eq(o->meta.namespace, r->object.meta.namespace) &&
		       str_eq(o->meta.name, config(c)->destination_rule->name);
	if (o->type != &virtual_service_type || config(c)->virtual_service == NULL)
		return false;
	a = arena_new();
	vs_key(r, a, &ns, &name);
	return name != NULL && str_eq(o->meta.namespace, ns) && str_eq(o->meta.name, name);
}
