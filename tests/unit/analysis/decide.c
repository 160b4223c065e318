/* tests/unit/analysis/decide.c: one pass over a run: its queries, the results of responses, and its status. */
#include "tests/unit/unit.h"
#include "analysis/decide.h"
#include "analysis/job_object.h"
#include "analysis/provider.h"
#include "base/str.h"
#include "base/time.h"

#define NOW "2026-11-23T00:01:00Z"
#define VALUE(x) "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"" x "\"]}}"

/* `responses`: the responses so far, by key; ended by NULL. */
static struct plan *
pass(struct arena *a, const char *run, const char *const (*responses)[2])
{
	json_t *j = yaml(a, run);
	struct plan *p = plan_new(a);
	struct seen seen = { 0 };
	struct seen_query *list = arena_new_array(a, struct seen_query, 8);
	struct analysis_world w = { .seen = &seen };

	time_parse(NOW, &w.now);
	for (; responses != NULL && (*responses)[0] != NULL; responses++)
		list[seen.n_queries++] = (struct seen_query){ .key = (*responses)[0],
			.sent_at = w.now,
			.done = (*responses)[1] != NULL,
			.done_at = w.now,
			.response = { .status = 200,
			    .body = { (*responses)[1], (*responses)[1] != NULL ? strlen((*responses)[1]) : 0 } } };
	seen.queries = list;
	w.run = (const struct analysis_run *)object_decode(&analysis_run_type, j, a);
	json_decref(j);
	analysis_decide(&w, p);
	return p;
}

#define RUN(spec, status)                                                                                              \
	"{metadata: {name: r, namespace: ns, uid: u, resourceVersion: '1'}, spec: {" spec "}, status: {" status "}}"
#define METRIC(name, more)                                                                                             \
	"{name: " name ", interval: 10s, " more " provider: {prometheus: {address: 'http://p', query: 'q'}}}"
#define STARTED "startedAt: '2026-11-23T00:00:00Z', phase: Running"

static void
wants(struct plan *p, const char *text)
{
	if (strstr(plan_print(p), text) == NULL)
		fail_msg("not in the plan: %s\n%s", text, plan_print(p));
}

static void
lacks(struct plan *p, const char *text)
{
	if (strstr(plan_print(p), text) != NULL)
		fail_msg("in the plan: %s\n%s", text, plan_print(p));
}

static void
a_failed_dry_run_metric_does_not_fail_the_run(void **state)
{
	static const char *const responses[][2] = { { "bad#0/0", VALUE("1") }, { "good#0/0", VALUE("0") },
		{ NULL, NULL } };
	struct arena *a = arena_new();
	struct plan *p = pass(a,
	    RUN("metrics: [" METRIC("bad", "successCondition: result < 1,") ", " METRIC(
		    "good", "count: 1, successCondition: result < 1,") "], dryRun: [{metricName: ^ba}]",
		STARTED),
	    responses);

	(void)state;
	wants(p, "\"phase\":\"Successful\"");
	wants(p, "\"dryRun\":true");
	wants(p, "\"message\":\"Metric assessed Failed due to failed (1) > failureLimit (0)\"");
	wants(p, "\"runSummary\":{\"count\":1,\"successful\":1}");
	wants(p, "\"dryRunSummary\":{\"count\":1,\"failed\":1}");
	arena_free(a);
}

static void
a_rule_that_matches_no_metric_is_an_error(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	wants(pass(a, RUN("metrics: [" METRIC("x", "") "], dryRun: [{metricName: y}]", STARTED), NULL),
	    "spec.dryRun[0].metricName: \\\"y\\\" matches no metric");
	wants(
	    pass(a, RUN("metrics: [" METRIC("x", "") "], measurementRetention: [{metricName: '*', limit: 2}]", STARTED),
		NULL),
	    "is no regular expression");
	arena_free(a);
}

static void
retention_limits_the_measurements_in_the_status(void **state)
{
	static const char *const responses[][2] = { { "x#3/0", VALUE("4") }, { NULL, NULL } };
	struct arena *a = arena_new();
	struct plan *p = pass(a,
	    RUN("metrics: [" METRIC("x", "") "], measurementRetention: [{metricName: x, limit: 2}]",
		STARTED ", metricResults: [{name: x, phase: Running, count: 3, successful: 3, measurements: [{phase: "
			"Successful, value: '2', finishedAt: '2026-11-23T00:00:10Z'}, {phase: Successful, value: '3', "
			"finishedAt: '2026-11-23T00:00:20Z'}]}]"),
	    responses);

	(void)state;
	wants(p, "\"value\":\"3\"");
	wants(p, "\"value\":\"4\"");
	lacks(p, "\"value\":\"2\"");
	arena_free(a);
}

