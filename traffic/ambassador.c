/* traffic/ambassador.c: the router of Ambassador (Emissary): for each Mapping of the strategy a second one,
 * NAME-canary, which leads to the canary's Service with a weight. It exists while the canary has weight.
 */
#include <string.h>
#include "base/str.h"
#include "kube/api/router_objects.h"
#include "traffic/owned.h"
#include "traffic/router.h"
#include "traffic/two_services.h"

#define AMBASSADOR_FIELD "spec.strategy.canary.trafficRouting.ambassador"
#define NAME_MAX_CUT 246 /* bytes of a canary Mapping's name before its suffix */
#define SUFFIX "-canary"

static bool ambassador_used(const struct canary_strategy *);
static void ambassador_check(const struct canary_strategy *, struct problems *);
static struct err *ambassador_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static const char *ambassador_verify(const struct rollout *, const struct routing *, struct arena *);
static struct err *ambassador_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool ambassador_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static size_t ambassador_release(
    const struct rollout *, const struct view *, const char *const *hashes, size_t, struct plan *);
static void ambassador_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool ambassador_concerns(const struct rollout *, const struct object *);
static bool ambassador_needs(const struct rollout *, const struct type *);

static const struct type *const ambassador_types[] = { &mapping_type, NULL };

const struct router ambassador_router = {
	.name = "ambassador",
	.metric_name = "Ambassador",
	.types = ambassador_types,
	.used = ambassador_used,
	.check = ambassador_check,
	.read = ambassador_read,
	.verify = ambassador_verify,
	.set_weight = ambassador_set_weight,
	.has_weight = ambassador_has_weight,
	.release = ambassador_release,
	.names = ambassador_names,
	.concerns = ambassador_concerns,
	.needs = ambassador_needs,
};

/* A Mapping that the strategy names, as it was read. */
struct ambassador_target {
	const char *name, *canary_name;
	const struct router_object *base; /* NULL: it does not exist */
	const struct router_object *canary; /* NULL: it does not exist */
	int64_t weight; /* of the canary Mapping */
	bool invalid; /* no canary Mapping can be made, or an object of others has its name */
};

struct ambassador_targets {
	struct ambassador_target *at;
	size_t n;
};

static const struct ambassador_routing *
ambassador_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL ? c->traffic_routing->ambassador : NULL;
}

static bool
ambassador_used(const struct canary_strategy *c)
{
	return ambassador_of(c) != NULL;
}

static const char *
ambassador_canary_name(struct arena *a, const char *mapping)
{
	return arena_printf(a, "%.*s" SUFFIX, NAME_MAX_CUT, mapping);
}

static void
ambassador_check(const struct canary_strategy *c, struct problems *p)
{
	if (ambassador_of(c)->mappings.n == 0)
		problem_add(p, AMBASSADOR_FIELD ".mappings", "Required value: names no Mapping");
	two_services_check(c, p, "Ambassador");
}

/* Returns the spec of a Mapping. A new reference. */
static json_t *
ambassador_spec(const struct router_object *o)
{
	json_t *spec = o->spec != NULL ? json_loads(o->spec, 0, NULL) : NULL;

	return spec != NULL ? spec : json_object();
}

/* Returns the host in a Mapping's service, "scheme://HOST.namespace:port". In the arena. */
static const char *
ambassador_host(struct arena *a, const char *service, size_t *ret_at)
{
	const char *from = service != NULL ? strstr(service, "://") : NULL;

	from = from != NULL ? from + strlen("://") : service != NULL ? service : "";
	*ret_at = service != NULL ? (size_t)(from - service) : 0;
	return arena_strndup(a, from, strcspn(from, ".:/"));
}

/* Returns the service of the canary Mapping: the same, with the canary's Service if it is the stable one. */
static const char *
ambassador_service(struct arena *a, const struct canary_strategy *c, const char *service)
{
	size_t at;
	const char *host = ambassador_host(a, service, &at);

	if (service == NULL || !str_eq(host, c->stable_service))
		return service != NULL ? service : "";
	return arena_printf(a, "%.*s%s%s", (int)at, service, c->canary_service, service + at + strlen(host));
}

/* The wanted spec of a canary Mapping. A new reference. */
static json_t *
ambassador_canary_spec(
    struct arena *a, const struct canary_strategy *c, const struct router_object *base, int64_t weight)
{
	json_t *spec = ambassador_spec(base);

	json_object_set_new(spec, "service", json_string(ambassador_service(a, c, json_str(spec, "service"))));
	json_object_set_new(spec, "weight", json_integer(weight));
	return spec;
}

/* Adds what makes the canary Mapping the wanted one: first its weight alone, and when it has that, its other fields and
 * its owner. One that Argo Rollouts created has no owner. */
