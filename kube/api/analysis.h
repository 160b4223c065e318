/* kube/api/analysis.h: AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun of argoproj.io/v1alpha1. */
#pragma once
#include "kube/api/rollout.h"

struct metric_header {
	const char *key, *value;
};

struct basic_auth {
	const char *username, *password;
};

/* RFC 6749, section 4.4: client credentials. */
struct oauth2 {
	const char *token_url, *client_id, *client_secret;
	struct strings scopes;
};

struct metric_authentication {
	const struct basic_auth *basic_auth;
	const struct oauth2 *oauth2;
	const char *sigv4; /* JSON; empty means none, anything else is not supported */
};

/* Conditions (analysis/condition/condition.h) whose value is a time, and a step as a Go duration. */
struct range_query {
	const char *start, *end, *step;
};

struct prometheus_metric {
	const char *address, *query;
	const struct range_query *range_query; /* NULL: an instant query */
	struct opt_int timeout; /* seconds; 30 when absent */
	bool insecure;
	const char *ca_cert; /* PEM */
	LIST_OF(struct metric_header) headers;
	const struct metric_authentication *authentication;
};

struct web_metric {
	const char *method; /* GET | POST | PUT; NULL: GET */
	const char *url;
	LIST_OF(struct metric_header) headers;
	const char *body; /* text */
	const char *json_body; /* JSON */
	const char *json_path; /* NULL: the whole response */
	struct opt_int timeout_seconds; /* 10 when absent */
	bool insecure;
	const struct metric_authentication *authentication;
};

struct job_metric {
	const struct run_metadata *metadata; /* of the Job */
	const char *spec; /* JobSpec of batch/v1, as JSON */
};

struct metric_provider {
	const struct prometheus_metric *prometheus;
	const struct web_metric *web;
	const struct job_metric *job;
};

struct metric {
	const char *name;
	struct duration interval, initial_delay;
	const char *count; /* an integer; may be text after {{args}} */
	const char *success_condition, *failure_condition;
	/* Integers; may be text. */
	const char *failure_limit, *inconclusive_limit, *consecutive_error_limit, *consecutive_success_limit;
	struct metric_provider provider;
};

/* Seconds that a finished run is kept. */
struct ttl_strategy {
	struct opt_int after_completion, after_success, after_failure;
};

struct analysis_spec {
	const char *metrics; /* JSON list, kept as it came: arguments are substituted before it is decoded */
	LIST_OF(struct argument) args;
	LIST_OF(struct dry_run) dry_run;
	LIST_OF(struct measurement_retention) retention;
	LIST_OF(struct template_ref) templates; /* of a template: others whose metrics are added to its own */
	bool terminate; /* of a run */
	const struct ttl_strategy *ttl; /* of a run */
};

struct measurement {
	const char *phase, *message, *value;
	int64_t started_at, finished_at;
	struct string_map metadata; /* of a Job: its name and namespace */
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

extern const struct type metric_type, analysis_spec_type, analysis_status_type, analysis_run_type,
    analysis_template_type, cluster_analysis_template_type;

#define MEASUREMENTS_KEPT 10
#define METRICS_MAX 500 /* of one run or template */
#define ARGUMENTS_MAX 500

/* Decodes the metrics list of a run or template; problems are added. Returns the number of metrics. */
size_t metrics_decode(struct arena *, const char *json, const char *path, struct problems *, struct metric **ret);
