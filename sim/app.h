/* sim/app.h: the application that demos and tests roll out: an HTTP server with configured errors and latency.
 *
 * /ready and /health respond 200; /metrics has http_requests_total{code} and http_request_duration_seconds, the names
 * that common queries use. Any other request gets the version's name and a newline, with status 200 or, for the
 * share `errors`, 500.
 */
#pragma once
#include "io/loop.h"

struct app;

struct app_settings {
	const char *ip; /* 127.x.y.z */
	int port;
	const char *version; /* borrowed */
	double errors; /* 0..1 */
	int64_t latency_ms; /* of a response; a random half more or less */
	uint64_t seed;
};

/* NULL when it cannot listen; errno says why. */
struct app *app_new(struct loop *, const struct app_settings *);
struct app *app_free(struct app *);
