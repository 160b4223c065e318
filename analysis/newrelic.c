/* analysis/newrelic.c: a measurement from New Relic: a query in NRQL over its GraphQL API (NerdGraph).
 *
 * One row is a map of its columns (result.count), several rows, as with FACET, are a list of maps. The key and the
 * account are in a Secret of the controller's namespace. A limit of requests and a failure of the server are tried
 * again as by New Relic's client.
 */
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"

#define NEWRELIC_TIMEOUT_MS 30000
#define NEWRELIC_NRQL_TIMEOUT_S 5
#define NEWRELIC_TRIES_MAX 4
#define NEWRELIC_CLIENT "newrelic-client-go"

static bool newrelic_used(const struct metric *);
static struct err *newrelic_check(struct arena *, const struct metric *);
static enum measured newrelic_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);
static void newrelic_metadata(const struct metric *, const char **, const char **);

static const char *const newrelic_variables[] = { "NEW_RELIC_SERVICE_NAME", NULL };

const struct provider newrelic_provider = {
	.name = "newRelic",
	.metric_name = "NewRelic",
	.variables = newrelic_variables,
	.used = newrelic_used,
	.check = newrelic_check,
	.measure = measure_by_query,
	.step = newrelic_step,
	.metadata = newrelic_metadata,
};

static const char newrelic_graphql[] = "query (\n  $query: Nrql!, \n  $accountId: Int!,\n  $timeout: Seconds!\n)\n{\n"
				       "  actor {\n    account(id: $accountId) {\n"
				       "      nrql(query: $query, timeout: $timeout) {\n        results\n      }\n"
				       "    }\n  }\n}\n";

static bool
newrelic_used(const struct metric *m)
{
	return m->provider.newrelic != NULL;
}

static void
newrelic_metadata(const struct metric *m, const char **ret_key, const char **ret_value)
{
	*ret_key = "ResolvedNewRelicQuery";
	*ret_value = m->provider.newrelic->query;
}

static struct err *
newrelic_check(struct arena *a, const struct metric *m)
{
	const struct newrelic_metric *n = m->provider.newrelic;

	if (n->timeout.present && n->timeout.value < 0)
		return err_new(a, ERR_INVALID, "provider.newRelic.timeout: timeout value needs to be a positive value");
	return NULL;
}

static const char *
newrelic_address(const struct string_map *secret)
{
	static const char *const regions[][2] = {
		{ "us", "https://api.newrelic.com/graphql" },
		{ "eu", "https://api.eu.newrelic.com/graphql" },
		{ "jp", "https://api.jp.newrelic.com/graphql" },
		{ "gov", "https://gov-api.newrelic.com/graphql" },
		{ "staging", "https://staging-api.newrelic.com/graphql" },
	};
	const char *address = provider_secret_value(secret, "base-url-nerdgraph");
	const char *region = provider_secret_value(secret, "region");

	for (size_t i = 0; address == NULL && region != NULL && i < ARRAY_SIZE(regions); i++)
		if (strcasecmp(region, regions[i][0]) == 0)
			return regions[i][1];
	return address != NULL ? address : regions[0][1];
}

static enum measured
newrelic_query(const struct newrelic_metric *n, const struct query_input *in, const struct string_map *secret,
    long long account, struct arena *a, struct step_result *ret)
{
	const char *service = provider_variable(in, "NEW_RELIC_SERVICE_NAME");
	struct header *headers = arena_new_array(a, struct header, 4);
	_cleanup_(json_decrefp) json_t *body = json_pack("{s:s,s:{s:I,s:s,s:I}}", "query", newrelic_graphql,
	    "variables", "accountId", (json_int_t)account, "query", n->query, "timeout",
	    (json_int_t)(n->timeout.present ? n->timeout.value : NEWRELIC_NRQL_TIMEOUT_S));

	service = service != NULL ? arena_printf(a, "%s|" NEWRELIC_CLIENT, service) : NEWRELIC_CLIENT;
	ret->query.request.method = "POST";
	ret->query.request.url = newrelic_address(secret);
	ret->query.request.body = json_text(a, body);
	http_confine(&ret->query, NEWRELIC_TIMEOUT_MS);
	http_add_header(&ret->query, headers, "Content-Type", "application/json");
	http_add_header(&ret->query, headers, "Api-Key", provider_secret_value(secret, "personal-api-key"));
	http_add_header(&ret->query, headers, "NewRelic-Requesting-Services", service);
	http_add_header(&ret->query, headers, "X-Query-Source-Component-Id", service);
	return MEASURED_QUERY;
}

