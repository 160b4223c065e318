/* io/http_server.c: HTTP server: runs libmicrohttpd when its epoll descriptor is ready or its timeout has passed,
 * and keeps the state of each connection. */
#include "io/http_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/arena.h"

#define SWEEP_MS 500
#define SPARE 32u /* connections that can be accepted while others are being closed */
#define MEMORY (32u << 10) /* bytes for the header and the buffers of a connection */

enum http_state {
	HTTP_SERVER_HEADER, /* the header is not complete */
	HTTP_SERVER_BODY, /* the header is complete, the body is not */
	HTTP_SERVER_HELD, /* suspended by its handler, which had only the header */
	HTTP_SERVER_AGAIN, /* resumed: the handler is called with the header again */
	HTTP_SERVER_RESPONSE, /* the request is complete */
	HTTP_SERVER_IDLE, /* responded; another request can follow */
	HTTP_SERVER_CLOSING,
};

struct http_connection {
	struct http_connection *previous, *next;
	int fd;
	enum http_state state;
	int64_t since; /* monotonic ms: start of the state */
	uint64_t received; /* bytes when it became idle */
};

static void
http_server_run(struct http_server *d)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(d->mhd);
	if (MHD_get_timeout(d->mhd, &ms) == MHD_YES)
		loop_timer(d->loop, &d->timer, (int64_t)ms);
	else
		loop_timer_stop(d->loop, &d->timer);
}

static void
http_server_on_ready(struct loop_io *io, int events, void *arg)
{
	(void)io;
	(void)events;
	http_server_run(arg);
}

static void
http_server_on_timer(struct timer *t, void *arg)
{
	(void)t;
	http_server_run(arg);
}

static void
http_server_enter(struct http_server *d, struct http_connection *c, enum http_state state)
{
	if (c->state == HTTP_SERVER_CLOSING)
		return;
	c->state = state;
	c->since = loop_mono(d->loop);
}

static struct http_connection *
http_connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* libmicrohttpd reads the end of the connection, and then closes it. */
static void
http_server_shut(struct http_server *d, struct http_connection *c)
{
	if (c->state == HTTP_SERVER_CLOSING)
		return;
	c->state = HTTP_SERVER_CLOSING;
	d->n--;
	shutdown(c->fd, SHUT_RDWR);
	loop_timer(d->loop, &d->kick, 0);
}

static struct http_connection *
http_server_oldest(const struct http_server *d, enum http_state state)
{
	struct http_connection *oldest = NULL;

	for (struct http_connection *c = d->first; c != NULL; c = c->next)
		if (c->state == state && (oldest == NULL || c->since < oldest->since))
			oldest = c;
	return oldest;
}

/* Closes a connection for a new one: the oldest one with an incomplete request, or else an idle one. */
static void
http_server_make_space(struct http_server *d, struct http_connection *but)
{
	static const enum http_state order[] = { HTTP_SERVER_HEADER, HTTP_SERVER_IDLE, HTTP_SERVER_BODY };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct http_connection *c = http_server_oldest(d, order[i]);

		if (c != NULL && c != but) {
			http_server_shut(d, c);
			return;
		}
	}
	http_server_shut(d, but);
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct http_connection *c = *context;
	struct http_server *d = arg;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = *context = mem_alloc(sizeof(*c));
		*c = (struct http_connection){ .previous = d->last,
			.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
			.since = loop_mono(d->loop) };
		*(d->last != NULL ? &d->last->next : &d->first) = c;
		d->last = c;
		if (++d->n > d->settings.connections_max)
			http_server_make_space(d, c);
		if (d->first == c)
			loop_timer(d->loop, &d->sweep, SWEEP_MS);
		return;
	}
	if (c == NULL)
		return;
	*(c->previous != NULL ? &c->previous->next : &d->first) = c->next;
	*(c->next != NULL ? &c->next->previous : &d->last) = c->previous;
	d->n -= c->state != HTTP_SERVER_CLOSING;
	free(c);
	*context = NULL;
}

/* Returns the number of bytes received. */
static uint64_t
http_server_received(const struct http_connection *c)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	return getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 ? info.tcpi_bytes_received : 0;
}

/* Returns the time limit of its state; 0: none. */
static int64_t
http_server_patience(const struct http_server *d, const struct http_connection *c)
{
	switch (c->state) {
	case HTTP_SERVER_HEADER: return HTTP_SERVER_HEADER_MS;
	case HTTP_SERVER_AGAIN:
	case HTTP_SERVER_BODY: return HTTP_SERVER_BODY_MS;
	case HTTP_SERVER_RESPONSE: return d->settings.response_ms;
	case HTTP_SERVER_IDLE: return d->settings.idle_ms;
	default: return 0;
	}
}

