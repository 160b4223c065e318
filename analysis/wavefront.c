/* analysis/wavefront.c: a measurement from Wavefront: the points of the series that are nearest to now.
 *
 * The token is in the Secret wavefront-api-tokens of the controller's namespace, under the address, so that a token is
 * sent to its own server only. One series is a number, several are a list. Times and distances to now are in the
 * metadata.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"

#define WAVEFRONT_SECRET "wavefront-api-tokens"
#define WAVEFRONT_TIMEOUT_MS 30000 /* Argo Rollouts has none */
#define WAVEFRONT_TEXT_MAX (1u << 20) /* bytes of the values */

static bool wavefront_used(const struct metric *);
static struct err *wavefront_check(struct arena *, const struct metric *);
static enum measured wavefront_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider wavefront_provider = {
	.name = "wavefront",
	.metric_name = "Wavefront",
	.used = wavefront_used,
	.check = wavefront_check,
	.measure = measure_by_query,
	.step = wavefront_step,
};

static bool
wavefront_used(const struct metric *m)
{
	return m->provider.wavefront != NULL;
}

static struct err *
wavefront_check(struct arena *a, const struct metric *m)
{
	const char *address = m->provider.wavefront->address;

	if (str_empty(address) || strpbrk(address, "/@?# \t\r\n") != NULL)
		return err_new(a, ERR_INVALID,
		    "provider.wavefront.address: \"%s\" is not a host, or a host and a port, without https://",
		    address ?: "");
	return NULL;
}

