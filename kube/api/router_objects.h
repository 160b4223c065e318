/* kube/api/router_objects.h: kinds of routers with a spec that is kept as JSON: TraefikService, ApisixRoute,
 * TrafficSplit of SMI, and Mapping of Ambassador. The routers read from it what they split, and copy the rest.
 */
#pragma once
#include "kube/api/meta.h"

struct router_object {
	struct object object;
	const char *spec; /* compact JSON; NULL if absent */
};

extern const struct type traefik_service_type, apisix_route_type, mapping_type;

/* TrafficSplit in its versions: weights of v1alpha1 are quantities, and of the others integers. */
extern const struct type traffic_split_v1alpha1_type, traffic_split_v1alpha2_type, traffic_split_v1alpha3_type;
