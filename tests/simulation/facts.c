/* tests/simulation/facts.c: counts, weights and steps, read from the store. */
#include "tests/simulation/facts.h"
#include <string.h>
#include "base/time.h"
#include "tests/simulation/split_objects.h"

const char *
facts_label(const json_t *o)
{
	return json_str(json_object_get(json_object_get(o, "metadata"), "labels"), HASH) ?: "";
}

bool
facts_owned(const json_t *o, const char *kind)
{
	return str_eq(json_str(json_at(o, "/metadata/ownerReferences/0"), "kind"), kind);
}

struct facts_search {
	const char *hash, *except;
	const json_t *found;
	struct pod_facts sum;
};

static struct pod_facts
facts_of(const json_t *rs)
{
	struct pod_facts f = { json_int(json_object_get(rs, "spec"), "replicas", 1),
		json_int(json_object_get(rs, "status"), "availableReplicas", 0), rs != NULL };

	return rs != NULL ? f : (struct pod_facts){ 0 };
}

static void
facts_match(const json_t *rs, void *arg)
{
	struct facts_search *s = arg;

	if (facts_owned(rs, "Rollout") && strcmp(facts_label(rs), s->hash) == 0)
		s->found = rs;
}

const json_t *
facts_replicaset(struct cluster *c, const char *hash)
{
	struct facts_search s = { .hash = hash };

	if (hash != NULL)
		store_each(c->store, "replicasets", facts_match, &s);
	return s.found;
}

struct pod_facts
facts_pods(struct cluster *c, const char *hash)
{
	return facts_of(facts_replicaset(c, hash));
}

static void
facts_add(const json_t *rs, void *arg)
{
	struct facts_search *s = arg;
	struct pod_facts f = facts_of(rs);

	if (!facts_owned(rs, "Rollout") || (s->except != NULL && strcmp(facts_label(rs), s->except) == 0))
		return;
	s->sum.wanted += f.wanted;
	/* Pods of a ReplicaSet beyond its spec.replicas are about to end. */
	s->sum.available += f.available < f.wanted ? f.available : f.wanted;
}

struct pod_facts
facts_all_pods(struct cluster *c, const char *except)
{
	struct facts_search s = { .except = except };

	store_each(c->store, "replicasets", facts_add, &s);
	return s.sum;
}

static const char *
facts_service_hash(struct cluster *c, const char *name)
{
	return name != NULL
		   ? json_str(json_at(store_get(c->store, "services", "default", name), "/spec/selector"), HASH)
		   : NULL;
}

static const char *
facts_subset_hash(struct cluster *c, const char *rule, const char *subset)
{
	const json_t *dr = store_get(c->store, "destinationrules", "default", rule);
	json_t *s;
	size_t i;

	json_array_foreach (json_at(dr, "/spec/subsets"), i, s)
		if (str_eq(json_str(s, "name"), subset))
			return json_str(json_object_get(s, "labels"), HASH);
	return NULL;
}

/* The names of the two destinations: subsets or hosts. */
struct facts_ends {
	const char *canary, *stable;
	bool subsets;
};

static struct facts_ends
facts_ends_of(const json_t *rollout)
{
	const json_t *canary = json_at(rollout, "/spec/strategy/canary"), *pair = json_object_get(canary, "pingPong");
	const json_t *rule = json_at(canary, "/trafficRouting/istio/destinationRule");
	bool ping = str_eq(json_str(json_at(rollout, "/status/canary"), "stablePingPong"), "pong");

	if (rule != NULL)
		return (
		    struct facts_ends){ json_str(rule, "canarySubsetName"), json_str(rule, "stableSubsetName"), true };
	if (pair != NULL && json_object_get(canary, "canaryService") == NULL)
		return (struct facts_ends){ json_str(pair, ping ? "pingService" : "pongService"),
			json_str(pair, ping ? "pongService" : "pingService"), false };
	return (struct facts_ends){ json_str(canary, "canaryService"), json_str(canary, "stableService"), false };
}

static bool
facts_is_end(const json_t *route, const struct facts_ends *ends, const char *end)
{
	return str_eq(json_str(json_object_get(route, "destination"), ends->subsets ? "subset" : "host"), end);
}

