/* kube/api/analysis.c: the rows of analysis templates and runs. */
#include "kube/api/analysis.h"
#include <string.h>

static const struct field metric_header_fields[] = {
	STRING(metric_header, key, "key", .required = true),
	STRING(metric_header, value, "value", .required = true),
};
TYPE(metric_header, "header", .strict = true);

static const struct field basic_auth_fields[] = {
	STRING(basic_auth, username, "username"),
	STRING(basic_auth, password, "password"),
};
TYPE(basic_auth, "basicAuth", .strict = true);

static const struct field oauth2_fields[] = {
	STRING(oauth2, token_url, "tokenUrl"),
	STRING(oauth2, client_id, "clientId"),
	STRING(oauth2, client_secret, "clientSecret"),
	STRINGS(oauth2, scopes, "scopes"),
};
TYPE(oauth2, "oauth2", .strict = true);

/* Argo Rollouts writes all three, empty, into every run: an empty one means none. */
static const struct field metric_authentication_fields[] = {
	OBJECT(metric_authentication, basic_auth, "basicAuth", basic_auth),
	OBJECT(metric_authentication, oauth2, "oauth2", oauth2),
	JSON(metric_authentication, sigv4, "sigv4"),
};
TYPE(metric_authentication, "authentication", .strict = true);

static const struct field range_query_fields[] = {
	STRING(range_query, start, "start", .required = true,
	    .doc = "a condition that answers a time: now() - duration(\"5m\")"),
	STRING(range_query, end, "end", .required = true, .doc = "a condition that answers a time: now()"),
	STRING(range_query, step, "step", .required = true, .doc = "resolution, a Go duration"),
};
TYPE(range_query, "range query", .strict = true);

static const struct field prometheus_metric_fields[] = {
	STRING(prometheus_metric, address, "address"),
	STRING(prometheus_metric, query, "query", .required = true),
	OBJECT(prometheus_metric, range_query, "rangeQuery", range_query),
	OPT_INT(prometheus_metric, timeout, "timeout", .min = 1, .max = 3600, .doc = "seconds; 30 when absent"),
	BOOL(prometheus_metric, insecure, "insecure"),
	STRING(prometheus_metric, ca_cert, "caCert"),
	LIST(prometheus_metric, headers, "headers", metric_header),
	OBJECT(prometheus_metric, authentication, "authentication", metric_authentication),
};
TYPE(prometheus_metric, "prometheus metric", .strict = true);

static const struct field metric_provider_fields[] = {
	OBJECT(metric_provider, prometheus, "prometheus", prometheus_metric),
	NOT_BUILT("job"),
	NOT_BUILT("web"),
	NOT_BUILT("datadog"),
	NOT_BUILT("newRelic"),
	NOT_BUILT("wavefront"),
	NOT_BUILT("cloudWatch"),
	NOT_BUILT("graphite"),
	NOT_BUILT("influxdb"),
	NOT_BUILT("kayenta"),
	NOT_BUILT("skywalking"),
	NOT_BUILT("plugin"),
};
TYPE(metric_provider, "metric provider", .strict = true);

static const struct field metric_fields[] = {
	STRING(metric, name, "name", .required = true),
	DURATION(metric, interval, "interval"),
	DURATION(metric, initial_delay, "initialDelay"),
	INT_OR_STRING(metric, count, "count"),
	STRING(metric, success_condition, "successCondition"),
	STRING(metric, failure_condition, "failureCondition"),
	INT_OR_STRING(metric, failure_limit, "failureLimit"),
	INT_OR_STRING(metric, inconclusive_limit, "inconclusiveLimit"),
	INT_OR_STRING(metric, consecutive_error_limit, "consecutiveErrorLimit"),
	INT_OR_STRING(metric, consecutive_success_limit, "consecutiveSuccessLimit"),
	EMBED(metric, provider, "provider", metric_provider, .required = true),
};
TYPE(metric, "metric", .strict = true);

static const struct field ttl_strategy_fields[] = {
	OPT_INT(ttl_strategy, after_completion, "secondsAfterCompletion", .min = 0, .max = INT32_MAX),
	OPT_INT(ttl_strategy, after_success, "secondsAfterSuccess", .min = 0, .max = INT32_MAX),
	OPT_INT(ttl_strategy, after_failure, "secondsAfterFailure", .min = 0, .max = INT32_MAX),
};
TYPE(ttl_strategy, "ttlStrategy", .strict = true);

