/* traffic/elbv2.c: the AWS API of load balancers: calls in the query protocol, whose responses are XML. */
#include "traffic/elbv2.h"
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/xml.h"

#define ELBV2_SERVICE "elasticloadbalancing"
#define ELBV2_VERSION "2015-12-01"
#define ELBV2_TIMEOUT_MS 30000
#define ELBV2_RESPONSE_MAX (4u << 20) /* 300 load balancers, or 100 rules, have less than 1 MiB */
#define ELBV2_TAGGED_MAX 20 /* resources of one DescribeTags; a limit of AWS */
#define ELBV2_EXPIRES_MS 300000 /* before this, credentials are fetched again */
#define ELBV2_UNKNOWN_EXPIRY_MS 900000 /* of credentials that expire at an unknown time: the least that AWS gives */

void
elbv2_begin(
    struct elbv2 *x, struct plan *plan, const struct pass *pass, const char *round, const char *credentials_round)
{
	*x = (struct elbv2){ .plan = plan,
		.pass = pass,
		.round = round,
		.credentials_round = credentials_round,
		.trees = json_array() };
}

void
elbv2_done(struct elbv2 *x)
{
	json_decref(x->trees);
	x->trees = NULL;
}

/* The first error counts. AWS repeats parts of requests in its messages. */
void
elbv2_fail(struct elbv2 *x, const char *text)
{
	struct arena *a = x->plan->arena;
	const char *const secrets[] = { x->by.secret_access_key, x->by.session_token };

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (!str_empty(secrets[i]))
			text = str_replace(a, text, secrets[i], "*****");
	if (x->err == NULL)
		x->err = err_new(a, ERR_AGAIN, "%s", text);
}

const struct seen_query *
elbv2_response(struct elbv2 *x, const char *key, const struct query *q)
{
	const struct seen_query *got = seen_query(x->pass->seen, key);

	if (got == NULL && !x->reads_only)
		plan_query(x->plan, key, q);
	if (got == NULL || !got->done) {
		x->waits = true;
		return NULL;
	}
	plan_keep(x->plan, key);
	return got;
}

/* --- credentials --- */

static void
elbv2_search(struct elbv2 *x)
{
	struct arena *a = x->plan->arena;
	const struct response *responses[ELBV2_CREDENTIALS_MAX];
	const struct seen_query *got = NULL;
	struct query q;
	struct err *e = NULL;
	size_t n = 0, used;

	x->searched = true;
	while ((x->found = aws_credentials_step(a, &pass_settings(x->pass)->environment, x->pass->now, responses, n, &q,
		    &x->by, &used, &e)) == AWS_QUERY &&
	       n < ELBV2_CREDENTIALS_MAX) {
		got = elbv2_response(x, arena_printf(a, "%s/%zu", x->credentials_round, n), &q);
		if (got == NULL)
			return;
		responses[n++] = &got->response;
		x->responded_at = got->done_at > x->responded_at ? got->done_at : x->responded_at;
	}
	if (x->found == AWS_KNOWN && x->by.expires && x->by.expires_at == 0 && got != NULL)
		x->by.expires_at = time_add(got->done_at, ELBV2_UNKNOWN_EXPIRY_MS);
	if (x->found == AWS_FAILED)
		elbv2_fail(x, err_text(a, e));
	else if (x->found == AWS_QUERY)
		elbv2_fail(x, "AWS credentials: too many queries");
	else if (x->by.region == NULL)
		elbv2_fail(x, "AWS: no region: set AWS_REGION in the controller's environment");
}

bool
elbv2_credentials_expire(struct elbv2 *x)
{
	if (!x->searched)
		elbv2_search(x);
	return x->found == AWS_KNOWN && x->by.expires && x->pass->now >= time_add(x->by.expires_at, -ELBV2_EXPIRES_MS);
}

/* --- calls --- */

