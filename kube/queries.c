/* kube/queries.c: queries of plans (metrics, Secrets, pods), in progress and responded: one exchange for each query.
 * Limits of how many run: fair_slots.h. */
#include "kube/queries.h"
#include <string.h>
#include "base/str.h"
#include "io/file.h"

struct sent_query {
	struct queries *queries;
	struct transport *transport;
	struct exchange *exchange; /* NULL: it has its response, or gets it from the timer */
	struct timer soon; /* of a response without an exchange: a file, or an error */
	bool waiting; /* for that timer */
	char *name;
	int64_t sent_at, done_at; /* wall ms */
	bool shown; /* a pass has seen the response */
	struct arena *arena;
	struct response response;
};

static void
queries_free_one(struct sent_query *q)
{
	if (q->exchange != NULL) {
		transport_cancel(q->transport, q->exchange);
		q->queries->open--;
	}
	if (q->waiting)
		loop_timer_stop(q->queries->api->loop, &q->soon);
	arena_free(q->arena);
	free(q->name);
	free(q);
}

static void
queries_on_response(void *arg, const struct err *e, const struct reply *reply)
{
	struct sent_query *q = arg;

	q->exchange = NULL;
	q->queries->open--;
	q->done_at = loop_wall(q->transport->loop);
	q->response = (struct response){ .err = e != NULL ? err_copy(q->arena, e) : NULL,
		.status = reply->status,
		.retry_after_ms = reply->retry_after_ms,
		.body = { arena_strndup(q->arena, reply->body.at, reply->body.len), reply->body.len } };
	q->queries->on_response(q->queries->arg, q->done_at - q->sent_at);
}

/* A response that was known at once is reported in the next iteration of the loop, like any other. */
static void
queries_on_soon(struct timer *t, void *arg)
{
	struct sent_query *q = arg;

	(void)t;
	q->waiting = false;
	q->done_at = loop_wall(q->queries->api->loop);
	q->queries->on_response(q->queries->arg, q->done_at - q->sent_at);
}

/* Reads the file of a query, or sets why there is no response. */
static void
queries_respond(struct sent_query *q, const struct plan_step *s)
{
	const char *url = s->query->request.url;

	if (s->query->to == QUERY_OWN && str_starts(url, "file://"))
		q->response.err =
		    file_read(q->arena, url + strlen("file://"), s->query->request.response_max, &q->response.body);
	else
		q->response.err = err_new(q->arena, ERR_INVALID,
		    s->query->to == QUERY_PROGRAM ? "this process runs no programs"
						  : "this process reads no credentials of its environment");
	q->response.status = q->response.err == NULL ? 200 : 0;
	q->soon = (struct timer){ .fire = queries_on_soon, .arg = q };
	q->waiting = true;
	loop_timer(q->queries->api->loop, &q->soon, 0);
}

static struct transport *
queries_transport(const struct queries *k, enum query_to to)
{
	switch (to) {
	case QUERY_OUTSIDE: return k->outside;
	case QUERY_API_SERVER: return k->api;
	case QUERY_JOBS_CLUSTER: return k->jobs_cluster != NULL ? k->jobs_cluster : k->api;
	case QUERY_PROGRAM: return k->programs;
	case QUERY_OWN: return k->own;
	}
	return NULL;
}

void
queries_send(struct queries *k, const struct plan_step *s)
{
	static const struct receiver receiver = { .done = queries_on_response };
	struct request r = s->query->request;
	struct transport *to = queries_transport(k, s->query->to);
	struct sent_query *q;

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->list[i]->name, s->key) == 0)
			return;
	if (r.tenant == NULL)
		r.tenant = k->namespace;
	if (k->n == QUERIES_KEPT_MAX || k->open == QUERIES_OPEN_MAX)
		return;
	if (k->n == k->capacity) {
		k->capacity = k->capacity == 0 ? 8 : k->capacity * 2;
		k->list = mem_realloc(k->list, k->capacity * sizeof(struct sent_query *));
	}
	q = mem_alloc(sizeof(*q));
	*q = (struct sent_query){ .queries = k,
		.transport = to,
		.name = mem_strdup(s->key),
		.sent_at = loop_wall(k->api->loop),
		.arena = arena_new() };
	k->list[k->n++] = q;
	if (to == NULL || (s->query->to == QUERY_OWN && str_starts(r.url, "file://")))
		queries_respond(q, s);
	else
		q->exchange = transport_start(to, &r, &receiver, q);
	k->open += q->exchange != NULL;
}

size_t
queries_show(struct queries *k, struct arena *a, struct seen_query **ret)
{
	*ret = arena_new_array(a, struct seen_query, k->n);
	for (size_t i = 0; i < k->n; i++) {
		struct sent_query *q = k->list[i];
		bool done = q->exchange == NULL && !q->waiting;

		q->shown = done;
		(*ret)[i] = (struct seen_query){ q->name, q->sent_at, done, q->done_at, q->response };
	}
	return k->n;
}

void
queries_keep_all(struct queries *k)
{
	for (size_t i = 0; i < k->n; i++)
		k->list[i]->shown = false;
}

static bool
queries_is_kept(const struct plan *p, const char *key)
{
	for (size_t i = 0; i < p->n_kept; i++)
		if (strcmp(p->kept[i], key) == 0)
			return true;
	return false;
}

void
queries_forget_shown(struct queries *k, const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i]->shown && !queries_is_kept(p, k->list[i]->name))
			queries_free_one(k->list[i]);
		else
			k->list[n++] = k->list[i];
	k->n = n;
	if (n > 0)
		return;
	free(k->list);
	k->list = NULL;
	k->capacity = 0;
}

void
queries_done(struct queries *k)
{
	for (size_t i = 0; i < k->n; i++)
		queries_free_one(k->list[i]);
	free(k->list);
	k->list = NULL;
	k->n = k->capacity = 0;
}
