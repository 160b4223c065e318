/* tests/unit/traffic/target_groups.c: whether the target groups of a Service have its pods. */
#include "traffic/target_groups.h"
#include "base/json.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/alb.h"

#define QUERIES_MAX 32
#define BINDING(name, more)                                                                                            \
	"{spec: {targetGroupARN: arn:" name ", serviceRef: {name: web-s, port: 80}, targetType: ip" more "}}"
#define SLICE(endpoints) "{addressType: IPv4, ports: [{name: http, port: 8080}], endpoints: [" endpoints "]}"
#define POD(ip, replicaset)                                                                                            \
	"{addresses: [" ip "], conditions: {ready: true}, targetRef: {kind: Pod, name: " replicaset "-x2x4z}}"
#define TARGET(ip, port) "<member><Target><Id>" ip "</Id><Port>" port "</Port></Target></member>"

struct world {
	struct listed listed;
	struct arena *arena;
	const struct rollout *rollout;
	struct seen seen;
	struct seen_query queries[QUERIES_MAX];
	struct settings settings;
	struct pass pass;
	struct note notes[8];
	struct plan *plan; /* of the last pass */
	const char *bindings, *service, *slices; /* YAML */
	const char *targets; /* XML */
	int bindings_status; /* of the list of TargetGroupBindings */
	const char *unregistered;
	char queried[2000]; /* the URLs of objects, and bodies of calls, a line each */
};

static struct string_pair environment[] = { { "AWS_ACCESS_KEY_ID", "AKID" },
	{ "AWS_SECRET_ACCESS_KEY", "hunter2-secret" }, { "AWS_REGION", "eu-west-1" } };

static void
world_add(struct world *w, const struct type *type, const char *text)
{
	_cleanup_(json_decrefp) json_t *o = yaml(w->arena, text);

	w->listed.at[w->listed.n++] = object_decode(type, o, w->arena);
}

static void
world_setup(struct world *w)
{
	_cleanup_(json_decrefp) json_t *rollout = NULL;

	*w = (struct world){ .arena = arena_new(),
		.listed = LISTED,
		.bindings_status = 200,
		.bindings = BINDING("a", ""),
		.service = "{spec: {ports: [{name: http, port: 80, targetPort: web}]}}",
		.slices = SLICE(POD("10.0.0.1", "web-b")),
		.targets = TARGET("10.0.0.1", "8080") };
	rollout = yaml(w->arena,
	    "{metadata: {name: web, namespace: shop, uid: u}, spec: {strategy: {canary: {canaryService: web-c, "
	    "stableService: web-s, trafficRouting: {alb: {ingress: i, servicePort: 80}}}}}, status: {stableRS: a, "
	    "currentPodHash: b}}");
	w->rollout = (const struct rollout *)object_decode(&rollout_type, rollout, w->arena);
	world_add(w, &replicaset_type,
	    "{metadata: {name: web-b, namespace: shop, labels: {rollouts-pod-template-hash: b}, ownerReferences: "
	    "[{controller: true, uid: u, name: web, kind: Rollout, apiVersion: argoproj.io/v1alpha1}]}}");
	w->settings.environment = (struct string_map){ environment, ARRAY_SIZE(environment) };
	w->settings.verify_target_groups = true;
	w->seen = (struct seen){ .queries = w->queries, .notes = w->notes };
	w->pass = (struct pass){ .view = &w->listed.view, .seen = &w->seen, .settings = &w->settings, .now = 1000 };
}

static const char *
world_list(struct world *w, const char *items)
{
	_cleanup_(json_decrefp) json_t *list = yaml(w->arena, arena_printf(w->arena, "{items: [%s]}", items));

	return json_text(w->arena, list);
}

static void
world_respond(struct world *w, const struct request *r, struct response *ret)
{
	const char *text;

	ret->status = 200;
	if (strstr(r->url, "/targetgroupbindings") != NULL) {
		ret->status = w->bindings_status;
		text = world_list(w, w->bindings);
	} else if (strstr(r->url, "/endpointslices") != NULL) {
		text = world_list(w, w->slices);
	} else if (strstr(r->url, "/services/") != NULL) {
		_cleanup_(json_decrefp) json_t *service = yaml(w->arena, w->service);

		text = json_text(w->arena, service);
	} else {
		text = arena_printf(w->arena,
		    "<R><DescribeTargetHealthResult><TargetHealthDescriptions>%s</TargetHealthDescriptions>"
		    "</DescribeTargetHealthResult></R>",
		    w->targets);
	}
	ret->body = (struct bytes){ text, strlen(text) };
}