static enum measured
wavefront_query(
    const struct wavefront_metric *w, int64_t now, const char *token, struct arena *a, struct step_result *ret)
{
	struct header *headers = arena_new_array(a, struct header, 2);

	ret->query.request.method = "GET";
	ret->query.request.url = arena_printf(a,
	    "https://%s/api/v2/chart/api?autoEvents=false&e=%" PRId64 "&g=s&i=true&includeObsoleteMetrics=false"
	    "&listmode=false&p=1&q=%s&s=%" PRId64 "&strict=false",
	    w->address, now, http_query_escape(a, w->query ?: ""), now);
	http_confine(&ret->query, WAVEFRONT_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Authorization", arena_printf(a, "Bearer %s", token));
	http_add_header(&ret->query, headers, "Accept", "application/json");
	return MEASURED_QUERY;
}

/* The point of a series that is nearest to now; of two with the same distance, the first. */
struct wavefront_point {
	double value;
	int64_t time, drift; /* seconds */
};

static struct err *
wavefront_nearest(const json_t *series, int64_t now, struct arena *a, struct wavefront_point *ret)
{
	const json_t *data = json_object_get(series, "data"), *point;
	bool found = false;
	size_t i;

	/* Argo Rollouts has 0 for a series without points, and this distance. */
	*ret = (struct wavefront_point){ .drift = INT64_MIN };
	json_array_foreach (data, i, point) {
		const json_t *time = json_array_get(point, 0), *value = json_array_get(point, 1);
		int64_t at;

		if (!json_is_number(time) || (!json_is_number(value) && !json_is_null(value)))
			return err_new(
			    a, ERR_AGAIN, "the point %s of a series is not a time and a number", json_text(a, point));
		at = int_of_double(json_number_value(time));
		if (found && fabs((double)at - (double)now) >= fabs((double)ret->drift))
			continue;
		found = true;
		*ret = (struct wavefront_point){ json_number_value(value), at, at - now };
	}
	return NULL;
}

/* Adds the metadata: of one series a number each, of several a list. */
static void
wavefront_show(const struct wavefront_point *points, size_t n, struct arena *a, struct step_result *ret)
{
	const char *open = n == 1 ? "" : "[", *close = n == 1 ? "" : "]";
	struct str values, times, drifts;

	str_init(&values, WAVEFRONT_TEXT_MAX);
	str_init(&times, WAVEFRONT_TEXT_MAX);
	str_init(&drifts, WAVEFRONT_TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *comma = i > 0 ? "," : "";

		str_addf(&values, "%s%.2f", comma, points[i].value);
		str_addf(&times, "%s%" PRId64, comma, points[i].time);
		str_addf(&drifts, "%s%" PRId64, comma, points[i].drift);
	}
	ret->text = arena_printf(a, "%s%s%s", open, str_text(&values), close);
	ret->metadata.at[ret->metadata.n++] =
	    (struct string_pair){ "timestamps", arena_printf(a, "%s%s%s", open, str_text(&times), close) };
	ret->metadata.at[ret->metadata.n++] =
	    (struct string_pair){ "drift", arena_printf(a, "%s%s%s", open, str_text(&drifts), close) };
	str_done(&values);
	str_done(&times);
	str_done(&drifts);
}

static enum measured
wavefront_read_series(const json_t *doc, int64_t now, struct arena *a, struct step_result *ret)
{
	const json_t *list = json_object_get(doc, "timeseries"), *series;
	size_t n = json_array_size(list), i;
	struct wavefront_point *points = arena_new_array(a, struct wavefront_point, n);
	double *x = arena_new_array(a, double, n);

	ret->metadata.at = arena_new_array(a, struct string_pair, 3);
	if (!str_empty(json_str(doc, "warnings")))
		ret->metadata.at[ret->metadata.n++] =
		    (struct string_pair){ "warnings", arena_strdup(a, json_str(doc, "warnings")) };
	if (n == 0) {
		const char *why = json_str(doc, "errorMessage");

		ret->err = err_new(a, ERR_AGAIN, "No TimeSeries found in response from Wavefront%s%s",
		    why != NULL ? ": " : "", why ?: "");
		return MEASURED_ERROR;
	}
	json_array_foreach (list, i, series) {
		if ((ret->err = wavefront_nearest(series, now, a, &points[i])) != NULL)
			return MEASURED_ERROR;
		x[i] = points[i].value;
	}
	ret->value = n == 1 ? value_float(x[0]) : value_from_floats(a, x, n);
	wavefront_show(points, n, a, ret);
	return MEASURED_VALUE;
}

static enum measured
wavefront_read(const struct response *got, int64_t now, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *list;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "wavefront");
	else if (got->status != 200)
		ret->err = err_new(a, ERR_AGAIN, "server returned %d%s\n%s\n", got->status, http_reason(got->status),
		    http_shown(a, got->body));
	else
		ret->err = http_json(a, got->body, &doc);
	if (ret->err != NULL)
		return MEASURED_ERROR;
	list = json_object_get(doc, "timeseries");
	if (list != NULL && !json_is_array(list) && !json_is_null(list)) {
		ret->err = err_new(a, ERR_AGAIN, "timeseries in the response of Wavefront is of type %s, not array",
		    http_json_kind(list));
		return MEASURED_ERROR;
	}
	return wavefront_read_series(doc, now, a, ret);
}

static enum measured
wavefront_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct wavefront_metric *w = m->provider.wavefront;
	const char *ns = provider_namespace(in), *token;
	struct string_map secret = { 0 };

	if (in->n == 0) {
		provider_secret_query(a, ns, WAVEFRONT_SECRET, &ret->query);
		return MEASURED_QUERY;
	}
	ret->unusable = true;
	if ((ret->err = provider_secret_read(a, ns, WAVEFRONT_SECRET, in->responses[0], &secret)) != NULL)
		return MEASURED_ERROR;
	if ((token = provider_secret_value(&secret, w->address ?: "")) == NULL) {
		ret->err = err_new(a, ERR_INVALID, "API token not found");
		return MEASURED_ERROR;
	}
	ret->unusable = false;
	ret->hidden[0] = token;
	if (in->n == 1)
		return wavefront_query(w, in->now, token, a, ret);
	return wavefront_read(in->responses[1], in->now / 1000, a, ret);
}
