/* tests/unit/traffic/gateway.c: the router of the Gateway API: reading, and the least patch. */
#include "kube/api/experiment.h"
#include "kube/api/gateway.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/gateway_api.h"
#include "traffic/router.h"

struct world {
	struct arena *arena;
	struct listed listed;
	const struct rollout *rollout;
	struct routing routing;
};

#define LABEL "rollouts.argoproj.io/gatewayapi-canary"

static const struct object *
world_add(struct world *w, const struct type *t, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = yaml(w->arena, text);

	w->listed.at[w->listed.n] = object_decode(t, j, w->arena);
	return w->listed.at[w->listed.n++];
}

/* A rollout of this name whose Services are NAME-c and NAME-s. */
static const struct rollout *
world_rollout(struct world *w, const char *name, const char *managed)
{
	return (const struct rollout *)world_add(w, &rollout_type,
	    arena_printf(w->arena,
		"{metadata: {name: %s, namespace: shop, uid: %s}, spec: {strategy: {canary: {canaryService: %s-c, "
		"stableService: %s-s, trafficRouting: {managedRoutes: [%s], plugins: {argoproj-labs/gatewayAPI: "
		"{httpRoute: r}}}}}}}",
		name, name, name, name, managed));
}

static void
world_setup(struct world *w)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = world_rollout(w, "web", "");
}

static struct err *
world_read(struct world *w, const char *meta, const char *spec)
{
	world_add(w, &http_route_type,
	    arena_printf(w->arena, "{metadata: {name: r, namespace: shop, resourceVersion: '7'%s}, %s}", meta, spec));
	return gateway_router.read(w->rollout, &w->listed.view, w->arena, &w->routing);
}

/* The body of the patch that sets a weight; NULL: no patch is planned. */
static const char *
world_patch(struct world *w, int64_t weight)
{
	struct wanted_split want = { .weight = weight };
	struct plan *plan = plan_new(w->arena);

	assert_null(gateway_router.set_weight(w->rollout, &w->routing, &want, plan));
	assert_int_equal(gateway_router.has_weight(w->rollout, &w->routing, &want, w->arena), plan->n_steps == 0);
	return plan->n_steps > 0 ? plan->steps[0].body : NULL;
}

static void
the_weight_is_the_share_of_the_canary_in_each_rule(void **state)
{
	static const struct {
		const char *rules;
		int64_t least, most;
	} cases[] = {
		{ "{backendRefs: [{name: web-s, weight: 75}, {name: web-c, weight: 25}]}", 25, 25 },
		{ "{backendRefs: [{name: web-s}, {name: web-c}]}", 50, 50 },
		{ "{backendRefs: [{name: web-s, weight: 2}, {name: web-c, weight: 1}]}", 33, 34 },
		{ "{backendRefs: [{name: web-s, weight: 1}, {name: web-c, weight: 0}]}", 0, 0 },
		{ "{backendRefs: [{name: web-c, weight: 30}, {name: web-s, weight: 70}, {name: web-c, weight: 30}]}",
		    30, 30 },
		{ "{backendRefs: [{name: web-s, weight: 90}, {name: web-c, weight: 10}]}, {backendRefs: [{name: web-s, "
		  "weight: 80}, {name: web-c, weight: 20}]}",
		    10, 20 },
		{ "{backendRefs: [{name: web-s, weight: 90}, {name: web-c, weight: 10}]}, {backendRefs: [{name: "
		  "web-c}]}",
		    10, 10 },
		{ "{backendRefs: [{name: web-s, weight: 90}, {name: web-c, weight: 10}]}, {backendRefs: [{name: web-c, "
		  "kind: Bucket, group: x.io, weight: 99}]}",
		    10, 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w);
		assert_null(world_read(&w, "", arena_printf(w.arena, "spec: {rules: [%s]}", cases[i].rules)));
		assert_int_equal(w.routing.weight_min, cases[i].least);
		assert_int_equal(w.routing.weight, cases[i].most);
		arena_free(w.arena);
	}
}

static void
a_patch_tests_the_destinations_of_a_rule_and_changes_only_weights(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	assert_null(world_read(&w, "",
	    "spec: {rules: [{backendRefs: [{name: web-s, weight: 100}, {name: web-c}, {name: x, weight: 3}]}, "
	    "{backendRefs: [{name: web-c}]}]}"));
	assert_string_equal(world_patch(&w, 40),
	    "[{\"op\":\"test\",\"path\":\"/spec/rules/0/backendRefs\",\"value\":[{\"name\":\"web-s\",\"weight\":100},{"
	    "\"name\":\"web-c\"},{\"name\":\"x\",\"weight\":3}]},"
	    "{\"op\":\"replace\",\"path\":\"/spec/rules/0/backendRefs/0/weight\",\"value\":60},"
	    "{\"op\":\"add\",\"path\":\"/spec/rules/0/backendRefs/1/weight\",\"value\":40},"
	    "{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
	    "{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{}},"
	    "{\"op\":\"add\",\"path\":\"/metadata/labels/rollouts.argoproj.io~1gatewayapi-canary\",\"value\":\"in-"
	    "progress\"}]");
	arena_free(w.arena);
}

static void
nothing_is_written_when_the_weights_and_the_label_are_there(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	assert_null(world_read(&w, ", labels: {" LABEL ": in-progress}",
	    "spec: {rules: [{backendRefs: [{name: web-s, weight: 60}, {name: web-c, weight: 40}]}]}"));
	assert_null(world_patch(&w, 40));
	arena_free(w.arena);
}

static void
the_label_is_removed_only_when_no_other_rollout_has_weight_in_the_route(void **state)
{
	static const int weights[] = { 0, 10 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		const char *patch;
		struct world w;

		world_setup(&w);
		world_rollout(&w, "api", "");
		assert_null(world_read(&w, ", labels: {" LABEL ": in-progress}",
		    arena_printf(w.arena,
			"spec: {rules: [{backendRefs: [{name: web-s, weight: 60}, {name: web-c, weight: 40}]}, "
			"{backendRefs: [{name: api-s, weight: 90}, {name: api-c, weight: %d}]}]}",
			weights[i])));
		patch = world_patch(&w, 0);
		assert_int_equal(strstr(patch, "\"remove\"") != NULL, weights[i] == 0);
		arena_free(w.arena);
	}
}

