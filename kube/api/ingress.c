/* kube/api/ingress.c: Ingress: the rows of its fields. The canary's one is made in traffic/nginx_ingress.c. */
#include "kube/api/ingress.h"

static const struct field ingress_spec_fields[] = {
	STRING(ingress_spec, ingress_class_name, "ingressClassName"),
	JSON(ingress_spec, rules, "rules"),
	JSON(ingress_spec, tls, "tls"),
	JSON(ingress_spec, default_backend, "defaultBackend"),
};
static TYPE(ingress_spec, "Ingress' spec");

static const struct field ingress_address_fields[] = {
	STRING(ingress_address, hostname, "hostname"),
};
static TYPE(ingress_address, "Ingress' address");

static const struct field ingress_load_balancer_fields[] = {
	LIST(ingress_load_balancer, ingress, "ingress", ingress_address),
};
static TYPE(ingress_load_balancer, "Ingress' load balancer");

static const struct field ingress_status_fields[] = {
	EMBED(ingress_status, load_balancer, "loadBalancer", ingress_load_balancer),
};
static TYPE(ingress_status, "Ingress' status");

static const struct field ingress_fields[] = {
	EMBED(ingress, spec, "spec", ingress_spec),
	EMBED(ingress, status, "status", ingress_status),
};
TYPE(ingress, "Ingress", .group = "networking.k8s.io", .version = "v1", .plural = "ingresses", .kind = "Ingress",
    .has_status = true);
