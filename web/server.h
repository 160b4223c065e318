/* web/server.h: HTTP endpoints of the controller: /metrics on one port, /healthz and /readyz on another. Webhooks
 * and the dashboard have servers of their own. */
#pragma once
#include "io/loop.h"
#include "web/metrics.h"

struct web;

struct web_settings {
	const char *address; /* an IPv4 address */
	int metrics_port, health_port; /* 0: not served */
	struct metrics *metrics; /* borrowed */
	/* Returns the values of this moment for a scrape. `ready` for /readyz: the first lists have been read, or
	 * another process is the leader. */
	void (*moment)(void *arg, struct metrics_moment *ret);
	bool (*ready)(void *arg);
	void *arg;
};

/* Returns NULL if a port cannot be opened: *ret_port is that port, with errno. Freed by web_free, which takes and
 * returns NULL. */
struct web *web_new(struct loop *, const struct web_settings *, int *ret_port);
struct web *web_free(struct web *);
