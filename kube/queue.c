/* kube/queue.c: work queue: keys that wait for a pass, in a lane for each tenant, each with a timer for its retry or
 * wake-up. It also limits the concurrent passes, in total and of a tenant. Whatever waits, the next key is found at
 * once: ten thousand keys of one namespace that is at its limit are not walked. */
#include "kube/queue.h"
#include <stdio.h>
#include "base/map.h"
#include "base/rand.h"
#include "base/str.h"

#define RUNNING_MAX 24 /* concurrent passes of all keys: each plan takes memory until the API server has responded */
#define RUNNING_TENANT_MAX 16 /* of them for one tenant (a namespace), whose admission webhooks may be slow */
#define BACKOFF_MIN_MS 10
#define BACKOFF_MAX_MS 10000
#define OUTDATED_MS 20
#define OUTDATED_MAX_MS 1000 /* conflicts that repeat for this long back off like any other failure */
/* A wall time is compared again this often: the wall clock may be set forward, or the machine may have slept. */
#define WALL_CHECK_MS 15000

/* The waiting keys of one tenant. It exists as long as one of the tenant's keys is known to the queue. */
struct queue_lane {
	char *tenant; /* owned; "": none */
	struct queue_item *head, *tail;
	size_t keys, running; /* of the tenant, in total; those with a pass in progress */
	bool ready; /* in the list of lanes: a key waits, and the tenant is below its limit */
	struct queue_lane *previous, *next;
};

struct queue {
	struct loop *loop;
	struct map lanes; /* by tenant */
	struct queue_lane *head, *tail; /* lanes whose next key may run, in the order of their turns */
	struct timer turn;
	struct rand_stream rand;
	queue_work *work;
	void *arg;
	size_t waiting, running; /* keys that wait for a pass; keys with a pass in progress */
	bool open; /* passes may start (queue_open) */
};

static struct queue_lane *
queue_lane_of(struct queue *q, const char *tenant)
{
	struct queue_lane *lane = map_get(&q->lanes, tenant);

	if (lane == NULL) {
		lane = mem_alloc(sizeof(*lane));
		lane->tenant = mem_strdup(tenant);
		map_set(&q->lanes, tenant, lane);
	}
	return lane;
}

static void
queue_lane_free(struct queue *q, struct queue_lane *lane)
{
	map_remove(&q->lanes, lane->tenant);
	free(lane->tenant);
	free(lane);
}

static void
queue_lane_unready(struct queue *q, struct queue_lane *lane)
{
	if (!lane->ready)
		return;
	*(lane->previous != NULL ? &lane->previous->next : &q->head) = lane->next;
	*(lane->next != NULL ? &lane->next->previous : &q->tail) = lane->previous;
	lane->previous = lane->next = NULL;
	lane->ready = false;
}

/* Puts the lane behind the others, if its next key may run. */
static void
queue_lane_ready(struct queue *q, struct queue_lane *lane)
{
	if (lane->ready || lane->head == NULL || lane->running >= RUNNING_TENANT_MAX)
		return;
	lane->previous = q->tail;
	*(q->tail != NULL ? &q->tail->next : &q->head) = lane;
	q->tail = lane;
	lane->ready = true;
	if (q->open)
		loop_timer(q->loop, &q->turn, 0);
}

/* Removes a waiting key from its lane. */
static void
queue_take_out(struct queue *q, struct queue_item *i)
{
	struct queue_lane *lane = i->lane;

	*(i->previous != NULL ? &i->previous->next : &lane->head) = i->next;
	*(i->next != NULL ? &i->next->previous : &lane->tail) = i->previous;
	i->previous = i->next = NULL;
	i->queued = false;
	q->waiting--;
	if (lane->head == NULL)
		queue_lane_unready(q, lane);
}

/* The key's pass has ended. A slot is free: for any key, or only for one of its tenant. */
static void
queue_stop_work(struct queue *q, struct queue_item *i)
{
	i->running = false;
	i->lane->running--;
	q->running--;
	queue_lane_ready(q, i->lane);
	if (q->open && q->head != NULL)
		loop_timer(q->loop, &q->turn, 0);
}

/* Runs the next key of the lane whose turn it is. Then it is the turn of the others. */
static void
queue_run_next(struct timer *t, void *arg)
{
	struct queue *q = arg;
	struct queue_lane *lane = q->head;
	struct queue_item *i;
	unsigned why;

	if (q->running >= RUNNING_MAX || lane == NULL)
		return;
	i = lane->head;
	queue_take_out(q, i);
	queue_lane_unready(q, lane);
	lane->running++;
	queue_lane_ready(q, lane);
	if (q->head != NULL)
		loop_timer(q->loop, t, 0);
	why = i->why;
	i->why = 0;
	i->running = true;
	q->running++;
	q->work(i, why, q->arg);
}

