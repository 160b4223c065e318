/* sim/in_process.c: transport of the simulation, straight into the store: each request and response is a timer in
 * virtual time. */
#include "sim/in_process.h"
#include <string.h>

#define RETRY_AFTER_MS 1000 /* the Retry-After of a server that is overloaded */

struct in_process {
	struct transport transport;
	struct store *store;
	const struct fault_policy *policy;
	struct exchange *exchanges;
};

struct exchange {
	struct in_process *owner;
	struct request request; /* with copies */
	const struct receiver *receiver;
	void *arg;
	struct fault fault;
	struct timer timer, drop, timeout;
	struct arena *arena;
	enum { ON_THE_WAY, COMING_BACK, STREAMING, HANDING_OVER } state;
	int status;
	char *body; /* malloc'ed by jansson or the policy */
	struct store_watch *watch;
	struct str pending; /* lines of a watch not yet delivered */
	bool broken, timed_out, canceled;
	struct exchange *next;
};

static void
in_process_exchange_free(struct exchange *e)
{
	struct loop *l = e->owner->transport.loop;

	for (struct exchange **at = &e->owner->exchanges; *at != NULL; at = &(*at)->next)
		if (*at == e) {
			*at = e->next;
			break;
		}
	loop_timer_stop(l, &e->timer);
	loop_timer_stop(l, &e->drop);
	loop_timer_stop(l, &e->timeout);
	store_watch_stop(e->watch);
	str_done(&e->pending);
	free(e->body);
	arena_free(e->arena);
	free(e);
}

static void
in_process_report(const struct fault_policy *p, const char *text)
{
	if (p != NULL && p->brought != NULL)
		p->brought(p->arg, text);
}

static void
spoil(const struct exchange *e, char **text)
{
	const struct fault_policy *p = e->owner->policy;

	if (p != NULL && p->spoil != NULL)
		p->spoil(p->arg, &e->request, text);
}

static void
in_process_finish(struct exchange *e)
{
	const struct receiver *receiver = e->receiver;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct err *err = e->timed_out ? err_new(a, ERR_AGAIN, "%s %s: timed out", e->request.method, e->request.url)
			  : e->broken
			      ? err_new(a, ERR_AGAIN, "%s %s: connection broken", e->request.method, e->request.url)
			      : NULL;
	char *body = e->body;
	void *arg = e->arg;
	int status = e->status;
	int64_t retry_after_ms = e->fault.retry_after_ms;

	if (retry_after_ms == 0 && status == 429)
		retry_after_ms = RETRY_AFTER_MS;
	if (err == NULL && body != NULL) {
		spoil(e, &body);
		in_process_report(e->owner->policy, body);
	}
	e->body = NULL;
	if (e->request.stream && status == 200 && body != NULL) {
		size_t len = strlen(body), half = len / 2;

		/* A list comes in two pieces; one that breaks off does so between them. */
		e->state = HANDING_OVER;
		receiver->data(arg, body, half);
		if (err == NULL && !e->canceled)
			receiver->data(arg, body + half, len - half);
		body[0] = '\0';
		if (e->canceled) {
			in_process_exchange_free(e);
			free(body);
			return;
		}
	}
	in_process_exchange_free(e);
	receiver->done(arg, err,
	    &(struct reply){ .status = err != NULL ? 0 : status,
		.body = { body != NULL ? body : "", body != NULL ? strlen(body) : 0 },
		.retry_after_ms = err == NULL && (status == 429 || status == 503) ? retry_after_ms : 0 });
	free(body);
}

static void
in_process_on_line(void *arg, const char *line, size_t len)
{
	struct exchange *e = arg;

	str_add(&e->pending, line, len);
	if (e->fault.twice)
		str_add(&e->pending, line, len);
	if (timer_armed(&e->timer))
		return;
	loop_timer(e->owner->transport.loop, &e->timer, e->fault.lag_ms);
	if (e->fault.lag_ms > 0 && e->owner->policy->lagged != NULL)
		e->owner->policy->lagged(e->owner->policy->arg);
}

static void
in_process_on_ended(void *arg)
{
	struct exchange *e = arg;

	e->watch = store_watch_stop(e->watch);
	in_process_finish(e);
}

static void
on_drop(struct timer *t, void *arg)
{
	struct exchange *e = arg;

	(void)t;
	e->broken = true;
	in_process_finish(e);
}

static void
in_process_on_timeout(struct timer *t, void *arg)
{
	struct exchange *e = arg;

	(void)t;
	e->timed_out = true;
	in_process_finish(e);
}

bool
in_process_is_watch(const struct request *r)
{
	return r->stream && store_is_watch(&(struct store_request){ .method = r->method, .path = r->url });
}

