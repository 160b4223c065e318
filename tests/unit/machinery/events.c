/* tests/unit/machinery/events.c: how the events of plans are sent, counted, and dropped when too many wait. */
#include "kube/events.h"
#include "base/json.h"
#include "io/log.h"
#include "kube/api/rollout.h"
#include "kube/plan/plan.h"
#include "tests/unit/unit.h"

#define SENT_MAX 70000
#define RESPONSE_MS 2
#define OBJECTS 1000
#define EVENTS_OF_AN_UPDATE 25

struct sent {
	char method[8], name[32]; /* name: of the object */
	char *url, *body;
	int64_t count;
};

struct exchange {
	struct server *server;
	struct timer timer;
	const struct receiver *to;
	void *arg;
	int status;
};

/* Responds to every request after RESPONSE_MS. */
struct server {
	struct transport transport; /* first: a transport is its server */
	struct loop *loop;
	struct events *events;
	struct arena *arena;
	struct sent *sent;
	size_t n, n_open, most_open;
	int status; /* of the responses; 0: the requests are lost */
	size_t observed, dropped_normal, dropped_warnings;
};

static void
server_on_response(struct timer *t, void *arg)
{
	struct exchange *e = arg;
	static const char body[] = "{\"kind\":\"Event\",\"metadata\":{\"name\":\"x\"}}";
	struct reply reply = { .status = e->status, .body = { body, sizeof(body) - 1 } };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)t;
	e->server->n_open--;
	if (e->status == 0)
		e->to->done(e->arg, err_new(a, ERR_AGAIN, "timed out"), &reply);
	else
		e->to->done(e->arg, NULL, &reply);
	free(e);
}

static struct exchange *
server_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct server *s = (struct server *)t;
	struct exchange *e = mem_alloc(sizeof(*e));
	struct sent *sent = &s->sent[s->n++];
	_cleanup_(json_decrefp) json_t *body = json_loads(r->body, 0, NULL);
	const char *name = json_str(json_object_get(body, "involvedObject"), "name");

	assert_true(s->n < SENT_MAX);
	snprintf(sent->method, sizeof(sent->method), "%s", r->method);
	snprintf(sent->name, sizeof(sent->name), "%s", name != NULL ? name : "");
	sent->url = arena_strdup(s->arena, r->url);
	sent->body = arena_strdup(s->arena, r->body);
	sent->count = json_int(body, "count", -1);
	*e = (struct exchange){ .server = s, .to = to, .arg = arg, .status = s->status };
	e->timer = (struct timer){ .fire = server_on_response, .arg = e };
	s->n_open++;
	s->most_open = s->n_open > s->most_open ? s->n_open : s->most_open;
	loop_timer(s->loop, &e->timer, RESPONSE_MS);
	return e;
}

static void
server_cancel(struct exchange *e)
{
	e->server->n_open--;
	loop_timer_stop(e->server->loop, &e->timer);
	free(e);
}

static void
server_on_emitted(const struct plan_step *s, void *arg)
{
	(void)s;
	((struct server *)arg)->observed++;
}

static void
server_on_dropped(bool warning, void *arg)
{
	struct server *s = arg;

	*(warning ? &s->dropped_warnings : &s->dropped_normal) += 1;
}

static void
server_setup(struct server *s)
{
	static const struct transport_ops ops = { .start = server_start, .cancel = server_cancel };

	log_setup(LOG_LEVEL_ERROR, false);
	*s = (struct server){ .loop = loop_virtual_new(1000000), .arena = arena_new(), .status = 201 };
	s->transport.ops = &ops;
	s->transport.loop = s->loop;
	s->sent = mem_alloc(SENT_MAX * sizeof(*s->sent));
	s->events = events_new(&s->transport, "test", 1);
	events_observe(s->events,
	    (struct events_observer){ .emitted = server_on_emitted, .dropped = server_on_dropped, .arg = s });
}

