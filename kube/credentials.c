/* kube/credentials.c: the program, its output, and how long that holds. */
#include "kube/credentials.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "io/child.h"

#define OUTPUT_MAX (1u << 20)
#define RUN_MS 60000
#define MEMORY_MAX (4ull << 30) /* bytes; the clouds' tools are large */
#define EARLY_MS 5000 /* renewed so long before it expires */
#define STOP_MS 100

struct credentials {
	struct loop *loop;
	const struct config_exec *exec;
	void (*changed)(void *);
	void *arg;
	struct child *child; /* NULL: none runs */
	struct loop_io io; /* its output */
	struct timer late;
	struct str output;
	bool ended, closed; /* the program; its output */
	int status;
	struct arena *arena; /* of what it said; NULL: nothing yet, or it failed */
	struct credential said;
	int64_t expires_at; /* wall ms; 0: never */
	char *failure; /* of the last run; told once */
};

static void
forget(struct credentials *c)
{
	c->arena = arena_free(c->arena);
	c->said = (struct credential){ 0 };
	c->expires_at = 0;
}

static void
stop(struct credentials *c)
{
	loop_timer_stop(c->loop, &c->late);
	if (c->io.fd >= 0) {
		loop_io_stop(c->loop, &c->io);
		close(c->io.fd);
		c->io.fd = -1;
	}
	c->child = child_stop(c->child, STOP_MS);
}

/* NULL, or why not. */
static const char *
read_output(struct credentials *c)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const json_t *status;
	const char *expires;
	struct err *e;

	forget(c);
	c->arena = arena_new();
	if (c->output.overflow)
		return "its output is too long for a credential";
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) != 0)
		return arena_printf(c->arena, "it ended with %s %d", WIFEXITED(c->status) ? "exit code" : "signal",
		    WIFEXITED(c->status) ? WEXITSTATUS(c->status) : WTERMSIG(c->status));
	if ((e = json_parse(c->arena, str_text(&c->output), c->output.len, &j)) != NULL)
		return arena_printf(c->arena, "its output is not JSON: %s", err_text(c->arena, e));
	status = json_object_get(j, "status");
	if (!str_eq(json_str(j, "kind"), "ExecCredential") || !json_is_object(status))
		return "its output is not an ExecCredential with a status";
	c->said = (struct credential){ arena_strdup(c->arena, json_str(status, "token")),
		arena_strdup(c->arena, json_str(status, "clientCertificateData")),
		arena_strdup(c->arena, json_str(status, "clientKeyData")) };
	if (c->said.token == NULL && (c->said.cert == NULL || c->said.key == NULL))
		return "its output has neither a token nor a client certificate and key";
	expires = json_str(status, "expirationTimestamp");
	if (expires != NULL && !time_parse(expires, &c->expires_at))
		return "its expirationTimestamp is no time";
	return NULL;
}

static void
finish(struct credentials *c, const char *failure)
{
	_cleanup_(freep) char *text = NULL;

	if (failure == NULL)
		failure = read_output(c);
	if (failure != NULL)
		text =
		    mem_printf("exec: %s: %s%s%s", c->exec->command, failure, c->exec->install_hint != NULL ? "\n" : "",
			c->exec->install_hint != NULL ? c->exec->install_hint : "");
	stop(c);
	if (text != NULL)
		forget(c);
	free(c->failure);
	c->failure = TAKE_PTR(text);
	str_done(&c->output);
	c->changed(c->arg);
}

static void
on_exited(void *arg, int status)
{
	struct credentials *c = arg;

	c->ended = true;
	c->status = status;
	if (c->closed)
		finish(c, NULL);
}

static void
on_output(struct loop_io *io, int events, void *arg)
{
	struct credentials *c = arg;
	char room[4096];
	ssize_t n = read(io->fd, room, sizeof(room));

	(void)events;
	if (n > 0) {
		str_add(&c->output, room, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_io_stop(c->loop, io);
	close(io->fd);
	io->fd = -1;
	c->closed = true;
	if (c->ended)
		finish(c, NULL);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, "it did not end in time");
}

/* NULL, or why not. */
static const char *
run(struct credentials *c, struct arena *a)
{
	const struct config_exec *x = c->exec;
	const char **argv = arena_new_array(a, const char *, x->args.n + 2);
	const char **env = arena_new_array(a, const char *, x->env.n + 2);
	int fds[2];

	argv[0] = x->command;
	for (size_t i = 0; i < x->args.n; i++)
		argv[i + 1] = x->args.at[i];
	for (size_t i = 0; i < x->env.n; i++)
		env[i] = arena_printf(a, "%s=%s", x->env.at[i].key, x->env.at[i].value);
	env[x->env.n] = arena_printf(a,
	    "KUBERNETES_EXEC_INFO={\"apiVersion\":\"%s\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false%s%"
	    "s}}",
	    x->api_version, x->cluster_info != NULL ? ",\"cluster\":" : "",
	    x->cluster_info != NULL ? x->cluster_info : "");
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return strerror(errno);
	c->ended = c->closed = false;
	str_init(&c->output, OUTPUT_MAX);
	c->child = child_start(c->loop,
	    &(struct spawn){ .argv = argv,
		.keep = SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS,
		.env = env,
		.in = -1,
		.out = fds[1],
		.err = STDERR_FILENO,
		.reach = SPAWN_USER,
		.cpu_s = RUN_MS / 1000,
		.memory_max = MEMORY_MAX },
	    on_exited, c);
	close(fds[1]);
	if (c->child == NULL) {
		close(fds[0]);
		return arena_printf(a, "it cannot be started: %s", strerror(errno));
	}
	c->io = (struct loop_io){ .fd = fds[0], .events = LOOP_READ, .ready = on_output, .arg = c };
	loop_io_start(c->loop, &c->io);
	loop_timer(c->loop, &c->late, RUN_MS);
	return NULL;
}

struct credentials *
credentials_new(struct loop *l, const struct config_exec *exec, void (*changed)(void *), void *arg)
{
	struct credentials *c = mem_alloc(sizeof(*c));

	*c = (struct credentials){
		.loop = l, .exec = exec, .changed = changed, .arg = arg, .io = { .fd = -1 }, .late = { .fire = on_late }
	};
	c->late.arg = c;
	return c;
}

enum credentials_state
credentials_get(struct credentials *c, struct arena *a, struct credential *ret, struct err **ret_err)
{
	const char *why;

	if (c->child != NULL)
		return CREDENTIALS_WAITING;
	if (c->failure != NULL) {
		*ret_err = err_new(a, ERR_AGAIN, "%s", c->failure);
		free(c->failure);
		c->failure = NULL;
		return CREDENTIALS_FAILED;
	}
	if (c->arena != NULL && (c->expires_at == 0 || loop_wall(c->loop) < c->expires_at - EARLY_MS)) {
		*ret = c->said;
		return CREDENTIALS_READY;
	}
	if ((why = run(c, a)) != NULL) {
		*ret_err = err_new(a, ERR_INVALID, "exec: %s: %s%s%s", c->exec->command, why,
		    c->exec->install_hint != NULL ? "\n" : "",
		    c->exec->install_hint != NULL ? c->exec->install_hint : "");
		return CREDENTIALS_FAILED;
	}
	return CREDENTIALS_WAITING;
}

void
credentials_refused(struct credentials *c)
{
	if (c->child == NULL)
		forget(c);
}

struct credentials *
credentials_free(struct credentials *c)
{
	if (c == NULL)
		return NULL;
	stop(c);
	forget(c);
	str_done(&c->output);
	free(c->failure);
	free(c);
	return NULL;
}