static void
arrive(struct exchange *e)
{
	const struct request *r = &e->request;
	struct store_request sr = { .method = r->method,
		.path = r->url,
		.content_type = r->content_type,
		.body = r->body,
		.body_len = r->body != NULL ? strlen(r->body) : 0 };
	struct loop *l = e->owner->transport.loop;
	json_t *response = NULL;

	e->state = COMING_BACK;
	if (e->fault.refused) {
		e->broken = true;
	} else if (e->fault.status != 0) {
		e->status = e->fault.status;
		e->body = strdup("{\"kind\":\"Status\",\"message\":\"injected\",\"reason\":\"Injected\"}");
	} else if (r->url[0] != '/') {
		if (e->owner->policy == NULL || e->owner->policy->outside == NULL ||
		    (e->status = e->owner->policy->outside(e->owner->policy->arg, r, &e->body)) == 0)
			e->broken = true;
	} else if (in_process_is_watch(r)) {
		e->watch = store_watch_start(
		    e->owner->store, &sr, in_process_on_line, in_process_on_ended, e, &e->status, &response);
		if (e->watch != NULL) {
			e->state = STREAMING;
			loop_timer_stop(l, &e->timeout);
			if (e->fault.drop_ms > 0)
				loop_timer(l, &e->drop, e->fault.drop_ms);
			return;
		}
	} else {
		response = strcmp(r->method, "GET") == 0 ? store_discovery(e->owner->store, r->url) : NULL;
		e->status = response != NULL ? 200 : store_handle(e->owner->store, &sr, &response);
		e->broken = e->fault.lost;
	}
	if (response != NULL) {
		e->body = json_dumps(response, JSON_COMPACT);
		json_decref(response);
	}
	loop_timer(l, &e->timer, e->fault.after_ms);
}

static void
in_process_on_timer(struct timer *t, void *arg)
{
	struct exchange *e = arg;
	struct str now;
	char *lines;

	(void)t;
	if (e->state == ON_THE_WAY) {
		arrive(e);
	} else if (e->state == COMING_BACK) {
		in_process_finish(e);
	} else {
		/* The receiver may cancel from within: nothing of e is touched after the call. */
		now = e->pending;
		str_init(&e->pending, 64u << 20);
		lines = mem_strdup(str_text(&now));
		str_done(&now);
		spoil(e, &lines);
		in_process_report(e->owner->policy, lines);
		e->receiver->data(e->arg, lines, strlen(lines));
		free(lines);
	}
}

static struct exchange *
in_process_start(struct transport *t, const struct request *r, const struct receiver *receiver, void *arg)
{
	struct in_process *p = (struct in_process *)t;
	struct exchange *e = mem_alloc(sizeof(*e));

	e->owner = p;
	e->arena = arena_new();
	e->request = *r;
	e->request.method = arena_strdup(e->arena, r->method);
	e->request.url = arena_strdup(e->arena, r->url);
	e->request.body = arena_strdup(e->arena, r->body);
	e->request.content_type = arena_strdup(e->arena, r->content_type);
	e->request.headers = NULL; /* not read after the policy has seen them */
	e->request.n_headers = 0;
	e->request.ca = NULL;
	e->receiver = receiver;
	e->arg = arg;
	str_init(&e->pending, 64u << 20);
	e->timer = (struct timer){ .fire = in_process_on_timer, .arg = e };
	e->drop = (struct timer){ .fire = on_drop, .arg = e };
	e->timeout = (struct timer){ .fire = in_process_on_timeout, .arg = e };
	e->fault.before_ms = 1;
	if (p->policy != NULL && p->policy->choose != NULL)
		p->policy->choose(p->policy->arg, r, &e->fault);
	e->next = p->exchanges;
	p->exchanges = e;
	loop_timer(t->loop, &e->timer, e->fault.before_ms);
	loop_timer(t->loop, &e->timeout, r->timeout_ms);
	return e;
}

static void
in_process_cancel(struct exchange *e)
{
	e->canceled = true;
	if (e->state != HANDING_OVER) /* or who hands it over frees it */
		in_process_exchange_free(e);
}

static struct transport *
in_process_free(struct transport *t)
{
	struct in_process *p = (struct in_process *)t;

	/* Each takes itself off the list, which the analyzer does not follow. */
	while (p->exchanges != NULL)
		in_process_exchange_free(p->exchanges); // NOLINT(clang-analyzer-unix.Malloc)
	free(p);
	return NULL;
}

static const struct transport_ops ops = {
	.start = in_process_start, .cancel = in_process_cancel, .free = in_process_free
};

struct transport *
in_process_new(struct loop *l, struct store *s, const struct fault_policy *policy)
{
	struct in_process *p = mem_alloc(sizeof(*p));

	p->transport = (struct transport){ .ops = &ops, .loop = l };
	p->store = s;
	p->policy = policy;
	return &p->transport;
}
