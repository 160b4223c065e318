/* kube/curl_pool.c: connections of one kind of requests. */
#include "kube/curl_pool.h"
#include <stdlib.h>
#include "base/arena.h"

struct curl_socket {
	struct loop_io io;
	struct curl_pool *pool;
	struct curl_socket *next;
};

static void
pool_report_ended(struct curl_pool *p)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(p->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE)
			p->events->ended(p->arg, m->easy_handle, m->data.result);
	p->events->returned(p->arg);
}

static void
pool_act(struct curl_pool *p, curl_socket_t fd, int events)
{
	int running;

	p->inside = true;
	curl_multi_socket_action(p->multi, fd, events, &running);
	p->inside = false;
	pool_report_ended(p);
}

static void
pool_on_ready(struct loop_io *io, int events, void *arg)
{
	struct curl_socket *s = arg;

	pool_act(
	    s->pool, io->fd, (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
pool_forget_socket(struct curl_pool *p, struct curl_socket *s)
{
	loop_io_stop(p->loop, &s->io);
	for (struct curl_socket **at = &p->sockets; *at != NULL; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	free(s);
}

static int
pool_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct curl_pool *p = arg;
	struct curl_socket *s = per_socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s == NULL)
			return 0;
		curl_multi_assign(p->multi, fd, NULL);
		pool_forget_socket(p, s);
		return 0;
	}
	if (s == NULL) {
		s = mem_alloc(sizeof(*s));
		s->pool = p;
		s->io = (struct loop_io){ .fd = fd, .ready = pool_on_ready, .arg = s };
		s->next = p->sockets;
		p->sockets = s;
		curl_multi_assign(p->multi, fd, s);
	} else {
		loop_io_stop(p->loop, &s->io);
	}
	s->io.events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	loop_io_start(p->loop, &s->io);
	return 0;
}

static void
pool_on_timer(struct timer *t, void *arg)
{
	(void)t;
	pool_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
pool_on_timeout(CURLM *multi, long ms, void *arg)
{
	struct curl_pool *p = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(p->loop, &p->timer);
	else
		loop_timer(p->loop, &p->timer, ms);
	return 0;
}

static void
pool_close(struct curl_pool *p)
{
	loop_timer_stop(p->loop, &p->rest);
	if (p->multi == NULL)
		return;
	curl_multi_cleanup(p->multi);
	loop_timer_stop(p->loop, &p->timer);
	p->multi = NULL;
}

static void
pool_on_rest(struct timer *t, void *arg)
{
	(void)t;
	pool_close(arg);
}

static void
pool_open(struct curl_pool *p)
{
	loop_timer_stop(p->loop, &p->rest);
	if (p->multi != NULL)
		return;
	p->multi = curl_multi_init();
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, pool_on_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, pool_on_timeout);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, p->per_host);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, p->kept);
}

void
curl_pool_init(
    struct curl_pool *p, struct loop *loop, long per_host, long kept, const struct curl_pool_events *events, void *arg)
{
	*p = (struct curl_pool){ .loop = loop,
		.per_host = per_host,
		.kept = kept,
		.events = events,
		.arg = arg,
		.timer = { .fire = pool_on_timer, .arg = p },
		.rest = { .fire = pool_on_rest, .arg = p } };
}

void
curl_pool_done(struct curl_pool *p)
{
	pool_close(p);
	while (p->sockets != NULL)
		pool_forget_socket(p, p->sockets);
}

bool
curl_pool_add(struct curl_pool *p, CURL *easy)
{
	pool_open(p);
	if (curl_multi_add_handle(p->multi, easy) == CURLM_RECURSIVE_API_CALL)
		return false;
	p->requests++;
	return true;
}

void
curl_pool_remove(struct curl_pool *p, CURL *easy)
{
	curl_multi_remove_handle(p->multi, easy);
	if (--p->requests == 0)
		loop_timer(p->loop, &p->rest, CURL_POOL_REST_MS);
}