static void
a_managed_route_belongs_to_one_rollout(void **state)
{
	struct world w;
	struct err *e;

	(void)state;
	*(&w) = (struct world){ .arena = arena_new(), .listed = LISTED };
	w.rollout = world_rollout(&w, "web", "{name: beta}");
	world_rollout(&w, "api", "{name: alpha}, {name: beta}");
	e = world_read(&w, "",
	    "spec: {rules: [{backendRefs: [{name: web-s}, {name: web-c}]}, {backendRefs: [{name: api-s}, {name: "
	    "api-c}]}]}");
	assert_non_null(e);
	assert_string_equal(err_text(w.arena, e),
	    "spec.strategy.canary.trafficRouting.managedRoutes: Invalid value: \"beta\": rollout \"api\" has a managed "
	    "route of this name in HTTPRoute r too; give it another name");
	arena_free(w.arena);
}

static void
a_managed_route_does_not_overlap_one_of_another_rollout(void **state)
{
	struct world w = { .arena = arena_new(), .listed = LISTED };
	struct err *e;

	(void)state;
	w.rollout = world_rollout(&w, "web", "{name: beta-1}");
	world_rollout(&w, "api", "{name: beta}");
	e = world_read(&w, "",
	    "spec: {rules: [{backendRefs: [{name: web-s}, {name: web-c}]}, {backendRefs: [{name: api-s}, {name: "
	    "api-c}]}]}");
	assert_non_null(e);
	assert_non_null(
	    strstr(err_text(w.arena, e), "rollout \"api\" has a managed route \"beta\" in HTTPRoute r too"));
	arena_free(w.arena);
}

static void
a_rollout_that_has_no_services_in_a_route_takes_no_managed_route_of_it(void **state)
{
	struct world w = { .arena = arena_new(), .listed = LISTED };

	(void)state;
	w.rollout = world_rollout(&w, "web", "{name: beta}");
	world_rollout(&w, "api", "{name: beta}");
	assert_null(world_read(&w, "", "spec: {rules: [{backendRefs: [{name: web-s}, {name: web-c}]}]}"));
	arena_free(w.arena);
}

static void
services_of_another_namespace_are_not_the_rollouts(void **state)
{
	struct world w;
	struct err *e;

	(void)state;
	world_setup(&w);
	e = world_read(
	    &w, "", "spec: {rules: [{backendRefs: [{name: web-s, namespace: bank}, {name: web-c, namespace: bank}]}]}");
	assert_non_null(e);
	assert_int_equal(w.routing.weight, 0);
	assert_false(w.routing.has_route);
	arena_free(w.arena);
}

static void
a_rule_with_one_of_the_services_gets_its_weight_and_keeps_a_destination(void **state)
{
	static const struct {
		const char *rule;
		int64_t weight, want; /* want: of its first destination; -1: it is not changed */
	} cases[] = {
		{ "{name: web-s, weight: 7}", 40, 60 },
		{ "{name: web-s, weight: 7}", 100, -1 },
		{ "{name: web-s, weight: 7}, {name: x, weight: 3}", 100, 0 },
		{ "{name: web-c, weight: 9}, {name: x, weight: 3}", 40, 40 },
		{ "{name: web-c, weight: 9}, {name: x, weight: 3}", 0, 0 },
		{ "{name: web-c, weight: 9}", 40, -1 },
		{ "{name: web-c, weight: 9}, {name: web-c, weight: 8}", 40, -1 },
		{ "{name: x, weight: 3}", 40, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		const char *patch;

		world_setup(&w);
		assert_null(world_read(&w, cases[i].weight > 0 ? ", labels: {" LABEL ": in-progress}" : "",
		    arena_printf(w.arena,
			"spec: {rules: [{backendRefs: [{name: web-s, weight: %d}, {name: web-c, weight: %d}]}, "
			"{backendRefs: [%s]}]}",
			(int)(100 - cases[i].weight), (int)cases[i].weight, cases[i].rule)));
		patch = world_patch(&w, cases[i].weight);
		assert_int_equal(patch != NULL, cases[i].want >= 0);
		if (patch != NULL)
			assert_non_null(
			    strstr(patch, arena_printf(w.arena, "/spec/rules/1/backendRefs/0/weight\",\"value\":%d}",
					      (int)cases[i].want)));
		arena_free(w.arena);
	}
}

static void
a_route_of_connections_is_read_in_the_version_that_is_served(void **state)
{
	static const struct type *const types[] = { &tcp_route_type, &tcp_route_v1alpha2_type };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct world w = { .arena = arena_new(), .listed = LISTED };
		struct wanted_split want = { .weight = 30 };
		struct plan *plan = plan_new(w.arena);

		w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
		    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		    "stableService: web-s, trafficRouting: {managedRoutes: [{name: beta}], plugins: "
		    "{argoproj-labs/gatewayAPI: {tcpRoute: r}}}}}}}");
		world_add(&w, types[i],
		    "{metadata: {name: r, namespace: shop}, spec: {rules: [{name: beta, backendRefs: [{name: web-s}, "
		    "{name: web-c}]}, {name: beta-1, backendRefs: [{name: web-s}]}]}}");
		assert_null(gateway_router.read(w.rollout, &w.listed.view, w.arena, &w.routing));
		assert_int_equal(w.routing.managed_routes, 0);
		assert_null(gateway_router.set_weight(w.rollout, &w.routing, &want, plan));
		assert_ptr_equal(plan->steps[0].type, types[i]);
		assert_true(gateway_router.set_routes(w.rollout, &w.routing, NULL, 0, w.arena, NULL));
		arena_free(w.arena);
	}
}

/* As by the plugin, for which such a route has no rules of steps; but a rule keeps its only destination. */
static void
a_rule_of_connections_with_one_service_has_its_weight_but_not_zero(void **state)
{
	static const struct {
		int64_t weight;
		bool canary, stable; /* which of the rules with one Service are written */
	} cases[] = { { 0, false, true }, { 30, true, true }, { 100, true, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w = { .arena = arena_new(), .listed = LISTED };
		struct wanted_split want = { .weight = cases[i].weight };
		struct plan *plan = plan_new(w.arena);

		w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
		    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		    "stableService: web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {tlsRoute: r}}}}}}}");
		world_add(&w, &tls_route_type,
		    "{metadata: {name: r, namespace: shop}, spec: {rules: [{backendRefs: [{name: web-s, weight: 1}, "
		    "{name: web-c, weight: 1}]}, {backendRefs: [{name: web-c, weight: 7}]}, {backendRefs: [{name: "
		    "web-s, weight: 7}]}]}}");
		assert_null(gateway_router.read(w.rollout, &w.listed.view, w.arena, &w.routing));
		assert_int_equal(w.routing.weight, 50);
		assert_null(gateway_router.set_weight(w.rollout, &w.routing, &want, plan));
		assert_int_equal(strstr(plan->steps[0].body, "/spec/rules/1/") != NULL, cases[i].canary);
		assert_int_equal(strstr(plan->steps[0].body, "/spec/rules/2/") != NULL, cases[i].stable);
		arena_free(w.arena);
	}
}

