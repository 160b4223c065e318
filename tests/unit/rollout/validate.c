/* tests/unit/rollout/validate.c: errors of a spec. A valid spec is validated again when it, or what it refers to, has
 * changed. */
#include "tests/unit/unit.h"
#include "kube/api/analysis.h"
#include "kube/api/rollout.h"
#include "kube/plan/controller.h"
#include "rollout/controller.h"
#include "rollout/gather.h"
#include "rollout/validate.h"
#include "rollout/warnings.h"
#include "rollout/world.h"
#include "tests/listed.h"

#define ROLLOUT                                                                                                        \
	"metadata: {name: web, namespace: default, uid: u1, resourceVersion: '%d', generation: %d}\n"                  \
	"spec:\n"                                                                                                      \
	"  selector: {matchLabels: {app: web}}\n"                                                                      \
	"  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}\n"                    \
	"  strategy: {canary: {maxSurge: '%s', analysis: {templates: [{templateName: errors}]}}}\n"                    \
	"status: {stableRS: abc}\n"
#define TEMPLATE                                                                                                       \
	"metadata: {name: errors, namespace: default, uid: u2, resourceVersion: '%d'}\n"                               \
	"spec: {metrics: [{name: m, successCondition: \"%s\", provider: {prometheus: {address: 'http://x', query: "    \
	"y}}}]}\n"

struct world {
	struct arena *arena;
	struct seen seen;
	struct listed listed;
};

/* The plan of a pass over this Rollout and its template; the next pass finds its notes. */
static struct plan *
passed(struct world *w, const char *rollout, const char *template)
{
	json_t *r = yaml(w->arena, rollout), *t = yaml(w->arena, template);
	struct plan *plan = plan_new(w->arena);

	w->listed = (struct listed)LISTED;
	w->listed.at[w->listed.n++] = object_decode(&rollout_type, r, w->arena);
	w->listed.at[w->listed.n++] = object_decode(&analysis_template_type, t, w->arena);
	rollout_controller.pass(&(struct pass){ .view = &w->listed.view,
				    .namespace = "default",
				    .name = "web",
				    .now = 1700000000000,
				    .seen = &w->seen },
	    plan);
	w->seen.notes = plan->notes;
	w->seen.n_notes = plan->n_notes;
	json_decref(r);
	json_decref(t);
	return plan;
}

static bool
is_invalid(const struct plan *p)
{
	return p->status != NULL && strstr(p->status, "InvalidSpec") != NULL;
}

static void
a_spec_is_validated_again_when_it_or_its_template_has_changed(void **state)
{
	static const struct {
		int version, generation;
		const char *surge;
		int template_version;
		const char *condition;
		bool invalid;
	} cases[] = {
		{ 1, 1, "1", 1, "result[0] < 1", false },
		{ 2, 1, "1", 1, "result[0] < 1", false },
		{ 2, 1, "1", 2, "result[0] <", true },
		{ 2, 1, "1", 3, "result[0] < 2", false },
		{ 3, 2, "many", 3, "result[0] < 2", true },
		{ 3, 2, "many", 3, "result[0] < 2", true },
		{ 4, 3, "2", 3, "result[0] < 2", false },
	};
	struct world w = { .arena = arena_new() };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plan *p =
		    passed(&w, arena_printf(w.arena, ROLLOUT, cases[i].version, cases[i].generation, cases[i].surge),
			arena_printf(w.arena, TEMPLATE, cases[i].template_version, cases[i].condition));

		if (is_invalid(p) != cases[i].invalid)
			fail_msg("case %zu: %s", i, p->status != NULL ? p->status : "no status");
	}
	arena_free(w.arena);
}

/* Without a generation it is not known whether the spec has changed. */
static void
a_spec_without_a_generation_is_always_validated(void **state)
{
	struct world w = { .arena = arena_new() };
	const char *template = arena_printf(w.arena, TEMPLATE, 1, "result[0] < 1");

	(void)state;
	assert_false(is_invalid(passed(&w, arena_printf(w.arena, ROLLOUT, 1, 0, "1"), template)));
	assert_true(is_invalid(passed(&w, arena_printf(w.arena, ROLLOUT, 1, 0, "many"), template)));
	arena_free(w.arena);
}

