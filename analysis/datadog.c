/* analysis/datadog.c: a measurement from Datadog.
 *
 * apiVersion v1 is GET /api/v1/query: the value is the last point of the first series. v2 is POST
 * /api/v2/query/scalar: the first value, or with groups (`by {tag}`) all values, whose names are in the metadata. No
 * point, or only null, is no sample. Configuration, credentials, requests and errors are those of Argo Rollouts
 * (tests/data/providers/datadog.jsonl).
 */
#include <inttypes.h>
#include <string.h>
#include "analysis/provider_secret.h"
#include "analysis/http.h"
#include "analysis/run_pass.h"
#include "base/float.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define DATADOG_ADDRESS "https://api.datadoghq.com"
#define DATADOG_TIMEOUT_MS 10000
#define DATADOG_GROUPS_SHOWN 100
#define DATADOG_TEXT_MAX (1u << 20) /* bytes */

static bool datadog_used(const struct metric *);
static struct err *datadog_check(struct arena *, const struct metric *);
static enum measured datadog_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

static const char *const datadog_variables[] = { "DD_ADDRESS", "DD_API_KEY", "DD_APP_KEY", NULL };

const struct provider datadog_provider = {
	.name = "datadog",
	.metric_name = "Datadog",
	.variables = datadog_variables,
	.used = datadog_used,
	.check = datadog_check,
	.measure = measure_by_query,
	.step = datadog_step,
};

struct datadog_credentials {
	const char *address, *api_key, *app_key;
};

static bool
datadog_used(const struct metric *m)
{
	return m->provider.datadog != NULL;
}

/* Returns what Argo Rollouts reports about the queries before it measures, or NULL. */
static const char *
datadog_queries_problem(const struct datadog_metric *d)
{
	if (str_empty(d->query) && d->queries.n == 0)
		return "Must have either a query or queries. Please review the Analysis Template.";
	if (!str_empty(d->query) && d->queries.n > 0)
		return "Cannot have both a query and queries. Please review the Analysis Template.";
	if (str_eq(d->api_version, "v1") && str_empty(d->query))
		return "Query is empty. API Version v1 only supports using the query parameter in your Analysis "
		       "Template.";
	if (!str_empty(d->formula) && d->queries.n == 0)
		return "Formula are only valid when queries are set. Please review the Analysis Template.";
	if (d->queries.n > 1 && str_empty(d->formula))
		return "When multiple queries are provided you must include a formula.";
	if (str_eq(d->api_version, "v1") && !str_empty(d->aggregator))
		return "Aggregator is not supported in v1. Please review the Analysis Template.";
	return NULL;
}

static const char *
datadog_timeout_problem(struct arena *a, const struct datadog_metric *d)
{
	int64_t timeout = 1;
	struct err *e;

	if (!str_empty(d->request_timeout) && (e = http_duration(a, d->request_timeout, &timeout)) != NULL)
		return arena_printf(
		    a, "Could not parse the request timeout: %s. Please review the Analysis Template.", err_text(a, e));
	if (timeout <= 0)
		return "Request timeout must be a positive duration (e.g. 30s). Please review the Analysis Template.";
	return NULL;
}

static struct err *
datadog_interval(struct arena *a, const struct datadog_metric *d, int64_t *ret_ms)
{
	return http_duration(a, d->interval != NULL ? d->interval : "5m", ret_ms);
}

static struct err *
datadog_check(struct arena *a, const struct metric *m)
{
	const struct datadog_metric *d = m->provider.datadog;
	const char *problem = datadog_queries_problem(d) ?: datadog_timeout_problem(a, d);
	struct err *e;
	int64_t ms;

	if (problem == NULL && d->secret_ref != NULL && d->secret_ref->namespaced && str_empty(d->secret_ref->name))
		problem = "secretRef: secret name is required for namespaced credentials";
	if (problem != NULL)
		return err_wrap(a, err_new(a, ERR_INVALID, "%s", problem), "provider.datadog");
	if ((e = datadog_interval(a, d, &ms)) != NULL)
		return err_wrap(a, e, "provider.datadog: interval");
	return NULL;
}