static void
a_route_without_one_of_the_services_is_an_error_that_names_it(void **state)
{
	struct world w;
	struct err *e;

	(void)state;
	world_setup(&w);
	e = world_read(&w, "", "spec: {rules: [{backendRefs: [{name: web-s}]}]}");
	assert_non_null(e);
	assert_string_equal(err_text(w.arena, e),
	    "spec.strategy.canary.trafficRouting.plugins.argoproj-labs/gatewayAPI.httpRoute: Invalid value: \"r\": "
	    "HTTPRoute r has no rule with a backendRef of canaryService \"web-c\"");
	arena_free(w.arena);
}

#define HEADERS                                                                                                        \
	"{name: beta, match: [{headerName: x-beta, headerValue: {exact: '1'}}, {headerName: X-Group, headerValue: "    \
	"{prefix: a}}]}"

/* The body of the patch that sets one managed route, beta; NULL: no patch is planned. `route`: YAML, NULL for none. */
static const char *
world_routes_patch(struct world *w, const char *route)
{
	_cleanup_(json_decrefp) json_t *j = route != NULL ? yaml(w->arena, route) : NULL;
	struct header_route *header = arena_alloc(w->arena, sizeof(*header));
	struct problems problems = { .arena = w->arena };
	struct wanted_route want = { .header = header };
	struct plan *plan = plan_new(w->arena);

	if (j != NULL)
		decode(&header_route_type, j, "", &problems, header);
	assert_int_equal(problems.n, 0);
	gateway_router.set_routes(w->rollout, &w->routing, &want, j != NULL, w->arena, plan);
	return plan->n_steps > 0 ? plan->steps[0].body : NULL;
}

static void
world_setup_managed(struct world *w)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = world_rollout(w, "web", "{name: alpha}, {name: beta}");
}

static void
a_header_route_leads_to_the_canary_with_all_else_that_the_split_rule_has(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(world_read(&w, "",
	    "spec: {rules: [{timeouts: {request: 5s}, matches: [{path: {type: Exact, value: /a}}, {headers: [{name: "
	    "x-group, value: b}, {name: x-other, value: c}]}], backendRefs: [{name: web-s, port: 80}, {name: web-c, "
	    "port: 81}]}, {backendRefs: [{name: web-s}, {name: web-c}]}]}"));
	assert_string_equal(world_routes_patch(&w, HEADERS),
	    "[{\"op\":\"add\",\"path\":\"/spec/rules/-\",\"value\":{\"timeouts\":{\"request\":\"5s\"},\"matches\":[{"
	    "\"path\":{\"type\":\"Exact\",\"value\":\"/a\"},\"headers\":[{\"name\":\"x-beta\",\"type\":\"Exact\","
	    "\"value\":\"1\"},{\"name\":\"X-Group\",\"type\":\"RegularExpression\",\"value\":\"a.*\"}]},{\"headers\":["
	    "{\"name\":\"x-other\",\"value\":\"c\"},{\"name\":\"x-beta\",\"type\":\"Exact\",\"value\":\"1\"},{"
	    "\"name\":\"X-Group\",\"type\":\"RegularExpression\",\"value\":\"a.*\"}]}],\"backendRefs\":[{\"group\":"
	    "\"\",\"kind\":\"Service\",\"name\":\"web-c\",\"port\":81}],\"name\":\"beta\"}},"
	    "{\"op\":\"add\",\"path\":\"/spec/rules/-\",\"value\":{\"backendRefs\":[{\"group\":\"\",\"kind\":"
	    "\"Service\",\"name\":\"web-c\"}],\"name\":\"beta-1\",\"matches\":[{\"headers\":[{\"name\":\"x-beta\","
	    "\"type\":\"Exact\",\"value\":\"1\"},{\"name\":\"X-Group\",\"type\":\"RegularExpression\",\"value\":"
	    "\"a.*\"}]}]}}]");
	arena_free(w.arena);
}

#define SPLIT "{backendRefs: [{name: web-s, port: 80}, {name: web-c, port: 80}]}"
#define BETA                                                                                                           \
	"{name: beta, matches: [{path: {type: PathPrefix, value: /}, headers: [{name: x-beta, type: Exact, value: "    \
	"'1'}, {name: X-Group, type: RegularExpression, value: a.*}]}], backendRefs: [{group: '', kind: Service, "     \
	"name: web-c, port: 80, weight: 1}]}"

static void
a_header_route_with_the_defaults_of_the_api_server_is_as_wanted(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(world_read(&w, "", "spec: {rules: [" SPLIT ", " BETA "]}"));
	assert_null(world_routes_patch(&w, HEADERS));
	arena_free(w.arena);
}

static void
only_rules_of_managed_routes_are_removed(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(world_read(&w, "",
	    "spec: {rules: [{name: beta-1, backendRefs: [{name: web-c}]}, " SPLIT
	    ", {backendRefs: [{name: web-c}], matches: [{headers: [{name: x-beta, value: '1'}]}]}, {name: alpha, "
	    "backendRefs: [{name: web-c}]}, {name: beta-x, backendRefs: [{name: web-c}]}]}"));
	assert_string_equal(world_routes_patch(&w, NULL),
	    "[{\"op\":\"test\",\"path\":\"/spec/rules/3/name\",\"value\":\"alpha\"},{\"op\":\"remove\",\"path\":"
	    "\"/spec/rules/3\"},{\"op\":\"test\",\"path\":\"/spec/rules/0/name\",\"value\":\"beta-1\"},{\"op\":"
	    "\"remove\",\"path\":\"/spec/rules/0\"}]");
	arena_free(w.arena);
}

static void
a_rule_of_a_managed_name_that_no_step_made_is_an_error_and_stays(void **state)
{
	static const char *const rules[] = {
		"{name: beta, backendRefs: [{name: web-s}, {name: web-c}]}",
		"{name: beta-1, backendRefs: [{name: search}]}",
		"{name: beta-1, backendRefs: []}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct world w;
		struct err *e;

		world_setup_managed(&w);
		e = world_read(&w, "", arena_printf(w.arena, "spec: {rules: [" SPLIT ", %s]}", rules[i]));
		assert_non_null(e);
		assert_string_equal(err_text(w.arena, e),
		    arena_printf(w.arena,
			"spec.strategy.canary.trafficRouting.managedRoutes: HTTPRoute r has a rule \"%s\" that no step "
			"made; give the managed route another name",
			i == 0 ? "beta" : "beta-1"));
		assert_int_equal(w.routing.managed_routes, 0);
		assert_null(world_routes_patch(&w, NULL));
		arena_free(w.arena);
	}
}

