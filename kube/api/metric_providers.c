/* kube/api/metric_providers.c: rows of the metric providers that are services of other vendors. */
#include "kube/api/metric_providers.h"

static const struct field metric_secret_ref_fields[] = {
	STRING(metric_secret_ref, name, "name", .doc = "Name of the Secret. Required with namespaced."),
	BOOL(metric_secret_ref, namespaced, "namespaced",
	    .doc = "True: the Secret is in the namespace of the AnalysisRun; false: in that of the controller.",
	    .default_text = "false"),
};
static TYPE_AS(metric_secret_ref_type, metric_secret_ref, "secretRef", .strict = true);

static const struct field datadog_metric_fields[] = {
	STRING(datadog_metric, interval, "interval", .filled = "5m",
	    .doc = "Go duration: the query is about the time from this long ago until now.", .default_text = "5m"),
	STRING(datadog_metric, query, "query",
	    .doc = "Query of metrics. Either query or queries; with apiVersion v1 only query."),
	STRING_MAP(datadog_metric, queries, "queries",
	    .doc = "Queries by name, for apiVersion v2. More than one requires formula."),
	STRING(
	    datadog_metric, formula, "formula", .doc = "Formula over the names of queries: a / b. Only with queries."),
	STRING(datadog_metric, api_version, "apiVersion", .choices = "v1|v2", .filled = "v1",
	    .doc = "Version of Datadog's API. v1: result is the last point of the first series; nil without one. v2: "
		   "the first value, or with groups (by {tag}) a list of all values.",
	    .default_text = "v1"),
	STRING(datadog_metric, aggregator, "aggregator", .choices = "avg|min|max|sum|last|percentile|mean|l2norm|area",
	    .doc = "How the values of the interval become one. Only with apiVersion v2.", .default_text = "last"),
	OBJECT(datadog_metric, secret_ref, "secretRef", metric_secret_ref,
	    .doc = "Secret with the keys api-key, app-key and address (https://api.datadoghq.com without one). Unset: "
		   "DD_API_KEY, DD_APP_KEY and DD_ADDRESS of the controller's environment if it has all three, or "
		   "else the Secret datadog in the controller's namespace."),
	STRING(datadog_metric, request_timeout, "requestTimeout",
	    .doc = "Go duration above 0 to wait for the response. Later the measurement is an error.",
	    .default_text = "10s"),
};
TYPE(datadog_metric, "datadog metric", .strict = true);
