/* base/timers.h: a heap of deadlines; `now` is an argument.
 *
 * The loop owns one heap and arms a single timer of the kernel's for its top. Timers that are due at the same moment fire
 * in the order in which they were started (as libuv's do), so that a run can be repeated.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One timer, embedded in its owner. All zeroes: not started. The owner stops it before its memory goes. */
struct timer {
	int64_t due; /* ms, monotonic; read-only for the owner */
	uint64_t seq;
	size_t place; /* in the heap + 1; 0: not started */
	void (*fire)(struct timer *, void *arg);
	void *arg;
};

struct timers {
	struct timer **heap;
	size_t n, room;
	uint64_t seq;
};

void timers_done(struct timers *);

/* Starts (or restarts) t for the moment `due`. */
void timers_start(struct timers *, struct timer *, int64_t due);

/* Stops t if it was started. */
void timers_stop(struct timers *, struct timer *);

/* The next deadline, or -1 when there is none. */
int64_t timers_next(const struct timers *);

/* Fires all that were due at `now` when the call began; what they start for `now` waits for the next call. */
void timers_run(struct timers *, int64_t now);