static void
a_managed_route_that_is_not_wanted_is_removed_alone(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(
	    world_read(&w, "", "spec: {rules: [" SPLIT ", " BETA ", {name: alpha, backendRefs: [{name: web-c}]}]}"));
	assert_string_equal(world_routes_patch(&w, HEADERS),
	    "[{\"op\":\"test\",\"path\":\"/spec/rules/2/name\",\"value\":\"alpha\"},{\"op\":\"remove\",\"path\":"
	    "\"/spec/rules/2\"}]");
	arena_free(w.arena);
}

static const struct mirror_route *
world_mirror_of(struct world *w, const char *route)
{
	_cleanup_(json_decrefp) json_t *j = yaml(w->arena, route);
	struct mirror_route *mirror = arena_alloc(w->arena, sizeof(*mirror));
	struct problems problems = { .arena = w->arena };

	decode(&mirror_route_type, j, "", &problems, mirror);
	assert_int_equal(problems.n, 0);
	return mirror;
}

/* JSON text with single quotes. */
static const char *
world_quoted(struct world *w, const json_t *j)
{
	char *text = arena_strdup(w->arena, json_text(w->arena, j));

	for (char *c = text; *c != '\0'; c++)
		*c = *c == '"' ? '\'' : *c;
	return text;
}

/* Plans the managed routes of this setMirrorRoute step, alone. */
static struct plan *
world_mirror(struct world *w, const char *route)
{
	struct wanted_route want = { .mirror = world_mirror_of(w, route) };
	struct plan *plan = plan_new(w->arena);

	gateway_router.set_routes(w->rollout, &w->routing, &want, 1, w->arena, plan);
	return plan;
}

static void
a_mirroring_rule_is_a_copy_in_front_of_the_split_one_with_the_matches_of_both(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(world_read(&w, "",
	    "spec: {rules: [{timeouts: {request: 5s}, filters: [{type: X}], matches: [{path: {type: PathPrefix, value: "
	    "/a}}], backendRefs: [{name: web-s, port: 80, weight: 70}, {name: web-c, port: 81, weight: 30}]}]}"));
	assert_string_equal(
	    world_mirror(&w, "{name: beta, percentage: 5, match: [{method: {exact: GET}, path: {prefix: /}}]}")
		->steps[0]
		.body,
	    "[{\"op\":\"add\",\"path\":\"/spec/rules/0\",\"value\":{\"timeouts\":{\"request\":\"5s\"},\"filters\":[{"
	    "\"type\":\"X\"},{\"type\":\"RequestMirror\",\"requestMirror\":{\"backendRef\":{\"group\":\"\",\"kind\":"
	    "\"Service\",\"name\":\"web-c\",\"port\":81},\"percent\":5}}],\"matches\":[{\"path\":{\"type\":"
	    "\"PathPrefix\",\"value\":\"/a\"},\"method\":\"GET\"}],\"backendRefs\":[{\"name\":\"web-s\",\"port\":80,"
	    "\"weight\":70},{\"name\":\"web-c\",\"port\":81,\"weight\":30}],\"name\":\"beta\"}}]");
	arena_free(w.arena);
}

