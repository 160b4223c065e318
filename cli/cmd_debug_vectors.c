/* cli/cmd_debug_vectors.c: debug vectors: makes recorded calls of a router of Argo Rollouts, one for each line.
 * debug_vectors_provider.c makes those of metric providers. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/debug_vectors.h"
#include "cli/lines.h"
#include "kube/api/core.h"
#include "kube/api/patch.h"
#include "traffic/alb.h"
#include "traffic/routed.h"

#define OBJECTS_MAX 64
#define ADDED_VERSION "0" /* of objects that are recorded without one */

static int debug_vectors_run(struct cli *);

const struct command cmd_debug_vectors = {
	.name = "debug vectors",
	.args = "NAME --lines",
	.group = GROUP_CHECK,
	.summary = "Make recorded calls of a router or metric provider, and print what they did",
	.flags =
	    (const struct flag[]){
		{ .name = "lines", .text = "Read one JSON object per line and print one result per line" },
		{ 0 },
	    },
	.run = debug_vectors_run,
};

/* The objects of a line, decoded and as JSON, which calls change. */
struct vector {
	struct view view; /* first: a view is its vector */
	struct arena *arena;
	const struct object *at[OBJECTS_MAX];
	json_t *json[OBJECTS_MAX]; /* borrowed from `objects` */
	json_t *objects; /* the list */
	const char *split_version; /* of TrafficSplit; NULL: all */
	size_t n;
	const struct rollout *rollout;
	struct routed routed;
	const struct err *err; /* the first */
};

static const struct object *
vector_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct vector *l = (const struct vector *)v;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i]->type == t && str_eq(l->at[i]->meta.name, name) && str_eq(l->at[i]->meta.namespace, ns))
			return l->at[i];
	return NULL;
}

static void
vector_each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct vector *l = (const struct vector *)v;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i]->type == t && (ns == NULL || str_eq(l->at[i]->meta.namespace, ns)))
			visit(l->at[i], arg);
}

/* The type of an object that routers read: of its version, if there are several of its kind. */
static const struct type *
vector_type(const json_t *o)
{
	const char *api = json_str(o, "apiVersion") ?: "", *slash = strchr(api, '/');
	const struct type *t = str_eq(json_str(o, "kind"), "Service") ? &service_type : NULL, *one;

	for (size_t i = 0; (one = router_type(i, NULL)) != NULL; i++)
		if (str_eq(json_str(o, "kind"), one->kind) &&
		    (t == NULL || (slash != NULL && strcmp(slash + 1, one->version) == 0)))
			t = one;
	return t;
}

/* The version of TrafficSplit is a setting of Argo Rollouts: the server has no other one. */
static bool
vector_absent(const struct view *v, const struct type *t)
{
	const struct vector *l = (const struct vector *)v;

	return l->split_version != NULL && str_eq(t->kind, "TrafficSplit") && !str_eq(t->version, l->split_version);
}

static void
vector_read(struct vector *v, json_t *objects)
{
	const struct err *e;
	json_t *o;
	size_t i;

	v->n = 0;
	v->objects = objects;
	json_array_foreach (objects, i, o)
		if (vector_type(o) != NULL && v->n < OBJECTS_MAX) {
			v->json[v->n] = o;
			v->at[v->n++] = object_decode(vector_type(o), o, v->arena);
		}
	e = routed_read(v->rollout, &v->view, v->arena, &v->routed);
	v->err = v->err != NULL ? v->err : e;
}

/* Patches test it, and recorded objects have none. */
static void
vector_add_versions(json_t *objects)
{
	json_t *o;
	size_t i;

	json_array_foreach (objects, i, o)
		if (json_str(json_object_get(o, "metadata"), "resourceVersion") == NULL)
			json_object_set_new(
			    json_object_get(o, "metadata"), "resourceVersion", json_string(ADDED_VERSION));
}

static void
vector_drop_empty(json_t *of, const char *key)
{
	const json_t *value = json_object_get(of, key);

	if (value != NULL && json_array_size(value) == 0 && json_object_size(value) == 0)
		json_object_del(of, key);
}

