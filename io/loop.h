/* io/loop.h: the event loop, behind one interface.
 *
 * loop_ev.c runs on libev and the machine's clocks; loop_virtual.c has no sockets, and its time moves only when there is
 * nothing left to do at the present moment. All else is written against this header, which is why the controller that runs
 * in a cluster and the one that is tortured in a simulation are the same code.
 *
 * Two clocks: `mono` (ms, never set back) for time-outs and back-off; `wall` (ms since 1970) for what is stored.
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
	void *impl; /* the loop's own */
};

struct loop {
	struct timers timers;
	int64_t mono_now, wall_now; /* of this turn of the loop */
	bool stopped;
	const struct loop_ops *ops;
};

struct loop_ops {
	void (*io_start)(struct loop *, struct loop_io *);
	void (*io_stop)(struct loop *, struct loop_io *);
	void (*run)(struct loop *);
	void (*refresh)(struct loop *);
	struct loop *(*free)(struct loop *);
};

/* A loop on libev. SIGPIPE is ignored from then on. */
struct loop *loop_ev_new(void);

/* The machine's wall clock (ms since 1970), for what has no loop: the log. */
int64_t loop_ev_wall(void);

/* The machine's other clock, for what waits without a loop. */
int64_t loop_ev_mono(void);

/* A loop whose wall clock starts at `wall` (ms) and whose time moves from timer to timer. */
struct loop *loop_virtual_new(int64_t wall);

/* Virtual loops only: runs until nothing is due before `mono`, and leaves the clock there. */
void loop_virtual_run_until(struct loop *, int64_t mono);

/* Virtual loops only: fires the next timer that is due (moving time there). False when none is left. */
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

/* Starts t in `delay` ms (0: on the next turn); t->fire and t->arg are set by the owner. */
void loop_timer(struct loop *, struct timer *, int64_t delay);
void loop_timer_stop(struct loop *, struct timer *);

/* Watches io->fd. Change events by stopping and starting again. */
void loop_io_start(struct loop *, struct loop_io *);
void loop_io_stop(struct loop *, struct loop_io *);

/* Runs until loop_stop. */
void loop_run(struct loop *);
void loop_stop(struct loop *);

/* Reads the clocks again after something slow. */
void loop_refresh(struct loop *);
