/* sim/app.c: the demo application, an HTTP server with configured errors and latency: one timer delays each
 * response; /metrics for Prometheus. */
#include "sim/app.h"
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/rand.h"
#include "base/str.h"
#include "io/http_server.h"

static const double buckets[] = { .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10 };

struct app {
	struct app_settings settings;
	struct http_server daemon;
	struct rand_stream rand;
	struct app_request *requests;
	unsigned long good, bad, in_bucket[ARRAY_SIZE(buckets)];
	double seconds;
};

#define CONNECTIONS_MAX 900 /* connections */

/* One request that waits for its time. */
struct app_request {
	struct app *app;
	struct MHD_Connection *connection;
	struct timer timer;
	int64_t late; /* ms */
	bool waiting;
	struct app_request *next;
};

static void
on_due(struct timer *t, void *arg)
{
	struct app_request *q = arg;

	(void)t;
	q->waiting = false;
	http_server_resume(&q->app->daemon, q->connection);
}

static enum MHD_Result
metrics(struct app *app, struct MHD_Connection *c)
{
	struct str out;
	unsigned long n = app->good + app->bad;
	enum MHD_Result ok;

	str_init(&out, 65536);
	/* Both codes from the start: a counter that appears with its first error hides that error from rate(). */
	str_addf(&out,
	    "# HELP http_requests_total Number of requests.\n# TYPE http_requests_total counter\n"
	    "http_requests_total{code=\"200\",version=\"%s\"} %lu\nhttp_requests_total{code=\"500\",version=\"%s\"} "
	    "%lu\n"
	    "# HELP http_request_duration_seconds Time from a request to its response.\n# TYPE "
	    "http_request_duration_seconds "
	    "histogram\n",
	    app->settings.version, app->good, app->settings.version, app->bad);
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++)
		str_addf(&out, "http_request_duration_seconds_bucket{version=\"%s\",le=\"%g\"} %lu\n",
		    app->settings.version, buckets[i], app->in_bucket[i]);
	str_addf(&out,
	    "http_request_duration_seconds_bucket{version=\"%s\",le=\"+Inf\"} %lu\n"
	    "http_request_duration_seconds_sum{version=\"%s\"} %g\nhttp_request_duration_seconds_count{version=\"%s\"} "
	    "%lu\n",
	    app->settings.version, n, app->settings.version, app->seconds, app->settings.version, n);
	ok = http_server_respond(c, 200, "text/plain; version=0.0.4", str_text(&out), out.len);
	str_done(&out);
	return ok;
}

static enum MHD_Result
app_response(struct app *app, struct MHD_Connection *c, int64_t late)
{
	bool bad = (double)rand_below(&app->rand, 10000) < app->settings.errors * 10000;
	double seconds = (double)late / 1000;
	char body[128];

	app->bad += bad;
	app->good += !bad;
	app->seconds += seconds;
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++)
		app->in_bucket[i] += seconds <= buckets[i];
	snprintf(body, sizeof(body), "%s\n", app->settings.version);
	return http_server_respond(c, bad ? 500 : 200, "text/plain", body, strlen(body));
}

static enum MHD_Result
app_on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct app *app = arg;
	struct app_request *q = *state;

	(void)method;
	(void)version;
	(void)data;
	if (*data_len > 0) {
		*data_len = 0; /* a body is read and forgotten */
		return MHD_YES;
	}
	if (strcmp(path, "/metrics") == 0)
		return metrics(app, c);
	if (strcmp(path, "/ready") == 0 || strcmp(path, "/health") == 0)
		return http_server_respond(c, 200, "text/plain", "ok\n", 3);
	if (q == NULL) {
		q = *state = mem_alloc(sizeof(*q));
		*q = (struct app_request){
			.app = app, .connection = c, .timer = { .fire = on_due, .arg = q }, .next = app->requests
		};
		app->requests = q;
		if (app->settings.latency_ms > 0) {
			int64_t half = app->settings.latency_ms / 2;

			q->late =
			    app->settings.latency_ms - half + (int64_t)rand_below(&app->rand, 2 * (uint64_t)half + 1);
			q->waiting = true;
			MHD_suspend_connection(c);
			loop_timer(app->daemon.loop, &q->timer, q->late);
			return MHD_YES;
		}
	}
	return app_response(app, c, q->late);
}

static void
app_on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct app *app = arg;
	struct app_request *q = *state;

	(void)c;
	(void)code;
	for (struct app_request **at = &app->requests; *at != NULL && q != NULL; at = &(*at)->next)
		if (*at == q) {
			*at = q->next;
			loop_timer_stop(app->daemon.loop, &q->timer);
			free(q);
			break;
		}
	*state = NULL;
}

struct app *
app_new(struct loop *l, const struct app_settings *settings)
{
	struct app *app = mem_alloc(sizeof(*app));

	app->settings = *settings;
	app->rand = rand_stream(settings->seed, "app");
	if (!http_server_start(&app->daemon, l,
		&(struct http_server_settings){
		    .ip = settings->ip, .port = settings->port, .connections_max = CONNECTIONS_MAX },
		app_on_request, app_on_completed, app)) {
		free(app);
		return NULL;
	}
	return app;
}

struct app *
app_free(struct app *app)
{
	if (app == NULL)
		return NULL;
	/* libmicrohttpd refuses to stop with connections suspended. */
	for (struct app_request *q = app->requests; q != NULL; q = q->next)
		if (q->waiting) {
			loop_timer_stop(app->daemon.loop, &q->timer);
			q->waiting = false;
			MHD_resume_connection(q->connection);
		}
	http_server_stop(&app->daemon);
	free(app);
	return NULL;
}
