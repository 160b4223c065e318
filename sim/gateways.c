/* sim/gateways.c: gateway controller of the laptop cluster: every change of a route queues it, and its status is then
 * compared (level-triggered, as in sim/pods.c). */
#include "sim/gateways.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"

#define CONTROLLER "sluice.example/gateway"
#define SILENT "silent" /* the name of a parent, or of an ingressClassName, that no controller serves */
#define PROXY "HTTPProxy"

struct gateways {
	struct loop *loop;
	struct store *store;
	int64_t accept_ms;
	struct map dirty; /* path of the route → itself */
	struct timer turn;
};

bool
gateways_is_route(const char *kind)
{
	static const char *const kinds[] = { "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static void
gateways_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct gateways *g = arg;
	const json_t *meta = json_object_get(o, "metadata");
	_cleanup_(freep) char *key = NULL;

	(void)old;
	if ((!gateways_is_route(r->kind) && strcmp(r->kind, PROXY) != 0) || strcmp(type, "DELETED") == 0)
		return;
	key = mem_printf("%s/%s/%s", r->plural, json_str(meta, "namespace"), json_str(meta, "name"));
	map_set(&g->dirty, key, g);
	if (!timer_armed(&g->turn))
		loop_timer(g->loop, &g->turn, g->accept_ms);
}

static json_t *
gateways_condition(const char *type, bool is_true, json_int_t generation)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "type", type, "status", is_true ? "True" : "False", "reason",
	    is_true ? type : "BackendNotFound", "message", "", "observedGeneration", generation, "lastTransitionTime",
	    "2026-01-01T00:00:00Z");
}

/* Returns whether all Services that the route names exist. */
static bool
gateways_has_services(const json_t *route, gateways_has_service *has, void *arg)
{
	const char *ns = json_str(json_object_get(route, "metadata"), "namespace");
	json_t *rule, *ref;
	size_t i, k;

	json_array_foreach (json_at(route, "/spec/rules"), i, rule)
		json_array_foreach (json_object_get(rule, "backendRefs"), k, ref)
			if (!has(json_str(ref, "namespace") ?: ns, json_str(ref, "name"), arg))
				return false;
	return true;
}

static json_t *
gateways_parents(const json_t *route, gateways_has_service *has, void *arg)
{
	json_int_t generation = json_int(json_object_get(route, "metadata"), "generation", 0);
	json_t *parents = json_array(), *ref;
	size_t i;

	json_array_foreach (json_at(route, "/spec/parentRefs"), i, ref)
		if (!str_eq(json_str(ref, "name"), SILENT))
			json_array_append_new(
			    parents, json_pack("{s:O,s:s,s:[o,o]}", "parentRef", ref, "controllerName", CONTROLLER,
					 "conditions", gateways_condition("Accepted", true, generation),
					 gateways_condition(
					     "ResolvedRefs", gateways_has_services(route, has, arg), generation)));
	return parents;
}

/* The status of an HTTPProxy, as Contour writes it, whether its Services exist or not. */
static json_t *
gateways_proxy_status(const json_t *proxy)
{
	return json_pack("{s:s,s:s,s:[o]}", "currentStatus", "valid", "description", "Valid HTTPProxy", "conditions",
	    gateways_condition("Valid", true, json_int(json_object_get(proxy, "metadata"), "generation", 0)));
}

json_t *
gateways_status(const json_t *o, gateways_has_service *has, void *arg)
{
	if (!str_eq(json_str(o, "kind"), PROXY))
		return json_pack("{s:o}", "parents", gateways_parents(o, has, arg));
	return str_eq(json_str(json_object_get(o, "spec"), "ingressClassName"), SILENT) ? NULL
											: gateways_proxy_status(o);
}

static bool
gateways_store_has(const char *ns, const char *name, void *arg)
{
	return store_get(((struct gateways *)arg)->store, "services", ns, name) != NULL;
}

static void
gateways_report(struct gateways *g, const char *key)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *plural = arena_strdup(a, key), *ns = strchr(plural, '/'), *name;
	_cleanup_(json_decrefp) json_t *status = NULL;
	const json_t *route;
	const char *member;
	json_t *value;
	bool same = true;

	*ns++ = '\0';
	name = strchr(ns, '/');
	*name++ = '\0';
	if ((route = store_get(g->store, plural, ns, name)) == NULL)
		return;
	status = gateways_status(route, gateways_store_has, g);
	json_object_foreach (status, member, value)
		same &= json_equal(value, json_object_get(json_object_get(route, "status"), member));
	if (same)
		return;
	store_do(g->store, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "/apis/%s/namespaces/%s/%s/%s/status", json_str(route, "apiVersion"), ns, plural, name),
	    json_pack("{s:O}", "status", status));
}

static void
gateways_on_turn(struct timer *t, void *arg)
{
	struct gateways *g = arg;
	struct map dirty = g->dirty;

	(void)t;
	g->dirty = (struct map){ 0 };
	map_each (&dirty, slot)
		gateways_report(g, slot->key);
	map_done(&dirty);
}

struct gateways *
gateways_new(struct loop *loop, struct store *store, int64_t accept_ms)
{
	struct gateways *g = mem_alloc(sizeof(*g));

	*g = (struct gateways){ .loop = loop, .store = store, .accept_ms = accept_ms };
	g->turn = (struct timer){ .fire = gateways_on_turn, .arg = g };
	store_on_write(store, gateways_on_write, g);
	return g;
}

struct gateways *
gateways_free(struct gateways *g)
{
	if (g == NULL)
		return NULL;
	loop_timer_stop(g->loop, &g->turn);
	map_done(&g->dirty);
	free(g);
	return NULL;
}
