/* tests/simulation/split_objects.c: the canary's weight in the objects of routers that split between two Services. */
#include "tests/simulation/split_objects.h"
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CUT 246

static const char *
split_annotation(const json_t *o, const char *end)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_at(o, "/metadata/annotations"), key, value)
		if (str_ends(key, end))
			return json_string_value(value);
	return NULL;
}

static const json_t *
split_canary(const json_t *rollout)
{
	return json_at(rollout, "/spec/strategy/canary");
}

static const char *
split_canary_service(const json_t *rollout)
{
	const json_t *c = split_canary(rollout), *turns = json_object_get(c, "pingPong");
	bool ping = !str_eq(json_str(json_at(rollout, "/status/canary"), "stablePingPong"), "pong");

	return turns != NULL ? json_str(turns, ping ? "pongService" : "pingService") : json_str(c, "canaryService");
}

static int
split_of_ingress(const json_t *rollout, const json_t *o)
{
	long long weight = 0;

	(void)rollout;
	if (!str_ends(json_str(json_object_get(o, "metadata"), "name"), "-canary"))
		return -1;
	if (!str_eq(split_annotation(o, "/canary"), "true") ||
	    !str_int(split_annotation(o, "/canary-weight") ?: "", 0, INT32_MAX, &weight))
		return 0;
	return (int)weight;
}

static size_t
split_ingresses(const json_t *rollout, size_t i, char *ret, size_t size)
{
	const json_t *nginx = json_at(rollout, "/spec/strategy/canary/trafficRouting/nginx"),
		     *list = json_object_get(nginx, "stableIngresses");
	const char *alone = json_str(nginx, "stableIngress"),
		   *name = alone != NULL ? alone : json_string_value(json_array_get(list, i));
	size_t n = alone != NULL ? 1 : json_array_size(list);

	if (name != NULL && i < n)
		snprintf(ret, size, "%.*s-%.*s-canary", NAME_MAX_CUT,
		    json_str(json_object_get(rollout, "metadata"), "name"), NAME_MAX_CUT, name);
	return n;
}

/* The weight in the action of the root Service. The objects of others have none. */
static int
split_of_alb(const json_t *rollout, const json_t *o)
{
	const json_t *alb = json_at(split_canary(rollout), "/trafficRouting/alb");
	const char *root = json_str(alb, "rootService") ?: json_str(split_canary(rollout), "stableService");
	_cleanup_(freep) char *end = mem_printf("/actions.%s", root);
	const char *text = split_annotation(o, end);
	_cleanup_(json_decrefp) json_t *action = text != NULL ? json_loads(text, 0, NULL) : NULL;
	json_t *one;
	size_t i;

	json_array_foreach (json_at(action, "/ForwardConfig/TargetGroups"), i, one)
		if (str_eq(json_str(one, "ServiceName"), split_canary_service(rollout)))
			return (int)json_int(one, "Weight", 0);
	return 0;
}

static size_t
split_albs(const json_t *rollout, size_t i, char *ret, size_t size)
{
	const json_t *alb = json_at(split_canary(rollout), "/trafficRouting/alb"),
		     *list = json_object_get(alb, "ingresses");
	const char *alone = json_str(alb, "ingress"),
		   *name = alone != NULL ? alone : json_string_value(json_array_get(list, i));
	size_t n = alone != NULL ? 1 : json_array_size(list);

	if (name != NULL && i < n)
		snprintf(ret, size, "%s", name);
	return n;
}

/* The weight in a list of destinations, by the member with the Service's name. */
static int
split_in_list(const json_t *rollout, const json_t *list, const char *member)
{
	const char *service = json_str(json_at(rollout, "/spec/strategy/canary"), "canaryService"), *text;
	long long weight = 0;
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		if (service == NULL || !str_eq(json_str(one, member), service))
			continue;
		if ((text = json_str(one, "weight")) == NULL)
			return (int)json_int(one, "weight", 0);
		return str_int(text, 0, 100, &weight) ? (int)weight : -1;
	}
	return -1;
}

