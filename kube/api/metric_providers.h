/* kube/api/metric_providers.h: configuration of the metric providers that are services of other vendors.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes. Each provider is a file
 * in analysis/. Durations are texts, because Argo Rollouts reports an invalid one when it measures.
 */
#pragma once
#include "kube/api/type.h"

/* A Secret in the namespace of the run (namespaced), or of the controller. */
struct metric_secret_ref {
	const char *name;
	bool namespaced;
};

struct datadog_metric {
	const char *interval; /* a Go duration; 5m if absent */
	const char *query;
	struct string_map queries; /* by name */
	const char *formula;
	const char *api_version; /* v1 or v2 */
	const char *aggregator; /* NULL: last */
	const struct metric_secret_ref *secret_ref;
	const char *request_timeout; /* a Go duration; 10s if absent */
};

struct newrelic_metric {
	const char *profile; /* name of the Secret; NULL: newrelic */
	const char *query;
	struct opt_int timeout; /* seconds; 5 if absent */
};

struct graphite_metric {
	const char *address, *query;
};

struct wavefront_metric {
	const char *address; /* a host, or a host and a port */
	const char *query;
};

struct skywalking_metric {
	const char *address, *query;
	const char *interval; /* a Go duration; 5m if absent */
};

struct cloudwatch_dimension {
	const char *name, *value;
};

struct cloudwatch_name {
	const char *namespace, *metric_name;
	LIST_OF(struct cloudwatch_dimension) dimensions;
};

struct cloudwatch_stat {
	struct cloudwatch_name metric;
	const char *period; /* seconds, as text */
	const char *stat, *unit;
};

/* Either expression or metric_stat. */
struct cloudwatch_query {
	const char *id, *expression, *label;
	const char *period; /* seconds, as text */
	const struct cloudwatch_stat *metric_stat;
	struct opt_bool return_data;
};

struct cloudwatch_metric {
	const char *interval; /* a Go duration; 5m if absent */
	LIST_OF(struct cloudwatch_query) queries;
};

struct influxdb_metric {
	const char *profile; /* name of the Secret; NULL: influxdb */
	const char *query;
};

struct kayenta_threshold {
	int64_t pass, marginal;
};

/* One side of a comparison: start and end are RFC 3339, and computed if they are empty. */
struct kayenta_point {
	const char *scope, *region, *start, *end;
	int64_t step; /* seconds */
};

struct kayenta_scope {
	const char *name;
	struct kayenta_point control, experiment;
};

struct kayenta_metric {
	const char *address, *application, *canary_config_name;
	const char *metrics_account_name, *configuration_account_name, *storage_account_name;
	struct kayenta_threshold threshold;
	LIST_OF(struct kayenta_scope) scopes;
	bool lookback;
};

/* plugin: sluice/hook */
struct hook_metric {
	const char *name;
	const char *config; /* JSON; NULL if absent */
};

/* plugin: sluice/dynatrace */
struct dynatrace_metric {
	const char *query; /* a metric selector */
	const char *interval; /* a Go duration; 5m if absent */
	const struct metric_secret_ref *secret_ref;
};

/* plugin: sluice/google-cloud-monitoring */
struct google_metric {
	const char *project, *query;
};

extern const struct type datadog_metric_type, newrelic_metric_type, graphite_metric_type, wavefront_metric_type,
    skywalking_metric_type, influxdb_metric_type, kayenta_metric_type, cloudwatch_metric_type, hook_metric_type,
    dynatrace_metric_type, google_metric_type;
