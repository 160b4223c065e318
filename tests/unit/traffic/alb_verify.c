/* tests/unit/traffic/alb_verify.c: weights of load balancers as the AWS API has them, and the queries for them. */
#include "base/json.h"
#include "kube/plan/controller.h"
#include "tests/listed.h"
#include "tests/unit/unit.h"
#include "traffic/alb.h"
#include "traffic/elbv2.h"

#define QUERIES_MAX 64

struct world {
	struct listed listed;
	struct arena *arena;
	const struct rollout *rollout;
	struct routing routing;
	struct seen seen;
	struct seen_query queries[QUERIES_MAX];
	struct settings settings;
	struct pass pass;
	struct note notes[8];
	struct plan *plan; /* of the last pass */
	const char *rules; /* XML: the members of DescribeRules */
	int status; /* of all responses */
	const char *body; /* of all responses; NULL: as AWS responds */
	char queried[2000]; /* the bodies of the queries, a line each */
};

static struct string_pair environment[] = { { "AWS_ACCESS_KEY_ID", "AKID" },
	{ "AWS_SECRET_ACCESS_KEY", "hunter2-secret" }, { "AWS_REGION", "eu-west-1" } };

#define GROUP(name)                                                                                                    \
	"<member><TargetGroupArn>arn:" name "</TargetGroupArn><TargetGroupName>" name "</TargetGroupName></member>"
#define TAG(name)                                                                                                      \
	"<member><ResourceArn>arn:" name "</ResourceArn><Tags><member><Key>ingress.k8s.aws/resource</Key><Value>"      \
	"shop/i-" name ":80</Value></member></Tags></member>"
#define SHARE(name, weight) "<member><TargetGroupArn>arn:" name "</TargetGroupArn><Weight>" weight "</Weight></member>"
#define RULE(shares)                                                                                                   \
	"<member><Actions><member><ForwardConfig><TargetGroups>" shares "</TargetGroups></ForwardConfig></member>"     \
	"</Actions></member>"

static void
world_setup(struct world *w, const char *status)
{
	static const char *const texts[] = {
		"{metadata: {name: web, namespace: shop}, spec: {strategy: {canary: {canaryService: web-c, "
		"stableService: "
		"web-s, trafficRouting: {alb: {ingress: i, servicePort: 80}}}}}, status: %s}",
		"{metadata: {name: i, namespace: shop, annotations: {alb.ingress.kubernetes.io/actions.web-s: "
		"'{\"ForwardConfig\":{\"TargetGroups\":[{\"ServiceName\":\"web-c\",\"Weight\":30},{\"ServiceName\":"
		"\"web-s\",\"Weight\":70}]}}'}}, spec: {rules: [{http: {paths: [{backend: {service: {name: "
		"web-s}}}]}}]}, "
		"status: {loadBalancer: {ingress: [{hostname: lb.test}]}}}"
	};
	_cleanup_(json_decrefp) json_t *rollout = NULL, *ingress = NULL;

	*w = (struct world){ .arena = arena_new(), .listed = LISTED, .status = 200 };
	rollout = yaml(w->arena, arena_printf(w->arena, texts[0], status));
	ingress = yaml(w->arena, texts[1]);
	w->rollout = (const struct rollout *)object_decode(&rollout_type, rollout, w->arena);
	w->listed.at[w->listed.n++] = object_decode(&ingress_type, ingress, w->arena);
	w->settings.environment = (struct string_map){ environment, ARRAY_SIZE(environment) };
	w->settings.verify_target_groups = true;
	w->seen = (struct seen){ .queries = w->queries, .notes = w->notes };
	w->pass = (struct pass){ .view = &w->listed.view, .seen = &w->seen, .settings = &w->settings, .now = 1000 };
}

static const char *
world_response(const struct world *w, const char *body)
{
	const char *name = arena_strndup(w->arena, body + 7, strcspn(body + 7, "&")), *list = "";

	if (w->body != NULL)
		return w->body;
	if (strcmp(name, "DescribeLoadBalancers") == 0 && strstr(body, "Marker=") == NULL)
		list = "<LoadBalancers><member><DNSName>other.test</DNSName></member></LoadBalancers><NextMarker>m 2"
		       "</NextMarker>";
	else if (strcmp(name, "DescribeLoadBalancers") == 0)
		list = "<LoadBalancers><member><DNSName>lb.test</DNSName><LoadBalancerArn>arn:lb</LoadBalancerArn>"
		       "<LoadBalancerName>lb</LoadBalancerName></member></LoadBalancers>";
	else if (strcmp(name, "DescribeTargetGroups") == 0)
		list = "<TargetGroups>" GROUP("web-c") GROUP("web-s") "</TargetGroups>";
	else if (strcmp(name, "DescribeTags") == 0)
		list = "<TagDescriptions>" TAG("web-c") TAG("web-s") "</TagDescriptions>";
	else if (strcmp(name, "DescribeListeners") == 0)
		list = "<Listeners><member><ListenerArn>arn:l</ListenerArn></member></Listeners>";
	else
		list = arena_printf(w->arena, "<Rules>%s</Rules>", w->rules);
	return arena_printf(w->arena, "<%sResponse><%sResult>%s</%sResult></%sResponse>", name, name, list, name, name);
}