static void
facts_read_weights(const json_t *vs, const struct facts_ends *ends, struct traffic_facts *t)
{
	const json_t *split = cluster_split_route(vs);
	long long weight = -1, others = 0;
	json_t *route;
	size_t i;

	if (vs != NULL && split == NULL) {
		t->opaque = true;
		return;
	}
	json_array_foreach (split, i, route)
		if (facts_is_end(route, ends, ends->canary))
			weight = json_int(route, "weight", 0);
		else if (!facts_is_end(route, ends, ends->stable))
			others += json_int(route, "weight", 0);
	if (weight < 0) {
		t->readable = false;
		return;
	}
	t->most = weight > t->most ? weight : t->most;
	t->least = weight < t->least ? weight : t->least;
	t->others = others > t->others ? others : t->others;
}

/* The VirtualService "NAME" or "NAME.NAMESPACE", or NULL. */
static const json_t *
facts_virtual_service(struct cluster *c, const char *name)
{
	const char *dot = name != NULL ? strchr(name, '.') : NULL;
	_cleanup_(freep) char *alone = name != NULL ? mem_printf("%.*s", (int)strcspn(name, "."), name) : NULL;

	return name != NULL ? store_get(c->store, "virtualservices", dot != NULL ? dot + 1 : "default", alone) : NULL;
}

#define VIRTUAL_SERVICES_MAX 8

/* Those that the rollout names, NULL for one that is not there. */
static size_t
facts_virtual_services(struct cluster *c, const json_t *rollout, const json_t *ret[VIRTUAL_SERVICES_MAX])
{
	const json_t *istio = json_at(rollout, "/spec/strategy/canary/trafficRouting/istio"),
		     *alone = json_object_get(istio, "virtualService");
	size_t n = 0, i;
	json_t *one;

	if (alone != NULL)
		ret[n++] = facts_virtual_service(c, json_str(alone, "name"));
	json_array_foreach (json_object_get(istio, "virtualServices"), i, one)
		if (n < VIRTUAL_SERVICES_MAX)
			ret[n++] = facts_virtual_service(c, json_str(one, "name"));
	return n;
}

/* Weights of a route of the Gateway API: of each rule that has both Services. Those of another total than 100 are
 * rounded down. */
static void
facts_read_gateway(const json_t *route, const struct facts_ends *ends, long long total, struct traffic_facts *t)
{
	json_t *rule, *ref;
	bool split = false;
	size_t i, k;

	json_array_foreach (json_at(route, "/spec/rules"), i, rule) {
		long long weight = -1, stable = -1, others = 0;

		json_array_foreach (json_object_get(rule, "backendRefs"), k, ref)
			if (str_eq(json_str(ref, "name"), ends->canary))
				weight = json_int(ref, "weight", 1);
			else if (str_eq(json_str(ref, "name"), ends->stable))
				stable = json_int(ref, "weight", 1);
			else
				others += json_int(ref, "weight", 1);
		if (weight < 0 || stable < 0)
			continue;
		split = true;
		weight = weight * 100 / total;
		others = others * 100 / total;
		t->most = weight > t->most ? weight : t->most;
		t->least = weight < t->least ? weight : t->least;
		t->others = others > t->others ? others : t->others;
	}
	t->readable &= split;
	t->opaque |= total != 100;
}

/* Returns whether a rule mirrors to the canary. */
static bool
facts_mirrors(const json_t *rule, const struct facts_ends *ends)
{
	json_t *filter;
	size_t i;

	json_array_foreach (json_object_get(rule, "filters"), i, filter)
		if (str_eq(json_str(json_at(filter, "/requestMirror/backendRef"), "name"), ends->canary))
			return true;
	return false;
}

/* Returns whether the route has a rule of that name, to the canary only or mirrored to it. */
static bool
facts_has_gateway_rule(const json_t *route, const struct facts_ends *ends, const char *name, bool mirror)
{
	json_t *rule;
	size_t i;

	json_array_foreach (json_at(route, "/spec/rules"), i, rule)
		if (str_eq(json_str(rule, "name"), name) &&
		    (mirror ? facts_mirrors(rule, ends)
			    : json_array_size(json_object_get(rule, "backendRefs")) == 1 &&
				  str_eq(json_str(json_at(rule, "/backendRefs/0"), "name"), ends->canary)))
			return true;
	return false;
}

