/* analysis/kayenta.c: a measurement by Kayenta's canary judge.
 *
 * The configuration is found by its name, a judgment is started, and every 15 s its result is requested; until then
 * the measurement is Running, and its metadata has the id of the judgment, so that it continues after a restart. The
 * score is compared with the threshold; conditions are not evaluated.
 */
#include <inttypes.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define KAYENTA_TIMEOUT_MS 15000
#define KAYENTA_RESUME_MS 15000
#define KAYENTA_ID "canaryExecutionId"

static bool kayenta_used(const struct metric *);
static struct err *kayenta_check(struct arena *, const struct metric *);
static enum measured kayenta_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider kayenta_provider = {
	.name = "kayenta",
	.metric_name = "Kayenta",
	.used = kayenta_used,
	.check = kayenta_check,
	.measure = measure_by_query,
	.step = kayenta_step,
};

static bool
kayenta_used(const struct metric *m)
{
	return m->provider.kayenta != NULL;
}

/* Returns an error for a name that Argo Rollouts cannot send, because it writes it into the URL as it is. Names in
 * Kayenta have no blanks. */
static struct err *
kayenta_check_names(struct arena *a, const struct kayenta_metric *k)
{
	const struct {
		const char *field, *value;
	} names[] = { { "application", k->application }, { "metricsAccountName", k->metrics_account_name },
		{ "configurationAccountName", k->configuration_account_name },
		{ "storageAccountName", k->storage_account_name } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].value != NULL && strpbrk(names[i].value, " \t\r\n") != NULL)
			return err_new(a, ERR_INVALID, "%s: \"%s\" has a blank, which names in Kayenta do not have",
			    names[i].field, names[i].value);
	return NULL;
}

/* Returns an error for a scope in which only one of the two has a start, or an end. */
static struct err *
kayenta_check_scopes(struct arena *a, const struct kayenta_metric *k)
{
	for (size_t i = 0; i < k->scopes.n; i++) {
		const struct kayenta_scope *s = &k->scopes.at[i];

		if (str_empty(s->control.start) != str_empty(s->experiment.start))
			return err_new(a, ERR_INVALID,
			    "controlScope.start and experimentScope.start must both be set or be empty");
		if (str_empty(s->control.end) != str_empty(s->experiment.end))
			return err_new(
			    a, ERR_INVALID, "controlScope.end and experimentScope.end must both be set or be empty");
	}
	return NULL;
}

static struct err *
kayenta_check(struct arena *a, const struct metric *m)
{
	const struct kayenta_metric *k = m->provider.kayenta;
	struct err *e = NULL;

	if (!http_is_address(k->address ?: ""))
		e = err_new(
		    a, ERR_INVALID, "address: \"%s\" starts with neither http:// nor https://", k->address ?: "");
	else if ((e = kayenta_check_names(a, k)) == NULL)
		e = kayenta_check_scopes(a, k);
	for (size_t i = 0; e == NULL && !k->lookback && m->interval.text == NULL && i < k->scopes.n; i++)
		if (str_empty(k->scopes.at[i].control.start))
			e = err_new(a, ERR_INVALID,
			    "scopes[%zu]: without a start it needs the metric's interval, or "
			    "lookback",
			    i);
	return e != NULL ? err_wrap(a, e, "provider.kayenta") : NULL;
}

static enum measured
kayenta_query(const char *method, const char *url, const char *body, struct arena *a, struct step_result *ret)
{
	ret->query.request.method = method;
	ret->query.request.url = url;
	ret->query.request.body = body;
	http_confine(&ret->query, KAYENTA_TIMEOUT_MS);
	if (body != NULL)
		http_add_header(&ret->query, arena_new_array(a, struct header, 1), "Content-Type", "application/json");
	return MEASURED_QUERY;
}

/* Argo Rollouts queries the configurations of the storage account. */
static enum measured
kayenta_query_configs(const struct kayenta_metric *k, struct arena *a, struct step_result *ret)
{
	return kayenta_query("GET",
	    arena_printf(a, "%s/canaryConfig?application=%s&configurationAccountName=%s", k->address ?: "",
		http_query_escape(a, k->application ?: ""), http_query_escape(a, k->storage_account_name ?: "")),
	    NULL, a, ret);
}

