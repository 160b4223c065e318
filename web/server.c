/* web/server.c: HTTP endpoints /metrics, /healthz and /readyz of the controller: one server for each of the two
 * ports. The dashboard and webhooks have servers of their own: dashboard.c, webhook.c. */
#include "web/server.h"
#include <string.h>
#include "io/http_server.h"

#define METRICS_TEXT_MAX (256u << 20) /* bytes of a scrape */
#define METRICS_CONNECTIONS_MAX 64 /* connections */
#define HEALTH_CONNECTIONS_MAX 256
#define IDLE_MS 75000 /* longer than between two scrapes */
#define RESPONSE_MS 60000
/* A scrape's text is used again for this many times the time that it took, so that scrapes use at most a
 * tenth of the process. Then it is freed: it has some 2 KB for each Rollout. */
#define SHARE 10

struct web {
	struct web_settings settings;
	struct http_server metrics, health;
	struct loop *loop;
	struct MHD_Response *scrape; /* the last one, while it is used again; NULL: none */
	struct timer outdated; /* frees it */
};

static void
server_forget_scrape(struct timer *t, void *arg)
{
	struct web *w = arg;

	(void)t;
	if (w->scrape != NULL)
		MHD_destroy_response(w->scrape);
	w->scrape = NULL;
}

/* Concurrent scrapes share the same memory. Returns NULL if the text is longer than METRICS_TEXT_MAX. */
static struct MHD_Response *
server_scrape(struct web *w)
{
	struct metrics_moment now = { 0 };
	int64_t began;
	struct str text;

	if (w->scrape != NULL)
		return w->scrape;
	loop_refresh(w->loop);
	began = loop_mono(w->loop);
	w->settings.moment(w->settings.arg, &now);
	str_init(&text, METRICS_TEXT_MAX);
	metrics_text(w->settings.metrics, &now, &text);
	if (!text.overflow && text.len > 0) {
		w->scrape = MHD_create_response_from_buffer(text.len, text.at, MHD_RESPMEM_MUST_FREE);
		MHD_add_response_header(w->scrape, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
		text = (struct str){ 0 };
	}
	str_done(&text);
	loop_refresh(w->loop);
	loop_timer(w->loop, &w->outdated, SHARE * (loop_mono(w->loop) - began));
	return w->scrape;
}

static enum MHD_Result
server_on_metrics(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	struct MHD_Response *r;
	struct web *w = arg;

	(void)version;
	(void)body;
	(void)state;
	*body_len = 0;
	if (strcmp(path, "/metrics") != 0)
		return http_server_respond_text(c, 404, "there is /metrics\n");
	if (strcmp(method, "GET") != 0)
		return http_server_respond_text(c, 405, "GET\n");
	r = server_scrape(w);
	return r != NULL ? MHD_queue_response(c, 200, r)
			 : http_server_respond_text(c, 500, "there are too many series\n");
}

static enum MHD_Result
server_on_health(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	struct web *w = arg;

	(void)method;
	(void)version;
	(void)body;
	(void)state;
	*body_len = 0;
	if (strcmp(path, "/healthz") == 0)
		return http_server_respond_text(c, 200, "ok");
	if (strcmp(path, "/readyz") == 0)
		return w->settings.ready(w->settings.arg)
			   ? http_server_respond_text(c, 200, "ok")
			   : http_server_respond_text(c, 503, "the first lists are not in yet\n");
	return http_server_respond_text(c, 404, "there are /healthz and /readyz\n");
}

struct web *
web_new(struct loop *l, const struct web_settings *s, int *ret_port)
{
	struct web *w = mem_alloc(sizeof(*w));

	struct http_server_settings at = { .ip = s->address, .idle_ms = IDLE_MS, .response_ms = RESPONSE_MS };

	w->settings = *s;
	w->loop = l;
	w->outdated = (struct timer){ .fire = server_forget_scrape, .arg = w };
	*ret_port = at.port = s->metrics_port;
	at.connections_max = METRICS_CONNECTIONS_MAX;
	if (s->metrics_port != 0 && !http_server_start(&w->metrics, l, &at, server_on_metrics, NULL, w))
		return web_free(w);
	*ret_port = at.port = s->health_port;
	at.connections_max = HEALTH_CONNECTIONS_MAX;
	if (s->health_port != 0 && !http_server_start(&w->health, l, &at, server_on_health, NULL, w))
		return web_free(w);
	return w;
}

struct web *
web_free(struct web *w)
{
	if (w == NULL)
		return NULL;
	http_server_stop(&w->metrics);
	http_server_stop(&w->health);
	loop_timer_stop(w->loop, &w->outdated);
	server_forget_scrape(NULL, w);
	free(w);
	return NULL;
}
