/* traffic/hook.c: the router that is a program or HTTP service of the user's (plugins: sluice/hook).
 *
 * The administrator of the controller declares it, as a step plugin (kube/plan/plugin_declarations.h,
 * `trafficRouters`); a Rollout names it. The wanted state is written into annotations of the Rollout, as other routers
 * write their objects: one for the weight, one for the header routes. Then the hook is called (hook_calls.c) until it
 * has confirmed that state. So a restart of the controller loses nothing, and a weight that may be in effect is known:
 * it is within the limits of all that were wanted since the last confirmation.
 *
 * A confirmation is written too, so that a hook is not called for a Rollout at rest whenever a controller starts. That
 * of a weight above 0 is not: another weight follows it, and a call that is repeated has the same serial number. */
#include "traffic/hook.h"
#include "base/str.h"
#include "traffic/two_services.h"

#define HOOK_ROUTES_MAX (16u << 10) /* bytes of all header routes of a strategy */

static bool hook_is_used(const struct canary_strategy *);
static void hook_check_fields(const struct canary_strategy *, struct problems *);
static struct err *hook_read_records(const struct rollout *, const struct view *, struct arena *, struct routing *);
static struct err *hook_set_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);
static bool hook_has_weight(
    const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);
static bool hook_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);
static size_t hook_release(
    const struct rollout *, const struct view *, const char *const *hashes, size_t, struct plan *);
static void hook_names(
    const struct rollout *, void (*)(const struct type *, const char *, const char *, void *), void *);
static bool hook_concerns(const struct rollout *, const struct object *);

static const struct type *const hook_types[] = { NULL };

const struct router hook_router = {
	.name = "plugins[\"sluice/hook\"]",
	.metric_name = "Hook",
	.types = hook_types,
	.features = ROUTER_HEADER_ROUTES,
	.used = hook_is_used,
	.check = hook_check_fields,
	.read = hook_read_records,
	.confirm = hook_confirm,
	.set_weight = hook_set_weight,
	.has_weight = hook_has_weight,
	.set_routes = hook_set_routes,
	.release = hook_release,
	.names = hook_names,
	.concerns = hook_concerns,
};

const char *const hook_annotations[HOOK_PART_MAX] = {
	[HOOK_WEIGHT] = "sluice.argoproj.io/hook-weight",
	[HOOK_ROUTES] = "sluice.argoproj.io/hook-routes",
};

const struct hook_routing *
hook_of(const struct canary_strategy *c)
{
	return c != NULL && c->traffic_routing != NULL && c->traffic_routing->plugins != NULL
		   ? c->traffic_routing->plugins->hook
		   : NULL;
}

static bool
hook_is_used(const struct canary_strategy *c)
{
	return hook_of(c) != NULL;
}

/* All of them may exist at once, in one annotation. */
static void
hook_check_routes(const struct canary_strategy *c, struct problems *p)
{
	size_t size = 0;

	for (size_t i = 0; i < c->steps.n; i++) {
		const struct header_route *route = c->steps.at[i].set_header_route;
		_cleanup_(json_decrefp) json_t *j = route != NULL ? encode(&header_route_type, route) : NULL;

		size += j != NULL ? strlen(json_text(p->arena, j)) : 0;
		if (j != NULL && size > HOOK_ROUTES_MAX) {
			problem_add(p, arena_printf(p->arena, "spec.strategy.canary.steps[%zu].setHeaderRoute", i),
			    "Invalid value: the header routes of a hook have more than %u bytes", HOOK_ROUTES_MAX);
			return;
		}
	}
}

static void
hook_check_fields(const struct canary_strategy *c, struct problems *p)
{
	if (str_empty(hook_of(c)->name))
		problem_add(p, HOOK_FIELD ".name", "Required value: names no hook");
	hook_check_routes(c, p);
	two_services_check(c, p, "a hook");
}

/* Returns a number of a record within 0 and `max`. */
static int64_t
hook_number(const json_t *record, const char *key, int64_t max)
{
	int64_t n = json_int(record, key, 0);

	return n < 0 ? 0 : n < max ? n : max;
}

