/* tests/unit/machinery/simulated.c: the service of `sluice simulate`: what its pods count, what faults change, and how
 * queries are evaluated over the counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/simulate/metric_server.h"
#include "cli/simulate/faults.h"
#include "kube/plan/query.h"

#define START 1767225600000
#define MINUTE 60000
#define PODS 10

/* A world with ten pods of each version. */
static struct world *
service(struct arena *a, const char *kind, double rps, struct world_fault fault, int64_t weight)
{
	const struct world_settings settings = {
		.kind = world_kind(kind), .rps = rps, .errors = 0.01, .seed = 5, .fault = fault
	};
	struct world *w = world_new(a, &settings, START);

	for (size_t i = 0; i < 2 * PODS; i++) {
		bool is_new = i >= PODS;
		const char *name = arena_printf(a, "web-%s-%zu", is_new ? "b" : "a", i);

		world_pod_ready(w, world_pod(w, name, is_new ? "b" : "a", is_new), true);
	}
	world_weight(w, weight);
	return w;
}

/* Returns a counter, summed over the pods of a version. */
static double
sum(const struct world *w, bool is_new, size_t series)
{
	size_t n;
	struct world_pod *const *pods = world_pods(w, &n);
	double x = 0;

	for (size_t i = 0; i < n; i++)
		if (pods[i]->is_new == is_new)
			x += pods[i]->counters[series].value;
	return x;
}

static double
errors(const struct world *w, bool is_new)
{
	return sum(w, is_new, WORLD_FAILED) / sum(w, is_new, WORLD_COUNT);
}

static void
requests_arrive_as_the_weight_says(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct world *w = service(a, "clean", 1000, WORLD_NO_FAULT, 20);
	double n;

	(void)state;
	assert_null(world_run(w, START + 60 * MINUTE));
	n = sum(w, false, WORLD_COUNT) + sum(w, true, WORLD_COUNT);
	/* The load varies by 30 % over a day, and by 10 % over minutes. */
	assert_true(n > 0.6 * 3600000 && n < 1.4 * 3600000);
	assert_true(fabs(sum(w, true, WORLD_COUNT) / n - 0.2) < 0.002);
	assert_true(fabs(errors(w, false) - 0.01) < 0.0005);
	assert_true(fabs(errors(w, true) - 0.01) < 0.001);
	/* The median is 0.08 s, the 95th percentile 0.298 s. */
	assert_true(fabs(sum(w, false, WORLD_BUCKET + 4) / sum(w, false, WORLD_COUNT) - 0.6099) < 0.002);
	assert_true(fabs(sum(w, false, WORLD_SUM) / sum(w, false, WORLD_COUNT) - 0.08 * exp(0.32)) < 0.001);
	assert_true(sum(w, false, WORLD_BUCKET + WORLD_BUCKETS - 1) == sum(w, false, WORLD_COUNT));
	assert_true(sum(w, true, WORLD_COUNT) == world_users(w)->requests);
}

static void
the_same_seed_gives_the_same_requests(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct world *one = service(a, "rough", 50, WORLD_NO_FAULT, 50),
		     *two = service(a, "rough", 50, WORLD_NO_FAULT, 50);

	(void)state;
	assert_null(world_run(one, START + 10 * MINUTE));
	assert_null(world_run(two, START + 10 * MINUTE));
	for (size_t i = 0; i < WORLD_SERIES; i++)
		assert_true(sum(one, true, i) == sum(two, true, i) && sum(one, false, i) == sum(two, false, i));
	assert_true(sum(one, true, WORLD_COUNT) > 0);
}

static void
pods_that_are_not_ready_get_nothing(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct world *w = service(a, "clean", 100, WORLD_NO_FAULT, 50);
	size_t n;
	struct world_pod *const *pods = world_pods(w, &n);

	(void)state;
	for (size_t i = PODS; i < n; i++)
		world_pod_ready(w, pods[i], false);
	world_pod_gone(w, pods[0]);
	assert_null(world_run(w, START + 5 * MINUTE));
	assert_true(sum(w, true, WORLD_COUNT) == 0);
	assert_true(pods[0]->counters[WORLD_COUNT].value == 0);
	assert_true(pods[0]->gone_at > START && pods[0]->gone_at <= START + WORLD_SCRAPE_MS);
	assert_true(sum(w, false, WORLD_COUNT) > 0);
}

/* Returns the ratio of the new version's error rate to the old one's, from the second minute on. */
static double
error_ratio(struct arena *a, const char *fault, int64_t weight, int64_t minutes)
{
	struct version_fault v;
	struct world *w;

	assert_null(faults_read(a, fault, &v));
	w = service(a, "clean", 1000, v.fault, weight);
	assert_null(world_run(w, START + minutes * MINUTE));
	return errors(w, true) / errors(w, false);
}

