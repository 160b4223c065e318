/* kube/api/gateway.h: HTTPRoute, GRPCRoute, TCPRoute and TLSRoute of gateway.networking.k8s.io, as far as traffic is
 * split with them. All have the same struct: what they differ in is not read.
 *
 * TCPRoutes and TLSRoutes are served as v1alpha2 (release 1.4 of the Gateway API), as v1 (1.6), or as both. Each
 * version is a type of its own, in the same form. */
#pragma once
#include "kube/api/meta.h"

/* A destination of a rule. */
struct backend_ref {
	const char *group, *kind; /* NULL: those of a Service */
	const char *name, *namespace; /* NULL: the namespace of the route */
	struct opt_int port, weight; /* 1 if absent */
};

struct gateway_rule {
	const char *name; /* NULL: it has none, or is one of a TCPRoute or TLSRoute */
	LIST_OF(struct backend_ref) backend_refs;
	const char *raw; /* the rule as compact JSON */
};

/* A Gateway, or a Service of a mesh, that a route is attached to. */
struct parent_ref {
	const char *group, *kind, *namespace, *name, *section_name; /* NULL if absent */
	struct opt_int port;
};

struct route_condition {
	const char *type, *status;
	int64_t observed_generation;
};

/* The report of one controller about one parent. */
struct route_parent_status {
	struct parent_ref parent_ref;
	LIST_OF(struct route_condition) conditions;
};

struct gateway_route_spec {
	LIST_OF(struct parent_ref) parent_refs;
	LIST_OF(struct gateway_rule) rules;
};

struct gateway_route_status {
	LIST_OF(struct route_parent_status) parents;
};

struct gateway_route {
	struct object object;
	struct gateway_route_spec spec;
	struct gateway_route_status status;
};

extern const struct type http_route_type, grpc_route_type;
extern const struct type tcp_route_type, tls_route_type; /* v1 */
extern const struct type tcp_route_v1alpha2_type, tls_route_v1alpha2_type;
