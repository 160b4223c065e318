/* tests/unit/traffic/routers.c: the routers of Traefik, APISIX, SMI, Ambassador and Contour: the least patch, and where
 * they differ from Argo Rollouts on purpose. */
#include "kube/api/http_proxy.h"
#include "kube/api/router_objects.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/owns.h"
#include "traffic/routed.h"

struct world {
	struct arena *arena;
	struct listed listed;
	const struct rollout *rollout;
	struct routed routed;
};

#define OWNED                                                                                                          \
	"ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, uid: u, controller: true}]"
#define MANAGED "managedRoutes: [{name: beta}]"
#define BACKENDS "backends: [{serviceName: s, weight: 90}, {serviceName: c, weight: 10}]"
#define ROUTE                                                                                                          \
	"{name: r, priority: 2, match: {exprs: [{op: Equal}]}, " BACKENDS                                              \
	"}, {name: other, backends: [{serviceName: x}]}"

static const struct object *
world_add(struct world *w, const struct type *t, const char *name, const char *meta, const char *spec)
{
	_cleanup_(json_decrefp) json_t *j = yaml(w->arena,
	    arena_printf(w->arena, "{metadata: {name: %s, namespace: shop, uid: u, resourceVersion: '7'%s}, spec: %s}",
		name, meta, spec));

	w->listed.at[w->listed.n] = object_decode(t, j, w->arena);
	return w->listed.at[w->listed.n++];
}

static void
world_setup(struct world *w, const char *routing)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type, "web", "",
	    arena_printf(
		w->arena, "{strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {%s}}}}", routing));
}

static const char *
world_error(struct world *w)
{
	const struct err *e = routed_read(w->rollout, &w->listed.view, w->arena, &w->routed);

	return e != NULL ? err_text(w->arena, e) : NULL;
}

/* The plan that sets a weight. */
static struct plan *
world_set(struct world *w, int64_t weight)
{
	struct plan *plan = plan_new(w->arena);

	assert_null(routed_set_weight(w->rollout, &w->routed, &(struct wanted_split){ .weight = weight }, plan));
	return plan;
}

static void
a_patch_tests_the_list_and_changes_two_weights(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "traefik: {weightedTraefikServiceName: t}");
	world_add(&w, &traefik_service_type, "t", "",
	    "{weighted: {services: [{name: s}, {name: x, weight: 3}, {name: c, "
	    "weight: 10}]}}");
	assert_null(world_error(&w));
	assert_string_equal(world_set(&w, 40)->steps[0].body,
	    "[{\"op\":\"test\",\"path\":\"/spec/weighted/services\",\"value\":[{\"name\":\"s\"},{\"name\":\"x\","
	    "\"weight\":3},{\"name\":\"c\",\"weight\":10}]},{\"op\":\"replace\",\"path\":\"/spec/weighted/services/2/"
	    "weight\",\"value\":40},{\"op\":\"add\",\"path\":\"/spec/weighted/services/0/weight\",\"value\":60}]");
	arena_free(w.arena);
}

static void
nothing_is_written_when_the_weights_are_there(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "traefik: {weightedTraefikServiceName: t}");
	world_add(&w, &traefik_service_type, "t", "",
	    "{weighted: {services: [{name: s, weight: 60}, {name: c, weight: 40}]}}");
	assert_null(world_error(&w));
	assert_int_equal(w.routed.by[0].routing.weight, 40);
	assert_int_equal(world_set(&w, 40)->n_steps, 0);
	arena_free(w.arena);
}

static void
a_service_that_is_named_twice_never_counts_as_set(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "traefik: {weightedTraefikServiceName: t}, apisix: {route: {name: r}}");
	world_add(&w, &traefik_service_type, "t", "", "{weighted: {services: [{name: s}, {name: c}, {name: c}]}}");
	world_add(&w, &apisix_route_type, "r", "",
	    "{http: [{name: r, backends: [{serviceName: s}, {serviceName: c}, {serviceName: s}]}]}");
	assert_null(world_error(&w));
	assert_int_equal(w.routed.n, 2);
	assert_non_null(w.routed.by[0].routing.unverified);
	assert_non_null(w.routed.by[1].routing.unverified);
	arena_free(w.arena);
}

