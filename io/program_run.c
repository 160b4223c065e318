/* io/program_run.c: runs a program with limits of time and output: a child with pipes. A blocking run has its own loop.
 * spawn.c starts the child. */
#include "io/program_run.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/child_process.h"
#include "io/loop.h"

#define ERRORS_MAX 4096 /* bytes of standard error to keep */

struct program_stream {
	struct program_process *process;
	struct loop_io io; /* fd -1: closed */
	struct str text;
};

struct program_process {
	struct loop *loop;
	struct arena *arena;
	struct child *child;
	struct program_stream output, errors;
	struct timer late; /* fires at the end of the time limit */
	int64_t timeout_ms;
	size_t file_max;
	bool exited; /* the child has ended; its output may not have */
	int status; /* of waitpid */
	void (*done)(void *, const struct program_end *);
	void *arg;
};

static void
program_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
program_stream_close(struct program_stream *s)
{
	if (s->io.fd < 0)
		return;
	loop_io_stop(s->process->loop, &s->io);
	close(s->io.fd);
	s->io.fd = -1;
}

static void
program_free(struct program_process *p)
{
	loop_timer_stop(p->loop, &p->late);
	program_stream_close(&p->output);
	program_stream_close(&p->errors);
	child_kill(p->child);
	str_done(&p->output.text);
	str_done(&p->errors.text);
	arena_free(p->arena);
	free(p);
}

static const struct err *
program_signal_error(const struct program_process *p)
{
	if (!WIFSIGNALED(p->status))
		return NULL;
	if (WTERMSIG(p->status) == SIGXFSZ)
		return err_new(p->arena, ERR_INVALID, "a file would be longer than %zu bytes", p->file_max);
	return err_new(p->arena, ERR_AGAIN, "ended with signal %d", WTERMSIG(p->status));
}

/* Kills the children of the program before the owner is notified. */
static void
program_finish(struct program_process *p, const struct err *e)
{
	struct program_end end = { .err = e };

	p->child = child_kill(p->child);
	if (e == NULL && p->output.text.overflow)
		end.err = err_new(p->arena, ERR_INVALID, "its output is larger than %zu bytes", p->output.text.max);
	else if (e == NULL)
		end.err = program_signal_error(p);
	if (end.err == NULL)
		end.exit_code = WEXITSTATUS(p->status);
	end.output = (struct bytes){ str_text(&p->output.text), p->output.text.len };
	end.errors = (struct bytes){ str_text(&p->errors.text), p->errors.text.len };
	p->done(p->arg, &end);
	program_free(p);
}

/* Ends the run when the program has exited, and its standard output and standard error are closed. */
static void
program_finish_if_ended(struct program_process *p)
{
	if (p->exited && p->output.io.fd < 0 && p->errors.io.fd < 0)
		program_finish(p, NULL);
}

static void
program_on_exit(void *arg, int status)
{
	struct program_process *p = arg;

	p->exited = true;
	p->status = status;
	program_finish_if_ended(p);
}

static void
program_on_late(struct timer *t, void *arg)
{
	struct program_process *p = arg;

	(void)t;
	program_finish(p, err_new(p->arena, ERR_AGAIN, "did not end in %lld s", (long long)(p->timeout_ms / 1000)));
}

static void
program_on_readable(struct loop_io *io, int events, void *arg)
{
	struct program_stream *s = arg;
	char chunk[65536];
	ssize_t n = read(io->fd, chunk, sizeof(chunk));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		str_add(&s->text, chunk, (size_t)n);
		if (s == &s->process->output && s->text.overflow)
			program_finish(s->process, NULL);
		return;
	}
	program_stream_close(s);
	program_finish_if_ended(s->process);
}

static void
program_stream_open(struct program_process *p, struct program_stream *s, int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	s->io = (struct loop_io){ .fd = fd, .events = LOOP_READ, .ready = program_on_readable, .arg = s };
	loop_io_start(p->loop, &s->io);
}

