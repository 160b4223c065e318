/* tests/unit/traffic/alb.c: the router of the AWS Load Balancer Controller: reading, and the least patch. */
#include "base/json.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/alb.h"

#define ACTION(c, s)                                                                                                   \
	"{\"Type\":\"forward\",\"ForwardConfig\":{\"TargetGroups\":[{\"ServiceName\":\"web-c\",\"ServicePort\":"       \
	"\"80\","                                                                                                      \
	"\"Weight\":" c "},{\"ServiceName\":\"web-s\",\"ServicePort\":\"80\",\"Weight\":" s "}]}}"

struct world {
	struct listed listed;
	struct arena *arena;
	const struct rollout *rollout;
	struct routing routing;
};

static const struct object *
world_add(struct world *w, const struct type *t, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = yaml(w->arena, text);

	w->listed.at[w->listed.n] = object_decode(t, j, w->arena);
	return w->listed.at[w->listed.n++];
}

/* A rollout with the Ingress `i`, whose annotations are YAML. */
static struct err *
world_setup(struct world *w, const char *annotations)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type,
	    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, stableService: "
	    "web-s, trafficRouting: {managedRoutes: [{name: beta}], alb: {ingress: i, servicePort: 80}}}}}, status: "
	    "{canary: {weights: {canary: {weight: 30}, stable: {weight: 70}}}}}");
	world_add(w, &ingress_type,
	    arena_printf(w->arena,
		"{metadata: {name: i, namespace: shop, resourceVersion: '7', annotations: {%s}}, spec: {rules: [{http: "
		"{paths: [{path: /, backend: {service: {name: web-s, port: {name: use-annotation}}}}]}}, {host: b}, "
		"{http: {paths: [{path: /, backend: {resource: {kind: Bucket}}}]}}]}}",
		annotations));
	return alb_router.read(w->rollout, &w->listed.view, w->arena, &w->routing);
}

/* The body of the patch that sets a weight; NULL: no patch is planned. */
static const char *
world_patch(struct world *w, int64_t weight)
{
	struct wanted_split want = { .weight = weight };
	struct plan *plan = plan_new(w->arena);

	assert_null(alb_router.set_weight(w->rollout, &w->routing, &want, plan));
	return plan->n_steps > 0 ? plan->steps[0].body : NULL;
}

static void
the_weight_is_the_canarys_share_in_the_action(void **state)
{
	static const struct {
		const char *annotations;
		int64_t least, most;
	} cases[] = {
		{ "", 0, 0 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("25", "75") "'", 25, 25 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("1", "2") "'", 33, 34 },
		/* more than AWS takes */
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("2147483647", "1") "'", 99, 100 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("9223372036854775807", "0") "'", 100, 100 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("0", "0") "'", 0, 0 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("-5", "75") "'", 0, 0 },
		{ "alb.ingress.kubernetes.io/actions.other: '" ACTION("25", "75") "'", 0, 0 },
		/* the load balancer may still have the weight that was set last */
		{ "alb.ingress.kubernetes.io/actions.web-s: 'broken'", 0, 30 },
		{ "alb.ingress.kubernetes.io/actions.web-s: '{}'", 0, 30 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		assert_null(world_setup(&w, cases[i].annotations));
		assert_int_equal(w.routing.weight_min, cases[i].least);
		assert_int_equal(w.routing.weight, cases[i].most);
		arena_free(w.arena);
	}
}

static void
a_patch_tests_the_action_and_records_it(void **state)
{
	struct world w;

	(void)state;
	assert_null(
	    world_setup(&w, "alb.ingress.kubernetes.io/actions.web-s: x, " ALB_MANAGED ": '{\"other\":[\"k\"]}'"));
	assert_string_equal(world_patch(&w, 40),
	    "[{\"op\":\"test\",\"path\":\"/metadata/annotations/alb.ingress.kubernetes.io~1actions.web-s\",\"value\":"
	    "\"x\"},{\"op\":\"add\",\"path\":\"/metadata/annotations/alb.ingress.kubernetes.io~1actions.web-s\","
	    "\"value\":\"{\\\"Type\\\":\\\"forward\\\",\\\"ForwardConfig\\\":{\\\"TargetGroups\\\":[{\\\"ServiceName"
	    "\\\":\\\"web-c\\\",\\\"ServicePort\\\":\\\"80\\\",\\\"Weight\\\":40},{\\\"ServiceName\\\":\\\"web-s\\\","
	    "\\\"ServicePort\\\":\\\"80\\\",\\\"Weight\\\":60}]}}\"},{\"op\":\"test\",\"path\":\"/metadata/annotations/"
	    "rollouts.argoproj.io~1managed-alb-annotations\",\"value\":\"{\\\"other\\\":[\\\"k\\\"]}\"},{\"op\":"
	    "\"add\","
	    "\"path\":\"/metadata/annotations/"
	    "rollouts.argoproj.io~1managed-alb-annotations\",\"value\":\"{\\\"other\\\":"
	    "[\\\"k\\\"],\\\"web\\\":[\\\"alb.ingress.kubernetes.io/actions.web-s\\\"]}\"}]");
	arena_free(w.arena);
	assert_null(world_setup(&w, ""));
	assert_non_null(strstr(world_patch(&w, 40), "\"path\":\"/metadata/resourceVersion\",\"value\":\"7\""));
	arena_free(w.arena);
}

