/* cli/debug_vectors_alb.c: debug vectors: what is read of recorded load balancers of AWS: aws-elbv2 (calls with their
 * responses), aws-targets (a target group and the addresses of a Service), and verifyWeight of alb (load balancers,
 * whose responses are made here). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/debug_vectors.h"
#include "kube/plan/controller.h"
#include "traffic/alb.h"
#include "traffic/elbv2.h"
#include "traffic/target_groups.h"

#define RECORDED_MAX 128 /* queries of a line */
#define PASSES_MAX 64

/* The credentials of recordings. */
static const struct string_pair recorded_environment[] = { { "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE" },
	{ "AWS_SECRET_ACCESS_KEY", "secret" }, { "AWS_REGION", "eu-west-1" } };

/* The queries of the passes over a line so far. */
struct recorded {
	struct arena *arena;
	const json_t *line;
	struct seen_query queries[RECORDED_MAX];
	struct seen seen;
	struct settings settings;
	struct pass pass;
	json_t *calls; /* their names, in order */
	void (*respond)(struct recorded *, const char *body, struct response *ret);
};

/* No line has Services: nothing was switched. */
static const struct object *
recorded_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)v, (void)t, (void)ns, (void)name;
	return NULL;
}

static const struct view recorded_view = { .get = recorded_get };

static void
recorded_begin(struct recorded *v, struct arena *a, const json_t *line,
    void (*respond)(struct recorded *, const char *body, struct response *ret))
{
	*v = (struct recorded){ .arena = a, .line = line, .respond = respond, .calls = json_array() };
	v->settings.environment.at = arena_new_array(a, struct string_pair, ARRAY_SIZE(recorded_environment));
	memcpy(v->settings.environment.at, recorded_environment, sizeof(recorded_environment));
	v->settings.environment.n = ARRAY_SIZE(recorded_environment);
	v->settings.verify_target_groups = true;
	v->seen.queries = v->queries;
	v->pass = (struct pass){ .view = &recorded_view, .seen = &v->seen, .settings = &v->settings, .now = 1 };
}

/* Returns the value of a parameter in a body, or "". */
static const char *
recorded_param(struct arena *a, const char *body, const char *name)
{
	const char *at = strstr(body, arena_printf(a, "&%s=", name));
	char *out;
	size_t n = 0;

	if (at == NULL)
		return "";
	at += strlen(name) + 2;
	out = arena_strdup(a, at);
	for (; *at != '\0' && *at != '&'; at++) {
		const char digits[3] = { at[0] == '%' ? at[1] : '\0', at[1] != '\0' ? at[2] : '\0' };

		if (digits[0] != '\0' && digits[1] != '\0') {
			out[n++] = (char)strtoul(digits, NULL, 16);
			at += 2;
		} else {
			out[n++] = *at;
		}
	}
	out[n] = '\0';
	return out;
}

/* Responds to the queries of a plan. Returns whether there were any. */
static bool
recorded_send(struct recorded *v, const struct plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->n_steps && v->seen.n_queries < RECORDED_MAX; i++) {
		const struct plan_step *s = &plan->steps[i];
		struct seen_query *q = &v->queries[v->seen.n_queries];
		const char *body;

		if (s->op != PLAN_QUERY || seen_query(&v->seen, s->key) != NULL)
			continue;
		body = s->query->request.body;
		*q = (struct seen_query){ .key = s->key, .done = true, .sent_at = 1, .done_at = 1 };
		q->response.status = 200;
		v->respond(v, body, &q->response);
		json_array_append_new(
		    v->calls, json_stringn(body + strlen("Action="), strcspn(body, "&") - strlen("Action=")));
		v->seen.n_queries++;
		any = true;
	}
	return any;
}

static void
recorded_xml(struct response *ret, const char *text)
{
	ret->body = (struct bytes){ text, strlen(text) };
}

/* --- aws-elbv2 --- */