static void
queue_on_timer(struct timer *t, void *arg)
{
	struct queue_item *i = arg;
	struct loop *l = i->queue->loop;
	int64_t left = i->wake_at - loop_wall(l), by_mono = i->due - loop_mono(l);

	if (by_mono < left)
		left = by_mono;
	if (left > 0 && !i->retry) {
		loop_timer(l, t, left < WALL_CHECK_MS ? left : WALL_CHECK_MS);
		return;
	}
	i->wake_at = 0;
	queue_add(i->queue, i, i->retry ? QUEUE_RETRY : QUEUE_TIMER);
}

struct queue *
queue_new(struct loop *l, uint64_t seed, queue_work *work, void *arg)
{
	struct queue *q = mem_alloc(sizeof(*q));

	*q = (struct queue){ .loop = l,
		.rand = rand_stream(seed, "queue"),
		.work = work,
		.arg = arg,
		.turn = { .fire = queue_run_next, .arg = q } };
	return q;
}

struct queue *
queue_free(struct queue *q)
{
	if (q == NULL)
		return NULL;
	loop_timer_stop(q->loop, &q->turn);
	map_done(&q->lanes);
	free(q);
	return NULL;
}

void
queue_open(struct queue *q)
{
	q->open = true;
	if (q->head != NULL)
		loop_timer(q->loop, &q->turn, 0);
}

static void
queue_append(struct queue *q, struct queue_item *i)
{
	struct queue_lane *lane = i->lane;

	i->queued = true;
	i->previous = lane->tail;
	*(lane->tail != NULL ? &lane->tail->next : &lane->head) = i;
	lane->tail = i;
	q->waiting++;
	queue_lane_ready(q, lane);
}

void
queue_add(struct queue *q, struct queue_item *i, enum queue_why why)
{
	if (i->lane == NULL) {
		i->lane = queue_lane_of(q, i->tenant != NULL ? i->tenant : "");
		i->lane->keys++;
	}
	i->queue = q;
	i->why |= (unsigned)why;
	if (!i->running && !i->queued)
		queue_append(q, i);
}

/* The pass has ended; changes since its start cause another pass. */
static void
queue_end(struct queue_item *i, int64_t wake_at, int64_t delay, bool retry)
{
	struct queue *q = i->queue;

	queue_stop_work(q, i);
	i->timer.fire = queue_on_timer;
	i->timer.arg = i;
	i->retry = retry;
	i->wake_at = wake_at;
	i->due = loop_mono(q->loop) + (wake_at - loop_wall(q->loop));
	if (wake_at == 0)
		loop_timer_stop(q->loop, &i->timer);
	else
		loop_timer(q->loop, &i->timer, delay);
	if (i->why != 0)
		queue_append(q, i);
}

void
queue_done(struct queue_item *i, int64_t wake_at)
{
	int64_t delay = wake_at - loop_wall(i->queue->loop);

	i->backoff = 0;
	queue_end(i, wake_at, delay < WALL_CHECK_MS ? delay : WALL_CHECK_MS, false);
}

void
queue_failed(struct queue_item *i, enum err_class class, int64_t retry_after_ms)
{
	struct queue *q = i->queue;
	bool outdated = class == ERR_CONFLICT || class == ERR_EXISTS || class == ERR_GONE;
	int64_t delay;

	i->backoff = i->backoff == 0 ? BACKOFF_MIN_MS : i->backoff * 2;
	if (i->backoff > BACKOFF_MAX_MS)
		i->backoff = BACKOFF_MAX_MS;
	if (outdated && i->backoff < OUTDATED_MAX_MS)
		delay = OUTDATED_MS;
	else
		delay = i->backoff / 2 + (int64_t)rand_below(&q->rand, (uint64_t)i->backoff / 2 + 1);
	delay = delay > retry_after_ms ? delay : retry_after_ms;
	queue_end(i, loop_wall(q->loop) + delay, delay, true);
}

void
queue_forget(struct queue_item *i)
{
	struct queue *q = i->queue;

	if (q == NULL)
		return;
	loop_timer_stop(q->loop, &i->timer);
	if (i->running)
		queue_stop_work(q, i);
	if (i->queued)
		queue_take_out(q, i);
	if (i->lane != NULL && --i->lane->keys == 0)
		queue_lane_free(q, i->lane);
	*i = (struct queue_item){ .tenant = i->tenant };
}

bool
queue_is_idle(const struct queue_item *i)
{
	return !i->queued && !i->running && i->why == 0 && i->wake_at == 0;
}

size_t
queue_busy(const struct queue *q)
{
	return q->waiting + q->running;
}

const char *
queue_why_text(unsigned why)
{
	static const char *const names[] = { "watch", "timer", "retry", "response" };
	static char text[64];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (why & 1u << i)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? "+" : "", names[i]);
	return text;
}
