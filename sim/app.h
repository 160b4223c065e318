/* sim/app.h: the application that demos and tests roll out: an HTTP server that errs and dawdles as it is told.
 *
 * /ready and /health answer 200; /metrics counts in the names that people's queries use: http_requests_total{code} and
 * http_request_duration_seconds. Everything else is a request: its body is the version's name and a newline, its status 200
 * or, for the share `errors`, 500.
 */
#pragma once
#include "io/loop.h"

struct app;

struct app_settings {
	const char *ip; /* 127.x.y.z */
	int port;
	const char *version; /* borrowed */
	double errors; /* 0..1 */
	int64_t latency_ms; /* what an answer takes; half of it more or less, at random */
	uint64_t seed;
};

/* NULL when it cannot listen; errno says why. */
struct app *app_new(struct loop *, const struct app_settings *);
struct app *app_free(struct app *);
