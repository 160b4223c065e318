/* analysis/compare.c: a measurement that compares the canary with the stable version (plugin: sluice/compare).
 *
 * It stays Running, and ends once. Each time it continues, it queries Prometheus for the counters since the update
 * began and judges all of them (analysis/compare/comparison.h): nothing but the time of the query is kept, and that is
 * the one in the status. A restart of the controller therefore changes neither the verdict nor its bin.
 *
 * With `slow`, the buckets are chosen first, from the time before the update, and kept in the metadata.
 */
#include <inttypes.h>
#include <string.h>
#include "analysis/compare/config.h"
#include "analysis/compare/course.h"
#include "analysis/compare/limits.h"
#include "analysis/compare/report.h"
#include "analysis/compare/series.h"
#include "analysis/prometheus.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"

#define COMPARE_FIELD "provider.plugin." COMPARE_NAME
#define COMPARE_RESPONSE_MAX (8u << 20) /* bytes */
#define COMPARE_INTERVAL_MS 30000 /* between two queries, without an interval of the metric */
#define COMPARE_BOUNDS "bounds" /* a key of the metadata */
#define COMPARE_QUERY "ResolvedPrometheusQuery"

static bool compare_used(const struct metric *);
static struct err *compare_check(struct arena *, const struct metric *);
static enum measured compare_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider compare_provider = {
	.name = COMPARE_NAME,
	.metric_name = COMPARE_NAME,
	.once = true,
	.used = compare_used,
	.check = compare_check,
	.measure = measure_by_query,
	.step = compare_step,
};

/* The scratch of one step. */
struct compare_pass {
	struct arena *arena;
	const struct query_input *in;
	const struct metric *metric;
	const struct compare_metric *m;
	struct prometheus_metric connection; /* its query is not used */
	struct compare_config config;
	struct limits limits;
	struct compared_release release;
	int64_t begin, since; /* wall ms: of the metric; of the first bin */
	size_t lead; /* columns before the first bin starts */
	struct matrix_grid grid;
	const char *bounds[CONFIG_BOUNDS_MAX]; /* as texts */
	double bound_values[CONFIG_BOUNDS_MAX];
	size_t n_bounds;
};

static bool
compare_used(const struct metric *m)
{
	return m->provider.plugin != NULL && m->provider.plugin->compare != NULL;
}

static struct prometheus_metric
compare_connection(const struct compare_metric *m)
{
	return (struct prometheus_metric){ .address = m->address,
		.timeout = m->timeout,
		.insecure = m->insecure,
		.ca_cert = m->ca_cert,
		.headers = { m->headers.at, m->headers.n },
		.authentication = m->authentication };
}

/* A comparison gives its phase itself, once. A limit of 1 would make a failure a success. */
static struct err *
compare_check_once(struct arena *a, const struct metric *m)
{
	const struct {
		const char *field, *text, *only;
	} numbers[] = {
		{ "count", m->count, "1" },
		{ "failureLimit", m->failure_limit, "0" },
		{ "inconclusiveLimit", m->inconclusive_limit, "0" },
		{ "consecutiveSuccessLimit", m->consecutive_success_limit, "0" },
	};

	if (!str_empty(m->success_condition) || !str_empty(m->failure_condition))
		return err_new(a, ERR_INVALID, "a comparison has neither successCondition nor failureCondition");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].text != NULL && !str_eq(numbers[i].text, numbers[i].only) &&
		    !str_eq(numbers[i].text, "0"))
			return err_new(a, ERR_INVALID,
			    "%s: a comparison has one measurement, so that it must be %s or unset, not \"%s\"",
			    numbers[i].field, numbers[i].only, numbers[i].text);
	return NULL;
}

static struct err *
compare_check(struct arena *a, const struct metric *m)
{
	const struct prometheus_metric connection = compare_connection(m->provider.plugin->compare);
	const char *wrong = prometheus_connection_problem(a, &connection);
	struct compare_config config;
	struct err *e = NULL;

	if (wrong != NULL)
		e = err_new(a, ERR_INVALID, "%s", wrong);
	else
		e = config_read(a, m->provider.plugin->compare, &config);
	if (e != NULL)
		return err_wrap(a, e, COMPARE_FIELD);
	return compare_check_once(a, m);
}

/* The first bin begins with the update. Of one that is much older, the last hours before the metric began are compared:
 * as many as the limits leave. */
