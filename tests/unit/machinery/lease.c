/* tests/unit/machinery/lease.c: when this process may act, and when it must not. */
#include "kube/lease.h"
#include "tests/unit/machinery/script.h"

#define RECORD(holder, version)                                                                                        \
	"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"lock\",\"namespace\":" \
	"\"ns\",\"uid\":\"u\",\"resourceVersion\":\"" version "\"},\"spec\":{\"holderIdentity\":\"" holder             \
	"\",\"leaseDurationSeconds\":15}}"

struct fixture {
	struct loop *loop;
	struct script *script;
	struct lease *lease;
	unsigned started, stopped;
	char holder[64]; /* the other holder that was reported last */
};

static void
fixture_started(void *arg)
{
	((struct fixture *)arg)->started++;
}

static void
fixture_stopped(void *arg)
{
	((struct fixture *)arg)->stopped++;
}

static void
fixture_waiting(void *arg, const char *holder, const struct err *e)
{
	struct fixture *w = arg;

	(void)e;
	snprintf(w->holder, sizeof(w->holder), "%s", holder);
}

static void
fixture_setup(struct fixture *w)
{
	*w = (struct fixture){ .loop = loop_virtual_new(1000000) };
	w->script = script_new(w->loop);
	w->lease = lease_new(&w->script->transport, &(struct lease_settings){ .namespace = "ns",
							.name = "lock",
							.identity = "me",
							.duration_ms = 15000,
							.renew_deadline_ms = 10000,
							.retry_ms = 2000,
							.seed = 1,
							.started = fixture_started,
							.stopped = fixture_stopped,
							.waiting = fixture_waiting,
							.arg = w });
	loop_virtual_run_until(w->loop, 0);
}

static void
fixture_teardown(struct fixture *w)
{
	lease_free(w->lease);
	transport_free(&w->script->transport);
	loop_free(w->loop);
}

static void
fixture_run(struct fixture *w, int64_t ms)
{
	loop_virtual_run_until(w->loop, loop_mono(w->loop) + ms);
}

/* This process takes the Lease that was never there. */
static void
fixture_lead(struct fixture *w)
{
	script_respond(w->script, "GET", "leases/lock", 404, "{\"code\":404}");
	script_respond(w->script, "POST", "leases", 201, RECORD("me", "1"));
	assert_int_equal(w->started, 1);
	assert_true(lease_held(w->lease));
}

/* Runs until the next try to read the Lease. */
static void
fixture_next_try(struct fixture *w)
{
	while (script_n_open(w->script) == 0)
		assert_true(loop_virtual_step(w->loop));
}

static void
a_lease_that_is_not_there_is_created(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	assert_false(lease_held(w.lease));
	fixture_lead(&w);
	fixture_teardown(&w);
}

static void
two_that_create_it_at_once_do_not_both_lead(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "leases/lock", 404, "{\"code\":404}");
	script_respond(w.script, "POST", "leases", 409, "{\"code\":409,\"reason\":\"AlreadyExists\"}");
	assert_int_equal(w.started, 0);
	assert_false(lease_held(w.lease));
	fixture_teardown(&w);
}

/* The holder may be stopped for a while: the Lease is its own until it was not renewed for the whole duration. */
static void
the_lease_of_another_is_not_taken_before_its_duration(void **state)
{
	struct fixture w;
	int64_t first;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "leases/lock", 200, RECORD("other", "5"));
	assert_string_equal(w.holder, "other");
	first = loop_mono(w.loop);
	for (;;) {
		struct exchange *e;

		fixture_next_try(&w);
		script_respond(w.script, "GET", "leases/lock", 200, RECORD("other", "5"));
		if (script_n_open(w.script) == 0)
			continue;
		e = script_open(w.script, "PUT", "leases/lock");
		assert_non_null(strstr(e->body, "\"resourceVersion\":\"5\""));
		break;
	}
	assert_in_range(loop_mono(w.loop) - first, 15000, 18000);
	assert_int_equal(w.started, 0);
	script_respond(w.script, "PUT", "leases/lock", 200, RECORD("me", "6"));
	assert_int_equal(w.started, 1);
	fixture_teardown(&w);
}