/* Older releases of the Gateway API would drop the percentage, and mirror all requests. */
static void
a_share_of_mirrored_requests_is_written_only_where_the_api_server_has_the_field(void **state)
{
	static const struct {
		const char *route;
		bool strict;
	} cases[] = {
		{ "{name: beta, percentage: 5, match: [{path: {prefix: /}}]}", true },
		{ "{name: beta, percentage: 0, match: [{path: {prefix: /}}]}", true },
		{ "{name: beta, percentage: 100, match: [{path: {prefix: /}}]}", false },
		{ "{name: beta, match: [{path: {prefix: /}}]}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plan_step *step;
		struct world w;

		world_setup_managed(&w);
		assert_null(world_read(&w, "", "spec: {rules: [" SPLIT "]}"));
		step = &world_mirror(&w, cases[i].route)->steps[0];
		assert_int_equal(step->strict, cases[i].strict);
		assert_int_equal(strstr(step->body, "percent") != NULL, cases[i].strict);
		arena_free(w.arena);
	}
}

#define NONE "no request that it matches is one of a split rule of HTTPRoute r"
#define UNKNOWN "the two cannot be combined"

static void
requests_are_mirrored_that_both_the_rule_and_the_step_match(void **state)
{
	static const struct {
		const char *rule, *step, *want; /* the matches, or a part of the error */
	} cases[] = {
		{ "{}", "{path: {exact: /b}}", "[{'path':{'type':'Exact','value':'/b'}}]" },
		{ "{path: {type: PathPrefix, value: /a}}", "{path: {prefix: /a/b}}",
		    "[{'path':{'type':'PathPrefix','value':'/a/b'}}]" },
		{ "{path: {type: PathPrefix, value: /a/b}}", "{path: {prefix: /a/}}",
		    "[{'path':{'type':'PathPrefix','value':'/a/b'}}]" },
		{ "{path: {type: PathPrefix, value: /a}}", "{path: {exact: /ab}}", NONE },
		{ "{path: {type: Exact, value: /a/b}}", "{path: {prefix: /a}}",
		    "[{'path':{'type':'Exact','value':'/a/b'}}]" },
		{ "{path: {type: Exact, value: /a}}", "{path: {exact: /b}}", NONE },
		{ "{path: {type: Exact, value: /a}}", "{path: {exact: /a}}",
		    "[{'path':{'type':'Exact','value':'/a'}}]" },
		{ "{path: {type: PathPrefix, value: /a}}", "{path: {regex: /a/.*}}", UNKNOWN },
		{ "{path: {type: PathPrefix, value: /}}", "{path: {regex: /a/.*}}",
		    "[{'path':{'type':'RegularExpression','value':'/a/.*'}}]" },
		{ "{path: {type: RegularExpression, value: /a/.*}}", "{path: {regex: /a/.*}}",
		    "[{'path':{'type':'RegularExpression','value':'/a/.*'}}]" },
		{ "{path: {type: Exact, value: /a}, method: GET}", "{method: {exact: POST}}", NONE },
		{ "{path: {type: Exact, value: /a}, method: GET}", "{method: {exact: GET}}",
		    "[{'path':{'type':'Exact','value':'/a'},'method':'GET'}]" },
		{ "{path: {type: Exact, value: /a}, headers: [{name: X, value: b}]}",
		    "{headers: {x: {exact: b}, y: {prefix: c}}}",
		    "[{'path':{'type':'Exact','value':'/a'},'headers':[{'name':'X','value':'b'},{'name':'y','type':"
		    "'RegularExpression','value':'c.*'}]}]" },
		{ "{path: {type: Exact, value: /a}, headers: [{name: X, value: b}]}", "{headers: {x: {exact: c}}}",
		    NONE },
		{ "{path: {type: Exact, value: /a}, headers: [{name: X, value: b}]}", "{headers: {x: {regex: c}}}",
		    UNKNOWN },
		{ "{path: {type: Exact, value: /a}}, {path: {type: Exact, value: /b}}", "{path: {exact: /b}}",
		    "[{'path':{'type':'Exact','value':'/b'}}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_decrefp) json_t *rules = NULL;
		struct world w;
		struct err *e;

		world_setup_managed(&w);
		assert_null(world_read(&w, "",
		    arena_printf(w.arena,
			"spec: {rules: [{matches: [%s], backendRefs: [{name: web-s}, {name: web-c}]}]}",
			cases[i].rule)));
		e = gateway_mirror_rules(w.arena, w.rollout,
		    world_mirror_of(&w, arena_printf(w.arena, "{name: beta, match: [%s]}", cases[i].step)),
		    (const struct gateway_route *)w.listed.at[w.listed.n - 1], &rules);
		if (e == NULL)
			assert_string_equal(world_quoted(&w, json_at(rules, "/0/matches")), cases[i].want);
		else if (strstr(err_text(w.arena, e), cases[i].want) == NULL)
			fail_msg("case %zu: %s", i, err_text(w.arena, e));
		arena_free(w.arena);
	}
}

static void
a_rule_that_rewrites_the_prefix_it_matched_is_mirrored_by_that_prefix_only(void **state)
{
	static const char *const steps[] = { "/a", "/a/b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_(json_decrefp) json_t *rules = NULL;
		struct world w;
		struct err *e;

		world_setup_managed(&w);
		assert_null(world_read(&w, "",
		    "spec: {rules: [{matches: [{path: {type: PathPrefix, value: /a}}], filters: [{type: URLRewrite, "
		    "urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}], backendRefs: [{name: "
		    "web-s}, {name: web-c}]}]}"));
		e = gateway_mirror_rules(w.arena, w.rollout,
		    world_mirror_of(&w, arena_printf(w.arena, "{name: beta, match: [{path: {prefix: %s}}]}", steps[i])),
		    (const struct gateway_route *)w.listed.at[w.listed.n - 1], &rules);
		assert_int_equal(e == NULL, i == 0);
		arena_free(w.arena);
	}
}

/* A rollout with an Experiment whose Service is web-x, and another that has ended. */
static void
world_setup_experiment(struct world *w)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type,
	    "{metadata: {name: web, namespace: shop, uid: web}, spec: {strategy: {canary: {canaryService: web-c, "
	    "stableService: web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: r}}}}}}, status: "
	    "{canary: {weights: {additional: [{serviceName: web-y, weight: 3}]}}}}");
	world_add(w, &experiment_type,
	    "{metadata: {name: e, namespace: shop, ownerReferences: [{uid: web, controller: true}]}, spec: {templates: "
	    "[{name: a, template: {spec: {containers: [{ports: [{containerPort: 9090, name: metrics}, {containerPort: "
	    "8080, name: http}]}]}}}]}, status: {templateStatuses: [{name: a, serviceName: web-x}]}}");
	world_add(w, &experiment_type,
	    "{metadata: {name: of-another, namespace: shop, ownerReferences: [{uid: api, controller: true}]}, status: "
	    "{templateStatuses: [{name: a, serviceName: web-o}]}}");
}

static void
an_experiment_has_its_share_of_100_and_destinations_of_others_stay(void **state)
{
	static const struct weight_destination additional[] = { { 5, "web-x", NULL } };
	struct wanted_split want = { .weight = 20, .additional = additional, .n_additional = 1 };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup_experiment(&w);
	plan = plan_new(w.arena);
	assert_null(world_read(&w, ", labels: {" LABEL ": in-progress}",
	    "spec: {rules: [{backendRefs: [{name: web-s, port: 80, weight: 77}, {name: web-y, weight: 3}, {name: "
	    "web-c, "
	    "port: 81, weight: 20}, {name: web-o, weight: 9}]}]}"));
	assert_int_equal(w.routing.weight, 20);
	assert_int_equal(w.routing.weight_min, 20);
	assert_int_equal(w.routing.n_additional, 1);
	assert_string_equal(w.routing.additional[0].service_name, "web-y");
	assert_int_equal(w.routing.additional[0].weight, 3);
	assert_false(gateway_router.has_weight(w.rollout, &w.routing, &want, w.arena));
	assert_null(gateway_router.set_weight(w.rollout, &w.routing, &want, plan));
	assert_string_equal(strstr(plan->steps[0].body, "},{\"op\":\"replace\"") + 2,
	    "{\"op\":\"replace\",\"path\":\"/spec/rules/0/backendRefs/0/weight\",\"value\":75},"
	    "{\"op\":\"remove\",\"path\":\"/spec/rules/0/backendRefs/1\"},"
	    "{\"op\":\"add\",\"path\":\"/spec/rules/0/backendRefs/-\",\"value\":{\"group\":\"\",\"kind\":\"Service\","
	    "\"name\":\"web-x\",\"port\":8080,\"weight\":5}}]");
	arena_free(w.arena);
}

static void
what_an_experiment_leaves_is_for_the_two_versions(void **state)
{
	static const struct weight_destination additional[] = { { 30, "web-x", NULL } };
	struct wanted_split want = { .weight = 80, .additional = additional, .n_additional = 1 };
	struct world w;

	(void)state;
	world_setup_experiment(&w);
	assert_null(world_read(&w, "",
	    "spec: {rules: [{backendRefs: [{name: web-s, weight: 0}, {name: web-c, weight: 70}, {name: web-x, weight: "
	    "30}]}]}"));
	assert_true(gateway_router.has_weight(w.rollout, &w.routing, &want, w.arena));
	assert_int_equal(w.routing.weight, 70);
	arena_free(w.arena);
}

