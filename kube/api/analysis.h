/* kube/api/analysis.h: AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun of argoproj.io/v1alpha1.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/metric_providers.h"
#include "kube/api/rollout.h"

struct metric_header {
	const char *key, *value;
};

struct basic_auth {
	const char *username, *password;
};

/* Credentials of the client credentials grant (RFC 6749, section 4.4). */
struct oauth2 {
	const char *token_url, *client_id, *client_secret;
	struct strings scopes;
};

struct metric_authentication {
	const struct basic_auth *basic_auth;
	const struct oauth2 *oauth2;
	const char *sigv4; /* JSON; an empty object counts as absent, anything else is not supported */
};

/* start and end are expressions (analysis/condition/condition.h) whose value is a time; step is a Go duration. */
struct range_query {
	const char *start, *end, *step;
};

struct prometheus_metric {
	const char *address, *query;
	const struct range_query *range_query; /* NULL for an instant query */
	struct opt_int timeout; /* seconds; 30 if absent */
	bool insecure;
	const char *ca_cert; /* PEM; NULL if absent */
	LIST_OF(struct metric_header) headers;
	const struct metric_authentication *authentication;
};

struct web_metric {
	const char *method; /* GET, POST or PUT; NULL means GET */
	const char *url;
	LIST_OF(struct metric_header) headers;
	const char *body; /* the request body as text; NULL if absent */
	const char *json_body; /* the request body as JSON; NULL if absent */
	const char *json_path; /* NULL for the whole response */
	struct opt_int timeout_seconds; /* 10 if absent */
	bool insecure;
	const struct metric_authentication *authentication;
};

struct job_metric {
	const struct run_metadata *metadata; /* metadata of the Job; NULL if absent */
	const char *spec; /* JobSpec of batch/v1, as JSON */
};

struct metric_plugin;

/* Exactly one is set. */
struct metric_provider {
	const struct prometheus_metric *prometheus;
	const struct web_metric *web;
	const struct job_metric *job;
	const struct datadog_metric *datadog;
	const struct metric_plugin *plugin; /* kube/api/compare.h */
	const struct newrelic_metric *newrelic;
	const struct wavefront_metric *wavefront;
	const struct graphite_metric *graphite;
	const struct skywalking_metric *skywalking;
	const struct influxdb_metric *influxdb;
	const struct kayenta_metric *kayenta;
	const struct cloudwatch_metric *cloudwatch;
};

struct metric {
	const char *name;
	struct duration interval, initial_delay;
	const char *count; /* an integer as text, in which {{args.NAME}} can occur */
	const char *success_condition, *failure_condition;
	/* Integers as text, in which {{args.NAME}} can occur. */
	const char *failure_limit, *inconclusive_limit, *consecutive_error_limit, *consecutive_success_limit;
	struct metric_provider provider;
};

/* Seconds that a finished run is kept. */
struct ttl_strategy {
	struct opt_int after_completion, after_success, after_failure;
};

struct analysis_spec {
	const char *metrics; /* JSON list as written: arguments are substituted before it is decoded */
	LIST_OF(struct argument) args;
	LIST_OF(struct dry_run) dry_run;
	LIST_OF(struct measurement_retention) retention;
	LIST_OF(struct template_ref) templates; /* for a template: other templates whose metrics are added to its own */
	bool terminate; /* for a run */
	const struct ttl_strategy *ttl; /* for a run; NULL if absent */
};

struct measurement {
	const char *phase, *message, *value;
	int64_t started_at, finished_at;
	int64_t resume_at; /* of one that is Running: when its provider continues it; 0: at any time */
	struct string_map metadata; /* of the provider, such as the name and namespace of a Job */
};

struct metric_result {
	const char *name, *phase, *message;
	/* oldest first; at most MEASUREMENTS_KEPT, or the number of the retention rule */
	LIST_OF(struct measurement) measurements;
	int64_t count, successful, failed, inconclusive, error, consecutive_error, consecutive_success;
	bool dry_run;
	struct string_map metadata;
};

struct run_summary {
	int64_t count, successful, failed, inconclusive, error;
};

struct analysis_status {
	const char *phase, *message;
	LIST_OF(struct metric_result) metric_results;
	int64_t started_at, completed_at;
	struct run_summary run_summary;
	const struct run_summary *dry_run_summary;
};

struct analysis_run {
	struct object object;
	struct analysis_spec spec;
	struct analysis_status status;
};

struct analysis_template {
	struct object object;
	struct analysis_spec spec;
};

extern const struct type metric_type, metric_header_type, metric_authentication_type, analysis_spec_type,
    analysis_status_type, analysis_run_type, analysis_template_type, cluster_analysis_template_type;

#define MEASUREMENTS_KEPT 10 /* measurements of a metric in the status, without a rule for it */
#define METRICS_MAX 500 /* of one run or template */
#define ARGUMENTS_MAX 500 /* of one run or template */

/* Decodes the metrics of a run or template, in the arena, and adds their problems. Returns the number of metrics.
 * `path` is the path of the list, for problems. */
size_t metrics_decode(struct arena *, const char *json, const char *path, struct problems *, struct metric **ret);
