/* analysis/dynatrace.c: a measurement from Dynatrace (plugin: sluice/dynatrace): a metric selector over an interval,
 * which becomes one value for each series (resolution=Inf). One series is a number, several are a list.
 *
 * The token is in a Secret with the address, so that it is sent to its own server only. API: docs.dynatrace.com,
 * "Metrics API - GET data points".
 */
#include <inttypes.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/compare.h"

#define DYNATRACE_NAME "sluice/dynatrace"
#define DYNATRACE_TIMEOUT_MS 30000
#define DYNATRACE_PAGES_MAX 8

static bool dynatrace_used(const struct metric *);
static struct err *dynatrace_check(struct arena *, const struct metric *);
static enum measured dynatrace_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider dynatrace_provider = {
	.name = DYNATRACE_NAME,
	.metric_name = DYNATRACE_NAME,
	.used = dynatrace_used,
	.check = dynatrace_check,
	.measure = measure_by_query,
	.step = dynatrace_step,
};

static bool
dynatrace_used(const struct metric *m)
{
	return m->provider.plugin != NULL && m->provider.plugin->dynatrace != NULL;
}

static struct err *
dynatrace_check(struct arena *a, const struct metric *m)
{
	const struct dynatrace_metric *d = m->provider.plugin->dynatrace;
	struct err *e;
	int64_t ms;

	if (d->secret_ref != NULL && d->secret_ref->namespaced && str_empty(d->secret_ref->name))
		return err_new(a, ERR_INVALID,
		    "provider.plugin." DYNATRACE_NAME ".secretRef: namespaced needs the name of a Secret");
	if ((e = http_duration(a, d->interval != NULL ? d->interval : "5m", &ms)) != NULL)
		return err_wrap(a, e, "provider.plugin." DYNATRACE_NAME ".interval");
	return NULL;
}

static enum measured
dynatrace_query(const struct dynatrace_metric *d, const struct query_input *in, const struct string_map *secret,
    const char *next, struct arena *a, struct step_result *ret)
{
	const char *address = provider_secret_value(secret, "address");
	size_t n = strlen(address);
	int64_t interval;

	if ((ret->err = http_duration(a, d->interval != NULL ? d->interval : "5m", &interval)) != NULL)
		return MEASURED_ERROR;
	while (n > 0 && address[n - 1] == '/')
		n--;
	ret->query.request.method = "GET";
	if (next != NULL)
		ret->query.request.url = arena_printf(
		    a, "%.*s/api/v2/metrics/query?nextPageKey=%s", (int)n, address, http_query_escape(a, next));
	else
		ret->query.request.url = arena_printf(a,
		    "%.*s/api/v2/metrics/query?metricSelector=%s&resolution=Inf&from=%" PRId64 "&to=%" PRId64, (int)n,
		    address, http_query_escape(a, d->query), time_add(in->now, -interval), in->now);
	http_confine(&ret->query, DYNATRACE_TIMEOUT_MS);
	http_add_header(&ret->query, arena_new_array(a, struct header, 1), "Authorization",
	    arena_printf(a, "Api-Token %s", provider_secret_value(secret, "token")));
	return MEASURED_QUERY;
}

static struct err *
dynatrace_parse(const struct response *got, struct arena *a, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e;

	if (got->err != NULL)
		return err_wrap(a, got->err, "dynatrace");
	e = http_json(a, got->body, &doc);
	if (got->status != 200)
		return err_new(a, ERR_AGAIN, "dynatrace: status %d: %s", got->status,
		    json_str(json_object_get(doc, "error"), "message") ?: http_shown(a, got->body));
	if (e != NULL)
		return err_wrap(a, e, "dynatrace");
	*ret = doc;
	doc = NULL;
	return NULL;
}

/* Adds the last value of each series of a page that is not null. */
static void
dynatrace_add(const json_t *page, struct arena *a, double **values, size_t *n)
{
	const json_t *data = json_object_get(json_array_get(json_object_get(page, "result"), 0), "data"), *series;
	double *more = arena_new_array(a, double, *n + json_array_size(data));
	size_t i;

	if (*n > 0)
		memcpy(more, *values, *n * sizeof(**values));
	*values = more;
	json_array_foreach (data, i, series) {
		const json_t *list = json_object_get(series, "values");

		for (size_t k = json_array_size(list); k-- > 0;)
			if (json_is_number(json_array_get(list, k))) {
				more[(*n)++] = json_number_value(json_array_get(list, k));
				break;
			}
	}
}

static enum measured
dynatrace_read(const struct dynatrace_metric *d, const struct query_input *in, const struct string_map *secret,
    struct arena *a, struct step_result *ret)
{
	const char *next = NULL;
	double *values = NULL;
	size_t n = 0;

	for (size_t i = 1; i < in->n; i++) {
		_cleanup_(json_decrefp) json_t *page = NULL;

		if ((ret->err = dynatrace_parse(in->responses[i], a, &page)) != NULL)
			return MEASURED_ERROR;
		dynatrace_add(page, a, &values, &n);
		next = json_str(page, "nextPageKey") != NULL ? arena_strdup(a, json_str(page, "nextPageKey")) : NULL;
	}
	if (in->n == 1 || (next != NULL && in->n - 1 < DYNATRACE_PAGES_MAX))
		return dynatrace_query(d, in, secret, next, a, ret);
	if (next != NULL) {
		ret->err =
		    err_new(a, ERR_INVALID, "the response of Dynatrace has more than %d pages", DYNATRACE_PAGES_MAX);
		return MEASURED_ERROR;
	}
	ret->value = n == 1 ? value_float(values[0]) : value_from_floats(a, values, n);
	return n > 0 ? MEASURED_VALUE : MEASURED_NOTHING;
}

static enum measured
dynatrace_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct dynatrace_metric *d = m->provider.plugin->dynatrace;
	const struct metric_secret_ref *ref = d->secret_ref;
	const char *name = ref != NULL && !str_empty(ref->name) ? ref->name : "dynatrace";
	const char *ns = ref != NULL && ref->namespaced ? in->namespace : provider_namespace(in);
	struct string_map secret = { 0 };

	if (in->n == 0) {
		provider_secret_query(a, ns, name, &ret->query);
		return MEASURED_QUERY;
	}
	ret->unusable = true;
	if ((ret->err = provider_secret_read(a, ns, name, in->responses[0], &secret)) != NULL)
		return MEASURED_ERROR;
	if (provider_secret_value(&secret, "token") == NULL ||
	    !http_is_address(provider_secret_value(&secret, "address") ?: "")) {
		ret->err =
		    err_new(a, ERR_INVALID, "Secret %s/%s needs the keys token and address (http or https)", ns, name);
		return MEASURED_ERROR;
	}
	ret->unusable = false;
	ret->hidden[0] = provider_secret_value(&secret, "token");
	return dynatrace_read(d, in, &secret, a, ret);
}
