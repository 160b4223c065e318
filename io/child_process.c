/* io/child_process.c: exit of child processes: a pidfd on the loop. */
#include "io/child_process.h"
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
	struct loop_io io; /* fd -1: the child has ended */
	pid_t pid;
	void (*exited)(void *, int);
	void *arg;
};

static void
child_unwatch(struct child *c)
{
	if (c->io.fd < 0)
		return;
	loop_io_stop(c->loop, &c->io);
	close(c->io.fd);
	c->io.fd = -1;
}

/* Only observes the end. child_stop reaps the child: until then its process group can be killed safely. */
static void
child_on_exit(struct loop_io *io, int events, void *arg)
{
	struct child *c = arg;
	siginfo_t end = { 0 };

	(void)io;
	(void)events;
	if (waitid(P_PID, (id_t)c->pid, &end, WEXITED | WNOWAIT | WNOHANG) != 0 || end.si_pid != c->pid)
		return;
	child_unwatch(c);
	c->exited(c->arg, end.si_code == CLD_EXITED ? W_EXITCODE(end.si_status, 0) : W_EXITCODE(0, end.si_status));
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

		if (c->pid > 0)
			spawn_end(c->pid, SIGKILL);
		free(c);
		errno = why;
		return NULL;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	c->io = (struct loop_io){ .fd = fd, .events = LOOP_READ, .ready = child_on_exit, .arg = c };
	loop_io_start(l, &c->io);
	return c;
}

struct child *
child_serve(struct loop *l, const char *const *argv, const char *log, void (*exited)(void *, int), void *arg)
{
	int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	struct child *c = child_start(l,
	    &(struct spawn){ .argv = argv,
		.env_names = SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS SPAWN_ENV_SLUICE,
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

struct child *
child_stop(struct child *c, int grace_ms)
{
	if (c == NULL)
		return NULL;
	if (c->io.fd >= 0) {
		struct pollfd p = { .fd = c->io.fd, .events = POLLIN };

		spawn_signal(c->pid, SIGTERM);
		if (poll(&p, 1, grace_ms) <= 0)
			spawn_signal(c->pid, SIGKILL);
		child_unwatch(c);
	}
	spawn_end(c->pid, 0);
	free(c);
	return NULL;
}