static void
elbv2_request(const struct elbv2 *x, const char *body, struct query *ret)
{
	const struct string_map *env = &pass_settings(x->pass)->environment;
	struct arena *a = x->plan->arena;
	struct header *type = arena_new_array(a, struct header, 1);
	const char *url =
	    aws_variable(env, "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2") ?: aws_variable(env, "AWS_ENDPOINT_URL");

	if (url == NULL)
		url = arena_printf(a, "https://" ELBV2_SERVICE ".%s.amazonaws.com%s", x->by.region,
		    str_starts(x->by.region, "cn-") ? ".cn" : "");
	*type = (struct header){ "Content-Type", "application/x-www-form-urlencoded" };
	*ret = (struct query){ .request = { .method = "POST",
				   .url = str_ends(url, "/") ? url : arena_printf(a, "%s/", url),
				   .body = body,
				   .headers = type,
				   .n_headers = 1,
				   .timeout_ms = ELBV2_TIMEOUT_MS,
				   .response_max = ELBV2_RESPONSE_MAX },
		.to = QUERY_OWN };
	sigv4_sign(a, &x->by, x->by.region, ELBV2_SERVICE, x->pass->now, &ret->request);
}

/* The words are those of the AWS SDK for Go. */
static void
elbv2_refused(struct elbv2 *x, const char *action, const struct response *got, const json_t *tree)
{
	const json_t *error = json_object_get(tree, "Error");

	elbv2_fail(x, arena_printf(x->plan->arena,
			  "operation error Elastic Load Balancing v2: %s, https response error StatusCode: %d, "
			  "RequestID: %s, api error %s: %.300s",
			  action, got->status, json_str(tree, "RequestId") ?: "", json_str(error, "Code") ?: "unknown",
			  json_str(error, "Message") ?: ""));
	x->retry_after_ms = got->retry_after_ms > x->retry_after_ms ? got->retry_after_ms : x->retry_after_ms;
}

/* Makes a call. Returns its result, borrowed until elbv2_done; NULL: it is not known. */
static const json_t *
elbv2_call(struct elbv2 *x, const char *action, const char *params)
{
	struct arena *a = x->plan->arena;
	const char *body = arena_printf(a, "Action=%s%s&Version=" ELBV2_VERSION, action, params);
	const struct seen_query *got;
	struct query q;
	json_t *tree = NULL;
	struct err *e;

	if (!x->searched)
		elbv2_search(x);
	if (x->found != AWS_KNOWN || x->by.region == NULL)
		return NULL;
	elbv2_request(x, body, &q);
	if ((got = elbv2_response(x, arena_printf(a, "%s/%s", x->round, body), &q)) == NULL)
		return NULL;
	x->responded_at = got->done_at > x->responded_at ? got->done_at : x->responded_at;
	if (got->response.err != NULL) {
		elbv2_fail(x, arena_printf(a, "operation error Elastic Load Balancing v2: %s, %s", action,
				  err_text(a, err_copy(a, got->response.err))));
		return NULL;
	}
	e = xml_decode(a, got->response.body, NULL, &tree);
	if (tree != NULL)
		json_array_append_new(x->trees, tree);
	if (got->response.status < 200 || got->response.status > 299)
		elbv2_refused(x, action, &got->response, tree);
	else if (e != NULL)
		elbv2_fail(
		    x, arena_printf(a, "operation error Elastic Load Balancing v2: %s, %s", action, err_text(a, e)));
	else
		return json_object_get(tree, arena_printf(a, "%sResult", action)) ?: tree;
	return NULL;
}

/* Adds the items of all pages of a list to `to`. The parameters are in the order of their names: those before "Marker"
 * and those after it. */