/* Sets a name from a field under trafficRouting; NULL: the rollout's. */
static size_t
split_named(const json_t *rollout, const char *pointer, char *ret, size_t size)
{
	const json_t *name = json_at(json_at(rollout, "/spec/strategy/canary/trafficRouting"), pointer);

	snprintf(ret, size, "%s", json_string_value(name) ?: json_str(json_object_get(rollout, "metadata"), "name"));
	return 1;
}

static int
split_of_traefik(const json_t *rollout, const json_t *o)
{
	return split_in_list(rollout, json_at(o, "/spec/weighted/services"), "name");
}

static size_t
split_traefik_names(const json_t *rollout, size_t i, char *ret, size_t size)
{
	(void)i;
	return split_named(rollout, "/traefik/weightedTraefikServiceName", ret, size);
}

/* The first rule is the one that is split; the ApisixRoute of a header route has no stable Service. */
static int
split_of_apisix(const json_t *rollout, const json_t *o)
{
	const json_t *backends = json_at(o, "/spec/http/0/backends");

	return json_array_size(backends) > 1 ? split_in_list(rollout, backends, "serviceName") : -1;
}

static size_t
split_apisix_names(const json_t *rollout, size_t i, char *ret, size_t size)
{
	(void)i;
	return split_named(rollout, "/apisix/route/name", ret, size);
}

static const json_t *
split_http_proxies(const json_t *rollout)
{
	return json_at(split_canary(rollout), "/trafficRouting/plugins/argoproj-labs~1contour/httpProxies");
}

/* The first route is the one that is split. If the stable Service has nothing, all that other services leave is the
 * canary's. */
static int
split_of_contour(const json_t *rollout, const json_t *o)
{
	const json_t *list = json_at(o, "/spec/routes/0/services") ?: json_at(o, "/spec/tcpproxy/services");
	const char *stable = json_str(split_canary(rollout), "stableService");
	int weight = split_in_list(rollout, list, "name");
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (weight > 0 && str_eq(json_str(one, "name"), stable) && json_int(one, "weight", 0) == 0)
			return 100;
	return weight;
}

static size_t
split_contour_names(const json_t *rollout, size_t i, char *ret, size_t size)
{
	const json_t *list = split_http_proxies(rollout);

	if (i < json_array_size(list))
		snprintf(ret, size, "%s", json_string_value(json_array_get(list, i)));
	return json_array_size(list);
}

static int
split_of_smi(const json_t *rollout, const json_t *o)
{
	return split_in_list(rollout, json_at(o, "/spec/backends"), "service");
}

static size_t
split_smi_names(const json_t *rollout, size_t i, char *ret, size_t size)
{
	(void)i;
	return split_named(rollout, "/smi/trafficSplitName", ret, size);
}

static int
split_of_mapping(const json_t *rollout, const json_t *o)
{
	(void)rollout;
	return str_ends(json_str(json_object_get(o, "metadata"), "name"), "-canary")
		   ? (int)json_int(json_object_get(o, "spec"), "weight", 0)
		   : -1;
}

static size_t
split_mapping_names(const json_t *rollout, size_t i, char *ret, size_t size)
{
	const json_t *list = json_at(rollout, "/spec/strategy/canary/trafficRouting/ambassador/mappings");

	if (i < json_array_size(list))
		snprintf(ret, size, "%.*s-canary", NAME_MAX_CUT, json_string_value(json_array_get(list, i)));
	return json_array_size(list);
}

/* A router: `names` sets the name of the i-th of its objects with a weight, and returns their number. */
static const struct split_router {
	const char *key, *kind, *plural; /* the key is a JSON pointer from trafficRouting */
	bool owned; /* by the rollout */
	int (*weight)(const json_t *rollout, const json_t *o);
	size_t (*names)(const json_t *rollout, size_t i, char *ret, size_t size);
} split_routers[] = {
	{ "/nginx", "Ingress", "ingresses", true, split_of_ingress, split_ingresses },
	{ "/alb", "Ingress", "ingresses", false, split_of_alb, split_albs },
	{ "/traefik", "TraefikService", "traefikservices", false, split_of_traefik, split_traefik_names },
	{ "/plugins/argoproj-labs~1contour", "HTTPProxy", "httpproxies", false, split_of_contour, split_contour_names },
	{ "/apisix", "ApisixRoute", "apisixroutes", false, split_of_apisix, split_apisix_names },
	{ "/smi", "TrafficSplit", "trafficsplits", true, split_of_smi, split_smi_names },
	{ "/ambassador", "Mapping", "mappings", true, split_of_mapping, split_mapping_names },
};