static void
server_teardown(struct server *s)
{
	events_free(s->events);
	free(s->sent);
	loop_free(s->loop);
	arena_free(s->arena);
}

static void
server_run(struct server *s, int64_t ms)
{
	loop_virtual_run_until(s->loop, loop_mono(s->loop) + ms);
}

static void
server_emit(struct server *s, size_t object, bool warning, const char *reason, const char *message)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct object o = { .type = &rollout_type,
		.meta = { .name = arena_printf(a, "app%zu", object),
		    .namespace = "default",
		    .uid = arena_printf(a, "uid%zu", object),
		    .resource_version = "7" } };
	const struct plan_step step = {
		.op = PLAN_EVENT, .about = &o, .warning = warning, .reason = reason, .message = message
	};

	events_emit(s->events, &step);
}

static void
server_emit_number(struct server *s, size_t object, bool warning, size_t number)
{
	char message[32];

	snprintf(message, sizeof(message), "number %zu.", number);
	server_emit(s, object, warning, "Happened", message);
}

static bool
server_has_sent(const struct server *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strstr(s->sent[i].body, text) != NULL)
			return true;
	return false;
}

static void
a_thousand_updates_at_once_lose_no_event(void **state)
{
	struct server s;
	size_t next[OBJECTS] = { 0 };

	(void)state;
	server_setup(&s);
	for (size_t k = 0; k < EVENTS_OF_AN_UPDATE; k++)
		for (size_t i = 0; i < OBJECTS; i++)
			server_emit_number(&s, i, false, k);
	server_run(&s, 60000);
	assert_int_equal(s.n, OBJECTS * EVENTS_OF_AN_UPDATE);
	assert_int_equal(s.dropped_normal + s.dropped_warnings, 0);
	assert_int_equal(events_waiting(s.events), 0);
	assert_true(s.most_open <= EVENTS_CALLS_MAX);
	for (size_t i = 0; i < s.n; i++) {
		size_t object = strtoul(s.sent[i].name + strlen("app"), NULL, 10);
		char message[32];

		assert_true(object < OBJECTS);
		snprintf(message, sizeof(message), "number %zu.", next[object]++);
		assert_non_null(strstr(s.sent[i].body, message));
	}
	server_teardown(&s);
}

static void
an_event_that_happens_again_raises_the_count_of_the_first(void **state)
{
	struct server s;
	size_t before;

	(void)state;
	server_setup(&s);
	server_emit(&s, 1, false, "RolloutPaused", "paused");
	server_run(&s, 100000);
	before = s.n;
	server_emit(&s, 1, false, "RolloutPaused", "paused");
	server_run(&s, 100000);
	server_emit(&s, 1, false, "RolloutPaused", "paused");
	server_run(&s, 100000);
	assert_int_equal(before, 1);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.sent[0].method, "POST");
	assert_int_equal(s.sent[0].count, 1);
	assert_string_equal(s.sent[1].method, "PATCH");
	assert_non_null(strstr(s.sent[1].url, "/api/v1/namespaces/default/events/app1."));
	assert_string_equal(s.sent[1].body, "{\"count\":2,\"lastTimestamp\":\"1970-01-01T00:18:20Z\"}");
	assert_string_equal(s.sent[2].url, s.sent[1].url);
	assert_int_equal(s.sent[2].count, 3);
	server_teardown(&s);
}

static void
events_that_differ_in_object_type_reason_or_message_are_separate(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	server_emit(&s, 1, false, "A", "text");
	server_emit(&s, 2, false, "A", "text");
	server_emit(&s, 1, true, "A", "text");
	server_emit(&s, 1, false, "B", "text");
	server_emit(&s, 1, false, "A", "other");
	server_run(&s, 1000);
	assert_int_equal(s.n, 5);
	for (size_t i = 0; i < s.n; i++)
		assert_string_equal(s.sent[i].method, "POST");
	server_teardown(&s);
}