static bool
elbv2_list(struct elbv2 *x, const char *action, const char *before, const char *after, const char *list, json_t *to)
{
	struct arena *a = x->plan->arena;
	const char *marker = NULL;

	for (size_t page = 0; page < ELBV2_PAGES_MAX; page++) {
		const json_t *result = elbv2_call(x, action,
		    marker != NULL ? arena_printf(a, "%s&Marker=%s%s", before, str_url_escape(a, marker), after)
				   : arena_printf(a, "%s%s", before, after));

		if (result == NULL)
			return false;
		if (json_is_array(json_object_get(result, list)))
			json_array_extend(to, json_object_get(result, list));
		marker = json_str(result, "NextMarker");
		if (str_empty(marker))
			return true;
	}
	elbv2_fail(x, arena_printf(a, "%s has more than %d pages", action, ELBV2_PAGES_MAX));
	return false;
}

static const char *
elbv2_param(struct elbv2 *x, const char *name, const char *value)
{
	return arena_printf(x->plan->arena, "&%s=%s", name, str_url_escape(x->plan->arena, value));
}

static const char *
elbv2_text(struct elbv2 *x, const json_t *of, const char *key)
{
	return arena_strdup(x->plan->arena, json_str(of, key) ?: "");
}

/* Returns the number in a text; -1: it has no number. */
static int64_t
elbv2_number(const json_t *of, const char *key)
{
	long long n;

	return str_int(json_str(of, key) ?: "", 0, INT32_MAX, &n) ? n : -1;
}

/* The pages up to the one with the load balancer are read, as by Argo Rollouts. */
bool
elbv2_find_balancer(struct elbv2 *x, const char *dns_name, struct elbv2_balancer *ret)
{
	struct arena *a = x->plan->arena;
	const char *marker = NULL;
	json_t *one;
	size_t i;

	*ret = (struct elbv2_balancer){ 0 };
	for (size_t page = 0; page < ELBV2_PAGES_MAX; page++) {
		const json_t *result = elbv2_call(x, "DescribeLoadBalancers",
		    arena_printf(a, "%s&PageSize=300", marker != NULL ? elbv2_param(x, "Marker", marker) : ""));

		if (result == NULL)
			return false;
		json_array_foreach (json_object_get(result, "LoadBalancers"), i, one)
			if (str_eq(json_str(one, "DNSName"), dns_name)) {
				ret->name = elbv2_text(x, one, "LoadBalancerName");
				ret->arn = elbv2_text(x, one, "LoadBalancerArn");
				return true;
			}
		marker = json_str(result, "NextMarker");
		if (str_empty(marker))
			return true;
	}
	elbv2_fail(x, arena_printf(a, "DescribeLoadBalancers has more than %d pages", ELBV2_PAGES_MAX));
	return false;
}

static struct elbv2_target_group *
elbv2_group(struct elbv2_target_group *list, size_t n, const char *arn)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].arn, arn))
			return &list[i];
	return NULL;
}

static void
elbv2_read_tags(struct elbv2 *x, const json_t *description, struct elbv2_target_group *to)
{
	const json_t *tags = json_object_get(description, "Tags");
	json_t *one;
	size_t i;

	if (to == NULL)
		return;
	to->tags.at = arena_new_array(x->plan->arena, struct string_pair, json_array_size(tags));
	to->tags.n = 0;
	json_array_foreach (tags, i, one)
		to->tags.at[to->tags.n++] =
		    (struct string_pair){ elbv2_text(x, one, "Key"), elbv2_text(x, one, "Value") };
}

/* Reads the tags of target groups, as many in a call as AWS permits. */
static bool
elbv2_tags(struct elbv2 *x, struct elbv2_target_group *list, size_t n)
{
	struct arena *a = x->plan->arena;

	for (size_t from = 0; from < n; from += ELBV2_TAGGED_MAX) {
		const json_t *result;
		const char *params = "";
		json_t *one;
		size_t i;

		for (i = from; i < n && i < from + ELBV2_TAGGED_MAX; i++)
			params = arena_printf(a, "%s%s", params,
			    elbv2_param(x, arena_printf(a, "ResourceArns.member.%zu", i - from + 1), list[i].arn));
		if ((result = elbv2_call(x, "DescribeTags", params)) == NULL)
			return false;
		json_array_foreach (json_object_get(result, "TagDescriptions"), i, one)
			elbv2_read_tags(x, one, elbv2_group(list, n, json_str(one, "ResourceArn")));
	}
	return true;
}

