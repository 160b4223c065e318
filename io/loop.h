/* io/loop.h: the event loop, behind one interface.
 *
 * loop_ev.c runs on libev and the clocks of the machine. loop_virtual.c has no sockets, and its time advances only when
 * nothing is left to do at the current time. All other code uses this header only, so that the controller in a cluster
 * and in a simulation is the same code.
 *
 * There are two clocks: `mono` (ms, never set back) for timeouts and back-off, and `wall` (ms since 1970) for stored
 * times.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/timers.h"

#define LOOP_READ 1
#define LOOP_WRITE 2

/* A watched file descriptor, embedded in its owner. */
struct loop_io {
	int fd;
	int events; /* LOOP_READ | LOOP_WRITE */
	void (*ready)(struct loop_io *, int events, void *arg);
	void *arg;
	void *impl; /* private to the loop */
};

struct loop {
	struct timers timers;
	int64_t mono_now, wall_now; /* at the start of this iteration of the loop */
	bool stopped; /* loop_stop was called: the loop ends after this iteration */
	const struct loop_ops *ops;
};

struct loop_ops {
	void (*io_start)(struct loop *, struct loop_io *);
	void (*io_stop)(struct loop *, struct loop_io *);
	void (*run)(struct loop *);
	void (*refresh)(struct loop *);
	struct loop *(*free)(struct loop *);
};

/* Returns a loop on libev. Ignores SIGPIPE. */
struct loop *loop_ev_new(void);

/* Returns the wall clock of the machine (ms since 1970), for code without a loop, such as the log. */
int64_t loop_ev_wall(void);

/* Returns the monotonic clock of the machine, for code that waits without a loop. */
int64_t loop_ev_mono(void);

/* Returns a loop whose wall clock starts at `wall` (ms), and whose time advances from timer to timer. */
struct loop *loop_virtual_new(int64_t wall);

/* Virtual loops only: runs all timers before `mono`, and sets the clock to `mono`. */
void loop_virtual_run_until(struct loop *, int64_t mono);

/* Virtual loops only: advances to the next timer and fires it. Returns false without a timer. */
bool loop_virtual_step(struct loop *);

struct loop *loop_free(struct loop *);

static inline int64_t
loop_mono(const struct loop *l)
{
	return l->mono_now;
}

static inline int64_t
loop_wall(const struct loop *l)
{
	return l->wall_now;
}

/* Starts t to fire in `delay` ms (0: in the next iteration of the loop). The owner sets t->fire and t->arg. */
void loop_timer(struct loop *, struct timer *, int64_t delay);
void loop_timer_stop(struct loop *, struct timer *);

/* Watches io->fd. To change the events, stop and start it again. */
void loop_io_start(struct loop *, struct loop_io *);
void loop_io_stop(struct loop *, struct loop_io *);

/* Runs the loop until loop_stop(). */
void loop_run(struct loop *);
void loop_stop(struct loop *);

/* Reads the clocks again, after something slow. */
void loop_refresh(struct loop *);
