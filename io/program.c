/* io/program.c: fork, limits, pipes. */
#include "io/program.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/loop.h"

#define SAID_MAX 4096 /* bytes of standard error that are kept */

static void
run_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Three pipes and a child; *ret_err -1: its standard error is /dev/null. */
static struct err *
run_start(struct arena *a, const struct run *r, bool talks, int *ret_pid, int *ret_in, int *ret_out, int *ret_err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	struct err *e = NULL;

	if ((talks && pipe2(in, O_CLOEXEC) != 0) || pipe2(out, O_CLOEXEC) != 0 ||
	    (!talks && pipe2(err, O_CLOEXEC) != 0))
		e = err_new(a, ERR_AGAIN, "%s: no pipe: %s", r->argv[0], strerror(errno));
	*ret_pid = e == NULL ? spawn(&(struct spawn){ .argv = r->argv,
				   .env = r->env,
				   .keep = r->keep,
				   .in = in[0],
				   .out = out[1],
				   .err = err[1],
				   .reach = r->reach,
				   .cpu_s = r->timeout_ms > 0 ? 2 * r->timeout_ms / 1000 + 1 : 0,
				   .memory_max = r->reach == SPAWN_USER ? 0
						 : r->memory_max > 0	? r->memory_max
									: RUN_MEMORY_MAX,
				   .file_max = r->file_max })
			     : -1;
	if (e == NULL && *ret_pid < 0 && errno == ENOENT)
		e = err_new(a, ERR_AGAIN, "%s: no such program in PATH", r->argv[0]);
	else if (e == NULL && *ret_pid < 0)
		e = err_new(a, ERR_AGAIN, "%s: it cannot be started: %s", r->argv[0], strerror(errno));
	run_close(in[0]);
	run_close(out[1]);
	run_close(err[1]);
	if (e != NULL) {
		run_close(in[1]);
		run_close(out[0]);
		run_close(err[0]);
		return e;
	}
	*ret_in = in[1];
	*ret_out = out[0];
	*ret_err = err[0];
	return NULL;
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
		return err_new(a, ERR_AGAIN, "%s: it cannot be run", r->argv[0]);
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
	struct err *e = run_start(a, r, false, &pid, &in, &fds[0], &fds[1]);
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
		e = err_new(a, ERR_INVALID, "%s: its output is larger than %zu bytes", r->argv[0], r->output_max);
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

	return run_start(a, r, true, &ret->pid, &ret->in, &ret->out, &unused);
}

void
companion_stop(struct companion *c)
{
	int status;

	close(c->in);
	close(c->out);
	finish(c->pid, &status);
}
