/* tests/hostile/faults.c: the faults of a server, a row each. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "tests/hostile/hostile.h"

#define DEPTH 100000
#define PIECE (64u << 10)
#define JSON "Content-Type: application/json\r\n"

/* Waits until the fault has ended, or the client hangs up. */
static void
hang(struct exchange *x)
{
	char c;

	while (wait_readable(x->client, x) && recv(x->client, &c, 1, 0) > 0)
		;
	shutdown(x->client, SHUT_RDWR);
}

/* Sends a piece again and again: at once, or one in each tick. */
static void
repeat(struct exchange *x, const char *piece, bool slowly)
{
	size_t n = strlen(piece);

	while (client_send(x, piece, n))
		if (slowly)
			poll(NULL, 0, TICK_MS);
	shutdown(x->client, SHUT_RDWR);
}

static const char *
piece_of(struct exchange *x, char c)
{
	char *piece = arena_alloc(x->arena, PIECE + 1);

	memset(piece, c, PIECE);
	return piece;
}

static void
play_silent(struct exchange *x)
{
	hang(x);
}

/* The connection is broken off without a response. */
static void
play_reset(struct exchange *x)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(x->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shutdown(x->client, SHUT_RD);
}

static void
play_cut_header(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 200 OK\r\nContent-Ty");
	shutdown(x->client, SHUT_RDWR);
}

/* Sends half of a body, with a Content-Length of `of` halves. */
static void
play_length(struct exchange *x, size_t of, bool whole, bool hangs)
{
	struct response r = response_get(x);

	client_sendf(x, "HTTP/1.1 %d Response\r\n%sContent-Length: %zu\r\n\r\n", r.status, r.head, r.body.len * of / 2);
	client_send(x, r.body.at, whole ? r.body.len : r.body.len / 2);
	if (hangs)
		hang(x);
	else
		shutdown(x->client, SHUT_RDWR);
}

static void
play_cut_body(struct exchange *x)
{
	play_length(x, 2, false, false);
}

static void
play_long_length(struct exchange *x)
{
	play_length(x, 4, true, true);
}

/* The rest of the body is at the place where the next response would begin. */
static void
play_short_length(struct exchange *x)
{
	play_length(x, 1, true, true);
}

static void
play_no_length(struct exchange *x)
{
	client_sendf(
	    x, "HTTP/1.1 200 OK\r\n" JSON "Content-Length: -1\r\nContent-Length: 99999999999999999999999\r\n\r\n{}");
	hang(x);
}

static void
play_endless_header(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 200 OK\r\n");
	repeat(x, "X-More: and more\r\n", true);
}

static void
play_flood_header(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 200 OK\r\n");
	repeat(x, "X-More: and more and more and more and more and more\r\n", false);
}

static void
play_flood_line(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 200 OK\r\nX-More: ");
	repeat(x, piece_of(x, 'x'), false);
}

static void
play_flood_interim(struct exchange *x)
{
	repeat(x, "HTTP/1.1 100 Continue\r\n\r\n", false);
}