static void
ambassador_patch(
    struct arena *a, const struct rollout *r, const struct ambassador_target *t, int64_t weight, json_t **ops)
{
	_cleanup_(json_decrefp) json_t *now = ambassador_spec(t->canary), *want = NULL;
	const struct object *o = &t->canary->object;

	if (t->weight != weight || json_object_get(now, "weight") == NULL) {
		if (json_object_get(now, "weight") != NULL)
			json_patch_add(
			    json_patch_of(ops), "test", "/spec/weight", json_incref(json_object_get(now, "weight")));
		json_patch_add(json_patch_of(ops), "add", "/spec/weight", json_integer(weight));
		return;
	}
	want = t->base != NULL && !t->invalid ? ambassador_canary_spec(a, r->spec.strategy.canary, t->base, weight)
					      : json_incref(now);
	if (!json_equal(now, want)) {
		json_patch_add(json_patch_of(ops), "test", "/spec", json_incref(now));
		json_patch_add(json_patch_of(ops), "replace", "/spec", json_incref(want));
	}
	if (owned_is(r, o))
		return;
	json_patch_add(json_patch_of(ops), "test", "/metadata/resourceVersion", json_string(o->meta.resource_version));
	json_patch_add(json_patch_of(ops), "add",
	    o->meta.owners.n > 0 ? "/metadata/ownerReferences/-" : "/metadata/ownerReferences",
	    o->meta.owners.n > 0 ? owner_reference(&r->object) : json_pack("[o]", owner_reference(&r->object)));
}

/* Reads the canary Mapping. One that another object controls, or without a weight, is not the rollout's. */
static struct err *
ambassador_read_canary(
    const struct rollout *r, const struct object *o, const char *field, struct arena *a, struct ambassador_target *t)
{
	_cleanup_(json_decrefp) json_t *spec = NULL;

	if (o == NULL)
		return NULL;
	spec = ambassador_spec((const struct router_object *)o);
	t->invalid =
	    (object_controller(o) != NULL && !owned_is(r, o)) || !json_is_integer(json_object_get(spec, "weight"));
	if (t->invalid)
		return err_at(a, field,
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": Mapping \"%s\" exists and is not its canary Mapping; delete or rename "
			"it",
			t->name, t->canary_name));
	t->canary = (const struct router_object *)o;
	t->weight = json_int(spec, "weight", 0);
	return NULL;
}

/* Returns an error if the Mapping does not exist, or sets *ret_raise if no canary Mapping can be made of it. */
static struct err *
ambassador_read_base(const struct object *o, const char *field, struct arena *a, struct ambassador_target *t,
    const struct err **ret_raise)
{
	_cleanup_(json_decrefp) json_t *spec = NULL;

	t->base = (const struct router_object *)o;
	if (o == NULL)
		return err_at(a, field,
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": mappings.getambassador.io \"%s\" not found", t->name,
			t->name));
	spec = ambassador_spec(t->base);
	if (json_int(spec, "weight", 0) == 0)
		return NULL;
	t->invalid = true;
	*ret_raise = err_at(a, field,
	    err_new(a, ERR_INVALID,
		"Invalid value: \"%s\": Ambassador mapping \"%s\" can not define weight; remove its spec.weight",
		t->name, t->name));
	return NULL;
}

static struct err *
ambassador_read_one(const struct rollout *r, const struct view *view, size_t i, struct arena *a,
    struct ambassador_target *t, struct routing *ret)
{
	const char *ns = r->object.meta.namespace, *field = arena_printf(a, AMBASSADOR_FIELD ".mappings[%zu]", i);
	_cleanup_(json_decrefp) json_t *ops = NULL;
	const struct err *raise = NULL;
	struct err *foreign, *e;

	t->name = ambassador_of(r->spec.strategy.canary)->mappings.at[i];
	t->canary_name = ambassador_canary_name(a, t->name);
	foreign = ambassador_read_canary(r, view_get(view, &mapping_type, ns, t->canary_name), field, a, t);
	e = ambassador_read_base(view_get(view, &mapping_type, ns, t->name), field, a, t, &raise);
	t->invalid |= e != NULL;
	if (ret->raise_err == NULL && t->canary == NULL)
		ret->raise_err = raise;
	ret->weight = t->weight > ret->weight ? t->weight : ret->weight;
	ret->weight_min = t->weight < ret->weight_min ? t->weight : ret->weight_min;
	ret->has_route = true;
	if (t->canary != NULL)
		ambassador_patch(a, r, t, t->weight, &ops);
	ret->routes_differ |= ops != NULL || (t->canary != NULL && t->weight == 0);
	return e != NULL ? e : foreign;
}

