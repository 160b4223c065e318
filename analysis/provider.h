/* analysis/provider.h: where the value of a measurement comes from.
 *
 * A provider is a row, and does no input or output. Most measure by queries: `step` returns the next query and reads
 * the response; the executor sends it, and in simulations sim/ responds. A provider with its own `measure` may create
 * objects, and its measurement may stay Running for many passes. Add a provider by adding a file, a line in
 * providers.c, and the rows of its fields (kube/api/analysis.c).
 */
#pragma once
#include "analysis/metric_phase.h"
#include "analysis/condition/value.h"
#include "kube/api/analysis.h"
#include "kube/plan/controller.h"
#include "kube/plan/query.h"

struct run_pass;

enum measured {
	MEASURED_QUERY, /* another query is needed */
	MEASURED_VALUE,
	MEASURED_NOTHING, /* a response without a sample; `value` is then the empty result */
	MEASURED_RUNNING, /* the value is not known yet: the measurement continues later, with its metadata */
	MEASURED_ERROR,
};

/* Of one measurement, and between two times that it is RUNNING: Secrets, credentials, pages, and repeated queries. */
#define QUERIES_MAX 16

/* The input of a step. Borrowed for the call. */
struct query_input {
	int64_t now; /* wall ms: the time of the query that is returned */
	const struct response *responses[QUERIES_MAX]; /* to the queries of this measurement, the oldest first */
	size_t n; /* responses; 0 at first */
	const struct settings *settings; /* of the process; NULL: none */
	const char *namespace; /* of the run */
	int64_t run_started_at; /* wall ms */
	const struct string_map *metadata; /* of the measurement that is RUNNING; NULL: it begins */
	int64_t resumed_at; /* wall ms: the stored time at which it was to continue; 0: it begins */
	const struct analysis_run *run;
	size_t n_like; /* metrics of the run with the same provider */
};

#define SECRETS_HIDDEN_MAX 4

/* The output of a step, in the arena or borrowed from its input. Zeroed before the call. */
struct step_result {
	struct query query; /* QUERY */
	int64_t wait_ms; /* QUERY: from the last response until it is sent; RUNNING: until it continues */
	struct value value; /* VALUE, NOTHING */
	const char *text; /* VALUE, NOTHING: the value for users; NULL: value_text() of it */
	enum run_phase phase; /* VALUE: the phase, without conditions; RUN_NONE: conditions decide */
	const char *message; /* VALUE with a phase, RUNNING: why, for users; NULL: none */
	struct string_map metadata; /* VALUE, NOTHING, RUNNING: of the measurement */
	struct err *err; /* ERROR */
	bool unusable; /* ERROR: of the configuration or the credentials, before the service could be queried */
	const char *hidden[SECRETS_HIDDEN_MAX]; /* texts of Secrets, masked in all that is shown; NULL: none */
};

enum measured_kind {
	MEASURED_ANYTHING,
	MEASURED_NUMBER,
	MEASURED_LIST, /* of numbers */
};

struct provider {
	const char *name; /* the key under spec.metrics[].provider */
	const char *metric_name; /* the label of analysis_run_metric_type, as in Argo Rollouts */

	/* True: a metric has one measurement, which takes as long as it needs; its `interval` is the time between the
	 * queries of that. Its message is that of the metric. */
	bool once;

	/* The variables of the controller's environment that it reads (struct settings), ended by NULL; NULL: none. */
	const char *const *variables;

	/* True when the metric uses it. */
	bool (*used)(const struct metric *);

	/* Returns the first error of its configuration, whose arguments are resolved. NULL: nothing is checked before
	 * measuring. */
	struct err *(*check)(struct arena *, const struct metric *);

	/* Adds what an API server would refuse in the objects that it creates, from its configuration in JSON, at
	 * `path`, in which arguments may not be resolved. NULL: nothing is checked. For lint: a run reports what the
	 * API server refuses. */
	void (*check_objects)(struct problems *, const json_t *config, const char *path);

	/* Returns the kind of its values, as far as the configuration determines it. NULL: not at all. */
	enum measured_kind (*kind)(const struct metric *);

	/* Continues the measurement of the i-th metric, which is due or Running: adds writes and queries to the
	 * plan, or its result to the status. Called once in each pass. measure_by_query is for providers with a
	 * `step`. */
	void (*measure)(struct run_pass *, size_t i);

	/* Continues a measurement with the responses to its queries so far. The same input has the same output. A
	 * response with status 429 or 503 and Retry-After is not among them: its query is repeated after that time. */
	enum measured (*step)(
	    const struct metric *, const struct query_input *, struct arena *, struct step_result *ret);

	/* Returns a key and a value for metricResults[].metadata of the status. NULL: it has none. */
	void (*metadata)(const struct metric *, const char **ret_key, const char **ret_value);

	/* The objects that its measurements create; NULL: none. They are watched as soon as a run has such a metric,
	 * and a pass over such a run waits for their first list. `needed` is not set here. */
	const struct controller_watch *watch;

	/* With `watch`: lists the objects of a run, the oldest first; in the arena. */
	size_t (*objects)(const struct pass *, const struct analysis_run *, struct arena *, const struct object ***ret);

	/* With `watch`: deletes the objects of the run's world that no measurement of the status needs. */
	void (*clean)(struct run_pass *);
};

extern const struct provider prometheus_provider, web_provider, job_provider, datadog_provider, wavefront_provider,
    newrelic_provider, graphite_provider, skywalking_provider, influxdb_provider, kayenta_provider, cloudwatch_provider;
extern const struct provider compare_provider, hook_provider, dynatrace_provider, google_monitoring_provider;

/* All providers, ended by NULL. */
extern const struct provider *const providers[];

/* The metric's provider, or NULL when it names none. */
const struct provider *provider_of(const struct metric *);

/* Returns the provider of a metric that is not decoded, because it may have arguments that are not resolved. */
const struct provider *provider_of_json(const json_t *metric);

/* Returns whether one of the metrics (a JSON list; NULL: none) uses this provider. */
bool provider_is_used(const struct provider *, const char *metrics);