/* Makes a pass, and responds to its queries. Returns whether it had any. */
static bool
world_pass(struct world *w)
{
	bool any = false;

	w->plan = plan_new(w->arena);
	assert_null(alb_router.read(w->rollout, &w->listed.view, w->arena, &w->routing));
	alb_router.confirm(w->rollout, &w->pass, w->plan, &w->routing);
	assert_true(w->plan->n_notes <= ARRAY_SIZE(w->notes));
	w->seen.n_notes = w->plan->n_notes;
	for (size_t i = 0; i < w->plan->n_notes; i++)
		w->notes[i] = w->plan->notes[i];
	for (size_t i = 0; i < w->plan->n_steps; i++) {
		const struct plan_step *s = &w->plan->steps[i];
		struct seen_query *q = &w->queries[w->seen.n_queries];

		if (s->op != PLAN_QUERY)
			continue;
		assert_true(w->seen.n_queries < QUERIES_MAX);
		*q = (struct seen_query){ .key = s->key, .done = true, .done_at = w->pass.now };
		q->response.status = w->status;
		q->response.body.at = world_response(w, s->query->request.body);
		q->response.body.len = strlen(q->response.body.at);
		snprintf(w->queried + strlen(w->queried), sizeof(w->queried) - strlen(w->queried), "%s\n",
		    s->query->request.body);
		w->seen.n_queries++;
		any = true;
	}
	return any;
}

static void
world_rest(struct world *w)
{
	for (size_t i = 0; world_pass(w); i++)
		assert_true(i < QUERIES_MAX);
}

static void
aws_is_queried_about_a_split_that_the_status_has_not_as_verified(void **state)
{
	static const struct {
		const char *status;
		bool queried, verified;
	} cases[] = {
		{ "{stableRS: a, currentPodHash: b, canary: {weights: {canary: {weight: 30, serviceName: web-c}, "
		  "verified: "
		  "true}}}",
		    false, true },
		{ "{stableRS: a, currentPodHash: b, canary: {weights: {canary: {weight: 30, serviceName: web-c}, "
		  "verified: "
		  "false}}}",
		    true, false },
		{ "{stableRS: a, currentPodHash: b, canary: {weights: {canary: {weight: 20, serviceName: web-c}, "
		  "verified: "
		  "true}}}",
		    true, false },
		/* the Services have taken turns */
		{ "{stableRS: a, currentPodHash: b, canary: {weights: {canary: {weight: 30, serviceName: web-x}, "
		  "verified: "
		  "true}}}",
		    true, false },
		{ "{stableRS: a, currentPodHash: b, canary: {weights: {canary: {weight: 30, serviceName: web-c}}}}",
		    true, false },
		{ "{stableRS: a, currentPodHash: b}", true, false },
		/* no version is stable yet */
		{ "{currentPodHash: b}", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w, cases[i].status);
		assert_int_equal(world_pass(&w), cases[i].queried);
		assert_int_equal(w.routing.unverified != NULL, cases[i].queried);
		assert_int_equal(w.routing.verified.value, cases[i].verified);
		arena_free(w.arena);
	}
}

