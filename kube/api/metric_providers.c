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

static const struct field newrelic_metric_fields[] = {
	STRING(newrelic_metric, profile, "profile",
	    .doc = "Name of a Secret in the controller's namespace with the keys personal-api-key, account-id, and "
		   "optionally region (us, eu, jp, gov, staging) or base-url-nerdgraph.",
	    .default_text = "newrelic"),
	STRING(newrelic_metric, query, "query", .required = true,
	    .doc = "Query in NRQL. One row is a map of its columns: result.count; several rows, as with FACET, are a "
		   "list of maps. No row is an error."),
	OPT_INT(newrelic_metric, timeout, "timeout",
	    .doc = "Seconds that New Relic may take for the query. Not negative.", .default_text = "5"),
};
TYPE(newrelic_metric, "newRelic metric", .strict = true);

static const struct field graphite_metric_fields[] = {
	STRING(graphite_metric, address, "address", .doc = "URL of Graphite (http:// or https://). Required."),
	STRING(graphite_metric, query, "query",
	    .doc = "Parameters of the render API: target=…&from=-5min. White space is removed. result is the list of "
		   "values of the first target without null. No value is an error."),
};
TYPE(graphite_metric, "graphite metric", .strict = true);

static const struct field wavefront_metric_fields[] = {
	STRING(wavefront_metric, address, "address",
	    .doc = "Host of Wavefront, with a port if it is not 443: example.wavefront.com. Required. The Secret "
		   "wavefront-api-tokens in the controller's namespace has the token of each address."),
	STRING(wavefront_metric, query, "query",
	    .doc = "Query (ts). result is the value of the point nearest to now, and a list of them for several "
		   "series."),
};
TYPE(wavefront_metric, "wavefront metric", .strict = true);

static const struct field skywalking_metric_fields[] = {
	STRING(skywalking_metric, address, "address", .doc = "URL of SkyWalking (http:// or https://). Required."),
	STRING(skywalking_metric, query, "query",
	    .doc = "Query in GraphQL with the variable $duration: Duration!, in minutes and UTC. result is data of "
		   "the response."),
	STRING(skywalking_metric, interval, "interval", .filled = "5m",
	    .doc = "Go duration: the query is about the time from this long ago until now.", .default_text = "5m"),
};
TYPE(skywalking_metric, "skywalking metric", .strict = true);

static const struct field influxdb_metric_fields[] = {
	STRING(influxdb_metric, profile, "profile",
	    .doc = "Name of a Secret in the controller's namespace with the keys address, org and authToken.",
	    .default_text = "influxdb"),
	STRING(influxdb_metric, query, "query",
	    .doc = "Query in Flux. result is the list of _value of all records of all tables. No record is an error."),
};
TYPE(influxdb_metric, "influxdb metric", .strict = true);

static const struct field kayenta_threshold_fields[] = {
	INT(kayenta_threshold, pass, "pass", .required = true, .doc = "Least score of a Successful measurement."),
	INT(kayenta_threshold, marginal, "marginal", .required = true,
	    .doc = "Least score of an Inconclusive one. One below is Failed."),
};
static TYPE_AS(kayenta_threshold_type, kayenta_threshold, "threshold", .strict = true);

static const struct field kayenta_point_fields[] = {
	STRING(kayenta_point, scope, "scope", .doc = "Scope in the words of the metrics' source."),
	STRING(kayenta_point, region, "region", .doc = "Location of the scope."),
	INT(kayenta_point, step, "step", .doc = "Seconds between two values."),
	STRING(kayenta_point, start, "start",
	    .doc = "Start (RFC 3339). Unset: the metric's interval ago, or with lookback the start of the run."),
	STRING(kayenta_point, end, "end", .doc = "End (RFC 3339). Unset: the time of the measurement."),
};
static TYPE_AS(kayenta_point_type, kayenta_point, "scope", .strict = true);

static const struct field kayenta_scope_fields[] = {
	STRING(kayenta_scope, name, "name", .doc = "Name of the scope in the configuration."),
	EMBED(kayenta_scope, control, "controlScope", kayenta_point,
	    .doc = "The stable version. It has a start, or an end, if and only if experimentScope has one."),
	EMBED(kayenta_scope, experiment, "experimentScope", kayenta_point, .doc = "The new version."),
};
static TYPE_AS(kayenta_scope_type, kayenta_scope, "scope of a canary", .strict = true);