/* The errors of a canary strategy with the Services c and s, unless it names others, one in a line. Those of objects
 * that do not exist are left out. */
static const char *
errors_of(struct arena *a, const char *canary)
{
	json_t *r =
	    yaml(a, arena_printf(a,
			"{metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, "
			"template: {metadata: "
			"{labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}, strategy: {canary: {%s}}}}",
			canary));
	struct listed l = LISTED;
	struct pass pass = { .view = &l.view, .namespace = "shop", .name = "web", .seen = &(struct seen){ 0 } };
	struct problems found = { .arena = a };
	const char *text = "";
	struct rollout_world w;

	world_gather(&pass, (const struct rollout *)object_decode(&rollout_type, r, a), a, &w);
	validate_problems(&w, &found);
	json_decref(r);
	for (size_t i = 0; i < found.n; i++)
		if (!found.at[i].reference)
			text = arena_printf(a, "%s%s%s: %s", text, text[0] != '\0' ? "\n" : "",
			    found.at[i].path + strlen("spec.strategy.canary."), found.at[i].text);
	return text;
}

#define SERVICES "canaryService: c, stableService: s, "
#define GATEWAY "plugins: {argoproj-labs/gatewayAPI: {httpRoute: r}}"
#define PING_PONG "pingPong: {pingService: ping, pongService: pong}, "
#define MISSING "Invalid value: \"\": Canary service and Stable service must to be set to use Traffic Routing"

struct spec_with_errors {
	const char *canary, *errors;
};

static void
assert_errors(const struct spec_with_errors *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new();

		assert_string_equal(errors_of(a, cases[i].canary), cases[i].errors);
		arena_free(a);
	}
}

