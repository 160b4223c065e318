/* tests/unit/machinery/session_secret.c: the Secret of the sessions: which copy counts, and how it is written. */
#include "web/session_secret.h"
#include "io/loop.h"
#include "tests/unit/machinery/script.h"

#define SECRET "/api/v1/namespaces/argocd/secrets/sluice-server-sessions"
#define WALL INT64_C(1700000000000)
#define N (SESSION_SECRET_WRITES_MAX + 2)

struct fixture {
	struct loop *loop;
	struct script *api;
	struct session_secret *sessions;
	struct arena *arena;
	struct session_operation operations[N];
	int done, failed, found;
};

static void
on_done(void *arg, const struct err *e, const struct session *found)
{
	struct fixture *f = arg;

	f->done++;
	f->failed += e != NULL;
	f->found += found != NULL;
}

static int
sessions_begin(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	*f = (struct fixture){ .loop = loop_virtual_new(WALL), .arena = arena_new() };
	f->api = script_new(f->loop);
	f->sessions = session_secret_new(&f->api->transport, "argocd");
	loop_virtual_run_until(f->loop, 10);
	*state = f;
	return 0;
}

static int
sessions_finish(void **state)
{
	struct fixture *f = *state;

	session_secret_free(f->sessions);
	transport_free(&f->api->transport);
	arena_free(f->arena);
	loop_free(f->loop);
	free(f);
	return 0;
}

static bool
start(struct fixture *f, int i, enum session_secret_kind kind, const char *id)
{
	struct session_operation *o = &f->operations[i];

	*o = (struct session_operation){ .kind = kind,
		.id = id,
		.session = { .user = id,
		    .name = id,
		    .ends_at = WALL + 3600000,
		    .attempt = id,
		    .attempt_ends_at = WALL },
		.arena = f->arena,
		.done = on_done,
		.arg = f };
	return session_secret_start(f->sessions, o);
}

/* The Secret with the sessions of these users; NULL: none. */
static const char *
secret(struct fixture *f, const char *version, const char *one, const char *two)
{
	json_t *data = json_object(), *of, *patch = NULL;
	const char *const users[] = { one, two };
	const char *text;

	of = json_pack("{s:{s:s},s:O}", "metadata", "resourceVersion", version, "data", data);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		const struct session s = {
			.user = users[i], .ends_at = WALL + 3600000, .attempt = users[i], .attempt_ends_at = WALL
		};

		if (users[i] == NULL)
			continue;
		assert_null(session_add(f->arena, of, session_key(f->arena, users[i]), &s, WALL, &patch));
		json_object_update(data, json_object_get(patch, "data"));
		json_decref(patch);
	}
	text = json_text(f->arena, of);
	json_decref(of);
	json_decref(data);
	return text;
}

static void
respond_to(struct exchange *e, const char *body)
{
	const struct reply reply = { .status = 200, .body = { body, strlen(body) } };

	e->open = false;
	e->to->done(e->arg, NULL, &reply);
}

static void
writes_are_made_one_at_a_time_and_joined(void **state)
{
	struct fixture *f = *state;
	struct exchange *e;

	start(f, 0, SESSION_SECRET_ADD, "a");
	script_respond(f->api, "GET", SECRET, 200, secret(f, "1", NULL, NULL));
	start(f, 1, SESSION_SECRET_ADD, "b");
	start(f, 2, SESSION_SECRET_ADD, "c");
	assert_int_equal(script_n_open(f->api), 1);
	script_respond(f->api, "PATCH", SECRET, 200, secret(f, "2", "a", NULL));
	assert_int_equal(f->done, 1);
	assert_int_equal(script_n_open(f->api), 1);
	script_respond(f->api, "GET", SECRET, 200, secret(f, "2", "a", NULL));
	e = script_open(f->api, "PATCH", SECRET);
	assert_non_null(strstr(e->body, session_key(f->arena, "b")));
	assert_non_null(strstr(e->body, session_key(f->arena, "c")));
	script_respond(f->api, "PATCH", SECRET, 200, secret(f, "3", "b", "c"));
	assert_int_equal(f->done, 3);
	assert_int_equal(f->failed, 0);
	assert_int_equal(script_n_open(f->api), 0);
}

