/* analysis/cloudwatch.c: a measurement from Amazon CloudWatch: GetMetricData, as the AWS SDK for Go sends it (Smithy
 * RPC v2, CBOR).
 *
 * The credentials are those of the controller. The value is the list of results with the fields Id, Label, Values,
 * Timestamps, StatusCode and Messages; further pages are requested. A result without values is no error: conditions see
 * an empty list.
 */
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/cbor.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/sigv4.h"

#define CLOUDWATCH_TIMEOUT_MS 30000
#define CLOUDWATCH_PATH "/service/GraniteServiceVersion20100801/operation/GetMetricData"
#define CLOUDWATCH_PAGES_MAX 8

static bool cloudwatch_used(const struct metric *);
static struct err *cloudwatch_check(struct arena *, const struct metric *);
static enum measured cloudwatch_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

static const char *const cloudwatch_variables[] = { AWS_VARIABLES, "AWS_ENDPOINT_URL_CLOUDWATCH", NULL };

const struct provider cloudwatch_provider = {
	.name = "cloudWatch",
	.metric_name = "CloudWatch",
	.variables = cloudwatch_variables,
	.used = cloudwatch_used,
	.check = cloudwatch_check,
	.measure = measure_by_query,
	.step = cloudwatch_step,
};

static bool
cloudwatch_used(const struct metric *m)
{
	return m->provider.cloudwatch != NULL;
}

static struct err *
cloudwatch_interval(struct arena *a, const struct cloudwatch_metric *c, int64_t *ret_ms)
{
	return http_duration(a, c->interval != NULL ? c->interval : "5m", ret_ms);
}

static struct err *
cloudwatch_check(struct arena *a, const struct metric *m)
{
	const struct cloudwatch_metric *c = m->provider.cloudwatch;
	struct err *e;
	int64_t ms;

	if ((e = cloudwatch_interval(a, c, &ms)) != NULL)
		return err_wrap(a, e, "provider.cloudWatch.interval");
	for (size_t i = 0; i < c->queries.n; i++)
		if (str_empty(c->queries.at[i].expression) == (c->queries.at[i].metric_stat == NULL))
			return err_new(a, ERR_INVALID,
			    "provider.cloudWatch.metricDataQueries[%zu]: needs one of expression and metricStat", i);
	return NULL;
}

/* Returns the number of seconds; a text that is no number is 0, as in Argo Rollouts. */
static json_t *
cloudwatch_period(const char *text)
{
	long long n = 0;

	str_int(text, INT32_MIN, INT32_MAX, &n);
	return json_integer(n);
}

static json_t *
cloudwatch_stat(const struct cloudwatch_stat *s)
{
	json_t *metric = json_object(), *dimensions = json_array(), *out = json_object();

	for (size_t i = 0; i < s->metric.dimensions.n; i++)
		json_array_append_new(dimensions, json_pack("{s:s,s:s}", "Name", s->metric.dimensions.at[i].name ?: "",
						      "Value", s->metric.dimensions.at[i].value ?: ""));
	if (s->metric.dimensions.n > 0)
		json_object_set(metric, "Dimensions", dimensions);
	json_decref(dimensions);
	json_put(metric, "MetricName", s->metric.metric_name);
	json_put(metric, "Namespace", s->metric.namespace);
	json_object_set_new(out, "Metric", metric);
	if (s->period != NULL)
		json_object_set_new(out, "Period", cloudwatch_period(s->period));
	json_put(out, "Stat", s->stat);
	json_put(out, "Unit", s->unit);
	return out;
}

