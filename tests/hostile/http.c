/* tests/hostile/http.c: requests and responses as bytes. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/hostile/hostile.h"

bool
wait_readable(int fd, const struct exchange *x)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int n = poll(&p, 1, TICK_MS);

		if (n > 0)
			return true;
		if ((n < 0 && errno != EINTR) || (x != NULL && setting_is_over(x)))
			return false;
	}
}

bool
client_send(struct exchange *x, const char *at, size_t len)
{
	struct pollfd p = { .fd = x->client, .events = POLLOUT };

	while (len > 0 && !setting_is_over(x)) {
		ssize_t n = send(x->client, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			sent_note(x, (size_t)n);
		} else if (n < 0 && errno == EAGAIN) {
			poll(&p, 1, TICK_MS);
		} else {
			return false;
		}
	}
	return len == 0;
}

bool
client_sendf(struct exchange *x, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = arena_vprintf(x->arena, format, args);
	va_end(args);
	return client_send(x, text, strlen(text));
}

static bool
request_read_more(struct exchange *x)
{
	char buffer[16384];
	ssize_t n;

	if (!wait_readable(x->client, NULL) || (n = recv(x->client, buffer, sizeof(buffer), 0)) <= 0)
		return false;
	return str_add(&x->in, buffer, (size_t)n);
}

bool
request_read(struct exchange *x)
{
	const char *end, *length, *head;
	char *save, *line;
	long long n = 0;
	size_t head_len;

	while ((end = strstr(str_text(&x->in), "\r\n\r\n")) == NULL)
		if (!request_read_more(x))
			return false;
	head_len = (size_t)(end - x->in.at) + 4;
	head = arena_strndup(x->arena, x->in.at, head_len - 2);
	x->line = arena_strndup(x->arena, head, strcspn(head, "\r"));
	x->head = head + strlen(x->line) + 2;
	line = arena_strdup(x->arena, x->line);
	x->method = strtok_r(line, " ", &save);
	x->target = strtok_r(NULL, " ", &save);
	if (x->method == NULL || x->target == NULL)
		return false;
	length = header_value(x->arena, x->head, "Content-Length");
	if (length != NULL && !str_int(length, 0, TEXT_MAX, &n))
		return false;
	while (x->in.len < head_len + (size_t)n)
		if (!request_read_more(x))
			return false;
	x->body = (struct bytes){ arena_strndup(x->arena, x->in.at + head_len, (size_t)n), (size_t)n };
	str_cut(&x->in, head_len + (size_t)n);
	return true;
}

bool
is_watch(const struct exchange *x)
{
	return strstr(x->target, "?watch=") != NULL || strstr(x->target, "&watch=") != NULL;
}

const char *
header_value(struct arena *a, const char *head, const char *name)
{
	size_t n = strlen(name);

	for (; *head != '\0'; head += strcspn(head, "\n") + 1)
		if (strncasecmp(head, name, n) == 0 && head[n] == ':') {
			head += n + 1 + strspn(head + n + 1, " ");
			return arena_strndup(a, head, strcspn(head, "\r\n"));
		}
	return NULL;
}

const char *
header_without_length(struct arena *a, const char *head)
{
	static const char *const hop[] = { "Content-Length:", "Transfer-Encoding:", "Connection:", "Keep-Alive:" };
	const char *kept = "";

	for (; *head != '\0'; head += strcspn(head, "\n") + 1) {
		bool drop = false;

		for (size_t i = 0; i < ARRAY_SIZE(hop); i++)
			drop |= strncasecmp(head, hop[i], strlen(hop[i])) == 0;
		if (!drop)
			kept = arena_printf(a, "%s%.*s\r\n", kept, (int)strcspn(head, "\r\n"), head);
		if (strchr(head, '\n') == NULL)
			break;
	}
	return kept;
}

void
response_send(struct exchange *x, const struct response *r)
{
	if (client_sendf(x, "HTTP/1.1 %d Response\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", r->status,
		r->head, r->body.len))
		client_send(x, r->body.at, r->body.len);
	shutdown(x->client, SHUT_WR);
}