static const json_t *
facts_gateway(const json_t *rollout)
{
	return json_object_get(
	    json_at(rollout, "/spec/strategy/canary/trafficRouting/plugins"), "argoproj-labs/gatewayAPI");
}

/* The routes that a selector with matchLabels selects. */
struct facts_selected {
	const json_t *labels;
	const struct facts_ends *ends;
	long long total;
	struct traffic_facts *traffic;
	size_t n;
};

static void
facts_read_selected(const json_t *route, void *arg)
{
	struct facts_selected *s = arg;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)s->labels, key, value)
		if (!json_equal(json_object_get(json_at(route, "/metadata/labels"), key), value))
			return;
	facts_read_gateway(route, s->ends, s->total, s->traffic);
	s->n++;
}

/* Reads every route of the Gateway API that the rollout names. Returns their number. */
static size_t
facts_read_gateways(struct cluster *c, const json_t *rollout, const struct facts_ends *ends, struct traffic_facts *t)
{
	static const char *const kinds[][4] = { { "httpRoute", "httpRoutes", "httproutes", "httpRouteSelector" },
		{ "grpcRoute", "grpcRoutes", "grpcroutes", "grpcRouteSelector" },
		{ "tcpRoute", "tcpRoutes", "tcproutes", "tcpRouteSelector" },
		{ "tlsRoute", "tlsRoutes", "tlsroutes", "tlsRouteSelector" } };
	const json_t *gateway = facts_gateway(rollout);
	const char *ns = json_str(gateway, "namespace") ?: "default";
	long long total = json_int(json_at(rollout, "/spec/strategy/canary/trafficRouting"), "maxTrafficWeight", 100);
	json_t *one;
	size_t n = 0, i;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const char *alone = json_str(gateway, kinds[k][0]);
		const json_t *selector = json_object_get(gateway, kinds[k][3]);
		struct facts_selected selected = { json_object_get(selector, "matchLabels"), ends, total, t, 0 };

		if (selector != NULL)
			store_each(c->store, kinds[k][2], facts_read_selected, &selected);
		n += selected.n;
		if (alone != NULL && ++n > 0)
			facts_read_gateway(store_get(c->store, kinds[k][2], ns, alone), ends, total, t);
		json_array_foreach (json_object_get(gateway, kinds[k][1]), i, one) {
			n++;
			facts_read_gateway(store_get(c->store, kinds[k][2], ns, json_str(one, "name")), ends, total, t);
		}
	}
	return n;
}

bool
facts_has_route(struct cluster *c, const char *name, bool mirror)
{
	const json_t *rollout = cluster_rollout(c), *all[VIRTUAL_SERVICES_MAX];
	struct facts_ends ends = facts_ends_of(rollout);
	const char *route = json_str(facts_gateway(rollout), "httpRoute");
	size_t n = facts_virtual_services(c, rollout, all), with = 0, i;
	json_t *http;

	if (n == 0 && split_uses_headers(rollout))
		return !mirror && split_all_have_header(c, rollout, name);
	if (route != NULL && n == 0)
		return facts_has_gateway_rule(store_get(c->store, "httproutes", "default", route), &ends, name, mirror);

	for (size_t k = 0; k < n; k++)
		json_array_foreach (json_at(all[k], "/spec/http"), i, http)
			if (str_eq(json_str(http, "name"), name) &&
			    (mirror ? json_object_get(http, "mirror") != NULL
				    : facts_is_end(json_at(http, "/route/0"), &ends, ends.canary)))
				with++;
	return n > 0 && with == n;
}

/* Adds the weights of other routers. Weights of another total are not read here. */
static void
facts_read_split(struct cluster *c, const json_t *rollout, struct traffic_facts *t)
{
	int least, most;
	bool missing;

	if (!split_weights(c, rollout, &least, &most, &missing))
		return;
	t->readable = (t->readable || !t->routed) && !missing;
	t->routed = true;
	t->opaque |= json_int(json_at(rollout, "/spec/strategy/canary/trafficRouting"), "maxTrafficWeight", 100) != 100;
	t->least = least < t->least ? least : t->least;
	t->most = most > t->most ? most : t->most;
}

