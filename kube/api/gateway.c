/* kube/api/gateway.c: routes of the Gateway API: the rows of their fields. Weights are changed in
 * traffic/gateway_rules.c. */
#include "kube/api/gateway.h"
#include "base/json_walk.h"

static const struct field backend_ref_fields[] = {
	STRING(backend_ref, group, "group"),
	STRING(backend_ref, kind, "kind"),
	STRING(backend_ref, name, "name"),
	STRING(backend_ref, namespace, "namespace"),
	OPT_INT(backend_ref, port, "port"),
	OPT_INT(backend_ref, weight, "weight", .min = 0, .max = INT32_MAX),
};
TYPE(backend_ref, "backend reference");

static void
gateway_rule_finish(void *of, const char *text, struct arena *a)
{
	struct gateway_rule *r = of;

	r->raw = json_compact(a, text);
}

static void
gateway_rule_copied(void *of, struct arena *a)
{
	struct gateway_rule *r = of;

	r->raw = arena_strdup(a, r->raw);
}

static const struct field gateway_rule_fields[] = {
	STRING(gateway_rule, name, "name"),
	LIST(gateway_rule, backend_refs, "backendRefs", backend_ref),
};
TYPE(gateway_rule, "rule", .finish = gateway_rule_finish, .copied = gateway_rule_copied);

static const struct field parent_ref_fields[] = {
	STRING(parent_ref, group, "group"),
	STRING(parent_ref, kind, "kind"),
	STRING(parent_ref, namespace, "namespace"),
	STRING(parent_ref, name, "name"),
	STRING(parent_ref, section_name, "sectionName"),
	OPT_INT(parent_ref, port, "port"),
};
TYPE(parent_ref, "parent reference");

static const struct field route_condition_fields[] = {
	STRING(route_condition, type, "type"),
	STRING(route_condition, status, "status"),
	INT(route_condition, observed_generation, "observedGeneration"),
};
TYPE(route_condition, "condition");

static const struct field route_parent_status_fields[] = {
	EMBED(route_parent_status, parent_ref, "parentRef", parent_ref),
	LIST(route_parent_status, conditions, "conditions", route_condition),
};
TYPE(route_parent_status, "status of a parent");

static const struct field gateway_route_spec_fields[] = {
	LIST(gateway_route_spec, parent_refs, "parentRefs", parent_ref),
	LIST(gateway_route_spec, rules, "rules", gateway_rule),
};
TYPE(gateway_route_spec, "route's spec");

static const struct field gateway_route_status_fields[] = {
	LIST(gateway_route_status, parents, "parents", route_parent_status),
};
TYPE(gateway_route_status, "route's status");

static const struct field gateway_route_fields[] = {
	EMBED(gateway_route, spec, "spec", gateway_route_spec),
	EMBED(gateway_route, status, "status", gateway_route_status),
};
TYPE_AS(http_route_type, gateway_route, "HTTPRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "httproutes", .kind = "HTTPRoute", .has_status = true);
TYPE_AS(grpc_route_type, gateway_route, "GRPCRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "grpcroutes", .kind = "GRPCRoute", .has_status = true);

/* Steps create no rules for connections: their names have no meaning. */
static void
connection_route_finish(void *of, const char *text, struct arena *a)
{
	struct gateway_route *r = of;

	(void)text;
	(void)a;
	for (size_t i = 0; i < r->spec.rules.n; i++)
		r->spec.rules.at[i].name = NULL;
}

TYPE_AS(tcp_route_type, gateway_route, "TCPRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "tcproutes", .kind = "TCPRoute", .has_status = true, .finish = connection_route_finish);
TYPE_AS(tcp_route_v1alpha2_type, gateway_route, "TCPRoute", .group = "gateway.networking.k8s.io", .version = "v1alpha2",
    .plural = "tcproutes", .kind = "TCPRoute", .has_status = true, .finish = connection_route_finish);
TYPE_AS(tls_route_type, gateway_route, "TLSRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "tlsroutes", .kind = "TLSRoute", .has_status = true, .finish = connection_route_finish);
TYPE_AS(tls_route_v1alpha2_type, gateway_route, "TLSRoute", .group = "gateway.networking.k8s.io", .version = "v1alpha2",
    .plural = "tlsroutes", .kind = "TLSRoute", .has_status = true, .finish = connection_route_finish);