static void
compare_times(struct compare_pass *p)
{
	int64_t step = p->config.step_ms;
	int64_t longest = (int64_t)(p->limits.columns - config_columns(&p->config)) * step;

	p->begin = time_stored(time_add(p->in->run->object.meta.creation_timestamp, p->metric->initial_delay.ms));
	p->lead = config_lead(&p->config);
	p->since =
	    p->config.since_run || p->release.since == 0 || p->release.since > p->begin ? p->begin : p->release.since;
	if (p->begin - p->since > longest)
		p->since = p->begin - longest;
}

/* The first bin that starts at this time or later. */
static size_t
compare_bin_from(const struct compare_pass *p, int64_t at)
{
	int64_t step = p->config.step_ms;

	return p->lead + 1 + (at > p->since ? (size_t)((at - p->since + step - 1) / step) : 0);
}

/* Sets the times of the samples. The last one is old enough for all scrapes before it to be stored. Returns whether
 * there is a bin. */
static bool
compare_grid(struct compare_pass *p)
{
	int64_t step = p->config.step_ms;
	int64_t end = p->in->resumed_at - config_lag_ms(&p->config), last = p->begin + p->config.wait_ms + step - 1;

	end = end < last ? end : last;
	p->grid = (struct matrix_grid){ .start = p->since - (int64_t)p->lead * step, .step = step };
	p->grid.columns = p->lead + 1 + (end > p->since ? (size_t)((end - p->since) / step) : 0);
	return p->grid.columns > p->lead + 1;
}

static int64_t
compare_column_at(const struct compare_pass *p, size_t column)
{
	return p->grid.start + (int64_t)column * p->grid.step;
}

static const char *
compare_body(struct arena *a, const char *query, const struct matrix_grid *g)
{
	return arena_printf(a, "query=%s&start=%s&end=%s&step=%s", str_url_escape(a, query),
	    prometheus_seconds(a, g->start), prometheus_seconds(a, g->start + (int64_t)(g->columns - 1) * g->step),
	    prometheus_seconds(a, g->step));
}

static enum measured
compare_exchange(const struct compare_pass *p, size_t index, const char *query, const struct matrix_grid *grid,
    struct step_result *ret, const struct response **ret_got)
{
	const struct prometheus_call call = { .index = index,
		.path = "query_range",
		.body = compare_body(p->arena, query, grid),
		.response_max = COMPARE_RESPONSE_MAX,
		.field = COMPARE_FIELD };

	return prometheus_exchange(&p->connection, p->in, &call, p->arena, ret, ret_got);
}

static enum measured
compare_wait(const struct compare_pass *p, const char *why, struct step_result *ret)
{
	struct string_pair *pairs = arena_new_array(p->arena, struct string_pair, 1);
	int64_t interval = p->metric->interval.text != NULL ? p->metric->interval.ms : COMPARE_INTERVAL_MS;

	/* Before its first query the measurement is stored as Running, with the time of that query. */
	ret->wait_ms = p->in->resumed_at == 0 ? 1000 : interval;
	if (why != NULL) {
		pairs[0] = (struct string_pair){ REPORT_WAITS, why };
		ret->metadata = (struct string_map){ pairs, 1 };
	}
	return MEASURED_RUNNING;
}

/* --- buckets --- */

/* Sets *ret to the bounds of the metadata, or queries them. Returns MEASURED_VALUE when they are known, and *ret_calls
 * is the number of calls that it took. */
static enum measured
compare_bounds(const struct compare_pass *p, struct step_result *result, const char **ret, size_t *ret_calls)
{
	struct series_buckets *buckets = arena_alloc(p->arena, sizeof(*buckets));
	const struct matrix_grid grid = { p->since - SERIES_HISTORY_MS, SERIES_HISTORY_STEP_MS,
		SERIES_HISTORY_COLUMNS };
	const struct response *got = NULL;
	enum measured how;
	const char *query;

	*ret_calls = 0;
	if ((*ret = string_map_get(p->in->metadata, COMPARE_BOUNDS)) != NULL)
		return MEASURED_VALUE;
	if ((result->err = config_bounds_query(p->arena, p->m, &p->release, &query)) != NULL)
		return MEASURED_ERROR;
	if ((how = compare_exchange(p, 0, query, &grid, result, &got)) != MEASURED_VALUE)
		return how;
	if ((result->err = matrix_read(p->arena, got, &grid, series_read_bucket, buckets)) != NULL)
		return MEASURED_ERROR;
	*ret = series_choose_bounds(p->arena, buckets, p->limits.kinds);
	*ret_calls = 1;
	return MEASURED_VALUE;
}

