/* web/server.h: what the controller answers over HTTP: /metrics on one port, /healthz and /readyz on another. */
#pragma once
#include "io/loop.h"
#include "web/metrics.h"

struct web;

struct web_settings {
	const char *address; /* an IPv4 address */
	int metrics_port, health_port; /* 0: not served */
	struct metrics *metrics; /* borrowed */
	/* What is so at this moment, for a scrape; `ready` for /readyz: the first lists are in, or another acts. */
	void (*moment)(void *arg, struct metrics_moment *ret);
	bool (*ready)(void *arg);
	void *arg;
};

/* NULL when a port cannot be had: *ret_port is that one, errno says why. Freed by web_free, which takes and returns NULL. */
struct web *web_new(struct loop *, const struct web_settings *, int *ret_port);
struct web *web_free(struct web *);