static void
an_experiment_has_weight_in_httproutes_only(void **state)
{
	static const struct weight_destination additional[] = { { 5, "web-x", NULL } };
	struct wanted_split want = { .weight = 20, .additional = additional, .n_additional = 1 };
	struct plan *plan;
	struct world w;

	(void)state;
	world_setup_experiment(&w);
	plan = plan_new(w.arena);
	w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
	    "{metadata: {name: web, namespace: shop, uid: web}, spec: {strategy: {canary: {canaryService: web-c, "
	    "stableService: web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {grpcRoute: r}}}}}}}");
	world_add(&w, &grpc_route_type,
	    "{metadata: {name: r, namespace: shop, labels: {" LABEL ": in-progress}}, spec: {rules: [{backendRefs: "
	    "[{name: web-s, weight: 100}, {name: web-c, weight: 20}]}]}}");
	assert_null(gateway_router.read(w.rollout, &w.listed.view, w.arena, &w.routing));
	assert_null(gateway_router.set_weight(w.rollout, &w.routing, &want, plan));
	assert_non_null(strstr(plan->steps[0].body, "\"path\":\"/spec/rules/0/backendRefs/0/weight\",\"value\":80}]"));
	arena_free(w.arena);
}

/* Recorded calls of the plugin of Argo Rollouts (sluice debug vectors gateway) have other results than ours in these
 * kinds only, apart from those that its record marks as wrong. */
static void
where_results_differ_from_the_plugin_they_are_the_safe_ones(void **state)
{
	static const struct {
		const char *kind; /* with the reason */
		const char *rules;
		const char *error; /* a part of it; NULL: none */
		const char *written; /* a part of the patch of weight 0 or 100; NULL: no patch has it */
		const char *kept; /* a text that no patch may contain */
	} cases[] = {
		{ "a Service of another namespace is another tenant's, even if it has the name of ours",
		    "{backendRefs: [{name: web-s, namespace: bank}, {name: web-c, namespace: bank}]}",
		    "has no rule with a backendRef", NULL, "weight" },
		{ "a rule with the name of a managed route that no step can have made is a user's: it is not removed",
		    SPLIT ", {name: beta, backendRefs: [{name: web-s}, {name: web-c}]}", "that no step made", NULL,
		    "\"op\":\"remove\"" },
		{ "a rule for requests with the canary's Service alone is a preview, which weight 0 would cut off",
		    SPLIT ", {backendRefs: [{name: web-c, weight: 9}]}", NULL, "/spec/rules/0/", "/spec/rules/1/" },
		{ "a rule with the stable Service alone is not left without a destination",
		    SPLIT ", {backendRefs: [{name: web-s, weight: 9}]}", NULL, "/spec/rules/0/",
		    "/spec/rules/1/backendRefs/0/weight\",\"value\":0" },
	};
	static const int64_t weights[] = { 0, 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(weights); k++) {
			struct world w;
			struct err *e;
			struct plan *plan;

			world_setup_managed(&w);
			plan = plan_new(w.arena);
			e = world_read(&w, "", arena_printf(w.arena, "spec: {rules: [%s]}", cases[i].rules));
			if ((e != NULL) != (cases[i].error != NULL) ||
			    (e != NULL && strstr(err_text(w.arena, e), cases[i].error) == NULL))
				fail_msg("%s: %s", cases[i].kind, e != NULL ? err_text(w.arena, e) : "no error");
			gateway_router.set_weight(
			    w.rollout, &w.routing, &(struct wanted_split){ .weight = weights[k] }, plan);
			gateway_router.set_routes(w.rollout, &w.routing, NULL, 0, w.arena, plan);
			for (size_t n = 0; n < plan->n_steps; n++) {
				const char *body = plan->steps[n].body;

				if (body != NULL && strstr(body, cases[i].kept) != NULL)
					fail_msg("%s: %s", cases[i].kind, body);
			}
			if (cases[i].written != NULL &&
			    (plan->n_steps == 0 || strstr(plan->steps[0].body, cases[i].written) == NULL))
				fail_msg("%s: not written", cases[i].kind);
			arena_free(w.arena);
		}
}

/* Reads a route that stands behind a missing and a malformed one. */
static struct err *
world_read_third(struct world *w, const char *status)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type,
	    arena_printf(w->arena,
		"{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		"stableService: web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: "
		"missing}, {name: malformed}, {name: r}]}}}}}}, status: {%s}}",
		status));
	world_add(
	    w, &http_route_type, "{metadata: {name: malformed, namespace: shop}, spec: {rules: [{backendRefs: []}]}}");
	return world_read(w, "", "spec: {rules: [" SPLIT "]}");
}

/* With weight, no route behind one with an error is written, as by the plugin; an abort lowers the weight of each. */
static void
a_weight_stops_at_an_error_of_a_route_and_an_abort_does_not(void **state)
{
	static const struct {
		const char *status;
		int64_t weight;
		bool written;
	} cases[] = { { "", 0, true }, { "", 10, false }, { "abort: true", 10, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wanted_split want = { .weight = cases[i].weight };
		struct plan *plan;
		struct world w;

		assert_non_null(world_read_third(&w, cases[i].status));
		plan = plan_new(w.arena);
		gateway_router.set_weight(w.rollout, &w.routing, &want, plan);
		assert_int_equal(plan->n_steps > 0, cases[i].written);
		arena_free(w.arena);
	}
}

/* No header route is added behind a route with an error, as by the plugin; rules are removed from each. */
static void
a_header_route_stops_at_an_error_of_a_route_and_a_removal_does_not(void **state)
{
	struct wanted_route want = { .header = &(struct header_route){ .name = "beta" } };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct world w = { .arena = arena_new(), .listed = LISTED };
		struct plan *plan = plan_new(w.arena);

		w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
		    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		    "stableService: web-s, trafficRouting: {managedRoutes: [{name: beta}], plugins: "
		    "{argoproj-labs/gatewayAPI: {httpRoutes: [{name: missing, useHeaderRoutes: true}, {name: r, "
		    "useHeaderRoutes: true}]}}}}}}}");
		assert_non_null(world_read(
		    &w, "", "spec: {rules: [" SPLIT ", {name: beta-1, backendRefs: [{name: web-c}], matches: [{}]}]}"));
		assert_false(gateway_router.set_routes(w.rollout, &w.routing, &want, n, w.arena, plan));
		assert_int_equal(plan->n_steps > 0, n == 0);
		arena_free(w.arena);
	}
}

