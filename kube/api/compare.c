/* kube/api/compare.c: rows of the metric provider sluice/compare, and of the annotation with the release. */
#include "kube/api/compare.h"

static const struct field tolerate_fields[] = {
	SCALAR(compare_limit, ratio, "ratio",
	    .doc = "A canary that fails at most this many times the share of the stable version is tolerated. At least "
		   "1.",
	    .default_text = "1.25"),
	SCALAR(compare_limit, share, "share",
	    .doc = "So is one that fails at most this share of its requests: 0.001 or \"0.1%\".",
	    .default_text = "0.1%"),
};
static const struct type tolerate_type = { .name = "tolerate",
	.size = sizeof(struct compare_limit),
	.fields = tolerate_fields,
	.n_fields = ARRAY_SIZE(tolerate_fields),
	.strict = true };

static const struct field catch_fields[] = {
	SCALAR(compare_limit, ratio, "ratio",
	    .doc = "A canary must not pass that fails this many times the share of the stable version, and `share` of "
		   "its requests. Above 1.",
	    .default_text = "2"),
	SCALAR(compare_limit, share, "share",
	    .doc = "Share of bad requests that must be caught: the error budget of the service, 0.01 or \"1%\". The "
		   "first field to set.",
	    .default_text = "1%"),
};
static const struct type catch_type = { .name = "catch",
	.size = sizeof(struct compare_limit),
	.fields = catch_fields,
	.n_fields = ARRAY_SIZE(catch_fields),
	.strict = true };

#define LIMIT(m, T, ...) FIELD_(compare_metric, m, struct compare_limit, KIND_EMBED, #m, .of = &T##_type, __VA_ARGS__)

static const struct field compare_metric_fields[] = {
	STRING(compare_metric, bad, "bad",
	    .doc = "Counter of bad requests: a metric with label matchers, without rate(): "
		   "http_requests_total{job=\"myapp\",code=~\"5..\"}. Required with total."),
	STRING(compare_metric, total, "total",
	    .doc = "Counter of all requests, with the same labels: http_requests_total{job=\"myapp\"}."),
	STRING(compare_metric, slow, "slow",
	    .doc = "Instead of bad and total: a histogram without _bucket: "
		   "http_request_duration_seconds{job=\"myapp\"}. Requests are bad that are slower than a bucket's "
		   "bound; all bounds are used that 0.5 to 50 % of the stable version's requests exceeded in the ten "
		   "minutes before the update."),
	STRING(compare_metric, canary, "canary",
	    .doc = "Label matchers of the canary's series, such as destination_version=\"v2\". Unset: those of its "
		   "pods, by name. Required in a run that no Rollout created."),
	STRING(compare_metric, stable, "stable", .doc = "The same for the stable version."),
	STRING(compare_metric, by, "by",
	    .doc = "Label whose values are the pods of a version. Their differences are learned.",
	    .default_text = "pod; with canary and stable none: each version counts as one pod"),
	LIMIT(tolerate, tolerate, .doc = "A canary that is worse, but does not fail."),
	LIMIT(catch, catch, .doc = "A canary that is so bad that it must not pass."),
	SCALAR(compare_metric, false_alarms, "falseAlarms",
	    .doc = "Probability that a canary which is no worse than tolerated fails, in the whole update, shared by "
		   "the compared metrics of the run.",
	    .default_text = "1%"),
	SCALAR(compare_metric, misses, "misses", .doc = "Probability that a canary passes which must be caught.",
	    .default_text = "10%"),
	DURATION(compare_metric, step, "step",
	    .doc = "Time between two samples of the counters. Not less than the scrape interval.",
	    .default_text = "15s"),
	DURATION(compare_metric, warmup, "warmup", .doc = "Time after a new pod's first sample that is left out.",
	    .default_text = "0s; 60s with slow"),
	DURATION(compare_metric, wait, "wait",
	    .doc = "Time from the start of the metric until it ends without a verdict.", .default_text = "1h"),
	STRING(compare_metric, otherwise, "otherwise", .choices = "pause|pass|abort",
	    .doc = "Result without a verdict. pause: Inconclusive, which pauses the update; pass: Successful; abort: "
		   "Failed.",
	    .default_text = "pause"),
	STRING(compare_metric, holds, "holds", .choices = "promotion|none",
	    .doc = "In the background. promotion: the canary does not get all the traffic before the comparison has "
		   "ended; none: it does, as in Argo Rollouts.",
	    .default_text = "promotion; none with until: end"),
	STRING(compare_metric, since, "since", .choices = "release|run",
	    .doc = "Start of the counters that are compared. release: the update, so that its runs continue one "
		   "comparison, with one probability of a false alarm; run: the AnalysisRun.",
	    .default_text = "release"),
	STRING(compare_metric, until, "until", .choices = "verdict|end",
	    .doc =
		"End of the comparison. verdict: as soon as there is evidence; end: only evidence against the canary "
		"ends it before `wait` has ended, so that it watches the update.",
	    .default_text = "verdict"),
	STRING(compare_metric, address, "address", .doc = "URL of Prometheus (http:// or https://).",
	    .default_text =
		"$ARGO_ROLLOUTS_PROMETHEUS_ADDRESS of the controller; without it each measurement is an error"),
	OPT_INT(compare_metric, timeout, "timeout", .min = 1, .max = 3600,
	    .doc = "Seconds to wait for the response. Later the measurement is an error.", .default_text = "30"),
	BOOL(compare_metric, insecure, "insecure", .doc = "True: do not verify the server's certificate.",
	    .default_text = "false"),
	STRING(compare_metric, ca_cert, "caCert",
	    .doc = "Certificate authorities (PEM) to trust in addition to those of the system."),
	LIST(compare_metric, headers, "headers", metric_header, .doc = "HTTP headers of the request."),
	OBJECT(compare_metric, authentication, "authentication", metric_authentication,
	    .doc = "Credentials to send. Unset: none."),
};
TYPE(compare_metric, "comparison", .strict = true);

