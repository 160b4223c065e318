/* tests/unit/machinery/loop.c: the loop of real time. */
#include <unistd.h>
#include "io/loop.h"
#include "tests/unit/machinery/script.h"

#define BUSY_MS 1000

struct late {
	struct loop *loop;
	struct timer busy, next;
	int64_t fired_at;
};

static void
late_busy(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	usleep(BUSY_MS * 1000);
}

static void
late_next(struct timer *t, void *arg)
{
	struct late *l = arg;

	(void)t;
	loop_refresh(l->loop);
	l->fired_at = loop_mono(l->loop);
	loop_stop(l->loop);
}

/* The time that a timer takes must not be added to the delay of the next one. */
static void
a_timer_that_became_due_while_another_ran_fires_at_once(void **state)
{
	struct late l = { .loop = loop_ev_new() };
	int64_t started;

	(void)state;
	l.busy = (struct timer){ .fire = late_busy };
	l.next = (struct timer){ .fire = late_next, .arg = &l };
	loop_refresh(l.loop);
	started = loop_mono(l.loop);
	loop_timer(l.loop, &l.busy, 0);
	loop_timer(l.loop, &l.next, BUSY_MS - 100);
	loop_run(l.loop);
	assert_true(l.fired_at >= started + BUSY_MS);
	assert_true(l.fired_at < started + BUSY_MS + BUSY_MS - 200);
	loop_timer_stop(l.loop, &l.next);
	loop_free(l.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_that_became_due_while_another_ran_fires_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