/* Sets the credentials, and the number of responses that they took; or the query of the Secret that has them. */
static enum measured
datadog_credentials(const struct datadog_metric *d, const struct query_input *in, struct arena *a,
    struct datadog_credentials *ret, size_t *ret_before, struct step_result *result)
{
	const struct metric_secret_ref *ref = d->secret_ref;
	const char *name = ref != NULL && !str_empty(ref->name) ? ref->name : NULL;
	const char *ns = ref != NULL && ref->namespaced ? in->namespace : provider_namespace(in);
	struct string_map secret;
	struct err *e;

	*ret_before = 0;
	*ret = (struct datadog_credentials){ .address = provider_variable(in, "DD_ADDRESS"),
		.api_key = provider_variable(in, "DD_API_KEY"),
		.app_key = provider_variable(in, "DD_APP_KEY") };
	if (ref != NULL && ref->namespaced && name == NULL) {
		result->err = err_new(a, ERR_INVALID, "secret name is required for namespaced credentials");
		return MEASURED_ERROR;
	}
	if (name == NULL && ret->address != NULL && ret->api_key != NULL && ret->app_key != NULL)
		return MEASURED_VALUE;
	*ret_before = 1;
	name = name != NULL ? name : "datadog";
	if (in->n == 0) {
		provider_secret_query(a, ns, name, &result->query);
		return MEASURED_QUERY;
	}
	if ((e = provider_secret_read(a, ns, name, in->responses[0], &secret)) == NULL)
		*ret = (struct datadog_credentials){ provider_secret_value(&secret, "address") ?: DATADOG_ADDRESS,
			provider_secret_value(&secret, "api-key"), provider_secret_value(&secret, "app-key") };
	if (e == NULL && ret->api_key != NULL && ret->app_key != NULL)
		return MEASURED_VALUE;
	result->err = err_new(a, ERR_GONE, "failed to find the credentials for datadog metrics provider");
	if (e != NULL && e->class != ERR_GONE)
		result->err = err_wrap(a, e, "%s", result->err->text);
	return MEASURED_ERROR;
}

static int
datadog_by_name(const void *a, const void *b)
{
	return strcmp(((const struct string_pair *)a)->key, ((const struct string_pair *)b)->key);
}