static struct err *
kayenta_find_config(const struct kayenta_metric *k, const struct response *got, struct arena *a, const char **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *config;
	struct err *e;
	size_t i;

	if (got->err != NULL)
		return err_wrap(a, got->err, "kayenta");
	if (got->status != 200)
		return err_new(a, ERR_AGAIN, "Invalid Response: HTTP %d", got->status);
	if (got->body.len == 0)
		return err_new(a, ERR_AGAIN, "EOF");
	if ((e = http_json(a, got->body, &doc)) != NULL)
		return e;
	if (!json_is_array(doc) && !json_is_null(doc))
		return err_new(a, ERR_AGAIN, "the response of Kayenta is of type %s, not array", http_json_kind(doc));
	json_array_foreach (doc, i, config)
		if (str_eq(json_str(config, "name"), k->canary_config_name)) {
			*ret = arena_strdup(a, json_str(config, "id") ?: "");
			return NULL;
		}
	return err_new(a, ERR_GONE, "Canary config not found");
}

static json_t *
kayenta_scope(const struct kayenta_point *p, const char *start, const char *end)
{
	return json_pack("{s:s,s:s,s:I,s:s,s:s}", "scope", p->scope ?: "", "location", p->region ?: "", "step",
	    (json_int_t)p->step, "start", str_empty(p->start) ? start : p->start, "end",
	    str_empty(p->end) ? end : p->end);
}

/* The times that a scope without them has. */
static struct err *
kayenta_times(
    const struct metric *m, const struct query_input *in, struct arena *a, const char **ret_start, const char **ret_end)
{
	const char *interval = m->interval.text ?: "";
	int64_t start = in->run_started_at, ms;
	struct err *e;

	*ret_end = time_format(a, in->now);
	if (!m->provider.kayenta->lookback) {
		if ((e = http_duration(a, interval, &ms)) != NULL)
			return err_wrap(a, e, "Invalid duration %s", json_quote_go(a, interval, strlen(interval)));
		start = time_add(in->now, -ms);
	}
	*ret_start = time_format(a, start);
	return NULL;
}

static bool
kayenta_needs_times(const struct kayenta_metric *k)
{
	for (size_t i = 0; i < k->scopes.n; i++)
		if (str_empty(k->scopes.at[i].control.start))
			return true;
	return false;
}

static enum measured
kayenta_start(
    const struct metric *m, const struct query_input *in, const char *config, struct arena *a, struct step_result *ret)
{
	const struct kayenta_metric *k = m->provider.kayenta;
	_cleanup_(json_decrefp) json_t *body = NULL;
	json_t *scopes = json_object();
	const char *start = "", *end = time_format(a, in->now);

	if ((ret->err = kayenta_check_scopes(a, k)) != NULL ||
	    (kayenta_needs_times(k) && (ret->err = kayenta_times(m, in, a, &start, &end)) != NULL)) {
		json_decref(scopes);
		return MEASURED_ERROR;
	}
	for (size_t i = 0; i < k->scopes.n; i++)
		json_object_set_new(scopes, k->scopes.at[i].name ?: "",
		    json_pack("{s:o,s:o}", "controlScope", kayenta_scope(&k->scopes.at[i].control, start, end),
			"experimentScope", kayenta_scope(&k->scopes.at[i].experiment, start, end)));
	body = json_pack("{s:o,s:{s:I,s:I}}", "scopes", scopes, "thresholds", "pass", (json_int_t)k->threshold.pass,
	    "marginal", (json_int_t)k->threshold.marginal);
	return kayenta_query("POST",
	    arena_printf(a,
		"%s/canary/%s?application=%s&metricsAccountName=%s&configurationAccountName=%s&storageAccountName=%s",
		k->address ?: "", str_url_escape(a, config), http_query_escape(a, k->application ?: ""),
		http_query_escape(a, k->metrics_account_name ?: ""),
		http_query_escape(a, k->configuration_account_name ?: ""),
		http_query_escape(a, k->storage_account_name ?: "")),
	    json_text(a, body), a, ret);
}

