/* kube/api/ingress.h: Ingress of networking.k8s.io, as far as traffic is split with it. */
#pragma once
#include "kube/api/meta.h"

struct ingress_spec {
	const char *ingress_class_name; /* NULL if absent */
	const char *rules, *tls, *default_backend; /* compact JSON; NULL if absent */
};

struct ingress_address {
	const char *hostname; /* NULL if absent */
};

struct ingress_load_balancer {
	LIST_OF(struct ingress_address) ingress;
};

struct ingress_status {
	struct ingress_load_balancer load_balancer;
};

struct ingress {
	struct object object;
	struct ingress_spec spec;
	struct ingress_status status;
};

extern const struct type ingress_type;
