/* kube/api/istio.h: VirtualService and DestinationRule of networking.istio.io, as far as traffic is split with them. */
#pragma once
#include "kube/api/meta.h"

struct istio_destination {
	const char *host, *subset;
};

struct route_destination {
	struct istio_destination destination;
	struct opt_int weight;
};

struct http_route {
	const char *name;
	LIST_OF(struct route_destination) route;
	const char *raw_route; /* the route list as compact JSON: what a patch tests, and builds on */
};

struct virtual_service_spec {
	struct strings hosts;
	LIST_OF(struct http_route) http;
	const char *tls, *tcp; /* JSON, when present */
};

struct virtual_service {
	struct object object;
	struct virtual_service_spec spec;
};

struct subset {
	const char *name;
	struct string_map labels;
};

struct destination_rule_spec {
	const char *host;
	LIST_OF(struct subset) subsets;
};

struct destination_rule {
	struct object object;
	struct destination_rule_spec spec;
};

extern const struct type virtual_service_type, destination_rule_type;
