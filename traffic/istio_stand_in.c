/* traffic/istio_stand_in.c: the VirtualService and DestinationRule that a plan assumes where they do not exist. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "traffic/istio.h"

/* Returns a destination of Istio with its weight. */
static json_t *
istio_destination_stand_in(const struct canary_strategy *c, bool canary)
{
	const struct istio_destination_rule_ref *rule = c->traffic_routing->istio->destination_rule;
	const char *service = canary ? c->canary_service : c->stable_service;
	json_t *d = json_pack("{s:s}", "host",
	    rule != NULL      ? ROUTER_STAND_IN_HOST
	    : service != NULL ? service
			      : ROUTER_STAND_IN_HOST);

	if (rule != NULL) {
		const char *subset = canary ? rule->canary_subset_name : rule->stable_subset_name;

		json_object_set_new(d, "subset", json_string(subset != NULL ? subset : ""));
	}
	return json_pack("{s:o,s:i}", "destination", d, "weight", canary ? 0 : 100);
}

/* Adds a split route to a list, with a name or a match. */
static void
istio_route_stand_in(const struct canary_strategy *c, const char *key, json_t *value, json_t *list)
{
	json_t *route =
	    json_pack("{s:[o,o]}", "route", istio_destination_stand_in(c, false), istio_destination_stand_in(c, true));

	if (value != NULL)
		json_object_set_new(route, key, value);
	json_array_append_new(list, route);
}

static void
istio_matches_stand_in(const struct canary_strategy *c, const struct istio_route_ref *refs, size_t n, json_t *list)
{
	for (size_t i = 0; i < n; i++) {
		json_t *match = json_object(), *hosts = json_array();

		if (refs[i].port.present)
			json_object_set_new(match, "port", json_integer(refs[i].port.value));
		for (size_t k = 0; k < refs[i].sni_hosts.n; k++)
			json_array_append_new(hosts, json_string(refs[i].sni_hosts.at[k]));
		if (refs[i].sni_hosts.n > 0)
			json_object_set(match, "sniHosts", hosts);
		json_decref(hosts);
		istio_route_stand_in(c, "match", json_pack("[o]", match), list);
	}
}

/* Returns the reference to a VirtualService ("name" or "name.namespace"). */
static const struct istio_virtual_service_ref *
istio_reference_of(const struct rollout *r, const char *ns, const char *name)
{
	const struct istio_routing *istio = r->spec.strategy.canary->traffic_routing->istio;
	size_t n = strlen(name);

	if (istio->virtual_service != NULL)
		return istio->virtual_service;
	for (size_t i = 0; i < istio->virtual_services.n; i++) {
		const struct istio_virtual_service_ref *ref = &istio->virtual_services.at[i];

		if (str_eq(ref->name, name) ||
		    (str_starts(ref->name, name) && ref->name[n] == '.' && str_eq(&ref->name[n + 1], ns)))
			return ref;
	}
	return NULL;
}

static json_t *
istio_service_stand_in(const struct rollout *r, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_virtual_service_ref *ref = istio_reference_of(r, ns, name);
	json_t *spec, *http = json_array();

	if (ref == NULL) {
		json_decref(http);
		return NULL;
	}
	spec = json_pack("{s:[s],s:o}", "hosts", ROUTER_STAND_IN_HOST, "http", http);
	for (size_t i = 0; i < ref->routes.n; i++)
		istio_route_stand_in(c, "name", json_string(ref->routes.at[i]), http);
	if (ref->tls_routes.n > 0) {
		json_object_set_new(spec, "tls", json_array());
		istio_matches_stand_in(c, ref->tls_routes.at, ref->tls_routes.n, json_object_get(spec, "tls"));
	}
	if (ref->tcp_routes.n > 0) {
		json_object_set_new(spec, "tcp", json_array());
		istio_matches_stand_in(c, ref->tcp_routes.at, ref->tcp_routes.n, json_object_get(spec, "tcp"));
	}
	if (ref->routes.n + ref->tls_routes.n + ref->tcp_routes.n == 0)
		istio_route_stand_in(c, "name", NULL, http);
	if (json_array_size(http) == 0)
		json_object_del(spec, "http");
	return spec;
}

static json_t *
istio_rule_stand_in(const struct rollout *r)
{
	const struct istio_destination_rule_ref *ref =
	    r->spec.strategy.canary->traffic_routing->istio->destination_rule;
	const char *names[] = { ref->stable_subset_name, ref->canary_subset_name };
	json_t *subsets = json_array();

	for (size_t i = 0; i < 2; i++)
		json_array_append_new(
		    subsets, json_pack("{s:s,s:{}}", "name", names[i] != NULL ? names[i] : "", "labels"));
	for (size_t i = 0; i < ref->additional_subset_names.n; i++)
		json_array_append_new(
		    subsets, json_pack("{s:s,s:{}}", "name", ref->additional_subset_names.at[i], "labels"));
	return json_pack("{s:s,s:o}", "host", ROUTER_STAND_IN_HOST, "subsets", subsets);
}

json_t *
istio_stand_in(const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	return t == &virtual_service_type ? istio_service_stand_in(r, ns, name) : istio_rule_stand_in(r);
}
