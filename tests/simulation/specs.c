/* tests/simulation/specs.c: draws a life: the Rollout, what it refers to, what users do, and how it has to end.
 *
 * Objects are written as YAML with holes, so that what comes out can be read here. Everything that is drawn is
 * valid: an InvalidSpec is a finding.
 */
#include "tests/simulation/specs.h"
#include <stdio.h>
#include <string.h>
#include "kube/api/yaml.h"

#define STEPS_MAX 8
#define ACTS_MAX 9

enum family {
	UNROUTED,
	WITH_SERVICES,
	SUBSETS,
	HOSTS,
	SEVERAL,
	GATEWAY,
	INGRESS,
	OTHER,
	TURNS,
	BLUE_GREEN,
	FAMILY_MAX
};

const char *const spec_families[] = { "canary without a router", "canary with Services, without a router",
	"canary by subsets", "canary by Services", "canary by two VirtualServices", "canary by the Gateway API",
	"canary by ingress-nginx", "canary by another router", "ping and pong", "blue-green", NULL };
_Static_assert(ARRAY_SIZE(spec_families) == FAMILY_MAX + 1, "a name a family");

/* The other routers that split between two Services. An object NULL is made by the router. */
static const struct other_router {
	const char *routing; /* in trafficRouting */
	const char *object;
	bool headers, exact; /* it has header routes; only with exact values */
} other_routers[] = {
	{ "alb: {ingress: myapp, servicePort: 80}",
	    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: myapp}, spec: {ingressClassName: alb, "
	    "rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {name: "
	    "use-annotation}}}}]}}]}}",
	    true, true },
	{ "ambassador: {mappings: [myapp]}",
	    "{apiVersion: getambassador.io/v2, kind: Mapping, metadata: {name: myapp}, spec: {prefix: /, service: "
	    "\"stable:80\"}}",
	    false, false },
	{ "apisix: {route: {name: myapp, rules: [all]}}",
	    "{apiVersion: apisix.apache.org/v2, kind: ApisixRoute, metadata: {name: myapp}, spec: {http: [{name: all, "
	    "match: {paths: [\"/*\"]}, backends: [{serviceName: stable, servicePort: 80, weight: 100}, {serviceName: "
	    "canary, servicePort: 80, weight: 0}]}]}}",
	    true, false },
	{ "plugins: {argoproj-labs/contour: {httpProxies: [myapp]}}",
	    "{apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {name: myapp}, spec: {virtualhost: {fqdn: "
	    "myapp.example}, routes: [{services: [{name: stable, port: 80, weight: 100}, {name: canary, port: 80, "
	    "weight: 0}]}]}}",
	    false, false },
	{ "plugins: {sluice/hook: {name: acme/edge}}", NULL, true, false },
	{ "smi: {}", NULL, false, false },
	{ "traefik: {weightedTraefikServiceName: myapp}",
	    "{apiVersion: traefik.io/v1alpha1, kind: TraefikService, metadata: {name: myapp}, spec: {weighted: "
	    "{services: "
	    "[{name: stable, port: 80, weight: 100}, {name: canary, port: 80, weight: 0}]}}}",
	    false, false },
};

struct draft {
	struct rand_stream rand;
	struct arena *arena;
	enum family family;
	const struct other_router *other; /* of the family OTHER */
	bool workload; /* the template is a Deployment's */
	bool dynamic; /* dynamicStableScale */
	bool autoscaled; /* a HorizontalPodAutoscaler changes spec.replicas */
	bool broken; /* a version was deployed whose pods never become ready */
	bool routes[2]; /* managed routes: by-header, by-mirror */
	const char *protocol; /* whose routes are split: http, tls or tcp */
	unsigned experiments; /* those that users made */
	json_t *given, *when, *expect;
};

static long long
draw(struct draft *d, long long least, long long most)
{
	return least + (long long)rand_below(&d->rand, (uint64_t)(most - least + 1));
}

static bool
chance(struct draft *d, unsigned percent)
{
	return rand_chance(&d->rand, percent);
}

#define DRAW_OF(d, list) (list)[rand_below(&(d)->rand, ARRAY_SIZE(list))]

/* YAML as by printf; a new reference. */
static json_t *printf_like(1, 2) yaml_made(const char *format, ...)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *docs = NULL, *doc;
	struct err *e;
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	e = yaml_parse(a, text, strlen(text), &docs);
	if (e != NULL || json_array_size(docs) != 1) {
		printf("a part of a life is not YAML: %s\n%s\n", e != NULL ? err_text(a, e) : "", text);
		abort();
	}
	doc = json_incref(json_array_get(docs, 0));
	json_decref(docs);
	free(text);
	return doc;
}

static long long
draw_weight(struct draft *d)
{
	static const long long weights[] = { 0, 1, 5, 10, 20, 25, 33, 40, 50, 50, 60, 67, 75, 80, 99, 100 };

	return DRAW_OF(d, weights);
}

