/* traffic/alb.c: the router of the AWS Load Balancer Controller: weights (alb_action.c) in annotations of Ingresses
 * (alb_edit.c), managed routes (alb_routes.c), the load balancers' own weights (alb_verify.c), and the fields that
 * Git does not set back (alb_owns.c).
 */
#include "traffic/alb.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/plan/sigv4.h"
#include "traffic/ingress_stand_in.h"
#include "traffic/two_services.h"

#define STICKY_MAX_S 604800

static bool alb_used(const struct canary_strategy *);
static void alb_check(const struct canary_strategy *, struct problems *);
static struct err *alb_read(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *alb_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool alb_has_weight(const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static void alb_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool alb_needs(const struct rollout *, const struct type *);
static json_t *alb_stand_in(const struct rollout *, const struct type *, const char *ns, const char *name);

static const struct type *const alb_types[] = { &ingress_type, NULL };

static const char *const alb_variables[] = { AWS_VARIABLES, "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", NULL };

const struct router alb_router = {
	.name = "alb",
	.metric_name = "ALB",
	.types = alb_types,
	.features = ROUTER_HEADER_ROUTES | ROUTER_EXPERIMENTS | ROUTER_PING_PONG | ROUTER_PREFERS_PING_PONG,
	.variables = alb_variables,
	.service_name = "/service/name",
	.service_port = "/service/port",
	.port_field = "/spec/strategy/canary/trafficRouting/alb/servicePort",
	.warn = alb_warn,
	.used = alb_used,
	.check = alb_check,
	.read = alb_read,
	.confirm = alb_confirm,
	.set_weight = alb_set_weight,
	.has_weight = alb_has_weight,
	.set_routes = alb_set_routes,
	.release = alb_release,
	.overlay = alb_overlay,
	.names = alb_names,
	.stand_in = alb_stand_in,
	.concerns = alb_concerns,
	.needs = alb_needs,
};

const struct alb_routing *
alb_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL ? c->traffic_routing->alb : NULL;
}

static bool
alb_used(const struct canary_strategy *c)
{
	return alb_of(c) != NULL;
}

size_t
alb_count(const struct canary_strategy *c)
{
	const struct alb_routing *alb = alb_of(c);

	return alb == NULL ? 0 : alb->ingresses.n > 0 ? alb->ingresses.n : !str_empty(alb->ingress);
}

const char *
alb_name(const struct canary_strategy *c, size_t i)
{
	const struct alb_routing *alb = alb_of(c);

	return alb->ingresses.n > 0 ? alb->ingresses.at[i] : alb->ingress;
}

static const char *
alb_field(struct arena *a, const struct canary_strategy *c, size_t i)
{
	return alb_of(c)->ingresses.n > 0 ? arena_printf(a, ALB_FIELD ".ingresses[%zu]", i) : ALB_FIELD ".ingress";
}

static void
alb_check(const struct canary_strategy *c, struct problems *p)
{
	const struct alb_routing *alb = alb_of(c);
	const struct alb_stickiness *s = alb->stickiness_config;
	bool one = !str_empty(alb->ingress), several = alb->ingresses.n > 0;

	if (one == several)
		problem_add(p, ALB_FIELD,
		    "Invalid value: Either Ingress or Ingresses must be configured. %s are configured.",
		    one ? "Both" : "Neither");
	if (s != NULL && s->enabled && (s->duration_seconds < 1 || s->duration_seconds > STICKY_MAX_S))
		problem_add(p, ALB_FIELD ".stickinessConfig.durationSeconds",
		    "Invalid value: %lld: TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds "
		    "(7 days)!",
		    (long long)s->duration_seconds);
	if (c->ping_pong != NULL && str_empty(alb->root_service))
		problem_add(p, ALB_FIELD ".rootService",
		    "Required value: Root service field is required for the configuration with ALB and ping-pong "
		    "feature enabled");
	alb_routes_check(c, p);
	two_services_check(c, p, "ALB");
}

/* --- reading --- */

static bool
alb_has_service(const struct ingress *ingress, const char *service)
{
	_cleanup_(json_decrefp) json_t *rules =
	    ingress->spec.rules != NULL ? json_loads(ingress->spec.rules, 0, NULL) : NULL;
	json_t *rule, *path;
	size_t i, k;

	json_array_foreach (rules, i, rule)
		json_array_foreach (json_object_get(json_object_get(rule, "http"), "paths"), k, path)
			if (str_eq(json_str(json_object_get(json_object_get(path, "backend"), "service"), "name"),
				service))
				return true;
	return false;
}

/* Adds a Service of experiments to *ret, with the most that an Ingress gives it. */
static void
alb_read_additional(struct arena *a, const struct weight_destination *d, bool first, struct routing *ret)
{
	struct weight_destination *list = arena_new_array(a, struct weight_destination, ret->n_additional + 1);
	size_t k = 0;

	for (size_t i = 0; i < ret->n_additional; i++)
		list[i] = ret->additional[i];
	while (k < ret->n_additional && !str_eq(list[k].service_name, d->service_name))
		k++;
	ret->routes_differ |= !first && (k == ret->n_additional || list[k].weight != d->weight);
	if (k == ret->n_additional) {
		ret->n_additional++;
		list[k] = *d;
	}
	list[k].weight = d->weight > list[k].weight ? d->weight : list[k].weight;
	ret->additional = list;
}

/* If an action cannot be read, the load balancer may keep the last weight. Without shares it has no backend for the
 * stable version either: they are written whatever the weight is, before the first update too. */
static void
alb_read_weight(const struct rollout *r, const struct ingress *ingress, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *key = alb_key(a, alb_of(c), "actions", alb_root_service(r));
	struct wanted_split now;
	int64_t least;
	enum alb_action action = alb_read_action(a, r, object_annotation(&ingress->object, key), &now, &least);

	ret->routes_differ |= action != ALB_ACTION_SPLITS;
	if (action == ALB_ACTION_UNREADABLE)
		now.weight = r->status.canary.weights != NULL ? r->status.canary.weights->canary.weight : 0;
	for (size_t i = 0; i < now.n_additional; i++)
		alb_read_additional(a, &now.additional[i], !ret->has_route, ret);
	ret->weight = now.weight > ret->weight ? now.weight : ret->weight;
	ret->weight_min = least < ret->weight_min ? least : ret->weight_min;
	ret->managed_routes += alb_managed_routes(r, ingress);
	ret->has_route = true;
}

static struct err *
alb_read_one(const struct rollout *r, const struct view *view, size_t i, struct arena *a, struct alb_target *t,
    struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *field = alb_field(a, c, i), *root = alb_root_service(r);
	struct alb_edit edit;
	json_t *ops = NULL;
	struct err *e;

	t->name = alb_name(c, i);
	t->ingress = (const struct ingress *)view_get(view, &ingress_type, r->object.meta.namespace, t->name);
	if (t->ingress == NULL)
		return err_at(a, field,
		    err_new(a, ERR_GONE, "Invalid value: \"%s\": ingresses.networking.k8s.io \"%s\" not found", t->name,
			t->name));
	alb_read_weight(r, t->ingress, a, ret);
	e = alb_edit_begin(&edit, a, t->ingress, &ops);
	json_decref(edit.managed);
	if (e == NULL && !alb_has_service(t->ingress, root))
		e = err_new(a, ERR_INVALID, "ingress `%s` has no rules using service %s backend", t->name, root);
	t->invalid = e != NULL;
	return e != NULL ? err_at(a, field, err_wrap(a, e, "Invalid value: \"%s\"", t->name)) : NULL;
}

static struct err *
alb_read(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct alb_targets *own = arena_alloc(a, sizeof(*own));
	struct err *e, *first = NULL;

	if (str_empty(c->turn_canary_service) || str_empty(c->turn_stable_service))
		return err_at(
		    a, ALB_FIELD, err_new(a, ERR_INVALID, "needs canaryService and stableService, or pingPong"));
	own->n = alb_count(c);
	own->at = arena_new_array(a, struct alb_target, own->n);
	*ret = (struct routing){ .weight_min = 100, .own = own };
	for (size_t i = 0; i < own->n; i++)
		if ((e = alb_read_one(r, view, i, a, &own->at[i], ret)) != NULL && first == NULL)
			first = e;
	if (!ret->has_route)
		ret->weight_min = 0;
	return first;
}

/* --- writing --- */

/* Adds the edits of one Ingress. A record that cannot be read does not stop an abort. */
static void
alb_weight_patch(
    struct arena *a, const struct rollout *r, const struct alb_target *t, const struct wanted_split *want, json_t **ops)
{
	struct alb_edit e;

	alb_edit_begin(&e, a, t->ingress, ops);
	alb_edit_set(&e, r, alb_key(a, alb_of(r->spec.strategy.canary), "actions", alb_root_service(r)),
	    alb_split_action(a, r, want));
	alb_edit_end(&e);
}

/* Ingresses are independent: an abort returns the traffic of each. Otherwise nothing is written behind one that does
 * not exist or is invalid, as by Argo Rollouts. The weight of an invalid one is only set to 0. */
static struct err *
alb_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct alb_targets *all = now->own;
	size_t written = 0;
	bool stops = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct alb_target *t = &all->at[i];
		json_t *ops = NULL;

		stops |= (t->ingress == NULL || t->invalid) && want->weight > 0 && !r->status.abort;
		if (t->ingress == NULL || stops || (t->invalid && want->weight > 0))
			continue;
		alb_weight_patch(plan->arena, r, t, want, &ops);
		if (ops == NULL)
			continue;
		plan_patch(plan, &t->ingress->object, ops);
		if (written++ > 0)
			plan_independent(plan);
		/* the status reports a change of its weight, with the step or the promotion that made it */
		plan_event(plan, &r->object, false, "PatchingALBIngress", "Updating Ingress `%s` to desiredWeight '%d'",
		    t->name, (int)want->weight)
		    ->implied =
		    r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != want->weight;
	}
	return NULL;
}