/* The plugin stops at the first route with an error, so that an abort leaves the others as they are. */
static void
an_error_of_one_route_does_not_stop_an_abort_of_others(void **state)
{
	struct plan *plan;
	struct world w;
	struct err *e;

	(void)state;
	e = world_read_third(&w, "");
	plan = plan_new(w.arena);
	assert_non_null(strstr(err_text(w.arena, e), "httpRoutes[0].name: Invalid value: \"missing\""));
	e = gateway_router.set_weight(w.rollout, &w.routing, &(struct wanted_split){ 0 }, plan);
	assert_non_null(strstr(err_text(w.arena, e), "malformed"));
	assert_string_equal(plan->steps[0].name, "r");
	arena_free(w.arena);
}

/* The plugin has no error if header routes are set in none, and the step has no effect. */
static void
a_selector_that_selects_no_route_is_an_error(void **state)
{
	struct world w = { .arena = arena_new(), .listed = LISTED };
	struct err *e;

	(void)state;
	w.rollout = (const struct rollout *)world_add(&w, &rollout_type,
	    "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, stableService: "
	    "web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRouteSelector: {matchLabels: {a: "
	    "b}}}}}}}}}");
	e = world_read(&w, "", "spec: {rules: [" SPLIT "]}");
	assert_non_null(strstr(err_text(w.arena, e), "its selectors select no route in namespace \"shop\""));
	arena_free(w.arena);
}

/* The plugin does not copy them, so that requests of the header lack what the filters add. */
static void
the_filters_of_the_canarys_reference_are_those_of_its_header_route_too(void **state)
{
	struct world w;

	(void)state;
	world_setup_managed(&w);
	assert_null(
	    world_read(&w, "", "spec: {rules: [{backendRefs: [{name: web-s}, {name: web-c, filters: [{type: X}]}]}]}"));
	assert_non_null(strstr(world_routes_patch(&w, HEADERS), "\"backendRefs\":[{\"group\":\"\",\"kind\":\"Service\","
								"\"name\":\"web-c\",\"filters\":[{\"type\":\"X\"}]}]"));
	arena_free(w.arena);
}

/* A rollout of version abc with session affinity, or without it if `annotation` is "". */
static void
world_setup_session(struct world *w, const char *annotation, const char *status)
{
	*w = (struct world){ .arena = arena_new(), .listed = LISTED };
	w->rollout = (const struct rollout *)world_add(w, &rollout_type,
	    arena_printf(w->arena,
		"{metadata: {name: web, namespace: shop, annotations: {%s}}, spec: {strategy: {canary: {canaryService: "
		"web-c, stableService: web-s, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: "
		"r}}}}}}, status: {currentPodHash: abc%s}}",
		annotation, status));
}

#define AFFINITY "sluice.argoproj.io/session-affinity: '{cookieName: k, maxAge: 60}'"
#define COOKIE "{\"name\":\"Cookie\",\"type\":\"RegularExpression\",\"value\":\"^(.*; *)?k=abc(;.*)?$\"}"
#define SET_COOKIE(age)                                                                                                \
	"{\"type\":\"ResponseHeaderModifier\",\"responseHeaderModifier\":{\"add\":[{\"name\":\"Set-Cookie\","          \
	"\"value\":"                                                                                                   \
	"\"k=abc; Path=/; HttpOnly; Max-Age=" age "\"}]}}"

static void
a_canary_with_weight_sets_a_cookie_that_leads_back_to_it(void **state)
{
	struct world w;

	(void)state;
	world_setup_session(&w, AFFINITY, "");
	assert_null(world_read(&w, ", labels: {" LABEL ": in-progress}",
	    "spec: {rules: [{matches: [{path: {value: /a}, headers: [{name: x}]}], backendRefs: [{name: web-s, weight: "
	    "75}, {name: web-c, weight: 25, filters: [{type: X}]}]}]}"));
	assert_true(w.routing.routes_differ);
	assert_string_equal(strstr(world_patch(&w, 25), "},{\"op\":\"add\"") + 2,
	    "{\"op\":\"add\",\"path\":\"/spec/rules/0/backendRefs/1/filters\",\"value\":[{\"type\":\"X\"}," SET_COOKIE(
		"60") "]},{\"op\":\"add\",\"path\":\"/spec/rules/-\",\"value\":{\"matches\":[{\"path\":{\"value\":\"/"
		      "a\"},"
		      "\"headers\":[{\"name\":\"x\"}," COOKIE
		      "]}],\"backendRefs\":[{\"group\":\"\",\"kind\":\"Service\","
		      "\"name\":\"web-c\",\"filters\":[{\"type\":\"X\"}]}],\"name\":\"web-session\"}}]");
	arena_free(w.arena);
}

#define STICKY                                                                                                         \
	"{backendRefs: [{name: web-s, weight: 75}, {name: web-c, weight: 25, filters: [" SET_COOKIE(                   \
	    "60") "]}]}, {name: web-session, matches: [{headers: [" COOKIE                                             \
		  "]}], backendRefs: [{group: '', kind: Service, name: web-c, weight: 1}]}"

static void
nothing_is_written_while_the_cookie_is_that_of_the_version(void **state)
{
	struct world w;

	(void)state;
	world_setup_session(&w, AFFINITY, "");
	assert_null(world_read(&w, ", labels: {" LABEL ": in-progress}", "spec: {rules: [" STICKY "]}"));
	assert_false(w.routing.routes_differ);
	assert_int_equal(w.routing.managed_routes, 0);
	assert_null(world_patch(&w, 25));
	arena_free(w.arena);
}

