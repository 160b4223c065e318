/* analysis/prometheus.c: a measurement from a PromQL query.
 *
 * An instant or a range query over the HTTP API of Prometheus (prometheus.io/docs/prometheus/latest/querying/api). A
 * vector becomes a list of floats, a scalar a float, a matrix a list of lists. NaN and the infinities are values like
 * any other. An empty vector is a response without a sample. The error of a query that Prometheus refuses
 * has its message.
 *
 * With oauth2 a measurement has two queries: of a token (RFC 6749, section 4.4), and the query with it.
 */
#include <inttypes.h>
#include <string.h>
#include "analysis/condition/condition.h"
#include "analysis/http.h"
#include "analysis/prometheus.h"
#include "analysis/promql/result_type.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"

#define PROMETHEUS_RESPONSE_MAX (4u << 20) /* bytes */
#define PROMETHEUS_TIMEOUT_MS 30000

static bool prometheus_used(const struct metric *);
static struct err *prometheus_check(struct arena *, const struct metric *);
static enum measured prometheus_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);
static void prometheus_metadata(const struct metric *, const char **, const char **);
static enum measured_kind prometheus_kind(const struct metric *);

const struct provider prometheus_provider = {
	.name = "prometheus",
	.metric_name = "Prometheus",
	.used = prometheus_used,
	.check = prometheus_check,
	.kind = prometheus_kind,
	.measure = measure_by_query,
	.step = prometheus_step,
	.metadata = prometheus_metadata,
};

static bool
prometheus_used(const struct metric *m)
{
	return m->provider.prometheus != NULL;
}

static void
prometheus_metadata(const struct metric *m, const char **ret_key, const char **ret_value)
{
	*ret_key = "ResolvedPrometheusQuery";
	*ret_value = m->provider.prometheus->query;
}

static struct err *
prometheus_check_range(struct arena *a, const struct range_query *r)
{
	const char *const times[] = { r->start, r->end };
	struct condition_program *program;
	struct err *e;
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if ((e = condition_parse(a, times[i], &program)) == NULL)
			e = condition_eval_time(a, program, 0, &ms);
		if (e != NULL)
			return err_wrap(a, e, "rangeQuery.%s `%s`", i == 0 ? "start" : "end", times[i]);
	}
	if (!duration_parse(r->step, &ms) || ms <= 0)
		return err_new(a, ERR_INVALID, "rangeQuery.step: \"%s\" is not a duration such as 30s or 1m", r->step);
	return NULL;
}

const char *
prometheus_connection_problem(struct arena *a, const struct prometheus_metric *p)
{
	if (!str_empty(p->address) && !http_is_address(p->address))
		return arena_printf(a, "address: \"%s\" starts with neither http:// nor https://", p->address);
	return authentication_problem(p->authentication);
}

static struct err *
prometheus_check(struct arena *a, const struct metric *m)
{
	const struct prometheus_metric *p = m->provider.prometheus;
	const char *wrong = prometheus_connection_problem(a, p);
	struct err *e = NULL;

	if (wrong != NULL)
		e = err_new(a, ERR_INVALID, "%s", wrong);
	else if (p->range_query != NULL)
		e = prometheus_check_range(a, p->range_query);
	return e != NULL ? err_wrap(a, e, "provider.prometheus") : NULL;
}

static int64_t
prometheus_timeout_ms(const struct prometheus_metric *p)
{
	return p->timeout.present ? p->timeout.value * 1000 : PROMETHEUS_TIMEOUT_MS;
}

