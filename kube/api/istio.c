/* kube/api/istio.c: VirtualService and DestinationRule of Istio: the rows of their fields. Weights are changed in
 * traffic/istio_split.c. */
#include "kube/api/istio.h"

static const struct field istio_destination_fields[] = {
	STRING(istio_destination, host, "host"),
	STRING(istio_destination, subset, "subset"),
};
TYPE(istio_destination, "destination");

static const struct field route_destination_fields[] = {
	EMBED(route_destination, destination, "destination", istio_destination),
	OPT_INT(route_destination, weight, "weight", .min = 0, .max = INT32_MAX),
};
TYPE(route_destination, "route destination");

static const struct field istio_match_fields[] = {
	OPT_INT(istio_match, port, "port"),
	STRINGS(istio_match, sni_hosts, "sniHosts"),
};
TYPE(istio_match, "match");

static const struct field istio_route_fields[] = {
	STRING(istio_route, name, "name"),
	LIST(istio_route, match, "match", istio_match),
	LIST(istio_route, route, "route", route_destination),
};
TYPE(istio_route, "route");

static const struct field virtual_service_spec_fields[] = {
	STRINGS(virtual_service_spec, hosts, "hosts"),
	LIST(virtual_service_spec, http, "http", istio_route),
	LIST(virtual_service_spec, tls, "tls", istio_route),
	LIST(virtual_service_spec, tcp, "tcp", istio_route),
};
TYPE(virtual_service_spec, "VirtualService's spec");

static void
keep_raw(struct istio_route *routes, size_t n, const json_t *list, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_array_get(list, i);
		const json_t *match = json_object_get(j, "match"), *route = json_object_get(j, "route");

		routes[i].raw_match = match != NULL ? json_text(a, match) : NULL;
		routes[i].raw_route = route != NULL ? json_text(a, route) : NULL;
		if (json_object_get(j, "mirror") != NULL) {
			_cleanup_(json_decrefp) json_t *mirror =
			    json_pack("[O,O*]", json_object_get(j, "mirror"), json_object_get(j, "mirrorPercentage"));

			routes[i].raw_mirror = json_text(a, mirror);
		}
	}
}

static void
virtual_service_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct virtual_service_spec *spec = &((struct virtual_service *)o)->spec;

	keep_raw(spec->http.at, spec->http.n, json_at(j, "/spec/http"), a);
	keep_raw(spec->tls.at, spec->tls.n, json_at(j, "/spec/tls"), a);
	keep_raw(spec->tcp.at, spec->tcp.n, json_at(j, "/spec/tcp"), a);
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
