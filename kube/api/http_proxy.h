/* kube/api/http_proxy.h: HTTPProxy of Contour (projectcontour.io/v1), as far as traffic is split with it.
 */
#pragma once
#include "kube/api/meta.h"

struct http_proxy_condition {
	const char *type, *status;
	int64_t observed_generation;
};

struct http_proxy_status {
	LIST_OF(struct http_proxy_condition) conditions; /* Contour writes one, "Valid" */
};

struct http_proxy {
	struct object object;
	const char *spec; /* compact JSON; NULL if absent */
	struct http_proxy_status status;
};

extern const struct type http_proxy_type;