static void
equal_events_that_wait_are_sent_as_one(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	for (size_t i = 0; i < 3; i++) {
		server_emit(&s, 1, false, "A", "first");
		server_emit(&s, 1, true, "B", "second");
	}
	server_run(&s, 1000);
	/* the first was sent before the others came */
	assert_int_equal(s.n, 3);
	assert_int_equal(s.sent[0].count, 1);
	assert_non_null(strstr(s.sent[1].body, "second"));
	assert_int_equal(s.sent[1].count, 3);
	assert_string_equal(s.sent[2].method, "PATCH");
	assert_int_equal(s.sent[2].count, 3);
	server_teardown(&s);
}

static void
beyond_the_limit_of_an_object_its_oldest_normal_events_are_dropped(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	server_emit_number(&s, 1, true, 0);
	for (size_t i = 1; i < EVENTS_OF_ONE_MAX + 10; i++)
		server_emit_number(&s, 1, i == 2, i);
	server_run(&s, 1000);
	assert_int_equal(s.n, EVENTS_OF_ONE_MAX);
	assert_int_equal(s.dropped_normal, 10);
	assert_int_equal(s.dropped_warnings, 0);
	assert_true(server_has_sent(&s, "number 0."));
	assert_false(server_has_sent(&s, "number 1."));
	assert_true(server_has_sent(&s, "number 2."));
	assert_false(server_has_sent(&s, "number 11."));
	assert_true(server_has_sent(&s, "number 12."));
	server_teardown(&s);
}

static void
another_object_loses_nothing_to_a_noisy_one(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	server_emit_number(&s, 2, false, 7777);
	for (size_t i = 0; i < 1000; i++)
		server_emit_number(&s, 1, false, i);
	server_emit_number(&s, 2, false, 8888);
	server_run(&s, 1000);
	assert_true(server_has_sent(&s, "number 7777."));
	assert_true(server_has_sent(&s, "number 8888."));
	assert_int_equal(s.dropped_normal, 1000 - EVENTS_OF_ONE_MAX);
	server_teardown(&s);
}

static void
warnings_are_combined_and_never_dropped(void **state)
{
	struct server s;
	int64_t happened = 0;

	(void)state;
	server_setup(&s);
	for (size_t i = 0; i < 200; i++)
		server_emit_number(&s, 1, true, i);
	server_emit(&s, 1, true, "Other", "of another reason");
	server_emit(&s, 1, false, "Normal", "no room");
	server_run(&s, 1000);
	for (size_t i = 0; i < s.n; i++)
		happened += s.sent[i].count;
	assert_int_equal(s.n, EVENTS_OF_ONE_MAX + 1);
	assert_int_equal(happened, 201);
	assert_true(server_has_sent(&s, "(combined from similar events): number 199."));
	assert_true(server_has_sent(&s, "of another reason"));
	assert_int_equal(s.dropped_warnings, 0);
	assert_int_equal(s.dropped_normal, 1);
	server_teardown(&s);
}

static void
beyond_the_limit_of_all_the_oldest_normal_event_is_dropped(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	for (size_t k = 0; k < EVENTS_OF_ONE_MAX; k++)
		for (size_t i = 0; i < EVENTS_MAX / EVENTS_OF_ONE_MAX; i++)
			server_emit_number(&s, i, k == 0, k * 10000 + i);
	assert_int_equal(events_waiting(s.events), EVENTS_MAX);
	assert_int_equal(s.dropped_normal, 0);
	server_emit(&s, 5000, false, "New", "newest");
	server_emit(&s, 5000, true, "New", "newest warning");
	assert_int_equal(events_waiting(s.events), EVENTS_MAX);
	server_run(&s, 600000);
	assert_int_equal(s.n, EVENTS_MAX);
	assert_int_equal(s.dropped_normal, 2);
	assert_int_equal(s.dropped_warnings, 0);
	assert_false(server_has_sent(&s, "number 10000."));
	assert_false(server_has_sent(&s, "number 10001."));
	assert_true(server_has_sent(&s, "number 10002."));
	assert_true(server_has_sent(&s, "newest warning"));
	server_teardown(&s);
}

