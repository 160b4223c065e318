/* kube/api/istio.c: VirtualService and DestinationRule of Istio: the rows of their fields. Weights are changed in
 * traffic/istio_split.c. */
#include "kube/api/istio.h"
#include "base/json_walk.h"
#include "kube/api/pod_template.h"

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

/* Two routes that differ in their name, match and route only have the same sum. */
static uint32_t
istio_route_rest(const char *text)
{
	static const char *const others[] = { "name", "match", "route" };
	_cleanup_(arena_freep) struct arena *a = NULL;
	struct json_walk w = json_walk(text);
	uint32_t sum = 0;

	while (json_walk_next(&w)) {
		bool other = true;

		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			other &= !json_walk_is(&w, others[i]);
		if (!other)
			continue;
		a = a != NULL ? a : arena_new();
		sum += text_sum(arena_printf(a, "%.*s:%s", (int)w.key_len, w.key, json_compact(a, w.value)));
	}
	return sum;
}

static void
istio_route_finish(void *of, const char *text, struct arena *a)
{
	struct istio_route *r = of;
	const char *match = json_find(text, "match"), *route = json_find(text, "route");
	const char *mirror = json_find(text, "mirror"), *percentage = json_find(text, "mirrorPercentage");

	r->raw_match = match != NULL ? json_compact(a, match) : NULL;
	r->raw_route = route != NULL ? json_compact(a, route) : NULL;
	r->rest_sum = istio_route_rest(text);
	if (mirror != NULL)
		r->raw_mirror = arena_printf(a, "[%s%s%s]", json_compact(a, mirror), percentage != NULL ? "," : "",
		    percentage != NULL ? json_compact(a, percentage) : "");
}

static void
istio_route_copied(void *of, struct arena *a)
{
	struct istio_route *r = of;

	r->raw_match = arena_strdup(a, r->raw_match);
	r->raw_route = arena_strdup(a, r->raw_route);
	r->raw_mirror = arena_strdup(a, r->raw_mirror);
}

static const struct field istio_route_fields[] = {
	STRING(istio_route, name, "name"),
	LIST(istio_route, match, "match", istio_match),
	LIST(istio_route, route, "route", route_destination),
};
TYPE(istio_route, "route", .finish = istio_route_finish, .copied = istio_route_copied);

static const struct field virtual_service_spec_fields[] = {
	STRINGS(virtual_service_spec, hosts, "hosts"),
	LIST(virtual_service_spec, http, "http", istio_route),
	LIST(virtual_service_spec, tls, "tls", istio_route),
	LIST(virtual_service_spec, tcp, "tcp", istio_route),
};
TYPE(virtual_service_spec, "VirtualService's spec");

static const struct field virtual_service_fields[] = {
	EMBED(virtual_service, spec, "spec", virtual_service_spec),
};
TYPE(virtual_service, "VirtualService", .group = "networking.istio.io", .version = "v1beta1",
    .plural = "virtualservices", .kind = "VirtualService");

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
