/* analysis/skywalking.c: a measurement from SkyWalking: a GraphQL query with the variable $duration. The value is
 * `data` of the response. */
#include <inttypes.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define SKYWALKING_TIMEOUT_MS 30000

static bool skywalking_used(const struct metric *);
static struct err *skywalking_check(struct arena *, const struct metric *);
static enum measured skywalking_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider skywalking_provider = {
	.name = "skywalking",
	.metric_name = "SkyWalking",
	.used = skywalking_used,
	.check = skywalking_check,
	.measure = measure_by_query,
	.step = skywalking_step,
};

static bool
skywalking_used(const struct metric *m)
{
	return m->provider.skywalking != NULL;
}

static struct err *
skywalking_interval(struct arena *a, const struct skywalking_metric *s, int64_t *ret_ms)
{
	return http_duration(a, s->interval != NULL ? s->interval : "5m", ret_ms);
}

static struct err *
skywalking_check(struct arena *a, const struct metric *m)
{
	const struct skywalking_metric *s = m->provider.skywalking;
	struct err *e;
	int64_t ms;

	if (!http_is_address(s->address ?: ""))
		return err_new(a, ERR_INVALID,
		    "provider.skywalking.address: \"%s\" starts with neither http:// nor https://", s->address ?: "");
	if ((e = skywalking_interval(a, s, &ms)) != NULL)
		return err_wrap(a, e, "provider.skywalking.interval");
	return NULL;
}

/* A time in minutes, as SkyWalking has it. In UTC, so that it does not depend on where the controller runs. */
static const char *
skywalking_minute(struct arena *a, int64_t ms)
{
	const char *text = time_format(a, ms); /* 2026-01-01T00:00:00Z */

	return arena_printf(a, "%.10s %.2s%.2s", text, text + 11, text + 14);
}

static enum measured
skywalking_query(
    const struct skywalking_metric *s, int64_t now, int64_t interval, struct arena *a, struct step_result *ret)
{
	struct header *headers = arena_new_array(a, struct header, 2);
	_cleanup_(json_decrefp) json_t *body =
	    json_pack("{s:s,s:{s:{s:s,s:s,s:s}}}", "query", s->query ?: "", "variables", "duration", "start",
		skywalking_minute(a, time_add(now, -interval)), "end", skywalking_minute(a, now), "step", "MINUTE");

	ret->query.request.method = "POST";
	ret->query.request.url = arena_printf(a, "%s/graphql", s->address ?: "");
	ret->query.request.body = json_text(a, body);
	http_confine(&ret->query, SKYWALKING_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Content-Type", "application/json; charset=utf-8");
	http_add_header(&ret->query, headers, "Accept", "application/json; charset=utf-8");
	return MEASURED_QUERY;
}

/* The status of the response is not read: SkyWalking reports errors in the body, and Argo Rollouts does not read it
 * either. */
static enum measured
skywalking_read(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *data, *error;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "skywalking");
	else if (got->body.len == 0)
		ret->err = err_new(a, ERR_AGAIN, "decoding response: EOF");
	else if ((ret->err = http_json(a, got->body, &doc)) != NULL)
		ret->err = err_wrap(a, ret->err, "decoding response");
	if (ret->err != NULL)
		return MEASURED_ERROR;
	data = json_object_get(doc, "data");
	error = json_array_get(json_object_get(doc, "errors"), 0);
	if (error != NULL)
		ret->err = err_new(a, ERR_INVALID, "graphql: %s", json_str(error, "message") ?: "");
	else if (data == NULL || json_is_null(data))
		ret->err = err_new(a, ERR_AGAIN, "no results returned from SkyWalking query");
	if (ret->err != NULL)
		return MEASURED_ERROR;
	ret->value = value_from_json(a, data);
	ret->text = json_text_go(a, data);
	return MEASURED_VALUE;
}

static enum measured
skywalking_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct skywalking_metric *s = m->provider.skywalking;
	int64_t interval;

	if ((ret->err = skywalking_interval(a, s, &interval)) != NULL) {
		ret->unusable = true;
		return MEASURED_ERROR;
	}
	return in->n == 0 ? skywalking_query(s, in->now, interval, a, ret) : skywalking_read(in->responses[0], a, ret);
}
