/* kube/api/http_proxy.c: HTTPProxy of Contour: the rows of its fields. */
#include "kube/api/http_proxy.h"

static const struct field http_proxy_condition_fields[] = {
	STRING(http_proxy_condition, type, "type"),
	STRING(http_proxy_condition, status, "status"),
	INT(http_proxy_condition, observed_generation, "observedGeneration"),
};
TYPE(http_proxy_condition, "condition");

static const struct field http_proxy_status_fields[] = {
	LIST(http_proxy_status, conditions, "conditions", http_proxy_condition),
};
TYPE(http_proxy_status, "HTTPProxy's status");

static const struct field http_proxy_fields[] = {
	JSON(http_proxy, spec, "spec"),
	EMBED(http_proxy, status, "status", http_proxy_status),
};
TYPE(http_proxy, "HTTPProxy", .group = "projectcontour.io", .version = "v1", .plural = "httpproxies",
    .kind = "HTTPProxy", .has_status = true);
