/* notify/send/queue.c: queue of notifications and alerts: the order of jobs, and the retries of each delivery. */
#include "notify/send/queue.h"
#include "base/arena.h"
#include "base/str.h"
#include "io/log.h"

#define ATTEMPTS_MAX 4
#define RETRY_MS 1000 /* doubled each time */

/* Returns the number of a tenant's jobs; `running`: only of those that run. */
static size_t
queue_jobs_of(const struct send_queue *q, const char *tenant, bool running)
{
	size_t n = 0;

	for (const struct send_job *j = q->first; j != NULL; j = j->next)
		n += (j->running || !running) && str_eq(j->tenant, tenant);
	return n;
}

/* Returns whether an earlier job of the same key has not ended. */
static bool
queue_is_blocked(const struct send_queue *q, const struct send_job *j)
{
	for (const struct send_job *other = q->first; other != j && j->key != NULL; other = other->next)
		if (str_eq(other->key, j->key))
			return true;
	return false;
}

/* A job may end while it is started, and remove others too. The search therefore begins at the front after each. */
static void
queue_on_turn(struct timer *t, void *arg)
{
	struct send_queue *q = arg;

	(void)t;
	for (struct send_job *j = q->first, *next; j != NULL && q->n_running < q->limits.running; j = next) {
		next = j->next;
		if (j->running || queue_is_blocked(q, j) ||
		    queue_jobs_of(q, j->tenant, true) >= q->limits.running_tenant)
			continue;
		j->running = true;
		q->n_running++;
		q->run(j);
		next = q->first;
	}
}

static void
queue_schedule(struct send_queue *q)
{
	if (!timer_armed(&q->turn))
		loop_timer(q->loop, &q->turn, 0);
}

void
send_queue_init(struct send_queue *q, struct loop *loop, struct send_limits limits, const char *noun,
    void (*run)(struct send_job *))
{
	*q = (struct send_queue){ .loop = loop, .limits = limits, .noun = noun, .run = run };
	q->end = &q->first;
	q->turn = (struct timer){ .fire = queue_on_turn, .arg = q };
}

void
send_queue_done(struct send_queue *q)
{
	loop_timer_stop(q->loop, &q->turn);
}

bool
send_queue_has_capacity(struct send_queue *q, const char *tenant)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	bool full = q->n >= q->limits.waiting ||
		    (q->n >= q->limits.waiting_tenant && queue_jobs_of(q, tenant, false) >= q->limits.waiting_tenant);

	if (full && !q->dropping) {
		a = arena_new();
		log_warn(arena_printf(a, "%s queue is full; dropping new %ss", q->noun, q->noun), "namespace", tenant);
	}
	q->dropping = full;
	return !full;
}

void
send_queue_add(struct send_queue *q, struct send_job *j)
{
	j->next = NULL;
	*q->end = j;
	q->end = &j->next;
	q->n++;
	queue_schedule(q);
}

void
send_queue_remove(struct send_queue *q, struct send_job *j)
{
	for (struct send_job **at = &q->first; *at != NULL; at = &(*at)->next)
		if (*at == j) {
			*at = j->next;
			if (q->end == &j->next)
				q->end = at;
			break;
		}
	q->n--;
	q->n_running -= j->running;
	queue_schedule(q);
}

static void
delivery_on_response(void *arg, const struct err *e, const struct reply *reply)
{
	struct delivery *d = arg;
	struct err *failure;

	d->exchange = NULL;
	failure = d->check(d->arg, e, reply);
	if (failure != NULL && failure->class == ERR_AGAIN && ++d->attempts < ATTEMPTS_MAX)
		loop_timer(d->loop, &d->retry, (int64_t)RETRY_MS << (d->attempts - 1));
	else
		d->done(d->arg, failure);
}

static void
delivery_send(struct delivery *d)
{
	static const struct receiver receiver = { .done = delivery_on_response };
	struct request r = d->query.request;

	r.outside_only = d->outside_only;
	r.tenant = d->tenant;
	d->exchange = transport_start(d->transport, &r, &receiver, d);
}

static void
delivery_on_retry(struct timer *t, void *arg)
{
	(void)t;
	delivery_send(arg);
}

void
delivery_start(struct delivery *d)
{
	d->retry = (struct timer){ .fire = delivery_on_retry, .arg = d };
	d->attempts = 0;
	delivery_send(d);
}

void
delivery_cancel(struct delivery *d)
{
	if (d->exchange != NULL)
		transport_cancel(d->transport, d->exchange);
	d->exchange = NULL;
	if (d->loop != NULL)
		loop_timer_stop(d->loop, &d->retry);
}

bool
delivery_is_open(const struct delivery *d)
{
	return d->exchange != NULL || timer_armed(&d->retry);
}
