/* analysis/google_monitoring.c: a measurement from Google Cloud Monitoring (plugin: sluice/google-cloud-monitoring): a
 * query in MQL (projects.timeSeries.query). The value is the newest point of the series; several series are a list.
 *
 * The controller's own identity is used: its token is requested from the metadata server for each measurement (GKE
 * Workload Identity, or the service account of the node).
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/api/compare.h"

#define GOOGLE_NAME "sluice/google-cloud-monitoring"
#define GOOGLE_TIMEOUT_MS 30000
#define GOOGLE_TOKEN_TIMEOUT_MS 5000
#define GOOGLE_TOKEN_MAX (64u << 10) /* bytes */
#define GOOGLE_PAGES_MAX 8

static bool google_used(const struct metric *);
static struct err *google_check(struct arena *, const struct metric *);
static enum measured google_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

static const char *const google_variables[] = { "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING", "GCE_METADATA_HOST",
	NULL };

const struct provider google_monitoring_provider = {
	.name = GOOGLE_NAME,
	.metric_name = GOOGLE_NAME,
	.variables = google_variables,
	.used = google_used,
	.check = google_check,
	.measure = measure_by_query,
	.step = google_step,
};

static bool
google_used(const struct metric *m)
{
	return m->provider.plugin != NULL && m->provider.plugin->google != NULL;
}

/* A project is a part of the URL: letters, digits, "-", ":" and "." (of domains). */
static struct err *
google_check(struct arena *a, const struct metric *m)
{
	const char *project = m->provider.plugin->google->project;

	if (str_empty(project) || project[strspn(project, "abcdefghijklmnopqrstuvwxyz0123456789-:.")] != '\0')
		return err_new(a, ERR_INVALID, "provider.plugin." GOOGLE_NAME ".project: \"%s\" is not a project ID",
		    project ?: "");
	return NULL;
}

static enum measured
google_query_token(const struct query_input *in, struct arena *a, struct step_result *ret)
{
	ret->query.request.method = "GET";
	ret->query.request.url = arena_printf(a, "http://%s/computeMetadata/v1/instance/service-accounts/default/token",
	    provider_variable(in, "GCE_METADATA_HOST") ?: "metadata.google.internal");
	ret->query.request.timeout_ms = GOOGLE_TOKEN_TIMEOUT_MS;
	ret->query.request.response_max = GOOGLE_TOKEN_MAX;
	ret->query.to = QUERY_OWN;
	http_add_header(&ret->query, arena_new_array(a, struct header, 1), "Metadata-Flavor", "Google");
	return MEASURED_QUERY;
}

static const char *
google_token(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "the token of Google's metadata server");
	else if (got->status != 200 || json_parse(a, got->body.at, got->body.len, &doc) != NULL ||
		 json_str(doc, "access_token") == NULL)
		ret->err =
		    err_new(a, ERR_AGAIN, "the metadata server of Google returned status %d and no token", got->status);
	return ret->err == NULL ? arena_strdup(a, json_str(doc, "access_token")) : NULL;
}

static enum measured
google_query(const struct google_metric *g, const struct query_input *in, const char *token, const char *next,
    struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *body = json_pack("{s:s}", "query", g->query);
	struct header *headers = arena_new_array(a, struct header, 2);

	json_put(body, "pageToken", next);
	ret->query.request.method = "POST";
	ret->query.request.url = arena_printf(a, "%sv3/projects/%s/timeSeries:query",
	    provider_variable(in, "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING") ?: "https://monitoring.googleapis.com/",
	    g->project);
	ret->query.request.body = json_text(a, body);
	http_confine(&ret->query, GOOGLE_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Content-Type", "application/json");
	http_add_header(&ret->query, headers, "Authorization", arena_printf(a, "Bearer %s", token));
	return MEASURED_QUERY;
}

static struct err *
google_parse(const struct response *got, struct arena *a, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e;

	if (got->err != NULL)
		return err_wrap(a, got->err, "Google Cloud Monitoring");
	e = http_json(a, got->body, &doc);
	if (got->status != 200)
		return err_new(a, ERR_AGAIN, "Google Cloud Monitoring: status %d: %s", got->status,
		    json_str(json_object_get(doc, "error"), "message") ?: http_shown(a, got->body));
	if (e != NULL)
		return err_wrap(a, e, "Google Cloud Monitoring");
	*ret = doc;
	doc = NULL;
	return NULL;
}

/* Reads a typed value: a double, an integer as text, or a boolean as 0 or 1. */
static bool
google_number(const json_t *value, double *ret)
{
	const json_t *d = json_object_get(value, "doubleValue"), *b = json_object_get(value, "boolValue");
	const char *i = json_str(value, "int64Value");
	long long n;

	if (json_is_number(d))
		*ret = json_number_value(d);
	else if (str_int(i, INT64_MIN, INT64_MAX, &n))
		*ret = (double)n;
	else if (json_is_boolean(b))
		*ret = json_is_true(b);
	else
		return false;
	return true;
}

/* Adds the newest point of each series of a page. */
static struct err *
google_add(const json_t *page, struct arena *a, double **values, size_t *n)
{
	const json_t *data = json_object_get(page, "timeSeriesData"), *series;
	double *more = arena_new_array(a, double, *n + json_array_size(data));
	size_t i;

	if (*n > 0)
		memcpy(more, *values, *n * sizeof(**values));
	*values = more;
	json_array_foreach (data, i, series) {
		const json_t *point = json_array_get(json_object_get(series, "pointData"), 0);

		if (point == NULL)
			continue;
		if (!google_number(json_array_get(json_object_get(point, "values"), 0), &more[*n]))
			return err_new(a, ERR_INVALID,
			    "Google Cloud Monitoring: a point is neither a number nor a boolean: %s",
			    json_text(a, json_object_get(point, "values")));
		(*n)++;
	}
	return NULL;
}

static enum measured
google_read(const struct google_metric *g, const struct query_input *in, const char *token, struct arena *a,
    struct step_result *ret)
{
	const char *next = NULL;
	double *values = NULL;
	size_t n = 0;

	for (size_t i = 1; i < in->n; i++) {
		_cleanup_(json_decrefp) json_t *page = NULL;

		if ((ret->err = google_parse(in->responses[i], a, &page)) != NULL ||
		    (ret->err = google_add(page, a, &values, &n)) != NULL)
			return MEASURED_ERROR;
		next = json_str(page, "nextPageToken");
		next = str_empty(next) ? NULL : arena_strdup(a, next);
	}
	if (in->n == 1 || (next != NULL && in->n - 1 < GOOGLE_PAGES_MAX))
		return google_query(g, in, token, next, a, ret);
	if (next != NULL) {
		ret->err = err_new(
		    a, ERR_INVALID, "the response of Google Cloud Monitoring has more than %d pages", GOOGLE_PAGES_MAX);
		return MEASURED_ERROR;
	}
	ret->value = n == 1 ? value_float(values[0]) : value_from_floats(a, values, n);
	return n > 0 ? MEASURED_VALUE : MEASURED_NOTHING;
}

static enum measured
google_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const char *token;

	if (in->n == 0)
		return google_query_token(in, a, ret);
	if ((token = google_token(in->responses[0], a, ret)) == NULL) {
		ret->unusable = true;
		return MEASURED_ERROR;
	}
	ret->hidden[0] = token;
	return google_read(m->provider.plugin->google, in, token, a, ret);
}
