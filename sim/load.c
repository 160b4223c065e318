/* sim/load.c: load generator of the demo: sends requests at a steady rate, one timer for each request. */
#include "sim/load.h"
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 5000
#define RESPONSE_MAX 65536

struct sent {
	struct load *load;
	struct exchange *exchange;
	int64_t at;
	struct sent *next;
};

struct load {
	struct loop *loop;
	struct transport *transport;
	char *url;
	int rate;
	int64_t started;
	long long n;
	size_t waiting;
	struct sent *list;
	struct timer timer;
	void (*responded)(void *, const struct load_response *);
	void *arg;
};

static void
load_on_done(void *arg, const struct err *e, const struct reply *reply)
{
	struct sent *s = arg;
	struct load *l = s->load;
	char version[64] = "";
	struct load_response response = {
		.sent = s->at, .done = loop_mono(l->loop), .status = reply->status, .version = version
	};
	size_t len = 0;

	(void)e;
	while (len < reply->body.len && reply->body.at[len] != '\n' && len < sizeof(version) - 1)
		len++;
	if (len > 0)
		memcpy(version, reply->body.at, len);
	for (struct sent **at = &l->list; *at != NULL; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	l->waiting--;
	free(s);
	l->responded(l->arg, &response);
}

static void
load_on_timer(struct timer *t, void *arg)
{
	static const struct receiver receiver = { .done = load_on_done };
	struct load *l = arg;
	int64_t now = loop_mono(l->loop);

	for (; l->started + l->n * 1000 / l->rate <= now; l->n++) {
		struct request r = {
			.method = "GET", .url = l->url, .timeout_ms = TIMEOUT_MS, .response_max = RESPONSE_MAX
		};
		struct sent *s;

		if (l->waiting >= LOAD_WAITING_MAX) {
			l->responded(l->arg, &(struct load_response){ .sent = now, .done = now, .version = "" });
			continue;
		}
		s = mem_alloc(sizeof(*s));
		*s = (struct sent){ .load = l, .at = now, .next = l->list };
		l->list = s;
		l->waiting++;
		s->exchange = transport_start(l->transport, &r, &receiver, s);
	}
	loop_timer(l->loop, t, l->started + l->n * 1000 / l->rate - now);
}

struct load *
load_new(struct loop *loop, struct transport *transport, const char *url, int rate,
    void (*responded)(void *, const struct load_response *), void *arg)
{
	struct load *l = mem_alloc(sizeof(*l));

	*l = (struct load){ .loop = loop,
		.transport = transport,
		.url = mem_strdup(url),
		.rate = rate,
		.started = loop_mono(loop),
		.timer = { .fire = load_on_timer, .arg = l },
		.responded = responded,
		.arg = arg };
	loop_timer(loop, &l->timer, 0);
	return l;
}

struct load *
load_free(struct load *l)
{
	if (l == NULL)
		return NULL;
	loop_timer_stop(l->loop, &l->timer);
	while (l->list != NULL) {
		struct sent *s = l->list;

		l->list = s->next;
		transport_cancel(l->transport, s->exchange);
		free(s);
	}
	free(l->url);
	free(l);
	return NULL;
}