const char *
prometheus_seconds(struct arena *a, int64_t ms)
{
	return arena_printf(a, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

static struct err *
prometheus_range_body(const struct prometheus_metric *p, int64_t now, struct arena *a, const char **ret)
{
	const struct range_query *r = p->range_query;
	struct condition_program *start, *end;
	int64_t from, to, step;
	struct err *e;

	if ((e = condition_parse(a, r->start, &start)) != NULL || (e = condition_parse(a, r->end, &end)) != NULL ||
	    (e = condition_eval_time(a, start, now, &from)) != NULL ||
	    (e = condition_eval_time(a, end, now, &to)) != NULL)
		return err_wrap(a, e, "rangeQuery");
	if (to < from)
		return err_new(a, ERR_INVALID, "rangeQuery: it ends before it starts");
	duration_parse(r->step, &step);
	*ret = arena_printf(a, "query=%s&start=%s&end=%s&step=%s", str_url_escape(a, p->query),
	    prometheus_seconds(a, from), prometheus_seconds(a, to), prometheus_seconds(a, step));
	return NULL;
}

static enum measured
prometheus_query(const struct prometheus_metric *p, const struct query_input *in, const struct prometheus_call *call,
    const char *bearer, struct arena *a, struct step_result *result)
{
	const char *address = !str_empty(p->address) ? p->address
			      : in->settings != NULL ? in->settings->prometheus_address
						     : NULL;
	size_t n = address != NULL ? strlen(address) : 0;
	struct query *ret = &result->query;
	struct header *headers;

	if (n == 0) {
		result->err = err_new(a, ERR_INVALID,
		    "%s.address: required, but missing, and the controller has no ARGO_ROLLOUTS_PROMETHEUS_ADDRESS",
		    call->field);
		return MEASURED_ERROR;
	}
	while (n > 0 && address[n - 1] == '/')
		n--;
	*ret = (struct query){ .request = { .method = "POST",
				   .url = arena_printf(a, "%.*s/api/v1/%s", (int)n, address, call->path),
				   .body = call->body,
				   .content_type = "application/x-www-form-urlencoded",
				   .timeout_ms = prometheus_timeout_ms(p),
				   .response_max = call->response_max,
				   .ca = p->ca_cert,
				   .insecure = p->insecure } };
	headers = arena_new_array(a, struct header, p->headers.n + 1);
	if ((result->err = http_headers(a, p->headers.at, p->headers.n, headers, ret)) != NULL) {
		result->err = err_wrap(a, result->err, "%s", call->field);
		return MEASURED_ERROR;
	}
	if (bearer != NULL)
		http_add_header(ret, headers, "Authorization", bearer);
	else if (basic_auth_used(p->authentication) != NULL)
		http_add_header(ret, headers, "Authorization",
		    http_basic(
			a, basic_auth_used(p->authentication)->username, basic_auth_used(p->authentication)->password));
	return MEASURED_QUERY;
}

enum measured
prometheus_exchange(const struct prometheus_metric *p, const struct query_input *in, const struct prometheus_call *call,
    struct arena *a, struct step_result *ret, const struct response **ret_got)
{
	size_t before = oauth2_used(p->authentication) != NULL ? 1 : 0, at = before + call->index;
	const char *bearer = NULL;

	if (before > 0 && in->n == 0) {
		oauth2_query(oauth2_used(p->authentication), a, &ret->query);
		ret->query.request.timeout_ms = prometheus_timeout_ms(p);
		ret->query.request.ca = p->ca_cert;
		ret->query.request.insecure = p->insecure;
		return MEASURED_QUERY;
	}
	if (before > 0 && in->n == at && (bearer = oauth2_read(in->responses[0], a, &ret->err)) == NULL)
		return MEASURED_ERROR;
	if (in->n == at)
		return prometheus_query(p, in, call, bearer, a, ret);
	if (in->responses[at]->err != NULL) {
		ret->err = err_wrap(a, in->responses[at]->err, "prometheus %s", p->address != NULL ? p->address : "");
		return MEASURED_ERROR;
	}
	*ret_got = in->responses[at];
	return MEASURED_VALUE;
}

/* Returns whether the text is a value as Prometheus writes it: a decimal number, "NaN", "+Inf" or "-Inf". strtod
 * accepts more. */
static bool
prometheus_is_number(const char *text)
{
	return text[strspn(text, "0123456789+-.eE")] == '\0' || strcmp(text, "NaN") == 0 || strcmp(text, "+Inf") == 0 ||
	       strcmp(text, "-Inf") == 0 || strcmp(text, "Inf") == 0;
}

/* Reads the number of a [time, "value"] pair. Returns false if it is not one. */
static bool
prometheus_sample(const json_t *pair, double *ret)
{
	const json_t *value = json_array_get(pair, 1);
	const char *text = json_string_value(value);
	char *end;

	if (text == NULL || json_array_size(pair) != 2 || !json_is_number(json_array_get(pair, 0)) ||
	    strlen(text) != json_string_length(value) || !prometheus_is_number(text))
		return false;
	*ret = strtod(text, &end);
	return end != text && *end == '\0';
}

static bool
prometheus_read_matrix(const json_t *result, struct arena *a, struct value *ret)
{
	struct value v = value_array(a, json_array_size(result));
	json_t *series, *pair;
	size_t i, k;

	if (!json_is_array(result))
		return false;
	json_array_foreach (result, i, series) {
		const json_t *values = json_object_get(series, "values");
		double *x = arena_new_array(a, double, json_array_size(values));

		if (!json_is_array(values))
			return false;
		json_array_foreach (values, k, pair)
			if (!prometheus_sample(pair, &x[k]))
				return false;
		v.array.at[i] = value_from_floats(a, x, json_array_size(values));
	}
	*ret = v;
	return true;
}

static bool
prometheus_read_vector(const json_t *result, struct arena *a, struct value *ret)
{
	double *x = arena_new_array(a, double, json_array_size(result));
	json_t *series;
	size_t i;

	if (!json_is_array(result))
		return false; /* an empty vector is a result; an absent one is an error */
	json_array_foreach (result, i, series)
		if (!prometheus_sample(json_object_get(series, "value"), &x[i]))
			return false;
	*ret = value_from_floats(a, x, json_array_size(result));
	return true;
}

static enum measured
prometheus_read(const struct response *got, struct arena *a, struct value *ret_value, struct err **ret_err)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *result;
	const char *type;
	struct err *e;
	bool ok = false;
	double x;

	e = json_parse(a, got->body.at, got->body.len, &doc);
	if (got->status < 200 || got->status > 299 || e != NULL ||
	    strcmp(json_str(doc, "status") ?: "", "success") != 0) {
		const char *error = json_str(doc, "error");

		if (error != NULL)
			*ret_err =
			    err_new(a, ERR_INVALID, "prometheus: %s: %s", json_str(doc, "errorType") ?: "error", error);
		else
			*ret_err = err_new(a, ERR_AGAIN, "prometheus: status %d without a response of its API%s%.*s",
			    got->status, got->body.len > 0 ? ": " : "",
			    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
		return MEASURED_ERROR;
	}
	type = json_str(json_object_get(doc, "data"), "resultType") ?: "";
	result = json_at(doc, "/data/result");
	if (strcmp(type, "vector") == 0)
		ok = prometheus_read_vector(result, a, ret_value);
	else if (strcmp(type, "matrix") == 0)
		ok = prometheus_read_matrix(result, a, ret_value);
	else if (strcmp(type, "scalar") == 0 && (ok = prometheus_sample(result, &x)))
		*ret_value = value_float(x);
	if (!ok) {
		*ret_err = err_new(a, ERR_INVALID, "prometheus: a result of type \"%s\" cannot be judged", type);
		return MEASURED_ERROR;
	}
	return ret_value->kind == VALUE_ARRAY && ret_value->array.n == 0 ? MEASURED_NOTHING : MEASURED_VALUE;
}

static enum measured_kind
prometheus_kind(const struct metric *m)
{
	const struct prometheus_metric *p = m->provider.prometheus;

	/* The whole query may be an argument, and a range query returns a list of lists. */
	if (p->query == NULL || p->range_query != NULL || strstr(p->query, "{{") == p->query)
		return MEASURED_ANYTHING;
	return promql_is_scalar(p->query) ? MEASURED_NUMBER : MEASURED_LIST;
}

static enum measured
prometheus_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct prometheus_metric *p = m->provider.prometheus;
	struct prometheus_call call = { .path = p->range_query != NULL ? "query_range" : "query",
		.response_max = PROMETHEUS_RESPONSE_MAX,
		.field = "provider.prometheus" };
	const struct response *got = NULL;
	enum measured how;

	call.body = arena_printf(a, "query=%s", str_url_escape(a, p->query));
	if (p->range_query != NULL && (ret->err = prometheus_range_body(p, in->now, a, &call.body)) != NULL)
		return MEASURED_ERROR;
	how = prometheus_exchange(p, in, &call, a, ret, &got);
	return got != NULL ? prometheus_read(got, a, &ret->value, &ret->err) : how;
}
