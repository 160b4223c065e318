/* tests/unit/machinery/queue.c: when a key gets its next pass, and why. */
#include "kube/queue.h"
#include "tests/unit/machinery/script.h"

struct fixture {
	struct loop *loop;
	struct queue *queue;
	struct queue_item *worked; /* the last key that was worked on */
	unsigned n, why;
};

static void
fixture_work(struct queue_item *i, unsigned why, void *arg)
{
	struct fixture *w = arg;

	w->worked = i;
	w->why = why;
	w->n++;
}

static void
fixture_setup(struct fixture *w)
{
	*w = (struct fixture){ .loop = loop_virtual_new(1000000) };
	w->queue = queue_new(w->loop, 1, fixture_work, w);
	queue_open(w->queue);
}

static void
fixture_teardown(struct fixture *w)
{
	queue_free(w->queue);
	loop_free(w->loop);
}

static void
fixture_run(struct fixture *w, int64_t ms)
{
	loop_virtual_run_until(w->loop, loop_mono(w->loop) + ms);
}

static void
keys_gather_until_the_queue_is_opened(void **state)
{
	struct loop *l = loop_virtual_new(0);
	struct fixture w = { .loop = l };
	struct queue *q = queue_new(l, 1, fixture_work, &w);
	struct queue_item i = { 0 };

	(void)state;
	queue_add(q, &i, QUEUE_WATCH);
	loop_virtual_run_until(l, 1000);
	assert_int_equal(w.n, 0);
	queue_open(q);
	loop_virtual_run_until(l, 1001);
	assert_int_equal(w.n, 1);
	queue_done(&i, 0);
	queue_forget(&i);
	queue_free(q);
	loop_free(l);
}

static void
a_change_during_a_pass_gives_one_more_pass(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	assert_int_equal(w.n, 1);
	queue_add(w.queue, &i, QUEUE_RESPONSE);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1000);
	assert_int_equal(w.n, 1);
	queue_done(&i, 0);
	fixture_run(&w, 1);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.why, QUEUE_RESPONSE | QUEUE_WATCH);
	queue_done(&i, 0);
	fixture_run(&w, 100000);
	assert_int_equal(w.n, 2);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
a_key_is_worked_on_by_one_pass_at_a_time(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1000);
	assert_int_equal(w.n, 1);
	assert_int_equal(queue_busy(w.queue), 1);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

/* Passes cost requests and processor time: a plan that is to be woken in ten minutes causes none before. */
static void
a_timer_causes_no_pass_before_its_time(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	queue_done(&i, loop_wall(w.loop) + 600000);
	fixture_run(&w, 599998);
	assert_int_equal(w.n, 1);
	assert_false(queue_is_idle(&i));
	fixture_run(&w, 10);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.why, QUEUE_TIMER);
	queue_done(&i, 0);
	assert_true(queue_is_idle(&i));
	queue_forget(&i);
	fixture_teardown(&w);
}