static const char *
datadog_body(const struct datadog_metric *d, struct arena *a, int64_t from, int64_t to)
{
	_cleanup_(json_decrefp) json_t *body = NULL;
	json_t *queries = json_array(), *formulas = json_array();
	struct string_pair single = { "query", d->query }, *list = &single;
	size_t n = d->queries.n > 0 ? d->queries.n : 1;

	if (d->queries.n > 0) {
		list = arena_new_array(a, struct string_pair, n);
		memcpy(list, d->queries.at, n * sizeof(*list));
		qsort(list, n, sizeof(*list), datadog_by_name);
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(queries,
		    json_pack("{s:s,s:s,s:s,s:s}", "aggregator", str_empty(d->aggregator) ? "last" : d->aggregator,
			"data_source", "metrics", "name", list[i].key, "query", list[i].value ?: ""));
	if (!str_empty(d->formula))
		json_array_append_new(formulas, json_pack("{s:s}", "formula", d->formula));
	body = json_pack("{s:{s:{s:I,s:I,s:o,s:o},s:s}}", "data", "attributes", "from", (json_int_t)from, "to",
	    (json_int_t)to, "queries", queries, "formulas", formulas, "type", "scalar_request");
	return json_text(a, body);
}

static enum measured
datadog_query(const struct datadog_metric *d, const struct query_input *in, const struct datadog_credentials *by,
    struct arena *a, struct step_result *ret)
{
	/* Without an apiVersion, which the CRD fills in, Argo Rollouts sends the body of v2 to the path of v1. */
	bool v1 = str_eq(d->api_version, "v1"), v2 = str_eq(d->api_version, "v2");
	struct request *r = &ret->query.request;
	struct header *headers = arena_new_array(a, struct header, 3);
	int64_t interval, timeout = DATADOG_TIMEOUT_MS;

	if ((ret->err = datadog_interval(a, d, &interval)) != NULL)
		return MEASURED_ERROR;
	if (!str_empty(d->request_timeout))
		duration_parse(d->request_timeout, &timeout);
	r->method = v1 ? "GET" : "POST";
	r->url = arena_printf(a, "%s%s", by->address, v2 ? "/api/v2/query/scalar" : "/api/v1/query");
	if (v1)
		r->url = arena_printf(a, "%s?from=%" PRId64 "&query=%s&to=%" PRId64, r->url,
		    time_add(in->now, -interval) / 1000, http_query_escape(a, d->query), in->now / 1000);
	else
		r->body = datadog_body(d, a, time_add(in->now, -interval), in->now);
	http_confine(&ret->query, timeout);
	http_add_header(&ret->query, headers, "Content-Type", "application/json");
	http_add_header(&ret->query, headers, "DD-API-KEY", by->api_key);
	http_add_header(&ret->query, headers, "DD-APPLICATION-KEY", by->app_key);
	return MEASURED_QUERY;
}

/* Returns the value of a member that is of the type, absent or null (NULL); otherwise sets *ret_wrong. */
static const json_t *
datadog_member(const json_t *of, const char *key, json_type type, bool *ret_wrong)
{
	const json_t *v = json_object_get(of, key);

	if (v == NULL || json_is_null(v))
		return NULL;
	*ret_wrong |= json_typeof(v) != type;
	return json_typeof(v) == type ? v : NULL;
}

static enum measured
datadog_nothing(struct arena *a, const json_t *shown, struct step_result *ret)
{
	ret->value = (struct value){ .kind = VALUE_NIL };
	ret->text = json_text_go(a, shown);
	return MEASURED_NOTHING;
}

/* Returns the series as Argo Rollouts shows them: with their points only. A new reference; NULL: the response is not as
 * documented. */
static json_t *
datadog_series(const json_t *doc)
{
	bool wrong = !json_is_object(doc) && !json_is_null(doc);
	const json_t *series = datadog_member(doc, "series", JSON_ARRAY, &wrong), *one, *point, *number;
	json_t *list = series != NULL ? json_array() : json_null();
	size_t i, k, n;

	json_array_foreach (series, i, one) {
		const json_t *points = datadog_member(one, "pointlist", JSON_ARRAY, &wrong);

		wrong |= !json_is_object(one);
		json_array_foreach (points, k, point) {
			wrong |= !json_is_array(point) && !json_is_null(point);
			json_array_foreach (point, n, number)
				wrong |= !json_is_number(number) && !json_is_null(number);
		}
		json_array_append_new(
		    list, json_pack("{s:o}", "pointlist", points != NULL ? json_deep_copy(points) : json_null()));
	}
	if (!wrong)
		return list;
	json_decref(list);
	return NULL;
}

static enum measured
datadog_read_v1(const json_t *doc, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *series = datadog_series(doc);
	const json_t *points = json_object_get(json_array_get(series, 0), "pointlist"), *last;

	if (series == NULL) {
		ret->err = err_new(a, ERR_AGAIN, "Could not parse JSON body: not a list of series with points");
		return MEASURED_ERROR;
	}
	if (json_array_size(points) == 0)
		return datadog_nothing(a, series, ret);
	last = json_array_get(points, json_array_size(points) - 1);
	if (json_array_size(last) != 2) {
		ret->err = err_new(a, ERR_AGAIN, "Datapoint does not have 2 values");
		return MEASURED_ERROR;
	}
	/* A value of null is 0, as in Argo Rollouts. */
	ret->value = value_float(json_number_value(json_array_get(last, 1)));
	ret->text = float_plain(a, ret->value.f);
	return MEASURED_VALUE;
}

struct datadog_group {
	const char *name;
	double value;
};

static int
datadog_by_value(const void *a, const void *b)
{
	double x = ((const struct datadog_group *)a)->value, y = ((const struct datadog_group *)b)->value;

	return x < y ? -1 : x > y;
}

/* Sets *ret to the name of the i-th group: its tags. Returns false if one is missing. */
static bool
datadog_label(const json_t *columns, size_t i, struct arena *a, const char **ret)
{
	const char *name = "";
	const json_t *column, *tag;
	size_t c, k;

	json_array_foreach (columns, c, column) {
		const json_t *tags = json_array_get(json_object_get(column, "values"), i);

		if (!str_eq(json_str(column, "type"), "group"))
			continue;
		if (json_array_size(tags) == 0)
			return false;
		json_array_foreach (tags, k, tag) {
			if (!json_is_string(tag))
				return false;
			name = arena_printf(a, "%s%s%s", name, name[0] != '\0' ? "," : "", json_string_value(tag));
		}
	}
	*ret = name;
	return true;
}

/* Adds the groups to the metadata: all, or the lowest and the highest. */
static void
datadog_show_groups(struct arena *a, struct datadog_group *groups, size_t n, struct step_result *ret)
{
	struct string_pair *pairs = arena_new_array(a, struct string_pair, 2);
	struct str text;

	str_init(&text, DATADOG_TEXT_MAX);
	str_addc(&text, '[');
	if (n > DATADOG_GROUPS_SHOWN)
		qsort(groups, n, sizeof(*groups), datadog_by_value);
	for (size_t i = 0; i < n; i++) {
		if (n > DATADOG_GROUPS_SHOWN && i == DATADOG_GROUPS_SHOWN / 2)
			i = n - DATADOG_GROUPS_SHOWN / 2;
		str_adds(&text, i > 0 ? ",{\"name\":" : "{\"name\":");
		json_add_quoted_go(&text, groups[i].name, strlen(groups[i].name));
		str_adds(&text, ",\"value\":");
		json_add_real(&text, groups[i].value);
		str_addc(&text, '}');
	}
	str_addc(&text, ']');
	pairs[0] = (struct string_pair){ "groups", arena_strdup(a, str_text(&text)) };
	pairs[1] = (struct string_pair){ "groups_truncated", "true" };
	ret->metadata = (struct string_map){ pairs, n > DATADOG_GROUPS_SHOWN ? 2 : 1 };
	str_done(&text);
}

static const char *
datadog_list(struct arena *a, const double *x, size_t n)
{
	const char *text;
	struct str list;

	str_init(&list, DATADOG_TEXT_MAX);
	str_addc(&list, '[');
	for (size_t i = 0; i < n && !list.overflow; i++)
		str_addf(&list, "%s%s", i > 0 ? "," : "", float_plain(a, x[i]));
	str_addc(&list, ']');
	text = arena_strdup(a, str_text(&list));
	str_done(&list);
	return text;
}

/* Reads the values of the column with numbers; null is left out. */
static enum measured
datadog_read_values(
    const json_t *columns, const json_t *numbers, bool grouped, struct arena *a, struct step_result *ret)
{
	const json_t *values = json_object_get(numbers, "values"), *v;
	struct datadog_group *groups = arena_new_array(a, struct datadog_group, json_array_size(values));
	double *x = arena_new_array(a, double, json_array_size(values));
	_cleanup_(json_decrefp) json_t *empty = json_array();
	size_t i, n = 0;

	json_array_foreach (values, i, v) {
		if (json_is_null(v))
			continue;
		if (!json_is_number(v)) {
			ret->err = err_new(a, ERR_AGAIN,
			    "could not parse numeric value %s in column \"%s\": json: cannot unmarshal %s into Go "
			    "value of type float64",
			    json_quote_go(a, json_text(a, v), strlen(json_text(a, v))), json_str(numbers, "name") ?: "",
			    http_json_kind(v));
			return MEASURED_ERROR;
		}
		if (grouped && !datadog_label(columns, i, a, &groups[n].name)) {
			ret->err = err_new(a, ERR_AGAIN, "could not parse group label at index %zu", i);
			return MEASURED_ERROR;
		}
		x[n] = groups[n].value = json_number_value(v);
		n++;
	}
	if (n == 0)
		return datadog_nothing(a, empty, ret);
	ret->value = grouped ? value_from_floats(a, x, n) : value_float(x[0]);
	ret->text = grouped ? datadog_list(a, x, n) : float_plain(a, x[0]);
	if (grouped)
		datadog_show_groups(a, groups, n, ret);
	return MEASURED_VALUE;
}

static enum measured
datadog_read_v2(const json_t *doc, struct arena *a, struct step_result *ret)
{
	bool wrong = !json_is_object(doc) && !json_is_null(doc), grouped = false;
	const json_t *data = datadog_member(doc, "data", JSON_OBJECT, &wrong);
	const json_t *attributes = datadog_member(data, "attributes", JSON_OBJECT, &wrong);
	const json_t *columns = datadog_member(attributes, "columns", JSON_ARRAY, &wrong);
	const json_t *errors = datadog_member(data, "errors", JSON_STRING, &wrong), *column, *numbers = NULL;
	size_t i;

	json_array_foreach (columns, i, column) {
		const json_t *type = datadog_member(column, "type", JSON_STRING, &wrong);
		const char *name = type != NULL ? json_string_value(type) : "";

		wrong |= !json_is_object(column);
		datadog_member(column, "values", JSON_ARRAY, &wrong);
		grouped |= str_eq(name, "group");
		if (numbers == NULL && (str_eq(name, "number") || name[0] == '\0'))
			numbers = column;
	}
	if (wrong) {
		ret->err = err_new(a, ERR_AGAIN, "Could not parse JSON body: not a list of columns with values");
		return MEASURED_ERROR;
	}
	if (errors != NULL && json_string_length(errors) > 0) {
		ret->err = err_new(a, ERR_INVALID, "There were errors in your query: %s", json_string_value(errors));
		return MEASURED_ERROR;
	}
	return datadog_read_values(columns, numbers, grouped, a, ret);
}

static enum measured
datadog_read(const struct datadog_metric *d, const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "datadog");
	else if (got->status == 401 || got->status == 403)
		ret->err = err_new(a, ERR_AGAIN, "received authentication error response code: %d %s", got->status,
		    http_shown(a, got->body));
	else if (got->status != 200)
		ret->err = err_new(
		    a, ERR_AGAIN, "received non 2xx response code: %d %s", got->status, http_shown(a, got->body));
	else if ((ret->err = http_json(a, got->body, &doc)) != NULL)
		ret->err = err_wrap(a, ret->err, "Could not parse JSON body");
	if (ret->err != NULL)
		return MEASURED_ERROR;
	return str_eq(d->api_version, "v1") ? datadog_read_v1(doc, a, ret) : datadog_read_v2(doc, a, ret);
}

static enum measured
datadog_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct datadog_metric *d = m->provider.datadog;
	const char *problem = datadog_queries_problem(d);
	enum measured how = MEASURED_VALUE;
	struct datadog_credentials by = { 0 };
	size_t before = 0;

	if (problem == NULL)
		how = datadog_credentials(d, in, a, &by, &before, ret);
	if (problem == NULL && how == MEASURED_VALUE)
		problem = datadog_timeout_problem(a, d);
	if (problem != NULL) {
		ret->err = err_new(a, ERR_INVALID, "%s", problem);
		how = MEASURED_ERROR;
	}
	if (how != MEASURED_VALUE) {
		ret->unusable = how == MEASURED_ERROR;
		return how;
	}
	ret->hidden[0] = by.api_key;
	ret->hidden[1] = by.app_key;
	if (!http_is_address(by.address)) {
		ret->err = err_new(a, ERR_INVALID, "datadog: the address starts with neither http:// nor https://");
		return MEASURED_ERROR;
	}
	if (in->n == before)
		return datadog_query(d, in, &by, a, ret);
	return datadog_read(d, in->responses[before], a, ret);
}