/* Fields without `canary`, and what stands behind the last ": ", are those of Argo Rollouts. */
static void
errors_of_traffic_routing_have_the_texts_of_argo_rollouts(void **state)
{
	static const struct spec_with_errors cases[] = {
		{ SERVICES "trafficRouting: {smi: {}}", "" },
		{ "trafficRouting: {smi: {}}", "stableService: " MISSING "\ncanaryService: " MISSING },
		{ "canaryService: c, trafficRouting: {istio: {virtualService: {name: v}}}", "stableService: " MISSING },
		{ "trafficRouting: {istio: {virtualService: {name: v}, destinationRule: {name: d, canarySubsetName: c, "
		  "stableSubsetName: s}}}",
		    "" },
		{ "canaryService: s, stableService: s", "stableService: Invalid value: This rollout uses the same "
							"service for the stable and canary services, "
							"but two different services are required." },
		{ "pingPong: {pingService: '', pongService: p}, trafficRouting: {alb: {ingress: i, servicePort: 80, "
		  "rootService: r}}",
		    "pingPong.pingService: Invalid value: \"\": Ping service and Pong service must to be set to use "
		    "Ping-Pong feature" },
		{ "pingPong: {pingService: p, pongService: p}, trafficRouting: {alb: {ingress: i, servicePort: 80, "
		  "rootService: r}}",
		    "pingPong.pingService: Invalid value: \"p\": This rollout uses the same service for the ping and "
		    "pong "
		    "services, but two different services are required." },
		{ SERVICES PING_PONG "trafficRouting: {smi: {}}",
		    "trafficRouting.alb: Invalid value: can only be used with traffic routing by istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"], alb: Ping-pong feature works with the ALB, Istio, and "
		    "plugin-based traffic routers only" },
		{ SERVICES "trafficRouting: {maxTrafficWeight: 10, smi: {}}",
		    "trafficRouting.maxTrafficWeight: Invalid value: can only be used with traffic routing by "
		    "plugins[\"argoproj-labs/gatewayAPI\"], nginx: "
		    "Canary "
		    "maxTrafficWeight in traffic routing only supported in Nginx and Plugins" },
		{ "scaleDownDelaySeconds: 9, dynamicStableScale: true",
		    "dynamicStableScale: Invalid value: true: Canary dynamicStableScale can only be used with traffic "
		    "routing\ndynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with "
		    "scaleDownDelaySeconds\nscaleDownDelaySeconds: Invalid value: 9: Canary scaleDownDelaySeconds can "
		    "only "
		    "be used with traffic routing" },
		{ "steps: [{setWeight: 101}]",
		    "steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100" },
		{ "steps: [{setWeight: -1}]",
		    "steps[0].setWeight: Invalid value: SetWeight needs to be between 0 and 100" },
		{ SERVICES
		    "steps: [{setWeight: -1}], trafficRouting: {maxTrafficWeight: 10, nginx: {stableIngress: i}}",
		    "steps[0].setWeight: Invalid value: SetWeight needs to be between 0 and 10" },
		{ "steps: [{experiment: {templates: [{name: e, specRef: canary, weight: 5}]}}]",
		    "steps[0].experiment.templates[0].weight: Invalid value: can only be used with traffic routing by "
		    "istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"], alb, smi: Experiment template weight cannot be set unless "
		    "TrafficRouting is enabled" },
		{ SERVICES
		    "trafficRouting: {traefik: {weightedTraefikServiceName: t}}, steps: [{experiment: {templates: "
		    "[{name: e, specRef: canary, weight: 5}]}}]",
		    "steps[0].experiment.templates[0].weight: Invalid value: can only be used with traffic routing by "
		    "istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"], alb, smi: Experiment template weight is only available for "
		    "TrafficRouting with SMI, ALB, Istio and Plugins at this time" },
		{ SERVICES "trafficRouting: {smi: {}}, steps: [{setHeaderRoute: {name: r, match: [{headerName: h, "
			   "headerValue: {}}]}}, {setMirrorRoute: {name: r}}]",
		    "steps[0].setHeaderRoute: Invalid value: can only be used with traffic routing by istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"], nginx, alb, apisix, plugins[\"sluice/hook\"]: "
		    "SetHeaderRoute "
		    "requires TrafficRouting, supports Istio and ALB and Apisix\n"
		    "trafficRouting.managedRoutes: Required value: for spec.strategy.canary.steps[0].setHeaderRoute: "
		    "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'\n"
		    "steps[1].setMirrorRoute: Invalid value: can only be used with traffic routing by istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"]: SetMirrorRoute requires TrafficRouting, supports Istio and "
		    "Plugins\n"
		    "trafficRouting.managedRoutes: Required value: for spec.strategy.canary.steps[1].setMirrorRoute: "
		    "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'" },
		/* The first error is the one that the status has. */
		{ "canaryService: s, stableService: s, steps: [{setWeight: -1}]",
		    "stableService: Invalid value: This rollout uses the same service for the stable and canary "
		    "services, but two different services are required.\nsteps[0].setWeight: Invalid value: SetWeight "
		    "needs to be between 0 and 100" },
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}], alb: {ingress: i, servicePort: 80}}, steps: "
			   "[{setHeaderRoute: {name: x, match: [{headerName: h, headerValue: {exact: a, regex: b}}]}}]",
		    "steps[0].setHeaderRoute.match[0]: Invalid value: SetHeaderRoute match value invalid. ALB supports "
		    "'exact' value only\n"
		    "steps[0].setHeaderRoute: Invalid value: \"x\": Steps define a route that does not exist in "
		    "spec.strategy.canary.trafficRouting.managedRoutes" },
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}], " GATEWAY
			   "}, steps: [{setMirrorRoute: {name: r, "
			   "match: [{method: {}}, {path: {exact: /a, prefix: /b}}]}}]",
		    "steps[0].setMirrorRoute.match[0]: Invalid value: method: StringMatch value missed, match value "
		    "must have "
		    "one of the following: exact, regex, prefix\n"
		    "steps[0].setMirrorRoute.match[1]: Invalid value: path: StringMatch match value must have exactly "
		    "one of "
		    "the following: exact, regex, prefix" },
		{ SERVICES
		    "trafficRouting: {nginx: {stableIngress: i}}, steps: [{pause: {}, setCanaryScale: {replicas: "
		    "1}}, {setWeight: 5, pause: {}, setCanaryScale: {replicas: 1}}]",
		    "steps[1]: Invalid value: has several of setWeight, pause, analysis, experiment; only one is "
		    "allowed" },
	};

	(void)state;
	assert_errors(cases, ARRAY_SIZE(cases));
}

