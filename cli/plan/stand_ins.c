/* cli/plan/stand_ins.c: stand-ins of objects that a Rollout refers to: with the destinations that it needs. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/plan/objects.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/gateway.h"
#include "kube/api/http_proxy.h"
#include "kube/api/ingress.h"
#include "kube/api/istio.h"
#include "traffic/alb.h"
#include "traffic/nginx.h"

#define HOST "plan" /* of routes, where the Rollout names no Service */

static json_t *
stand_in_of(struct arena *a, const struct type *t, const char *ns, const char *name, json_t *spec)
{
	json_t *o = json_pack("{s:s,s:s,s:{s:s},s:o}", "apiVersion", type_api_version(t, a), "kind", t->kind,
	    "metadata", "name", name, "spec", spec);

	if (o != NULL && !t->cluster_scoped)
		json_object_set_new(json_object_get(o, "metadata"), "namespace", json_string(ns));
	return o;
}

/* It selects the Rollout's pods. */
static json_t *
stand_in_service(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct label_selector *s = r->spec.selector;

	return stand_in_of(a, t, ns, name,
	    json_pack("{s:o,s:[{s:i}]}", "selector", s != NULL ? string_map_encode(&s->match_labels) : json_object(),
		"ports", "port", 80));
}

/* Returns a destination of Istio with its weight. */
static json_t *
stand_in_destination(const struct canary_strategy *c, bool canary)
{
	const struct istio_destination_rule_ref *rule = c->traffic_routing->istio->destination_rule;
	const char *service = canary ? c->canary_service : c->stable_service;
	json_t *d = json_pack("{s:s}", "host", rule != NULL ? HOST : service != NULL ? service : HOST);

	if (rule != NULL) {
		const char *subset = canary ? rule->canary_subset_name : rule->stable_subset_name;

		json_object_set_new(d, "subset", json_string(subset != NULL ? subset : ""));
	}
	return json_pack("{s:o,s:i}", "destination", d, "weight", canary ? 0 : 100);
}

/* Adds a split route to a list, with a name or a match. */
static void
stand_in_route(const struct canary_strategy *c, const char *key, json_t *value, json_t *list)
{
	json_t *route = json_pack("{s:[o,o]}", "route", stand_in_destination(c, false), stand_in_destination(c, true));

	if (value != NULL)
		json_object_set_new(route, key, value);
	json_array_append_new(list, route);
}

static void
stand_in_matched(const struct canary_strategy *c, const struct istio_route_ref *refs, size_t n, json_t *list)
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
		stand_in_route(c, "match", json_pack("[o]", match), list);
	}
}

/* Returns the reference to a VirtualService ("name" or "name.namespace"). */
static const struct istio_virtual_service_ref *
stand_in_reference(const struct rollout *r, const char *ns, const char *name)
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
stand_in_virtual_service(
    struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct istio_virtual_service_ref *ref = stand_in_reference(r, ns, name);
	json_t *spec, *http = json_array();

	if (ref == NULL) {
		json_decref(http);
		return NULL;
	}
	spec = json_pack("{s:[s],s:o}", "hosts", HOST, "http", http);
	for (size_t i = 0; i < ref->routes.n; i++)
		stand_in_route(c, "name", json_string(ref->routes.at[i]), http);
	if (ref->tls_routes.n > 0) {
		json_object_set_new(spec, "tls", json_array());
		stand_in_matched(c, ref->tls_routes.at, ref->tls_routes.n, json_object_get(spec, "tls"));
	}
	if (ref->tcp_routes.n > 0) {
		json_object_set_new(spec, "tcp", json_array());
		stand_in_matched(c, ref->tcp_routes.at, ref->tcp_routes.n, json_object_get(spec, "tcp"));
	}
	if (ref->routes.n + ref->tls_routes.n + ref->tcp_routes.n == 0)
		stand_in_route(c, "name", NULL, http);
	if (json_array_size(http) == 0)
		json_object_del(spec, "http");
	return stand_in_of(a, t, ns, name, spec);
}

static json_t *
stand_in_destination_rule(
    struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
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
	return stand_in_of(a, t, ns, name, json_pack("{s:s,s:o}", "host", HOST, "subsets", subsets));
}

/* A rule with both Services, behind a gateway that accepts it. */
static json_t *
stand_in_gateway_route(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	return stand_in_of(a, t, ns, name,
	    json_pack("{s:[{s:s}],s:[{s:[{s:s,s:i,s:i},{s:s,s:i,s:i}]}]}", "parentRefs", "name", HOST, "rules",
		"backendRefs", "name", c->stable_service != NULL ? c->stable_service : HOST, "port", 80, "weight", 100,
		"name", c->canary_service != NULL ? c->canary_service : HOST, "port", 80, "weight", 0));
}

/* A route with both Services. */
static json_t *
stand_in_http_proxy(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (c->stable_service == NULL || c->canary_service == NULL)
		return NULL;
	return stand_in_of(a, t, ns, name,
	    json_pack("{s:[{s:[{s:s,s:i,s:i},{s:s,s:i,s:i}]}]}", "routes", "services", "name", c->stable_service,
		"port", 80, "weight", 100, "name", c->canary_service, "port", 80, "weight", 0));
}

/* An Ingress of ingress-nginx or the AWS Load Balancer Controller, with one path. The canary Ingress of ingress-nginx
 * has no stand-in: the controller creates it. */
static json_t *
stand_in_ingress(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct alb_routing *alb = alb_of(c);
	const char *service = alb != NULL && alb->root_service != NULL ? alb->root_service : c->stable_service;
	bool named = false;

	for (size_t i = 0; i < nginx_count(c); i++)
		named |= str_eq(nginx_stable_name(c, i), name);
	for (size_t i = 0; i < alb_count(c); i++)
		named |= str_eq(alb_name(c, i), name);
	if (!named || service == NULL)
		return NULL;
	return stand_in_of(a, t, ns, name,
	    json_pack("{s:s,s:[{s:{s:[{s:s,s:s,s:{s:{s:s,s:{s:s}}}}]}}]}", "ingressClassName",
		alb != NULL ? "alb" : "nginx", "rules", "http", "paths", "path", "/", "pathType", "Prefix", "backend",
		"service", "name", service, "port", "name", "use-annotation"));
}

/* One measurement, whose name is that of the template: two templates of an analysis may not have the same one. */
static json_t *
stand_in_template(struct arena *a, const struct type *t, const char *ns, const char *name)
{
	return stand_in_of(a, t, ns, name, json_pack("{s:[{s:s,s:i}]}", "metrics", "name", name, "count", 1));
}

json_t *
plan_stand_in(struct arena *a, const struct rollout *r, const struct type *t, const char *ns, const char *name)
{
	if (t == &service_type)
		return stand_in_service(a, r, t, ns, name);
	if (t == &virtual_service_type)
		return stand_in_virtual_service(a, r, t, ns, name);
	if (t == &destination_rule_type)
		return stand_in_destination_rule(a, r, t, ns, name);
	if (t == &http_route_type || t == &grpc_route_type || t == &tcp_route_type || t == &tcp_route_v1alpha2_type ||
	    t == &tls_route_type || t == &tls_route_v1alpha2_type)
		return stand_in_gateway_route(a, r, t, ns, name);
	if (t == &http_proxy_type)
		return stand_in_http_proxy(a, r, t, ns, name);
	if (t == &ingress_type)
		return stand_in_ingress(a, r, t, ns, name);
	if (t == &analysis_template_type || t == &cluster_analysis_template_type)
		return stand_in_template(a, t, ns, name);
	return NULL;
}
