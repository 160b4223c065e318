/* sim/gateway_controller.c: the status of a route or an HTTPProxy, for a real API server. */
#include "sim/gateway_controller.h"
#include "kube/api/core.h"
#include "sim/gateways.h"

#define UNRESOLVED_MS 500 /* until a route whose Services do not all exist is compared with them again */

/* A route or an HTTPProxy, with the members that a report needs. */
struct reported {
	struct object object;
	const char *spec, *status; /* JSON */
};

static const struct field reported_fields[] = {
	JSON(reported, spec, "spec"),
	JSON(reported, status, "status"),
};
static TYPE_AS(reported_http_route_type, reported, "HTTPRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "httproutes", .kind = "HTTPRoute", .has_status = true);
static TYPE_AS(reported_grpc_route_type, reported, "GRPCRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "grpcroutes", .kind = "GRPCRoute", .has_status = true);
static TYPE_AS(reported_tls_route_type, reported, "TLSRoute", .group = "gateway.networking.k8s.io", .version = "v1",
    .plural = "tlsroutes", .kind = "TLSRoute", .has_status = true);
static TYPE_AS(reported_http_proxy_type, reported, "HTTPProxy", .group = "projectcontour.io", .version = "v1",
    .plural = "httpproxies", .kind = "HTTPProxy", .has_status = true);

struct reported_services {
	const struct view *view;
	bool missing;
};

static bool
reported_has_service(const char *ns, const char *name, void *arg)
{
	struct reported_services *s = arg;
	bool has = view_get(s->view, &service_type, ns, name) != NULL;

	s->missing |= !has;
	return has;
}

static void
reporter_pass(const struct pass *p, struct plan *plan, const struct type *type)
{
	const struct reported *r = (const struct reported *)view_get(p->view, type, p->namespace, p->name);
	struct reported_services services = { p->view, false };
	_cleanup_(json_decrefp) json_t *object = NULL, *report = NULL;
	json_t *was, *is;

	if (r == NULL || r->spec == NULL)
		return;
	object =
	    json_pack("{s:s,s:{s:s,s:I},s:o}", "kind", type->kind, "metadata", "namespace", r->object.meta.namespace,
		"generation", (json_int_t)r->object.meta.generation, "spec", json_loads(r->spec, 0, NULL));
	report = gateways_status(object, reported_has_service, &services);
	if (services.missing)
		plan_wake(plan, p->now + UNRESOLVED_MS);
	if (report == NULL)
		return;
	was = r->status != NULL ? json_loads(r->status, 0, NULL) : json_object();
	is = json_deep_copy(was);
	json_object_update(is, report);
	plan_status(plan, &r->object, was, is);
}

static void
http_route_pass(const struct pass *p, struct plan *plan)
{
	reporter_pass(p, plan, &reported_http_route_type);
}

static const struct controller_watch http_route_watches[] = { { .type = &reported_http_route_type },
	{ .type = &service_type } };

const struct controller http_route_reporter = {
	.name = "http-route",
	.type = &reported_http_route_type,
	.watches = http_route_watches,
	.n_watches = ARRAY_SIZE(http_route_watches),
	.pass = http_route_pass,
};

static void
grpc_route_pass(const struct pass *p, struct plan *plan)
{
	reporter_pass(p, plan, &reported_grpc_route_type);
}

static const struct controller_watch grpc_route_watches[] = { { .type = &reported_grpc_route_type },
	{ .type = &service_type } };

const struct controller grpc_route_reporter = {
	.name = "grpc-route",
	.type = &reported_grpc_route_type,
	.watches = grpc_route_watches,
	.n_watches = ARRAY_SIZE(grpc_route_watches),
	.pass = grpc_route_pass,
};

static void
tls_route_pass(const struct pass *p, struct plan *plan)
{
	reporter_pass(p, plan, &reported_tls_route_type);
}

static const struct controller_watch tls_route_watches[] = { { .type = &reported_tls_route_type },
	{ .type = &service_type } };

const struct controller tls_route_reporter = {
	.name = "tls-route",
	.type = &reported_tls_route_type,
	.watches = tls_route_watches,
	.n_watches = ARRAY_SIZE(tls_route_watches),
	.pass = tls_route_pass,
};

static void
http_proxy_pass(const struct pass *p, struct plan *plan)
{
	reporter_pass(p, plan, &reported_http_proxy_type);
}

static const struct controller_watch http_proxy_watches[] = { { .type = &reported_http_proxy_type },
	{ .type = &service_type } };

const struct controller http_proxy_reporter = {
	.name = "http-proxy",
	.type = &reported_http_proxy_type,
	.watches = http_proxy_watches,
	.n_watches = ARRAY_SIZE(http_proxy_watches),
	.pass = http_proxy_pass,
};
