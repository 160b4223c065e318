/* tests/unit/machinery/executor.c: how one plan is carried out, whatever the API server says. */
#include "kube/executor.h"
#include "kube/api/core.h"
#include "kube/api/rollout.h"
#include "tests/unit/machinery/script.h"

struct fixture {
	struct loop *loop;
	struct script *script;
	struct cache *cache;
	struct events *events;
	struct queries queries;
	struct executor executor;
	struct arena *arena;
	struct plan *plan;
	const struct object *rollout, *service;
	struct execution *execution;
	bool changed; /* an object of the key has changed since the plan was decided */
	bool lease_held; /* this process is the leader, and may write */
	/* The result, when `done` has been called. */
	unsigned done;
	const struct plan_step *failed;
	enum err_class class;
};

static void
fixture_changed(const struct object *o, bool deleted, void *arg)
{
	(void)o;
	(void)deleted;
	(void)arg;
}

static void
fixture_done(void *arg, const struct plan_step *failed, const struct err *e)
{
	struct fixture *w = arg;

	w->done++;
	w->failed = failed;
	w->class = e != NULL ? e->class : ERR_AGAIN;
	w->execution = NULL;
}

static bool
fixture_has_news(void *arg)
{
	return ((struct fixture *)arg)->changed;
}

static bool
fixture_may_write(void *arg)
{
	return ((struct fixture *)arg)->lease_held;
}

static const struct object *
fixture_object(struct fixture *w, const struct type *t, const char *name, const char *version)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:s}}", "apiVersion", type_api_version(t, a), "kind", t->kind,
		"metadata", "name", name, "namespace", "default", "uid", name, "resourceVersion", version);

	cache_reached(w->cache, t, version);
	cache_put(w->cache, t, j, NULL);
	return object_decode(t, j, w->arena);
}

static void
fixture_setup(struct fixture *w)
{
	*w = (struct fixture){ .loop = loop_virtual_new(1000000), .arena = arena_new(), .lease_held = true };
	w->script = script_new(w->loop);
	w->cache = cache_new(fixture_changed, w);
	w->events = events_new(&w->script->transport, "test", 1);
	w->queries = (struct queries){ .outside = &w->script->transport, .api = &w->script->transport };
	w->executor = (struct executor){ .api = &w->script->transport,
		.cache = w->cache,
		.events = w->events,
		.manager = "test",
		.may_write = fixture_may_write,
		.arg = w };
	w->plan = plan_new(w->arena);
	w->rollout = fixture_object(w, &rollout_type, "myapp", "5");
	w->service = fixture_object(w, &service_type, "web", "7");
}

/* The status: {"phase": "Paused"}. */
static void
fixture_status(struct fixture *w)
{
	plan_status(w->plan, w->rollout, json_object(), json_pack("{s:s}", "phase", "Paused"));
}

static void
fixture_patch(struct fixture *w, const struct object *o)
{
	plan_patch(w->plan, o,
	    json_pack("[{s:s,s:s,s:s}]", "op", "replace", "path", "/metadata/labels/x", "value", o->meta.name));
}

static void
fixture_start(struct fixture *w)
{
	w->execution = execution_start(&w->executor, w->plan, &w->queries,
	    (struct execution_observer){ .done = fixture_done, .has_news = fixture_has_news, .arg = w });
}

static void
fixture_teardown(struct fixture *w)
{
	execution_cancel(w->execution);
	queries_done(&w->queries);
	events_free(w->events);
	cache_free(w->cache);
	transport_free(&w->script->transport);
	loop_free(w->loop);
	arena_free(w->arena);
}

/* How many requests of this method to a URL that contains `url` were sent. */
static size_t
fixture_sent(const struct fixture *w, const char *method, const char *url)
{
	size_t n = 0;

	for (size_t i = 0; i < w->script->n; i++)
		n += strcmp(w->script->sent[i].method, method) == 0 && strstr(w->script->sent[i].url, url) != NULL;
	return n;
}

static const char *const web_after = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\","
				     "\"namespace\":\"default\",\"uid\":\"web\",\"resourceVersion\":\"8\"}}";
static const char *const myapp_after =
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Rollout\",\"metadata\":{\"name\":\"myapp\",\"namespace\":"
    "\"default\",\"uid\":\"myapp\",\"resourceVersion\":\"9\"}}";

static const char *
fixture_version(const struct fixture *w, const struct type *t, const char *name)
{
	const struct view *v = cache_view(w->cache);
	const struct object *o = v->get(v, t, "default", name);

	return o != NULL ? o->meta.resource_version : "";
}

