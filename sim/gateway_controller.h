/* sim/gateway_controller.h: the gateway controllers of an API server that is not the laptop cluster (tests/cluster).
 * They report routes of the Gateway API and HTTPProxies as sim/gateways.c does.
 *
 * A row for each kind, as other controllers have. A kind that the API server does not have is reported once it has it.
 */
#pragma once
#include "kube/plan/controller.h"

extern const struct controller http_route_reporter, grpc_route_reporter, tls_route_reporter, http_proxy_reporter;
