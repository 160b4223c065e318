/* analysis/influxdb.c: a measurement from InfluxDB 2: a query in Flux. The value is the list of _value of all records
 * of all tables. */
#include <string.h>
#include "analysis/flux_csv.h"
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"

#define INFLUXDB_TIMEOUT_MS 30000

static bool influxdb_used(const struct metric *);
static enum measured influxdb_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider influxdb_provider = {
	.name = "influxdb",
	.metric_name = "Influxdb",
	.used = influxdb_used,
	.measure = measure_by_query,
	.step = influxdb_step,
};

static bool
influxdb_used(const struct metric *m)
{
	return m->provider.influxdb != NULL;
}

static enum measured
influxdb_query(
    const struct influxdb_metric *i, const struct string_map *secret, struct arena *a, struct step_result *ret)
{
	const char *address = provider_secret_value(secret, "address");
	struct header *headers = arena_new_array(a, struct header, 2);
	size_t n = strlen(address);
	_cleanup_(json_decrefp) json_t *body = json_pack("{s:{s:[s,s,s],s:s,s:b},s:s,s:s}", "dialect", "annotations",
	    "datatype", "group", "default", "delimiter", ",", "header", 1, "query", i->query ?: "", "type", "flux");

	while (n > 0 && address[n - 1] == '/')
		n--;
	ret->query.request.method = "POST";
	ret->query.request.url = arena_printf(
	    a, "%.*s/api/v2/query?org=%s", (int)n, address, http_query_escape(a, provider_secret_value(secret, "org")));
	ret->query.request.body = json_text(a, body);
	http_confine(&ret->query, INFLUXDB_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Content-Type", "application/json");
	http_add_header(&ret->query, headers, "Authorization",
	    arena_printf(a, "Token %s", provider_secret_value(secret, "authToken")));
	return MEASURED_QUERY;
}

static struct err *
influxdb_refused(const struct response *got, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (got->err != NULL)
		return err_wrap(a, got->err, "influxdb");
	if (got->status >= 200 && got->status <= 299)
		return NULL;
	if (json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		doc = NULL;
	if (json_str(doc, "message") != NULL)
		return err_new(
		    a, ERR_AGAIN, "%s: %s", json_str(doc, "code") ?: "internal error", json_str(doc, "message"));
	return err_new(a, ERR_AGAIN, "%d%s: %s", got->status, http_reason(got->status), http_shown(a, got->body));
}

/* As by Argo Rollouts, records before an error in the response count. Without one, the error is shown. */
static enum measured
influxdb_read(const struct response *got, struct arena *a, struct step_result *ret)
{
	struct err *e;

	if ((ret->err = influxdb_refused(got, a)) != NULL)
		return MEASURED_ERROR;
	e = flux_csv_values(a, got->body, &ret->value);
	if (ret->value.array.n == 0) {
		ret->err = err_new(a, ERR_AGAIN, "no results returned from flux query%s%s", e != NULL ? ": " : "",
		    e != NULL ? err_text(a, e) : "");
		return MEASURED_ERROR;
	}
	ret->text = value_print(a, &ret->value);
	return MEASURED_VALUE;
}

static enum measured
influxdb_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct influxdb_metric *i = m->provider.influxdb;
	const char *ns = provider_namespace(in), *name = str_empty(i->profile) ? "influxdb" : i->profile;
	struct string_map secret = { 0 };

	if (in->n == 0) {
		provider_secret_query(a, ns, name, &ret->query);
		return MEASURED_QUERY;
	}
	ret->unusable = true;
	if ((ret->err = provider_secret_read(a, ns, name, in->responses[0], &secret)) != NULL)
		return MEASURED_ERROR;
	if (provider_secret_value(&secret, "authToken") == NULL || provider_secret_value(&secret, "org") == NULL ||
	    provider_secret_value(&secret, "address") == NULL) {
		ret->err = err_new(a, ERR_INVALID, "authToken, org, or address not found");
		return MEASURED_ERROR;
	}
	ret->unusable = false;
	ret->hidden[0] = provider_secret_value(&secret, "authToken");
	if (in->n == 1)
		return influxdb_query(i, &secret, a, ret);
	return influxdb_read(in->responses[1], a, ret);
}
