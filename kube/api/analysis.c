/* kube/api/analysis.c: AnalysisTemplates and AnalysisRuns: the rows of their fields. */
#include "kube/api/analysis.h"
#include <string.h>
#include "kube/api/compare.h"

static const struct field metric_header_fields[] = {
	STRING(metric_header, key, "key", .required = true, .doc = "Name of the HTTP header."),
	STRING(metric_header, value, "value", .required = true,
	    .doc = "Value of the HTTP header. Secret parts are arguments: Bearer {{args.token}}."),
};
TYPE(metric_header, "header", .strict = true);

static const struct field basic_auth_fields[] = {
	STRING(basic_auth, username, "username", .doc = "User name."),
	STRING(basic_auth, password, "password",
	    .doc = "Password. Take it from a Secret by an argument with secretKeyRef."),
};
TYPE(basic_auth, "basicAuth", .strict = true);

static const struct field oauth2_fields[] = {
	STRING(oauth2, token_url, "tokenUrl",
	    .doc = "URL of the token endpoint (RFC 6749, client credentials grant); http or https. A token is "
		   "requested for each measurement. Empty: oauth2 is not used."),
	STRING(oauth2, client_id, "clientId", .doc = "Client ID. Required with tokenUrl."),
	STRING(oauth2, client_secret, "clientSecret",
	    .doc = "Client secret. Required with tokenUrl. Take it from a Secret by an argument with secretKeyRef."),
	STRINGS(oauth2, scopes, "scopes", .doc = "Scopes to request. Empty: the server's default."),
};
TYPE(oauth2, "oauth2", .strict = true);

/* Argo Rollouts writes all three, empty, into every run: an empty one counts as absent. */
static const struct field metric_authentication_fields[] = {
	OBJECT(metric_authentication, basic_auth, "basicAuth", basic_auth,
	    .doc = "HTTP basic authentication. Must not be set with oauth2."),
	OBJECT(metric_authentication, oauth2, "oauth2", oauth2,
	    .doc = "Bearer token from an OAuth2 server. Must not be set with basicAuth."),
	JSON(metric_authentication, sigv4, "sigv4", .doc = "Not supported yet: only {} is accepted."),
};
TYPE(metric_authentication, "authentication", .strict = true);

static const struct field range_query_fields[] = {
	STRING(range_query, start, "start", .required = true,
	    .doc = "Start of the range: an expression that returns a time, such as now() - duration(\"5m\")."),
	STRING(range_query, end, "end", .required = true,
	    .doc = "End of the range: an expression that returns a time, such as now(). Must not be before start."),
	STRING(range_query, step, "step", .required = true,
	    .doc = "Resolution of the range: a Go duration above 0, such as 30s."),
};
TYPE(range_query, "range query", .strict = true);

static const struct field prometheus_metric_fields[] = {
	STRING(prometheus_metric, address, "address", .doc = "URL of Prometheus (http:// or https://).",
	    .default_text =
		"$ARGO_ROLLOUTS_PROMETHEUS_ADDRESS of the controller; without it each measurement is an error"),
	STRING(prometheus_metric, query, "query", .required = true,
	    .doc = "PromQL query. A vector is a list (result[0]), a scalar a number; no sample is an empty list, and "
		   "result[0] of it an error."),
	OBJECT(prometheus_metric, range_query, "rangeQuery", range_query,
	    .doc = "Run a range query: result is a list for each series, of its values. Unset: an instant query."),
	OPT_INT(prometheus_metric, timeout, "timeout", .min = 1, .max = 3600,
	    .doc = "Seconds to wait for the response. Later the measurement is an error.", .default_text = "30"),
	BOOL(prometheus_metric, insecure, "insecure", .doc = "True: do not verify the server's certificate.",
	    .default_text = "false"),
	STRING(prometheus_metric, ca_cert, "caCert",
	    .doc = "Certificate authorities (PEM) to trust in addition to those of the system."),
	LIST(prometheus_metric, headers, "headers", metric_header, .doc = "HTTP headers of the request."),
	OBJECT(prometheus_metric, authentication, "authentication", metric_authentication,
	    .doc = "Credentials to send. Unset: none."),
};
TYPE(prometheus_metric, "prometheus metric", .strict = true);