#define SECRET_RUN                                                                                                     \
	RUN("args: [{name: pw, valueFrom: {secretKeyRef: {name: s, key: k}}}], metrics: [{name: x, provider: "         \
	    "{prometheus: {address: 'http://u:{{args.pw}}@p', query: 'q{{args.pw}}'}}}]",                              \
	    STARTED)

static void
a_secret_is_queried_for_a_measurement_and_masked_in_the_status(void **state)
{
	static const char *const none[][2] = { { NULL, NULL } },
				 *const secret[][2] = { { "secret/s", "{\"data\":{\"k\":\"czNjcmV0\"}}" },
					 { NULL, NULL } },
				 *const both[][2] = { { "secret/s", "{\"data\":{\"k\":\"czNjcmV0\"}}" },
					 { "x#0/0", "{\"status\":\"error\",\"error\":\"no metric qs3cret\"}" },
					 { NULL, NULL } },
				 *const without[][2] = { { "secret/s", "{\"data\":{\"other\":\"\"}}" },
					 { NULL, NULL } };
	struct arena *a = arena_new();
	struct plan *p;

	(void)state;
	wants(pass(a, SECRET_RUN, none), "query secret/s GET /api/v1/namespaces/ns/secrets/s");
	p = pass(a, SECRET_RUN, secret);
	wants(p, "query x#0/0 POST http://u:*****@p/api/v1/query");
	assert_string_equal(p->steps[0].query->request.body, "query=qs3cret");
	assert_string_equal(p->steps[0].query->request.url, "http://u:s3cret@p/api/v1/query");
	assert_int_equal(p->n_kept, 1);
	p = pass(a, SECRET_RUN, both);
	wants(p, "no metric q*****");
	wants(p, "\"ResolvedPrometheusQuery\":\"q*****\"");
	lacks(p, "s3cret");
	wants(pass(a, SECRET_RUN, without), "Secret s has no key \\\"k\\\"");
	arena_free(a);
}

/* A server that limits requests: the query is repeated after its Retry-After, and the run waits. */
static void
a_limit_of_requests_is_no_error(void **state)
{
	struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = yaml(a, RUN("metrics: [" METRIC("x", "") "]", STARTED));
	struct seen_query limited[QUERIES_MAX];
	struct seen seen = { .queries = limited, .n_queries = 1 };
	struct analysis_world w = { .seen = &seen };
	struct plan *p;

	(void)state;
	time_parse(NOW, &w.now);
	for (size_t i = 0; i < QUERIES_MAX; i++)
		limited[i] = (struct seen_query){ .key = arena_printf(a, "x#0/%zu", i),
			.done = true,
			.sent_at = w.now,
			.done_at = w.now,
			.response = { .status = 429, .retry_after_ms = 7000, .body = { "", 0 } } };
	w.run = (const struct analysis_run *)object_decode(&analysis_run_type, j, a);
	analysis_decide(&w, p = plan_new(a));
	lacks(p, "query x");
	lacks(p, "Error");
	assert_int_equal(p->wake_at, w.now + 7000);
	assert_int_equal(p->n_kept, 1);
	w.now += 7000;
	analysis_decide(&w, p = plan_new(a));
	wants(p, "query x#0/1 POST http://p/api/v1/query");
	seen.n_queries = QUERIES_MAX;
	analysis_decide(&w, p = plan_new(a));
	wants(p, "the server limits requests: it responded 429 with Retry-After to each");
	seen.n_queries = 1;
	limited[0].response.retry_after_ms = 0;
	analysis_decide(&w, p = plan_new(a));
	wants(p, "prometheus: status 429");
	arena_free(a);
}

static void
a_run_is_deleted_after_its_ttl(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	wants(pass(a,
		  RUN("ttlStrategy: {secondsAfterCompletion: 50}, metrics: [" METRIC("x", "") "]",
		      "phase: Error, completedAt: '2026-11-23T00:00:00Z'"),
		  NULL),
	    "delete AnalysisRun r");
	assert_string_equal(
	    plan_print(pass(a,
		RUN("ttlStrategy: {secondsAfterCompletion: 5, secondsAfterFailure: 90}, metrics: [" METRIC("x", "") "]",
		    "phase: Failed, completedAt: '2026-11-23T00:00:00Z'"),
		NULL)),
	    "wake 2026-11-23T00:01:30Z.001\n");
	assert_string_equal(plan_print(pass(a,
				RUN("ttlStrategy: {secondsAfterFailure: 5}, metrics: [" METRIC("x", "") "]",
				    "phase: Error, completedAt: '2026-11-23T00:00:00Z'"),
				NULL)),
	    "");
	arena_free(a);
}