/* The first router of the rollout whose objects are of this kind. */
static const struct split_router *
split_router_of(const json_t *rollout, const char *kind)
{
	const json_t *routing = json_object_get(split_canary(rollout), "trafficRouting");

	for (size_t i = 0; i < ARRAY_SIZE(split_routers); i++)
		if (strcmp(kind, split_routers[i].kind) == 0 && json_at(routing, split_routers[i].key) != NULL)
			return &split_routers[i];
	return NULL;
}

int
split_weight(const json_t *rollout, const char *kind, const json_t *o)
{
	const struct split_router *r = split_router_of(rollout, kind);

	return r == NULL ? -1 : o != NULL ? r->weight(rollout, o) : 0;
}

static void
split_add(struct cluster *c, const json_t *rollout, const struct split_router *r, const char *name, int *least,
    int *most, bool *missing)
{
	const json_t *o = cluster_get(c, r->plural, "default", name);
	int weight = o != NULL ? r->weight(rollout, o) : 0;

	*missing |= (o == NULL && !r->owned) || weight < 0;
	*least = weight < *least ? weight : *least;
	*most = weight > *most ? weight : *most;
}

static bool
split_has_hook(const json_t *rollout)
{
	return json_at(split_canary(rollout), "/trafficRouting/plugins/sluice~1hook") != NULL;
}

bool
split_weights(struct cluster *c, const json_t *rollout, int *ret_least, int *ret_most, bool *ret_missing)
{
	const json_t *routing = json_at(rollout, "/spec/strategy/canary/trafficRouting");
	bool any = false;

	*ret_least = INT32_MAX;
	*ret_most = 0;
	*ret_missing = false;
	if (split_has_hook(rollout)) {
		any = true;
		*ret_missing = c->edge_weight < 0;
		*ret_least = *ret_most = c->edge_weight < 0 ? 0 : c->edge_weight;
	}
	for (size_t i = 0; i < ARRAY_SIZE(split_routers); i++) {
		const struct split_router *r = &split_routers[i];
		char name[600] = "";

		if (json_at(routing, r->key) == NULL)
			continue;
		any = true;
		for (size_t k = 0; k < r->names(rollout, k, name, sizeof(name)); k++)
			split_add(c, rollout, r, name, ret_least, ret_most, ret_missing);
	}
	return any;
}

bool
split_has_header(const char *kind, const json_t *o)
{
	const char *key;
	json_t *value;

	if (strcmp(kind, "Ingress") != 0)
		return false;
	json_object_foreach (json_at(o, "/metadata/annotations"), key, value)
		if (str_ends(key, "/canary-by-header") || strstr(key, "/conditions.") != NULL)
			return true;
	return false;
}

bool
split_uses_headers(const json_t *rollout)
{
	return split_has_hook(rollout) || split_router_of(rollout, "Ingress") != NULL ||
	       split_router_of(rollout, "ApisixRoute") != NULL;
}

static bool
split_has_named(const json_t *routes, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (routes, i, one)
		if (str_eq(json_str(one, "name"), name))
			return true;
	return false;
}

/* The route of an Ingress has no name: there is one. */
bool
split_all_have_header(struct cluster *c, const json_t *rollout, const char *name)
{
	const struct split_router *r = split_router_of(rollout, "Ingress");
	char object[600] = "";
	bool has = true;
	size_t n;

	if (split_has_hook(rollout))
		return split_has_named(c->edge_routes, name);
	if (json_at(rollout, "/spec/strategy/canary/trafficRouting/apisix") != NULL)
		return cluster_get(c, "apisixroutes", "default", name) != NULL;
	n = r->names(rollout, 0, object, sizeof(object));
	for (size_t i = 0; i < n; i++) {
		r->names(rollout, i, object, sizeof(object));
		has &= split_has_header("Ingress", cluster_get(c, "ingresses", "default", object));
	}
	return has;
}
