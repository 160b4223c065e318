/* base/timers.h: a heap of deadlines; `now` is an argument.
 *
 * The loop owns one heap, and arms one timer of the kernel for its top. Timers with the same deadline fire in the order
 * in which they were started, so that a run can be repeated.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A timer, embedded in its owner. All zeros: not started. The owner stops it before it frees the memory. */
struct timer {
	int64_t due; /* ms, monotonic; read-only for the owner */
	uint64_t seq;
	size_t place; /* position in the heap + 1; 0: not started */
	void (*fire)(struct timer *, void *arg);
	void *arg;
};

struct timers {
	struct timer **heap;
	size_t n, capacity;
	uint64_t seq;
};

/* Returns true from its start until it fires or is stopped. */
static inline bool
timer_armed(const struct timer *t)
{
	return t->place != 0;
}

/* Stops all timers and frees the heap. */
void timers_done(struct timers *);

/* Starts t, or restarts it, for the time `due`. */
void timers_start(struct timers *, struct timer *, int64_t due);

/* Stops t if it was started. */
void timers_stop(struct timers *, struct timer *);

/* Returns the next deadline, or -1. */
int64_t timers_next(const struct timers *);

/* Fires all timers that are due at `now`. Those that they start for `now` fire in the next call. */
void timers_run(struct timers *, int64_t now);