static long long
draw_replicas(struct draft *d)
{
	static const long long usual[] = { 1, 1, 2, 3, 4, 4, 5, 5, 6, 8, 10 };

	return chance(d, 6) ? 0 : chance(d, 6) ? draw(d, 11, 40) : DRAW_OF(d, usual);
}

/* A number or a percentage, 0 also. */
static const char *
draw_limit(struct draft *d)
{
	static const char *const limits[] = { "0", "1", "2", "3", "0%", "10%", "25%", "34%", "50%", "75%", "100%" };

	return DRAW_OF(d, limits);
}

static bool
is_routed(const struct draft *d)
{
	return d->family >= SUBSETS && d->family <= TURNS;
}

static bool
has_istio(const struct draft *d)
{
	return is_routed(d) && d->family != GATEWAY && d->family != INGRESS && d->family != OTHER;
}

static const char *const finite_templates[] = { "once", "some", "some", "undecided", "by-web", "by-job", "by-hash" };
static const char *const endless_templates[] = { "endless", "endless-limit" };

/* Limits of a metric that is measured three times or more. */
static const char *
draw_metric_limits(struct draft *d)
{
	static const char *const names[] = { "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit" };
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (chance(d, 20))
			text = arena_printf(d->arena, "%s, %s: %lld", text, names[i], draw(d, 0, 1));
	if (chance(d, 12))
		text = arena_printf(d->arena, "%s, consecutiveSuccessLimit: %lld", text, draw(d, 1, 2));
	if (chance(d, 12))
		text = arena_printf(d->arena, "%s, failureCondition: \"result[0] >= 0.3\"", text);
	if (chance(d, 12))
		text = arena_printf(d->arena, "%s, initialDelay: %llds", text, draw(d, 1, 9));
	return text;
}