static void
what_is_wrong_with_one_does_not_concern_the_others(void **state)
{
	struct fixture *f = *state;

	start(f, 0, SESSION_SECRET_ADD, "a");
	start(f, 1, SESSION_SECRET_END, "unknown");
	start(f, 2, SESSION_SECRET_ADD, "c");
	script_respond(f->api, "GET", SECRET, 200, secret(f, "1", NULL, NULL));
	assert_int_equal(f->done, 1);
	session_secret_cancel(&f->operations[2]);
	script_respond(f->api, "PATCH", SECRET, 200, secret(f, "2", "a", "c"));
	assert_int_equal(f->done, 2);
	assert_int_equal(f->failed, 0);
}

static void
a_conflict_is_followed_by_a_pause(void **state)
{
	struct fixture *f = *state;

	start(f, 0, SESSION_SECRET_ADD, "a");
	for (int i = 0; i < 7; i++) {
		script_respond(f->api, "GET", SECRET, 200, secret(f, "1", NULL, NULL));
		script_respond(f->api, "PATCH", SECRET, 409, "{}");
		assert_int_equal(script_n_open(f->api), 0);
		start(f, 1, SESSION_SECRET_ADD, "b");
		assert_int_equal(script_n_open(f->api), 0);
		session_secret_cancel(&f->operations[1]);
		assert_true(loop_virtual_step(f->loop));
		assert_int_equal(script_n_open(f->api), 1);
	}
	assert_int_equal(f->done, 0);
	script_respond(f->api, "GET", SECRET, 200, secret(f, "1", NULL, NULL));
	script_respond(f->api, "PATCH", SECRET, 409, "{}");
	assert_int_equal(f->done, 1);
	assert_int_equal(f->failed, 1);
}

static void
a_read_from_before_a_logout_does_not_bring_the_session_back(void **state)
{
	struct fixture *f = *state;

	start(f, 0, SESSION_SECRET_FIND, "b");
	assert_true(loop_virtual_step(f->loop));
	assert_int_equal(script_n_open(f->api), 1);
	loop_virtual_run_until(f->loop, 50);
	start(f, 1, SESSION_SECRET_END, "a");
	assert_int_equal(script_n_open(f->api), 2);
	respond_to(&f->api->sent[1], secret(f, "1", "a", "b"));
	assert_string_equal(f->api->sent[2].method, "PATCH");
	respond_to(&f->api->sent[2], secret(f, "2", "b", NULL));
	assert_int_equal(f->done, 1);
	respond_to(&f->api->sent[0], secret(f, "1", "a", "b"));
	assert_int_equal(f->done, 2);
	assert_int_equal(f->found, 1);
	start(f, 2, SESSION_SECRET_FIND, "a");
	assert_int_equal(f->done, 3);
	assert_int_equal(f->found, 1);
}

static void
more_writes_than_the_limit_are_refused(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < SESSION_SECRET_WRITES_MAX; i++)
		assert_true(start(f, i, SESSION_SECRET_ADD, arena_printf(f->arena, "u%d", i)));
	assert_false(start(f, SESSION_SECRET_WRITES_MAX, SESSION_SECRET_ADD, "more"));
	assert_false(start(f, SESSION_SECRET_WRITES_MAX, SESSION_SECRET_END, "more"));
	assert_int_equal(script_n_open(f->api), 1);
	/* Those in flight count too, and reads do not. */
	script_respond(f->api, "GET", SECRET, 200, secret(f, "1", NULL, NULL));
	assert_false(start(f, SESSION_SECRET_WRITES_MAX, SESSION_SECRET_ADD, "more"));
	assert_true(start(f, SESSION_SECRET_WRITES_MAX, SESSION_SECRET_FIND, "more"));
	session_secret_cancel(&f->operations[SESSION_SECRET_WRITES_MAX]);
	assert_int_equal(f->done, 0);
	script_respond(f->api, "PATCH", SECRET, 200, secret(f, "2", "u0", NULL));
	assert_int_equal(f->done, SESSION_SECRET_WRITES_MAX);
	assert_true(start(f, SESSION_SECRET_WRITES_MAX, SESSION_SECRET_ADD, "more"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    writes_are_made_one_at_a_time_and_joined, sessions_begin, sessions_finish),
		cmocka_unit_test_setup_teardown(
		    what_is_wrong_with_one_does_not_concern_the_others, sessions_begin, sessions_finish),
		cmocka_unit_test_setup_teardown(a_conflict_is_followed_by_a_pause, sessions_begin, sessions_finish),
		cmocka_unit_test_setup_teardown(
		    a_read_from_before_a_logout_does_not_bring_the_session_back, sessions_begin, sessions_finish),
		cmocka_unit_test_setup_teardown(
		    more_writes_than_the_limit_are_refused, sessions_begin, sessions_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