static void
the_weight_is_that_of_the_actions_that_split(void **state)
{
	static const struct {
		const char *rules, *why;
	} cases[] = {
		{ RULE(SHARE("web-c", "30") SHARE("web-s", "70")), NULL },
		{ RULE(SHARE("web-c", "20") SHARE("web-s", "80")),
		    "target group web-c of Service web-c has the weight 20, not 30" },
		/* a header route sends all to the canary */
		{ RULE(SHARE("web-c", "30") SHARE("web-s", "70")) RULE(SHARE("web-c", "100")), NULL },
		{ RULE(SHARE("web-c", "100")) RULE(SHARE("web-c", "30") SHARE("web-s", "70")), NULL },
		/* two listeners or hosts, one of which is late */
		{ RULE(SHARE("web-c", "30") SHARE("web-s", "70")) RULE(SHARE("web-c", "0") SHARE("web-s", "100")),
		    "target group web-c of Service web-c has the weight 0, not 30" },
		{ RULE(SHARE("web-s", "100")), "no rule has the target group web-c of Service web-c" },
		{ RULE(SHARE("web-c", "-30") SHARE("web-s", "x")),
		    "no rule has the target group web-c of Service web-c" },
		{ "", "no rule has the target group web-c of Service web-c" },
		{ "<member>x</member>", "no rule has the target group web-c of Service web-c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_setup(&w, "{stableRS: a, currentPodHash: b}");
		w.rules = cases[i].rules;
		world_rest(&w);
		if (cases[i].why == NULL)
			assert_null(w.routing.unverified);
		else
			assert_string_equal(w.routing.unverified, cases[i].why);
		assert_int_equal(w.routing.verified.value, cases[i].why == NULL);
		arena_free(w.arena);
	}
}

static void
all_pages_are_read_and_the_next_round_begins_after_ten_seconds(void **state)
{
	static const char round[] = "Action=DescribeLoadBalancers&PageSize=300&Version=2015-12-01\n"
				    "Action=DescribeLoadBalancers&Marker=m%202&PageSize=300&Version=2015-12-01\n"
				    "Action=DescribeTargetGroups&LoadBalancerArn=arn%3Alb&Version=2015-12-01\n"
				    "Action=DescribeTags&ResourceArns.member.1=arn%3Aweb-c&ResourceArns.member.2=arn%3A"
				    "web-s&Version=2015-12-01\n"
				    "Action=DescribeListeners&LoadBalancerArn=arn%3Alb&Version=2015-12-01\n"
				    "Action=DescribeRules&ListenerArn=arn%3Al&Version=2015-12-01\n";
	struct world w;

	(void)state;
	world_setup(&w, "{stableRS: a, currentPodHash: b}");
	w.rules = RULE(SHARE("web-c", "20") SHARE("web-s", "80"));
	world_rest(&w);
	assert_string_equal(w.queried, round);
	assert_int_equal(w.plan->wake_at, 11000);
	w.pass.now = 10999;
	w.queried[0] = '\0';
	world_rest(&w);
	assert_string_equal(w.queried, "");
	/* the reason stays while the next round is in progress */
	w.pass.now = 11000;
	assert_true(world_pass(&w));
	assert_string_equal(w.routing.unverified, "target group web-c of Service web-c has the weight 20, not 30");
	assert_true(world_pass(&w));
	assert_string_equal(w.routing.unverified, "target group web-c of Service web-c has the weight 20, not 30");
	w.rules = RULE(SHARE("web-c", "30") SHARE("web-s", "70"));
	world_rest(&w);
	assert_null(w.routing.unverified);
	assert_string_equal(w.queried, round);
	assert_int_equal(w.plan->wake_at, 0);
	arena_free(w.arena);
}

static void
errors_are_retried_later_and_later_and_have_no_secrets(void **state)
{
	static const int64_t waits[] = { 10000, 20000, 40000, 80000, 160000, 300000, 300000 };
	struct world w;

	(void)state;
	world_setup(&w, "{stableRS: a, currentPodHash: b}");
	w.status = 400;
	w.body = "<ErrorResponse><Error><Code>Throttling</Code><Message>not hunter2-secret</Message></Error>"
		 "</ErrorResponse>";
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		world_rest(&w);
		assert_string_equal(w.routing.unverified,
		    "operation error Elastic Load Balancing v2: DescribeLoadBalancers, https response error "
		    "StatusCode: 400, RequestID: , api error Throttling: not *****");
		assert_int_equal(w.plan->wake_at - w.pass.now, waits[i]);
		w.pass.now = w.plan->wake_at;
	}
	w.status = 200;
	w.body = "<a";
	world_rest(&w);
	assert_string_equal(w.routing.unverified,
	    "operation error Elastic Load Balancing v2: DescribeLoadBalancers, XML: byte 2: a tag without an end");
	arena_free(w.arena);
}

static void
a_list_without_an_end_is_an_error(void **state)
{
	struct world w;

	(void)state;
	world_setup(&w, "{stableRS: a, currentPodHash: b}");
	w.body = "<R><DescribeLoadBalancersResult><NextMarker>again</NextMarker></DescribeLoadBalancersResult></R>";
	world_rest(&w);
	assert_string_equal(w.routing.unverified, "DescribeLoadBalancers has more than 32 pages");
	/* the second page is the same one as all that follow it */
	assert_int_equal(w.seen.n_queries, 2);
	arena_free(w.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aws_is_queried_about_a_split_that_the_status_has_not_as_verified),
		cmocka_unit_test(the_weight_is_that_of_the_actions_that_split),
		cmocka_unit_test(all_pages_are_read_and_the_next_round_begins_after_ten_seconds),
		cmocka_unit_test(errors_are_retried_later_and_later_and_have_no_secrets),
		cmocka_unit_test(a_list_without_an_end_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
