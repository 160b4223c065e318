/* tests/unit/traffic/hook.c: the router that is a hook: what its annotations say, its calls, and its responses. */
#include "kube/plan/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/hook.h"
#include "traffic/routed.h"

#define NOW 1000000

static const struct plugin_http http = { .url = "http://edge.test/" };
static struct step_plugin edge[] = { { .name = "acme/edge", .http = &http },
	{ .name = "acme/off", .http = &http, .disabled = true } };
static const struct step_plugins declared = { .routers = { edge, ARRAY_SIZE(edge) } };
static const struct settings settings = { .step_plugins = &declared };

struct world {
	struct arena *arena;
	struct listed listed;
	const struct rollout *rollout;
	struct routed routed;
	struct plan *queries;
};

/* A Rollout whose hook has these annotations, and these calls that were made. */
static void
world_setup(struct world *w, const char *name, const char *annotations, const struct seen_query *calls, size_t n)
{
	struct seen seen = { .queries = calls, .n_queries = n };
	struct pass pass = { .now = NOW, .seen = &seen, .settings = &settings };
	_cleanup_(json_decrefp) json_t *j = NULL;

	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	j = yaml(w->arena,
	    arena_printf(w->arena,
		"{metadata: {name: web, namespace: shop, uid: u, resourceVersion: '7', annotations: {a: b%s}}, spec: "
		"{strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {managedRoutes: [{name: "
		"beta}], "
		"plugins: {sluice/hook: {name: %s, config: {pool: 1}}}}}}}, status: {canary: {weights: {canary: "
		"{weight: "
		"10}, stable: {weight: 90}}}}}",
		annotations, name));
	w->rollout = (const struct rollout *)object_decode(&rollout_type, j, w->arena);
	w->queries = plan_new(w->arena);
	assert_null(routed_read(w->rollout, &w->listed.view, w->arena, &w->routed));
	routed_confirm(w->rollout, &w->routed, &pass, w->queries);
}

static const struct routing *
world_routing(const struct world *w)
{
	return &w->routed.by[0].routing;
}

#define WEIGHT(text) ", sluice.argoproj.io/hook-weight: '{\"hook\":\"acme/edge\"," text "}'"
#define WANTS_50 WEIGHT("\"serial\":3,\"weight\":50,\"least\":25,\"most\":75,\"confirmed\":false")
#define SET(serial) "hook/SetWeight/" serial "/set/0"
#define DONE(body_text)                                                                                                \
	{                                                                                                              \
		.key = SET("3"), .sent_at = NOW - 2000, .done = true, .done_at = NOW - 1000, .response = {             \
			.status = 200,                                                                                 \
			.body = { body_text, sizeof(body_text) - 1 }                                                   \
		}                                                                                                      \
	}

static void
any_weight_since_the_last_confirmation_may_be_in_effect(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, NULL, 0);
	assert_int_equal(world_routing(&w)->weight, 75);
	assert_int_equal(world_routing(&w)->weight_min, 25);
	assert_non_null(world_routing(&w)->unverified);
	assert_string_equal(w.queries->steps[0].key, SET("3"));
	assert_string_equal(w.queries->steps[0].query->request.body,
	    "{\"operation\":\"SetWeight\",\"plugin\":\"acme/"
	    "edge\",\"serial\":3,\"canaryService\":\"c\",\"stableService\":"
	    "\"s\",\"rollout\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"u\"},\"weight\":50,\"config\":{"
	    "\"pool\":1}}");
	arena_free(w.arena);
}