static const struct field web_metric_fields[] = {
	STRING(web_metric, method, "method", .choices = "GET|POST|PUT", .doc = "HTTP method.", .default_text = "GET"),
	STRING(web_metric, url, "url", .required = true,
	    .doc = "URL of the service (http:// or https://). A status other than 2xx is an error. The controller's "
		   "machine, link-local addresses and the API server are refused, without controller "
		   "--allow-local-web-metrics."),
	LIST(web_metric, headers, "headers", metric_header, .doc = "HTTP headers of the request."),
	STRING(web_metric, body, "body", .doc = "Request body as text. Only with POST or PUT, and not with jsonBody."),
	JSON(web_metric, json_body, "jsonBody",
	    .doc = "Request body as JSON. Only with POST or PUT, and not with body."),
	STRING(web_metric, json_path, "jsonPath",
	    .doc = "JSONPath of the result in the response: {$.data.rate}. If it finds nothing, the measurement is an "
		   "error. Without it, a response that is not JSON is a string.",
	    .default_text = "{$}"),
	OPT_INT(web_metric, timeout_seconds, "timeoutSeconds", .min = 1, .max = 3600,
	    .doc = "Seconds to wait for the response. Later the measurement is an error.", .default_text = "10"),
	BOOL(web_metric, insecure, "insecure", .doc = "True: do not verify the server's certificate.",
	    .default_text = "false"),
	OBJECT(web_metric, authentication, "authentication", metric_authentication,
	    .doc = "Credentials to send. Unset: none."),
};
TYPE(web_metric, "web metric", .strict = true);

static const struct field job_metric_fields[] = {
	OBJECT(job_metric, metadata, "metadata", run_metadata, .doc = "Labels and annotations of the Job."),
	JSON(job_metric, spec, "spec", .required = true,
	    .doc = "JobSpec of batch/v1, with restartPolicy Never or OnFailure. The measurement is Successful if the "
		   "Job completes, and Failed if it fails. The Job runs in the namespace of the AnalysisRun and is "
		   "deleted when that ends."),
};
TYPE(job_metric, "job metric", .strict = true);

static const struct field metric_provider_fields[] = {
	OBJECT(metric_provider, prometheus, "prometheus", prometheus_metric, .doc = "Query of Prometheus."),
	OBJECT(metric_provider, web, "web", web_metric, .doc = "Request to an HTTP service."),
	OBJECT(metric_provider, job, "job", job_metric, .doc = "Kubernetes Job, whose end is the result."),
	OBJECT(metric_provider, datadog, "datadog", datadog_metric, .doc = "Query of Datadog."),
	OBJECT(metric_provider, newrelic, "newRelic", newrelic_metric, .doc = "Query of New Relic."),
	OBJECT(metric_provider, wavefront, "wavefront", wavefront_metric, .doc = "Query of Wavefront."),
	OBJECT(metric_provider, cloudwatch, "cloudWatch", cloudwatch_metric,
	    .doc = "Queries of Amazon CloudWatch, with the credentials of the controller."),
	OBJECT(metric_provider, graphite, "graphite", graphite_metric, .doc = "Query of Graphite."),
	OBJECT(metric_provider, influxdb, "influxdb", influxdb_metric, .doc = "Query of InfluxDB 2."),
	OBJECT(metric_provider, kayenta, "kayenta", kayenta_metric, .doc = "Judgment of Kayenta."),
	OBJECT(metric_provider, skywalking, "skywalking", skywalking_metric, .doc = "Query of SkyWalking."),
	OBJECT(metric_provider, plugin, "plugin", metric_plugin,
	    .doc = "Providers that Argo Rollouts does not have. Its controller reports the phase Error for "
		   "them. Its own plugins are not supported."),
};
TYPE(metric_provider, "metric provider", .strict = true, .rules = "one *");

