/* io/loop.c: event loop: the common part of loop_ev.c (real) and loop_virtual.c (simulation). */
#include "io/loop.h"

struct loop *
loop_free(struct loop *l)
{
	return l != NULL ? l->ops->free(l) : NULL;
}

void
loop_timer(struct loop *l, struct timer *t, int64_t delay)
{
	timers_start(&l->timers, t, l->mono_now + (delay > 0 ? delay : 0));
}

void
loop_timer_stop(struct loop *l, struct timer *t)
{
	timers_stop(&l->timers, t);
}

void
loop_io_start(struct loop *l, struct loop_io *io)
{
	l->ops->io_start(l, io);
}

void
loop_io_stop(struct loop *l, struct loop_io *io)
{
	l->ops->io_stop(l, io);
}

void
loop_run(struct loop *l)
{
	l->stopped = false;
	l->ops->run(l);
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}

void
loop_refresh(struct loop *l)
{
	l->ops->refresh(l);
}