static const struct field analysis_spec_fields[] = {
	JSON(analysis_spec, metrics, "metrics"),
	LIST(analysis_spec, args, "args", argument),
	LIST(analysis_spec, dry_run, "dryRun", dry_run),
	LIST(analysis_spec, retention, "measurementRetention", measurement_retention),
	LIST(analysis_spec, templates, "templates", template_ref),
	BOOL(analysis_spec, terminate, "terminate"),
	OBJECT(analysis_spec, ttl, "ttlStrategy", ttl_strategy),
};
TYPE(analysis_spec, "analysis spec", .strict = true);

static const struct field measurement_fields[] = {
	STRING(measurement, phase, "phase", .always = true),
	STRING(measurement, message, "message"),
	TIME(measurement, started_at, "startedAt"),
	TIME(measurement, finished_at, "finishedAt"),
	STRING(measurement, value, "value"),
};
TYPE(measurement, "measurement");

static const struct field metric_result_fields[] = {
	STRING(metric_result, name, "name", .always = true),
	STRING(metric_result, phase, "phase", .always = true),
	LIST(metric_result, measurements, "measurements", measurement),
	STRING(metric_result, message, "message"),
	INT(metric_result, count, "count"),
	INT(metric_result, successful, "successful"),
	INT(metric_result, failed, "failed"),
	INT(metric_result, inconclusive, "inconclusive"),
	INT(metric_result, error, "error"),
	INT(metric_result, consecutive_error, "consecutiveError"),
	BOOL(metric_result, dry_run, "dryRun"),
	INT(metric_result, consecutive_success, "consecutiveSuccess"),
	STRING_MAP(metric_result, metadata, "metadata"),
};
TYPE(metric_result, "metric's result");

static const struct field run_summary_fields[] = {
	INT(run_summary, count, "count"),
	INT(run_summary, successful, "successful"),
	INT(run_summary, failed, "failed"),
	INT(run_summary, inconclusive, "inconclusive"),
	INT(run_summary, error, "error"),
};
TYPE(run_summary, "run summary");

static const struct field analysis_status_fields[] = {
	STRING(analysis_status, phase, "phase", .always = true),
	STRING(analysis_status, message, "message"),
	LIST(analysis_status, metric_results, "metricResults", metric_result),
	TIME(analysis_status, started_at, "startedAt"),
	TIME(analysis_status, completed_at, "completedAt"),
	EMBED(analysis_status, run_summary, "runSummary", run_summary, .always = true),
	OBJECT(analysis_status, dry_run_summary, "dryRunSummary", run_summary),
};
TYPE(analysis_status, "analysis run's status");

static const struct field analysis_run_fields[] = {
	EMBED(analysis_run, spec, "spec", analysis_spec, .required = true),
	EMBED(analysis_run, status, "status", analysis_status),
};
TYPE(analysis_run, "AnalysisRun", .group = "argoproj.io", .version = "v1alpha1", .plural = "analysisruns",
    .kind = "AnalysisRun");

static const struct field analysis_template_fields[] = {
	EMBED(analysis_template, spec, "spec", analysis_spec, .required = true),
};
TYPE(analysis_template, "AnalysisTemplate", .group = "argoproj.io", .version = "v1alpha1",
    .plural = "analysistemplates", .kind = "AnalysisTemplate");

const struct type cluster_analysis_template_type = { .name = "ClusterAnalysisTemplate",
	.size = sizeof(struct analysis_template),
	.fields = analysis_template_fields,
	.n_fields = ARRAY_SIZE(analysis_template_fields),
	.group = "argoproj.io",
	.version = "v1alpha1",
	.plural = "clusteranalysistemplates",
	.kind = "ClusterAnalysisTemplate",
	.cluster_scoped = true };

size_t
metrics_decode(struct arena *a, const char *json, const char *path, struct problems *p, struct metric **ret)
{
	_cleanup_(json_decrefp) json_t *list = json != NULL ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
	size_t n = json_array_size(list);
	json_t *v;
	size_t i;

	if (list != NULL && !json_is_array(list))
		problem_add(p, path, "not a list of metrics");
	*ret = arena_new_array(a, struct metric, n);
	json_array_foreach (list, i, v)
		decode(&metric_type, v, arena_printf(a, "%s[%zu]", path, i), p, &(*ret)[i]);
	return n;
}
