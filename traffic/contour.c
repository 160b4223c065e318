/* traffic/contour.c: the router of Contour: weights of the two Services in lists of services of HTTPProxies, those of
 * spec.routes and that of spec.tcpproxy. Its fields are under the name of the plugin of Argo Rollouts, so that
 * manifests for it can be used.
 */
#include "base/str.h"
#include "kube/api/http_proxy.h"
#include "traffic/router.h"
#include "traffic/service_weights.h"
#include "traffic/two_services.h"

#define CONTOUR_FIELD "spec.strategy.canary.trafficRouting.plugins[\"argoproj-labs/contour\"]"

static bool contour_used(const struct canary_strategy *);
static void contour_check(const struct canary_strategy *, struct problems *);
static struct err *contour_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static const char *contour_verify(const struct rollout *, const struct routing *, struct arena *);
static struct err *contour_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool contour_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static void contour_overlay(const struct rollout *, const struct type *, const json_t *, json_t *);
static void contour_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool contour_concerns(const struct rollout *, const struct object *);
static bool contour_needs(const struct rollout *, const struct type *);
static json_t *contour_stand_in(const struct rollout *, const struct type *, const char *ns, const char *name);

static const struct type *const contour_types[] = { &http_proxy_type, NULL };
static const struct weighted_list contour_list = {
	.name = "name", .kind = "service", .mirror = "mirror", .keeps = true
};

const struct router contour_router = {
	.name = "plugins[\"argoproj-labs/contour\"]",
	.metric_name = "Contour",
	.types = contour_types,
	.service_name = "/name",
	.service_port = "/port",
	.used = contour_used,
	.check = contour_check,
	.read = contour_read,
	.verify = contour_verify,
	.set_weight = contour_set_weight,
	.has_weight = contour_has_weight,
	.overlay = contour_overlay,
	.names = contour_names,
	.stand_in = contour_stand_in,
	.concerns = contour_concerns,
	.needs = contour_needs,
};

/* A list of services that is split. */
struct contour_split {
	const char *path;
	struct service_weights weights; /* points into the spec */
};

struct contour_splits {
	json_t *spec; /* owned */
	struct contour_split *at; /* in the arena */
	size_t n;
};

/* The HTTPProxies of the strategy, in its order; NULL: it does not exist. */
struct contour_targets {
	const struct http_proxy **at;
	size_t n;
};

static const struct contour_routing *
contour_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL && c->traffic_routing->plugins != NULL
		   ? c->traffic_routing->plugins->contour
		   : NULL;
}

static bool
contour_used(const struct canary_strategy *c)
{
	return contour_of(c) != NULL;
}

static void
contour_check(const struct canary_strategy *c, struct problems *p)
{
	if (contour_of(c)->http_proxies.n == 0)
		problem_add(p, CONTOUR_FIELD ".httpProxies", "Required value: names no HTTPProxy");
	two_services_check(c, p, "Contour");
}

static void
contour_splits_done(struct contour_splits *s)
{
	json_decref(s->spec);
	s->spec = NULL;
}

/* Adds the list if both Services are in it. A list with the canary alone is a user's own way to it. */
static struct err *
contour_splits_add(struct arena *a, const struct canary_strategy *c, const char *path, struct contour_splits *s)
{
	struct contour_split *one = &s->at[s->n];

	if (service_weights_find(a, c, &contour_list, json_at(s->spec, path), &one->weights) != NULL)
		return NULL;
	one->path = arena_printf(a, "/spec%s", path);
	s->n++;
	return one->weights.kept < 100
		   ? NULL
		   : err_new(a, ERR_INVALID, "in %s other services have all the weight; leave them less than 100",
			 one->path);
}

/* Finds the lists that are split, also those with an error, of which the first is returned. *ret is to be released in
 * any case. */
static struct err *
contour_splits_read(
    struct arena *a, const struct canary_strategy *c, const struct http_proxy *o, struct contour_splits *ret)
{
	const json_t *routes;
	struct err *e = NULL, *tcp;
	size_t n;

	*ret = (struct contour_splits){ .spec = o->spec != NULL ? json_loads(o->spec, 0, NULL) : NULL };
	routes = json_object_get(ret->spec, "routes");
	n = json_array_size(routes);
	ret->at = arena_new_array(a, struct contour_split, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct err *one = contour_splits_add(a, c, arena_printf(a, "/routes/%zu/services", i), ret);

		e = e ?: one;
	}
	tcp = contour_splits_add(a, c, "/tcpproxy/services", ret);
	e = e ?: tcp;
	if (e == NULL && ret->n == 0)
		e = err_new(a, ERR_INVALID,
		    "has no list of services with both canaryService \"%s\" and stableService \"%s\"",
		    c->canary_service, c->stable_service);
	return e == NULL ? NULL
			 : err_at(a, CONTOUR_FIELD ".httpProxies",
			       err_wrap(a, e, "Invalid value: \"%s\": the HTTPProxy", o->object.meta.name));
}

