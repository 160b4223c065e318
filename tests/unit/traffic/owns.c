/* tests/unit/traffic/owns.c: the fields that a sync does not set back. */
#include "traffic/owns.h"
#include "tests/unit/unit.h"

/* The spec of the desired object with the live values of the fields that the rollout owns, as compact JSON. */
static const char *
overlaid(struct arena *a, const char *rollout, const char *live, const char *desired)
{
	_cleanup_(json_decrefp) json_t *r = yaml(a, rollout), *l = yaml(a, live), *d = yaml(a, desired);

	owns_overlay((const struct rollout *)object_decode(&rollout_type, r, a), l, d);
	return json_text(a, json_object_get(d, "spec"));
}

#define ROLLOUT                                                                                                        \
	"{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {trafficRouting: "     \
	"{istio: {virtualService: {name: vs}, destinationRule: {name: dr, canarySubsetName: canary, "                  \
	"stableSubsetName: stable}}}}}}}"
#define SPLIT(stable, canary)                                                                                          \
	"[{destination: {host: myapp, subset: stable}, weight: " #stable                                               \
	"}, {destination: {host: myapp, subset: canary}, weight: " #canary "}]"
#define VIRTUAL_SERVICE(spec)                                                                                          \
	"{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: vs, namespace: default}, "        \
	"spec: " spec "}"

static void
a_sync_keeps_the_weights_of_http_tls_and_tcp_routes(void **state)
{
	static const struct {
		const char *live, *desired, *want;
	} cases[] = {
		{ VIRTUAL_SERVICE("{http: [{route: " SPLIT(60, 40) "}]}"),
		    VIRTUAL_SERVICE("{http: [{retries: {attempts: 3}, route: " SPLIT(100, 0) "}]}"),
		    "{\"http\":[{\"retries\":{\"attempts\":3},\"route\":[{\"destination\":{\"host\":\"myapp\","
		    "\"subset\":"
		    "\"stable\"},\"weight\":60},{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":"
		    "40}]}]}" },
		{ VIRTUAL_SERVICE("{tls: [{match: [{port: 443}], route: " SPLIT(60, 40) "}]}"),
		    VIRTUAL_SERVICE("{tls: [{match: [{port: 443}], route: " SPLIT(100, 0) "}]}"),
		    "{\"tls\":[{\"match\":[{\"port\":443}],\"route\":[{\"destination\":{\"host\":\"myapp\",\"subset\":"
		    "\"stable\"},\"weight\":60},{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":"
		    "40}]}]}" },
		{ VIRTUAL_SERVICE("{tcp: [{match: [{port: 80}], route: " SPLIT(60, 40) "}]}"),
		    VIRTUAL_SERVICE("{tcp: [{match: [{port: 80}], route: " SPLIT(100, 0) "}]}"),
		    "{\"tcp\":[{\"match\":[{\"port\":80}],\"route\":[{\"destination\":{\"host\":\"myapp\",\"subset\":"
		    "\"stable\"},\"weight\":60},{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":"
		    "40}]}]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();

		assert_string_equal(overlaid(a, ROLLOUT, cases[i].live, cases[i].desired), cases[i].want);
		arena_free(a);
	}
}

static void
a_sync_sets_the_weights_of_routes_of_others(void **state)
{
	static const char live[] =
	    VIRTUAL_SERVICE("{http: [{route: [{destination: {host: other}, weight: 70}, {destination: {host: more}, "
			    "weight: 30}]}]}");
	static const char desired[] =
	    VIRTUAL_SERVICE("{http: [{route: [{destination: {host: other}, weight: 50}, {destination: {host: more}, "
			    "weight: 50}]}]}");
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, ROLLOUT, live, desired),
	    "{\"http\":[{\"route\":[{\"destination\":{\"host\":\"other\"},\"weight\":50},{\"destination\":{\"host\":"
	    "\"more\"},\"weight\":50}]}]}");
	arena_free(a);
}

static void
a_sync_keeps_the_hash_in_the_selectors_of_services(void **state)
{
	static const char rollout[] = "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: "
				      "{blueGreen: {activeService: active, previewService: preview}}}}";
	static const char live[] =
	    "{apiVersion: v1, kind: Service, metadata: {name: active, namespace: default}, spec: {selector: {app: "
	    "myapp, rollouts-pod-template-hash: abc}}}";
	static const char desired[] =
	    "{apiVersion: v1, kind: Service, metadata: {name: active, namespace: default}, spec: {selector: "
	    "{app: myapp, tier: web}}}";
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, rollout, live, desired),
	    "{\"selector\":{\"app\":\"myapp\",\"tier\":\"web\",\"rollouts-pod-template-hash\":\"abc\"}}");
	arena_free(a);
}

