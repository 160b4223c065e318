/* kube/api/router_objects.c: kinds of routers with a spec that is kept as JSON: their rows. */
#include "kube/api/router_objects.h"

static const struct field router_object_fields[] = {
	JSON(router_object, spec, "spec"),
};

TYPE_AS(traefik_service_type, router_object, "TraefikService", .group = "traefik.io", .version = "v1alpha1",
    .plural = "traefikservices", .kind = "TraefikService");
TYPE_AS(apisix_route_type, router_object, "ApisixRoute", .group = "apisix.apache.org", .version = "v2",
    .plural = "apisixroutes", .kind = "ApisixRoute");
TYPE_AS(mapping_type, router_object, "Mapping", .group = "getambassador.io", .version = "v2", .plural = "mappings",
    .kind = "Mapping");
TYPE_AS(traffic_split_v1alpha1_type, router_object, "TrafficSplit", .group = "split.smi-spec.io", .version = "v1alpha1",
    .plural = "trafficsplits", .kind = "TrafficSplit");
TYPE_AS(traffic_split_v1alpha2_type, router_object, "TrafficSplit", .group = "split.smi-spec.io", .version = "v1alpha2",
    .plural = "trafficsplits", .kind = "TrafficSplit");
TYPE_AS(traffic_split_v1alpha3_type, router_object, "TrafficSplit", .group = "split.smi-spec.io", .version = "v1alpha3",
    .plural = "trafficsplits", .kind = "TrafficSplit");