static void
a_wanted_weight_extends_the_limits_and_raises_the_serial_number(void **state)
{
	struct world w;
	struct plan *plan;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, NULL, 0);
	plan = plan_new(w.arena);
	assert_null(routed_set_weight(w.rollout, &w.routed, &(struct wanted_split){ .weight = 0 }, plan));
	assert_string_equal(plan->steps[0].body,
	    "[{\"op\":\"test\",\"path\":\"/metadata/annotations/"
	    "sluice.argoproj.io~1hook-weight\",\"value\":\"{\\\"hook\\\":"
	    "\\\"acme/"
	    "edge\\\",\\\"serial\\\":3,\\\"weight\\\":50,\\\"least\\\":25,\\\"most\\\":75,\\\"confirmed\\\":false}\"},{"
	    "\"op\":\"add\",\"path\":\"/metadata/annotations/"
	    "sluice.argoproj.io~1hook-weight\",\"value\":\"{\\\"hook\\\":"
	    "\\\"acme/"
	    "edge\\\",\\\"serial\\\":4,\\\"weight\\\":0,\\\"least\\\":0,\\\"most\\\":75,\\\"confirmed\\\":false}\"}]");
	arena_free(w.arena);
}

/* Another weight follows, so that only this process knows it. */
static void
a_confirmed_weight_is_known_while_the_response_is_kept(void **state)
{
	static const struct seen_query call = DONE("{}");
	const struct wanted_split want = { .weight = 50 };
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, &call, 1);
	assert_int_equal(w.queries->n_steps, 0);
	assert_int_equal(w.queries->n_kept, 1);
	assert_true(hook_router.has_weight(w.rollout, &w.routed.by[0].routing, &want, w.arena));
	assert_int_equal(w.routed.by[0].routing.weight, 50);
	assert_int_equal(w.routed.by[0].routing.weight_min, 50);
	assert_null(w.routed.by[0].routing.unverified);
	arena_free(w.arena);
}

/* No other follows it: a hook is not called for each Rollout at rest when a controller starts. */
static void
a_confirmed_weight_of_zero_is_written_behind_a_test(void **state)
{
	static const struct seen_query call = DONE("{}");
	struct world w;

	(void)state;
	world_setup(
	    &w, "acme/edge", WEIGHT("\"serial\":3,\"weight\":0,\"least\":0,\"most\":75,\"confirmed\":false"), &call, 1);
	assert_int_equal(w.queries->n_steps, 1);
	assert_non_null(strstr(w.queries->steps[0].body, "{\"op\":\"test\""));
	assert_non_null(
	    strstr(w.queries->steps[0].body, "\\\"serial\\\":3,\\\"weight\\\":0,\\\"confirmed\\\":true}\"}]"));
	arena_free(w.arena);
}

/* An abort waits for no call that has not ended. */
static void
a_call_is_made_while_one_for_another_weight_is_in_progress(void **state)
{
	static const struct seen_query calls[] = { { .key = SET("2"), .sent_at = NOW - 1000 } };
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, calls, 1);
	assert_int_equal(w.queries->n_steps, 1);
	assert_string_equal(w.queries->steps[0].key, SET("3"));
	arena_free(w.arena);
}

/* The response to a call for an earlier weight does not confirm this one. */
static void
a_response_to_another_serial_number_confirms_nothing(void **state)
{
	static const struct seen_query call = {
		.key = SET("2"), .done = true, .done_at = NOW, .response = { .status = 200, .body = { "{}", 2 } }
	};
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, &call, 1);
	assert_int_equal(w.queries->n_steps, 1);
	assert_non_null(w.queries->steps[0].query);
	arena_free(w.arena);
}

static void
a_call_that_failed_is_kept_until_it_is_made_again(void **state)
{
	static struct seen_query call = DONE("{\"error\": \"locked\"}");
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, &call, 1);
	assert_string_equal(world_routing(&w)->unverified, "hook acme/edge: weight 50: locked");
	assert_int_equal(w.queries->n_steps, 0);
	assert_string_equal(w.queries->kept[0], SET("3"));
	assert_int_equal(w.queries->wake_at, NOW - 1000 + 5000);
	arena_free(w.arena);
	call.done_at = NOW - 5000;
	world_setup(&w, "acme/edge", WANTS_50, &call, 1);
	assert_int_equal(w.queries->n_kept, 0);
	assert_string_equal(w.queries->steps[0].key, "hook/SetWeight/3/set/1");
	arena_free(w.arena);
}