static void
a_sync_keeps_the_routes_that_steps_created_before_all_others(void **state)
{
	static const char rollout[] =
	    "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {trafficRouting: "
	    "{managedRoutes: [{name: headers}], istio: {virtualService: {name: vs.default, routes: [main]}, "
	    "destinationRule: {name: dr, canarySubsetName: canary, stableSubsetName: stable}}}}}}}";
	static const char live[] = VIRTUAL_SERVICE(
	    "{http: [{name: headers, route: [{destination: {host: myapp, subset: canary}, weight: 100}]}, "
	    "{name: other, route: " SPLIT(1, 99) "}, {name: main, route: " SPLIT(60, 40) "}]}");
	static const char desired[] = VIRTUAL_SERVICE("{http: [{name: main, route: " SPLIT(
	    100, 0) "}, {name: other, route: " SPLIT(100, 0) "}, {name: headers, route: []}]}");
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, rollout, live, desired),
	    "{\"http\":["
	    "{\"name\":\"headers\",\"route\":[{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":"
	    "100}]},"
	    "{\"name\":\"main\",\"route\":["
	    "{\"destination\":{\"host\":\"myapp\",\"subset\":\"stable\"},\"weight\":60},"
	    "{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":40}]},"
	    "{\"name\":\"other\",\"route\":["
	    "{\"destination\":{\"host\":\"myapp\",\"subset\":\"stable\"},\"weight\":100},"
	    "{\"destination\":{\"host\":\"myapp\",\"subset\":\"canary\"},\"weight\":0}]}]}");
	arena_free(a);
}

#define DESTINATION_RULE(subsets)                                                                                      \
	"{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: dr, namespace: default}, "       \
	"spec: {subsets: " subsets "}}"

static void
a_sync_keeps_the_hashes_of_subsets_and_the_subsets_of_experiments(void **state)
{
	static const char live[] =
	    DESTINATION_RULE("[{name: stable, labels: {app: myapp, rollouts-pod-template-hash: abc}}, "
			     "{name: myapp-1-baseline, labels: {rollouts-pod-template-hash: ghi}}, "
			     "{name: canary, labels: {rollouts-pod-template-hash: def}}, "
			     "{name: other, labels: {app: other}}]");
	static const char desired[] = DESTINATION_RULE("[{name: canary}, {name: stable, labels: {app: web}}]");
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, ROLLOUT, live, desired),
	    "{\"subsets\":["
	    "{\"name\":\"canary\",\"labels\":{\"rollouts-pod-template-hash\":\"def\"}},"
	    "{\"name\":\"stable\",\"labels\":{\"app\":\"web\",\"rollouts-pod-template-hash\":\"abc\"}},"
	    "{\"name\":\"myapp-1-baseline\",\"labels\":{\"rollouts-pod-template-hash\":\"ghi\"}}]}");
	arena_free(a);
}

/* The objects in Git and in the cluster may have any shape. */
static void
a_sync_leaves_fields_of_another_type_as_git_has_them(void **state)
{
	static const char *const specs[] = { "[]", "{http: 1}", "{http: [1, {route: {}}, {route: [1, null]}]}",
		"{http: [{name: 5, route: [{destination: 7}]}], tls: {}, subsets: 3}", "{subsets: [1, {labels: []}]}" };
	static const char *const kinds[] = { "VirtualService", "DestinationRule" };
	static const char *const names[] = { "vs", "dr" };
	static const char object[] =
	    "{apiVersion: networking.istio.io/v1, kind: %s, metadata: {name: %s, namespace: default}, spec: %s}";

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
			for (size_t n = 0; n < ARRAY_SIZE(specs); n++) {
				struct arena *a = arena_new();
				const char *live = arena_printf(a, object, kinds[k], names[k], specs[i]),
					   *desired = arena_printf(a, object, kinds[k], names[k], specs[n]);
				_cleanup_(json_decrefp) json_t *want = yaml(a, specs[n]);

				assert_string_equal(overlaid(a, ROLLOUT, live, desired), json_text(a, want));
				arena_free(a);
			}
}

static void
rollouts_own_fields_of_services_deployments_and_the_objects_of_routers(void **state)
{
	(void)state;
	assert_true(owns_kind("", "Service"));
	assert_true(owns_kind("apps", "Deployment"));
	assert_true(owns_kind("networking.istio.io", "VirtualService"));
	assert_true(owns_kind("networking.istio.io", "DestinationRule"));
	assert_true(owns_kind("gateway.networking.k8s.io", "HTTPRoute"));
	assert_true(owns_kind("gateway.networking.k8s.io", "GRPCRoute"));
	assert_false(owns_kind("serving.knative.dev", "Service"));
	assert_false(owns_kind("", "ConfigMap"));
	assert_false(owns_kind("networking.istio.io", "Gateway"));
}