static void
steps_then_status_one_request_at_a_time(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_delete(w.plan, w.service);
	fixture_status(&w);
	fixture_start(&w);
	assert_int_equal(w.script->n, 1);
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	/* The response is in the cache before the next decision. */
	assert_string_equal(fixture_version(&w, &service_type, "web"), "8");
	assert_int_equal(w.script->n, 2);
	script_respond(w.script, "DELETE", "services/web", 200, "{}");
	assert_non_null(
	    strstr(script_open(w.script, "PATCH", "rollouts/myapp/status")->body, "\"resourceVersion\":\"5\""));
	script_respond(w.script, "PATCH", "rollouts/myapp/status", 200, myapp_after);
	assert_int_equal(w.done, 1);
	assert_null(w.failed);
	assert_string_equal(fixture_version(&w, &rollout_type, "myapp"), "9");
	fixture_teardown(&w);
}

static void
a_strict_patch_lets_the_api_server_refuse_fields_that_it_would_drop(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_strict(w.plan);
	fixture_start(&w);
	assert_int_equal(fixture_sent(&w, "PATCH", "services/web?fieldValidation=Strict"), 1);
	script_respond(w.script, "PATCH", "services/web", 400, "{\"kind\":\"Status\",\"message\":\"unknown field\"}");
	assert_int_equal(w.done, 1);
	assert_non_null(w.failed);
	fixture_teardown(&w);
}

/* Fails the test unless the writes of a plan have these urgencies. */
static void
fixture_expect_urgency(bool urgent, enum urgency step, enum urgency status)
{
	struct fixture w;

	fixture_setup(&w);
	w.plan->urgent = urgent;
	fixture_patch(&w, w.service);
	plan_event(w.plan, w.rollout, false, "Made", "this write was made");
	fixture_status(&w);
	fixture_start(&w);
	assert_int_equal(script_open(w.script, "PATCH", "services/web")->urgency, step);
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	assert_int_equal(script_open(w.script, "POST", "events")->urgency, URGENCY_EVENT);
	script_respond(w.script, "POST", "events", 201, "{\"kind\":\"Event\",\"metadata\":{\"name\":\"x\"}}");
	assert_int_equal(script_open(w.script, "PATCH", "rollouts/myapp/status")->urgency, status);
	fixture_teardown(&w);
}

static void
a_status_is_more_urgent_than_a_step_and_that_than_an_event(void **state)
{
	(void)state;
	fixture_expect_urgency(false, URGENCY_PROGRESS, URGENCY_STATUS);
}

static void
an_urgent_plan_writes_with_urgency_but_for_its_events(void **state)
{
	(void)state;
	fixture_expect_urgency(true, URGENCY_SAFETY, URGENCY_SAFETY);
}

static void
the_status_is_written_though_a_step_failed(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_delete(w.plan, w.service);
	fixture_status(&w);
	fixture_start(&w);
	script_respond(w.script, "PATCH", "services/web", 403, "{\"message\":\"refused by a webhook\"}");
	assert_int_equal(fixture_sent(&w, "DELETE", ""), 0);
	script_respond(w.script, "PATCH", "rollouts/myapp/status", 200, myapp_after);
	assert_int_equal(w.done, 1);
	assert_ptr_equal(w.failed, &w.plan->steps[0]);
	assert_int_equal(w.class, ERR_INVALID);
	fixture_teardown(&w);
}

static void
an_event_reports_only_a_write_that_was_made(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_event(w.plan, w.rollout, false, "Refused", "this write was refused");
	fixture_patch(&w, w.service);
	plan_independent(w.plan);
	plan_event(w.plan, w.rollout, false, "Made", "this write was made");
	fixture_start(&w);
	script_respond(w.script, "PATCH", "services/web", 403, "{\"message\":\"refused\"}");
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	assert_int_equal(w.done, 1);
	assert_int_equal(fixture_sent(&w, "POST", "events"), 1);
	assert_non_null(strstr(script_open(w.script, "POST", "events")->body, "\"reason\":\"Made\""));
	fixture_teardown(&w);
}

static void
no_event_is_sent_for_a_status_that_was_refused(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_status(&w);
	plan_status_event(w.plan, w.rollout, false, "Paused", "the rollout is paused");
	fixture_start(&w);
	script_respond(w.script, "PATCH", "status", 403, "{\"message\":\"refused\"}");
	assert_int_equal(w.done, 1);
	assert_int_equal(fixture_sent(&w, "POST", "events"), 0);
	fixture_teardown(&w);
}

/* The next decision must not rest on a weight that this write may have changed. */
static void
after_a_write_of_unknown_outcome_the_object_is_fetched(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	fixture_start(&w);
	script_lose(w.script, "PATCH", "services/web");
	assert_int_equal(w.done, 0);
	script_respond(w.script, "GET", "services/web", 200, web_after);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.class, ERR_AGAIN);
	assert_string_equal(fixture_version(&w, &service_type, "web"), "8");
	fixture_teardown(&w);
}