static void
play_endless_body(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 200 OK\r\n" JSON "Connection: close\r\n\r\n{");
	repeat(x, " ", true);
}

/* A refusal that does not end, which a watch is not to wait for either. */
static void
play_endless_refusal(struct exchange *x)
{
	client_sendf(x, "HTTP/1.1 503 Unavailable\r\n" JSON "Connection: close\r\n\r\n{");
	repeat(x, " ", true);
}

static void
play_flood_body(struct exchange *x)
{
	client_sendf(x,
	    "HTTP/1.1 200 OK\r\n" JSON
	    "Connection: close\r\n\r\n{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{\"name\":\"");
	repeat(x, piece_of(x, 'x'), false);
}

static void
play_bad_chunk(struct exchange *x)
{
	client_sendf(
	    x, "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n");
	hang(x);
}

/* The first bytes of a TLS record. */
static void
play_no_http(struct exchange *x)
{
	client_send(x, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\n\n", 14);
	hang(x);
}

/* /status/CODE[/RETRY-AFTER] */
static void
play_status(struct exchange *x)
{
	long long code = x->setting.numbers[0], after = x->setting.numbers[1];
	const char *text = arena_printf(x->arena,
	    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"a storm\",\"code\":%lld}",
	    code);
	const char *head = after > 0 ? arena_printf(x->arena, JSON "Retry-After: %lld\r\n", after) : JSON;

	if (after > 0)
		retry_after_note(x, after * 1000);
	response_send(x, &(struct response){ (int)code, head, { text, strlen(text) } });
}

/* The fault's text is the header's value. */
static void
play_retry_after(struct exchange *x)
{
	const char *head = arena_printf(x->arena, "Retry-After: %s\r\n", x->setting.text);

	response_send(x, &(struct response){ 429, head, { "{}", 2 } });
}

/* /redirect/CODE: to itself, without end. */
static void
play_redirect(struct exchange *x)
{
	const char *head = arena_printf(x->arena, "Location: %s\r\n", x->target);

	response_send(x, &(struct response){ (int)x->setting.numbers[0], head, { "", 0 } });
}

static void
play_body(struct exchange *x)
{
	response_send(x, &(struct response){ 200, JSON, { x->setting.text, strlen(x->setting.text) } });
}

static void
play_deep(struct exchange *x)
{
	char *text = arena_alloc(x->arena, 2 * DEPTH + 1);

	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	response_send(x, &(struct response){ 200, JSON, { text, 2 * DEPTH } });
}

/* The fault's text has two lines: what is replaced, and by what. */
static const char *
spoil_replace(struct exchange *x, const char *text)
{
	char *save, *lines = arena_strdup(x->arena, x->setting.text), *what = strtok_r(lines, "\n", &save),
		    *by = strtok_r(NULL, "\n", &save);

	return what != NULL ? str_replace(x->arena, text, what, by != NULL ? by : "") : text;
}

/* Every number, truth and null of a JSON text is of another type. */
static const char *
spoil_types(struct exchange *x, const char *text)
{
	bool in_string = false;
	struct str out;

	str_init(&out, TEXT_MAX);
	for (; *text != '\0'; text++) {
		if (*text == '\\' && in_string && text[1] != '\0') {
			str_add(&out, text++, 2);
			continue;
		}
		if (*text == '"')
			in_string = !in_string;
		if (!in_string && strchr("-0123456789tfn", *text) != NULL) {
			str_adds(&out, *text == 't' || *text == 'f' ? "7" : *text == 'n' ? "[0]" : "\"many\"");
			text += strcspn(text, ",]} \n") - 1;
		} else {
			str_addc(&out, *text);
		}
	}
	text = arena_strdup(x->arena, str_text(&out));
	str_done(&out);
	return text;
}

/* Each object's first key is there twice. */
static const char *
spoil_twice(struct exchange *x, const char *text)
{
	return str_replace(x->arena, text, "\"metadata\":", "\"metadata\":{\"name\":\"twice\"},\"metadata\":");
}

static const struct fault faults[] = {
	{ .name = "silent", .play = play_silent },
	{ .name = "reset", .play = play_reset },
	{ .name = "cut-header", .play = play_cut_header },
	{ .name = "cut-body", .play = play_cut_body },
	{ .name = "long-length", .play = play_long_length },
	{ .name = "short-length", .play = play_short_length },
	{ .name = "no-length", .play = play_no_length },
	{ .name = "endless-header", .play = play_endless_header },
	{ .name = "endless-body", .play = play_endless_body },
	{ .name = "endless-refusal", .play = play_endless_refusal },
	{ .name = "flood-header", .play = play_flood_header },
	{ .name = "flood-line", .play = play_flood_line },
	{ .name = "flood-interim", .play = play_flood_interim },
	{ .name = "flood-body", .play = play_flood_body },
	{ .name = "bad-chunk", .play = play_bad_chunk },
	{ .name = "no-http", .play = play_no_http },
	{ .name = "status", .play = play_status },
	{ .name = "retry-after", .play = play_retry_after },
	{ .name = "redirect", .play = play_redirect },
	{ .name = "body", .play = play_body },
	{ .name = "deep", .play = play_deep },
	{ .name = "replace", .spoil = spoil_replace },
	{ .name = "types", .spoil = spoil_types },
	{ .name = "twice", .spoil = spoil_twice },
};

const struct fault *
fault_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (str_eq(name, faults[i].name))
			return &faults[i];
	return NULL;
}