/* The recorded response to this request. */
static void
elbv2_recorded_response(struct recorded *v, const char *body, struct response *ret)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(v->line, "requests"), i, one)
		if (str_eq(json_str(one, "body"), body)) {
			ret->status = (int)json_int(json_object_get(one, "answer"), "status", 200);
			recorded_xml(ret, json_str(json_object_get(one, "answer"), "body") ?: "");
			return;
		}
	ret->err = err_new(v->arena, ERR_INVALID, "the line has no response to %s", body);
}

static json_t *
elbv2_shown_groups(struct elbv2 *x, const char *balancer)
{
	struct elbv2_target_group *groups;
	struct elbv2_forward *forwards;
	size_t n, n_forwards;
	json_t *out, *one;

	if (!elbv2_target_groups(x, balancer, &groups, &n) || !elbv2_forwards(x, balancer, &forwards, &n_forwards))
		return NULL;
	out = json_array();
	for (size_t i = 0; i < n; i++) {
		one = json_pack("{s:s,s:s,s:o}", "arn", groups[i].arn, "name", groups[i].name, "tags",
		    string_map_encode(&groups[i].tags));
		for (size_t k = 0; k < n_forwards; k++)
			for (size_t m = 0; m < forwards[k].n; m++)
				if (str_eq(forwards[k].at[m].arn, groups[i].arn))
					json_object_set_new(one, "weight", json_integer(forwards[k].at[m].weight));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *
elbv2_shown_targets(struct elbv2 *x, const char *arn)
{
	struct elbv2_target *targets;
	json_t *out;
	size_t n;

	if (!elbv2_targets(x, arn, &targets, &n))
		return NULL;
	out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_pack("{s:s,s:I,s:s}", "id", targets[i].id, "port",
					       (json_int_t)targets[i].port, "state", targets[i].state));
	return out;
}

/* Makes the call of a line as far as it can be. Returns NULL while responses are awaited. */
static json_t *
elbv2_shown(struct elbv2 *x, const json_t *line)
{
	const json_t *call = json_object_get(line, "call");
	const char *op = json_str(call, "op") ?: "",
		   *first = json_str(json_array_get(json_object_get(line, "requests"), 0), "body") ?: "";
	struct elbv2_balancer found;

	if (str_eq(op, "targetHealth"))
		return elbv2_shown_targets(x, json_str(call, "arn") ?: "");
	if (str_eq(op, "targetGroups"))
		return elbv2_shown_groups(x, recorded_param(x->plan->arena, first, "LoadBalancerArn"));
	if (!elbv2_find_balancer(x, json_str(call, "dnsName") ?: "", &found))
		return NULL;
	if (found.arn == NULL) /* as Go prints a nil error */
		return json_pack("{s:s,s:b}", "error", "<nil>", "found", false);
	return json_pack("{s:s,s:s}", "arn", found.arn, "name", found.name);
}

void
debug_vectors_elbv2(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *out = NULL;
	struct recorded v;
	bool more = true;

	(void)c;
	recorded_begin(&v, a, line, elbv2_recorded_response);
	for (size_t i = 0; i < PASSES_MAX && out == NULL && more; i++) {
		struct plan *plan = plan_new(a);
		struct elbv2 api;

		elbv2_begin(&api, plan, &v.pass, "round", "credentials");
		out = elbv2_shown(&api, line);
		if (out == NULL && api.err != NULL)
			out = json_pack("{s:s}", "error", err_text(a, api.err));
		elbv2_done(&api);
		more = recorded_send(&v, plan);
	}
	json_decref(v.calls);
	puts(out != NULL ? json_text_go(a, out) : "{\"error\":\"too many queries\"}");
}

/* --- aws-targets --- */

/* The Endpoints of a line, as an EndpointSlice. A new reference to a list. */
static json_t *
targets_slices(const json_t *endpoints)
{
	json_t *list = json_array(), *one;
	size_t i;

	json_array_foreach (json_object_get(endpoints, "addresses"), i, one)
		json_array_append_new(list, json_pack("{s:[O]}", "addresses", one));
	return json_pack("[{s:o,s:O?}]", "endpoints", list, "ports", json_object_get(endpoints, "ports"));
}

void
debug_vectors_targets(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *slices = targets_slices(json_object_get(line, "endpoints")),
				       *out = json_object();
	const json_t *list = json_object_get(line, "targets");
	struct elbv2_target *targets = arena_new_array(a, struct elbv2_target, json_array_size(list));
	struct target_group_check found;
	size_t i, n = 0;
	json_t *one;

	(void)c;
	json_array_foreach (list, i, one)
		targets[n++] = (struct elbv2_target){ json_str(one, "id") ?: "", json_int(one, "port", -1),
			json_str(one, "state") };
	found = target_group_check(json_str(line, "targetType"), json_object_get(line, "serviceRefPort"),
	    json_object_get(line, "servicePorts"), slices, targets, n);
	json_object_set_new(out, "applies", json_boolean(found.applies));
	if (found.applies) {
		json_object_set_new(out, "registered", json_integer((json_int_t)found.registered));
		json_object_set_new(out, "total", json_integer((json_int_t)found.total));
		json_object_set_new(out, "verified", json_boolean(found.registered == found.total));
	}
	puts(json_text_go(a, out));
}

/* --- verifyWeight --- */

static const char *
verify_groups_xml(struct arena *a, const json_t *groups, const char *format)
{
	const char *text = "";
	json_t *one, *value;
	const char *key;
	size_t i;

	json_array_foreach (groups, i, one) {
		const char *arn = json_str(one, "arn"), *tags = "";

		json_object_foreach (json_object_get(one, "tags"), key, value)
			tags = arena_printf(a, "%s<member><Key>%s</Key><Value>%s</Value></member>", tags, key,
			    json_string_value(value));
		if (str_eq(format, "groups"))
			text = arena_printf(a,
			    "%s<member><TargetGroupArn>%s</TargetGroupArn><TargetGroupName>%s</TargetGroupName></"
			    "member>",
			    text, arn, json_str(one, "name"));
		else if (str_eq(format, "tags"))
			text = arena_printf(
			    a, "%s<member><ResourceArn>%s</ResourceArn><Tags>%s</Tags></member>", text, arn, tags);
		else if (json_object_get(one, "weight") != NULL)
			text = arena_printf(a,
			    "%s<member><TargetGroupArn>%s</TargetGroupArn><Weight>%" JSON_INTEGER_FORMAT
			    "</Weight></member>",
			    text, arn, json_int(one, "weight", 0));
	}
	return text;
}

/* The target groups of a load balancer, or of all: tags are queried by their own names. */
static const json_t *
verify_groups(const json_t *line, const char *balancer, json_t *all)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(line, "aws"), "loadBalancers"), i, one) {
		if (str_eq(json_str(one, "arn"), balancer))
			return json_object_get(one, "targetGroups");
		if (json_is_array(json_object_get(one, "targetGroups")))
			json_array_extend(all, json_object_get(one, "targetGroups"));
	}
	return all;
}