static void
an_event_without_a_response_is_sent_again_under_its_name(void **state)
{
	struct server s;
	_cleanup_(json_decrefp) json_t *first = NULL, *again = NULL;

	(void)state;
	server_setup(&s);
	s.status = 0;
	server_emit(&s, 1, false, "A", "first");
	server_emit(&s, 1, false, "B", "second");
	server_run(&s, RESPONSE_MS + 1);
	s.status = 409;
	server_run(&s, 1100);
	s.status = 201;
	server_run(&s, 60000);
	first = json_loads(s.sent[0].body, 0, NULL);
	again = json_loads(s.sent[1].body, 0, NULL);
	assert_true(json_equal(first, again));
	assert_non_null(strstr(s.sent[s.n - 1].body, "second"));
	server_teardown(&s);
}

static void
an_outage_of_three_minutes_loses_nothing(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	s.status = 503;
	for (size_t i = 0; i < 10; i++)
		server_emit_number(&s, i, false, i);
	server_run(&s, 180000);
	s.status = 201;
	server_run(&s, 60000);
	assert_int_equal(s.dropped_normal, 0);
	assert_int_equal(events_waiting(s.events), 0);
	server_teardown(&s);
}

static void
a_refused_event_is_dropped_and_counted(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	s.status = 403;
	server_emit(&s, 1, true, "A", "first");
	server_emit(&s, 1, false, "B", "second");
	server_run(&s, 1000);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.dropped_warnings, 1);
	assert_int_equal(s.dropped_normal, 1);
	server_teardown(&s);
}

static void
a_repeated_event_that_has_expired_is_created_again(void **state)
{
	struct server s;

	(void)state;
	server_setup(&s);
	server_emit(&s, 1, false, "A", "text");
	server_run(&s, 1000);
	s.status = 404;
	server_emit(&s, 1, false, "A", "text");
	s.status = 201;
	server_run(&s, 1000);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.sent[1].method, "PATCH");
	assert_string_equal(s.sent[2].method, "POST");
	assert_int_equal(s.dropped_normal, 0);
	server_emit(&s, 1, false, "A", "text");
	server_run(&s, 1000);
	assert_string_equal(s.sent[3].method, "PATCH");
	server_teardown(&s);
}

static void
an_implied_event_is_observed_and_not_sent(void **state)
{
	const struct object o = { .type = &rollout_type, .meta = { .name = "app", .namespace = "default" } };
	const struct plan_step step = {
		.op = PLAN_EVENT, .about = &o, .implied = true, .reason = "RolloutPaused", .message = "paused"
	};
	struct server s;

	(void)state;
	server_setup(&s);
	events_emit(s.events, &step);
	server_run(&s, 1000);
	assert_int_equal(s.observed, 1);
	assert_int_equal(s.n, 0);
	server_teardown(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_updates_at_once_lose_no_event),
		cmocka_unit_test(an_event_that_happens_again_raises_the_count_of_the_first),
		cmocka_unit_test(events_that_differ_in_object_type_reason_or_message_are_separate),
		cmocka_unit_test(equal_events_that_wait_are_sent_as_one),
		cmocka_unit_test(beyond_the_limit_of_an_object_its_oldest_normal_events_are_dropped),
		cmocka_unit_test(another_object_loses_nothing_to_a_noisy_one),
		cmocka_unit_test(warnings_are_combined_and_never_dropped),
		cmocka_unit_test(beyond_the_limit_of_all_the_oldest_normal_event_is_dropped),
		cmocka_unit_test(an_event_without_a_response_is_sent_again_under_its_name),
		cmocka_unit_test(an_outage_of_three_minutes_loses_nothing),
		cmocka_unit_test(a_refused_event_is_dropped_and_counted),
		cmocka_unit_test(a_repeated_event_that_has_expired_is_created_again),
		cmocka_unit_test(an_implied_event_is_observed_and_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
