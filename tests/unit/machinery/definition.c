/* tests/unit/machinery/definition.c: when a kind that the API server does not have is listed again. */
#include "kube/definition.h"
#include "kube/api/core.h"
#include "kube/api/gateway.h"
#include "kube/api/ingress.h"
#include "kube/api/istio.h"
#include "tests/unit/machinery/script.h"

#define WATCH "customresourcedefinitions?watch=1"
#define EVENT "{\"type\":\"ADDED\"}\n"

struct fixture {
	struct loop *loop;
	struct script *script;
	struct definition_wait *wait;
	unsigned lists; /* that were requested */
};

static void
fixture_ready(void *arg)
{
	((struct fixture *)arg)->lists++;
}

static void
fixture_setup(struct fixture *f)
{
	*f = (struct fixture){ .loop = loop_virtual_new(1000000) };
	f->script = script_new(f->loop);
	f->wait = definition_wait_start(&f->script->transport, &virtual_service_type, 1, fixture_ready, f);
	loop_virtual_run_until(f->loop, 0);
}

static void
fixture_teardown(struct fixture *f)
{
	definition_wait_stop(f->wait);
	transport_free(&f->script->transport);
	loop_free(f->loop);
}

static void
fixture_run(struct fixture *f, int64_t ms)
{
	loop_virtual_run_until(f->loop, loop_mono(f->loop) + ms);
}

static void
kinds_of_kubernetes_have_no_definition(void **state)
{
	(void)state;
	assert_true(definition_is_needed(&virtual_service_type));
	assert_true(definition_is_needed(&http_route_type));
	assert_false(definition_is_needed(&service_type));
	assert_false(definition_is_needed(&ingress_type));
}

static void
only_the_definition_is_watched_while_it_does_not_exist(void **state)
{
	struct exchange *watch;
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	watch = script_open(f.script, "GET", WATCH);
	assert_non_null(strstr(watch->url, "fieldSelector=metadata.name%3Dvirtualservices.networking.istio.io"));
	assert_non_null(strstr(watch->headers, "PartialObjectMetadata"));
	fixture_run(&f, 600000);
	assert_int_equal(f.lists, 0);
	assert_int_equal(f.script->n, 1);
	fixture_teardown(&f);
}

static void
a_whole_event_requests_one_list(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	script_data(script_open(f.script, "GET", WATCH), "{\"type\":");
	fixture_run(&f, 1000);
	assert_int_equal(f.lists, 0);
	script_data(script_open(f.script, "GET", WATCH), EVENT);
	script_data(script_open(f.script, "GET", WATCH), EVENT);
	fixture_run(&f, 1000);
	assert_int_equal(f.lists, 1);
	fixture_teardown(&f);
}

/* An API server serves a kind a little later than it stores the definition. */
static void
a_list_without_success_is_repeated_for_seven_seconds_after_a_change(void **state)
{
	struct fixture f;
	unsigned before;

	(void)state;
	fixture_setup(&f);
	script_data(script_open(f.script, "GET", WATCH), EVENT);
	fixture_run(&f, 1);
	assert_int_equal(f.lists, 1);
	definition_wait_missing(f.wait);
	fixture_run(&f, 100);
	assert_int_equal(f.lists, 2);
	fixture_run(&f, 6800);
	definition_wait_missing(f.wait);
	fixture_run(&f, 200);
	assert_int_equal(f.lists, 3);
	definition_wait_missing(f.wait);
	before = f.lists;
	fixture_run(&f, 100000);
	assert_int_equal(f.lists, before);
	script_data(script_open(f.script, "GET", WATCH), EVENT);
	fixture_run(&f, 1);
	assert_int_equal(f.lists, before + 1);
	fixture_teardown(&f);
}

static void
without_the_permission_the_kind_is_listed_every_thirty_seconds(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	script_respond(f.script, "GET", WATCH, 403, "");
	fixture_run(&f, DEFINITION_RELIST_MS - 1);
	assert_int_equal(f.lists, 0);
	fixture_run(&f, 1);
	assert_int_equal(f.lists, 1);
	definition_wait_missing(f.wait);
	fixture_run(&f, DEFINITION_RELIST_MS);
	assert_int_equal(f.lists, 2);
	assert_int_equal(script_n_open(f.script), 0);
	/* a permission that was granted in the meantime is found */
	fixture_run(&f, 300000);
	script_open(f.script, "GET", WATCH);
	fixture_teardown(&f);
}

static void
a_watch_that_fails_is_opened_again_with_back_off(void **state)
{
	struct fixture f;
	int64_t waited = 0;

	(void)state;
	fixture_setup(&f);
	for (int i = 0; i < 12; i++) {
		script_respond(f.script, "GET", WATCH, 500, "");
		for (waited = 0; script_n_open(f.script) == 0 && waited < 20000; waited += 10)
			fixture_run(&f, 10);
	}
	assert_in_range(waited, 5000, 10010);
	assert_int_equal(f.lists, 0);
	fixture_teardown(&f);
}

static void
a_watch_that_ends_as_agreed_is_opened_again_at_once(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	fixture_run(&f, 300000);
	script_respond(f.script, "GET", WATCH, 200, "");
	fixture_run(&f, 1);
	script_open(f.script, "GET", WATCH);
	fixture_teardown(&f);
}

static void
a_retry_after_of_the_server_is_waited_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	script_respond_later(f.script, "GET", WATCH, 429, "", 5000);
	fixture_run(&f, 4999);
	assert_int_equal(script_n_open(f.script), 0);
	fixture_run(&f, 1);
	assert_int_equal(script_n_open(f.script), 1);
	fixture_teardown(&f);
}

static void
nothing_is_requested_after_it_was_stopped(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	script_data(script_open(f.script, "GET", WATCH), EVENT);
	f.wait = definition_wait_stop(f.wait);
	assert_null(f.wait);
	assert_int_equal(script_n_open(f.script), 0);
	fixture_run(&f, 600000);
	assert_int_equal(f.lists, 0);
	assert_int_equal(f.script->n, 1);
	fixture_teardown(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_kubernetes_have_no_definition),
		cmocka_unit_test(only_the_definition_is_watched_while_it_does_not_exist),
		cmocka_unit_test(a_whole_event_requests_one_list),
		cmocka_unit_test(a_list_without_success_is_repeated_for_seven_seconds_after_a_change),
		cmocka_unit_test(without_the_permission_the_kind_is_listed_every_thirty_seconds),
		cmocka_unit_test(a_watch_that_fails_is_opened_again_with_back_off),
		cmocka_unit_test(a_watch_that_ends_as_agreed_is_opened_again_at_once),
		cmocka_unit_test(a_retry_after_of_the_server_is_waited_for),
		cmocka_unit_test(nothing_is_requested_after_it_was_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