static void
add_templates(struct draft *d)
{
	const char *query =
	    "{prometheus: {address: \"http://127.0.0.1:19090\", query: \"errors{job='{{args.job}}'}\"}}";
	const struct {
		const char *name, *args, *metric, *provider;
	} all[] = {
		{ "once", "[{name: job}]", "successCondition: \"result[0] < 0.05\"", query },
		{ "some", "[{name: job, value: web}]",
		    arena_printf(d->arena, "interval: %llds, count: %lld, successCondition: \"result[0] < 0.05\"%s",
			draw(d, 1, 6), draw(d, 3, 4), draw_metric_limits(d)),
		    query },
		{ "undecided", "[{name: job}]",
		    "successCondition: \"result[0] < 0.05\", failureCondition: \"result[0] > 0.3\"", query },
		{ "by-web", "[{name: job}]", "successCondition: \"asFloat(result) < 0.05\"",
		    "{web: {url: \"http://web.test/{{args.job}}\", jsonPath: \"{$.data.result[0].value[1]}\"}}" },
		{ "by-job", "[{name: job, value: web}]", chance(d, 50) ? "count: 1" : "count: 2, interval: 5s",
		    "{job: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: main, "
		    "image: "
		    "check, command: [sh, -c, \"sleep 2\"]}]}}}}}" },
		{ "by-hash", "[{name: job}, {name: stable, value: none}, {name: owner, value: none}]",
		    arena_printf(
			d->arena, "interval: 2s, count: %lld, successCondition: \"result[0] < 0.05\"", draw(d, 1, 3)),
		    "{prometheus: {address: \"http://127.0.0.1:19090\", query: "
		    "\"errors{job='{{args.job}}',stable='{{args.stable}}',owner='{{args.owner}}'}\"}}" },
		{ "endless", "[{name: job, value: web}]",
		    arena_printf(d->arena, "interval: %llds, successCondition: \"result[0] < 0.05\"", draw(d, 2, 20)),
		    query },
		{ "endless-limit", "[{name: job, value: web}]",
		    "interval: 7s, failureLimit: 2, successCondition: \"result[0] < 0.05\", failureCondition: "
		    "\"result[0] > "
		    "0.3\"",
		    query },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_array_append_new(d->given,
		    yaml_made(
			"{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: %s}, spec: {args: "
			"%s, metrics: [{name: %s, %s, provider: %s}]}}",
			all[i].name, all[i].args, all[i].name, all[i].metric, all[i].provider));
}

/* Returns the strategy's analyses: templates and their arguments. In the arena. */
static const char *
draw_analysis(struct draft *d, bool background)
{
	static const char *const values[] = { "value: web", "valueFrom: {podTemplateHashValue: Latest}",
		"valueFrom: {podTemplateHashValue: Stable}", "valueFrom: {fieldRef: {fieldPath: metadata.name}}",
		"valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}" };
	const char *template =
	    background && chance(d, 60) ? DRAW_OF(d, endless_templates) : DRAW_OF(d, finite_templates);
	const char *more = !background && chance(d, 15) ? ", {templateName: once}" : "";
	const char *stable =
	    strcmp(template, "by-hash") == 0 ? ", {name: stable, valueFrom: {podTemplateHashValue: Stable}}" : "";
	const char *dry = chance(d, 6) ? ", dryRun: [{metricName: \".*\"}]" : "";

	if (strcmp(template, "once") == 0)
		more = "";
	return arena_printf(d->arena, "templates: [{templateName: %s}%s], args: [{name: job, %s}%s]%s", template, more,
	    DRAW_OF(d, values), stable, dry);
}

static const char *
step_weight(struct draft *d)
{
	return arena_printf(d->arena, "{setWeight: %lld}", draw_weight(d));
}

static const char *
step_pause(struct draft *d)
{
	static const char *const units[] = { "%lld", "\"%lld\"", "%llds", "%llds", "0m%llds" };
	const char *unit = DRAW_OF(d, units);
	long long n = chance(d, 8) ? 0 : draw(d, 1, 25);

	if (chance(d, 45))
		return "{pause: {}}";
	return strcmp(unit, "%lld") == 0       ? arena_printf(d->arena, "{pause: {duration: %lld}}", n)
	       : strcmp(unit, "\"%lld\"") == 0 ? arena_printf(d->arena, "{pause: {duration: \"%lld\"}}", n)
	       : strcmp(unit, "0m%llds") == 0  ? arena_printf(d->arena, "{pause: {duration: 0m%llds}}", n)
					       : arena_printf(d->arena, "{pause: {duration: %llds}}", n);
}

static const char *
step_scale(struct draft *d)
{
	switch (draw(d, 0, 2)) {
	case 0: return arena_printf(d->arena, "{setCanaryScale: {replicas: %lld}}", draw(d, 0, 6));
	case 1: return arena_printf(d->arena, "{setCanaryScale: {weight: %lld}}", draw_weight(d));
	default: return "{setCanaryScale: {matchTrafficWeight: true}}";
	}
}

static const char *
step_analysis(struct draft *d)
{
	return arena_printf(d->arena, "{analysis: {%s}}", draw_analysis(d, false));
}

static const char *
step_experiment(struct draft *d)
{
	bool weights = (has_istio(d) || d->family == GATEWAY) && d->family != TURNS &&
		       strcmp(d->protocol, "http") == 0 && chance(d, 40);
	const char *analysis =
	    chance(d, 50) ? arena_printf(d->arena,
				", analyses: [{name: check, templateName: %s, args: [{name: job, value: web}]%s}]",
				DRAW_OF(d, finite_templates), chance(d, 40) ? ", requiredForCompletion: true" : "")
			  : "";

	return arena_printf(d->arena,
	    "{experiment: {duration: %llds, scaleDownDelaySeconds: %lld, templates: [{name: baseline, specRef: "
	    "stable%s%s}, {name: "
	    "trial, specRef: canary%s%s}]%s}}",
	    draw(d, 3, 20), chance(d, 50) ? 0 : draw(d, 1, 40), chance(d, 30) ? ", replicas: 2" : "",
	    weights ? ", weight: 5" : "", chance(d, 30) ? ", replicas: 2" : "", weights ? ", weight: 10" : "",
	    analysis);
}

static const char *
step_header(struct draft *d)
{
	static const char *const matches[] = { "exact: \"yes\"", "prefix: ye", "regex: \"ye.*\"" };
	const char *match = DRAW_OF(d, matches);

	if (chance(d, 25))
		return "{setHeaderRoute: {name: by-header}}";
	return arena_printf(d->arena,
	    "{setHeaderRoute: {name: by-header, match: [{headerName: X-Canary, headerValue: {%s}}]}}",
	    d->family == OTHER && d->other->exact ? matches[0] : match);
}

static const char *
step_mirror(struct draft *d)
{
	if (chance(d, 25))
		return "{setMirrorRoute: {name: by-mirror}}";
	return arena_printf(d->arena,
	    "{setMirrorRoute: {name: by-mirror, percentage: %lld, match: [{path: {prefix: /}}]}}", draw(d, 1, 100));
}

static const char *
step_plugin(struct draft *d)
{
	return arena_printf(d->arena, "{plugin: {name: acme/hook, config: {n: %lld}}}", draw(d, 1, 9));
}

static const struct {
	const char *(*draw)(struct draft *);
	unsigned chances; /* of the sum of all that may be there */
	bool routed;
	int route; /* needs this managed route; -1: none */
} step_kinds[] = {
	{ step_weight, 40, false, -1 },
	{ step_pause, 28, false, -1 },
	{ step_scale, 14, true, -1 },
	{ step_analysis, 9, false, -1 },
	{ step_experiment, 5, false, -1 },
	{ step_header, 9, true, 0 },
	{ step_mirror, 6, true, 1 },
	{ step_plugin, 3, false, -1 },
};

static const char *
draw_step(struct draft *d)
{
	for (;;) {
		size_t i = (size_t)draw(d, 0, ARRAY_SIZE(step_kinds) - 1);

		if ((step_kinds[i].routed && !is_routed(d)) ||
		    (step_kinds[i].route >= 0 && !d->routes[step_kinds[i].route]))
			continue;
		if (rand_below(&d->rand, 40) < step_kinds[i].chances)
			return step_kinds[i].draw(d);
	}
}

static const char *
draw_steps(struct draft *d)
{
	long long n = draw(d, 0, STEPS_MAX);
	const char *text = "";

	for (long long i = 0; i < n; i++)
		text = arena_printf(d->arena, "%s%s%s", text, i > 0 ? ", " : "", draw_step(d));
	return arena_printf(d->arena, "[%s]", text);
}

static const char *
draw_routing(struct draft *d)
{
	const char *routes = arena_printf(d->arena, "%s%s%s", d->routes[0] ? "{name: by-header}" : "",
	    d->routes[0] && d->routes[1] ? ", " : "", d->routes[1] ? "{name: by-mirror}" : "");
	const char *managed = arena_printf(d->arena, "managedRoutes: [%s]", routes);
	const char *split = strcmp(d->protocol, "tls") == 0   ? ", tlsRoutes: [{port: 443, sniHosts: [myapp]}]"
			    : strcmp(d->protocol, "tcp") == 0 ? ", tcpRoutes: [{port: 5432}]"
							      : "";
	const char *services =
	    d->family == SEVERAL
		? arena_printf(d->arena, "virtualServices: [{name: myapp-vs%s}, {name: myapp-vs2%s}]", split, split)
		: arena_printf(d->arena, "virtualService: {name: myapp-vs%s}", split);
	const char *rule =
	    d->family == SUBSETS || d->family == SEVERAL
		? ", destinationRule: {name: myapp-dr, canarySubsetName: canary, stableSubsetName: stable}"
		: "";

	if (d->family == GATEWAY)
		return arena_printf(d->arena,
		    ", trafficRouting: {%s, plugins: {argoproj-labs/gatewayAPI: {%sRoute: myapp-route}}}", managed,
		    d->protocol);
	if (d->family == INGRESS)
		return arena_printf(d->arena, ", trafficRouting: {%s, nginx: {stableIngress: myapp}}", managed);
	if (d->family == OTHER)
		return arena_printf(d->arena, ", trafficRouting: {%s, %s}", managed, d->other->routing);
	return arena_printf(d->arena, ", trafficRouting: {%s, istio: {%s%s}}", managed, services, rule);
}

static const char *
draw_delays(struct draft *d)
{
	const char *text = "";

	if (is_routed(d) && !d->dynamic && chance(d, 70))
		text = arena_printf(d->arena, "%s, scaleDownDelaySeconds: %lld", text, draw(d, 0, 20));
	if (is_routed(d) && chance(d, 20))
		text = arena_printf(d->arena, "%s, scaleDownDelayRevisionLimit: %lld", text, draw(d, 0, 2));
	if (chance(d, 35))
		text = arena_printf(
		    d->arena, "%s, abortScaleDownDelaySeconds: %lld", text, chance(d, 25) ? 0 : draw(d, 1, 20));
	return text;
}

static const char *
draw_limits(struct draft *d)
{
	const char *surge = draw_limit(d), *unavailable = draw_limit(d);

	if (chance(d, 25))
		return "";
	/* Both 0 are refused. */
	if (surge[0] == '0' && unavailable[0] == '0')
		surge = "1";
	return arena_printf(d->arena, ", maxSurge: %s, maxUnavailable: %s", surge, unavailable);
}

static const char *
draw_canary(struct draft *d)
{
	const char *more = draw_limits(d);

	if (d->family == WITH_SERVICES || d->family == HOSTS || d->family == GATEWAY || d->family == INGRESS ||
	    d->family == OTHER)
		more = arena_printf(d->arena, "%s, canaryService: canary, stableService: stable", more);
	if (d->family == TURNS)
		more = arena_printf(d->arena, "%s, pingPong: {pingService: ping, pongService: pong}", more);
	if (is_routed(d))
		more = arena_printf(d->arena, "%s%s", more, draw_routing(d));
	if (d->dynamic)
		more = arena_printf(d->arena, "%s, dynamicStableScale: true", more);
	if (is_routed(d) && chance(d, 12))
		more = arena_printf(d->arena, "%s, minPodsPerReplicaSet: %lld", more, draw(d, 1, 3));
	if (chance(d, 12))
		more = arena_printf(d->arena, "%s, replicaProgressThreshold: %s", more,
		    chance(d, 30) ? "{type: Pods, value: 1}"
				  : arena_printf(d->arena, "{type: Percent, value: %lld}", draw(d, 1, 4) * 25));
	if (chance(d, 25))
		more = arena_printf(d->arena, "%s, analysis: {%s%s}", more, draw_analysis(d, true),
		    chance(d, 40) ? arena_printf(d->arena, ", startingStep: %lld", draw(d, 1, 4)) : "");
	if (chance(d, 8))
		more = arena_printf(d->arena,
		    "%s, canaryMetadata: {labels: {role: canary}}, stableMetadata: {labels: {role: stable}}", more);
	return arena_printf(d->arena, "{steps: %s%s%s}", draw_steps(d), more, draw_delays(d));
}

static const char *
draw_blue_green(struct draft *d)
{
	const char *more = chance(d, 75) ? ", previewService: preview" : "";

	if (chance(d, 40))
		more = arena_printf(d->arena, "%s, autoPromotionEnabled: false", more);
	else if (chance(d, 30))
		more = arena_printf(d->arena, "%s, autoPromotionSeconds: %lld", more, draw(d, 1, 30));
	if (chance(d, 25))
		more = arena_printf(d->arena, "%s, previewReplicaCount: %lld", more, draw(d, 1, 3));
	if (chance(d, 30))
		more = arena_printf(d->arena, "%s, prePromotionAnalysis: {%s}", more, draw_analysis(d, false));
	if (chance(d, 30))
		more = arena_printf(d->arena, "%s, postPromotionAnalysis: {%s}", more, draw_analysis(d, false));
	if (chance(d, 60))
		more = arena_printf(d->arena, "%s, scaleDownDelaySeconds: %lld", more, draw(d, 0, 30));
	if (chance(d, 20))
		more = arena_printf(d->arena, "%s, scaleDownDelayRevisionLimit: %lld", more, draw(d, 0, 2));
	if (chance(d, 40))
		more = arena_printf(d->arena, "%s, maxUnavailable: %s", more, draw_limit(d));
	return arena_printf(d->arena, "{activeService: active%s%s}", more, draw_delays(d));
}

static const char *
draw_strategy(struct draft *d)
{
	return d->family == BLUE_GREEN ? arena_printf(d->arena, "{blueGreen: %s}", draw_blue_green(d))
				       : arena_printf(d->arena, "{canary: %s}", draw_canary(d));
}

#define TEMPLATE                                                                                                       \
	"{metadata: {labels: {app: myapp}}, spec: {containers: [{name: myapp, image: \"myregistry/myapp:%s\", ports: " \
	"[{containerPort: 8080}]}]}}"

static void
add_service(struct draft *d, const char *name)
{
	json_array_append_new(d->given, yaml_made("{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: "
						  "{selector: {app: myapp}, ports: [{port: 80, "
						  "targetPort: 8080}]}}",
					    name));
}

static void
add_virtual_service(struct draft *d, const char *name)
{
	bool subsets = d->family == SUBSETS || d->family == SEVERAL;
	const char *stable = subsets		  ? "host: myapp, subset: stable"
			     : d->family == TURNS ? "host: ping"
						  : "host: stable";
	const char *canary = subsets		  ? "host: myapp, subset: canary"
			     : d->family == TURNS ? "host: pong"
						  : "host: canary";

	json_array_append_new(d->given,
	    yaml_made(
		"{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: %s}, spec: {hosts: "
		"[myapp], %s: [{%sroute: [{destination: {%s}, weight: 100}, {destination: {%s}, weight: 0}]}]}}",
		name, d->protocol,
		strcmp(d->protocol, "tls") == 0	  ? "match: [{port: 443, sniHosts: [myapp]}], "
		: strcmp(d->protocol, "tcp") == 0 ? "match: [{port: 5432}], "
						  : "",
		stable, canary));
}

static void
add_gateway_route(struct draft *d)
{
	bool tcp = strcmp(d->protocol, "tcp") == 0;

	json_array_append_new(d->given,
	    yaml_made("{apiVersion: gateway.networking.k8s.io/%s, kind: %sRoute, metadata: {name: myapp-route}, spec: "
		      "{parentRefs: [{name: gateway}], rules: [{backendRefs: [{name: stable, port: 80, weight: 100}, "
		      "{name: canary, port: 80, weight: 0}]}]}}",
		tcp ? "v1alpha2" : "v1",
		tcp				  ? "TCP"
		: strcmp(d->protocol, "tls") == 0 ? "TLS"
						  : "HTTP"));
}

static void
add_ingress(struct draft *d)
{
	json_array_append_new(d->given,
	    yaml_made("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: myapp}, spec: "
		      "{ingressClassName: nginx, rules: [{host: myapp.example, http: {paths: [{path: /, pathType: "
		      "Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}}]}}"));
}

static void
add_surroundings(struct draft *d)
{
	static const char *const services[FAMILY_MAX][2] = { [UNROUTED] = { "active", "preview" },
		[WITH_SERVICES] = { "canary", "stable" },
		[HOSTS] = { "canary", "stable" },
		[GATEWAY] = { "canary", "stable" },
		[INGRESS] = { "canary", "stable" },
		[OTHER] = { "canary", "stable" },
		[TURNS] = { "ping", "pong" },
		[BLUE_GREEN] = { "active", "preview" } };

	for (size_t i = 0; i < 2; i++)
		if (services[d->family][i] != NULL)
			add_service(d, services[d->family][i]);
	if (has_istio(d))
		add_virtual_service(d, "myapp-vs");
	if (d->family == GATEWAY)
		add_gateway_route(d);
	if (d->family == INGRESS)
		add_ingress(d);
	if (d->family == OTHER && d->other->object != NULL)
		json_array_append_new(d->given, yaml_made("%s", d->other->object));
	if (d->family == SEVERAL)
		add_virtual_service(d, "myapp-vs2");
	if (d->family == SUBSETS || d->family == SEVERAL)
		json_array_append_new(d->given,
		    yaml_made(
			"{apiVersion: networking.istio.io/v1beta1, kind: DestinationRule, metadata: {name: myapp-dr}, "
			"spec: {host: myapp, subsets: [{name: canary, labels: {app: myapp}}, {name: stable, labels: "
			"{app: "
			"myapp}}]}}"));
	if (d->workload)
		json_array_append_new(d->given,
		    yaml_made(
			"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 0, selector: "
			"{matchLabels: {app: myapp}}, template: " TEMPLATE "}}",
			"v1"));
	add_templates(d);
}

static const char *
draw_spec(struct draft *d)
{
	const char *more = "";

	if (chance(d, 20))
		more = arena_printf(d->arena, "%s, minReadySeconds: %lld", more, draw(d, 1, 8));
	if (chance(d, 20))
		more = arena_printf(d->arena, "%s, revisionHistoryLimit: %lld", more, draw(d, 2, 3));
	if (chance(d, 25))
		more = arena_printf(d->arena, "%s, progressDeadlineSeconds: %lld%s", more, draw(d, 60, 120),
		    chance(d, 50) ? ", progressDeadlineAbort: true" : "");
	if (chance(d, 15))
		more = arena_printf(d->arena, "%s, rollbackWindow: {revisions: %lld}", more, draw(d, 1, 3));
	if (chance(d, 10))
		more = arena_printf(d->arena,
		    "%s, analysis: {successfulRunHistoryLimit: %lld, unsuccessfulRunHistoryLimit: %lld}", more,
		    draw(d, 0, 2), draw(d, 0, 2));
	return more;
}

static void
add_rollout(struct draft *d)
{
	const char *of =
	    d->workload ? "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}"
			: arena_printf(d->arena, "selector: {matchLabels: {app: myapp}}, template: " TEMPLATE, "v1");

	json_array_append_new(d->given, yaml_made("{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: "
						  "myapp, labels: {app: myapp}}, spec: "
						  "{replicas: %lld, %s, strategy: %s%s}}",
					    draw_replicas(d), of, draw_strategy(d), draw_spec(d)));
}

static void
add_autoscaler(struct draft *d)
{
	const char *metric = chance(d, 50)
				 ? "{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: "
				   "\"100\"}}}"
				 : "{type: External, external: {metric: {name: queue}, target: {type: AverageValue, "
				   "averageValue: \"100\"}}}";

	json_array_append_new(d->given,
	    yaml_made(
		"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: myapp}, spec: "
		"{scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: myapp}, minReplicas: %lld, "
		"maxReplicas: %lld, metrics: [%s]}}",
		draw(d, 1, 3), draw(d, 4, 12), metric));
}

static json_t *
act_deploy(struct draft *d)
{
	const char *tag = arena_printf(d->arena, "v%lld", draw(d, 1, 4));

	if (chance(d, 3)) {
		tag = "does-not-exist";
		d->broken = true;
	}
	if (d->workload)
		return yaml_made("{merge: {\"Deployment web\": {spec: {template: " TEMPLATE "}}}}", tag);
	return yaml_made("{deploy: %s}", tag);
}

static json_t *
act_promote(struct draft *d)
{
	return yaml_made(chance(d, 12) ? "{promote: full}" : "{promote: {}}");
}

static json_t *
act_load(struct draft *d)
{
	return yaml_made("{load: %lld}", (chance(d, 8) ? 0 : draw(d, 1, 14)) * 50);
}

static json_t *
act_scale(struct draft *d)
{
	if (d->autoscaled && chance(d, 85))
		return act_load(d);
	return yaml_made("{scale: %lld}", draw_replicas(d));
}

static json_t *
act_strategy(struct draft *d)
{
	if (d->family == BLUE_GREEN)
		return yaml_made(
		    "{spec: {strategy: {blueGreen: {autoPromotionEnabled: %s}}}}", chance(d, 50) ? "true" : "false");
	if (chance(d, 30) && d->family <= WITH_SERVICES)
		return yaml_made("{spec: {strategy: {canary: {maxSurge: %lld, maxUnavailable: %lld}}}}", draw(d, 1, 3),
		    draw(d, 0, 2));
	return yaml_made("{spec: {strategy: {canary: {steps: %s}}}}", draw_steps(d));
}

static json_t *
act_metric(struct draft *d)
{
	static const char *const responses[] = { "0.01", "0.01", "0.01", "0.1", "0.4", "empty", "refused",
		"unreachable", "wrong", "NaN", "slow" };

	return yaml_made("{metric: %s}", DRAW_OF(d, responses));
}

static json_t *
act_plugin(struct draft *d)
{
	static const char *const responses[] = { "{phase: Successful}", "{phase: Running, requeueAfter: 5s}",
		"{phase: Failed, message: no}", "null" };

	return yaml_made("{plugin: %s}", DRAW_OF(d, responses));
}

static json_t *
act_controller(struct draft *d)
{
	return chance(d, 70) ? yaml_made("{controller: killed}")
			     : yaml_made("{controller: {paused: %llds}}", draw(d, 1, 30));
}

/* Deleted with its ReplicaSets, and made again at once. */
static json_t *
act_delete(struct draft *d)
{
	/* A first version whose pods never become ready has nothing to fall back on. */
	return yaml_made(d->broken ? "{compact: {}}" : "{renew: Rollout myapp}");
}

/* Another version with the same image. */
static json_t *
act_template(struct draft *d)
{
	const char *template = arena_printf(d->arena,
	    chance(d, 50) ? "{template: {metadata: {annotations: {config: c%lld}}}}"
			  : "{template: {spec: {terminationGracePeriodSeconds: %lld}}}",
	    draw(d, 1, 3));

	if (d->workload)
		return yaml_made("{merge: {\"Deployment web\": {spec: %s}}}", template);
	return yaml_made("{spec: %s}", template);
}

/* An Experiment that no Rollout owns. */
static json_t *
act_experiment(struct draft *d)
{
	const char *analysis =
	    chance(d, 60) ? arena_printf(d->arena,
				", analyses: [{name: check, templateName: %s, args: [{name: job, value: web}]%s}]",
				DRAW_OF(d, finite_templates), chance(d, 40) ? ", requiredForCompletion: true" : "")
			  : "";
	const char *text = "";

	for (long long i = draw(d, 1, 3); i > 0; i--)
		text = arena_printf(d->arena,
		    "%s%s{name: t%lld%s%s, selector: {matchLabels: {app: tried}}, template: {metadata: {labels: {app: "
		    "tried}}, spec: {containers: [{name: tried, image: \"myregistry/tried:v%lld\", ports: "
		    "[{containerPort: 8080}]}]}}}",
		    text, text[0] != '\0' ? ", " : "", i, chance(d, 30) ? ", replicas: 2" : "",
		    chance(d, 30) ? ", service: {}" : "", draw(d, 1, 2));
	return yaml_made(
	    "{apply: {apiVersion: argoproj.io/v1alpha1, kind: Experiment, metadata: {name: alone%u}, spec: "
	    "{duration: %llds, scaleDownDelaySeconds: %lld%s, templates: [%s]%s}}}",
	    d->experiments++, draw(d, 3, 60), draw(d, 0, 30), chance(d, 30) ? ", progressDeadlineSeconds: 40" : "",
	    text, analysis);
}

/* From a canary without a router to blue-green, and back. */
static json_t *
act_other_strategy(struct draft *d)
{
	if (d->family == UNROUTED) {
		d->family = BLUE_GREEN;
		return yaml_made("{spec: {strategy: {canary: null, blueGreen: %s}}}", draw_blue_green(d));
	}
	if (d->family != BLUE_GREEN)
		return act_strategy(d);
	d->family = UNROUTED;
	return yaml_made("{spec: {strategy: {blueGreen: null, canary: %s}}}", draw_canary(d));
}

static const struct {
	json_t *(*draw)(struct draft *);
	const char *text; /* or as it is */
	unsigned chances; /* in 100 */
} act_kinds[] = {
	{ act_deploy, NULL, 100 },
	{ act_promote, NULL, 100 },
	{ act_promote, NULL, 60 },
	{ NULL, "{abort: {}}", 45 },
	{ NULL, "{retry: {}}", 45 },
	{ NULL, "{pause: {}}", 20 },
	{ NULL, "{resume: {}}", 30 },
	{ act_scale, NULL, 70 },
	{ act_scale, NULL, 40 },
	{ act_strategy, NULL, 45 },
	{ NULL, "{restart: {}}", 25 },
	{ act_metric, NULL, 50 },
	{ act_plugin, NULL, 10 },
	{ act_controller, NULL, 30 },
	{ act_delete, NULL, 8 },
	{ act_template, NULL, 30 },
	{ act_experiment, NULL, 12 },
	{ act_other_strategy, NULL, 15 },
	{ NULL, "{unready: 0}", 25 },
	{ NULL, "{pods: ready}", 25 },
	{ NULL, "{compact: {}}", 8 },
};

static json_t *
draw_act(struct draft *d)
{
	for (;;) {
		size_t i = (size_t)draw(d, 0, ARRAY_SIZE(act_kinds) - 1);

		if (!chance(d, act_kinds[i].chances))
			continue;
		return act_kinds[i].draw != NULL ? act_kinds[i].draw(d) : yaml_made("%s", act_kinds[i].text);
	}
}

static void
add_acts(struct draft *d)
{
	long long n = draw(d, 0, ACTS_MAX), lag = 0;

	if (chance(d, 25))
		json_array_append_new(d->when, yaml_made("{random-faults: %lld}", draw(d, 1, 1000000)));
	if (chance(d, 10))
		json_array_append_new(d->when, yaml_made("{controller: two}"));
	if (chance(d, 20)) {
		lag = draw(d, 50, 4000);
		json_array_append_new(d->when, yaml_made("{kube-controller-manager: {lag: %lldms}}", lag));
	}
	if (d->autoscaled)
		json_array_append_new(d->when, act_load(d));
	json_array_append_new(d->when, act_deploy(d));
	for (long long i = 0; i < n; i++) {
		/* With a ReplicaSet controller that lags, the interesting moments are before its next sync. */
		long long most = lag > 0 && chance(d, 50) ? 2 * lag : 15000;

		json_array_append_new(d->when, chance(d, 60) ? yaml_made("{run: %lldms}", draw(d, 1, most))
							     : yaml_made("{run: %llds}", draw(d, 1, 60)));
		json_array_append_new(d->when, draw_act(d));
	}
}

/* All that hinders is taken away; then it comes to rest, and a user who promotes at each rest brings it to its end. */
static void
add_end(struct draft *d)
{
	static const char *const end[] = { "{random-faults: none}", "{kube-controller-manager: {lag: 0s}}",
		"{metric: 0.01}", "{plugin: {phase: Successful}}", "{pods: ready}", "{load: 0}" };

	for (size_t i = 0; i < ARRAY_SIZE(end); i++)
		json_array_append_new(d->expect, yaml_made("%s", end[i]));
	if (d->broken) {
		/* If it was promoted without pods it is the stable version, and no step can be reached. */
		json_array_append_new(d->expect,
		    d->workload ? yaml_made("{merge: {\"Deployment web\": {spec: {template: " TEMPLATE "}}}}", "v9")
				: yaml_made("{deploy: v9}"));
		json_array_append_new(d->expect, yaml_made("{run: 60s}"));
		json_array_append_new(d->expect, yaml_made("{promote: full}"));
	}
	json_array_append_new(d->expect, yaml_made("{rest: 40m}"));
	json_array_append_new(d->expect, yaml_made("{resume: {}}"));
	json_array_append_new(d->expect,
	    yaml_made("{repeat: {times: %d, until: {phase: Healthy}, do: [{retry: {}}, {promote: {}}, {rest: 40m}]}}",
		STEPS_MAX + 4));
	json_array_append_new(d->expect, yaml_made("{wait: {phase: Healthy, within: 5m}}"));
}

unsigned
spec_family(uint64_t seed)
{
	return (unsigned)(seed % FAMILY_MAX);
}

json_t *
spec_life(uint64_t seed)
{
	struct draft d = { .rand = rand_stream(seed, "spec"),
		.arena = arena_new(),
		.family = (enum family)spec_family(seed),
		.given = json_array(),
		.when = json_array(),
		.expect = json_array() };
	json_t *doc;

	d.other = &DRAW_OF(&d, other_routers);
	d.workload = chance(&d, 10);
	d.dynamic = is_routed(&d) && d.family != TURNS && chance(&d, 25);
	d.autoscaled = chance(&d, 30);
	d.protocol = chance(&d, 92) ? "http" : chance(&d, 50) ? "tls" : "tcp";
	for (size_t i = 0; i < 2; i++)
		d.routes[i] = (i == 0 ? is_routed(&d) && (d.family != OTHER || d.other->headers)
				      : has_istio(&d) || d.family == GATEWAY) &&
			      strcmp(d.protocol, "http") == 0 && chance(&d, 40);
	add_surroundings(&d);
	add_rollout(&d);
	if (d.autoscaled)
		add_autoscaler(&d);
	add_acts(&d);
	add_end(&d);
	doc = json_pack("{s:s, s:s, s:o, s:o, s:o}", "story", "a random life", "rollout", "myapp", "given", d.given,
	    "when", d.when, "expect", d.expect);
	arena_free(d.arena);
	return doc;
}