/* --- counters --- */

/* The evidence to pass begins when the metric does, and again at each change of the weight. */
static size_t *
compare_restarts(const struct compare_pass *p, size_t *ret_n)
{
	size_t *bins = arena_new_array(p->arena, size_t, 1 + p->release.weights.n), n = 0;

	bins[n++] = compare_bin_from(p, p->begin);
	for (size_t i = 0; i < p->release.weights.n; i++) {
		size_t bin = compare_bin_from(p, p->release.weights.at[i].at);

		if (bin > bins[n - 1])
			bins[n++] = bin;
	}
	*ret_n = n;
	return bins;
}

/* --- verdict --- */

static enum measured
compare_judge(const struct compare_pass *p, const struct counters *c, const char *query, struct step_result *ret)
{
	enum arm *arms = arena_new_array(p->arena, enum arm, c->n_pods);
	struct comparison all = { .counters = c,
		.arms = arms,
		.settings = p->config.evidence,
		.stop_at = (double)(p->in->n_like > 0 ? p->in->n_like : 1) / p->config.false_alarms,
		.misses = p->config.misses,
		.spend = p->release.in_background,
		.first = p->lead + 1,
		.pass_from = compare_bin_from(p, p->begin),
		.expires = compare_bin_from(p, p->begin + p->config.wait_ms) - 1 };
	struct comparison_point *points = arena_new_array(p->arena, struct comparison_point, c->columns);
	struct comparison_result result;
	struct course_input course = { &all, &result, points, compare_column_at(p, p->lead), p->config.step_ms, NULL };
	const struct report_input report = { &all, &result, &p->config, p->m->slow != NULL ? p->bounds : NULL };
	struct string_pair *pairs = arena_new_array(p->arena, struct string_pair, REPORT_PAIRS_MAX + 4);
	size_t n;

	for (size_t i = 0; i < c->n_pods; i++)
		arms[i] = series_arm(&c->pods[i]);
	if (p->config.until_end)
		all.pass_from = all.expires;
	all.restarts = compare_restarts(p, &all.n_restarts);
	comparison_judge(&all, p->arena, points, &result);
	n = report_numbers(p->arena, &report, pairs);
	if (p->m->slow != NULL)
		pairs[n++] = (struct string_pair){ COMPARE_BOUNDS, string_map_get(p->in->metadata, COMPARE_BOUNDS) };
	pairs[n++] = (struct string_pair){ REPORT_BIN, time_format(p->arena, compare_column_at(p, result.bin)) };
	pairs[n++] = (struct string_pair){ COMPARE_QUERY, query };
	course.bound = p->m->slow != NULL ? p->bounds[result.at.kind] : NULL;
	pairs[n++] = (struct string_pair){ COMPARE_COURSE, course_text(p->arena, &course) };
	ret->metadata = (struct string_map){ pairs, n };
	ret->message = report_message(p->arena, &report);
	if (result.verdict == COMPARISON_WAITS) {
		ret->wait_ms = p->metric->interval.text != NULL ? p->metric->interval.ms : COMPARE_INTERVAL_MS;
		return MEASURED_RUNNING;
	}
	ret->phase = config_phase(&p->config, result.verdict);
	ret->text = string_map_get(&ret->metadata, REPORT_EVIDENCE);
	return MEASURED_VALUE;
}

/* Queries the samples in parts, and reads them when all have arrived, or one is not a success. */
static enum measured
compare_read_counters(
    struct compare_pass *p, const char *query, struct series_counters *rows, struct step_result *result)
{
	size_t each = limits_columns_of_query(&p->limits, p->grid.columns), n = 0;
	const struct response *got[LIMITS_QUERIES_MAX];
	struct matrix_grid parts[LIMITS_QUERIES_MAX];
	enum measured how;
	bool refused = false;

	for (size_t from = 0; from < p->grid.columns && n < LIMITS_QUERIES_MAX && !refused; from += each, n++) {
		size_t left = p->grid.columns - from;

		parts[n] = (struct matrix_grid){ compare_column_at(p, from), p->grid.step, left < each ? left : each };
		if ((how = compare_exchange(p, n, query, &parts[n], result, &got[n])) != MEASURED_VALUE)
			return how;
		refused = got[n]->status < 200 || got[n]->status > 299;
	}
	for (size_t i = 0; i < n; i++) {
		rows->from = i * each;
		if ((result->err = matrix_read(p->arena, got[i], &parts[i], series_read_counter, rows)) != NULL)
			return MEASURED_ERROR;
	}
	return MEASURED_VALUE;
}