/* The load balancers of a line have one listener with one rule each. A listener has the ARN of its load balancer. */
static void
verify_respond(struct recorded *v, const char *body, struct response *ret)
{
	struct arena *a = v->arena;
	const json_t *aws = json_object_get(v->line, "aws"), *groups;
	_cleanup_(json_decrefp) json_t *all = json_array();
	const char *action = arena_strndup(a, body + strlen("Action="), strcspn(body, "&") - strlen("Action="));
	const char *list = "", *balancer = recorded_param(a, body, "LoadBalancerArn");
	json_t *one;
	size_t i;

	if (str_eq(json_str(aws, "fails"), action)) {
		ret->status = 403;
		recorded_xml(
		    ret, arena_printf(a,
			     "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform "
			     "%s</Message></Error></ErrorResponse>",
			     action));
		return;
	}
	groups = verify_groups(v->line, str_empty(balancer) ? recorded_param(a, body, "ListenerArn") : balancer, all);
	if (str_eq(action, "DescribeLoadBalancers")) {
		json_array_foreach (json_object_get(aws, "loadBalancers"), i, one)
			list = arena_printf(a,
			    "%s<member><LoadBalancerArn>%s</LoadBalancerArn><LoadBalancerName>%s</LoadBalancerName>"
			    "<DNSName>%s</DNSName></member>",
			    list, json_str(one, "arn"), json_str(one, "name"), json_str(one, "dnsName"));
		list = arena_printf(a, "<LoadBalancers>%s</LoadBalancers>", list);
	} else if (str_eq(action, "DescribeTargetGroups")) {
		list = arena_printf(a, "<TargetGroups>%s</TargetGroups>", verify_groups_xml(a, groups, "groups"));
	} else if (str_eq(action, "DescribeTags")) {
		list = arena_printf(a, "<TagDescriptions>%s</TagDescriptions>", verify_groups_xml(a, groups, "tags"));
	} else if (str_eq(action, "DescribeListeners")) {
		list =
		    arena_printf(a, "<Listeners><member><ListenerArn>%s</ListenerArn></member></Listeners>", balancer);
	} else {
		list = arena_printf(a,
		    "<Rules><member><Actions><member><ForwardConfig><TargetGroups>%s</TargetGroups></ForwardConfig>"
		    "</member></Actions></member></Rules>",
		    verify_groups_xml(a, groups, "rules"));
	}
	recorded_xml(ret,
	    arena_printf(a, "<%sResponse><%sResult>%s</%sResult></%sResponse>", action, action, list, action, action));
}

