/* gitops/worker/script.c: sandbox process for jq expressions and Lua health scripts: the child process, and messages
 * to and from it: a length, and that number of bytes of JSON. */
#include "gitops/worker/script_parts.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/str.h"
#include "io/loop.h"
#include "io/spawn.h"

struct scripts {
	struct script_limits limits;
	int pid, fd; /* of the running child; fd < 0: none */
};

struct scripts *
scripts_new(struct script_limits limits)
{
	struct scripts *s = mem_alloc(sizeof(*s));

	assert(limits.cpu_ms > 0 && limits.response_ms > 0);
	*s = (struct scripts){ .limits = limits, .fd = -1 };
	return s;
}

/* Ends the child. Returns its status, as waitpid does; 0: there was no child. */
static int
scripts_stop(struct scripts *s, int signal)
{
	if (s->fd < 0)
		return 0;
	close(s->fd);
	s->fd = -1;
	return spawn_end(s->pid, signal);
}

struct scripts *
scripts_free(struct scripts *s)
{
	if (s != NULL)
		scripts_stop(s, SIGKILL);
	free(s);
	return NULL;
}

/* Sends (`out`) or receives all bytes, until this time (below 0: without limit). */
static bool
script_move(int fd, void *at, size_t n, bool out, int64_t until)
{
	while (n > 0) {
		struct pollfd p = { fd, out ? POLLOUT : POLLIN, 0 };
		int64_t left = until < 0 ? -1 : until - loop_ev_mono();
		ssize_t moved;

		if ((until >= 0 && left <= 0) || poll(&p, 1, (int)left) == 0)
			return false;
		moved = out ? send(fd, at, n, MSG_NOSIGNAL) : recv(fd, at, n, 0);
		if (moved < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (moved <= 0)
			return false;
		at = (char *)at + moved;
		n -= (size_t)moved;
	}
	return true;
}

static bool
script_put(int fd, const char *text, int64_t until)
{
	uint32_t n = (uint32_t)strlen(text);

	return script_move(fd, &n, sizeof(n), true, until) && script_move(fd, (void *)text, n, true, until);
}

/* Reads a message. Returns a new text, owned by the caller; NULL: no message came. */
static char *
script_get(int fd, int64_t until)
{
	uint32_t n;
	char *text;

	if (!script_move(fd, &n, sizeof(n), false, until) || n > SCRIPT_OBJECT_MAX)
		return NULL;
	text = mem_alloc(n + 1);
	if (!script_move(fd, text, n, false, until)) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static void
script_allow_time(int ms)
{
	const struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	setitimer(ITIMER_PROF, &t, NULL);
}

static char *
script_respond(const char *text, int cpu_ms)
{
	_cleanup_(json_decrefp) json_t *q = json_loads(text, 0, NULL), *a = NULL;
	const json_t *object = json_object_get(q, "object");

	/* Ends the process when its time has ended: libjq and Lua cannot be interrupted in another way. */
	script_allow_time(cpu_ms);
	a = json_str(q, "jq") != NULL ? script_jq_paths(json_str(q, "jq"), object)
				      : script_lua_health(json_str(q, "lua"), object);
	script_allow_time(0);
	return json_dumps(a, JSON_COMPACT);
}

/* Runs in the child, whose permissions are removed by then (io/spawn.h, SPAWN_SEALED). */
static int
scripts_serve(void *arg)
{
	const struct scripts *s = arg;
	char *text, *response;

	signal(SIGPROF, SIG_DFL);
	while ((text = script_get(0, -1)) != NULL) {
		response = script_respond(text, s->limits.cpu_ms);
		free(text);
		if (!script_put(0, response, -1))
			break;
		free(response);
	}
	return 0;
}

static struct err *
scripts_start(struct scripts *s, struct arena *a)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return err_new(a, ERR_AGAIN, "no socket for scripts: %s", strerror(errno));
	/* Lua's memory is limited by its allocator; libjq has no such function. */
	s->pid = spawn(&(struct spawn){ .run = scripts_serve,
	    .arg = s,
	    .env_names = "TZ",
	    .in = fds[1],
	    .out = -1,
	    .err = -1,
	    .reach = SPAWN_SEALED,
	    .memory_max = 4 * SCRIPT_MEMORY_MAX,
	    .file_max = UINT64_MAX,
	    .files_max = 3 });
	close(fds[1]);
	if (s->pid < 0) {
		close(fds[0]);
		return err_new(a, ERR_AGAIN, "no process for scripts: %s", strerror(errno));
	}
	s->fd = fds[0];
	return NULL;
}

void
scripts_begin(struct scripts *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	/* An error of the start is reported by the first query. */
	if (s->fd < 0)
		(void)scripts_start(s, a);
}

static struct err *
script_end_reason(const struct scripts *s, struct arena *a, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
		return err_new(a, ERR_INVALID, "it takes longer than %d ms", s->limits.cpu_ms);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
		   ? err_new(a, ERR_AGAIN, "it did not respond within %d s", s->limits.response_ms / 1000)
		   : err_new(a, ERR_INVALID, "it ends the process that runs it: it needs too much memory");
}

/* Sends a query and waits for the response. The query is consumed; *ret is a new reference. */
static struct err *
script_query(struct scripts *s, struct arena *a, json_t *query, json_t **ret)
{
	int64_t until = loop_ev_mono() + s->limits.response_ms;
	const char *text = json_text(a, query);
	char *response = NULL;
	struct err *e;

	json_decref(query);
	if (strlen(text) > SCRIPT_OBJECT_MAX)
		return err_new(a, ERR_INVALID, "the object is too long for a script");
	if (s->fd < 0 && (e = scripts_start(s, a)) != NULL)
		return e;
	if (script_put(s->fd, text, until))
		response = script_get(s->fd, until);
	if (response == NULL) {
		/* If the child has closed its end of the socket, it has ended, and its status is the reason.
		 * Otherwise it is killed. */
		return script_end_reason(s, a, scripts_stop(s, loop_ev_mono() >= until ? SIGKILL : 0));
	}
	*ret = json_loads(response, 0, NULL);
	free(response);
	if (json_str(*ret, "error") == NULL)
		return NULL;
	e = err_new(a, ERR_INVALID, "%s", json_str(*ret, "error"));
	json_decref(*ret);
	*ret = NULL;
	return e;
}

struct err *
script_paths(struct scripts *s, struct arena *a, const char *expression, const json_t *object, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *response = NULL;
	struct err *e = script_query(s, a, json_pack("{s:s, s:O}", "jq", expression, "object", object), &response);

	if (e == NULL)
		*ret = json_incref(json_object_get(response, "paths"));
	return e;
}

struct err *
script_health(struct scripts *s, struct arena *a, const char *text, const json_t *object, const char **ret_status,
    const char **ret_message)
{
	_cleanup_(json_decrefp) json_t *response = NULL;
	struct err *e = script_query(s, a, json_pack("{s:s, s:O}", "lua", text, "object", object), &response);

	if (e != NULL)
		return e;
	*ret_status = arena_strdup(a, json_str(response, "status"));
	*ret_message = json_str(response, "message") != NULL ? arena_strdup(a, json_str(response, "message")) : "";
	return NULL;
}