static enum measured
compare_counters(struct compare_pass *p, const char *bounds, struct step_result *ret)
{
	struct series_counters rows = { .metric = p->m, .bounds = p->bound_values, .n_bounds = p->n_bounds };
	const struct counters_rules rules = { .warm_up = (size_t)((p->config.warmup_ms + p->config.step_ms - 1) /
								  p->config.step_ms),
		.good = p->m->slow != NULL };
	enum measured how;
	const char *query;

	if ((ret->err = config_query(p->arena, p->m, &p->release, bounds, &query)) != NULL)
		return MEASURED_ERROR;
	rows.counters = counters_new(p->arena, p->grid.columns, p->m->slow != NULL ? p->n_bounds : 1);
	if ((how = compare_read_counters(p, query, &rows, ret)) != MEASURED_VALUE)
		return how;
	if ((ret->err = counters_settle(&rows.counters, &rules)) != NULL)
		return MEASURED_ERROR;
	return compare_judge(p, &rows.counters, query, ret);
}

static enum measured
compare_without_bounds(const struct compare_pass *p, struct step_result *ret)
{
	static const char why[] =
	    "for a bucket with a bound that 0.5 to 50 % of the stable version's requests exceeded in the "
	    "ten minutes before the update; the histogram has none (a native histogram has no buckets that are read)";

	if (p->in->resumed_at < p->begin + p->config.wait_ms)
		return compare_wait(p, why, ret);
	ret->phase = config_phase(&p->config, COMPARISON_EXPIRED);
	ret->message =
	    arena_printf(p->arena, "no verdict within %s, waits %s", duration_human(p->arena, p->config.wait_ms), why);
	ret->text = "-";
	return MEASURED_VALUE;
}

/* Chooses the buckets, or continues with those of the metadata. Those that were chosen now are stored first. */
static enum measured
compare_slow(struct compare_pass *p, struct step_result *ret)
{
	struct string_pair *pairs = arena_new_array(p->arena, struct string_pair, 1);
	const char *bounds = NULL;
	size_t calls = 0;
	enum measured how = compare_bounds(p, ret, &bounds, &calls);

	if (how != MEASURED_VALUE)
		return how;
	if (bounds[0] == '\0')
		return compare_without_bounds(p, ret);
	if (calls > 0) {
		pairs[0] = (struct string_pair){ COMPARE_BOUNDS, bounds };
		ret->metadata = (struct string_map){ pairs, 1 };
		ret->wait_ms = 1000;
		return MEASURED_RUNNING;
	}
	p->n_bounds = series_split_bounds(p->arena, bounds, CONFIG_BOUNDS_MAX, p->bounds, p->bound_values);
	return compare_counters(p, bounds, ret);
}

/* Returns whether the release has one version only, such as the first one. */
static bool
compare_is_alone(const struct compare_pass *p)
{
	return p->m->stable == NULL && p->release.canary != NULL &&
	       (str_empty(p->release.stable) || str_eq(p->release.stable, p->release.canary));
}

static enum measured
compare_step(const struct metric *metric, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	struct compare_pass p = { .arena = a, .in = in, .metric = metric, .m = metric->provider.plugin->compare };

	p.connection = compare_connection(p.m);
	decode_text(&compared_release_type, object_annotation(&in->run->object, ANNOTATION_RELEASE), a, &p.release);
	if ((ret->err = config_read(a, p.m, &p.config)) != NULL)
		return MEASURED_ERROR;
	if (compare_is_alone(&p)) {
		ret->phase = RUN_SUCCESSFUL;
		ret->message = "there is no other version to compare with";
		ret->text = "-";
		return MEASURED_VALUE;
	}
	if ((ret->err = limits_of(a, p.m, &p.config, p.release.replicas, &p.limits)) != NULL)
		return MEASURED_ERROR;
	compare_times(&p);
	if (in->resumed_at == 0 || !compare_grid(&p))
		return compare_wait(&p, NULL, ret);
	return p.m->slow != NULL ? compare_slow(&p, ret) : compare_counters(&p, NULL, ret);
}