/* The objects that routers write, as Go writes them: without empty maps and lists. A new reference. */
static json_t *
vector_routed(json_t *objects)
{
	json_t *list = json_array(), *o;
	size_t i;

	json_array_foreach (objects, i, o) {
		if (str_eq(json_str(o, "kind"), service_type.kind))
			continue;
		if (str_eq(json_str(json_object_get(o, "metadata"), "resourceVersion"), ADDED_VERSION))
			json_object_del(json_object_get(o, "metadata"), "resourceVersion");
		vector_drop_empty(json_object_get(o, "metadata"), "labels");
		vector_drop_empty(json_object_get(o, "spec"), "rules");
		json_array_append(list, o);
	}
	return list;
}

static void
vector_patch(struct vector *v, json_t *o, const json_t *ops)
{
	json_t *doc = json_deep_copy(o);
	struct err *e = json_patch_apply(v->arena, &doc, ops);

	v->err = v->err != NULL ? v->err : e;
	json_object_clear(o);
	json_object_update(o, doc);
	json_decref(doc);
}

/* Returns the number of the object of a step; n: it does not exist. */
static size_t
vector_find(const struct vector *v, const struct plan_step *s)
{
	size_t k = 0;

	while (k < v->n && (v->at[k]->type != s->type || !str_eq(v->at[k]->meta.name, s->name) ||
			       !str_eq(v->at[k]->meta.namespace, s->namespace)))
		k++;
	return k;
}

/* Inserts an object in the order of names, as recorded lists have it. */
static void
vector_insert(json_t *objects, json_t *o)
{
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	size_t i = 0;

	while (i < json_array_size(objects) &&
	       strcmp(json_str(json_object_get(json_array_get(objects, i), "metadata"), "name") ?: "", name) < 0)
		i++;
	json_array_insert_new(objects, i, o);
}

/* Makes the writes of a plan in the JSON of the objects. */
static void
vector_write(struct vector *v, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *s = &plan->steps[i];
		_cleanup_(json_decrefp) json_t *body = s->body != NULL ? json_loads(s->body, 0, NULL) : NULL;
		size_t k = vector_find(v, s), at;
		json_t *one;

		if (s->op == PLAN_CREATE && k == v->n)
			vector_insert(v->objects, TAKE_PTR(body));
		else if (s->op == PLAN_PATCH && k < v->n)
			vector_patch(v, v->json[k], body);
		else if (s->op == PLAN_DELETE && k < v->n)
			json_array_foreach (v->objects, at, one)
				if (one == v->json[k]) {
					json_array_remove(v->objects, at);
					break;
				}
	}
}

static struct wanted_split
vector_split(struct vector *v, const json_t *call)
{
	const json_t *list = json_object_get(call, "additional"), *one;
	struct weight_destination *additional =
	    arena_new_array(v->arena, struct weight_destination, json_array_size(list));
	struct wanted_split want = { .weight = json_int(call, "weight", 0), .additional = additional };
	size_t i;

	json_array_foreach (list, i, one)
		additional[want.n_additional++] = (struct weight_destination){ .weight = json_int(one, "weight", 0),
			.service_name = json_str(one, "serviceName") };
	return want;
}

static void
vector_set_weight(struct vector *v, const json_t *call)
{
	struct wanted_split want = vector_split(v, call);
	struct plan *plan = plan_new(v->arena);
	struct err *e;

	e = routed_set_weight(v->rollout, &v->routed, &want, plan);
	v->err = v->err != NULL ? v->err : e;
	vector_write(v, plan);
}

/* Returns whether managed routes are objects of their own: these do not depend on what else is wrong with the route. */
static bool
vector_has_route_objects(const struct vector *v)
{
	return v->routed.n > 0 && (v->routed.by[0].router->features & ROUTER_ROUTE_OBJECTS) != 0;
}

/* Returns the error of an Ingress whose record of managed annotations cannot be read; NULL: each can be. */
static const struct err *
vector_record_err(const struct vector *v)
{
	const struct err *e = NULL;

	for (size_t i = 0; i < v->n && e == NULL; i++) {
		struct alb_edit edit;
		json_t *ops = NULL;

		if (v->at[i]->type != &ingress_type || !alb_concerns(v->rollout, v->at[i]))
			continue;
		e = alb_edit_begin(&edit, v->arena, (const struct ingress *)v->at[i], &ops);
		json_decref(edit.managed);
	}
	return e;
}