/* Without any weight Contour gives all services of a list the same. */
static void
contour_read_weights(const struct contour_splits *splits, struct routing *ret)
{
	for (size_t i = 0; i < splits->n; i++) {
		const struct service_weights *s = &splits->at[i].weights;
		bool none = s->canary_weight == 0 && s->stable_weight == 0;
		int64_t least, most;

		service_weights_percent(s, &least, &most);
		if (none && s->kept == 0)
			most = 50;
		if (most > ret->weight || !ret->has_route)
			ret->kept_weight = s->kept;
		ret->weight = most > ret->weight ? most : ret->weight;
		ret->weight_min = least < ret->weight_min ? least : ret->weight_min;
		ret->routes_differ |= none;
		ret->has_route = true;
	}
}

static struct err *
contour_read_one(
    const struct rollout *r, const struct object *o, const char *name, struct arena *a, struct routing *ret)
{
	_cleanup_(contour_splits_done) struct contour_splits s = { 0 };
	struct err *e;

	if (o == NULL)
		return err_at(a, CONTOUR_FIELD ".httpProxies",
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": httpproxies.projectcontour.io \"%s\" not found", name,
			name));
	e = contour_splits_read(a, r->spec.strategy.canary, (const struct http_proxy *)o, &s);
	contour_read_weights(&s, ret);
	return e;
}

static struct err *
contour_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct contour_routing *fields = contour_of(c);
	struct err *e, *first = two_services_missing(a, c, CONTOUR_FIELD);
	struct contour_targets *own = arena_alloc(a, sizeof(*own));

	if (first == NULL && !str_empty(fields->namespace) && !str_eq(fields->namespace, r->object.meta.namespace))
		first = err_at(a, CONTOUR_FIELD ".namespace",
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": HTTPProxies must be in the Rollout's namespace \"%s\"",
			fields->namespace, r->object.meta.namespace));
	if (first != NULL)
		return first;
	own->n = fields->http_proxies.n;
	own->at = arena_new_array(a, const struct http_proxy *, own->n);
	*ret = (struct routing){ .weight_min = 100, .own = own };
	for (size_t i = 0; i < own->n; i++) {
		const char *name = fields->http_proxies.at[i];
		const struct object *o = view_get(view, &http_proxy_type, r->object.meta.namespace, name);

		own->at[i] = (const struct http_proxy *)o;
		if ((e = contour_read_one(r, o, name, a, ret)) != NULL && first == NULL)
			first = e;
	}
	if (!ret->has_route)
		ret->weight_min = 0;
	return first;
}

/* Returns whether Contour has reported that the HTTPProxy, as it is now, is valid: only then are its weights used. */
static bool
contour_is_valid(const struct http_proxy *o)
{
	for (size_t i = 0; i < o->status.conditions.n; i++) {
		const struct http_proxy_condition *one = &o->status.conditions.at[i];

		if (str_eq(one->type, "Valid"))
			return str_eq(one->status, "True") && one->observed_generation >= o->object.meta.generation;
	}
	return false;
}

/* Only the first service of a name gets a weight: a second one would have traffic at any weight. */
static const char *
contour_unverified(const struct rollout *r, const struct http_proxy *o, struct arena *a)
{
	_cleanup_(contour_splits_done) struct contour_splits s = { 0 };

	if (contour_splits_read(a, r->spec.strategy.canary, o, &s) != NULL)
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].weights.again)
			return arena_printf(a,
			    "HTTPProxy %s has a Service of the rollout twice in %s; remove the second",
			    o->object.meta.name, s.at[i].path);
	return contour_is_valid(o) ? NULL
				   : arena_printf(a, "HTTPProxy %s: Contour has not reported Valid for generation %lld",
					 o->object.meta.name, (long long)o->object.meta.generation);
}

static const char *
contour_verify(const struct rollout *r, const struct routing *now, struct arena *a)
{
	const struct contour_targets *all = now->own;
	const char *why = NULL;

	for (size_t i = 0; i < all->n && why == NULL; i++)
		if (all->at[i] != NULL)
			why = contour_unverified(r, all->at[i], a);
	return why;
}