/* Returns the messages of the errors in a response, or NULL. */
static const char *
newrelic_errors(const json_t *doc, struct arena *a)
{
	const json_t *errors = json_object_get(doc, "errors"), *e;
	const char *text = NULL;
	size_t i;

	json_array_foreach (errors, i, e)
		text = arena_printf(
		    a, "%s%s%s", text != NULL ? text : "", text != NULL ? ", " : "", json_str(e, "message") ?: "");
	return text;
}

static struct err *
newrelic_refused(const struct response *got, struct arena *a)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (got->err != NULL)
		return err_wrap(a, got->err, "newRelic");
	if (got->status == 404)
		return err_new(a, ERR_AGAIN, "resource not found");
	if (got->status >= 200 && got->status <= 299)
		return NULL;
	if (json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		doc = NULL;
	return err_new(a, ERR_AGAIN, "%d response returned: %s", got->status,
	    json_str(json_array_get(json_object_get(doc, "errors"), 0), "message") ?: http_shown(a, got->body));
}

static enum measured
newrelic_read(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *results;
	const char *errors;

	if ((ret->err = newrelic_refused(got, a)) != NULL || (ret->err = http_json(a, got->body, &doc)) != NULL)
		return MEASURED_ERROR;
	results = json_at(doc, "/data/actor/account/nrql/results");
	if (!json_is_object(doc))
		ret->err =
		    err_new(a, ERR_AGAIN, "the response of New Relic is of type %s, not object", http_json_kind(doc));
	else if ((errors = newrelic_errors(doc, a)) != NULL)
		ret->err = err_new(a, ERR_INVALID, "%s", errors);
	else if (json_array_size(results) == 0 ||
		 (json_array_size(results) == 1 && json_object_size(json_array_get(results, 0)) == 0))
		ret->err = err_new(a, ERR_AGAIN, "no results returned from NRQL query");
	if (ret->err != NULL)
		return MEASURED_ERROR;
	if (json_array_size(results) == 1)
		results = json_array_get(results, 0);
	ret->value = value_from_json(a, results);
	ret->text = json_text_go(a, results);
	return MEASURED_VALUE;
}

static enum measured
newrelic_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct newrelic_metric *n = m->provider.newrelic;
	const char *ns = provider_namespace(in), *name = str_empty(n->profile) ? "newrelic" : n->profile;
	const struct response *last = in->n > 1 ? in->responses[in->n - 1] : NULL;
	struct string_map secret = { 0 };
	const char *key, *account;
	long long id = 0;

	if (in->n == 0) {
		provider_secret_query(a, ns, name, &ret->query);
		return MEASURED_QUERY;
	}
	ret->unusable = true;
	if ((ret->err = provider_secret_read(a, ns, name, in->responses[0], &secret)) != NULL)
		return MEASURED_ERROR;
	key = provider_secret_value(&secret, "personal-api-key");
	account = provider_secret_value(&secret, "account-id");
	ret->hidden[0] = key;
	if (key == NULL || account == NULL)
		ret->err = err_new(a, ERR_INVALID, "account ID or personal API key not found");
	else if (!str_int(account, INT32_MIN, INT32_MAX, &id))
		ret->err =
		    err_new(a, ERR_INVALID, "could not parse account ID: strconv.Atoi: parsing %s: invalid syntax",
			json_quote_go(a, account, strlen(account)));
	if (ret->err != NULL)
		return MEASURED_ERROR;
	ret->unusable = false;
	if (n->timeout.present && n->timeout.value < 0) {
		ret->err = err_new(a, ERR_INVALID, "timeout value needs to be a positive value");
		return MEASURED_ERROR;
	}
	if (last != NULL && last->err == NULL && (last->status == 429 || last->status >= 500)) {
		if (in->n - 1 == NEWRELIC_TRIES_MAX) {
			ret->err = err_new(a, ERR_AGAIN, "POST %s giving up after %d attempt(s): status %d",
			    newrelic_address(&secret), NEWRELIC_TRIES_MAX, last->status);
			return MEASURED_ERROR;
		}
		ret->wait_ms = 1000ll << (in->n - 2);
		last = NULL;
	}
	return last != NULL ? newrelic_read(last, a, ret) : newrelic_query(n, in, &secret, id, a, ret);
}
