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

/* A match of a tls or tcp route. Of a match of an http route, only these fields are decoded. */
struct istio_match {
	struct opt_int port;
	struct strings sni_hosts;
};

/* One route of spec.http, spec.tls or spec.tcp. */
struct istio_route {
	const char *name; /* only http routes have one */
	LIST_OF(struct istio_match) match;
	LIST_OF(struct route_destination) route;
	const char *raw_match, *raw_route; /* the lists as compact JSON, which a patch tests; NULL if absent */
	uint32_t rest_sum; /* of all other members than name, match and route, in any order; 0: it has none */
	const char *raw_mirror; /* mirror and mirrorPercentage as a compact JSON list; NULL if it does not mirror */
};

struct virtual_service_spec {
	struct strings hosts;
	LIST_OF(struct istio_route) http, tls, tcp;
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
