/* sim/prometheus.h: a real Prometheus that scrapes the pods of the laptop cluster.
 *
 * Debian builds Prometheus without Kubernetes' service discovery. Therefore the API server also offers HTTP service
 * discovery with the labels that Kubernetes' would set. A Prometheus that has Kubernetes' can use the API server
 * directly.
 */
#pragma once
#include "base/err.h"
#include "sim/store.h"

#define PROMETHEUS_TARGETS "/sluice/prometheus-targets"

struct prometheus_server;

/* Starts it on a free loopback port. It scrapes the pods that the API server knows every second. Jobs are named by
 * the pods' `app` label, as common queries expect. `ca_file`: the API server's, or NULL. */
struct err *prometheus_server_new(struct arena *, struct loop *, const char *api_server, const char *ca_file,
    const char *dir, struct prometheus_server **ret);
/* The response to HTTP service discovery: a target for each containerPort of each Pod that has an address. */
json_t *prometheus_targets(struct store *);

struct prometheus_server *prometheus_server_free(struct prometheus_server *);
const char *prometheus_server_url(const struct prometheus_server *);