/* Sets the managed routes of a call. What else is wrong with the objects is an error of the call only if the routes
 * cannot be set because of it. */
static void
vector_set_routes(struct vector *v, const struct wanted_route *want, size_t n)
{
	struct plan *plan = plan_new(v->arena);
	const struct err *e = v->err;
	bool gone = e != NULL && e->class == ERR_GONE;

	if (gone && (n == 0 || vector_has_route_objects(v)))
		return; /* a pass neither removes nor creates any then */
	routed_set_routes(v->rollout, &v->routed, want, n, v->arena, plan);
	vector_write(v, plan);
	vector_read(v, v->objects);
	v->err = n == 0 ? vector_record_err(v) : NULL;
	if (!routed_set_routes(v->rollout, &v->routed, want, n, v->arena, NULL))
		v->err = e != NULL ? e : err_new(v->arena, ERR_INVALID, "the managed route cannot be made");
}

/* Removes the references to routes of the Gateway API in which no step creates rules. Returns false if no other is
 * left. */
static bool
vector_drop_plain_routes(json_t *plugin)
{
	static const char *const plain[] = { "tcpRoute", "tcpRoutes", "tlsRoute", "tlsRoutes", "httpRouteSelector",
		"grpcRouteSelector", "tcpRouteSelector", "tlsRouteSelector" };
	static const char *const lists[] = { "httpRoutes", "grpcRoutes" };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		json_object_del(plugin, plain[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *list = json_object_get(plugin, lists[i]);

		for (size_t k = json_array_size(list); k-- > 0;)
			if (!json_is_true(json_object_get(json_array_get(list, k), "useHeaderRoutes")))
				json_array_remove(list, k);
	}
	return !str_empty(json_str(plugin, "httpRoute")) || !str_empty(json_str(plugin, "grpcRoute")) ||
	       json_array_size(json_object_get(plugin, "httpRoutes")) > 0 ||
	       json_array_size(json_object_get(plugin, "grpcRoutes")) > 0;
}

/* Reads what a call about managed routes concerns: for one that sets a route (NULL: that removes all), no other name is
 * that of a managed route. Returns false if no router of the rollout has any. */
static bool
vector_read_managed(struct vector *v, const json_t *rollout, const json_t *route, json_t *objects)
{
	_cleanup_(json_decrefp) json_t *copy = json_deep_copy(rollout);
	json_t *routing = json_at(copy, "/spec/strategy/canary/trafficRouting"),
	       *plugin = json_object_get(json_object_get(routing, "plugins"), "argoproj-labs/gatewayAPI");
	bool any = plugin == NULL || vector_drop_plain_routes(plugin);

	if (v->routed.n == 0)
		return false;
	if (route != NULL)
		json_object_set_new(
		    routing, "managedRoutes", json_pack("[{s:s}]", "name", json_str(route, "name") ?: ""));
	v->rollout = (const struct rollout *)object_decode(&rollout_type, copy, v->arena);
	v->err = NULL;
	if (any)
		vector_read(v, objects);
	return any;
}

static void
vector_set_header_route(struct vector *v, const json_t *rollout, const json_t *route, json_t *objects)
{
	struct header_route *header = arena_alloc(v->arena, sizeof(*header));
	struct problems problems = { .arena = v->arena };
	struct wanted_route want = { .header = header };

	if (!vector_read_managed(v, rollout, route, objects))
		return;
	decode(&header_route_type, route, "route", &problems, header);
	for (size_t i = 0; i < header->match.n; i++) {
		const struct string_match *value = header->match.at[i].header_value;

		if (header->match.at[i].header_name == NULL || value == NULL ||
		    (value->exact == NULL) + (value->prefix == NULL) + (value->regex == NULL) != 2) {
			v->err = err_new(v->arena, ERR_INVALID, "route.match[%zu]: needs a name and one value", i);
			return;
		}
	}
	if (v->err == NULL || header->match.n > 0 || vector_has_route_objects(v))
		vector_set_routes(v, &want, header->match.n > 0);
}

/* The rules between fields that a Rollout must obey before anything is set. Returns whether it does. */
static bool
vector_check(struct vector *v)
{
	struct problems problems = { .arena = v->arena };

	for (size_t i = 0; i < v->routed.n; i++)
		v->routed.by[i].router->check(v->rollout->spec.strategy.canary, &problems);
	if (problems.n > 0 && v->err == NULL)
		v->err = err_new(v->arena, ERR_INVALID, "%s: %s", problems.at[0].path, problems.at[0].text);
	return problems.n == 0;
}

static bool
vector_names_it(const json_t *call, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(call, "rolloutsThatNameIt"), i, one)
		if (str_eq(json_string_value(one), name))
			return true;
	return false;
}

