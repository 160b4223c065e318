/* web/server.c: two daemons and three paths. */
#include "web/server.h"
#include <string.h>
#include "base/daemon.h"

#define METRICS_TEXT_MAX (256u << 20) /* bytes of a scrape */

struct web {
	struct web_settings settings;
	struct daemon metrics, health;
};

static enum MHD_Result
on_metrics(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	struct metrics_moment now = { 0 };
	struct web *w = arg;
	enum MHD_Result ok;
	struct str text;

	(void)version;
	(void)body;
	(void)state;
	*body_len = 0;
	if (strcmp(path, "/metrics") != 0)
		return daemon_say(c, 404, "there is /metrics\n");
	if (strcmp(method, "GET") != 0)
		return daemon_say(c, 405, "GET\n");
	w->settings.moment(w->settings.arg, &now);
	str_init(&text, METRICS_TEXT_MAX);
	metrics_text(w->settings.metrics, &now, &text);
	ok = text.overflow
		 ? daemon_say(c, 500, "there are too many series\n")
		 : daemon_respond(c, 200, "text/plain; version=0.0.4; charset=utf-8", str_text(&text), text.len);
	str_done(&text);
	return ok;
}

static enum MHD_Result
on_health(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	struct web *w = arg;

	(void)method;
	(void)version;
	(void)body;
	(void)state;
	*body_len = 0;
	if (strcmp(path, "/healthz") == 0)
		return daemon_say(c, 200, "ok");
	if (strcmp(path, "/readyz") == 0)
		return w->settings.ready(w->settings.arg) ? daemon_say(c, 200, "ok")
							  : daemon_say(c, 503, "the first lists are not in yet\n");
	return daemon_say(c, 404, "there are /healthz and /readyz\n");
}

struct web *
web_new(struct loop *l, const struct web_settings *s, int *ret_port)
{
	struct web *w = mem_alloc(sizeof(*w));

	w->settings = *s;
	*ret_port = s->metrics_port;
	if (s->metrics_port != 0 && !daemon_start(&w->metrics, l, s->address, s->metrics_port, on_metrics, NULL, w))
		return web_free(w);
	*ret_port = s->health_port;
	if (s->health_port != 0 && !daemon_start(&w->health, l, s->address, s->health_port, on_health, NULL, w))
		return web_free(w);
	return w;
}

struct web *
web_free(struct web *w)
{
	if (w == NULL)
		return NULL;
	daemon_stop(&w->metrics);
	daemon_stop(&w->health);
	free(w);
	return NULL;
}