static void
what_is_not_in_effect_yet_is_verified_and_not_set_again(void **state)
{
	static struct seen_query call = DONE("{\"verified\": false, \"requeueAfter\": \"1ms\"}");
	struct world w;

	(void)state;
	call.done_at = NOW - 1000;
	world_setup(&w, "acme/edge", WANTS_50, &call, 1);
	assert_string_equal(w.queries->steps[0].key, "hook/SetWeight/3/verify/1");
	assert_non_null(strstr(w.queries->steps[0].query->request.body, "\"operation\":\"VerifyWeight\""));
	call.done_at = NOW - 999;
	arena_free(w.arena);
	world_setup(&w, "acme/edge", WANTS_50, &call, 1); /* at least a second */
	assert_int_equal(w.queries->n_steps, 0);
	arena_free(w.arena);
}

static void
responses_that_are_wrong_are_errors(void **state)
{
	static const struct {
		int status;
		const char *body, *text;
	} cases[] = { { 200, "[]", "its response is not a JSON object" },
		{ 200, "", "its response is not a JSON object" }, { 500, "no", "status 500: no" },
		{ 200, "{\"verified\": \"yes\"}", "\"verified\" of its response is neither true nor false" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen_query call = { .key = SET("3"),
			.done = true,
			.done_at = NOW,
			.response = { .status = cases[i].status, .body = { cases[i].body, strlen(cases[i].body) } } };
		struct world w;

		world_setup(&w, "acme/edge", WANTS_50, &call, 1);
		assert_non_null(strstr(world_routing(&w)->unverified, cases[i].text));
		arena_free(w.arena);
	}
}

/* That of another hook, and a malformed one: the weight is the one that the status has, and is set. */
static void
an_annotation_that_says_nothing_is_written_again(void **state)
{
	static const char *const cases[] = { "", ", sluice.argoproj.io/hook-weight: '{'",
		WEIGHT("\"serial\":9,\"weight\":0,\"confirmed\":true") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan *plan;
		struct world w;

		/* the last one has been left by acme/edge */
		edge[0].name = i + 1 < ARRAY_SIZE(cases) ? "acme/edge" : "acme/new";
		world_setup(&w, edge[0].name, cases[i], NULL, 0);
		assert_int_equal(w.queries->n_steps, 0);
		assert_int_equal(world_routing(&w)->weight, 10);
		assert_true(world_routing(&w)->routes_differ);
		assert_non_null(world_routing(&w)->unverified);
		plan = plan_new(w.arena);
		assert_null(routed_set_weight(w.rollout, &w.routed, &(struct wanted_split){ .weight = 10 }, plan));
		assert_int_equal(plan->n_steps, 2);
		arena_free(w.arena);
	}
	edge[0].name = "acme/edge";
}

static void
numbers_of_an_annotation_that_a_user_wrote_have_limits(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge",
	    WEIGHT("\"serial\":-4,\"weight\":700,\"least\":-9,\"most\":9999999999,\"confirmed\":false"), NULL, 0);
	assert_int_equal(world_routing(&w)->weight, 100);
	assert_int_equal(world_routing(&w)->weight_min, 0);
	arena_free(w.arena);
}

static void
a_hook_that_is_not_declared_or_disabled_is_an_error_and_is_not_called(void **state)
{
	static const char *const names[] = { "acme/nowhere", "acme/off" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct world w;

		world_setup(&w, names[i], "", NULL, 0);
		assert_int_equal(w.queries->n_steps, 0);
		assert_non_null(world_routing(&w)->raise_err);
		arena_free(w.arena);
	}
}

