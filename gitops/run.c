/* gitops/run.c: fork, limits, pipes. */
#include "gitops/run.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/loop.h"

#define SAID_MAX 4096 /* bytes of standard error that are kept */
#define FILES_MAX 256 /* descriptors that it may have open */

void
run_limit(int what, uint64_t to)
{
	struct rlimit r = { to, to };

	setrlimit(what, &r);
}

#ifndef __SANITIZE_ADDRESS__
/* Bytes of addresses that are in use. */
static rlim_t
mapped(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL) {
		if (fscanf(f, "%lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}
#endif

void
run_limit_memory(uint64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit r;

	if (getrlimit(RLIMIT_AS, &r) != 0)
		return;
	bytes += mapped();
	r.rlim_cur = bytes < r.rlim_max ? (rlim_t)bytes : r.rlim_max;
	setrlimit(RLIMIT_AS, &r);
#else
	(void)bytes;
#endif
}

/* In the child, between fork and exec: nothing but system calls. */
static void
become(const struct run *r, char *const *env, int in, int out, int err)
{
	struct rlimit memory;

	/* A group of its own, so that what it starts can be ended with it; and it does not outlive its parent. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	run_limit(RLIMIT_CORE, 0);
	run_limit(RLIMIT_NOFILE, FILES_MAX);
	if (getrlimit(RLIMIT_AS, &memory) == 0) {
		memory.rlim_cur = memory.rlim_max;
		setrlimit(RLIMIT_AS, &memory);
	}
	if (r->file_max > 0)
		run_limit(RLIMIT_FSIZE, (rlim_t)r->file_max);
	execvpe(r->argv[0], (char *const *)r->argv, env);
	_exit(127);
}

static char *const *
environment(struct arena *a, const struct run *r)
{
	const char *path = getenv("PATH");
	size_t n = 0;
	char **env;

	while (r->env != NULL && r->env[n] != NULL)
		n++;
	env = arena_new_array(a, char *, n + 2);
	for (size_t i = 0; i < n; i++)
		env[i] = arena_strdup(a, r->env[i]);
	env[n] = arena_printf(a, "PATH=%s", path != NULL ? path : "/usr/bin:/bin");
	return env;
}

/* Three pipes and a child; *ret_err -1: its standard error is /dev/null. */
static struct err *
start(struct arena *a, const struct run *r, bool talks, int *ret_pid, int *ret_in, int *ret_out, int *ret_err)
{
	char *const *env = environment(a, r);
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };

	if ((talks ? pipe2(in, O_CLOEXEC) : (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) ||
	    pipe2(out, O_CLOEXEC) != 0 ||
	    (talks ? (err[1] = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0 : pipe2(err, O_CLOEXEC)))
		return err_new(a, ERR_AGAIN, "%s: no pipe: %s", r->argv[0], strerror(errno));
	*ret_pid = fork();
	if (*ret_pid == 0)
		become(r, env, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	*ret_in = in[1];
	*ret_out = out[0];
	*ret_err = err[0];
	return *ret_pid < 0 ? err_new(a, ERR_AGAIN, "%s: it cannot be started: %s", r->argv[0], strerror(errno)) : NULL;
}

/* Kills the whole group, and waits. */
static void
finish(int pid, int *ret_status)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
}

/* Reads what comes; false at its end. */
static bool
take(int fd, struct str *to)
{
	char room[65536];
	ssize_t n = read(fd, room, sizeof(room));

	if (n > 0)
		str_add(to, room, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* What it said last, without the colours and line ends of a terminal. */
static const char *
last_said(struct arena *a, const struct str *said)
{
	char *text = arena_strdup(a, str_text(said));
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return text;
}

static struct err *
how_it_ended(struct arena *a, const struct run *r, int status, const char *said)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && said[0] == '\0')
		return err_new(a, ERR_AGAIN, "%s: no such program in PATH", r->argv[0]);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		return err_new(a, ERR_INVALID, "%s: a file would be longer than %zu bytes", r->argv[0], r->file_max);
	if (WIFSIGNALED(status))
		return err_new(a, ERR_AGAIN, "%s: ended with signal %d", r->argv[0], WTERMSIG(status));
	return err_new(a, ERR_AGAIN, "%s",
	    said[0] != '\0' ? said : arena_printf(a, "%s: exit code %d", r->argv[0], WEXITSTATUS(status)));
}

struct err *
run_program(struct arena *a, const struct run *r, struct bytes *ret)
{
	struct str out, said;
	int pid, in, fds[2], status = 0;
	int64_t until = loop_ev_mono() + r->timeout_ms;
	struct err *e = start(a, r, false, &pid, &in, &fds[0], &fds[1]);
	bool late = false;

	if (e != NULL)
		return e;
	str_init(&out, r->output_max);
	str_init(&said, SAID_MAX);
	while ((fds[0] >= 0 || fds[1] >= 0) && !late && !out.overflow) {
		struct pollfd p[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
		int64_t left = until - loop_ev_mono();

		late = left <= 0 || (poll(p, 2, (int)left) == 0);
		for (int i = 0; i < 2; i++)
			if (fds[i] >= 0 && p[i].revents != 0 && !take(fds[i], i == 0 ? &out : &said)) {
				close(fds[i]);
				fds[i] = -1;
			}
	}
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (late || out.overflow) {
		finish(pid, &status);
	} else {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		kill(-pid, SIGKILL); /* what it left behind */
	}
	if (late)
		e = err_new(a, ERR_AGAIN, "%s: did not end in %lld s", r->argv[0], (long long)(r->timeout_ms / 1000));
	else if (out.overflow)
		e = err_new(a, ERR_INVALID, "%s: says more than %zu bytes", r->argv[0], r->output_max);
	else
		e = how_it_ended(a, r, status, last_said(a, &said));
	if (e == NULL)
		*ret = (struct bytes){ arena_strndup(a, str_text(&out), out.len), out.len };
	str_done(&out);
	str_done(&said);
	return e;
}

struct err *
companion_start(struct arena *a, const struct run *r, struct companion *ret)
{
	int unused;

	return start(a, r, true, &ret->pid, &ret->in, &ret->out, &unused);
}

void
companion_stop(struct companion *c)
{
	int status;

	close(c->in);
	close(c->out);
	finish(c->pid, &status);
}