/* The machine slept, or its clock was set: what is stored is wall time. */
static void
a_timer_follows_the_wall_clock(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	queue_done(&i, loop_wall(w.loop) + 3600000);
	w.loop->wall_now += 3600000;
	fixture_run(&w, 20000);
	assert_int_equal(w.n, 2);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
a_wall_clock_that_is_set_back_delays_no_pass(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	queue_done(&i, loop_wall(w.loop) + 60000);
	w.loop->wall_now -= 3600000;
	fixture_run(&w, 50000);
	assert_int_equal(w.n, 1);
	fixture_run(&w, 20000);
	assert_int_equal(w.n, 2);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
failures_back_off_and_success_starts_anew(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;
	int64_t last = 0;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	for (int n = 0; n < 14; n++) {
		int64_t before = loop_mono(w.loop);
		unsigned passes = w.n;

		queue_failed(&i, ERR_AGAIN, 0);
		while (w.n == passes)
			assert_true(loop_virtual_step(w.loop));
		last = loop_mono(w.loop) - before;
		assert_in_range(last, 0, 10000);
		assert_int_equal(w.why, QUEUE_RETRY);
	}
	assert_in_range(last, 5000, 10000);
	queue_done(&i, 0);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	queue_failed(&i, ERR_AGAIN, 0);
	last = (int64_t)w.n;
	fixture_run(&w, 20);
	assert_int_equal(w.n, last + 1);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

/* As long as the server requested, unless something changes. */
static void
a_failure_comes_back_no_sooner_than_requested(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	w.n = 0;
	queue_failed(&i, ERR_AGAIN, 20000);
	fixture_run(&w, 19900);
	assert_int_equal(w.n, 0);
	fixture_run(&w, 200);
	assert_int_equal(w.n, 1);
	queue_failed(&i, ERR_AGAIN, 20000);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	assert_int_equal(w.n, 2);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
a_conflict_is_decided_anew_almost_at_once(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	for (unsigned n = 2; n < 6; n++) {
		queue_failed(&i, ERR_CONFLICT, 0);
		fixture_run(&w, 25);
		assert_int_equal(w.n, n);
	}
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
a_change_does_not_wait_for_the_backoff(void **state)
{
	struct queue_item i = { 0 };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	queue_add(w.queue, &i, QUEUE_WATCH);
	fixture_run(&w, 1);
	for (int n = 0; n < 12; n++) {
		queue_failed(&i, ERR_AGAIN, 0);
		fixture_run(&w, 15000);
	}
	queue_failed(&i, ERR_AGAIN, 0);
	queue_add(w.queue, &i, QUEUE_WATCH);
	w.n = 0;
	fixture_run(&w, 1);
	assert_int_equal(w.n, 1);
	queue_done(&i, 0);
	queue_forget(&i);
	fixture_teardown(&w);
}

static void
a_bounded_number_of_keys_is_worked_on_at_once(void **state)
{
	static struct queue_item items[200];
	struct fixture w;
	unsigned first;

	(void)state;
	fixture_setup(&w);
	for (size_t n = 0; n < ARRAY_SIZE(items); n++)
		queue_add(w.queue, &items[n], QUEUE_WATCH);
	fixture_run(&w, 100);
	first = w.n;
	assert_in_range(first, 16, 128);
	assert_int_equal(queue_busy(w.queue), ARRAY_SIZE(items));
	queue_done(&items[0], 0);
	fixture_run(&w, 1);
	assert_int_equal(w.n, first + 1);
	/* A key that is forgotten in the middle of its pass frees its place too. */
	queue_forget(&items[1]);
	fixture_run(&w, 1);
	assert_int_equal(w.n, first + 2);
	queue_forget(&items[150]);
	for (size_t n = 2; n < ARRAY_SIZE(items); n++)
		if (items[n].queue != NULL)
			queue_forget(&items[n]);
	assert_int_equal(queue_busy(w.queue), 0);
	fixture_teardown(&w);
}

static void
a_tenant_whose_passes_take_long_leaves_some_to_others(void **state)
{
	static struct queue_item slow[100], other;
	struct fixture w;
	unsigned first;
	char tenant[] = "slow";

	(void)state;
	fixture_setup(&w);
	for (size_t n = 0; n < ARRAY_SIZE(slow); n++) {
		slow[n].tenant = n % 2 == 0 ? tenant : "slow";
		queue_add(w.queue, &slow[n], QUEUE_WATCH);
	}
	fixture_run(&w, 100);
	first = w.n;
	assert_in_range(first, 8, 64);
	other.tenant = "other";
	queue_add(w.queue, &other, QUEUE_WATCH);
	fixture_run(&w, 1);
	assert_int_equal(w.n, first + 1);
	assert_ptr_equal(w.worked, &other);
	/* Whatever others do, the tenant's next key waits for one of its own. */
	queue_done(&other, 0);
	fixture_run(&w, 100);
	assert_int_equal(w.n, first + 1);
	queue_done(&slow[0], 0);
	fixture_run(&w, 1);
	assert_int_equal(w.n, first + 2);
	assert_ptr_equal(w.worked, &slow[first]);
	queue_forget(&other);
	for (size_t n = ARRAY_SIZE(slow); n > 0; n--)
		queue_forget(&slow[n - 1]);
	assert_int_equal(queue_busy(w.queue), 0);
	fixture_teardown(&w);
}

static void
tenants_take_turns(void **state)
{
	struct queue_item many[3] = { 0 }, other = { .tenant = "other" };
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	for (size_t n = 0; n < ARRAY_SIZE(many); n++) {
		many[n].tenant = "many";
		queue_add(w.queue, &many[n], QUEUE_WATCH);
	}
	queue_add(w.queue, &other, QUEUE_WATCH);
	fixture_run(&w, 100);
	/* The key that was added last was not the last one. */
	assert_int_equal(w.n, 4);
	assert_ptr_equal(w.worked, &many[2]);
	queue_forget(&other);
	for (size_t n = 0; n < ARRAY_SIZE(many); n++)
		queue_forget(&many[n]);
	fixture_teardown(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_gather_until_the_queue_is_opened),
		cmocka_unit_test(a_change_during_a_pass_gives_one_more_pass),
		cmocka_unit_test(a_key_is_worked_on_by_one_pass_at_a_time),
		cmocka_unit_test(a_timer_causes_no_pass_before_its_time),
		cmocka_unit_test(a_timer_follows_the_wall_clock),
		cmocka_unit_test(a_wall_clock_that_is_set_back_delays_no_pass),
		cmocka_unit_test(failures_back_off_and_success_starts_anew),
		cmocka_unit_test(a_failure_comes_back_no_sooner_than_requested),
		cmocka_unit_test(a_conflict_is_decided_anew_almost_at_once),
		cmocka_unit_test(a_change_does_not_wait_for_the_backoff),
		cmocka_unit_test(a_bounded_number_of_keys_is_worked_on_at_once),
		cmocka_unit_test(a_tenant_whose_passes_take_long_leaves_some_to_others),
		cmocka_unit_test(tenants_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