/* The weight, the filter and the rule change in one patch. */
static void
without_weight_no_cookie_leads_to_the_canary(void **state)
{
	static const struct {
		const char *annotation, *status;
		bool expires;
	} cases[] = {
		{ AFFINITY, "", false },
		{ AFFINITY, ", abort: true", true },
		{ "", "", false },
		{ "", ", abort: true", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *patch;
		struct world w;

		world_setup_session(&w, cases[i].annotation, cases[i].status);
		assert_null(world_read(&w, "", "spec: {rules: [" STICKY "]}"));
		patch = world_patch(&w, 0);
		assert_non_null(strstr(patch, "{\"op\":\"remove\",\"path\":\"/spec/rules/0/backendRefs/1/filters\"}"));
		assert_non_null(strstr(patch, "{\"op\":\"remove\",\"path\":\"/spec/rules/1\"}"));
		assert_int_equal(
		    strstr(patch, "\"name\":\"web-s\",\"filters\":[" SET_COOKIE("0") "]") != NULL, cases[i].expires);
		assert_null(strstr(patch, "\"name\":\"web-c\",\"filters\""));
		arena_free(w.arena);
	}
}

#define SIX_HEADERS "{name: a}, {name: b}, {name: c}, {name: d}, {name: e}, {name: f}"

/* The Gateway API ignores a second condition for a header: all requests of the rule would go to the canary. */
static void
a_rule_that_cannot_match_the_cookie_too_is_an_error_and_gets_no_rule(void **state)
{
	static const struct {
		const char *headers;
		bool fits;
	} cases[] = {
		{ "{name: x}", true },
		{ "{name: Cookie, value: beta=1}", false },
		{ "{name: x}, {name: cookie, value: beta=1}", false },
		{ SIX_HEADERS ", {name: a2}, {name: b2}, {name: c2}, {name: d2}, {name: e2}, {name: f2}, {name: g}, "
			      "{name: h}, {name: i}",
		    true },
		{ SIX_HEADERS ", {name: a2}, {name: b2}, {name: c2}, {name: d2}, {name: e2}, {name: f2}, {name: g}, "
			      "{name: h}, {name: i}, {name: j}",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		const struct err *e;

		world_setup_session(&w, AFFINITY, "");
		e = world_read(&w, "",
		    arena_printf(w.arena,
			"spec: {rules: [{matches: [{headers: [{name: y}]}, {headers: [%s]}], backendRefs: [{name: "
			"web-s, weight: 100}, {name: web-c, weight: 0}]}]}",
			cases[i].headers));
		if ((e == NULL) != cases[i].fits ||
		    (strstr(world_patch(&w, 25), "/spec/rules/-") != NULL) != cases[i].fits)
			fail_msg("case %zu", i);
		if (e != NULL)
			assert_non_null(strstr(err_text(w.arena, (struct err *)e), "matches the header Cookie"));
		arena_free(w.arena);
	}
}

#define PARENT(name, accepted, resolved, generation)                                                                   \
	"{parentRef: {name: " name "}, conditions: [{type: Accepted, status: '" accepted                               \
	"', observedGeneration: " generation "}, {type: ResolvedRefs, status: '" resolved                              \
	"', observedGeneration: " generation "}]}"

static void
a_weight_has_taken_effect_when_every_parent_has_accepted_its_generation(void **state)
{
	static const struct {
		const char *parents;
		bool verified;
	} cases[] = {
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "True", "True", "4"), true },
		{ PARENT("a", "True", "True", "4"), false },
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "True", "True", "3"), false },
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "False", "True", "4"), false },
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "True", "False", "4"), false },
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "True", "True", "4") ", " PARENT(
		      "gone", "False", "True", "2"),
		    true },
		{ PARENT("a", "True", "True", "4") ", " PARENT("b", "True", "True", "4") ", " PARENT(
		      "b", "False", "True", "4"),
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w);
		assert_null(world_read(&w, ", generation: 4",
		    arena_printf(w.arena,
			"spec: {parentRefs: [{name: a}, {name: b}], rules: [{backendRefs: [{name: web-s}, {name: "
			"web-c}]}]}, status: {parents: [%s]}",
			cases[i].parents)));
		if ((gateway_router.verify(w.rollout, &w.routing, w.arena) == NULL) != cases[i].verified)
			fail_msg("case %zu", i);
		arena_free(w.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_weight_is_the_share_of_the_canary_in_each_rule),
		cmocka_unit_test(a_patch_tests_the_destinations_of_a_rule_and_changes_only_weights),
		cmocka_unit_test(nothing_is_written_when_the_weights_and_the_label_are_there),
		cmocka_unit_test(the_label_is_removed_only_when_no_other_rollout_has_weight_in_the_route),
		cmocka_unit_test(a_managed_route_belongs_to_one_rollout),
		cmocka_unit_test(a_managed_route_does_not_overlap_one_of_another_rollout),
		cmocka_unit_test(a_rollout_that_has_no_services_in_a_route_takes_no_managed_route_of_it),
		cmocka_unit_test(services_of_another_namespace_are_not_the_rollouts),
		cmocka_unit_test(a_rule_with_one_of_the_services_gets_its_weight_and_keeps_a_destination),
		cmocka_unit_test(a_route_of_connections_is_read_in_the_version_that_is_served),
		cmocka_unit_test(a_rule_of_connections_with_one_service_has_its_weight_but_not_zero),
		cmocka_unit_test(a_route_without_one_of_the_services_is_an_error_that_names_it),
		cmocka_unit_test(a_header_route_leads_to_the_canary_with_all_else_that_the_split_rule_has),
		cmocka_unit_test(a_header_route_with_the_defaults_of_the_api_server_is_as_wanted),
		cmocka_unit_test(only_rules_of_managed_routes_are_removed),
		cmocka_unit_test(a_rule_of_a_managed_name_that_no_step_made_is_an_error_and_stays),
		cmocka_unit_test(a_managed_route_that_is_not_wanted_is_removed_alone),
		cmocka_unit_test(a_mirroring_rule_is_a_copy_in_front_of_the_split_one_with_the_matches_of_both),
		cmocka_unit_test(a_share_of_mirrored_requests_is_written_only_where_the_api_server_has_the_field),
		cmocka_unit_test(requests_are_mirrored_that_both_the_rule_and_the_step_match),
		cmocka_unit_test(a_rule_that_rewrites_the_prefix_it_matched_is_mirrored_by_that_prefix_only),
		cmocka_unit_test(an_experiment_has_its_share_of_100_and_destinations_of_others_stay),
		cmocka_unit_test(what_an_experiment_leaves_is_for_the_two_versions),
		cmocka_unit_test(an_experiment_has_weight_in_httproutes_only),
		cmocka_unit_test(a_canary_with_weight_sets_a_cookie_that_leads_back_to_it),
		cmocka_unit_test(nothing_is_written_while_the_cookie_is_that_of_the_version),
		cmocka_unit_test(without_weight_no_cookie_leads_to_the_canary),
		cmocka_unit_test(a_rule_that_cannot_match_the_cookie_too_is_an_error_and_gets_no_rule),
		cmocka_unit_test(where_results_differ_from_the_plugin_they_are_the_safe_ones),
		cmocka_unit_test(a_weight_stops_at_an_error_of_a_route_and_an_abort_does_not),
		cmocka_unit_test(a_header_route_stops_at_an_error_of_a_route_and_a_removal_does_not),
		cmocka_unit_test(an_error_of_one_route_does_not_stop_an_abort_of_others),
		cmocka_unit_test(a_selector_that_selects_no_route_is_an_error),
		cmocka_unit_test(the_filters_of_the_canarys_reference_are_those_of_its_header_route_too),
		cmocka_unit_test(a_weight_has_taken_effect_when_every_parent_has_accepted_its_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
