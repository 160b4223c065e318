/* analysis/prometheus.c: a measurement from a PromQL query.
 *
 * An instant query over Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api). A vector becomes a list
 * of floats, a scalar a float, a matrix a list of lists. NaN and the infinities are values like any other. An empty vector
 * is an answer without a sample; a refused query is an error that repeats Prometheus' own words.
 */
#include <string.h>
#include "base/str.h"
#include "analysis/provider.h"

#define ANSWER_MAX (4u << 20) /* a metric is a handful of numbers */
#define TIMEOUT_MS 30000

static bool prometheus_used(const struct metric *);
static enum measured prometheus_step(
    const struct metric *, const struct answer *, struct arena *, struct question *, struct value *, struct err **);
static void prometheus_metadata(const struct metric *, const char **, const char **);

const struct provider prometheus_provider = {
	.name = "prometheus",
	.used = prometheus_used,
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

static enum measured
ask(const struct prometheus_metric *p, struct arena *a, struct question *ret, struct err **ret_err)
{
	size_t n = p->address != NULL ? strlen(p->address) : 0;

	if (n == 0) {
		*ret_err = err_new(a, ERR_INVALID, "provider.prometheus.address: required, but missing");
		return MEASURED_ERROR;
	}
	while (n > 0 && p->address[n - 1] == '/')
		n--;
	*ret = (struct question){ .method = "POST",
		.url = arena_printf(a, "%.*s/api/v1/query", (int)n, p->address),
		.body = arena_printf(a, "query=%s", str_url_escape(a, p->query)),
		.content_type = "application/x-www-form-urlencoded",
		.timeout_ms = p->timeout.set ? p->timeout.is * 1000 : TIMEOUT_MS,
		.answer_max = ANSWER_MAX,
		.insecure = p->insecure };
	return MEASURED_ASK;
}

/* The number of a [time, "value"] pair. */
static bool
sample(const json_t *pair, double *ret)
{
	const char *text = json_string_value(json_array_get(pair, 1));
	char *end;

	if (text == NULL)
		return false;
	*ret = strtod(text, &end); /* "NaN", "+Inf" and "-Inf" are understood */
	return end != text && *end == '\0';
}

static bool
read_matrix(const json_t *result, struct arena *a, struct value *ret)
{
	struct value v = value_array(a, json_array_size(result));
	json_t *series, *pair;
	size_t i, k;

	json_array_foreach (result, i, series) {
		const json_t *values = json_object_get(series, "values");
		double *x = arena_new_array(a, double, json_array_size(values));

		json_array_foreach (values, k, pair)
			if (!sample(pair, &x[k]))
				return false;
		v.array.at[i] = value_from_floats(a, x, json_array_size(values));
	}
	*ret = v;
	return true;
}

static bool
read_vector(const json_t *result, struct arena *a, struct value *ret)
{
	double *x = arena_new_array(a, double, json_array_size(result));
	json_t *series;
	size_t i;

	json_array_foreach (result, i, series)
		if (!sample(json_object_get(series, "value"), &x[i]))
			return false;
	*ret = value_from_floats(a, x, json_array_size(result));
	return true;
}

static enum measured
read_answer(const struct answer *got, struct arena *a, struct value *ret_value, struct err **ret_err)
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
		const char *said = json_str(doc, "error");

		if (said != NULL)
			*ret_err =
			    err_new(a, ERR_INVALID, "prometheus: %s: %s", json_str(doc, "errorType") ?: "error", said);
		else
			*ret_err = err_new(a, ERR_AGAIN, "prometheus: answered %d: %.*s", got->status,
			    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
		return MEASURED_ERROR;
	}
	type = json_str(json_object_get(doc, "data"), "resultType") ?: "";
	result = json_at(doc, "/data/result");
	if (strcmp(type, "vector") == 0)
		ok = read_vector(result, a, ret_value);
	else if (strcmp(type, "matrix") == 0)
		ok = read_matrix(result, a, ret_value);
	else if (strcmp(type, "scalar") == 0 && (ok = sample(result, &x)))
		*ret_value = value_float(x);
	if (!ok) {
		*ret_err = err_new(a, ERR_INVALID, "prometheus: a result of type \"%s\" cannot be judged", type);
		return MEASURED_ERROR;
	}
	return ret_value->kind == VALUE_ARRAY && ret_value->array.n == 0 ? MEASURED_NOTHING : MEASURED_VALUE;
}

static enum measured
prometheus_step(const struct metric *m, const struct answer *got, struct arena *a, struct question *ret_ask,
    struct value *ret_value, struct err **ret_err)
{
	if (got == NULL)
		return ask(m->provider.prometheus, a, ret_ask, ret_err);
	if (got->err != NULL) {
		*ret_err = err_wrap(a, got->err, "prometheus %s", m->provider.prometheus->address);
		return MEASURED_ERROR;
	}
	return read_answer(got, a, ret_value, ret_err);
}