static void
on_sweep(struct timer *t, void *arg)
{
	struct http_server *d = arg;
	int64_t now = loop_mono(d->loop);

	for (struct http_connection *c = d->first; c != NULL; c = c->next) {
		int64_t patience;

		/* The time for the header of the next request starts with its first byte. */
		if (c->state == HTTP_SERVER_IDLE && http_server_received(c) != c->received)
			http_server_enter(d, c, HTTP_SERVER_HEADER);
		patience = http_server_patience(d, c);
		if (patience > 0 && now - c->since >= patience)
			http_server_shut(d, c);
	}
	if (d->first != NULL)
		loop_timer(d->loop, t, SWEEP_MS);
}

static bool
http_server_has_body(struct MHD_Connection *c)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length") != NULL ||
	       MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct http_connection *c = http_connection_of(connection);
	struct http_server *d = arg;

	if (c != NULL &&
	    (c->state == HTTP_SERVER_HEADER || c->state == HTTP_SERVER_IDLE || c->state == HTTP_SERVER_AGAIN))
		http_server_enter(d, c, http_server_has_body(connection) ? HTTP_SERVER_BODY : HTTP_SERVER_RESPONSE);
	else if (c != NULL && *data_len == 0)
		http_server_enter(d, c, HTTP_SERVER_RESPONSE);
	return d->handle(d->arg, connection, path, method, version, data, data_len, state);
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct http_connection *c = http_connection_of(connection);
	struct http_server *d = arg;

	if (d->completed != NULL)
		d->completed(d->arg, connection, state, code);
	if (c == NULL)
		return;
	http_server_enter(d, c, HTTP_SERVER_IDLE);
	c->received = http_server_received(c);
}

bool
http_server_start(struct http_server *d, struct loop *l, const struct http_server_settings *s,
    MHD_AccessHandlerCallback handle, MHD_RequestCompletedCallback completed, void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)s->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)s->key }, { MHD_OPTION_END, 0, NULL } };

	/* Without TLS, libmicrohttpd logs its options as errors. */
	if (s->key == NULL)
		tls[0] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	*d = (struct http_server){ .loop = l,
		.timer = { .fire = http_server_on_timer, .arg = d },
		.kick = { .fire = http_server_on_timer, .arg = d },
		.sweep = { .fire = on_sweep, .arg = d },
		.settings = *s,
		.handle = handle,
		.completed = completed,
		.arg = arg };
	if (inet_pton(AF_INET, s->ip, &at.sin_addr) != 1)
		return false;
	/* A libmicrohttpd that was built without GnuTLS must not serve in plain text. */
	if (s->key != NULL && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
		errno = EPROTONOSUPPORT;
		return false;
	}
	d->settings.ip = d->settings.cert = d->settings.key = NULL;
	d->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (s->key != NULL ? MHD_USE_TLS : 0),
	    (uint16_t)s->port, NULL, NULL, on_request, d, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, d, MHD_OPTION_NOTIFY_CONNECTION, on_connection, d, MHD_OPTION_CONNECTION_LIMIT,
	    s->connections_max + SPARE, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (d->mhd == NULL)
		return false;
	d->port = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_BIND_PORT)->port;
	d->io = (struct loop_io){ .fd = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = LOOP_READ,
		.ready = http_server_on_ready,
		.arg = d };
	loop_io_start(l, &d->io);
	http_server_run(d);
	return true;
}

void
http_server_stop(struct http_server *d)
{
	if (d->mhd == NULL)
		return;
	loop_io_stop(d->loop, &d->io);
	MHD_stop_daemon(d->mhd);
	loop_timer_stop(d->loop, &d->timer);
	loop_timer_stop(d->loop, &d->kick);
	loop_timer_stop(d->loop, &d->sweep);
	d->mhd = NULL;
}

void
http_server_suspend(struct http_server *d, struct MHD_Connection *connection)
{
	struct http_connection *c = http_connection_of(connection);

	if (c != NULL && c->state == HTTP_SERVER_BODY)
		http_server_enter(d, c, HTTP_SERVER_HELD);
	MHD_suspend_connection(connection);
}

void
http_server_resume(struct http_server *d, struct MHD_Connection *connection)
{
	struct http_connection *c = http_connection_of(connection);

	if (c != NULL && c->state == HTTP_SERVER_HELD)
		http_server_enter(d, c, HTTP_SERVER_AGAIN);
	MHD_resume_connection(connection);
	loop_timer(d->loop, &d->kick, 0);
}

void
http_server_close(struct http_server *d, struct MHD_Connection *connection)
{
	struct http_connection *c = http_connection_of(connection);

	if (c != NULL)
		http_server_shut(d, c);
}

enum MHD_Result
http_server_respond(struct MHD_Connection *c, int status, const char *content_type, const char *at, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)at, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;

	MHD_add_response_header(r, "Content-Type", content_type);
	ok = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return ok;
}

enum MHD_Result
http_server_respond_text(struct MHD_Connection *c, int status, const char *text)
{
	return http_server_respond(c, status, "text/plain; charset=utf-8", text, strlen(text));
}