/* Takes the notes of a plan, and responds to its queries. Returns whether it had any. */
static bool
world_send(struct world *w)
{
	bool any = false;

	assert_true(w->plan->n_notes <= ARRAY_SIZE(w->notes));
	w->seen.n_notes = w->plan->n_notes;
	for (size_t i = 0; i < w->plan->n_notes; i++)
		w->notes[i] = w->plan->notes[i];
	for (size_t i = 0; i < w->plan->n_steps; i++) {
		const struct plan_step *s = &w->plan->steps[i];
		struct seen_query *q = &w->queries[w->seen.n_queries];
		const struct request *r = s->op == PLAN_QUERY ? &s->query->request : NULL;

		if (r == NULL)
			continue;
		assert_true(w->seen.n_queries < QUERIES_MAX);
		*q = (struct seen_query){ .key = s->key, .done = true, .done_at = w->pass.now };
		world_respond(w, r, &q->response);
		snprintf(w->queried + strlen(w->queried), sizeof(w->queried) - strlen(w->queried), "%s\n",
		    r->body ?: r->url);
		w->seen.n_queries++;
		any = true;
	}
	return any;
}

static bool
world_pass(struct world *w)
{
	w->plan = plan_new(w->arena);
	w->unregistered = NULL;
	target_groups_confirm(w->rollout, "web-s", "b", true, &w->pass, w->plan, &w->unregistered);
	return world_send(w);
}

static void
world_rest(struct world *w)
{
	for (size_t i = 0; world_pass(w); i++)
		assert_true(i < QUERIES_MAX);
}

static void
a_service_is_verified_when_its_target_groups_have_its_pods(void **state)
{
	static const struct {
		const char *bindings, *service, *slices, *targets, *why;
	} cases[] = {
		{ NULL, NULL, NULL, NULL, NULL },
		{ NULL, NULL, NULL, TARGET("10.0.0.1", "80"),
		    "target group arn:a has 0 of the 1 addresses of Service web-s" },
		{ NULL, NULL, SLICE(POD("10.0.0.1", "web-b") "," POD("10.0.0.2", "web-b")), NULL,
		    "target group arn:a has 1 of the 2 addresses of Service web-s" },
		/* one of two target groups is late */
		{ BINDING("a", "") "," BINDING("b", ", ipAddressType: ipv6"), NULL,
		    SLICE(
			POD("10.0.0.1", "web-b")) ", {addressType: IPv6, ports: [{name: http, port: 8080}], endpoints: "
						  "[{addresses: [\"::1\"]}]}",
		    NULL, "target group arn:b has 0 of the 1 addresses of Service web-s" },
		{ BINDING("b", ", ipAddressType: ipv6"), NULL, NULL, NULL,
		    "the EndpointSlices of Service web-s have no address like those of target group arn:b" },
		/* the EndpointSlices do not follow yet */
		{ NULL, NULL, SLICE(POD("10.0.0.1", "web-a")), NULL,
		    "the EndpointSlices of Service web-s have pods of another version" },
		{ NULL, NULL, SLICE(POD("10.0.0.1", "web-b") "," POD("10.0.0.2", "web-a")), NULL,
		    "the EndpointSlices of Service web-s have pods of another version" },
		{ NULL, NULL, SLICE("{addresses: [10.0.0.1], conditions: {ready: false}}"), NULL,
		    "the EndpointSlices of Service web-s have no ready pod" },
		{ NULL, NULL, "", NULL, "the EndpointSlices of Service web-s have no ready pod" },
		/* other Services, ports and kinds of targets */
		{ "", NULL, NULL, "", NULL },
		{ "{spec: {serviceRef: {name: web-c, port: 80}, targetType: ip}}", NULL, NULL, "", NULL },
		{ "{spec: {serviceRef: {name: web-s, port: 80}, targetType: instance}}", NULL, NULL, "", NULL },
		{ "{spec: {serviceRef: {name: web-s, port: 81}, targetType: ip}}", NULL, NULL, "", NULL },
		/* objects that no server has */
		{ "7, {spec: 7}, {spec: {serviceRef: [], targetType: ip}}", NULL, NULL, "", NULL },
		{ NULL, "{spec: []}", NULL, "", NULL },
		{ NULL, NULL, "7, {endpoints: [7]}", NULL,
		    "the EndpointSlices of Service web-s have no address like those of target group arn:a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w);
		w.bindings = cases[i].bindings ?: w.bindings;
		w.service = cases[i].service ?: w.service;
		w.slices = cases[i].slices ?: w.slices;
		w.targets = cases[i].targets ?: w.targets;
		world_rest(&w);
		if (cases[i].why == NULL)
			assert_null(w.unregistered);
		else
			assert_string_equal(w.unregistered, cases[i].why);
		assert_int_equal(w.plan->wake_at, cases[i].why == NULL ? 0 : 11000);
		arena_free(w.arena);
	}
}

static void
objects_are_read_in_each_round_until_the_pods_are_targets(void **state)
{
	static const char round[] = "/apis/elbv2.k8s.aws/v1beta1/namespaces/shop/targetgroupbindings\n"
				    "/api/v1/namespaces/shop/services/web-s\n"
				    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector="
				    "kubernetes.io%2Fservice-name%3Dweb-s\n"
				    "Action=DescribeTargetHealth&TargetGroupArn=arn%3Aa&Version=2015-12-01\n";
	struct world w;

	(void)state;
	world_setup(&w);
	w.targets = "";
	assert_true(world_pass(&w));
	assert_string_equal(w.unregistered, "AWS is queried about the target groups");
	world_rest(&w);
	assert_string_equal(w.queried, round);
	w.queried[0] = '\0';
	w.pass.now = 10999;
	world_rest(&w);
	assert_string_equal(w.queried, "");
	w.pass.now = 11000;
	w.targets = TARGET("10.0.0.1", "8080");
	assert_true(world_pass(&w));
	assert_string_equal(w.unregistered, "target group arn:a has 0 of the 1 addresses of Service web-s");
	world_rest(&w);
	assert_null(w.unregistered);
	assert_string_equal(w.queried, round);
	/* it stays so, whatever the targets are later */
	w.queried[0] = '\0';
	w.pass.now = 99000;
	w.targets = "";
	world_rest(&w);
	assert_null(w.unregistered);
	assert_string_equal(w.queried, "");
	arena_free(w.arena);
}

static void
a_server_without_the_kind_has_no_target_groups_and_another_error_is_retried(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w);
	w.bindings_status = 404;
	world_rest(&w);
	assert_null(w.unregistered);
	arena_free(w.arena);
	world_setup(&w);
	w.settings.target_group_binding_version = "eks.amazonaws.com/v1";
	w.bindings_status = 403;
	world_rest(&w);
	assert_string_equal(w.unregistered,
	    "/apis/eks.amazonaws.com/v1/namespaces/shop/targetgroupbindings: the API server responded with status 403");
	assert_int_equal(w.plan->wake_at, 11000);
	w.pass.now = 11000;
	world_rest(&w);
	assert_int_equal(w.plan->wake_at, 31000);
	arena_free(w.arena);
}