static const struct field metric_fields[] = {
	STRING(metric, name, "name", .required = true, .doc = "Name of the metric. Must be unique in the run."),
	DURATION(metric, interval, "interval",
	    .doc = "Time from the end of a measurement to the next one; 10s after an error. Unset: there is one "
		   "measurement, so count must be unset, 0 or 1."),
	DURATION(metric, initial_delay, "initialDelay",
	    .doc = "Time from the start of the run to the first measurement.", .default_text = "0s"),
	INT_OR_STRING(metric, count, "count",
	    .doc = "Number of measurements, without errors. 0 or unset: one without an interval; with an interval, "
		   "measure until the run ends, which only a background analysis or an Experiment's may do. Not less "
		   "than failureLimit and consecutiveSuccessLimit together."),
	STRING(metric, success_condition, "successCondition",
	    .doc = "Expression over result: result[0] < 0.05. True: Successful, unless failureCondition is true too. "
		   "False: Failed, or Inconclusive if there is a failureCondition, which is false too."),
	STRING(metric, failure_condition, "failureCondition",
	    .doc = "Expression over result. True: Failed. False: Successful if there is no successCondition. Without "
		   "both conditions each measurement is Successful. A condition that cannot be evaluated is an error."),
	INT_OR_STRING(metric, failure_limit, "failureLimit",
	    .doc = "Failed measurements that are tolerated, in a row or not; one more fails the metric and the run. "
		   "-1: no limit; requires a consecutiveSuccessLimit.",
	    .default_text = "0"),
	INT_OR_STRING(metric, inconclusive_limit, "inconclusiveLimit",
	    .doc = "Inconclusive measurements that are tolerated, in a row or not; one more makes the metric and the "
		   "run Inconclusive.",
	    .default_text = "0"),
	INT_OR_STRING(metric, consecutive_error_limit, "consecutiveErrorLimit",
	    .doc = "Errors in a row that are tolerated, such as no response; one more puts the metric and the run in "
		   "Error.",
	    .default_text = "4"),
	INT_OR_STRING(metric, consecutive_success_limit, "consecutiveSuccessLimit",
	    .doc = "Successes in a row that complete the metric. 0: not used. If count is reached first, the metric is "
		   "Inconclusive; with failureLimit -1 it is Failed.",
	    .default_text = "0"),
	EMBED(metric, provider, "provider", metric_provider, .required = true, .doc = "Source of the value."),
};
TYPE(metric, "metric", .strict = true);

static const struct field ttl_strategy_fields[] = {
	OPT_INT(ttl_strategy, after_completion, "secondsAfterCompletion", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds after its end when the run is deleted, if the field for its result is not set. Error and "
		   "Inconclusive have no field of their own. Unset: it is kept. 0: at once."),
	OPT_INT(ttl_strategy, after_success, "secondsAfterSuccess", .min = 0, .max = INT32_MAX,
	    .doc = "The same for a run that is Successful. Takes precedence over secondsAfterCompletion."),
	OPT_INT(ttl_strategy, after_failure, "secondsAfterFailure", .min = 0, .max = INT32_MAX,
	    .doc = "The same for a run that is Failed (not Error or Inconclusive). Takes precedence over "
		   "secondsAfterCompletion."),
};
TYPE(ttl_strategy, "ttlStrategy", .strict = true);