bool
elbv2_target_groups(struct elbv2 *x, const char *balancer, struct elbv2_target_group **ret, size_t *ret_n)
{
	_cleanup_(json_decrefp) json_t *list = json_array();
	struct elbv2_target_group *groups;
	json_t *one;
	size_t i;

	if (!elbv2_list(
		x, "DescribeTargetGroups", elbv2_param(x, "LoadBalancerArn", balancer), "", "TargetGroups", list))
		return false;
	groups = arena_new_array(x->plan->arena, struct elbv2_target_group, json_array_size(list));
	json_array_foreach (list, i, one)
		groups[i] = (struct elbv2_target_group){ .name = elbv2_text(x, one, "TargetGroupName"),
			.arn = elbv2_text(x, one, "TargetGroupArn") };
	*ret = groups;
	*ret_n = json_array_size(list);
	return elbv2_tags(x, groups, *ret_n);
}

/* Returns the shares of an action. */
static struct elbv2_forward
elbv2_forward(struct elbv2 *x, const json_t *action)
{
	const json_t *groups = json_object_get(json_object_get(action, "ForwardConfig"), "TargetGroups");
	struct elbv2_forward f = { .at = arena_new_array(x->plan->arena, struct elbv2_share, json_array_size(groups)) };
	json_t *one;
	size_t i;

	json_array_foreach (groups, i, one)
		f.at[f.n++] = (struct elbv2_share){ elbv2_text(x, one, "TargetGroupArn"), elbv2_number(one, "Weight") };
	return f;
}

bool
elbv2_forwards(struct elbv2 *x, const char *balancer, struct elbv2_forward **ret, size_t *ret_n)
{
	_cleanup_(json_decrefp) json_t *listeners = json_array(), *rules = json_array();
	bool known = true;
	size_t i, k, n = 0;
	json_t *one, *action;

	if (!elbv2_list(
		x, "DescribeListeners", elbv2_param(x, "LoadBalancerArn", balancer), "", "Listeners", listeners))
		return false;
	json_array_foreach (listeners, i, one)
		known &= elbv2_list(x, "DescribeRules",
		    elbv2_param(x, "ListenerArn", json_str(one, "ListenerArn") ?: ""), "", "Rules", rules);
	if (!known)
		return false;
	json_array_foreach (rules, i, one)
		n += json_array_size(json_object_get(one, "Actions"));
	*ret = arena_new_array(x->plan->arena, struct elbv2_forward, n);
	*ret_n = 0;
	json_array_foreach (rules, i, one)
		json_array_foreach (json_object_get(one, "Actions"), k, action)
			if (json_object_get(action, "ForwardConfig") != NULL)
				(*ret)[(*ret_n)++] = elbv2_forward(x, action);
	return true;
}

bool
elbv2_targets(struct elbv2 *x, const char *target_group, struct elbv2_target **ret, size_t *ret_n)
{
	const json_t *result = elbv2_call(x, "DescribeTargetHealth", elbv2_param(x, "TargetGroupArn", target_group));
	const json_t *list = json_object_get(result, "TargetHealthDescriptions");
	json_t *one;
	size_t i;

	if (result == NULL)
		return false;
	*ret = arena_new_array(x->plan->arena, struct elbv2_target, json_array_size(list));
	*ret_n = json_array_size(list);
	json_array_foreach (list, i, one) {
		const json_t *target = json_object_get(one, "Target");

		(*ret)[i] = (struct elbv2_target){ elbv2_text(x, target, "Id"), elbv2_number(target, "Port"),
			elbv2_text(x, json_object_get(one, "TargetHealth"), "State") };
	}
	return true;
}
