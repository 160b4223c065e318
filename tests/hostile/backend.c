/* tests/hostile/backend.c: where true responses come from: another server, a file, or `git http-backend`. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/file.h"
#include "tests/hostile/hostile.h"

#define LINE_MAX_BYTES (16u << 20) /* of a watch */
#define BOOKMARK "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}\n"

static struct response
response_none(void)
{
	return (struct response){ 502, "", { "no response\n", 10 } };
}

/* Splits a whole response; `first` is where its header lines begin. */
static struct response
response_split(struct exchange *x, const struct str *all, size_t first, int status)
{
	const char *end = strstr(str_text(all), "\r\n\r\n");
	size_t head_len = end != NULL ? (size_t)(end - all->at) + 2 : 0;
	const char *head;

	if (end == NULL)
		return response_none();
	head = arena_strndup(x->arena, all->at + first, head_len - first);
	return (struct response){ status, head,
		{ arena_strndup(x->arena, all->at + head_len + 2, all->len - head_len - 2), all->len - head_len - 2 } };
}

/* A body without its chunks; it is shorter, and stays where it is. */
static size_t
chunks_join(char *at, size_t len)
{
	size_t from = 0, to = 0;

	while (from < len) {
		size_t n = strtoul(at + from, NULL, 16);

		from += strcspn(at + from, "\n") + 1;
		if (n == 0 || from > len || n > len - from)
			break;
		memmove(at + to, at + from, n);
		to += n;
		from += n + 2;
	}
	return to;
}

