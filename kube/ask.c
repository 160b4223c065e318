/* kube/ask.c: exchanges with what is outside the cluster. */
#include "kube/ask.h"
#include <string.h>

struct asked {
	struct asks *asks;
	struct transport *transport;
	struct exchange *exchange; /* NULL: answered */
	char *name;
	int64_t asked_at, answered_at; /* wall ms */
	bool shown; /* a pass has had the answer */
	struct arena *arena;
	struct answer answer;
};

static void
asked_free(struct asked *q)
{
	if (q->exchange != NULL) {
		transport_cancel(q->transport, q->exchange);
		q->asks->under_way--;
	}
	arena_free(q->arena);
	free(q->name);
	free(q);
}

static void
on_answer(void *arg, const struct err *e, const struct reply *reply)
{
	struct asked *q = arg;

	q->exchange = NULL;
	q->asks->under_way--;
	q->answered_at = loop_wall(q->transport->loop);
	q->answer = (struct answer){ .err = e != NULL ? err_copy(q->arena, e) : NULL,
		.status = reply->status,
		.body = { arena_strndup(q->arena, reply->body.at, reply->body.len), reply->body.len } };
	q->asks->answered(q->asks->arg, q->answered_at - q->asked_at);
}

void
asks_ask(struct asks *k, const struct plan_step *s)
{
	static const struct receiver receiver = { .done = on_answer };
	struct request r = request_of(s->question);
	struct transport *cluster = s->question->elsewhere && k->elsewhere != NULL ? k->elsewhere : k->api;
	struct transport *to = s->question->of_cluster	      ? cluster
			       : s->question->command != NULL ? k->programs
							      : k->outside;
	struct asked *q;

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->list[i]->name, s->key) == 0)
			return;
	if (r.tenant == NULL)
		r.tenant = k->namespace;
	if (k->n == ASK_MAX || k->under_way == ASK_UNDER_WAY_MAX)
		return;
	if (k->n == k->room) {
		k->room = k->room == 0 ? 8 : k->room * 2;
		k->list = mem_realloc(k->list, k->room * sizeof(struct asked *));
	}
	q = mem_alloc(sizeof(*q));
	*q = (struct asked){ .asks = k,
		.transport = to,
		.name = mem_strdup(s->key),
		.asked_at = loop_wall(k->api->loop),
		.arena = arena_new() };
	k->list[k->n++] = q;
	if (to == NULL)
		q->answer.err = err_new(q->arena, ERR_INVALID, "this process runs no programs");
	else
		q->exchange = transport_start(to, &r, &receiver, q);
	k->under_way += q->exchange != NULL;
}

size_t
asks_show(struct asks *k, struct arena *a, struct seen_answer **ret)
{
	*ret = arena_new_array(a, struct seen_answer, k->n);
	for (size_t i = 0; i < k->n; i++) {
		struct asked *q = k->list[i];
		bool answered = q->exchange == NULL;

		q->shown = answered;
		(*ret)[i] = (struct seen_answer){ q->name, q->asked_at, answered, q->answered_at, q->answer };
	}
	return k->n;
}

static bool
is_kept(const struct plan *p, const char *key)
{
	for (size_t i = 0; i < p->n_kept; i++)
		if (strcmp(p->kept[i], key) == 0)
			return true;
	return false;
}

void
asks_forget_shown(struct asks *k, const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i]->shown && !is_kept(p, k->list[i]->name))
			asked_free(k->list[i]);
		else
			k->list[n++] = k->list[i];
	k->n = n;
	if (n > 0)
		return;
	free(k->list);
	k->list = NULL;
	k->room = 0;
}

void
asks_done(struct asks *k)
{
	for (size_t i = 0; i < k->n; i++)
		asked_free(k->list[i]);
	free(k->list);
	k->list = NULL;
	k->n = k->room = 0;
}
