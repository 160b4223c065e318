/* base/timers.c: timers: a binary heap ordered by deadline, then by order of starting. */
#include "base/timers.h"
#include <stdlib.h>
#include "base/arena.h"

void
timers_done(struct timers *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		ts->heap[i]->place = 0;
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

static bool
before(const struct timer *a, const struct timer *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void
timers_put(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->place = i + 1;
}

static void
up(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (; i > 0 && before(t, ts->heap[(i - 1) / 2]); i = (i - 1) / 2)
		timers_put(ts, i, ts->heap[(i - 1) / 2]);
	timers_put(ts, i, t);
}

static void
down(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= ts->n)
			break;
		if (c + 1 < ts->n && before(ts->heap[c + 1], ts->heap[c]))
			c++;
		if (!before(ts->heap[c], t))
			break;
		timers_put(ts, i, ts->heap[c]);
		i = c;
	}
	timers_put(ts, i, t);
}

void
timers_start(struct timers *ts, struct timer *t, int64_t due)
{
	timers_stop(ts, t);
	t->due = due;
	t->seq = ++ts->seq;
	if (ts->n == ts->capacity) {
		ts->capacity = ts->capacity > 0 ? ts->capacity * 2 : 32;
		ts->heap = mem_realloc(ts->heap, ts->capacity * sizeof(*ts->heap));
	}
	timers_put(ts, ts->n++, t);
	up(ts, ts->n - 1);
}

void
timers_stop(struct timers *ts, struct timer *t)
{
	size_t i = t->place;
	struct timer *last;

	if (i-- == 0)
		return;
	t->place = 0;
	last = ts->heap[--ts->n];
	if (last == t)
		return;
	timers_put(ts, i, last);
	down(ts, i);
	up(ts, last->place - 1);
}

int64_t
timers_next(const struct timers *ts)
{
	return ts->n > 0 ? ts->heap[0]->due : -1;
}

void
timers_run(struct timers *ts, int64_t now)
{
	uint64_t until = ts->seq;

	while (ts->n > 0 && ts->heap[0]->due <= now && ts->heap[0]->seq <= until) {
		struct timer *t = ts->heap[0];

		timers_stop(ts, t);
		t->fire(t, t->arg);
	}
}