static void
faults_change_the_new_version_alone(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct version_fault v;
	struct world *w;

	(void)state;
	assert_true(fabs(error_ratio(a, "errors=5x", 50, 20) - 5) < 0.3);
	assert_true(fabs(error_ratio(a, "errors=+2%", 50, 20) - 3) < 0.2);
	assert_true(fabs(error_ratio(a, "errors=5x,late@10m", 50, 20) - 3) < 0.3);
	assert_true(fabs(error_ratio(a, "late@10m", 50, 20) - 3) < 0.3);
	assert_true(fabs(error_ratio(a, "crash@40%", 30, 20) - 1) < 0.1);
	assert_true(fabs(error_ratio(a, "crash@40%", 50, 20) - 50) < 4);
	assert_null(faults_read(a, "latency=2x", &v));
	w = service(a, "clean", 1000, v.fault, 50);
	assert_null(world_run(w, START + 20 * MINUTE));
	assert_true(fabs(sum(w, true, WORLD_SUM) / sum(w, true, WORLD_COUNT) - 0.16 * exp(0.32)) < 0.002);
	assert_true(fabs(sum(w, false, WORLD_SUM) / sum(w, false, WORLD_COUNT) - 0.08 * exp(0.32)) < 0.001);
	assert_null(faults_read(a, "leak=10%/min", &v));
	w = service(a, "clean", 1000, v.fault, 50);
	assert_null(world_run(w, START + 20 * MINUTE));
	/* From 1 to 3 times, linear: 2 on average. */
	assert_true(fabs(sum(w, true, WORLD_SUM) / sum(w, true, WORLD_COUNT) - 0.16 * exp(0.32)) < 0.01);
}

static void
crashes_restart_the_counters_and_errors_appear_with_the_first_one(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct version_fault v;
	const struct world_counter *c;
	struct world *w;
	size_t n, falls = 0;

	(void)state;
	assert_null(faults_read(a, "crash@40%", &v));
	w = service(a, "clean", 100, v.fault, 50);
	assert_null(world_run(w, START + 10 * MINUTE));
	c = &world_pods(w, &n)[PODS]->counters[WORLD_COUNT];
	for (size_t i = 1; i < c->n; i++)
		falls += c->samples[i].value < c->samples[i - 1].value;
	assert_int_equal(falls, 9);
	w = service(a, "clean", 1, WORLD_NO_FAULT, 0);
	assert_null(world_run(w, START + 10 * MINUTE));
	for (size_t i = 0; i < PODS; i++) {
		c = world_pods(w, &n)[i]->counters;
		assert_int_equal(c[WORLD_COUNT].n, 40);
		assert_true(c[WORLD_FAILED].n < 40);
		assert_true(c[WORLD_FAILED].n == 0 || c[WORLD_FAILED].samples[0].value > 0);
	}
}

static void
what_is_no_fault_is_an_error(void **state)
{
	static const char *const wrong[] = { "", "errors", "errors=5", "errors=-5x", "errors=nanx", "latency=0x",
		"crash@40", "crash@4.5%", "crash@140%", "leak=10%", "late@", "late@-5m", "errors=5x,", "errors=+200%" };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct version_fault v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (faults_read(a, wrong[i], &v) == NULL)
			fail_msg("%s: want an error", wrong[i]);
}

/* --- queries --- */

/* Makes an instant query, and returns the response. */
static json_t *
respond(struct arena *a, struct metric_server *to, const char *query, int64_t at, int *ret_status)
{
	const char *form = arena_printf(a, "query=%s", str_url_escape(a, query));
	const struct request r = { .method = "POST", .url = "http://x/api/v1/query", .body = form };
	json_t *doc = NULL;
	char *body = NULL;

	*ret_status = metric_server_respond(to, &r, at, &body);
	assert_null(json_parse(a, body, strlen(body), &doc));
	free(body);
	return doc;
}

static double
value(struct arena *a, struct metric_server *to, const char *query, int64_t at)
{
	int status;
	_cleanup_(json_decrefp) json_t *doc = respond(a, to, query, at, &status);
	const json_t *result = json_at(doc, "/data/result");

	assert_int_equal(status, 200);
	assert_int_equal(json_array_size(result), 1);
	return strtod(json_string_value(json_at(result, "/0/value/1")), NULL);
}

