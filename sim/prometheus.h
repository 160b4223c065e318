/* sim/prometheus.h: a real Prometheus beside the laptop cluster, finding pods by Kubernetes' service discovery. */
#pragma once
#include "base/err.h"
#include "base/loop.h"

struct prometheus_server;

/* Starts it on a free loopback port, scraping every second the pods that the API server knows. Jobs are named by the pods'
 * `app` label, as the queries of people's templates have it. */
struct err *prometheus_server_new(struct arena *, struct loop *, const char *api_server, const char *dir,
    struct prometheus_server **ret);
struct prometheus_server *prometheus_server_free(struct prometheus_server *);
const char *prometheus_server_url(const struct prometheus_server *);