static void
a_record_that_cannot_be_read_refuses_a_weight_and_not_an_abort(void **state)
{
	static const char *const records[] = { "no", "[]", "{\"web\":1}", "{\"web\":[1]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct world w;
		const char *patch;
		_cleanup_(freep) char *annotations = mem_printf(
		    "alb.ingress.kubernetes.io/actions.web-s: '" ACTION("25", "75") "', " ALB_MANAGED ": '%s'",
		    records[i]);

		assert_non_null(world_setup(&w, annotations));
		assert_null(world_patch(&w, 40));
		patch = world_patch(&w, 0);
		assert_non_null(patch);
		assert_null(strstr(patch, "managed-alb-annotations"));
		arena_free(w.arena);
	}
}

/* No header route is added behind an Ingress that does not exist, as by Argo Rollouts. It removes none either; here
 * each Ingress that exists loses its own. */
static void
a_header_route_stops_at_a_missing_ingress_and_a_removal_does_not(void **state)
{
	struct wanted_route want = { .header = &(struct header_route){ .name = "beta" } };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct world w = { .arena = arena_new(), .listed = LISTED };
		struct plan *plan = plan_new(w.arena);

		w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
		    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		    "stableService: web-s, trafficRouting: {managedRoutes: [{name: beta}], alb: {ingresses: [missing, "
		    "i], servicePort: 80}}}}}}");
		world_add(&w, &ingress_type,
		    "{metadata: {name: i, namespace: shop, resourceVersion: '7', annotations: "
		    "{alb.ingress.kubernetes.io/actions.beta: '{}'}}, spec: {rules: [{http: {paths: [{path: /, "
		    "backend: {service: {name: web-s, port: {name: use-annotation}}}}]}}]}}");
		assert_non_null(alb_router.read(w.rollout, &w.listed.view, w.arena, &w.routing));
		assert_false(alb_router.set_routes(w.rollout, &w.routing, &want, n, w.arena, plan));
		assert_int_equal(plan->n_steps > 0, n == 0);
		arena_free(w.arena);
	}
}

static void
a_sync_keeps_the_actions_and_paths_of_the_rollout(void **state)
{
	const char *texts =
	    "[{metadata: {name: i, namespace: shop, annotations: {alb.ingress.kubernetes.io/actions.web-s: live, "
	    "alb.ingress.kubernetes.io/conditions.beta: live, alb.ingress.kubernetes.io/scheme: live}}, spec: {rules: "
	    "[{host: a, http: {paths: [{backend: {service: {name: beta, port: {name: use-annotation}}}}, {path: "
	    "/old}]}}, "
	    "{host: b, http: {paths: [{backend: {service: {name: beta, port: {name: use-annotation}}}}]}}]}}, "
	    "{metadata: {name: i, namespace: shop, annotations: {alb.ingress.kubernetes.io/actions.web-s: git, "
	    "alb.ingress.kubernetes.io/scheme: git}}, spec: {rules: [{host: a, http: {paths: [{path: /new}]}}, {host: "
	    "c, "
	    "http: {paths: [{path: /c}]}}]}}]";
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct world w;
	json_t *live, *git;

	(void)state;
	assert_null(world_setup(&w, ""));
	docs = yaml(w.arena, texts);
	live = json_array_get(docs, 0);
	git = json_array_get(docs, 1);
	alb_router.overlay(w.rollout, &ingress_type, live, git);
	assert_string_equal(json_text(w.arena, json_at(git, "/metadata/annotations")),
	    "{\"alb.ingress.kubernetes.io/actions.web-s\":\"live\",\"alb.ingress.kubernetes.io/scheme\":\"git\","
	    "\"alb.ingress.kubernetes.io/conditions.beta\":\"live\"}");
	assert_string_equal(json_text(w.arena, json_at(git, "/spec/rules")),
	    "[{\"host\":\"a\",\"http\":{\"paths\":[{\"backend\":{\"service\":{\"name\":\"beta\",\"port\":{\"name\":"
	    "\"use-annotation\"}}}},{\"path\":\"/new\"}]}},{\"host\":\"c\",\"http\":{\"paths\":[{\"path\":\"/c\"}]}}]");
	arena_free(w.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_weight_is_the_canarys_share_in_the_action),
		cmocka_unit_test(a_patch_tests_the_action_and_records_it),
		cmocka_unit_test(a_record_that_cannot_be_read_refuses_a_weight_and_not_an_abort),
		cmocka_unit_test(a_header_route_stops_at_a_missing_ingress_and_a_removal_does_not),
		cmocka_unit_test(a_sync_keeps_the_actions_and_paths_of_the_rollout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