/* ALB splits between the Services of pingPong, and all others between the second pair. */
static void
ping_pong_may_have_a_second_pair_of_services(void **state)
{
	static const struct spec_with_errors cases[] = {
		{ SERVICES PING_PONG "trafficRouting: {" GATEWAY "}", "" },
		{ SERVICES PING_PONG "trafficRouting: {alb: {ingress: i, servicePort: 80, rootService: r}, istio: "
				     "{virtualService: {name: v}}}",
		    "" },
		{ SERVICES PING_PONG "trafficRouting: {alb: {ingress: i, servicePort: 80, rootService: r}, nginx: "
				     "{stableIngress: i}}",
		    "" },
		{ PING_PONG "trafficRouting: {alb: {ingress: i, servicePort: 80, rootService: r}, nginx: "
			    "{stableIngress: i}}",
		    "stableService: " MISSING "\ncanaryService: " MISSING },
	};

	(void)state;
	assert_errors(cases, ARRAY_SIZE(cases));
}

/* Argo Rollouts accepts all of these. The list is complete: each other difference is an error. */
static void
what_argo_rollouts_accepts_and_cannot_route_is_refused(void **state)
{
	static const struct spec_with_errors cases[] = {
		/* A Service of both pairs would have to select two versions. */
		{ "canaryService: ping, stableService: s, " PING_PONG "trafficRouting: {" GATEWAY "}",
		    "pingPong.pingService: Invalid value: \"ping\": is the canaryService too; give pingPong Services "
		    "of "
		    "its own" },
		/* Traefik would get 100 - weight for the stable version, which may be below 0. */
		{ SERVICES "trafficRouting: {maxTrafficWeight: 1000, " GATEWAY
			   ", traefik: {weightedTraefikServiceName: t}}",
		    "trafficRouting.maxTrafficWeight: Invalid value: traefik does not have it; all routers of a "
		    "Rollout must: plugins[\"argoproj-labs/gatewayAPI\"], nginx do" },
		/* The plugin of Argo Rollouts mirrors nothing. Here the API server would refuse the rule. */
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}], " GATEWAY "}, steps: [{setMirrorRoute: {name: "
			   "r, match: [{method: {prefix: P}}, {path: {exact: a}}]}}]",
		    "steps[0].setMirrorRoute.match[0].method: Invalid value: needs exact: routes of the Gateway API "
		    "match a method by its name\n"
		    "steps[0].setMirrorRoute.match[1].path: Invalid value: \"a\": a path in a route of the Gateway "
		    "API starts with /" },
		/* The largest weight that the API server accepts in a route. */
		{ SERVICES "trafficRouting: {maxTrafficWeight: 1000001, " GATEWAY "}",
		    "trafficRouting.maxTrafficWeight: Invalid value: 1000001: the largest weight in a route of the "
		    "Gateway API is 1000000" },
	};

	(void)state;
	assert_errors(cases, ARRAY_SIZE(cases));
}

/* The warnings of a canary strategy, one in a line. */
static const char *
warnings_of(struct arena *a, const char *canary)
{
	json_t *r = yaml(
	    a, arena_printf(a, "{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {%s}}}}", canary));
	struct problems found = { .arena = a };
	const char *text = "";

	warnings_find(&found, (const struct rollout *)object_decode(&rollout_type, r, a));
	json_decref(r);
	for (size_t i = 0; i < found.n; i++)
		text = arena_printf(a, "%s%s%s: %s", text, text[0] != '\0' ? "\n" : "",
		    found.at[i].path + strlen("spec.strategy.canary."), found.at[i].text);
	return text;
}