/* Argo Rollouts replaces the expressions, and copies rules that are not split. */
static void
a_header_route_of_apisix_keeps_expressions_and_leaves_other_rules_out(void **state)
{
	struct header_match match = { "x", &(struct string_match){ .exact = "y" } };
	struct header_route header = { .name = "beta", .match = { &match, 1 } };
	struct wanted_route want = { .header = &header };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, MANAGED ", apisix: {route: {name: r}}");
	world_add(&w, &apisix_route_type, "r",
	    ", labels: {team: edge, app.kubernetes.io/instance: shop}, annotations: {argocd.argoproj.io/tracking-id: "
	    "x, "
	    "kubectl.kubernetes.io/last-applied-configuration: '{}'}",
	    "{http: [" ROUTE "]}");
	assert_null(world_error(&w));
	plan = plan_new(w.arena);
	assert_false(routed_set_routes(w.rollout, &w.routed, &want, 1, w.arena, plan));
	assert_int_equal(plan->steps[0].op, PLAN_CREATE);
	assert_non_null(strstr(plan->steps[0].body, "\"labels\":{\"team\":\"edge\"}"));
	assert_null(strstr(plan->steps[0].body, "\"annotations\""));
	assert_non_null(strstr(plan->steps[0].body,
	    "\"spec\":{\"http\":[{\"name\":\"r\",\"priority\":3,\"match\":{\"exprs\":[{\"op\":\"Equal\"},{\"subject\":"
	    "{\"scope\":\"Header\",\"name\":\"x\"},\"op\":\"Equal\",\"value\":\"y\"}]},\"backends\":[{\"serviceName\":"
	    "\"c\",\"weight\":100}]}]}"));
	arena_free(w.arena);
}

static void
an_apisix_route_of_others_is_neither_replaced_nor_deleted(void **state)
{
	struct header_match match = { "x", &(struct string_match){ .exact = "y" } };
	struct header_route header = { .name = "beta", .match = { &match, 1 } };
	struct wanted_route want = { .header = &header };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, MANAGED ", apisix: {route: {name: r}}");
	world_add(&w, &apisix_route_type, "r", "", "{http: [" ROUTE "]}");
	world_add(&w, &apisix_route_type, "beta", "", "{http: []}");
	assert_non_null(strstr(world_error(&w), "duplicate ApisixRoute [beta] already exists"));
	plan = plan_new(w.arena);
	assert_false(routed_set_routes(w.rollout, &w.routed, &want, 1, w.arena, plan));
	assert_false(routed_set_routes(w.rollout, &w.routed, NULL, 0, w.arena, plan));
	assert_int_equal(plan->n_steps, 0);
	arena_free(w.arena);
}

static void
the_weights_of_a_traffic_split_are_quantities_in_its_first_version(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "smi: {rootService: root}");
	assert_null(world_error(&w));
	assert_true(w.routed.by[0].routing.routes_differ);
	assert_non_null(strstr(world_set(&w, 0)->steps[0].body,
	    "\"spec\":{\"service\":\"root\",\"backends\":[{\"service\":\"c\",\"weight\":\"0\"},{\"service\":\"s\","
	    "\"weight\":\"100\"}]}"));
	world_add(&w, &traffic_split_v1alpha1_type, "web", ", " OWNED,
	    "{service: root, backends: [{service: c, weight: '20'}, {service: e, weight: '30'}, {service: s, weight: "
	    "'50'}]}");
	assert_null(world_error(&w));
	assert_int_equal(w.routed.by[0].routing.weight, 20);
	assert_int_equal(w.routed.by[0].routing.n_additional, 1);
	assert_int_equal(w.routed.by[0].routing.additional[0].weight, 30);
	arena_free(w.arena);
}

