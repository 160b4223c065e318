/* base/daemon.h: a libmicrohttpd daemon on the loop: its epoll descriptor and its time-outs. */
#pragma once
#include <microhttpd.h>
#include "base/loop.h"

struct daemon {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_io io;
	struct timer timer, kick;
	int port;
};

/* Listens on an IPv4 address and port (0: a free one, then in d->port). The handlers get `arg`. False when it
 * cannot; errno says why. `d` must not move while it runs. */
bool daemon_start(struct daemon *d, struct loop *, const char *ip, int port, MHD_AccessHandlerCallback,
    MHD_RequestCompletedCallback, void *arg);
void daemon_stop(struct daemon *);

/* Suspends a connection; daemon_resume takes it up on the next turn, which makes it safe from within a request. */
void daemon_resume(struct daemon *, struct MHD_Connection *);

/* Answers with a copy of a body. */
enum MHD_Result daemon_respond(
    struct MHD_Connection *, int status, const char *content_type, const char *at, size_t len);

/* The same with a text. */
enum MHD_Result daemon_say(struct MHD_Connection *, int status, const char *text);