/* Argo Rollouts queries at a setWeight step, and behind the last one about the whole weight; else only if it never
 * has. */
static bool
verify_is_due(const struct rollout *r, int64_t weight)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	int64_t i = r->status.current_step_index.value;

	if (r->status.alb == NULL)
		return true;
	if (str_eq(r->status.stable_rs, r->status.current_pod_hash))
		return false;
	return i >= 0 && i < (int64_t)c->steps.n ? c->steps.at[i].set_weight.present : weight == 100;
}

static json_t *
verify_events(const struct plan *plan)
{
	json_t *out = json_array();

	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].op == PLAN_EVENT)
			json_array_append_new(out, json_pack("[s,s,s]", plan->steps[i].warning ? "Warning" : "Normal",
						       plan->steps[i].reason, plan->steps[i].message));
	return out;
}

/* The state of the load balancers in the status: with what was read, or as it was. */
static void
verify_show_status(struct arena *a, json_t *out, const struct rollout *r, const struct routing *now)
{
	struct rollout_status st = { .alb = r->status.alb, .albs = r->status.albs };
	_cleanup_(json_decrefp) json_t *text = NULL;

	routing_balancers(a, now, &st);
	text = encode(&rollout_status_type, &st);
	for (size_t i = 0; i < 2; i++) {
		json_t *one = json_object_get(text, i == 0 ? "alb" : "albs");

		json_object_set_new(out, i == 0 ? "alb" : "albs", one != NULL ? json_incref(one) : json_null());
	}
}

void
debug_vectors_verify(const json_t *line, const struct rollout *r, struct routing *now, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *out = json_object();
	struct rollout queried = *r;
	struct traffic_weights weights = { .verified = { true, !verify_is_due(r, now->weight) } };
	struct routing result = *now;
	struct plan *plan = NULL;
	struct recorded v;

	recorded_begin(&v, a, line, verify_respond);
	/* the weight of the call is what the Ingresses have, and is not verified */
	weights.canary.weight = now->weight;
	weights.canary.service_name = r->spec.strategy.canary->turn_canary_service;
	weights.additional.at = (struct weight_destination *)now->additional;
	weights.additional.n = now->n_additional;
	queried.status.canary.weights = &weights;
	if (str_empty(queried.status.stable_rs))
		queried.status.stable_rs = "stable";
	for (size_t i = 0; i < PASSES_MAX; i++) {
		plan = plan_new(a);
		result = *now;
		alb_router.confirm(&queried, &v.pass, plan, &result);
		if (!recorded_send(&v, plan))
			break;
	}
	json_object_set_new(out, "verified",
	    weights.verified.value ? json_null() : json_boolean(result.verified.present && result.verified.value));
	if (result.unverified != NULL)
		json_put(out, "why", result.unverified);
	verify_show_status(a, out, r, &result);
	json_object_set_new(out, "awsCalls", v.calls);
	json_object_set_new(out, "events", verify_events(plan));
	puts(json_text_go(a, out));
}