static void
a_mapping_is_redirected_by_its_host_alone(void **state)
{
	static const char *const cases[][2] = { { "s", "c" }, { "https://s.shop:443", "https://c.shop:443" },
		{ "s:8080", "c:8080" }, { "s.s:80", "c.s:80" }, { "my-s.shop", "my-s.shop" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w, "ambassador: {mappings: [m]}");
		world_add(&w, &mapping_type, "m", "", arena_printf(w.arena, "{service: '%s'}", cases[i][0]));
		assert_null(world_error(&w));
		assert_non_null(strstr(world_set(&w, 10)->steps[0].body,
		    arena_printf(w.arena, "\"spec\":{\"service\":\"%s\",\"weight\":10}", cases[i][1])));
		assert_int_equal(w.routed.by[0].routing.unverified == NULL, i < 4);
		arena_free(w.arena);
	}
}

static void
a_mapping_without_weight_is_deleted_and_one_without_an_owner_gets_it(void **state)
{
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, "ambassador: {mappings: [m]}");
	world_add(&w, &mapping_type, "m", "", "{service: s}");
	world_add(&w, &mapping_type, "m-canary", "", "{service: c, weight: 10}");
	assert_null(world_error(&w));
	assert_true(w.routed.by[0].routing.routes_differ);
	plan = world_set(&w, 10);
	assert_int_equal(plan->steps[0].op, PLAN_PATCH);
	assert_non_null(strstr(plan->steps[0].body, "/metadata/ownerReferences"));
	assert_int_equal(world_set(&w, 0)->steps[0].op, PLAN_DELETE);
	arena_free(w.arena);
}

/* Requests by the others are split by weight only. */
static void
a_managed_route_is_set_by_the_routers_that_have_its_kind(void **state)
{
	struct header_match match = { "x", &(struct string_match){ .exact = "y" } };
	struct header_route header = { .name = "beta", .match = { &match, 1 } };
	struct mirror_route mirror = { .name = "beta", .match = { &(struct route_match){ 0 }, 1 } };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, MANAGED ", traefik: {weightedTraefikServiceName: t}, apisix: {route: {name: r}}");
	world_add(&w, &traefik_service_type, "t", "", "{weighted: {services: [{name: s}, {name: c}]}}");
	world_add(&w, &apisix_route_type, "r", "", "{http: [" ROUTE "]}");
	assert_null(world_error(&w));
	plan = plan_new(w.arena);
	assert_false(
	    routed_set_routes(w.rollout, &w.routed, &(struct wanted_route){ .header = &header }, 1, w.arena, plan));
	assert_int_equal(plan->n_steps, 1);
	assert_ptr_equal(plan->steps[0].type, &apisix_route_type);
	assert_true(
	    routed_set_routes(w.rollout, &w.routed, &(struct wanted_route){ .mirror = &mirror }, 1, w.arena, NULL));
	arena_free(w.arena);
}

static void
services_of_experiments_are_split_by_the_routers_that_can(void **state)
{
	const struct weight_destination trial = { .service_name = "trial", .weight = 5 };
	struct wanted_split want = { .weight = 20, .additional = &trial, .n_additional = 1 };
	struct routing all;
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup(&w, "traefik: {weightedTraefikServiceName: t}, smi: {}");
	world_add(&w, &traefik_service_type, "t", "",
	    "{weighted: {services: [{name: s, weight: 80}, {name: c, weight: 20}]}}");
	world_add(&w, &traffic_split_v1alpha1_type, "web", ", " OWNED,
	    "{service: s, backends: [{service: c, weight: '20'}, {service: trial, weight: '5'}, {service: s, weight: "
	    "'75'}]}");
	assert_null(world_error(&w));
	all = routed_merge(&w.routed, w.arena);
	assert_int_equal(all.n_additional, 1);
	assert_string_equal(all.additional[0].service_name, "trial");
	assert_false(all.routes_differ);
	assert_true(routed_have_weight(w.rollout, &w.routed, &want, w.arena));
	plan = plan_new(w.arena);
	assert_null(routed_set_weight(w.rollout, &w.routed, &want, plan));
	assert_int_equal(plan->n_steps, 0);
	arena_free(w.arena);
}