static void
a_lease_that_is_renewed_is_never_taken(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	for (int i = 0; i < 30; i++) {
		char record[400];

		fixture_next_try(&w);
		snprintf(record, sizeof(record), "%s", RECORD("other", "5_"));
		*strstr(record, "5_") = (char)('0' + i / 10);
		*strchr(record, '_') = (char)('0' + i % 10);
		script_respond(w.script, "GET", "leases/lock", 200, record);
		assert_int_equal(script_n_open(w.script), 0);
	}
	assert_int_equal(w.started, 0);
	fixture_teardown(&w);
}

static void
an_api_server_that_is_silent_ends_the_lease_by_our_own_clock(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lead(&w);
	fixture_run(&w, 9999);
	assert_true(lease_held(w.lease));
	assert_int_equal(w.stopped, 0);
	fixture_run(&w, 1);
	assert_false(lease_held(w.lease));
	assert_int_equal(w.stopped, 1);
	fixture_teardown(&w);
}

/* The process was stopped, or its loop is late: the clock moved, the timer of the deadline has not fired yet. */
static void
a_late_loop_does_not_prolong_the_lease(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lead(&w);
	w.loop->mono_now += 10000;
	assert_int_equal(w.stopped, 0);
	assert_false(lease_held(w.lease));
	fixture_teardown(&w);
}

/* A response that took long says only that the Lease was ours when it was sent. */
static void
a_renewal_counts_from_when_it_was_sent(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "leases/lock", 404, "{\"code\":404}");
	fixture_run(&w, 4000);
	script_respond(w.script, "POST", "leases", 201, RECORD("me", "1"));
	assert_true(lease_held(w.lease));
	fixture_run(&w, 5999);
	assert_true(lease_held(w.lease));
	fixture_run(&w, 1);
	assert_false(lease_held(w.lease));
	fixture_teardown(&w);
}

static void
another_holder_in_the_record_ends_ours_at_once(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lead(&w);
	fixture_next_try(&w);
	script_respond(w.script, "GET", "leases/lock", 200, RECORD("thief", "9"));
	assert_int_equal(w.stopped, 1);
	assert_false(lease_held(w.lease));
	fixture_teardown(&w);
}

static void
a_lease_is_given_back_only_while_it_is_ours(void **state)
{
	struct fixture w;
	unsigned released = 0;

	(void)state;
	fixture_setup(&w);
	fixture_lead(&w);
	lease_release(w.lease, fixture_started, &(struct fixture){ 0 });
	assert_non_null(strstr(script_open(w.script, "PATCH", "leases/lock")->body, "\"op\":\"test\""));
	fixture_teardown(&w);
	fixture_setup(&w);
	script_respond(w.script, "GET", "leases/lock", 200, RECORD("other", "5"));
	released = w.script->n;
	lease_release(w.lease, fixture_started, &w);
	assert_int_equal(w.started, 1);
	assert_int_equal(w.script->n, released);
	fixture_teardown(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_that_is_not_there_is_created),
		cmocka_unit_test(two_that_create_it_at_once_do_not_both_lead),
		cmocka_unit_test(the_lease_of_another_is_not_taken_before_its_duration),
		cmocka_unit_test(a_lease_that_is_renewed_is_never_taken),
		cmocka_unit_test(an_api_server_that_is_silent_ends_the_lease_by_our_own_clock),
		cmocka_unit_test(a_late_loop_does_not_prolong_the_lease),
		cmocka_unit_test(a_renewal_counts_from_when_it_was_sent),
		cmocka_unit_test(another_holder_in_the_record_ends_ours_at_once),
		cmocka_unit_test(a_lease_is_given_back_only_while_it_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