static const struct field kayenta_metric_fields[] = {
	STRING(kayenta_metric, address, "address", .doc = "URL of Kayenta (http:// or https://). Required."),
	STRING(kayenta_metric, application, "application", .doc = "Application in Kayenta."),
	STRING(kayenta_metric, canary_config_name, "canaryConfigName", .doc = "Name of the canary configuration."),
	STRING(kayenta_metric, metrics_account_name, "metricsAccountName", .doc = "Account for metrics."),
	STRING(kayenta_metric, configuration_account_name, "configurationAccountName",
	    .doc = "Account for configurations."),
	STRING(kayenta_metric, storage_account_name, "storageAccountName",
	    .doc = "Account for results. The configuration is searched in it too."),
	EMBED(kayenta_metric, threshold, "threshold", kayenta_threshold,
	    .doc = "Scores that decide. Conditions of the metric are not evaluated."),
	LIST(kayenta_metric, scopes, "scopes", kayenta_scope, .items_max = 100, .doc = "What is compared."),
	BOOL(kayenta_metric, lookback, "lookback",
	    .doc = "True: scopes without a start begin with the run; false: the metric's interval ago.",
	    .default_text = "false"),
};
TYPE(kayenta_metric, "kayenta metric", .strict = true);

static const struct field cloudwatch_dimension_fields[] = {
	STRING(cloudwatch_dimension, name, "name", .doc = "Name of the dimension."),
	STRING(cloudwatch_dimension, value, "value", .doc = "Value of the dimension."),
};
static TYPE_AS(cloudwatch_dimension_type, cloudwatch_dimension, "dimension", .strict = true);

static const struct field cloudwatch_name_fields[] = {
	STRING(cloudwatch_name, namespace, "namespace", .doc = "Namespace of the metric, such as AWS/ApplicationELB."),
	STRING(cloudwatch_name, metric_name, "metricName", .doc = "Name of the metric."),
	LIST(cloudwatch_name, dimensions, "dimensions", cloudwatch_dimension, .items_max = 30,
	    .doc = "Dimensions of the metric."),
};
static TYPE_AS(cloudwatch_name_type, cloudwatch_name, "metric", .strict = true);

static const struct field cloudwatch_stat_fields[] = {
	EMBED(cloudwatch_stat, metric, "metric", cloudwatch_name, .doc = "The metric."),
	INT_OR_STRING(cloudwatch_stat, period, "period", .doc = "Seconds of each value."),
	STRING(cloudwatch_stat, stat, "stat", .doc = "Statistic: Sum, Average, p99 and similar."),
	STRING(cloudwatch_stat, unit, "unit", .doc = "Unit of the metric. Unset: any."),
};
static TYPE_AS(cloudwatch_stat_type, cloudwatch_stat, "metricStat", .strict = true);

static const struct field cloudwatch_query_fields[] = {
	STRING(cloudwatch_query, id, "id", .doc = "Name of the query, for expressions and results."),
	STRING(cloudwatch_query, expression, "expression",
	    .doc = "Expression over other queries: errors / requests. Either expression or metricStat."),
	STRING(cloudwatch_query, label, "label", .doc = "Label of the result."),
	OBJECT(cloudwatch_query, metric_stat, "metricStat", cloudwatch_stat, .doc = "Metric and statistic."),
	INT_OR_STRING(cloudwatch_query, period, "period", .doc = "Seconds of each value of an expression."),
	OPT_BOOL(cloudwatch_query, return_data, "returnData",
	    .doc = "False: the query is only used in expressions, and has no result.", .default_text = "true"),
};
static TYPE_AS(cloudwatch_query_type, cloudwatch_query, "query", .strict = true);

static const struct field cloudwatch_metric_fields[] = {
	STRING(cloudwatch_metric, interval, "interval", .filled = "5m",
	    .doc = "Go duration: the queries are about the time from this long ago until now.", .default_text = "5m"),
	LIST(cloudwatch_metric, queries, "metricDataQueries", cloudwatch_query, .items_max = 500,
	    .doc = "Queries. result is the list of results with the fields Id, Label, Values (newest first), "
		   "Timestamps, StatusCode and Messages: result[0].Values[0]. Without data Values is empty."),
};
TYPE(cloudwatch_metric, "cloudWatch metric", .strict = true);

static const struct field hook_metric_fields[] = {
	STRING(hook_metric, name, "name", .required = true,
	    .doc = "Name under which the plugin is declared. One that is not declared is an error of the measurement."),
	JSON(hook_metric, config, "config", .doc = "Passed to the plugin with each call."),
};
TYPE(hook_metric, "hook", .strict = true);

static const struct field dynatrace_metric_fields[] = {
	STRING(dynatrace_metric, query, "query", .required = true,
	    .doc = "Metric selector. One series is a number, several are a list; none is an empty list."),
	STRING(dynatrace_metric, interval, "interval", .filled = "5m",
	    .doc = "Go duration: the query is about the time from this long ago until now.", .default_text = "5m"),
	OBJECT(dynatrace_metric, secret_ref, "secretRef", metric_secret_ref,
	    .doc = "Secret with the keys address and token. Unset: the Secret dynatrace in the controller's "
		   "namespace."),
};
TYPE(dynatrace_metric, "dynatrace metric", .strict = true);

static const struct field google_metric_fields[] = {
	STRING(google_metric, project, "project", .required = true, .doc = "ID of the project."),
	STRING(google_metric, query, "query", .required = true,
	    .doc =
		"Query in MQL. The value is the newest point; several series are a list of them, none an empty list."),
};
TYPE(google_metric, "Google Cloud Monitoring metric", .strict = true);