/* Git has other weights: a sync keeps those of the rollout, and sets all else. */
static void
a_sync_keeps_the_weights_of_traefik_apisix_and_contour(void **state)
{
	static const struct {
		const char *routing, *live, *desired, *want;
	} cases[] = {
		{ "traefik: {weightedTraefikServiceName: o}",
		    "{apiVersion: traefik.io/v1alpha1, kind: TraefikService, metadata: {name: o, namespace: shop}, "
		    "spec: "
		    "{weighted: {services: [{name: c, weight: 40}, {name: s, weight: 60}]}}}",
		    "{apiVersion: traefik.io/v1alpha1, kind: TraefikService, metadata: {name: o, namespace: shop}, "
		    "spec: "
		    "{weighted: {services: [{name: s, port: 81, weight: 100}, {name: c, weight: 0}]}}}",
		    "{\"weighted\":{\"services\":[{\"name\":\"s\",\"port\":81,\"weight\":60},{\"name\":\"c\","
		    "\"weight\":40}]}}" },
		{ "apisix: {route: {name: o}}",
		    "{apiVersion: apisix.apache.org/v2, kind: ApisixRoute, metadata: {name: o, namespace: shop}, spec: "
		    "{http: [{name: o, " BACKENDS "}]}}",
		    "{apiVersion: apisix.apache.org/v2, kind: ApisixRoute, metadata: {name: o, namespace: shop}, spec: "
		    "{http: [{name: new, backends: [{serviceName: c, weight: 1}]}, {name: o, backends: [{serviceName: "
		    "s, "
		    "weight: 100}, {serviceName: c, weight: 0}]}]}}",
		    "{\"http\":[{\"name\":\"new\",\"backends\":[{\"serviceName\":\"c\",\"weight\":1}]},{\"name\":\"o\","
		    "\"backends\":[{\"serviceName\":\"s\",\"weight\":90},{\"serviceName\":\"c\",\"weight\":10}]}]}" },
		/* A route in front of the one that is split, and the preview's route, have the weights of Git. */
		{ "plugins: {argoproj-labs/contour: {httpProxies: [o]}}",
		    "{apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {name: o, namespace: shop}, spec: "
		    "{routes: [{services: [{name: c, weight: 40}, {name: s, weight: 60}]}, {services: [{name: c, "
		    "weight: 7}]}], tcpproxy: {services: [{name: s, weight: 60}, {name: c, weight: 40}]}}}",
		    "{apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {name: o, namespace: shop}, spec: "
		    "{routes: [{services: [{name: c, weight: 1}]}, {services: [{name: s, weight: 100}, {name: c, "
		    "weight: 0}]}], tcpproxy: {services: [{name: c, weight: 0}, {name: s, weight: 100}]}}}",
		    "{\"routes\":[{\"services\":[{\"name\":\"c\",\"weight\":1}]},{\"services\":[{\"name\":\"s\","
		    "\"weight\":60},{\"name\":\"c\",\"weight\":40}]}],\"tcpproxy\":{\"services\":[{\"name\":\"c\","
		    "\"weight\":40},{\"name\":\"s\",\"weight\":60}]}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_decrefp) json_t *live = NULL, *desired = NULL;
		struct world w;

		world_setup(&w, cases[i].routing);
		live = yaml(w.arena, cases[i].live);
		desired = yaml(w.arena, cases[i].desired);
		owns_overlay(w.rollout, live, desired);
		assert_string_equal(json_text(w.arena, json_object_get(desired, "spec")), cases[i].want);
		arena_free(w.arena);
	}
}

#define CONTOUR "plugins: {argoproj-labs/contour: {httpProxies: [p]}}"

/* Without any weight Contour gives all services the same. */
static void
an_http_proxy_without_weights_may_give_the_canary_half(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, CONTOUR);
	world_add(&w, &http_proxy_type, "p", "", "{routes: [{services: [{name: s, port: 80}, {name: c, port: 80}]}]}");
	assert_null(world_error(&w));
	assert_int_equal(w.routed.by[0].routing.weight, 50);
	assert_int_equal(w.routed.by[0].routing.weight_min, 0);
	assert_true(w.routed.by[0].routing.routes_differ);
	assert_string_equal(world_set(&w, 0)->steps[0].body,
	    "[{\"op\":\"test\",\"path\":\"/spec/routes/0/services\",\"value\":[{\"name\":\"s\",\"port\":80},{\"name\":"
	    "\"c\",\"port\":80}]},{\"op\":\"add\",\"path\":\"/spec/routes/0/services/1/weight\",\"value\":0},{\"op\":"
	    "\"add\",\"path\":\"/spec/routes/0/services/0/weight\",\"value\":100}]");
	arena_free(w.arena);
}

