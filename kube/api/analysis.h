/* kube/api/analysis.h: AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun of argoproj.io/v1alpha1. */
#pragma once
#include "kube/api/rollout.h"

struct prometheus_metric {
	const char *address, *query;
	struct opt_int timeout; /* seconds; 30 when absent */
	bool insecure;
};

struct metric_provider {
	const struct prometheus_metric *prometheus;
};

struct metric {
	const char *name;
	struct duration interval, initial_delay;
	const char *count; /* an integer, perhaps as text after {{args}} */
	const char *success_condition, *failure_condition;
	const char *failure_limit, *inconclusive_limit, *consecutive_error_limit; /* integers, perhaps as text */
	struct metric_provider provider;
};

struct analysis_spec {
	const char *metrics; /* JSON list, kept as it came: arguments are put in before it is decoded */
	LIST_OF(struct argument) args;
	bool terminate; /* of a run */
};

struct measurement {
	const char *phase, *message, *value;
	int64_t started_at, finished_at;
};

struct metric_result {
	const char *name, *phase, *message;
	LIST_OF(struct measurement) measurements; /* oldest first; at most MEASUREMENTS_KEPT */
	int64_t count, successful, failed, inconclusive, error, consecutive_error;
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

extern const struct type metric_type, analysis_status_type, analysis_run_type, analysis_template_type,
    cluster_analysis_template_type;

#define MEASUREMENTS_KEPT 10

/* A metric's list of a run or template, decoded; problems are added. Returns how many. */
size_t metrics_decode(struct arena *, const char *json, const char *path, struct problems *, struct metric **ret);