/* Returns a descriptor to read the input from, of any length; -1 with errno on failure. */
static int
program_input(const char *text)
{
	size_t n = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct spawn
program_spawn(const struct program *p, int in, int out, int err)
{
	uint64_t memory = p->memory_max > 0	   ? p->memory_max
			  : p->reach == SPAWN_USER ? PROGRAM_MEMORY_UNLIMITED
						   : PROGRAM_MEMORY_MAX;

	return (struct spawn){ .argv = p->argv,
		.env = p->env,
		.env_names = p->env_names,
		.in = in,
		.out = out,
		.err = err,
		.reach = p->reach,
		.cpu_s = p->cpu_s > 0 || p->timeout_ms == 0 ? p->cpu_s : 2 * p->timeout_ms / 1000 + 1,
		.memory_max = memory == PROGRAM_MEMORY_UNLIMITED ? 0 : memory,
		.file_max = p->file_max,
		.files_max = p->files_max };
}

static struct err *
program_start_error(struct arena *a)
{
	return errno == ENOENT ? err_new(a, ERR_AGAIN, "no such program in PATH")
			       : err_new(a, ERR_AGAIN, "cannot be started: %s", strerror(errno));
}

struct err *
program_start(struct loop *l, struct arena *a, const struct program *program,
    void (*done)(void *arg, const struct program_end *), void *arg, struct program_process **ret_process)
{
	bool keeps_errors = program->errors == PROGRAM_ERRORS_KEPT;
	struct program_process *p = mem_alloc(sizeof(*p));
	int in = -1, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	struct err *e = NULL;

	*p = (struct program_process){ .loop = l,
		.arena = arena_new(),
		.output = { .process = p, .io = { .fd = -1 } },
		.errors = { .process = p, .io = { .fd = -1 } },
		.late = { .fire = program_on_late, .arg = p },
		.timeout_ms = program->timeout_ms,
		.file_max = program->file_max,
		.done = done,
		.arg = arg };
	str_init(&p->output.text, program->output_max);
	str_init(&p->errors.text, ERRORS_MAX);
	if ((program->input != NULL && (in = program_input(program->input)) < 0) || pipe2(out, O_CLOEXEC) != 0 ||
	    (keeps_errors && pipe2(err, O_CLOEXEC) != 0)) {
		e = err_new(a, ERR_AGAIN, "no pipe: %s", strerror(errno));
	} else {
		struct spawn how = program_spawn(program, in, out[1], keeps_errors ? err[1] : STDERR_FILENO);

		if ((p->child = child_start(l, &how, program_on_exit, p)) == NULL)
			e = program_start_error(a);
	}
	program_close(in);
	program_close(out[1]);
	program_close(err[1]);
	if (e != NULL) {
		program_close(out[0]);
		program_close(err[0]);
		program_free(p);
		return e;
	}
	program_stream_open(p, &p->output, out[0]);
	if (keeps_errors)
		program_stream_open(p, &p->errors, err[0]);
	loop_timer(l, &p->late, program->timeout_ms);
	*ret_process = p;
	return NULL;
}

struct program_process *
program_cancel(struct program_process *p)
{
	if (p != NULL)
		program_free(p);
	return NULL;
}

struct program_wait {
	struct loop *loop;
	struct arena *arena;
	const char *name;
	struct bytes output;
	struct err *err;
};

/* Returns the text of standard error in one line, without control characters. */
static const char *
program_last_words(struct arena *a, const char *errors)
{
	char *text = arena_strdup(a, errors);
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return text;
}

static void
program_on_done(void *arg, const struct program_end *end)
{
	struct program_wait *w = arg;
	const char *words = program_last_words(w->arena, end->errors.at);

	if (end->err != NULL)
		w->err = err_wrap(w->arena, err_copy(w->arena, end->err), "%s", w->name);
	else if (end->exit_code != 0 && words[0] != '\0')
		w->err = err_new(w->arena, ERR_AGAIN, "%s", words);
	else if (end->exit_code == 127)
		w->err = err_new(w->arena, ERR_AGAIN, "%s: cannot be run", w->name);
	else if (end->exit_code != 0)
		w->err = err_new(w->arena, ERR_AGAIN, "%s: exit code %d", w->name, end->exit_code);
	else
		w->output = (struct bytes){ arena_strndup(w->arena, end->output.at, end->output.len), end->output.len };
	loop_stop(w->loop);
}

struct err *
program_run(struct arena *a, const struct program *program, struct bytes *ret_output)
{
	struct program_wait w = { .loop = loop_ev_new(), .arena = a, .name = program->argv[0] };
	struct program_process *process;

	if (w.loop == NULL)
		return err_new(a, ERR_AGAIN, "%s: no loop: %s", w.name, strerror(errno));
	w.err = program_start(w.loop, a, program, program_on_done, &w, &process);
	if (w.err != NULL)
		w.err = err_wrap(a, w.err, "%s", w.name);
	else
		loop_run(w.loop);
	loop_free(w.loop);
	if (w.err == NULL)
		*ret_output = w.output;
	return w.err;
}

struct err *
coprocess_start(struct arena *a, const struct program *program, struct coprocess *ret)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	struct err *e = NULL;
	pid_t pid = -1;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
		e = err_new(a, ERR_AGAIN, "%s: no pipe: %s", program->argv[0], strerror(errno));
	} else {
		struct spawn how = program_spawn(program, in[0], out[1], -1);

		if ((pid = spawn(&how)) < 0)
			e = err_wrap(a, program_start_error(a), "%s", program->argv[0]);
	}
	program_close(in[0]);
	program_close(out[1]);
	if (e != NULL) {
		program_close(in[1]);
		program_close(out[0]);
		return e;
	}
	*ret = (struct coprocess){ .pid = pid, .in = in[1], .out = out[0] };
	return NULL;
}

void
coprocess_stop(struct coprocess *c)
{
	close(c->in);
	close(c->out);
	spawn_end(c->pid, SIGKILL);
}
