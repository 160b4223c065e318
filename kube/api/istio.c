/* kube/api/istio.c: the rows of Istio's objects. */
#include "kube/api/istio.h"

static const struct field istio_destination_fields[] = {
	STRING(istio_destination, host, "host"),
	STRING(istio_destination, subset, "subset"),
};
TYPE(istio_destination, "destination");

static const struct field route_destination_fields[] = {
	EMBED(route_destination, destination, "destination", istio_destination),
	OPT_INT(route_destination, weight, "weight"),
};
TYPE(route_destination, "route destination");

static const struct field http_route_fields[] = {
	STRING(http_route, name, "name"),
	LIST(http_route, route, "route", route_destination),
};
TYPE(http_route, "http route");

static const struct field virtual_service_spec_fields[] = {
	STRINGS(virtual_service_spec, hosts, "hosts"),
	LIST(virtual_service_spec, http, "http", http_route),
	JSON(virtual_service_spec, tls, "tls"),
	JSON(virtual_service_spec, tcp, "tcp"),
};
TYPE(virtual_service_spec, "VirtualService's spec");

static void
virtual_service_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct virtual_service *vs = (struct virtual_service *)o;
	const json_t *http = json_at(j, "/spec/http");

	for (size_t i = 0; i < vs->spec.http.n; i++) {
		const json_t *route = json_object_get(json_array_get(http, i), "route");

		vs->spec.http.at[i].raw_route = route != NULL ? json_text(a, route) : NULL;
	}
}

static const struct field virtual_service_fields[] = {
	EMBED(virtual_service, spec, "spec", virtual_service_spec),
};
TYPE(virtual_service, "VirtualService", .group = "networking.istio.io", .version = "v1beta1",
    .plural = "virtualservices", .kind = "VirtualService", .finish = virtual_service_finish);

static const struct field subset_fields[] = {
	STRING(subset, name, "name"),
	STRING_MAP(subset, labels, "labels"),
};
TYPE(subset, "subset");

static const struct field destination_rule_spec_fields[] = {
	STRING(destination_rule_spec, host, "host"),
	LIST(destination_rule_spec, subsets, "subsets", subset),
};
TYPE(destination_rule_spec, "DestinationRule's spec");

static const struct field destination_rule_fields[] = {
	EMBED(destination_rule, spec, "spec", destination_rule_spec),
};
TYPE(destination_rule, "DestinationRule", .group = "networking.istio.io", .version = "v1beta1",
    .plural = "destinationrules", .kind = "DestinationRule");