static void
consecutive_successes_end_a_metric(void **state)
{
	static const char *const responses[][2] = { { "x#2/0", VALUE("0") }, { NULL, NULL } };
	struct arena *a = arena_new();
	struct plan *p = pass(a,
	    RUN("metrics: [" METRIC(
		    "x", "failureLimit: -1, consecutiveSuccessLimit: 2, successCondition: result < 1,") "]",
		STARTED
		", metricResults: [{name: x, phase: Running, count: 2, failed: 1, successful: 1, consecutiveSuccess: "
		"1, measurements: [{phase: Successful, value: '0', finishedAt: '2026-11-23T00:00:10Z'}]}]"),
	    responses);

	(void)state;
	wants(p, "\"consecutiveSuccess\":2");
	wants(p, "\"completedAt\"");
	wants(p, "event Normal AnalysisRunSuccessful");
	arena_free(a);
}

/* A run of n metrics, each measured by a Job that exists and has no ready pod, with n arguments from Secrets. */
static struct plan *
pass_with_jobs(struct arena *a, size_t n)
{
	const char *metrics = "", *args = "";
	struct seen seen = { 0 };
	struct analysis_world w = { .seen = &seen };
	const struct object **jobs = arena_new_array(a, const struct object *, n);
	struct plan *p = plan_new(a);
	json_t *j;

	time_parse(NOW, &w.now);
	for (size_t i = 0; i < n; i++) {
		metrics = arena_printf(
		    a, "%s{name: m%zu, provider: {job: {spec: {template: {spec: {containers: []}}}}}},", metrics, i);
		args = arena_printf(a, "%s{name: a%zu, valueFrom: {secretKeyRef: {name: s%zu, key: k}}},", args, i, i);
	}
	j = yaml(a,
	    arena_printf(a, RUN("metrics: [%s {name: web, provider: {web: {url: 'http://w'}}}], args: [%s]", STARTED),
		metrics, args));
	w.run = (const struct analysis_run *)object_decode(&analysis_run_type, j, a);
	json_decref(j);
	for (size_t i = 0; i < n; i++) {
		j = yaml(
		    a, arena_printf(a,
			   "{metadata: {name: %s, namespace: ns, uid: u%zu, resourceVersion: '1', creationTimestamp: "
			   "'2026-11-23T00:00:30Z'}, status: {active: 1}}",
			   job_name(a, w.run, arena_printf(a, "m%zu", i), 1), i));
		jobs[i] = object_decode(&job_type, j, a);
		json_decref(j);
	}
	w.objects = jobs;
	w.n_objects = n;
	analysis_decide(&w, p);
	return p;
}

static void
a_plan_has_capacity_for_the_maximum_of_jobs_and_secrets(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = pass_with_jobs(a, METRICS_MAX - 1);

	(void)state;
	/* The pods of every Job, and every Secret, once. */
	assert_int_equal(p->left_out, 0);
	assert_int_equal(p->n_steps, 2 * (METRICS_MAX - 1));
	assert_int_equal(p->n_kept, METRICS_MAX - 1);
	lacks(p, "\"phase\":\"Error\"");
	arena_free(a);
}

static void
a_run_of_more_metrics_or_arguments_is_an_error_with_a_path(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	wants(pass_with_jobs(a, METRICS_MAX), "spec.metrics: has 501 items; 500 are the most");
	wants(pass_with_jobs(a, ARGUMENTS_MAX + 1), "has 501 items; 500 are the most");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_dry_run_metric_does_not_fail_the_run),
		cmocka_unit_test(a_plan_has_capacity_for_the_maximum_of_jobs_and_secrets),
		cmocka_unit_test(a_run_of_more_metrics_or_arguments_is_an_error_with_a_path),
		cmocka_unit_test(a_rule_that_matches_no_metric_is_an_error),
		cmocka_unit_test(retention_limits_the_measurements_in_the_status),
		cmocka_unit_test(a_limit_of_requests_is_no_error),
		cmocka_unit_test(a_secret_is_queried_for_a_measurement_and_masked_in_the_status),
		cmocka_unit_test(a_run_is_deleted_after_its_ttl),
		cmocka_unit_test(consecutive_successes_end_a_metric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
