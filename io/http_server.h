/* io/http_server.h: a libmicrohttpd daemon on the loop: its epoll descriptor and its time-outs.
 *
 * Connections are open to all, so everything has an end: a request's header has five seconds, its body fifteen; when all places are taken, the
 * oldest connection whose request is not complete is closed, or else the one that has been idle the longest, so that a new one is always
 * answered. What is being answered is never closed for another one's sake.
 */
#pragma once
#include <microhttpd.h>
#include "io/loop.h"

#define DAEMON_HEADER_MS 5000
#define DAEMON_BODY_MS 15000

struct daemon_connection;

struct daemon_settings {
	const char *ip; /* an IPv4 address */
	int port; /* 0: a free one */
	unsigned places; /* connections at once */
	int64_t idle_ms; /* a connection without a request is closed after this time; 0: when its place is needed */
	int64_t answer_ms; /* an answer that is not read by then is cut off; 0: never */
};

struct daemon {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_io io;
	struct timer timer, kick, sweep;
	int port;
	struct daemon_settings settings; /* without the address */
	struct daemon_connection *first, *last; /* the oldest is the first */
	unsigned n; /* that are not being closed */
	MHD_AccessHandlerCallback handle;
	MHD_RequestCompletedCallback completed;
	void *arg;
};

/* Listens; the port is then in d->port. The handlers get `arg`, as libmicrohttpd calls them. False when it cannot; errno says why. `d` must
 * not move while it runs. */
bool daemon_start(struct daemon *d, struct loop *, const struct daemon_settings *, MHD_AccessHandlerCallback,
    MHD_RequestCompletedCallback, void *arg);
void daemon_stop(struct daemon *);

/* Suspends a connection, from its handler: what the request still sends has no deadline meanwhile. One that
 * had the header alone is called with it once more. daemon_resume takes it up on the next
 * turn, which makes it safe from within a request. */
void daemon_suspend(struct daemon *, struct MHD_Connection *);
void daemon_resume(struct daemon *, struct MHD_Connection *);

/* Closes a connection, as if its client had; its request ends without an answer. */
void daemon_close(struct daemon *, struct MHD_Connection *);

/* Answers with a copy of a body. */
enum MHD_Result daemon_respond(
    struct MHD_Connection *, int status, const char *content_type, const char *at, size_t len);

/* The same with a text. */
enum MHD_Result daemon_say(struct MHD_Connection *, int status, const char *text);
