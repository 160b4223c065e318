/* tests/unit/machinery/script.h: a transport whose requests wait until the test responds to them.
 *
 * The tests of this folder run the machinery of kube/ (cache, queue, watch, lease, executor) in virtual time. They
 * link the impure objects too, unlike the other unit tests. What a test does not respond to stays open, as with a
 * silent API server.
 */
#pragma once
#include <stdio.h>
#include "kube/transport.h"
#include "tests/unit/unit.h"

#define SCRIPT_MAX 64

struct exchange {
	struct script *script;
	char method[8], url[400];
	char headers[400]; /* "NAME: VALUE\n" each */
	char *body; /* NULL: none */
	bool stream, open;
	enum urgency urgency;
	const struct receiver *to;
	void *arg;
};

struct script {
	struct transport transport; /* first: a transport is its script */
	struct exchange sent[SCRIPT_MAX]; /* in the order in which they were sent */
	size_t n;
};

static struct exchange *
script_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct script *s = (struct script *)t;
	struct exchange *e;

	assert_true(s->n < SCRIPT_MAX);
	e = &s->sent[s->n++];
	*e = (struct exchange){
		.script = s, .stream = r->stream, .urgency = r->urgency, .open = true, .to = to, .arg = arg
	};
	snprintf(e->method, sizeof(e->method), "%s", r->method);
	snprintf(e->url, sizeof(e->url), "%s", r->url);
	for (size_t i = 0; i < r->n_headers; i++) {
		size_t at = strlen(e->headers);

		snprintf(e->headers + at, sizeof(e->headers) - at, "%s: %s\n", r->headers[i].name, r->headers[i].value);
	}
	e->body = r->body != NULL ? mem_strdup(r->body) : NULL;
	return e;
}

static void
script_cancel(struct exchange *e)
{
	e->open = false;
}

static struct transport *
script_free(struct transport *t)
{
	struct script *s = (struct script *)t;

	for (size_t i = 0; i < s->n; i++)
		free(s->sent[i].body);
	free(s);
	return NULL;
}

static inline struct script *
script_new(struct loop *l)
{
	static const struct transport_ops ops = { .start = script_start, .cancel = script_cancel, .free = script_free };
	struct script *s = mem_alloc(sizeof(*s));

	s->transport.ops = &ops;
	s->transport.loop = l;
	return s;
}

/* Returns the oldest open request; fails the test unless it has this method and its URL contains `url`. */
static inline struct exchange *
script_open(struct script *s, const char *method, const char *url)
{
	for (size_t i = 0; i < s->n; i++) {
		struct exchange *e = &s->sent[i];

		if (!e->open)
			continue;
		if (strcmp(e->method, method) != 0 || strstr(e->url, url) == NULL)
			fail_msg("the oldest open request is %s %s, expected %s %s", e->method, e->url, method, url);
		return e;
	}
	fail_msg("no request is open, expected %s %s", method, url);
	return NULL;
}

/* Returns how many requests wait for their response. */
static inline size_t
script_n_open(const struct script *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->sent[i].open;
	return n;
}

/* Responds to the oldest open request, which must be `method url`, with a Retry-After. */
static inline void
script_respond_later(
    struct script *s, const char *method, const char *url, int status, const char *body, int64_t retry_after_ms)
{
	struct exchange *e = script_open(s, method, url);
	struct reply reply = { .status = status, .retry_after_ms = retry_after_ms };

	e->open = false;
	if (e->stream && status == 200 && body[0] != '\0')
		e->to->data(e->arg, body, strlen(body));
	else
		reply.body = (struct bytes){ body, strlen(body) };
	e->to->done(e->arg, NULL, &reply);
}

/* The same without one. */
static inline void
script_respond(struct script *s, const char *method, const char *url, int status, const char *body)
{
	script_respond_later(s, method, url, status, body, 0);
}

/* Ends the oldest open request without a response: whether it took effect is not known. */
static inline void
script_lose(struct script *s, const char *method, const char *url)
{
	struct exchange *e = script_open(s, method, url);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct reply reply = { 0 };

	e->open = false;
	e->to->done(e->arg, err_new(a, ERR_AGAIN, "timed out"), &reply);
}

/* Sends a piece of a stream that stays open. */
static inline void
script_data(struct exchange *e, const char *text)
{
	e->to->data(e->arg, text, strlen(text));
}
