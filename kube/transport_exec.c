/* kube/transport_exec.c: a child process an exchange, its output read from a pipe. */
#include "kube/transport_exec.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/json.h"
#include "io/child.h"
#include "kube/turns.h"

#define FILES_MAX 1024 /* descriptors of a program */
#define PROGRAMS_MAX 64 /* that run at once, workers not counted; others wait for the end of one */
#define PROGRAMS_TENANT_MAX 32 /* of them for one namespace */

struct exec_transport {
	struct transport transport; /* first */
	struct exchange *list;
	struct turns programs, workers;
};

struct exchange {
	struct exec_transport *owner;
	struct turn turn; /* its arg is the exchange; while it waits, nothing has been started */
	json_t *how; /* what is run */
	char *body; /* its input until it is; NULL: none, or not any more */
	int64_t timeout_ms;
	struct exchange *next;
	struct receiver to;
	void *arg;
	struct child *child; /* NULL: it could not be started, or has ended */
	struct loop_io io; /* fd -1: closed */
	struct timer timer; /* it is late; or the exchange is over before it began */
	struct str output;
	struct arena *arena;
	const char *program;
	const struct err *err; /* it could not be started */
	bool ended;
	int status; /* as of waitpid */
};

static void exchange_leave(struct exchange *);

static void
exchange_free(struct exchange *x)
{
	struct loop *l = x->owner->transport.loop;

	for (struct exchange **at = &x->owner->list; *at != NULL; at = &(*at)->next)
		if (*at == x) {
			*at = x->next;
			break;
		}
	loop_timer_stop(l, &x->timer);
	if (x->io.fd >= 0) {
		loop_io_stop(l, &x->io);
		close(x->io.fd);
	}
	child_stop(x->child, 0);
	exchange_leave(x);
	json_decref(x->how);
	free(x->body);
	str_done(&x->output);
	arena_free(x->arena);
	free(x);
}

/* Tells how it ended, and is gone. */
static void
finish(struct exchange *x, const struct err *e)
{
	struct reply r = { 0 };

	if (e == NULL && x->output.overflow)
		e = err_new(x->arena, ERR_INVALID, "%s: its output is too large", x->program);
	else if (e == NULL && !WIFEXITED(x->status))
		e = err_new(x->arena, ERR_AGAIN, "%s: it ended with signal %d", x->program, WTERMSIG(x->status));
	if (e == NULL)
		r = (struct reply){ .status = WEXITSTATUS(x->status) == 0 ? 200 : 500,
			.body = { str_text(&x->output), x->output.len } };
	x->to.done(x->arg, e, &r);
	exchange_free(x);
}

static void
on_exited(void *arg, int status)
{
	struct exchange *x = arg;

	x->ended = true;
	x->status = status;
	if (x->io.fd < 0)
		finish(x, NULL);
}

static void
on_output(struct loop_io *io, int events, void *arg)
{
	struct exchange *x = arg;
	char room[4096];
	ssize_t n = read(io->fd, room, sizeof(room));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && !x->output.overflow) {
		str_add(&x->output, room, (size_t)n);
		if (!x->output.overflow)
			return;
		finish(x, NULL);
		return;
	}
	loop_io_stop(x->owner->transport.loop, io);
	close(io->fd);
	io->fd = -1;
	if (x->ended)
		finish(x, NULL);
}

static void
on_timer(struct timer *t, void *arg)
{
	struct exchange *x = arg;

	(void)t;
	finish(x, x->err != NULL ? x->err : err_new(x->arena, ERR_AGAIN, "%s: it did not end in time", x->program));
}

