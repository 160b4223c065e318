/* kube/api/analysis.c: the rows of analysis templates and runs. */
#include "kube/api/analysis.h"
#include <string.h>

static const struct field prometheus_metric_fields[] = {
	STRING(prometheus_metric, address, "address"),
	STRING(prometheus_metric, query, "query", .required = true),
	OPT_INT(prometheus_metric, timeout, "timeout", .min = 1, .max = 3600, .doc = "seconds; 30 when absent"),
	BOOL(prometheus_metric, insecure, "insecure"),
	NOT_BUILT("headers"),
	NOT_BUILT("rangeQuery"),
	/* Argo Rollouts writes `authentication: {basicAuth: {}, …}` into every run; an empty one means none. */
	{ .name = "authentication", .kind = KIND_JSON, .not_built = true },
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
	NOT_BUILT("consecutiveSuccessLimit"),
	EMBED(metric, provider, "provider", metric_provider, .required = true),
};
TYPE(metric, "metric", .strict = true);

static const struct field analysis_spec_fields[] = {
	JSON(analysis_spec, metrics, "metrics"),
	LIST(analysis_spec, args, "args", argument),
	BOOL(analysis_spec, terminate, "terminate"),
	NOT_BUILT("dryRun"),
	NOT_BUILT("measurementRetention"),
	NOT_BUILT("ttlStrategy"),
	NOT_BUILT("templates"),
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
	json_t *v, *prometheus;
	size_t i;

	if (list != NULL && !json_is_array(list))
		problem_add(p, path, "not a list of metrics");
	*ret = arena_new_array(a, struct metric, n);
	json_array_foreach (list, i, v) {
		prometheus = json_at(v, "/provider/prometheus");
		if (prometheus != NULL) {
			_cleanup_(json_decrefp) json_t *none =
			    json_pack("{s:{},s:{},s:{}}", "basicAuth", "oauth2", "sigv4");
			const json_t *auth = json_object_get(prometheus, "authentication");

			if (json_equal(auth, none) || json_object_size(auth) == 0)
				json_object_del(prometheus, "authentication");
		}
		decode(&metric_type, v, arena_printf(a, "%s[%zu]", path, i), p, &(*ret)[i]);
	}
	return n;
}