static void
header_routes_are_set_as_a_list_and_counted_until_their_removal_is_confirmed(void **state)
{
	struct header_match match = { "x", &(struct string_match){ .exact = "y" } };
	struct header_route header = { .name = "beta", .match = { &match, 1 } };
	struct wanted_route want = { .header = &header };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, "acme/edge", WANTS_50, NULL, 0);
	plan = plan_new(w.arena);
	assert_true(routed_set_routes(w.rollout, &w.routed, NULL, 0, w.arena, plan));
	assert_false(routed_set_routes(w.rollout, &w.routed, &want, 1, w.arena, plan));
	assert_string_equal(plan->steps[0].body,
	    "[{\"op\":\"add\",\"path\":\"/metadata/annotations/"
	    "sluice.argoproj.io~1hook-routes\",\"value\":\"{\\\"hook\\\":"
	    "\\\"acme/"
	    "edge\\\",\\\"serial\\\":1,\\\"routes\\\":[{\\\"name\\\":\\\"beta\\\",\\\"match\\\":[{\\\"headerName\\\":"
	    "\\\"x\\\",\\\"headerValue\\\":{\\\"exact\\\":\\\"y\\\"}}]}],\\\"most\\\":1,\\\"confirmed\\\":false}\"}]");
	arena_free(w.arena);
	world_setup(&w, "acme/edge",
	    ", sluice.argoproj.io/hook-routes: "
	    "'{\"hook\":\"acme/edge\",\"serial\":2,\"routes\":[],\"most\":1,\"confirmed\":"
	    "false}'",
	    NULL, 0);
	assert_int_equal(world_routing(&w)->managed_routes, 1);
	assert_non_null(strstr(w.queries->steps[0].query->request.body, "\"operation\":\"RemoveHeaderRoutes\""));
	assert_false(routed_set_routes(w.rollout, &w.routed, NULL, 0, w.arena, NULL));
	arena_free(w.arena);
}

/* All header routes of a strategy are in one annotation. */
static void
header_routes_beyond_the_limit_are_a_problem(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *text = arena_alloc(a, 16385);
	struct header_match match = { "x", &(struct string_match){ .exact = text } };
	struct header_route header = { .name = "beta", .match = { &match, 1 } };
	struct canary_step step = { .set_header_route = &header };
	struct hook_routing hook = { .name = "acme/edge" };
	struct router_plugins plugins = { .hook = &hook };
	struct traffic_routing routing = { .plugins = &plugins };
	struct canary_strategy c = { .traffic_routing = &routing,
		.steps = { &step, 1 },
		.spec_services = SPEC_CANARY_SERVICE | SPEC_STABLE_SERVICE };
	struct problems p = { .arena = a };

	(void)state;
	memset(text, 'a', 16384);
	hook_router.check(&c, &p);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.at[0].path, "spec.strategy.canary.steps[0].setHeaderRoute");
	text[1000] = '\0';
	p.n = 0;
	hook_router.check(&c, &p);
	assert_int_equal(p.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_weight_since_the_last_confirmation_may_be_in_effect),
		cmocka_unit_test(a_wanted_weight_extends_the_limits_and_raises_the_serial_number),
		cmocka_unit_test(a_confirmed_weight_is_known_while_the_response_is_kept),
		cmocka_unit_test(a_confirmed_weight_of_zero_is_written_behind_a_test),
		cmocka_unit_test(a_call_is_made_while_one_for_another_weight_is_in_progress),
		cmocka_unit_test(a_response_to_another_serial_number_confirms_nothing),
		cmocka_unit_test(a_call_that_failed_is_kept_until_it_is_made_again),
		cmocka_unit_test(what_is_not_in_effect_yet_is_verified_and_not_set_again),
		cmocka_unit_test(responses_that_are_wrong_are_errors),
		cmocka_unit_test(an_annotation_that_says_nothing_is_written_again),
		cmocka_unit_test(numbers_of_an_annotation_that_a_user_wrote_have_limits),
		cmocka_unit_test(a_hook_that_is_not_declared_or_disabled_is_an_error_and_is_not_called),
		cmocka_unit_test(header_routes_beyond_the_limit_are_a_problem),
		cmocka_unit_test(header_routes_are_set_as_a_list_and_counted_until_their_removal_is_confirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