/* Reads an annotation. One that another hook has left, or that is malformed, does not count. */
static struct hook_record
hook_record_read(const struct rollout *r, enum hook_part part, struct arena *a)
{
	const char *text = object_annotation(&r->object, hook_annotations[part]);
	_cleanup_(json_decrefp) json_t *j = text != NULL ? json_loads(text, 0, NULL) : NULL;
	struct hook_record record = { 0 };

	if (!json_is_object(j) || !str_eq(json_str(j, "hook"), hook_of(r->spec.strategy.canary)->name))
		return record;
	record = (struct hook_record){ .present = true,
		.confirmed = json_is_true(json_object_get(j, "confirmed")),
		.serial = hook_number(j, "serial", INT64_MAX - 1),
		.weight = hook_number(j, "weight", 100),
		.least = hook_number(j, "least", part == HOOK_WEIGHT ? 100 : INT32_MAX),
		.most = hook_number(j, "most", part == HOOK_WEIGHT ? 100 : INT32_MAX) };
	if (json_is_array(json_object_get(j, "routes")))
		record.routes = json_text(a, json_object_get(j, "routes"));
	return record;
}

/* Returns the text of a record. In the arena. */
static const char *
hook_record_text(const struct rollout *r, enum hook_part part, const struct hook_record *record, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *j = json_pack(
	    "{s:s,s:I}", "hook", hook_of(r->spec.strategy.canary)->name, "serial", (json_int_t)record->serial);

	if (part == HOOK_WEIGHT)
		json_object_set_new(j, "weight", json_integer(record->weight));
	else
		json_object_set_new(j, "routes", json_loads(record->routes, 0, NULL));
	if (!record->confirmed && part == HOOK_WEIGHT)
		json_object_set_new(j, "least", json_integer(record->least));
	if (!record->confirmed)
		json_object_set_new(j, "most", json_integer(record->most));
	json_object_set_new(j, "confirmed", json_boolean(record->confirmed));
	return json_text(a, j);
}

void
hook_record_write(const struct rollout *r, enum hook_part part, const struct hook_record *record, struct plan *plan)
{
	json_t *ops = json_array();

	object_patch_annotation(
	    plan->arena, ops, &r->object, hook_annotations[part], hook_record_text(r, part, record, plan->arena));
	plan_patch(plan, &r->object, ops);
}

/* Until the hook has confirmed a weight, any weight since the last confirmation may be in effect. */
static void
hook_read_weight(const struct rollout *r, const struct hook_record *record, struct routing *ret)
{
	const struct traffic_weights *seen = r->status.canary.weights;

	if (!record->present)
		ret->weight = ret->weight_min = seen != NULL ? seen->canary.weight : 0;
	else if (record->confirmed)
		ret->weight = ret->weight_min = record->weight;
	else
		*ret = (struct routing){
			.own = ret->own, .has_route = true, .weight = record->most, .weight_min = record->least
		};
	ret->routes_differ = !record->present;
}

void
hook_set_seen(const struct rollout *r, const struct hook_state *s, struct arena *a, struct routing *ret)
{
	const struct hook_record *weight = &s->records[HOOK_WEIGHT], *routes = &s->records[HOOK_ROUTES];
	_cleanup_(json_decrefp) json_t *list = routes->routes != NULL ? json_loads(routes->routes, 0, NULL) : NULL;

	*ret = (struct routing){ .own = s, .has_route = true };
	hook_read_weight(r, weight, ret);
	ret->managed_routes = routes->confirmed ? json_array_size(list) : (size_t)routes->most;
	if (!weight->confirmed || (routes->present && !routes->confirmed))
		ret->unverified = arena_printf(
		    a, "hook %s has not confirmed what it was called for", hook_of(r->spec.strategy.canary)->name);
}