static const struct field analysis_spec_fields[] = {
	JSON(analysis_spec, metrics, "metrics", .of = &metric_type, .items_max = METRICS_MAX,
	    .doc = "Metrics to measure. One that fails ends the run. At least one, but in a template that names "
		   "templates."),
	LIST(analysis_spec, args, "args", argument, .items_max = ARGUMENTS_MAX,
	    .doc = "Arguments; the metrics refer to them as {{args.NAME}}. One without a value must get it from the "
		   "Rollout, Experiment or command that creates the run. Templates of one run must not give an "
		   "argument different values."),
	LIST(analysis_spec, dry_run, "dryRun", dry_run, .items_max = METRICS_MAX,
	    .doc = "Metrics that are measured without an effect on the result."),
	LIST(analysis_spec, retention, "measurementRetention", measurement_retention, .items_max = METRICS_MAX,
	    .doc = "Number of measurements to keep in the status, by metric: 10 without a rule."),
	LIST(analysis_spec, templates, "templates", template_ref,
	    .doc = "Only in templates: other templates whose metrics are included."),
	BOOL(analysis_spec, terminate, "terminate",
	    .doc = "Only in runs. True: end it now (sluice terminate analysisrun). A metric that has not failed is "
		   "then Successful.",
	    .default_text = "false"),
	OBJECT(analysis_spec, ttl, "ttlStrategy", ttl_strategy,
	    .doc = "Only in runs: when it is deleted after its end. Unset: it is kept; those of a Rollout until its "
		   "history limit (spec.analysis)."),
};
TYPE(analysis_spec, "analysis spec", .strict = true);

static const struct field measurement_fields[] = {
	STRING(
	    measurement, phase, "phase", .always = true, .doc = "Successful, Failed, Inconclusive, Error or Running."),
	STRING(measurement, message, "message", .doc = "Why, if it is an error."),
	TIME(measurement, started_at, "startedAt", .doc = "Time of the query."),
	TIME(measurement, finished_at, "finishedAt", .doc = "Time of the response."),
	TIME(measurement, resume_at, "resumeAt", .doc = "Of one that is Running: time of the next query."),
	STRING(measurement, value, "value", .doc = "The value (result) as text."),
	STRING_MAP(measurement, metadata, "metadata",
	    .doc = "What the provider adds: name and namespace of a Job, groups of a Datadog query and similar."),
};
TYPE(measurement, "measurement");

static const struct field metric_result_fields[] = {
	STRING(metric_result, name, "name", .always = true, .doc = "Name of the metric."),
	STRING(metric_result, phase, "phase", .always = true, .doc = "Phase of the metric: as that of the run."),
	LIST(metric_result, measurements, "measurements", measurement,
	    .doc = "The newest measurements (measurementRetention)."),
	STRING(metric_result, message, "message", .doc = "Why the metric has this phase."),
	INT(metric_result, count, "count", .doc = "Number of measurements that are not errors."),
	INT(metric_result, successful, "successful", .doc = "Number of those that are Successful."),
	INT(metric_result, failed, "failed",
	    .doc = "Number of those that are Failed. More than failureLimit fail the metric."),
	INT(metric_result, inconclusive, "inconclusive", .doc = "Number of those that are Inconclusive."),
	INT(metric_result, error, "error", .doc = "Number of errors."),
	INT(metric_result, consecutive_error, "consecutiveError", .doc = "Errors in a row at the end."),
	BOOL(metric_result, dry_run, "dryRun", .doc = "True: it has no effect on the result."),
	INT(metric_result, consecutive_success, "consecutiveSuccess", .doc = "Successes in a row at the end."),
	STRING_MAP(
	    metric_result, metadata, "metadata", .doc = "The query with its arguments (ResolvedPrometheusQuery)."),
};
TYPE(metric_result, "metric's result");

static const struct field run_summary_fields[] = {
	INT(run_summary, count, "count", .doc = "Number of metrics."),
	INT(run_summary, successful, "successful", .doc = "Number that are Successful."),
	INT(run_summary, failed, "failed", .doc = "Number that are Failed."),
	INT(run_summary, inconclusive, "inconclusive", .doc = "Number that are Inconclusive."),
	INT(run_summary, error, "error", .doc = "Number in Error."),
};
TYPE(run_summary, "run summary");