static void
a_sync_keeps_the_weights_the_managed_rules_and_the_label_of_a_route_of_the_gateway_api(void **state)
{
	static const char rollout[] =
	    "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {canaryService: c, "
	    "stableService: s, trafficRouting: {managedRoutes: [{name: beta}], plugins: {argoproj-labs/gatewayAPI: "
	    "{httpRoutes: [{name: r}]}}}}}}}";
	static const char live[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default, "
	    "labels: "
	    "{rollouts.argoproj.io/gatewayapi-canary: in-progress}}, spec: {rules: [{backendRefs: [{name: s, weight: "
	    "75}, {name: c, weight: 25}]}, {backendRefs: [{name: c, weight: 9}]}, {name: beta-1, backendRefs: [{name: "
	    "c}]}]}}";
	static const char desired[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: "
	    "{rules: [{backendRefs: [{name: c, weight: 0}, {name: s, weight: 100}, {name: o, weight: 4}]}, "
	    "{backendRefs: [{name: c, weight: 8}]}]}}";
	struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *r = yaml(a, rollout), *l = yaml(a, live), *d = yaml(a, desired);

	(void)state;
	owns_overlay((const struct rollout *)object_decode(&rollout_type, r, a), l, d);
	assert_string_equal(json_text(a, json_object_get(d, "spec")),
	    "{\"rules\":[{\"backendRefs\":[{\"name\":\"c\",\"weight\":25},{\"name\":\"s\",\"weight\":75},{\"name\":"
	    "\"o\","
	    "\"weight\":4}]},{\"backendRefs\":[{\"name\":\"c\",\"weight\":8}]},{\"name\":\"beta-1\",\"backendRefs\":[{"
	    "\"name\":\"c\"}]}]}");
	assert_string_equal(json_text(a, json_at(d, "/metadata/labels")),
	    "{\"rollouts.argoproj.io/gatewayapi-canary\":\"in-progress\"}");
	arena_free(a);
}

static void
a_sync_keeps_a_mirroring_rule_in_front_of_the_one_that_is_split(void **state)
{
	static const char rollout[] =
	    "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {canaryService: c, "
	    "stableService: s, trafficRouting: {managedRoutes: [{name: m}, {name: h}], plugins: "
	    "{argoproj-labs/gatewayAPI: {httpRoute: r}}}}}}}";
	static const char live[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: {rules: [{name: m, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: c}}}], "
	    "backendRefs: [{name: s, weight: 9}, {name: c, weight: 1}]}, {backendRefs: [{name: s, weight: 9}, {name: "
	    "c, "
	    "weight: 1}]}, {name: h, backendRefs: [{name: c}]}]}}";
	static const char desired[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: {rules: [{backendRefs: [{name: s, weight: 1}, {name: c, weight: 0}]}]}}";
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, rollout, live, desired),
	    "{\"rules\":[{\"name\":\"m\",\"filters\":[{\"type\":\"RequestMirror\",\"requestMirror\":{\"backendRef\":{"
	    "\"name\":\"c\"}}}],\"backendRefs\":[{\"name\":\"s\",\"weight\":9},{\"name\":\"c\",\"weight\":1}]},{"
	    "\"backendRefs\":[{\"name\":\"s\",\"weight\":9},{\"name\":\"c\",\"weight\":1}]},{\"name\":\"h\","
	    "\"backendRefs\":[{\"name\":\"c\"}]}]}");
	arena_free(a);
}