/* The judgment has been started: the measurement continues with its id. */
static enum measured
kayenta_started(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *id;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "kayenta");
	else if (got->status != 200)
		ret->err = err_new(a, ERR_AGAIN, "Invalid Response");
	else if ((ret->err = http_json(a, got->body, &doc)) == NULL) {
		id = json_object_get(doc, KAYENTA_ID);
		if (id == NULL || json_is_null(id) || (json_is_string(id) && json_string_length(id) == 0))
			ret->err = err_new(a, ERR_AGAIN, "Invalid " KAYENTA_ID);
	}
	if (ret->err != NULL)
		return MEASURED_ERROR;
	ret->metadata.at = arena_new_array(a, struct string_pair, 1);
	ret->metadata.at[0].key = KAYENTA_ID;
	ret->metadata.at[0].value = json_is_string(id) ? arena_strdup(a, json_string_value(id)) : json_text_go(a, id);
	ret->metadata.n = 1;
	ret->wait_ms = KAYENTA_RESUME_MS;
	return MEASURED_RUNNING;
}

static enum measured
kayenta_judge(const struct kayenta_metric *k, const json_t *doc, struct arena *a, struct step_result *ret)
{
	const json_t *complete = json_object_get(doc, "complete");
	const json_t *score = json_at(doc, "/result/judgeResult/score/score");
	int64_t n;

	if (complete == NULL)
		ret->err = err_new(a, ERR_AGAIN, "Missing Complete Status");
	else if (!json_is_boolean(complete))
		ret->err = err_new(a, ERR_AGAIN, ".complete accessor error: %s is of the type %s, expected bool",
		    json_is_string(complete) ? json_string_value(complete) : json_text_go(a, complete),
		    http_json_kind(complete));
	else if (json_is_false(complete)) {
		ret->wait_ms = KAYENTA_RESUME_MS;
		return MEASURED_RUNNING;
	} else if (score == NULL) {
		ret->err = err_new(a, ERR_AGAIN, "Missing Score");
	} else if (!json_is_number(score)) {
		ret->err = err_new(a, ERR_AGAIN,
		    ".result.judgeResult.score.score accessor error: %s is of the type %s, expected float64",
		    json_is_string(score) ? json_string_value(score) : json_text_go(a, score), http_json_kind(score));
	}
	if (ret->err != NULL)
		return MEASURED_ERROR;
	n = int_of_double(json_number_value(score));
	ret->value = value_int(n);
	ret->text = arena_printf(a, "%" PRId64, n);
	ret->phase = n >= k->threshold.pass	  ? RUN_SUCCESSFUL
		     : n >= k->threshold.marginal ? RUN_INCONCLUSIVE
						  : RUN_FAILED;
	return MEASURED_VALUE;
}

static enum measured
kayenta_resume(const struct kayenta_metric *k, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const struct response *got = in->n > 0 ? in->responses[0] : NULL;

	ret->metadata = *in->metadata;
	if (got == NULL)
		return kayenta_query("GET",
		    arena_printf(a, "%s/canary/%s", k->address ?: "",
			str_url_escape(a, provider_secret_value(in->metadata, KAYENTA_ID) ?: "")),
		    NULL, a, ret);
	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "kayenta");
	else if (got->status != 200)
		ret->err = err_new(a, ERR_AGAIN, "Invalid Response");
	else
		ret->err = http_json(a, got->body, &doc);
	return ret->err != NULL ? MEASURED_ERROR : kayenta_judge(k, doc, a, ret);
}

static enum measured
kayenta_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct kayenta_metric *k = m->provider.kayenta;
	const char *config;

	if ((ret->err = kayenta_check_names(a, k)) != NULL)
		return MEASURED_ERROR;
	if (in->metadata != NULL && in->metadata->n > 0)
		return kayenta_resume(k, in, a, ret);
	if (in->n == 0)
		return kayenta_query_configs(k, a, ret);
	if ((ret->err = kayenta_find_config(k, in->responses[0], a, &config)) != NULL)
		return MEASURED_ERROR;
	return in->n == 1 ? kayenta_start(m, in, config, a, ret) : kayenta_started(in->responses[1], a, ret);
}
