/* base/child.c: fork, exec and a pidfd on the loop. */
#include "base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
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

const char *
child_find(struct arena *a, const char *name)
{
	const char *path = getenv("PATH"),
		   *at = arena_printf(a, "%s:/usr/sbin:/sbin", path != NULL ? path : "/usr/bin:/bin");

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? arena_strdup(a, name) : NULL;
	for (size_t n; *at != '\0'; at += n + (at[n] == ':')) {
		const char *file;

		n = strcspn(at, ":");
		file = arena_printf(a, "%.*s/%s", (int)n, at, name);
		if (n > 0 && access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

/* What the child's standard streams are, and what its environment has besides ours. */
struct setting {
	const char *log; /* output and errors are appended to it; NULL: /dev/null */
	int in; /* input comes from there; -1: /dev/null */
	int out; /* or output goes there, and errors where ours go; -1 */
	const char *const *env; /* ended by NULL; NULL: nothing */
};

static void
become(const char *program, const char *const *argv, const struct setting *s, pid_t parent)
{
	sigset_t none;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0); /* Ctrl-C is for the parent, who stops us in order */
	fd = s->out < 0 ? open(s->log != NULL ? s->log : "/dev/null", O_WRONLY | O_APPEND | O_CREAT, 0644) : -1;
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
	} else if (s->out >= 0) {
		fcntl(s->out, F_SETFL, 0); /* it expects to block */
		dup2(s->out, STDOUT_FILENO);
	}
	for (size_t i = 0; s->env != NULL && s->env[i] != NULL; i++)
		putenv((char *)s->env[i]);
	fd = s->in >= 0 ? s->in : open("/dev/null", O_RDONLY);
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	execv(program, (char *const *)argv);
	_exit(127);
}

static struct child *
start(struct loop *l, const char *const *argv, const struct setting *setting, void (*exited)(void *, int), void *arg)
{
	struct child *c = mem_alloc(sizeof(*c));
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *program = child_find(a, argv[0]);
	pid_t parent = getpid();
	int fd;

	if (program == NULL) {
		free(c);
		errno = ENOENT;
		return NULL;
	}

	*c = (struct child){ .loop = l, .exited = exited, .arg = arg };
	c->pid = fork();
	if (c->pid == 0)
		become(program, argv, setting, parent);
	fd = c->pid > 0 ? (int)syscall(SYS_pidfd_open, c->pid, 0) : -1;
	if (fd < 0) {
		if (c->pid > 0) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
		}
		free(c);
		return NULL;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	c->io = (struct loop_io){ .fd = fd, .events = LOOP_READ, .ready = on_exit_, .arg = c };
	loop_io_start(l, &c->io);
	return c;
}

struct child *
child_start(struct loop *l, const char *const *argv, const char *log, void (*exited)(void *, int), void *arg)
{
	return start(l, argv, &(struct setting){ .log = log, .in = -1, .out = -1 }, exited, arg);
}

struct child *
child_start_piped(struct loop *l, const char *const *argv, const char *const *env, int in, int out,
    void (*exited)(void *, int), void *arg)
{
	return start(l, argv, &(struct setting){ .in = in, .out = out, .env = env }, exited, arg);
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
