/* kube/dns.c: DNS without blocking the loop: a thread calls the system's resolver; it has its own socket and
 * name, and shares nothing else. */
#include "kube/dns.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/arena.h"

struct resolve {
	struct loop *loop;
	struct loop_io io;
	void (*done)(void *, const struct address *, size_t);
	void *arg;
};

struct resolve_job {
	int fd;
	char host[256];
};

static void *
resolve_run(void *arg)
{
	struct resolve_job *job = arg;
	struct address all[RESOLVE_MAX];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	size_t n = 0;

	if (getaddrinfo(job->host, NULL, &hints, &list) == 0)
		for (struct addrinfo *i = list; i != NULL && n < RESOLVE_MAX; i = i->ai_next) {
			if (i->ai_family == AF_INET) {
				all[n].n = 4;
				memcpy(all[n++].at, &((struct sockaddr_in *)i->ai_addr)->sin_addr, 4);
			} else if (i->ai_family == AF_INET6) {
				all[n].n = 16;
				memcpy(all[n++].at, &((struct sockaddr_in6 *)i->ai_addr)->sin6_addr, 16);
			}
		}
	if (list != NULL)
		freeaddrinfo(list);
	/* One message, so that the loop reads it whole. The reader may have ended. */
	if (send(job->fd, all, n * sizeof(*all), MSG_NOSIGNAL) < 0) {
		/* The caller canceled it. */
	}
	close(job->fd);
	free(job);
	return NULL;
}

static void
resolve_on_done(struct loop_io *io, int events, void *arg)
{
	struct resolve *r = arg;
	struct address all[RESOLVE_MAX];
	ssize_t n = recv(io->fd, all, sizeof(all), 0);
	void (*done)(void *, const struct address *, size_t) = r->done;
	void *to = r->arg;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	resolve_cancel(r);
	done(to, all, n > 0 ? (size_t)n / sizeof(*all) : 0);
}

struct resolve *
resolve_start(struct loop *l, const char *host, void (*done)(void *, const struct address *, size_t), void *arg)
{
	struct resolve *r;
	struct resolve_job *job;
	pthread_attr_t detached;
	pthread_t thread;
	int fds[2], failed;

	if (strlen(host) >= sizeof(job->host) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return NULL;
	job = mem_alloc(sizeof(*job));
	job->fd = fds[1];
	memcpy(job->host, host, strlen(host) + 1);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 256u << 10);
	failed = pthread_create(&thread, &detached, resolve_run, job);
	pthread_attr_destroy(&detached);
	if (failed != 0) {
		close(fds[0]);
		close(fds[1]);
		free(job);
		return NULL;
	}
	r = mem_alloc(sizeof(*r));
	*r = (struct resolve){ .loop = l, .done = done, .arg = arg };
	r->io = (struct loop_io){ .fd = fds[0], .events = LOOP_READ, .ready = resolve_on_done, .arg = r };
	loop_io_start(l, &r->io);
	return r;
}

struct resolve *
resolve_cancel(struct resolve *r)
{
	if (r == NULL)
		return NULL;
	loop_io_stop(r->loop, &r->io);
	close(r->io.fd);
	free(r);
	return NULL;
}