/* Argo Rollouts accepts these too, and an update takes place. */
static void
what_has_no_effect_is_accepted_with_a_warning(void **state)
{
	static const struct spec_with_errors cases[] = {
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}]}",
		    "trafficRouting: names no router: no weight is set, and steps wait for pods only; name one of "
		    "istio, plugins[\"argoproj-labs/gatewayAPI\"], nginx, alb, smi, ambassador, traefik, apisix, "
		    "plugins[\"argoproj-labs/contour\"], plugins[\"sluice/hook\"], or split the requests between "
		    "canaryService and stableService yourself" },
		{ PING_PONG, "pingPong: without trafficRouting the two Services take turns, and nothing splits the "
			     "requests between them; name a router with pingPong: istio, "
			     "plugins[\"argoproj-labs/gatewayAPI\"], alb" },
		{ "canaryService: c, trafficRouting: {" GATEWAY "}",
		    "stableService: is not set: the routes are split between stableService and canaryService, and are "
		    "invalid without both" },
		{ SERVICES
		    "trafficRouting: {alb: {ingress: i, servicePort: 80}, traefik: {weightedTraefikServiceName: t}}, "
		    "steps: [{experiment: {templates: [{name: e, specRef: canary, weight: 5}]}}]",
		    "steps[0].experiment.templates[0].weight: traefik has no weights of experiments: the requests that "
		    "it routes are split by weight only; routers that have them: istio, "
		    "plugins[\"argoproj-labs/gatewayAPI\"], alb, smi" },
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}], smi: {}, " GATEWAY
			   "}, steps: [{setHeaderRoute: {name: r, match: [{headerName: h, headerValue: {exact: a}}]}}, "
			   "{setMirrorRoute: {name: r}}]",
		    "steps[0].setHeaderRoute: smi has no header routes: the requests that it routes are split by "
		    "weight only; routers that have them: istio, plugins[\"argoproj-labs/gatewayAPI\"], nginx, alb, "
		    "apisix, plugins[\"sluice/hook\"]\n"
		    "steps[1].setMirrorRoute: smi has no mirror routes: the requests that it routes are split by "
		    "weight only; routers that have them: istio, plugins[\"argoproj-labs/gatewayAPI\"]" },
		{ SERVICES "trafficRouting: {smi: {}}, steps: [{setMirrorRoute: {name: r}}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();

		assert_string_equal(warnings_of(a, cases[i].canary), cases[i].errors);
		if (cases[i].errors[0] != '\0')
			assert_string_equal(errors_of(a, cases[i].canary), "");
		arena_free(a);
	}
}

/* Argo Rollouts refuses it: it has no header routes with NGINX. */
static void
nginx_has_header_routes(void **state)
{
	static const struct spec_with_errors cases[] = {
		{ SERVICES "trafficRouting: {managedRoutes: [{name: r}], nginx: {stableIngress: i}}, steps: "
			   "[{setHeaderRoute: {name: r, match: [{headerName: h, headerValue: {exact: a}}]}}]",
		    "" },
	};

	(void)state;
	assert_errors(cases, ARRAY_SIZE(cases));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_is_validated_again_when_it_or_its_template_has_changed),
		cmocka_unit_test(a_spec_without_a_generation_is_always_validated),
		cmocka_unit_test(errors_of_traffic_routing_have_the_texts_of_argo_rollouts),
		cmocka_unit_test(ping_pong_may_have_a_second_pair_of_services),
		cmocka_unit_test(what_argo_rollouts_accepts_and_cannot_route_is_refused),
		cmocka_unit_test(what_has_no_effect_is_accepted_with_a_warning),
		cmocka_unit_test(nginx_has_header_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