static int
server_connect(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long long port = 0;

	str_int(backend.where, 1, 65535, &port);
	at.sin_port = htons((uint16_t)port);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The request, as one that is the last of its connection. */
static bool
server_request(struct exchange *x, int fd)
{
	const char *text = arena_printf(x->arena, "%s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", x->line,
	    header_without_length(x->arena, x->head), x->body.len);

	return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
	       send(fd, x->body.at, x->body.len, MSG_NOSIGNAL) == (ssize_t)x->body.len;
}

/* Reads more of the response; false at its end, or when the fault has ended. */
static bool
server_read(struct exchange *x, int fd, struct str *to)
{
	char buffer[65536];
	ssize_t n;

	if (!wait_readable(fd, x) || (n = recv(fd, buffer, sizeof(buffer), 0)) <= 0)
		return false;
	return str_add(to, buffer, (size_t)n);
}

static int
server_status(const struct str *response)
{
	const char *space = strchr(str_text(response), ' ');

	return space != NULL ? (int)strtol(space, NULL, 10) : 502;
}

static struct response
server_response(struct exchange *x)
{
	int fd = server_connect();
	const char *coding;
	struct response r;
	struct str all;

	if (fd < 0)
		return response_none();
	str_init(&all, TEXT_MAX);
	if (server_request(x, fd))
		while (server_read(x, fd, &all))
			;
	close(fd);
	r = response_split(x, &all, strcspn(str_text(&all), "\n") + 1, server_status(&all));
	str_done(&all);
	coding = header_value(x->arena, r.head, "Transfer-Encoding");
	if (coding != NULL && strcasecmp(coding, "chunked") == 0)
		r.body.len = chunks_join((char *)r.body.at, r.body.len);
	r.head = header_without_length(x->arena, r.head);
	return r;
}

/* One line of a watch; false: the watch has ended. */
static bool
watch_send(struct exchange *x, const char *line, size_t len)
{
	struct setting m = setting_now();

	if (setting_concerns(&m, x) && m.fault->spoil == NULL)
		return false;
	x->setting = m; /* bytes sent from now on are counted for it */
	if (setting_concerns(&m, x)) {
		line = m.fault->spoil(x, arena_strndup(x->arena, line, len));
		len = strlen(line);
	}
	return client_send(x, line, len);
}

/* Takes whole chunks off `in`; false at the last one. */
static bool
chunks_take(struct str *in, struct str *to)
{
	const char *end;

	while ((end = memchr(str_text(in), '\n', in->len)) != NULL) {
		size_t n = strtoul(in->at, NULL, 16), head = (size_t)(end - in->at) + 1;

		if (n == 0)
			return false;
		if (in->len < head + n + 2)
			break;
		str_add(to, in->at + head, n);
		str_cut(in, head + n + 2);
	}
	return true;
}

/* True: there is more of the watch to come, or the fault has changed to one that does not end it. */
static bool
watch_continues(struct exchange *x, int fd, struct str *in)
{
	struct setting m;

	if (server_read(x, fd, in))
		return true;
	m = setting_now();
	if (m.generation == x->setting.generation || (setting_concerns(&m, x) && m.fault->spoil == NULL))
		return false;
	x->setting = m;
	return true;
}

void
watch_relay(struct exchange *x)
{
	int fd = server_connect();
	struct str in, lines;
	const char *end;
	bool more;

	str_init(&in, TEXT_MAX);
	str_init(&lines, LINE_MAX_BYTES);
	more = fd >= 0 && server_request(x, fd);
	while (more && (end = strstr(str_text(&in), "\r\n\r\n")) == NULL)
		more = watch_continues(x, fd, &in);
	if (more && server_status(&in) == 200) {
		str_cut(&in, (size_t)(end - in.at) + 4);
		more =
		    client_sendf(x, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");
	} else if (more) {
		/* A refusal is short, and handed on as it is. */
		while (server_read(x, fd, &in))
			;
		client_send(x, in.at, in.len);
		more = false;
	}
	while (more) {
		more = chunks_take(&in, &lines);
		while (more && lines.len > 0 && (end = memchr(lines.at, '\n', lines.len)) != NULL) {
			more = watch_send(x, lines.at, (size_t)(end - lines.at) + 1);
			str_cut(&lines, (size_t)(end - lines.at) + 1);
		}
		more = more && watch_continues(x, fd, &in);
	}
	str_done(&in);
	str_done(&lines);
	if (fd >= 0)
		close(fd);
	shutdown(x->client, SHUT_RDWR);
}

static struct response
file_response(struct exchange *x)
{
	struct response r = { 200, "Content-Type: application/json\r\n", { "", 0 } };

	return file_read(x->arena, backend.where, TEXT_MAX, &r.body) == NULL ? r : response_none();
}

/* CGI, RFC 3875. */
static struct response
git_response(struct exchange *x)
{
	const char *query = strchr(x->target, '?'), *coding = header_value(x->arena, x->head, "Content-Encoding"),
		   *protocol = header_value(x->arena, x->head, "Git-Protocol"),
		   *type = header_value(x->arena, x->head, "Content-Type");
	char *env[] = { arena_printf(x->arena, "PATH=%s", getenv("PATH")), arena_printf(x->arena, "HOME=/nowhere"),
		arena_printf(x->arena, "GIT_PROJECT_ROOT=%s", backend.where),
		arena_printf(x->arena, "GIT_HTTP_EXPORT_ALL=1"), arena_printf(x->arena, "GIT_CONFIG_COUNT=1"),
		arena_printf(x->arena, "GIT_CONFIG_KEY_0=safe.directory"),
		arena_printf(x->arena, "GIT_CONFIG_VALUE_0=*"), arena_printf(x->arena, "REQUEST_METHOD=%s", x->method),
		arena_printf(x->arena, "PATH_INFO=%.*s", (int)strcspn(x->target, "?"), x->target),
		arena_printf(x->arena, "QUERY_STRING=%s", query != NULL ? query + 1 : ""),
		arena_printf(x->arena, "CONTENT_LENGTH=%zu", x->body.len),
		arena_printf(x->arena, "CONTENT_TYPE=%s", type != NULL ? type : ""),
		arena_printf(x->arena, "HTTP_CONTENT_ENCODING=%s", coding != NULL ? coding : ""),
		arena_printf(x->arena, "GIT_PROTOCOL=%s", protocol != NULL ? protocol : ""),
		arena_printf(x->arena, "REMOTE_ADDR=127.0.0.1"), NULL };
	char *argv[] = { arena_strdup(x->arena, "git"), arena_strdup(x->arena, "http-backend"), NULL };
	int in = memfd_create("request", MFD_CLOEXEC), out[2], status;
	posix_spawn_file_actions_t actions;
	struct response r;
	const char *value;
	struct str all;
	pid_t pid;

	if (in < 0 || pipe2(out, O_CLOEXEC) != 0 || write(in, x->body.at, x->body.len) != (ssize_t)x->body.len)
		return response_none();
	lseek(in, 0, SEEK_SET);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	if (posix_spawnp(&pid, "git", &actions, NULL, argv, env) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(in);
	close(out[1]);
	str_init(&all, TEXT_MAX);
	for (;;) {
		char buffer[65536];
		ssize_t n = read(out[0], buffer, sizeof(buffer));

		if (n <= 0)
			break;
		str_add(&all, buffer, (size_t)n);
	}
	close(out[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	r = response_split(x, &all, 0, 200);
	str_done(&all);
	if ((value = header_value(x->arena, r.head, "Status")) != NULL)
		r.status = (int)strtol(value, NULL, 10);
	return r;
}

struct response
response_get(struct exchange *x)
{
	if (is_watch(x) && backend.kind == BACKEND_SERVER)
		return (
		    struct response){ 200, "Content-Type: application/json\r\n", { BOOKMARK, sizeof(BOOKMARK) - 1 } };
	return backend.kind == BACKEND_SERVER ? server_response(x)
	       : backend.kind == BACKEND_FILE ? file_response(x)
					      : git_response(x);
}
