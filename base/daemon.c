/* base/daemon.c: libmicrohttpd is run whenever its descriptor is ready or its time has come. */
#include "base/daemon.h"
#include <arpa/inet.h>
#include <string.h>

#define CONNECTIONS 900u

static void
run(struct daemon *d)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(d->mhd);
	if (MHD_get_timeout(d->mhd, &ms) == MHD_YES)
		loop_timer(d->loop, &d->timer, (int64_t)ms);
	else
		loop_timer_stop(d->loop, &d->timer);
}

static void
on_ready(struct loop_io *io, int events, void *arg)
{
	(void)io;
	(void)events;
	run(arg);
}

static void
on_timer(struct timer *t, void *arg)
{
	(void)t;
	run(arg);
}

bool
daemon_start(struct daemon *d, struct loop *l, const char *ip, int port, MHD_AccessHandlerCallback handle,
    MHD_RequestCompletedCallback completed, void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	*d = (struct daemon){
		.loop = l, .timer = { .fire = on_timer, .arg = d }, .kick = { .fire = on_timer, .arg = d }
	};
	if (inet_pton(AF_INET, ip, &at.sin_addr) != 1)
		return false;
	d->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, (uint16_t)port, NULL, NULL, handle, arg,
	    MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED, completed, arg, MHD_OPTION_CONNECTION_LIMIT,
	    CONNECTIONS, MHD_OPTION_END);
	if (d->mhd == NULL)
		return false;
	d->port = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_BIND_PORT)->port;
	d->io = (struct loop_io){ .fd = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = LOOP_READ,
		.ready = on_ready,
		.arg = d };
	loop_io_start(l, &d->io);
	run(d);
	return true;
}

void
daemon_stop(struct daemon *d)
{
	if (d->mhd == NULL)
		return;
	loop_io_stop(d->loop, &d->io);
	loop_timer_stop(d->loop, &d->timer);
	loop_timer_stop(d->loop, &d->kick);
	MHD_stop_daemon(d->mhd);
	d->mhd = NULL;
}

void
daemon_resume(struct daemon *d, struct MHD_Connection *c)
{
	MHD_resume_connection(c);
	loop_timer(d->loop, &d->kick, 0);
}

enum MHD_Result
daemon_respond(struct MHD_Connection *c, int status, const char *content_type, const char *at, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)at, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;

	MHD_add_response_header(r, "Content-Type", content_type);
	ok = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return ok;
}

enum MHD_Result
daemon_say(struct MHD_Connection *c, int status, const char *text)
{
	return daemon_respond(c, status, "text/plain; charset=utf-8", text, strlen(text));
}