/* An error of one list does not keep an abort from taking the weight from all. */
static struct err *
contour_weight_patch(struct arena *a, const struct rollout *r, const struct http_proxy *o, int64_t weight, json_t **ops)
{
	_cleanup_(contour_splits_done) struct contour_splits s = { 0 };
	struct err *e = contour_splits_read(a, r->spec.strategy.canary, o, &s);

	for (size_t i = 0; i < s.n; i++)
		(e == NULL ? service_weights_patch : service_weights_lower)(
		    a, &s.at[i].weights, s.at[i].path, weight, ops);
	return e;
}

/* HTTPProxies are independent: weight is lowered wherever it can be. The first patch depends on the writes before
 * it. */
static struct err *
contour_set_weight(
    const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct contour_targets *all = now->own;
	struct err *e, *first = NULL;
	size_t written = 0;

	for (size_t i = 0; i < all->n; i++) {
		size_t before = plan->n_steps;
		json_t *ops = NULL;

		if (all->at[i] == NULL)
			continue;
		e = contour_weight_patch(plan->arena, r, all->at[i], want->weight, &ops);
		if (e != NULL && first == NULL)
			first = e;
		if (ops == NULL)
			continue;
		two_services_patch(plan, r, &all->at[i]->object, ops, want->weight);
		if (written++ > 0)
			plan_independent_since(plan, before);
	}
	return first;
}

static bool
contour_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct contour_targets *all = now->own;
	bool has = true;

	for (size_t i = 0; i < all->n && has; i++) {
		_cleanup_(json_decrefp) json_t *ops = NULL;

		has = all->at[i] != NULL && contour_weight_patch(a, r, all->at[i], want->weight, &ops) == NULL &&
		      ops == NULL;
	}
	return has;
}

/* Returns whether the strategy names an HTTPProxy. */
static bool
contour_is_named(const struct rollout *r, const char *ns, const char *name)
{
	const struct contour_routing *fields = contour_of(r->spec.strategy.canary);

	for (size_t i = 0; fields != NULL && i < fields->http_proxies.n; i++)
		if (str_eq(fields->http_proxies.at[i], name))
			return str_eq(ns, r->object.meta.namespace);
	return false;
}

/* Returns the number of the first route from `at` on that is split, or of routes. */
static size_t
contour_split_at(struct arena *a, const struct canary_strategy *c, const json_t *routes, size_t at)
{
	struct service_weights s;

	while (at < json_array_size(routes) && service_weights_find(a, c, &contour_list,
						   json_object_get(json_array_get(routes, at), "services"), &s) != NULL)
		at++;
	return at;
}

/* Routes have no names: the n-th one in Git that is split is the n-th live one. */
static void
contour_overlay(const struct rollout *r, const struct type *type, const json_t *live, json_t *desired)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct canary_strategy *c = r->spec.strategy.canary;
	const json_t *meta = json_object_get(live, "metadata"), *from = json_at(live, "/spec/routes"),
		     *to = json_at(desired, "/spec/routes");
	size_t i = 0, k = 0;

	(void)type;
	if (!contour_is_named(r, json_str(meta, "namespace"), json_str(meta, "name")))
		return;
	for (;; i++, k++) {
		i = contour_split_at(a, c, from, i);
		k = contour_split_at(a, c, to, k);
		if (i >= json_array_size(from) || k >= json_array_size(to))
			break;
		service_weights_overlay(c, &contour_list, json_object_get(json_array_get(from, i), "services"),
		    json_object_get(json_array_get(to, k), "services"));
	}
	service_weights_overlay(
	    c, &contour_list, json_at(live, "/spec/tcpproxy/services"), json_at(desired, "/spec/tcpproxy/services"));
}

static void
contour_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	const struct strings *names = &contour_of(r->spec.strategy.canary)->http_proxies;

	for (size_t i = 0; i < names->n; i++)
		emit(&http_proxy_type, r->object.meta.namespace, names->at[i], arg);
}

static bool
contour_concerns(const struct rollout *r, const struct object *o)
{
	return contour_is_named(r, o->meta.namespace, o->meta.name);
}

static bool
contour_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &http_proxy_type;
}

/* A route with both Services. */
static json_t *
contour_stand_in(const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	(void)t;
	(void)ns;
	(void)name;
	if (c->stable_service == NULL || c->canary_service == NULL)
		return NULL;
	return json_pack("{s:[{s:[{s:s,s:i,s:i},{s:s,s:i,s:i}]}]}", "routes", "services", "name", c->stable_service,
	    "port", 80, "weight", 100, "name", c->canary_service, "port", 80, "weight", 0);
}