struct traffic_facts
facts_traffic(struct cluster *c)
{
	const json_t *rollout = cluster_rollout(c), *all[VIRTUAL_SERVICES_MAX];
	const char *rule =
	    json_str(json_at(rollout, "/spec/strategy/canary/trafficRouting/istio/destinationRule"), "name");
	struct facts_ends ends = facts_ends_of(rollout);
	size_t n = facts_virtual_services(c, rollout, all);
	struct traffic_facts t = { .routed = n > 0, .readable = n > 0, .least = 100 };

	for (size_t i = 0; i < n; i++)
		facts_read_weights(all[i], &ends, &t);
	if (facts_gateway(rollout) != NULL) {
		t.readable |= n == 0;
		t.routed = facts_read_gateways(c, rollout, &ends, &t) > 0;
	}
	facts_read_split(c, rollout, &t);
	if (!t.routed)
		return t;
	t.canary_hash = rule != NULL ? facts_subset_hash(c, rule, ends.canary) : facts_service_hash(c, ends.canary);
	t.stable_hash = rule != NULL ? facts_subset_hash(c, rule, ends.stable) : facts_service_hash(c, ends.stable);
	return t;
}

long long
facts_replicas(const json_t *rollout)
{
	return json_int(json_object_get(rollout, "spec"), "replicas", 1);
}

long long
facts_share(long long percent, long long replicas)
{
	return (percent * replicas + 99) / 100;
}

long long
facts_limit(const json_t *value, long long of, bool up)
{
	const char *text = json_string_value(value);
	long long percent = 25;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (text != NULL) {
		percent = strtoll(text, NULL, 10);
		if (strchr(text, '%') == NULL)
			return percent;
	}
	return up ? facts_share(percent, of) : percent * of / 100;
}

void
facts_limits(const json_t *rollout, long long replicas, long long *ret_surge, long long *ret_unavailable)
{
	const json_t *canary = json_at(rollout, "/spec/strategy/canary"),
		     *blue_green = json_at(rollout, "/spec/strategy/blueGreen");

	*ret_surge = facts_limit(json_object_get(canary, "maxSurge"), replicas, true);
	*ret_unavailable =
	    facts_limit(json_object_get(canary != NULL ? canary : blue_green, "maxUnavailable"), replicas, false);
	if (*ret_surge == 0 && *ret_unavailable == 0)
		*ret_unavailable = 1;
	if (*ret_unavailable > replicas)
		*ret_unavailable = replicas;
}

const json_t *
facts_steps(const json_t *rollout)
{
	return json_at(rollout, "/spec/strategy/canary/steps");
}

long long
facts_step_weight(const json_t *steps, long long index)
{
	if (index >= (long long)json_array_size(steps))
		return 100;
	for (; index >= 0; index--) {
		const json_t *w = json_object_get(json_array_get(steps, (size_t)index), "setWeight");

		if (w != NULL)
			return json_integer_value(w);
	}
	return 0;
}

const json_t *
facts_step_scale(const json_t *steps, long long index)
{
	if (index >= (long long)json_array_size(steps))
		return NULL;
	for (; index >= 0; index--) {
		const json_t *scale = json_object_get(json_array_get(steps, (size_t)index), "setCanaryScale");

		if (scale != NULL)
			return json_is_true(json_object_get(scale, "matchTrafficWeight")) ? NULL : scale;
	}
	return NULL;
}

int64_t
facts_pause_ms(const json_t *pause)
{
	const json_t *d = json_object_get(pause, "duration");
	const char *text = json_string_value(d);
	int64_t ms = 0;
	char *end = NULL;

	if (d == NULL || json_is_null(d))
		return -1;
	if (json_is_integer(d))
		return json_integer_value(d) * 1000;
	ms = strtoll(text != NULL ? text : "", &end, 10) * 1000;
	if (text != NULL && *end == '\0')
		return ms;
	return text != NULL && duration_parse(text, &ms) ? ms : -1;
}