static void
an_http_proxy_whose_other_services_have_all_weight_is_refused(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, CONTOUR);
	world_add(&w, &http_proxy_type, "p", "",
	    "{routes: [{services: [{name: c, weight: 0}, {name: x, weight: 100}, {name: s, weight: 0}]}]}");
	assert_non_null(strstr(world_error(&w), "other services have all the weight"));
	arena_free(w.arena);
}

static void
an_http_proxy_without_a_list_with_both_services_is_refused(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, CONTOUR);
	world_add(&w, &http_proxy_type, "p", "",
	    "{routes: [{services: [{name: s}, {name: c, mirror: true}]}, {services: [{name: c}]}]}");
	assert_non_null(strstr(world_error(&w), "has no list of services with both canaryService \"c\""));
	arena_free(w.arena);
}

static void
a_route_to_the_canary_alone_is_not_read_as_weight(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, CONTOUR);
	world_add(&w, &http_proxy_type, "p", "",
	    "{routes: [{services: [{name: s, weight: 60}, {name: c, weight: 40}]}, {services: [{name: c}]}]}");
	assert_null(world_error(&w));
	assert_int_equal(w.routed.by[0].routing.weight, 40);
	assert_int_equal(w.routed.by[0].routing.weight_min, 40);
	arena_free(w.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_patch_tests_the_list_and_changes_two_weights),
		cmocka_unit_test(nothing_is_written_when_the_weights_are_there),
		cmocka_unit_test(a_service_that_is_named_twice_never_counts_as_set),
		cmocka_unit_test(a_header_route_of_apisix_keeps_expressions_and_leaves_other_rules_out),
		cmocka_unit_test(an_apisix_route_of_others_is_neither_replaced_nor_deleted),
		cmocka_unit_test(the_weights_of_a_traffic_split_are_quantities_in_its_first_version),
		cmocka_unit_test(a_mapping_is_redirected_by_its_host_alone),
		cmocka_unit_test(a_mapping_without_weight_is_deleted_and_one_without_an_owner_gets_it),
		cmocka_unit_test(a_managed_route_is_set_by_the_routers_that_have_its_kind),
		cmocka_unit_test(services_of_experiments_are_split_by_the_routers_that_can),
		cmocka_unit_test(a_sync_keeps_the_weights_of_traefik_apisix_and_contour),
		cmocka_unit_test(an_http_proxy_without_weights_may_give_the_canary_half),
		cmocka_unit_test(an_http_proxy_whose_other_services_have_all_weight_is_refused),
		cmocka_unit_test(an_http_proxy_without_a_list_with_both_services_is_refused),
		cmocka_unit_test(a_route_to_the_canary_alone_is_not_read_as_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
