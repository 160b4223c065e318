/* io/http_server.h: an HTTP server: a libmicrohttpd daemon on the loop.
 *
 * Any client can connect, so that every state has a limit: 5 seconds for the header of a request, 15 for its body. If
 * all connections are in use, the oldest one with an incomplete request is closed, or else the one that has been idle
 * for the longest time. A connection whose request is being responded to is not closed for a new one.
 */
#pragma once
#include <microhttpd.h>
#include "io/loop.h"

#define HTTP_SERVER_HEADER_MS 5000
#define HTTP_SERVER_BODY_MS 15000

struct http_connection;

struct http_server_settings {
	const char *ip; /* an IPv4 address */
	int port; /* 0: any free port */
	unsigned connections_max; /* at the same time */
	int64_t idle_ms; /* time without a request; 0: until the connection is needed */
	int64_t response_ms; /* time for reading a response; 0: no limit */
	const char *cert, *key; /* PEM, borrowed until http_server_start returns: HTTPS. NULL: HTTP */
};

struct http_server {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_io io;
	struct timer timer, kick, sweep;
	int port;
	struct http_server_settings settings; /* without the address */
	struct http_connection *first, *last; /* the oldest one is the first */
	unsigned n; /* connections that are not being closed */
	MHD_AccessHandlerCallback handle;
	MHD_RequestCompletedCallback completed;
	void *arg;
};

/* Listens, and sets d->port. libmicrohttpd calls the handlers with `arg`. Returns false with errno on failure. `d`
 * must not move while the server runs. */
bool http_server_start(struct http_server *d, struct loop *, const struct http_server_settings *,
    MHD_AccessHandlerCallback, MHD_RequestCompletedCallback, void *arg);
void http_server_stop(struct http_server *);

/* Suspends a connection from its handler. The rest of the request has no deadline until http_server_resume, which
 * continues in the next iteration of the loop and is therefore safe within a request. If the handler had only the
 * header, it is called with the header again. */
void http_server_suspend(struct http_server *, struct MHD_Connection *);
void http_server_resume(struct http_server *, struct MHD_Connection *);

/* Closes a connection as if the client had closed it. Its request gets no response. */
void http_server_close(struct http_server *, struct MHD_Connection *);

/* Responds with a copy of a body. */
enum MHD_Result http_server_respond(
    struct MHD_Connection *, int status, const char *content_type, const char *at, size_t len);

/* Responds with a text. */
enum MHD_Result http_server_respond_text(struct MHD_Connection *, int status, const char *text);
