/* kube/transport_exec.c: a child process an exchange, its output read from a pipe. */
#include "kube/transport_exec.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/child.h"
#include "base/json.h"

struct exec_transport {
	struct transport transport; /* first */
	struct exchange *list;
};

struct exchange {
	struct exec_transport *owner;
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
		e = err_new(x->arena, ERR_INVALID, "%s: it says more than is read", x->program);
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
run(struct exchange *x, const struct request *r)
{
	_cleanup_(json_decrefp) json_t *list = json_loads(r->url, 0, NULL);
	size_t n = json_array_size(list);
	const char **argv = arena_new_array(x->arena, const char *, n + 1);
	int fds[2], in;

	for (size_t i = 0; i < n; i++)
		argv[i] = arena_strdup(x->arena, json_string_value(json_array_get(list, i)) ?: "");
	if (n == 0)
		return err_new(x->arena, ERR_INVALID, "no program is named");
	x->program = argv[0];
	if ((in = input_of(r->body)) < 0 || pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
		if (in >= 0)
			close(in);
		return err_new(x->arena, ERR_AGAIN, "%s: %s", x->program, strerror(errno));
	}
	x->child = child_start_piped(x->owner->transport.loop, argv, NULL, in, fds[1], on_exited, x);
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
		.arena = arena_new() };
	owner->list = x;
	str_init(&x->output, r->answer_max);
	x->err = run(x, r);
	loop_timer(t->loop, &x->timer, x->err != NULL ? 0 : r->timeout_ms);
	return x;
}

static struct transport *
transport_free_(struct transport *t)
{
	struct exec_transport *owner = (struct exec_transport *)t;

	for (struct exchange *x; (x = owner->list) != NULL;) {
		owner->list = x->next;
		exchange_free(x);
	}
	free(owner);
	return NULL;
}

struct transport *
transport_exec_new(struct loop *l)
{
	static const struct transport_ops ops = { .start = start, .cancel = exchange_free, .free = transport_free_ };
	struct exec_transport *t = mem_alloc(sizeof(*t));

	t->transport = (struct transport){ .ops = &ops, .loop = l };
	return &t->transport;
}