static bool
alb_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct alb_targets *all = now->own;
	bool has = true;

	for (size_t i = 0; i < all->n && has; i++) {
		_cleanup_(json_decrefp) json_t *ops = NULL;

		if (all->at[i].ingress != NULL)
			alb_weight_patch(a, r, &all->at[i], want, &ops);
		has = all->at[i].ingress != NULL && !all->at[i].invalid && ops == NULL;
	}
	return has;
}

/* --- which Ingresses --- */

static void
alb_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	for (size_t i = 0; i < alb_count(r->spec.strategy.canary); i++)
		emit(&ingress_type, r->object.meta.namespace, alb_name(r->spec.strategy.canary, i), arg);
}

bool
alb_concerns(const struct rollout *r, const struct object *o)
{
	if (!str_eq(r->object.meta.namespace, o->meta.namespace))
		return false;
	for (size_t i = 0; i < alb_count(r->spec.strategy.canary); i++)
		if (str_eq(alb_name(r->spec.strategy.canary, i), o->meta.name))
			return true;
	return false;
}

static bool
alb_needs(const struct rollout *r, const struct type *type)
{
	(void)r;
	return type == &ingress_type;
}

static json_t *
alb_stand_in(const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *root = alb_of(c)->root_service, *service = root != NULL ? root : c->stable_service;

	(void)t;
	(void)ns;
	for (size_t i = 0; i < alb_count(c); i++)
		if (str_eq(alb_name(c, i), name) && service != NULL)
			return ingress_stand_in("alb", service);
	return NULL;
}
