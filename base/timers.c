/* base/timers.c: timers: a binary heap ordered by deadline, then by order of starting. */
#include "base/timers.h"
#include <stdlib.h>
#include "base/arena.h"

void
timers_done(struct timers *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		ts->heap[i]->place = 0; /* not in a heap */
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

/* Returns whether `a` fires first: it has the earlier deadline, or the same one and was started earlier. */
static bool
timers_is_before(const struct timer *a, const struct timer *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

/* Puts the timer at an index of the heap. `place` is the index + 1, so that 0 means that it is not started. */
static void
timers_put(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->place = i + 1;
}

/* Moves the timer at index i towards the root, to its position. */
static void
timers_sift_up(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (; i > 0 && timers_is_before(t, ts->heap[(i - 1) / 2]); i = (i - 1) / 2)
		timers_put(ts, i, ts->heap[(i - 1) / 2]);
	timers_put(ts, i, t);
}

/* Moves the timer at index i away from the root, to its position. */
static void
timers_sift_down(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= ts->n)
			break;
		if (c + 1 < ts->n && timers_is_before(ts->heap[c + 1], ts->heap[c]))
			c++;
		if (!timers_is_before(ts->heap[c], t))
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
	timers_sift_up(ts, ts->n - 1);
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
	timers_sift_down(ts, i);
	timers_sift_up(ts, last->place - 1);
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