static json_t *
cloudwatch_queries(const struct cloudwatch_metric *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->queries.n; i++) {
		const struct cloudwatch_query *q = &c->queries.at[i];
		json_t *one = json_object();

		json_put(one, "Id", q->id);
		json_put(one, "Expression", q->expression);
		json_put(one, "Label", q->label);
		if (q->metric_stat != NULL)
			json_object_set_new(one, "MetricStat", cloudwatch_stat(q->metric_stat));
		if (q->period != NULL)
			json_object_set_new(one, "Period", cloudwatch_period(q->period));
		if (q->return_data.present)
			json_object_set_new(one, "ReturnData", json_boolean(q->return_data.value));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *
cloudwatch_time(int64_t ms)
{
	return json_pack("{s:i,s:f}", "tag", CBOR_TAG_TIME, "value", (double)ms / 1000);
}

static enum measured
cloudwatch_query(const struct cloudwatch_metric *c, const struct query_input *in, const struct aws_credentials *by,
    const char *next_token, struct arena *a, struct step_result *ret)
{
	const struct string_map *env = &in->settings->environment;
	const char *endpoint =
	    aws_variable(env, "AWS_ENDPOINT_URL_CLOUDWATCH") ?: aws_variable(env, "AWS_ENDPOINT_URL");
	struct header *headers = arena_new_array(a, struct header, 4);
	_cleanup_(json_decrefp) json_t *body = json_object();
	struct bytes bytes;
	int64_t interval;

	if ((ret->err = cloudwatch_interval(a, c, &interval)) != NULL)
		return MEASURED_ERROR;
	if (by->region == NULL) {
		ret->err = err_new(a, ERR_INVALID,
		    "Invalid Configuration: Missing Region: set AWS_REGION in the controller's environment");
		return MEASURED_ERROR;
	}
	json_object_set_new(body, "EndTime", cloudwatch_time(in->now));
	json_object_set_new(body, "MetricDataQueries", cloudwatch_queries(c));
	json_object_set_new(body, "StartTime", cloudwatch_time(time_add(in->now, -interval)));
	json_put(body, "NextToken", next_token);
	bytes = cbor_encode(a, body);
	if (endpoint == NULL)
		endpoint = arena_printf(
		    a, "https://monitoring.%s.amazonaws.com%s", by->region, str_starts(by->region, "cn-") ? ".cn" : "");
	ret->query.request.method = "POST";
	ret->query.request.url = arena_printf(a, "%s" CLOUDWATCH_PATH, endpoint);
	ret->query.request.body = bytes.at;
	ret->query.request.body_len = bytes.len;
	http_confine(&ret->query, CLOUDWATCH_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Content-Type", "application/cbor");
	http_add_header(&ret->query, headers, "Accept", "application/cbor");
	http_add_header(&ret->query, headers, "Smithy-Protocol", "rpc-v2-cbor");
	http_add_header(&ret->query, headers, "X-Amzn-Query-Mode", "true");
	sigv4_sign(a, by, by->region, "monitoring", in->now, &ret->query.request);
	return MEASURED_QUERY;
}

/* Parses a response: CBOR, or JSON of the same form. An error has AWS' name and message of it. */
static struct err *
cloudwatch_parse(const struct response *got, struct arena *a, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e;

	if (got->err != NULL)
		return err_wrap(a, got->err, "cloudWatch");
	e = got->body.len > 0 && got->body.at[0] == '{' ? json_parse(a, got->body.at, got->body.len, &doc)
							: cbor_decode(a, got->body, &doc);
	if (got->status < 200 || got->status > 299) {
		const char *type = json_str(doc, "__type") ?: "", *name = strrchr(type, '#');

		if (e != NULL)
			return err_new(
			    a, ERR_AGAIN, "operation error CloudWatch: GetMetricData, status %d", got->status);
		return err_new(a, ERR_AGAIN, "operation error CloudWatch: GetMetricData, status %d, %s: %s",
		    got->status, name != NULL ? name + 1 : type,
		    json_str(doc, "message") ?: json_str(doc, "Message") ?: "");
	}
	if (e == NULL) {
		*ret = doc;
		doc = NULL;
	}
	return e;
}

/* A field of a result as a value; absent: nil. */
static struct value
cloudwatch_field(struct arena *a, const json_t *v)
{
	double *x;
	size_t i, n = json_array_size(v);
	const json_t *number;

	if (v == NULL)
		return (struct value){ .kind = VALUE_NIL };
	if (!json_is_array(v))
		return value_from_json(a, v);
	x = arena_new_array(a, double, n);
	json_array_foreach (v, i, number)
		x[i] = json_number_value(json_is_object(number) ? json_object_get(number, "value") : number);
	return value_from_floats(a, x, n);
}

static struct value
cloudwatch_result(struct arena *a, const json_t *result)
{
	static const char *const fields[] = { "Id", "Label", "Values", "Timestamps", "StatusCode", "Messages" };
	struct value v = { .kind = VALUE_MAP };

	v.map.at = arena_new_array(a, struct value_entry, ARRAY_SIZE(fields));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *field = json_object_get(result, fields[i]);
		struct value_entry *entry = &v.map.at[v.map.n++];

		entry->key = value_string(fields[i]);
		entry->value = i == 5 && field != NULL ? value_from_json(a, field) : cloudwatch_field(a, field);
		entry->value.named = str_eq(fields[i], "StatusCode");
	}
	return v;
}

/* Returns the values of all results, as Argo Rollouts shows them: "[[0.1 0.2] []]". */
static const char *
cloudwatch_text(struct arena *a, const struct value *results)
{
	struct value shown = value_array(a, results->array.n);
	const struct value key = value_string("Values");

	for (size_t i = 0; i < shown.array.n; i++) {
		const struct value *values = value_member(&results->array.at[i], &key);

		shown.array.at[i] = values->kind == VALUE_ARRAY ? *values : value_array(a, 0);
	}
	return value_print(a, &shown);
}

/* Adds the results of a page to the list. The first page with messages sets the metadata. */
static void
cloudwatch_add(const json_t *page, struct arena *a, struct step_result *ret)
{
	const json_t *results = json_object_get(page, "MetricDataResults"), *result;
	const json_t *messages = json_object_get(page, "Messages");
	struct value list = value_array(a, ret->value.array.n + json_array_size(results));
	size_t i;

	for (i = 0; i < ret->value.array.n; i++)
		list.array.at[i] = ret->value.array.at[i];
	list.structs = true;
	json_array_foreach (results, i, result)
		list.array.at[ret->value.array.n + i] = cloudwatch_result(a, result);
	ret->value = list;
	if (json_array_size(messages) == 0 || ret->metadata.n > 0)
		return;
	ret->metadata.at = arena_new_array(a, struct string_pair, 1);
	ret->metadata.at[ret->metadata.n++] = (struct string_pair){ "messages", json_text_go(a, messages) };
}

/* Reads the pages so far, and requests the next one. */
static enum measured
cloudwatch_read(const struct cloudwatch_metric *c, const struct query_input *in, size_t before,
    const struct aws_credentials *by, struct arena *a, struct step_result *ret)
{
	const char *next = NULL;

	ret->value = (struct value){ .kind = VALUE_ARRAY };
	for (size_t i = before; i < in->n; i++) {
		_cleanup_(json_decrefp) json_t *page = NULL;

		if ((ret->err = cloudwatch_parse(in->responses[i], a, &page)) != NULL)
			return MEASURED_ERROR;
		cloudwatch_add(page, a, ret);
		next = json_str(page, "NextToken") != NULL ? arena_strdup(a, json_str(page, "NextToken")) : NULL;
	}
	if (in->n == before || (!str_empty(next) && in->n - before < CLOUDWATCH_PAGES_MAX))
		return cloudwatch_query(c, in, by, next, a, ret);
	if (!str_empty(next)) {
		ret->err =
		    err_new(a, ERR_INVALID, "the response of CloudWatch has more than %d pages", CLOUDWATCH_PAGES_MAX);
		return MEASURED_ERROR;
	}
	ret->text = cloudwatch_text(a, &ret->value);
	if (ret->value.array.n > 0)
		return MEASURED_VALUE;
	ret->value = (struct value){ .kind = VALUE_NIL }; /* no condition over all results is true then */
	return MEASURED_NOTHING;
}

static enum measured
cloudwatch_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	static const struct settings none = { 0 };
	const struct cloudwatch_metric *c = m->provider.cloudwatch;
	struct query_input with = *in;
	struct aws_credentials by;
	size_t used;

	with.settings = in->settings != NULL ? in->settings : &none;
	switch (aws_credentials_step(
	    a, &with.settings->environment, in->now, in->responses, in->n, &ret->query, &by, &used, &ret->err)) {
	case AWS_QUERY: return MEASURED_QUERY;
	case AWS_FAILED: return MEASURED_ERROR;
	case AWS_KNOWN: break;
	}
	ret->hidden[0] = by.secret_access_key;
	ret->hidden[1] = by.session_token;
	return cloudwatch_read(c, &with, used, &by, a, ret);
}