/* Makes what the passes of the rollouts do that no longer name the Ingress of the line, which its record names. */
static void
vector_clean_up(struct vector *v, const json_t *call, json_t *objects)
{
	const json_t *meta = json_object_get(json_array_get(objects, 0), "metadata");
	const char *text = json_str(json_object_get(meta, "annotations"), ALB_MANAGED), *name;
	_cleanup_(json_decrefp) json_t *record = text != NULL ? json_loads(text, 0, NULL) : NULL;
	json_t *keys;

	json_object_foreach (record, name, keys) {
		_cleanup_(json_decrefp) json_t *rollout = json_pack("{s:{s:s,s:s?},s:{s:{s:{}}}}", "metadata", "name",
		    name, "namespace", json_str(meta, "namespace"), "spec", "strategy", "canary");
		struct plan *plan = plan_new(v->arena);

		if (vector_names_it(call, name))
			continue;
		v->rollout = (const struct rollout *)object_decode(&rollout_type, rollout, v->arena);
		vector_read(v, objects);
		alb_router.release(v->rollout, &v->view, NULL, 0, plan);
		vector_write(v, plan);
	}
}

/* The plugin of Argo Rollouts does nothing: the mirroring rule is that of a step. */
static void
vector_set_mirror_route(struct vector *v, const json_t *rollout, const json_t *route, json_t *objects)
{
	_cleanup_(json_decrefp) json_t *copy = json_deep_copy(rollout);
	struct mirror_route *mirror = arena_alloc(v->arena, sizeof(*mirror));
	struct problems problems = { .arena = v->arena };
	struct wanted_route want = { .mirror = mirror };

	if (v->err != NULL)
		return;
	json_object_set_new(json_at(copy, "/spec/strategy/canary/trafficRouting"), "managedRoutes",
	    json_pack("[{s:s}]", "name", json_str(route, "name") ?: ""));
	decode(&mirror_route_type, route, "route", &problems, mirror);
	if (problems.n > 0) {
		v->err = err_new(v->arena, ERR_INVALID, "%s: %s", problems.at[0].path, problems.at[0].text);
		return;
	}
	v->rollout = (const struct rollout *)object_decode(&rollout_type, copy, v->arena);
	vector_read(v, objects);
	vector_set_routes(v, &want, mirror->match.n > 0);
}

/* Returns the rollout of a line. Recorded calls are of an update: it has a stable version, whose Service of pingPong is
 * pong while the status names none. A new reference. */
static json_t *
vector_rollout(const json_t *line)
{
	json_t *copy = json_deep_copy(json_object_get(line, "rollout")), *status = json_object_get(copy, "status");

	if (json_at(copy, "/spec/strategy/canary/pingPong") == NULL || json_str(status, "stableRS") != NULL)
		return copy;
	if (!json_is_object(status))
		json_object_set_new(copy, "status", status = json_object());
	json_object_set_new(status, "stableRS", json_string("stable"));
	return copy;
}