/* A descriptor from which the body is read; -1: none could be made. */
static int
input_of(const char *body)
{
	size_t n = body != NULL ? strlen(body) : 0;
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, body != NULL ? body : "", n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* NULL, or why it does not run. */
static const struct err *
run(struct exchange *x)
{
	const json_t *how = x->how, *list = json_object_get(how, "argv");
	size_t n = json_array_size(list);
	const char **argv = arena_new_array(x->arena, const char *, n + 1);
	int fds[2], in;

	for (size_t i = 0; i < n; i++)
		argv[i] = arena_strdup(x->arena, json_string_value(json_array_get(list, i)) ?: "");
	if (n == 0)
		return err_new(x->arena, ERR_INVALID, "no program is named");
	x->program = argv[0];
	if ((in = input_of(x->body)) < 0 || pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
		if (in >= 0)
			close(in);
		return err_new(x->arena, ERR_AGAIN, "%s: %s", x->program, strerror(errno));
	}
	x->child = child_start(x->owner->transport.loop,
	    &(struct spawn){ .argv = argv,
		.keep = json_str(how, "environment"),
		.in = in,
		.out = fds[1],
		.err = json_is_true(json_object_get(how, "errors")) ? fds[1] : STDERR_FILENO,
		.reach = json_is_true(json_object_get(how, "user")) ? SPAWN_USER : SPAWN_NETWORK,
		.cpu_s = x->timeout_ms / 1000 + 1,
		.memory_max = (uint64_t)json_integer_value(json_object_get(how, "memoryMax")),
		.files_max = FILES_MAX },
	    on_exited, x);
	close(in);
	close(fds[1]);
	if (x->child == NULL) {
		close(fds[0]);
		return err_new(x->arena, ERR_AGAIN, "%s: it cannot be started: %s", x->program, strerror(errno));
	}
	x->io = (struct loop_io){ .fd = fds[0], .events = LOOP_READ, .ready = on_output, .arg = x };
	loop_io_start(x->owner->transport.loop, &x->io);
	return NULL;
}

/* It has a place; its time-out begins. */
static void
exchange_run(struct exchange *x)
{
	x->err = run(x);
	free(x->body);
	x->body = NULL;
	loop_timer(x->owner->transport.loop, &x->timer, x->err != NULL ? 0 : x->timeout_ms);
}

static struct turns *
turns_of(const struct exchange *x)
{
	return json_is_true(json_object_get(x->how, "worker")) ? &x->owner->workers : &x->owner->programs;
}

/* Gives its place to the next one. */
static void
exchange_leave(struct exchange *x)
{
	struct turn *next = turn_end(turns_of(x), &x->turn);

	if (next != NULL)
		exchange_run(next->arg);
}

static struct exchange *
start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct exec_transport *owner = (struct exec_transport *)t;
	struct exchange *x = mem_alloc(sizeof(*x));

	*x = (struct exchange){ .owner = owner,
		.next = owner->list,
		.to = *to,
		.arg = arg,
		.io = { .fd = -1 },
		.timer = { .fire = on_timer, .arg = x },
		.turn = { .arg = x },
		.how = json_loads(r->url, 0, NULL),
		.body = r->body != NULL ? mem_strdup(r->body) : NULL,
		.timeout_ms = r->timeout_ms,
		.arena = arena_new() };
	owner->list = x;
	str_init(&x->output, r->answer_max);
	if (turn_take(turns_of(x), &x->turn, r->tenant, r->owner))
		exchange_run(x);
	return x;
}

static struct transport *
transport_free_(struct transport *t)
{
	struct exec_transport *owner = (struct exec_transport *)t;

	/* None of those that wait has its turn any more. */
	for (struct exchange *x = owner->list; x != NULL; x = x->next)
		if (x->turn.waits)
			turn_end(turns_of(x), &x->turn);
	for (struct exchange *x; (x = owner->list) != NULL;) {
		owner->list = x->next;
		exchange_free(x);
	}
	free(owner);
	return NULL;
}

struct transport *
transport_exec_new(struct loop *l, size_t workers)
{
	static const struct transport_ops ops = { .start = start, .cancel = exchange_free, .free = transport_free_ };
	struct exec_transport *t = mem_alloc(sizeof(*t));

	t->transport = (struct transport){ .ops = &ops, .loop = l };
	t->programs.limits = (struct turns_limits){ PROGRAMS_MAX, PROGRAMS_TENANT_MAX, PROGRAMS_TENANT_MAX };
	/* One tenant leaves a place to others, and one repository half of them. */
	t->workers.limits =
	    (struct turns_limits){ workers, workers > 1 ? workers - (workers + 3) / 4 : 1, (workers + 1) / 2 };
	return &t->transport;
}
