/* traffic/smi.c: the router of the Service Mesh Interface: a TrafficSplit that the rollout owns. It exists from the
 * beginning: without it the root Service would send requests to all pods that it selects.
 */
#include "base/quantity.h"
#include "base/str.h"
#include "kube/api/router_objects.h"
#include "traffic/owned.h"
#include "traffic/router.h"
#include "traffic/two_services.h"

#define SMI_FIELD "spec.strategy.canary.trafficRouting.smi"

static bool smi_used(const struct canary_strategy *);
static void smi_check(const struct canary_strategy *, struct problems *);
static struct err *smi_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *smi_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool smi_has_weight(const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static size_t smi_release(
    const struct rollout *, const struct view *, const char *const *hashes, size_t, struct plan *);
static void smi_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool smi_concerns(const struct rollout *, const struct object *);
static bool smi_needs(const struct rollout *, const struct type *);

/* The first one that the API server has is used: they describe the same objects. */
static const struct type *const smi_types[] = { &traffic_split_v1alpha1_type, &traffic_split_v1alpha2_type,
	&traffic_split_v1alpha3_type, NULL };

const struct router smi_router = {
	.name = "smi",
	.metric_name = "SMI",
	.types = smi_types,
	.features = ROUTER_EXPERIMENTS,
	.used = smi_used,
	.check = smi_check,
	.read = smi_read,
	.set_weight = smi_set_weight,
	.has_weight = smi_has_weight,
	.release = smi_release,
	.names = smi_names,
	.concerns = smi_concerns,
	.needs = smi_needs,
};

/* The TrafficSplit, as it was read. */
struct smi_target {
	const struct type *type;
	const struct router_object *object; /* NULL: it does not exist */
};

static const struct smi_routing *
smi_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL ? c->traffic_routing->smi : NULL;
}

static bool
smi_used(const struct canary_strategy *c)
{
	return smi_of(c) != NULL;
}

static const char *
smi_name(const struct rollout *r)
{
	const struct smi_routing *s = smi_of(r->spec.strategy.canary);

	return s != NULL && !str_empty(s->traffic_split_name) ? s->traffic_split_name : r->object.meta.name;
}

static const char *
smi_root(const struct canary_strategy *c)
{
	return !str_empty(smi_of(c)->root_service) ? smi_of(c)->root_service : c->stable_service;
}

/* The canary, the experiment and the stable version share the traffic. */
static void
smi_check_experiments(const struct canary_strategy *c, struct problems *p)
{
	int64_t weight = 0;

	for (size_t i = 0; i < c->steps.n; i++) {
		const struct canary_step *s = &c->steps.at[i];
		int64_t all = weight = s->set_weight.present ? s->set_weight.value : weight;

		for (size_t k = 0; s->experiment != NULL && k < s->experiment->templates.n; k++)
			all += s->experiment->templates.at[k].weight.value;
		if (s->experiment != NULL && all > 100)
			problem_add(p,
			    arena_printf(p->arena, "spec.strategy.canary.steps[%zu].experiment.templates", i),
			    "Invalid value: their weights and that of the canary, %d, add up to more than 100",
			    (int)weight);
	}
}

static void
smi_check(const struct canary_strategy *c, struct problems *p)
{
	smi_check_experiments(c, p);
	two_services_check(c, p, "SMI");
}

/* Returns the weight of a backend; a quantity in v1alpha1. */
static int64_t
smi_weight(const json_t *backend)
{
	const char *text = json_str(backend, "weight");
	int64_t weight = json_int(backend, "weight", 0);

	if (text != NULL && !quantity_whole(text, &weight))
		weight = 0;
	return weight < 0 ? 0 : weight < INT32_MAX ? weight : INT32_MAX;
}

static json_t *
smi_backend(struct arena *a, const struct type *t, const char *service, int64_t weight)
{
	return json_pack("{s:s,s:o}", "service", service, "weight",
	    t == &traffic_split_v1alpha1_type ? json_string(arena_printf(a, "%lld", (long long)weight))
					      : json_integer(weight));
}

/* The wanted spec: the stable version gets the rest, which smi_check keeps from being negative. A new reference. */
static json_t *
smi_spec(struct arena *a, const struct canary_strategy *c, const struct type *t, const struct wanted_split *want)
{
	json_t *backends = json_array();
	int64_t rest = 100 - want->weight;

	json_array_append_new(backends, smi_backend(a, t, c->canary_service, want->weight));
	for (size_t i = 0; i < want->n_additional; i++) {
		json_array_append_new(
		    backends, smi_backend(a, t, want->additional[i].service_name, want->additional[i].weight));
		rest -= want->additional[i].weight;
	}
	json_array_append_new(backends, smi_backend(a, t, c->stable_service, rest));
	return json_pack("{s:s,s:o}", "service", smi_root(c), "backends", backends);
}

/* Adds what makes the members of the spec the wanted ones, and removes all others. */
static void
smi_patch(struct arena *a, const struct router_object *o, const json_t *want, json_t **ops)
{
	_cleanup_(json_decrefp) json_t *now = o->spec != NULL ? json_loads(o->spec, 0, NULL) : json_object();
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)want, key, value) {
		const char *path = arena_printf(a, "/spec/%s", key);
		json_t *old = json_object_get(now, key);

		if (old != NULL && json_equal(old, value))
			continue;
		if (old != NULL)
			json_patch_add(json_patch_of(ops), "test", path, json_incref(old));
		json_patch_add(json_patch_of(ops), "add", path, json_incref(value));
	}
	json_object_foreach (now, key, value) {
		const char *path = arena_printf(a, "/spec/%s", json_pointer_escape(a, key));

		if (json_object_get(want, key) != NULL)
			continue;
		json_patch_add(json_patch_of(ops), "test", path, json_incref(value));
		json_patch_add(json_patch_of(ops), "remove", path, NULL);
	}
}