static const struct field analysis_status_fields[] = {
	STRING(analysis_status, phase, "phase", .always = true,
	    .doc = "Pending, Running, or the result: Successful, Inconclusive, Error, Failed. The worst metric "
		   "decides, in this order."),
	STRING(analysis_status, message, "message", .doc = "Why the run has this phase."),
	LIST(analysis_status, metric_results, "metricResults", metric_result,
	    .doc = "Result of each metric that was measured."),
	TIME(analysis_status, started_at, "startedAt", .doc = "Start of the run."),
	TIME(analysis_status, completed_at, "completedAt", .doc = "End of the run. ttlStrategy counts from it."),
	EMBED(analysis_status, run_summary, "runSummary", run_summary, .always = true,
	    .doc = "Numbers of metrics by phase."),
	OBJECT(analysis_status, dry_run_summary, "dryRunSummary", run_summary,
	    .doc = "Numbers of metrics in dryRun by phase."),
};
TYPE(analysis_status, "analysis run's status");

static const struct field analysis_run_fields[] = {
	EMBED(analysis_run, spec, "spec", analysis_spec, .required = true,
	    .doc = "Metrics to measure, and their arguments."),
	EMBED(analysis_run, status, "status", analysis_status, .doc = "Measurements and result."),
};
TYPE(analysis_run, "AnalysisRun", .group = "argoproj.io", .version = "v1alpha1", .plural = "analysisruns",
    .kind = "AnalysisRun", .errors = "by the phase Error", .short_name = "ar", .columns = "Status:string:.status.phase",
    .doc = "AnalysisRun measures metrics and decides whether an update continues. Rollouts and Experiments create them "
	   "from templates, users with sluice create analysisrun. If it is invalid, its phase is Error, with the "
	   "reason in status.message.");

static const struct field analysis_template_fields[] = {
	EMBED(analysis_template, spec, "spec", analysis_spec, .required = true,
	    .doc = "Metrics to measure, and their arguments."),
};
TYPE(analysis_template, "AnalysisTemplate", .group = "argoproj.io", .version = "v1alpha1",
    .plural = "analysistemplates", .kind = "AnalysisTemplate",
    .errors = "by the Rollout (InvalidSpec), Experiment or AnalysisRun (phase Error) that uses it", .short_name = "at",
    .doc = "AnalysisTemplate defines the metrics of AnalysisRuns, with arguments. Users create it; Rollouts and "
	   "Experiments in the same namespace name it. Errors in it are reported by these, and by sluice lint.");

TYPE_AS(cluster_analysis_template_type, analysis_template, "ClusterAnalysisTemplate", .group = "argoproj.io",
    .version = "v1alpha1", .plural = "clusteranalysistemplates", .kind = "ClusterAnalysisTemplate",
    .errors = "by the Rollout (InvalidSpec), Experiment or AnalysisRun (phase Error) that uses it", .short_name = "cat",
    .doc =
	"ClusterAnalysisTemplate is an AnalysisTemplate for all namespaces. A reference to it has clusterScope: true.",
    .cluster_scoped = true);

size_t
metrics_decode(struct arena *a, const char *json, const char *path, struct problems *p, struct metric **ret)
{
	_cleanup_(json_decrefp) json_t *list = json != NULL ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
	size_t n = json_array_size(list);
	json_t *v;
	size_t i;

	if (list != NULL && !json_is_array(list))
		problem_add(p, path, "not a list of metrics");
	if (n > METRICS_MAX) {
		problem_add(p, path, "has %zu items; %d are the most", n, METRICS_MAX);
		n = 0;
	}
	*ret = arena_new_array(a, struct metric, n);
	for (i = 0; i < n && (v = json_array_get(list, i)) != NULL; i++) {
		const char *at = arena_printf(a, "%s[%zu]", path, i);

		decode(&metric_type, v, at, p, &(*ret)[i]);
		if (json_object_size(json_object_get(v, "provider")) > 1)
			problem_add(p, arena_printf(a, "%s.provider", at), "more than one provider; one is needed");
	}
	return n;
}