/* No watch will report a write that was not made. */
static void
a_write_whose_response_is_something_else_is_in_doubt(void **state)
{
	static const char *const responses[] = { "", "{}", "7", "[7]", "{\"kind\":\"Status\",\"metadata\":{}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		struct fixture w;

		fixture_setup(&w);
		fixture_patch(&w, w.service);
		fixture_start(&w);
		script_respond(w.script, "PATCH", "services/web", 200, responses[i]);
		script_respond(w.script, "GET", "services/web", 200, web_after);
		assert_int_equal(w.done, 1);
		assert_ptr_equal(w.failed, &w.plan->steps[0]);
		assert_int_equal(w.class, ERR_AGAIN);
		fixture_teardown(&w);
		fixture_setup(&w);
		fixture_status(&w);
		fixture_start(&w);
		script_respond(w.script, "PATCH", "rollouts/myapp/status", 200, responses[i]);
		assert_int_equal(w.done, 1);
		assert_non_null(w.failed);
		assert_int_equal(w.class, ERR_AGAIN);
		fixture_teardown(&w);
	}
}

static void
after_a_conflict_the_object_is_fetched(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	fixture_start(&w);
	script_respond(w.script, "PATCH", "services/web", 422, "{\"message\":\"test failed\"}");
	script_respond(w.script, "GET", "services/web", 200, web_after);
	assert_int_equal(w.class, ERR_CONFLICT);
	assert_string_equal(fixture_version(&w, &service_type, "web"), "8");
	fixture_teardown(&w);
}

/* 422 is the status code of a test that does not hold, and of a result that is refused. */
static void
a_patch_refused_on_the_version_it_believed_is_invalid(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	fixture_start(&w);
	script_respond(w.script, "PATCH", "services/web", 422, "{\"message\":\"unacceptable\"}");
	script_respond(w.script, "GET", "services/web", 200,
	    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":\"web\",\"resourceVersion\":\"7\"}}");
	assert_int_equal(w.class, ERR_INVALID);
	fixture_teardown(&w);
}

static void
an_object_that_is_gone_leaves_the_cache(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	fixture_start(&w);
	script_respond(w.script, "PATCH", "services/web", 404, "{\"code\":404}");
	script_respond(w.script, "GET", "services/web", 404, "{\"code\":404}");
	assert_int_equal(w.done, 1);
	assert_string_equal(fixture_version(&w, &service_type, "web"), "");
	fixture_teardown(&w);
}

static void
news_ends_a_plan_that_a_slow_server_holds_up(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_delete(w.plan, w.service);
	fixture_status(&w);
	fixture_start(&w);
	loop_virtual_run_until(w.loop, 1500);
	w.changed = true;
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	assert_int_equal(fixture_sent(&w, "DELETE", ""), 0);
	script_respond(w.script, "PATCH", "rollouts/myapp/status", 200, myapp_after);
	assert_int_equal(w.done, 1);
	assert_null(w.failed);
	fixture_teardown(&w);
}

static void
a_plan_that_was_just_decided_is_finished_despite_news(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_delete(w.plan, w.service);
	fixture_start(&w);
	w.changed = true;
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	script_respond(w.script, "DELETE", "services/web", 200, "{}");
	assert_int_equal(w.done, 1);
	fixture_teardown(&w);
}

static void
nothing_is_written_once_the_lease_is_lost(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_patch(&w, w.service);
	plan_delete(w.plan, w.service);
	fixture_status(&w);
	fixture_start(&w);
	w.lease_held = false;
	script_respond(w.script, "PATCH", "services/web", 200, web_after);
	assert_int_equal(w.done, 1);
	assert_non_null(w.failed);
	assert_int_equal(w.script->n, 1);
	fixture_teardown(&w);
}

static void
a_status_alone_is_not_written_without_the_lease(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_status(&w);
	w.lease_held = false;
	fixture_start(&w);
	assert_int_equal(w.done, 1);
	assert_non_null(w.failed);
	assert_int_equal(w.script->n, 0);
	fixture_teardown(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_then_status_one_request_at_a_time),
		cmocka_unit_test(a_strict_patch_lets_the_api_server_refuse_fields_that_it_would_drop),
		cmocka_unit_test(a_status_is_more_urgent_than_a_step_and_that_than_an_event),
		cmocka_unit_test(an_urgent_plan_writes_with_urgency_but_for_its_events),
		cmocka_unit_test(the_status_is_written_though_a_step_failed),
		cmocka_unit_test(an_event_reports_only_a_write_that_was_made),
		cmocka_unit_test(no_event_is_sent_for_a_status_that_was_refused),
		cmocka_unit_test(after_a_write_of_unknown_outcome_the_object_is_fetched),
		cmocka_unit_test(a_write_whose_response_is_something_else_is_in_doubt),
		cmocka_unit_test(after_a_conflict_the_object_is_fetched),
		cmocka_unit_test(a_patch_refused_on_the_version_it_believed_is_invalid),
		cmocka_unit_test(an_object_that_is_gone_leaves_the_cache),
		cmocka_unit_test(news_ends_a_plan_that_a_slow_server_holds_up),
		cmocka_unit_test(a_plan_that_was_just_decided_is_finished_despite_news),
		cmocka_unit_test(nothing_is_written_once_the_lease_is_lost),
		cmocka_unit_test(a_status_alone_is_not_written_without_the_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
