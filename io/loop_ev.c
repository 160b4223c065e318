/* io/loop_ev.c: event loop on the machine's clocks: libev has the sockets and one timer; base/timers.h has all other
 * timers. */
#include "io/loop.h"
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "base/arena.h"

struct loop_ev {
	struct loop loop;
	struct ev_loop *ev;
	ev_timer timer;
};

static int64_t
loop_ev_clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
loop_ev_wall(void)
{
	return loop_ev_clock_ms(CLOCK_REALTIME);
}

int64_t
loop_ev_mono(void)
{
	return loop_ev_clock_ms(CLOCK_MONOTONIC);
}

static void
loop_ev_refresh(struct loop *l)
{
	l->mono_now = loop_ev_clock_ms(CLOCK_MONOTONIC);
	l->wall_now = loop_ev_clock_ms(CLOCK_REALTIME);
}

static void
loop_ev_on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct loop_io *io = w->data;
	struct loop_ev *le = ev_userdata(ev);
	int events = (revents & EV_READ ? LOOP_READ : 0) | (revents & EV_WRITE ? LOOP_WRITE : 0);

	loop_ev_refresh(&le->loop);
	io->ready(io, events, io->arg);
}

static void
loop_ev_on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)w;
	(void)revents;
}

static void
loop_ev_io_start(struct loop *l, struct loop_io *io)
{
	struct loop_ev *le = (struct loop_ev *)l;
	ev_io *w = io->impl;

	if (w == NULL)
		w = io->impl = mem_alloc(sizeof(*w));
	else
		ev_io_stop(le->ev, w);
	ev_io_init(w, loop_ev_on_io, io->fd,
	    (io->events & LOOP_READ ? EV_READ : 0) | (io->events & LOOP_WRITE ? EV_WRITE : 0));
	w->data = io;
	ev_io_start(le->ev, w);
}

static void
loop_ev_io_stop(struct loop *l, struct loop_io *io)
{
	struct loop_ev *le = (struct loop_ev *)l;

	if (io->impl == NULL)
		return;
	ev_io_stop(le->ev, io->impl);
	free(io->impl);
	io->impl = NULL;
}

static void
loop_ev_run(struct loop *l)
{
	struct loop_ev *le = (struct loop_ev *)l;

	while (!l->stopped) {
		int64_t due;

		loop_ev_refresh(l);
		timers_run(&l->timers, l->mono_now);
		if (l->stopped)
			break;
		due = timers_next(&l->timers);
		ev_timer_stop(le->ev, &le->timer);
		if (due >= 0) {
			/* The timers took time: both clocks are read again, so that the delay counts from now. A
			 * deadline in the past fires at once. */
			loop_ev_refresh(l);
			ev_now_update(le->ev);
			ev_timer_set(&le->timer, due > l->mono_now ? (double)(due - l->mono_now) / 1000.0 : 0.0, 0.0);
			ev_timer_start(le->ev, &le->timer);
		}
		ev_run(le->ev, EVRUN_ONCE);
	}
}

static struct loop *
loop_ev_free(struct loop *l)
{
	struct loop_ev *le = (struct loop_ev *)l;

	timers_done(&l->timers);
	ev_timer_stop(le->ev, &le->timer);
	ev_loop_destroy(le->ev);
	free(le);
	return NULL;
}

static const struct loop_ops ops = {
	.io_start = loop_ev_io_start,
	.io_stop = loop_ev_io_stop,
	.run = loop_ev_run,
	.refresh = loop_ev_refresh,
	.free = loop_ev_free,
};

struct loop *
loop_ev_new(void)
{
	struct loop_ev *le = mem_alloc(sizeof(*le));

	signal(SIGPIPE, SIG_IGN);
	le->loop.ops = &ops;
	le->ev = ev_loop_new(EVFLAG_AUTO);
	if (le->ev == NULL) {
		free(le);
		return NULL;
	}
	ev_set_userdata(le->ev, le);
	ev_timer_init(&le->timer, loop_ev_on_timer, 0.0, 0.0);
	loop_ev_refresh(&le->loop);
	return &le->loop;
}
