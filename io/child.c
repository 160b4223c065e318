/* io/child.c: a pidfd on the loop. */
#include "io/child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"

struct child {
	struct loop *loop;
	struct loop_io io;
	pid_t pid;
	void (*exited)(void *, int);
	void *arg;
};

static void
on_exit_(struct loop_io *io, int events, void *arg)
{
	struct child *c = arg;
	int status = 0;

	(void)io;
	(void)events;
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	loop_io_stop(c->loop, &c->io);
	close(c->io.fd);
	c->pid = 0;
	c->exited(c->arg, status); /* the owner frees with child_stop */
}

struct child *
child_start(struct loop *l, const struct spawn *how, void (*exited)(void *, int), void *arg)
{
	struct child *c = mem_alloc(sizeof(*c));
	int fd;

	*c = (struct child){ .loop = l, .exited = exited, .arg = arg };
	c->pid = spawn(how);
	fd = c->pid > 0 ? (int)syscall(SYS_pidfd_open, c->pid, 0) : -1;
	if (fd < 0) {
		int why = errno;

		if (c->pid > 0) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
		}
		free(c);
		errno = why;
		return NULL;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	c->io = (struct loop_io){ .fd = fd, .events = LOOP_READ, .ready = on_exit_, .arg = c };
	loop_io_start(l, &c->io);
	return c;
}

struct child *
child_serve(struct loop *l, const char *const *argv, const char *log, void (*exited)(void *, int), void *arg)
{
	int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	struct child *c = child_start(l,
	    &(struct spawn){ .argv = argv,
		.keep = SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS SPAWN_ENV_SLUICE,
		.in = -1,
		.out = fd,
		.err = fd,
		.unlimited = true },
	    exited, arg);

	if (fd >= 0)
		close(fd);
	return c;
}

pid_t
child_pid(const struct child *c)
{
	return c->pid;
}

/* To the child and what it has started: it leads a group of its own, once it is that far. */
static void
signal_group(pid_t pid, int sig)
{
	if (kill(-pid, sig) != 0)
		kill(pid, sig);
}

struct child *
child_stop(struct child *c, int grace_ms)
{
	if (c == NULL)
		return NULL;
	if (c->pid > 0) {
		struct pollfd p = { .fd = c->io.fd, .events = POLLIN };

		signal_group(c->pid, SIGTERM);
		if (poll(&p, 1, grace_ms) <= 0)
			signal_group(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		loop_io_stop(c->loop, &c->io);
		close(c->io.fd);
	}
	free(c);
	return NULL;
}