static void
a_sync_keeps_the_cookie_of_a_destination_and_the_route_for_it(void **state)
{
#define COOKIE_HEADERS "headers: {response: {add: {Set-Cookie: k=abc; Path=/; HttpOnly; Max-Age=60}}}"
#define COOKIE_MATCH "{headers: {cookie: {regex: \"^(.*; *)?k=abc(;.*)?$\"}}}"
	static const char rest[] = "{name: rest, route: [{destination: {host: myapp, subset: stable}, weight: 60}, "
				   "{destination: {host: myapp, subset: canary}, weight: 40, " COOKIE_HEADERS "}]}";
	static const char session[] = "{name: myapp-session, match: [" COOKIE_MATCH "], route: [{destination: {host: "
				      "myapp, subset: canary}, weight: 100}]}";
	/* another client's route: its match is no cookie of a session */
	static const char user[] = "{name: a-session, match: [{headers: {cookie: {regex: x}}}], route: [{destination: "
				   "{host: other}}]}";
	static const char *const pure =
	    "{name: rest, route: [{destination: {host: myapp, subset: stable}, weight: 100}, "
	    "{destination: {host: myapp, subset: canary}, weight: 0}]}";
	struct arena *a = arena_new();
	const char *live = arena_printf(a, VIRTUAL_SERVICE("{http: [%s, %s, %s]}"), user, session, rest);
	_cleanup_(json_decrefp) json_t *want =
	    yaml(a, arena_printf(a, "{http: [%s, {name: more, route: [{destination: {host: more}}]}, %s, %s]}", user,
			session, rest));

	(void)state;
	assert_string_equal(
	    overlaid(a, ROLLOUT, live,
		arena_printf(a, VIRTUAL_SERVICE("{http: [%s, {name: more, route: [{destination: {host: more}}]}, %s]}"),
		    user, pure)),
	    json_text(a, want));
	/* exported manifests may have the route already */
	assert_string_equal(
	    overlaid(a, ROLLOUT, live,
		arena_printf(a,
		    VIRTUAL_SERVICE("{http: [%s, {name: more, route: [{destination: {host: more}}]}, %s, %s]}"), user,
		    session, pure)),
	    json_text(a, want));
	arena_free(a);
}

static void
a_sync_keeps_the_cookie_of_session_affinity_and_its_rule(void **state)
{
	static const char rollout[] =
	    "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {canaryService: c, "
	    "stableService: s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: r}}}}}}}";
	static const char live[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: {rules: [{backendRefs: [{name: s, weight: 9}, {name: c, weight: 1, filters: [{type: "
	    "ResponseHeaderModifier, responseHeaderModifier: {add: [{value: a=b; Path=/; HttpOnly; Max-Age=9}]}}]}]}, "
	    "{name: myapp-session, backendRefs: [{name: c}]}]}}";
	static const char desired[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: {rules: [{backendRefs: [{name: s, weight: 1}, {name: c, weight: 0}]}]}}";
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, rollout, live, desired),
	    "{\"rules\":[{\"backendRefs\":[{\"name\":\"s\",\"weight\":9},{\"name\":\"c\",\"weight\":1,\"filters\":[{"
	    "\"type\":\"ResponseHeaderModifier\",\"responseHeaderModifier\":{\"add\":[{\"value\":\"a=b; Path=/; "
	    "HttpOnly; Max-Age=9\"}]}}]}]},{\"name\":\"myapp-session\",\"backendRefs\":[{\"name\":\"c\"}]}]}");
	arena_free(a);
}

static void
a_sync_does_not_drop_a_rule_of_a_user_that_has_the_name_of_a_managed_route(void **state)
{
	static const char rollout[] =
	    "{kind: Rollout, metadata: {name: myapp, namespace: default}, spec: {strategy: {canary: {canaryService: c, "
	    "stableService: s, trafficRouting: {managedRoutes: [{name: api}], plugins: {argoproj-labs/gatewayAPI: "
	    "{httpRoute: r}}}}}}}";
	static const char route[] =
	    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: default}, "
	    "spec: {rules: [{name: api-1, backendRefs: [{name: search}]}]}}";
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(overlaid(a, rollout, route, route),
	    "{\"rules\":[{\"name\":\"api-1\",\"backendRefs\":[{\"name\":\"search\"}]}]}");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sync_keeps_the_weights_of_http_tls_and_tcp_routes),
		cmocka_unit_test(a_sync_sets_the_weights_of_routes_of_others),
		cmocka_unit_test(a_sync_keeps_the_hash_in_the_selectors_of_services),
		cmocka_unit_test(a_sync_keeps_the_routes_that_steps_created_before_all_others),
		cmocka_unit_test(a_sync_keeps_the_hashes_of_subsets_and_the_subsets_of_experiments),
		cmocka_unit_test(
		    a_sync_keeps_the_weights_the_managed_rules_and_the_label_of_a_route_of_the_gateway_api),
		cmocka_unit_test(a_sync_keeps_a_mirroring_rule_in_front_of_the_one_that_is_split),
		cmocka_unit_test(a_sync_keeps_the_cookie_of_a_destination_and_the_route_for_it),
		cmocka_unit_test(a_sync_keeps_the_cookie_of_session_affinity_and_its_rule),
		cmocka_unit_test(a_sync_does_not_drop_a_rule_of_a_user_that_has_the_name_of_a_managed_route),
		cmocka_unit_test(a_sync_leaves_fields_of_another_type_as_git_has_them),
		cmocka_unit_test(rollouts_own_fields_of_services_deployments_and_the_objects_of_routers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
