/* sim/prometheus.h: a real Prometheus beside the laptop cluster, scraping its pods.
 *
 * Debian builds Prometheus without Kubernetes' service discovery. So the API server also answers in the form of HTTP service
 * discovery, with the labels that the other would give; a Prometheus that has it can use the API server as it is.
 */
#pragma once
#include "base/err.h"
#include "sim/store.h"

#define PROMETHEUS_TARGETS "/sluice/prometheus-targets"

struct prometheus_server;

/* Starts it on a free loopback port, scraping every second the pods that the API server knows. Jobs are named by the pods'
 * `app` label, as the queries of people's templates have it. */
struct err *prometheus_server_new(
    struct arena *, struct loop *, const char *api_server, const char *dir, struct prometheus_server **ret);
/* The answer to HTTP service discovery: a target for each containerPort of each Pod that has an address. */
json_t *prometheus_targets(struct store *);

struct prometheus_server *prometheus_server_free(struct prometheus_server *);
const char *prometheus_server_url(const struct prometheus_server *);