static void
queries_are_evaluated_over_the_counters(void **state)
{
	const struct metric_server_settings names = {
		.rollout = "web", .new_service = "web-canary", .old_service = "web-stable"
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct metric_server_settings settings = names;
	struct version_fault v;
	struct forecast_lines meanings = { 0 };
	struct metric_server *to;
	struct world *w;
	int64_t at = START + 20 * MINUTE;

	(void)state;
	assert_null(faults_read(a, "errors=5x,latency=2x", &v));
	settings.world = w = service(a, "clean", 1000, v.fault, 50);
	assert_null(world_run(w, at));
	to = metric_server_new(a, &settings);
	assert_true(fabs(value(a, to,
			     "sum(rate(http_requests_total{job=\"x\",code!~\"2..\"}[10m])) / "
			     "sum(rate(http_requests_total{job=\"x\"}[10m]))",
			     at) -
			 0.03) < 0.002);
	assert_true(fabs(value(a, to,
			     "sum(rate(http_requests_total{service=\"web-canary\",status=~\"5..\"}[10m])) / "
			     "sum(rate(http_requests_total{service=\"web-canary\"}[10m]))",
			     at) -
			 0.05) < 0.003);
	assert_true(fabs(value(a, to,
			     "sum(rate(errors_total{rollouts_pod_template_hash=\"a\"}[10m])) / "
			     "sum(rate(grpc_requests_total{pod=~\"web-a-.*\",grpc_code=~\"OK|Internal\"}[10m]))",
			     at) -
			 0.01) < 0.002);
	assert_true(fabs(value(a, to,
			     "histogram_quantile(0.5, sum(rate(http_request_duration_seconds_bucket{"
			     "rs=\"web-a\"}[10m])) by (le))",
			     at) -
			 0.08) < 0.005);
	assert_true(fabs(value(a, to,
			     "sum(rate(x_duration_milliseconds_sum[10m])) / "
			     "sum(rate(x_duration_milliseconds_count[10m]))",
			     at) -
			 120 * exp(0.32)) < 3);
	assert_true(value(a, to, "count(sum by (pod) (http_requests_total))", at) == 2 * PODS);
	assert_null(metric_server_problem(to));
	metric_server_meanings(to, a, &meanings);
	assert_string_equal(
	    meanings.at[0], "http_requests_total{job=\"x\",code!~\"2..\"}: failed requests of both versions");
	assert_string_equal(meanings.at[2],
	    "http_requests_total{service=\"web-canary\",status=~\"5..\"}: failed requests of the new version");
	metric_server_done(to);
}

static void
what_is_not_simulated_is_an_error(void **state)
{
	static const struct {
		const char *query, *error;
	} wrong[] = {
		{ "sum(rate(container_cpu_usage_seconds_total[1m]))", "is no metric that is simulated" },
		{ "sum(http_requests)", "is no metric that is simulated" },
		{ "sum(rate(http_requests_total{success=\"false\"}[1m]))",
		    "has the label success, whose values are not known" },
		{ "topk(1, http_requests_total)", "there is another function at `topk(1" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct metric_server_settings settings = { .world = service(a, "clean", 1, WORLD_NO_FAULT, 0),
			.rollout = "web" };
		struct metric_server *to = metric_server_new(a, &settings);
		int status;
		_cleanup_(json_decrefp) json_t *doc = respond(a, to, wrong[i].query, START, &status);

		assert_int_equal(status, 400);
		assert_string_equal(json_str(doc, "status"), "error");
		if (strstr(json_str(doc, "error"), wrong[i].error) == NULL || metric_server_problem(to) == NULL)
			fail_msg("%s: %s", wrong[i].query, json_str(doc, "error"));
		metric_server_done(to);
	}
}

/* A comparison repeats its range query with a later end: the older columns are those of the first response. */
static void
a_range_query_that_is_repeated_gets_the_same_columns(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct world *w = service(a, "usual", 100, WORLD_NO_FAULT, 50);
	const struct metric_server_settings settings = { .world = w, .rollout = "web" };
	struct metric_server *to = metric_server_new(a, &settings), *other = metric_server_new(a, &settings);
	const char *query =
	    str_url_escape(a, "label_replace(sum by (pod) (http_requests_total), \"v\", \"c\", \"\", \"\")");
	char *bodies[3] = { NULL, NULL, NULL };

	(void)state;
	for (int i = 1; i <= 2; i++) {
		struct request r = { .method = "POST", .url = "http://x/api/v1/query_range" };

		r.body = arena_printf(a, "query=%s&start=%lld.000&end=%lld.000&step=15.000", query, START / 1000ll,
		    START / 1000ll + 300 * i);
		assert_null(world_run(w, START + 300000 * i));
		assert_int_equal(metric_server_respond(to, &r, START + 300000 * i, &bodies[i - 1]), 200);
		if (i == 2)
			assert_int_equal(metric_server_respond(other, &r, START + 300000 * i, &bodies[2]), 200);
	}
	assert_string_equal(bodies[1], bodies[2]);
	assert_true(strlen(bodies[1]) > strlen(bodies[0]));
	for (size_t i = 0; i < 3; i++)
		free(bodies[i]);
	metric_server_done(to);
	metric_server_done(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_arrive_as_the_weight_says),
		cmocka_unit_test(the_same_seed_gives_the_same_requests),
		cmocka_unit_test(pods_that_are_not_ready_get_nothing),
		cmocka_unit_test(faults_change_the_new_version_alone),
		cmocka_unit_test(crashes_restart_the_counters_and_errors_appear_with_the_first_one),
		cmocka_unit_test(what_is_no_fault_is_an_error),
		cmocka_unit_test(queries_are_evaluated_over_the_counters),
		cmocka_unit_test(what_is_not_simulated_is_an_error),
		cmocka_unit_test(a_range_query_that_is_repeated_gets_the_same_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