static struct err *
hook_read_records(const struct rollout *r, const struct view *view, struct arena *a, struct routing *ret)
{
	const struct hook_routing *hook = hook_of(r->spec.strategy.canary);
	struct err *e = two_services_missing(a, r->spec.strategy.canary, HOOK_FIELD);
	struct hook_state *s = arena_alloc(a, sizeof(*s));

	(void)view;
	if (e == NULL && str_empty(hook->name))
		e = err_at(a, HOOK_FIELD ".name", err_new(a, ERR_INVALID, "required, but empty"));
	if (e != NULL)
		return e;
	for (enum hook_part part = 0; part < HOOK_PART_MAX; part++)
		s->records[part] = hook_record_read(r, part, a);
	hook_set_seen(r, s, a, ret);
	return NULL;
}

static struct err *
hook_set_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct plan *plan)
{
	const struct hook_state *s = now->own;
	const struct hook_record *was = &s->records[HOOK_WEIGHT];
	struct hook_record is = { .present = true, .serial = was->serial + 1, .weight = want->weight };

	if (was->present && was->weight == want->weight)
		return NULL;
	is.least = want->weight < now->weight_min ? want->weight : now->weight_min;
	is.most = want->weight > now->weight ? want->weight : now->weight;
	hook_record_write(r, HOOK_WEIGHT, &is, plan);
	/* the status reports a change of its weight, with the step or the promotion that made it */
	plan_event(plan, &r->object, false, "Updated Hook", "Hook `%s` is called to set desiredWeight '%d'",
	    hook_of(r->spec.strategy.canary)->name, (int)want->weight)
	    ->implied = r->status.canary.weights != NULL && r->status.canary.weights->canary.weight != want->weight;
	return NULL;
}

static bool
hook_has_weight(const struct rollout *r, const struct routing *now, const struct wanted_split *want, struct arena *a)
{
	const struct hook_record *is = &((const struct hook_state *)now->own)->records[HOOK_WEIGHT];

	(void)r;
	(void)a;
	return is->confirmed && is->weight == want->weight;
}

/* Returns the routes as the hook gets them, in their order. In the arena. */
static const char *
hook_routes_text(const struct wanted_route *want, size_t n, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (want[i].header != NULL)
			json_array_append_new(list, encode(&header_route_type, want[i].header));
	return json_text(a, list);
}

static bool
hook_set_routes(const struct rollout *r, const struct routing *now, const struct wanted_route *want, size_t n,
    struct arena *a, struct plan *plan)
{
	const struct hook_record *was = &((const struct hook_state *)now->own)->records[HOOK_ROUTES];
	struct hook_record is = { .present = true, .serial = was->serial + 1, .routes = hook_routes_text(want, n, a) };
	bool same = was->present ? str_eq(was->routes, is.routes) : n == 0;

	if (same)
		return !was->present || was->confirmed;
	is.most = (int64_t)(n > now->managed_routes ? n : now->managed_routes);
	if (plan != NULL)
		hook_record_write(r, HOOK_ROUTES, &is, plan);
	return false;
}

/* A hook that the strategy does not name any more is not called: its weight is what it was. */
static size_t
hook_release(const struct rollout *r, const struct view *v, const char *const *hashes, size_t n, struct plan *plan)
{
	json_t *ops;

	(void)v;
	(void)hashes;
	(void)n;
	if (hook_of(r->spec.strategy.canary) != NULL ||
	    (object_annotation(&r->object, hook_annotations[HOOK_WEIGHT]) == NULL &&
		object_annotation(&r->object, hook_annotations[HOOK_ROUTES]) == NULL))
		return 0;
	ops = json_array();
	for (enum hook_part part = 0; part < HOOK_PART_MAX; part++)
		object_patch_annotation(plan->arena, ops, &r->object, hook_annotations[part], NULL);
	plan_patch(plan, &r->object, ops);
	return 1;
}

static void
hook_names(const struct rollout *r, void (*emit)(const struct type *, const char *, const char *, void *), void *arg)
{
	(void)r;
	(void)emit;
	(void)arg;
}

static bool
hook_concerns(const struct rollout *r, const struct object *o)
{
	(void)r;
	(void)o;
	return false;
}
