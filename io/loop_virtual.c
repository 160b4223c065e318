/* io/loop_virtual.c: event loop in virtual time, for simulations and tests: time advances when nothing is left to
 * do. */
#include "io/loop.h"
#include <assert.h>
#include <stdlib.h>
#include "base/arena.h"

static void
loop_virtual_no_io(struct loop *l, struct loop_io *io)
{
	(void)l;
	(void)io;
	assert(!"a virtual loop has no sockets");
}

static void
loop_virtual_refresh(struct loop *l)
{
	(void)l;
}

static void
loop_virtual_run(struct loop *l)
{
	while (!l->stopped && loop_virtual_step(l))
		;
}

static struct loop *
loop_virtual_free(struct loop *l)
{
	timers_done(&l->timers);
	free(l);
	return NULL;
}

static const struct loop_ops ops = {
	.io_start = loop_virtual_no_io,
	.io_stop = loop_virtual_no_io,
	.run = loop_virtual_run,
	.refresh = loop_virtual_refresh,
	.free = loop_virtual_free,
};

struct loop *
loop_virtual_new(int64_t wall)
{
	struct loop *l = mem_alloc(sizeof(*l));

	l->ops = &ops;
	l->wall_now = wall;
	return l;
}

bool
loop_virtual_step(struct loop *l)
{
	int64_t due = timers_next(&l->timers);

	if (due < 0)
		return false;
	if (due > l->mono_now) {
		l->wall_now += due - l->mono_now;
		l->mono_now = due;
	}
	timers_run(&l->timers, l->mono_now);
	return true;
}

void
loop_virtual_run_until(struct loop *l, int64_t mono)
{
	int64_t due;

	while (!l->stopped && (due = timers_next(&l->timers)) >= 0 && due <= mono)
		loop_virtual_step(l);
	if (mono > l->mono_now) {
		l->wall_now += mono - l->mono_now;
		l->mono_now = mono;
	}
}