/* A canary's load balancers. */
static bool
world_is_queried_by_a_canary(const char *status, const char *strategy, const char *service_hash, bool on)
{
	struct world w;
	struct routing now = { .weight = 100, .weight_min = 100 };
	_cleanup_(json_decrefp) json_t *rollout = NULL;
	bool queried;

	world_setup(&w);
	w.settings.verify_target_groups = on;
	rollout = yaml(w.arena,
	    arena_printf(w.arena,
		"{metadata: {name: web, namespace: shop, uid: u}, spec: {strategy: {canary: {canaryService: web-c, "
		"stableService: web-s%s, trafficRouting: {alb: {ingress: i, servicePort: 80}}}}}, status: {%s, canary: "
		"{weights: {canary: {weight: 100, serviceName: web-c}, verified: true}}}}",
		strategy, status));
	w.rollout = (const struct rollout *)object_decode(&rollout_type, rollout, w.arena);
	world_add(&w, &service_type,
	    arena_printf(w.arena,
		"{metadata: {name: web-s, namespace: shop}, spec: {selector: {rollouts-pod-template-hash: %s}}}",
		service_hash));
	w.plan = plan_new(w.arena);
	alb_confirm(w.rollout, &w.pass, w.plan, &now);
	queried = world_send(&w);
	assert_int_equal(now.unregistered != NULL, queried);
	arena_free(w.arena);
	return queried;
}

static void
a_canary_is_verified_from_the_switch_of_its_stable_service_until_its_promotion(void **state)
{
	static const char during[] = "stableRS: a, currentPodHash: b";

	(void)state;
	assert_true(world_is_queried_by_a_canary(during, "", "b", true));
	assert_false(world_is_queried_by_a_canary(during, "", "b", false));
	assert_false(world_is_queried_by_a_canary(during, "", "a", true));
	assert_false(world_is_queried_by_a_canary("stableRS: b, currentPodHash: b", "", "b", true));
	assert_false(world_is_queried_by_a_canary("currentPodHash: b", "", "b", true));
	assert_false(world_is_queried_by_a_canary("stableRS: a, currentPodHash: b, abort: true", "", "b", true));
	assert_false(
	    world_is_queried_by_a_canary(during, ", pingPong: {pingService: web-c, pongService: web-s}", "b", true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_verified_when_its_target_groups_have_its_pods),
		cmocka_unit_test(objects_are_read_in_each_round_until_the_pods_are_targets),
		cmocka_unit_test(a_server_without_the_kind_has_no_target_groups_and_another_error_is_retried),
		cmocka_unit_test(a_canary_is_verified_from_the_switch_of_its_stable_service_until_its_promotion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