/* Adds the weights of the backends to *ret. */
static void
smi_read_backends(const struct canary_strategy *c, const json_t *backends, struct arena *a, struct routing *ret)
{
	struct weight_destination *list = arena_new_array(a, struct weight_destination, json_array_size(backends));
	int64_t all = 0, canary = 0;
	json_t *one;
	size_t i;

	json_array_foreach (backends, i, one) {
		const char *service = json_str(one, "service");

		all += smi_weight(one);
		if (str_eq(service, c->canary_service))
			canary += smi_weight(one);
		else if (service != NULL && !str_eq(service, c->stable_service))
			list[ret->n_additional++] = (struct weight_destination){ .weight = smi_weight(one),
				.service_name = arena_strdup(a, service) };
	}
	ret->additional = list;
	ret->weight_min = all > 0 ? 100 * canary / all : 0;
	ret->weight = all > 0 ? (100 * canary + all - 1) / all : 0;
}

/* Returns whether the TrafficSplit is other than one of its weights. */
static bool
smi_has_changed(const struct canary_strategy *c, const struct smi_target *t, const struct routing *now, struct arena *a)
{
	struct wanted_split same = { now->weight, now->additional, now->n_additional };
	_cleanup_(json_decrefp) json_t *spec = smi_spec(a, c, t->type, &same), *ops = NULL;

	smi_patch(a, t->object, spec, &ops);
	return ops != NULL;
}

static const struct type *
smi_served(const struct view *view)
{
	const struct type *const *t = smi_types;

	while (*t != NULL && view_absent(view, *t))
		t++;
	return *t;
}

static struct err *
smi_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct err *e = two_services_missing(a, c, SMI_FIELD);
	struct smi_target *t = arena_alloc(a, sizeof(*t));
	_cleanup_(json_decrefp) json_t *spec = NULL;
	const struct object *o;

	if (e != NULL)
		return e;
	if ((t->type = smi_served(view)) == NULL)
		return err_at(a, SMI_FIELD,
		    err_new(a, ERR_GONE,
			"Invalid value: the API server has no trafficsplits.split.smi-spec.io in a version from "
			"v1alpha1 "
			"to v1alpha3"));
	o = view_get(view, t->type, r->object.meta.namespace, smi_name(r));
	if (o != NULL && !owned_is(r, o))
		return err_at(a, SMI_FIELD ".trafficSplitName",
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": Rollout does not own TrafficSplit `%s`; delete it, or "
			"give another name",
			smi_name(r), smi_name(r)));
	t->object = (const struct router_object *)o;
	*ret = (struct routing){ .own = t, .has_route = true, .routes_differ = o == NULL };
	if (o == NULL)
		return NULL;
	spec = t->object->spec != NULL ? json_loads(t->object->spec, 0, NULL) : NULL;
	smi_read_backends(c, json_object_get(spec, "backends"), a, ret);
	ret->routes_differ = smi_has_changed(c, t, ret, a);
	return NULL;
}

static struct err *
smi_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct smi_target *t = now->own;
	_cleanup_(json_decrefp) json_t *spec = smi_spec(plan->arena, r->spec.strategy.canary, t->type, want);
	json_t *ops = NULL, *o;

	if (t->object != NULL) {
		smi_patch(plan->arena, t->object, spec, &ops);
		if (ops != NULL)
			two_services_patch(plan, r, &t->object->object, ops, want->weight);
		return NULL;
	}
	o = owned_new(r, type_api_version(t->type, plan->arena), t->type->kind, smi_name(r));
	json_object_set(o, "spec", spec);
	plan_create(plan, t->type, r->object.meta.namespace, smi_name(r), o);
	plan_event(plan, &r->object, false, "TrafficSplitCreated", "TrafficSplit `%s` created", smi_name(r));
	return NULL;
}

static bool
smi_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct smi_target *t = now->own;
	_cleanup_(json_decrefp) json_t *spec = smi_spec(a, r->spec.strategy.canary, t->type, want), *ops = NULL;

	if (t->object != NULL)
		smi_patch(a, t->object, spec, &ops);
	return t->object != NULL && ops == NULL;
}

static void
smi_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	/* the versions have one kind, and so one key */
	emit(smi_types[0], r->object.meta.namespace, smi_name(r), arg);
}

static bool
smi_concerns(const struct rollout *r, const struct object *o)
{
	return smi_of(r->spec.strategy.canary) != NULL && str_eq(o->meta.name, smi_name(r)) &&
	       str_eq(o->meta.namespace, r->object.meta.namespace);
}

static bool
smi_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	for (const struct type *const *t = smi_types; *t != NULL; t++)
		if (*t == type)
			return true;
	return false;
}

static size_t
smi_release(const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	size_t released = 0;

	(void)hashes;
	(void)n;
	for (const struct type *const *t = smi_types; *t != NULL && released == 0; t++)
		released = owned_release(r, v, *t, smi_concerns, plan);
	return released;
}