static void
debug_vectors_line(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *objects = json_deep_copy(json_object_get(line, "objects")), *response = NULL;
	_cleanup_(json_decrefp) json_t *rollout = vector_rollout(line);
	const json_t *call = json_object_get(line, "call");
	const char *op = json_str(call, "op") ?: "";
	_cleanup_(freep) char *text = NULL;
	struct vector v = { .view = { .get = vector_get, .each = vector_each, .absent = vector_absent },
		.arena = a,
		.split_version = json_str(json_object_get(line, "settings"), "trafficSplitApiVersion") };

	(void)c;
	vector_add_versions(objects);
	v.rollout = (const struct rollout *)object_decode(&rollout_type, rollout, a);
	vector_read(&v, objects);
	if (str_eq(op, "cleanup"))
		vector_clean_up(&v, call, objects);
	else if (v.routed.n == 0)
		v.err = err_new(a, ERR_INVALID, "rollout: uses no router that Sluice has");
	if (str_eq(op, "setWeight")) {
		if (vector_check(&v))
			vector_set_weight(&v, call);
	} else if (str_eq(op, "removeManagedRoutes")) {
		if (vector_read_managed(&v, rollout, NULL, objects)) {
			v.err = vector_has_route_objects(&v) ? NULL : v.err;
			vector_set_routes(&v, NULL, 0);
		}
	} else if (str_eq(op, "setHeaderRoute")) {
		/* without a match, the route is only removed */
		if (json_array_size(json_at(call, "/route/match")) == 0 || vector_check(&v))
			vector_set_header_route(&v, rollout, json_object_get(call, "route"), objects);
	} else if (str_eq(op, "setMirrorRoute")) {
		if (vector_check(&v))
			vector_set_mirror_route(&v, rollout, json_object_get(call, "route"), objects);
	} else if (!str_eq(op, "cleanup"))
		v.err = err_new(a, ERR_INVALID, "call.op: \"%s\" is not supported", op);
	if (str_eq(op, "verifyWeight") && v.routed.n > 0) {
		struct wanted_split want = vector_split(&v, call);
		struct routing *now = &v.routed.by[0].routing;

		now->weight = now->weight_min = want.weight;
		now->additional = want.additional;
		now->n_additional = want.n_additional;
		now->routes_differ = false;
		debug_vectors_verify(line, v.rollout, now, a);
		return;
	}
	response = json_pack("{s:o}", "objects", vector_routed(objects));
	if (v.err != NULL)
		json_object_set_new(response, "error", json_string(err_text(a, v.err)));
	text = json_dumps(response, JSON_COMPACT | JSON_SORT_KEYS);
	puts(text != NULL ? text : "{}");
}

/* Vectors that are not named after a router or a provider. */
static const struct {
	const char *name;
	void (*line)(struct cli *, const json_t *);
} vector_kinds[] = {
	{ "alb-cleanup", debug_vectors_line },
	{ "aws-credentials", debug_vectors_credentials },
	{ "aws-elbv2", debug_vectors_elbv2 },
	{ "aws-sigv4", debug_vectors_sigv4 },
	{ "aws-targets", debug_vectors_targets },
	{ "validation", debug_vectors_validation },
};

/* Returns whether the vectors are those of a router: they have its name, in lower case and without "API". */
static bool
debug_vectors_of_router(const char *name)
{
	for (const struct router *const *r = routers; *r != NULL; r++) {
		size_t n = strlen(name);

		if (strncasecmp((*r)->metric_name, name, n) == 0 &&
		    ((*r)->metric_name[n] == '\0' || str_eq((*r)->metric_name + n, "API")))
			return true;
	}
	return false;
}

/* Returns what makes the call of a line of these vectors; NULL: they are not known. */
static void (*debug_vectors_find(const char *name))(struct cli *, const json_t *)
{
	for (size_t i = 0; i < ARRAY_SIZE(vector_kinds); i++)
		if (str_eq(name, vector_kinds[i].name))
			return vector_kinds[i].line;
	if (str_starts(name, "provider-"))
		return debug_vectors_provider;
	return debug_vectors_of_router(name) ? debug_vectors_line : NULL;
}

/* The names of all vectors but those of providers, separated by commas. In the arena. */
static const char *
debug_vectors_names(struct arena *a)
{
	const char *names = "";

	for (const struct router *const *r = routers; *r != NULL; r++)
		names = arena_printf(a, "%s%s, ", names, (*r)->metric_name);
	for (size_t i = 0; i < ARRAY_SIZE(vector_kinds); i++)
		names = arena_printf(a, "%s%s, ", names, vector_kinds[i].name);
	return names;
}

static int
debug_vectors_run(struct cli *c)
{
	void (*line)(struct cli *, const json_t *) = c->n_args == 1 ? debug_vectors_find(c->args[0]) : NULL;

	if (!cli_on(c, "lines") || line == NULL)
		return cli_fail(c, "usage: sluice debug vectors %s <FILE; NAME: %sprovider-NAME",
		    cmd_debug_vectors.args, debug_vectors_names(c->arena));
	return each_line(c, line);
}