static struct err *
ambassador_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct err *e, *first = two_services_missing(a, c, AMBASSADOR_FIELD);
	struct ambassador_targets *own = arena_alloc(a, sizeof(*own));

	if (first != NULL)
		return first;
	own->n = ambassador_of(c)->mappings.n;
	own->at = arena_new_array(a, struct ambassador_target, own->n);
	*ret = (struct routing){ .weight_min = own->n > 0 ? 100 : 0, .own = own };
	for (size_t i = 0; i < own->n; i++)
		if ((e = ambassador_read_one(r, view, i, a, &own->at[i], ret)) != NULL && first == NULL)
			first = e;
	return first;
}

/* A Mapping that leads to another Service has no effect on the rollout's traffic: its weight never counts. */
static const char *
ambassador_verify(const struct rollout *r, const struct routing *now, struct arena *a)
{
	const struct ambassador_targets *all = now->own;
	const char *stable = r->spec.strategy.canary->stable_service;

	for (size_t i = 0; i < all->n; i++) {
		_cleanup_(json_decrefp) json_t *spec = ambassador_spec(all->at[i].base);
		const char *service = json_str(spec, "service");
		size_t at;

		if (!str_eq(ambassador_host(a, service, &at), stable))
			return arena_printf(a, "Mapping %s leads to \"%s\", not to stableService \"%s\"",
			    all->at[i].name, service != NULL ? service : "", stable);
	}
	return NULL;
}

/* Without weight there is no canary Mapping. Returns whether there was something to write. */
static bool
ambassador_write(const struct rollout *r, const struct ambassador_target *t, int64_t weight, struct plan *plan)
{
	json_t *ops = NULL, *o;

	if (t->canary != NULL && weight == 0) {
		plan_delete(plan, &t->canary->object);
	} else if (t->canary != NULL) {
		ambassador_patch(plan->arena, r, t, weight, &ops);
		if (ops == NULL)
			return false;
		plan_patch(plan, &t->canary->object, ops);
	} else {
		o = json_pack("{s:s,s:s,s:{s:s,s:s},s:o}", "apiVersion", type_api_version(&mapping_type, plan->arena),
		    "kind", mapping_type.kind, "metadata", "name", t->canary_name, "namespace",
		    r->object.meta.namespace, "spec",
		    ambassador_canary_spec(plan->arena, r->spec.strategy.canary, t->base, weight));
		plan_create(plan, &mapping_type, r->object.meta.namespace, t->canary_name, o);
	}
	plan_event(plan, &r->object, false, "CanaryMappingWeightUpdate", "Set canary mapping `%s` weight to %d",
	    t->canary_name, (int)weight)
	    ->implied = r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != weight;
	return true;
}

/* Mappings are independent: weight is lowered wherever it can be. */
static struct err *
ambassador_set_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct ambassador_targets *all = now->own;
	const struct err *first = NULL;
	size_t written = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct ambassador_target *t = &all->at[i];
		size_t before = plan->n_steps;

		if (t->canary == NULL && want->weight > 0 && first == NULL)
			first = now->raise_err;
		if ((t->canary == NULL && (want->weight == 0 || t->invalid)) ||
		    !ambassador_write(r, t, want->weight, plan))
			continue;
		if (written++ > 0)
			plan_independent_since(plan, before);
	}
	return first != NULL ? err_copy(plan->arena, first) : NULL;
}

static bool
ambassador_has_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct ambassador_targets *all = now->own;

	(void)r;
	(void)a;
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].invalid || all->at[i].weight != want->weight)
			return false;
	return true;
}

static void
ambassador_names(
    const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct strings *names = &ambassador_of(r->spec.strategy.canary)->mappings;

	for (size_t i = 0; i < names->n; i++) {
		emit(&mapping_type, r->object.meta.namespace, names->at[i], arg);
		emit(&mapping_type, r->object.meta.namespace, ambassador_canary_name(a, names->at[i]), arg);
	}
}

/* Returns whether the Mapping has the name of one that the strategy names, or of a canary Mapping. */
static bool
ambassador_concerns(const struct rollout *r, const struct object *o)
{
	const struct ambassador_routing *m = ambassador_of(r->spec.strategy.canary);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool found = false;

	for (size_t i = 0; m != NULL && i < m->mappings.n; i++)
		found |= str_eq(m->mappings.at[i], o->meta.name) ||
			 str_eq(ambassador_canary_name(a, m->mappings.at[i]), o->meta.name);
	return found && str_eq(o->meta.namespace, r->object.meta.namespace);
}

static bool
ambassador_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &mapping_type;
}

static size_t
ambassador_release(
    const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	(void)hashes;
	(void)n;
	return owned_release(r, v, &mapping_type, ambassador_concerns, plan);
}