static const struct field metric_plugin_fields[] = {
	OBJECT(metric_plugin, hook, "sluice/hook", hook_metric,
	    .doc = "A program or HTTP service that controller --step-plugins declares under metricPlugins."),
	OBJECT(metric_plugin, dynatrace, "sluice/dynatrace", dynatrace_metric, .doc = "Query of Dynatrace."),
	OBJECT(metric_plugin, google, "sluice/google-cloud-monitoring", google_metric,
	    .doc = "Query of Google Cloud Monitoring, with the identity of the controller."),
	OBJECT(metric_plugin, compare, COMPARE_NAME, compare_metric,
	    .doc = "Comparison of the canary with the stable version, by counters of their pods in Prometheus. The "
		   "measurement is Running until there is enough evidence; the metric has no conditions."),
};
TYPE(metric_plugin, "metric plugin", .strict = true);

static const struct field release_weight_fields[] = {
	TIME(release_weight, at, "at"),
	INT(release_weight, weight, "weight", .always = true),
};
static TYPE_AS(release_weight_type, release_weight, "weight of a release");

static const struct field compared_release_fields[] = {
	STRING(compared_release, rollout, "rollout"),
	STRING(compared_release, canary, "canary"),
	STRING(compared_release, stable, "stable"),
	TIME(compared_release, since, "since"),
	INT(compared_release, replicas, "replicas"),
	BOOL(compared_release, in_background, "inBackground"),
	LIST(compared_release, weights, "weights", release_weight),
};
TYPE(compared_release, "release");

static const struct field compared_course_fields[] = {
	TIME(compared_course, from, "from"),
	TIME(compared_course, to, "to"),
	INT(compared_course, every, "every"),
	JSON(compared_course, stop, "stop"),
	JSON(compared_course, pass, "pass"),
	JSON(compared_course, canary, "canary"),
	JSON(compared_course, stable, "stable"),
	SCALAR(compared_course, stop_at, "stopAt"),
	SCALAR(compared_course, pass_at, "passAt"),
	STRING(compared_course, bound, "bound"),
};
TYPE(compared_course, "course of a comparison");
