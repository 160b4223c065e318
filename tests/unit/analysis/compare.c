/* tests/unit/analysis/compare.c: configuration, queries and verdicts of measurements that compare versions. */
#include "tests/unit/unit.h"
#include "analysis/compare/config.h"
#include "analysis/compare/limits.h"
#include "analysis/compare/series.h"
#include "analysis/provider.h"
#include "base/str.h"
#include "base/time.h"

#define CREATED 1764596400000 /* of the run; wall ms */
#define RELEASE "{\"rollout\":\"my.app\",\"canary\":\"abc\",\"stable\":\"def\",\"since\":\"2025-12-01T13:38:00Z\"}"

#define ERRORS "bad: 'requests_total{code=~\"5..\"}', total: requests_total"

static const struct metric *
metric_of(struct arena *a, const char *config, const char *more)
{
	_cleanup_(json_decrefp) json_t *j =
	    yaml(a, arena_printf(a, "{name: errors, provider: {plugin: {sluice/compare: {address: 'http://p', %s}}}%s}",
			config, more));
	struct problems problems = { .arena = a };
	struct metric *m = arena_alloc(a, sizeof(*m));

	decode(&metric_type, j, "metric", &problems, m);
	if (problems.n > 0)
		fail_msg("%s: %s in %s", problems.at[0].path, problems.at[0].text, config);
	return m;
}

static const struct analysis_run *
run_of(struct arena *a, const char *release)
{
	struct analysis_run *run = arena_alloc(a, sizeof(*run));
	struct string_pair *pair = arena_new_array(a, struct string_pair, 1);

	*pair = (struct string_pair){ ANNOTATION_RELEASE, release };
	run->object.meta.creation_timestamp = CREATED;
	run->object.meta.annotations = (struct string_map){ pair, release != NULL ? 1 : 0 };
	return run;
}

static void
a_comparison_without_numbers_has_defaults(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct compare_config c;

	(void)state;
	assert_null(config_read(a, metric_of(a, ERRORS, "")->provider.plugin->compare, &c));
	assert_true(c.evidence.tolerate_ratio == 1.25 && c.evidence.tolerate_share == 0.001);
	assert_true(c.evidence.catch_ratio == 2 && c.evidence.catch_share == 0.01);
	assert_true(c.evidence.prior == 0.1 && c.evidence.prior_alone == 0.2);
	assert_true(c.false_alarms == 0.01 && c.misses == 0.1);
	assert_int_equal(c.step_ms, 15000);
	assert_int_equal(c.warmup_ms, 0);
	assert_int_equal(c.wait_ms, 3600000);
	assert_int_equal(c.otherwise, OTHERWISE_PAUSE);
	assert_null(config_read(a,
	    metric_of(
		a, "slow: 'seconds{job=\"x\"}', catch: {ratio: 3, share: 5%}, misses: '20%', otherwise: abort", "")
		->provider.plugin->compare,
	    &c));
	assert_int_equal(c.warmup_ms, 60000);
	assert_true(c.evidence.catch_ratio == 3 && c.evidence.catch_share == 0.05 && c.misses == 0.2);
	assert_int_equal(c.otherwise, OTHERWISE_ABORT);
}

static void
invalid_configurations_are_errors_with_their_path(void **state)
{
	static const char *const cases[][3] = {
		{ "bad: x", "", "needs either bad and total, or slow" },
		{ ERRORS ", slow: x", "", "needs either bad and total, or slow" },
		{ "bad: 'rate(x[5m])', total: x", "", "bad: `rate(x[5m])` is not a metric with label matchers" },
		{ "bad: 'x{a=\"b\"} or y', total: x", "", "bad: `x{a=\"b\"} or y` is not a metric" },
		{ "bad: 'x{a=\"}\"', total: x", "", "is not a metric" },
		{ "bad: x, total: 'x{} # '", "", "total: `x{} #" },
		{ "bad: x, total: '{}'", "", "total: `{}` is not" },
		{ "slow: '{a=\"b\"}'", "", "slow: `{a=\"b\"}` is not a metric" },
		{ ERRORS ", canary: '} or x{'", "", "canary: `} or x{` is not a list of label matchers" },
		{ ERRORS ", by: 'pod) (x'", "", "by: \"pod) (x\" is not the name of a label" },
		{ ERRORS ", by: le", "", "by: \"le\" is not the name of a label" },
		{ ERRORS ", tolerate: {ratio: 0.9}", "", "tolerate.ratio: 0.9 is not from 1 to 1000" },
		{ ERRORS ", catch: {share: 1}", "", "catch.share: 1 is not from 1e-06 to 0.9" },
		{ ERRORS ", catch: {share: abc}", "", "catch.share: \"abc\" is not a number" },
		{ ERRORS ", falseAlarms: 0", "", "falseAlarms: 0 is not from" },
		{ ERRORS ", misses: [1]", "", "misses: [1] is not a number" },
		{ ERRORS ", misses: nan", "", "is not a number" },
		{ ERRORS ", step: 100ms", "", "step: \"100ms\" is not a number of whole seconds" },
		{ ERRORS ", wait: 1m", "", "wait: \"1m\" is not from 8 steps to 24h" },
		{ ERRORS ", wait: 24h, step: 5s", "",
		    "wait: 24h in steps of 5s is more than 10000 samples of a series" },
		{ ERRORS ", wait: 25h", "", "wait: \"25h\" is not from 8 steps to 24h" },
		{ ERRORS ", warmup: 2h", "", "warmup: \"2h\" is not from 0s to 1h" },
		{ ERRORS ", authentication: {oauth2: {tokenUrl: x}}", "", "authentication.oauth2" },
		{ ERRORS, ", successCondition: 'true'", "has neither successCondition nor failureCondition" },
		{ ERRORS, ", count: 3",
		    "count: a comparison has one measurement, so that it must be 1 or unset, not \"3\"" },
		{ ERRORS, ", failureLimit: 1", "failureLimit: a comparison has one measurement, so that it must be 0" },
		{ ERRORS, ", failureLimit: -1", "failureLimit: a comparison has one measurement" },
		{ ERRORS, ", inconclusiveLimit: 1", "inconclusiveLimit: a comparison has one measurement" },
		{ ERRORS, ", consecutiveSuccessLimit: 2", "consecutiveSuccessLimit: a comparison has one measurement" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct err *e = compare_provider.check(a, metric_of(a, cases[i][0], cases[i][1]));

		if (e == NULL || strstr(err_text(a, e), cases[i][2]) == NULL)
			fail_msg("%s: %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "no error", cases[i][2]);
	}
}

static const struct compared_release release = { .rollout = "my.app", .canary = "abc", .stable = "def" };

#define PART(name, matchers, by, label)                                                                                \
	"label_replace(sum by (" by ") (" name "{" matchers "}), \"sluice\", \"" label "\", \"\", \"\")"

static void
one_query_has_all_counters_of_both_versions(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *query;

	(void)state;
	assert_null(config_query(a, metric_of(a, ERRORS, "")->provider.plugin->compare, &release, NULL, &query));
	assert_string_equal(query,
	    PART("requests_total", "pod=~\"my\\\\.app-abc-.*\"", "pod", "canary/total") " or " PART(
		"requests_total", "pod=~\"my\\\\.app-def-.*\"", "pod", "stable/total") " or " PART("requests_total",
		"code=~\"5..\",pod=~\"my\\\\.app-abc-.*\"", "pod", "canary/bad") " or " PART("requests_total",
		"code=~\"5..\",pod=~\"my\\\\.app-def-.*\"", "pod", "stable/bad"));
	assert_null(config_query(
	    a, metric_of(a, "slow: 'd{job=\"x\",}'", "")->provider.plugin->compare, &release, "0.25,1", &query));
	assert_non_null(strstr(query, PART("d_count", "job=\"x\",pod=~\"my\\\\.app-abc-.*\"", "pod", "canary/total")));
	assert_non_null(
	    strstr(query, PART("d_bucket", "job=\"x\",pod=~\"my\\\\.app-def-.*\",le=~\"0\\\\.25|1|1\\\\.0\"", "pod, le",
			      "stable/bad")));
	assert_null(
	    config_query(a, metric_of(a, ERRORS ", canary: 'v=\"2\"', stable: 'v=\"1\"'", "")->provider.plugin->compare,
		&(struct compared_release){ 0 }, NULL, &query));
	assert_non_null(strstr(query, PART("requests_total", "v=\"1\"", "", "stable/total")));
}

/* A generated name keeps 58 bytes of its owner's. */
static void
versions_with_the_same_names_of_pods_are_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct compare_metric *m = metric_of(a, ERRORS, "")->provider.plugin->compare;
	const struct compare_metric *given =
	    metric_of(a, ERRORS ", canary: 'v=\"2\"', stable: 'v=\"1\"'", "")->provider.plugin->compare;
	struct compared_release longer = { .canary = "5d8d759cf8", .stable = "697df5b887" };
	const char *query;

	(void)state;
	longer.rollout = arena_printf(a, "%056d", 0);
	assert_null(config_query(a, m, &longer, NULL, &query));
	longer.stable = "5d97f5b887";
	assert_string_equal(err_text(a, config_query(a, m, &longer, NULL, &query)),
	    arena_printf(a,
		"the name of the Rollout is too long: the names of the pods of both versions begin with %s-5; "
		"canary: and stable: must be set",
		longer.rollout));
	longer.rollout = arena_printf(a, "%0100d", 0);
	assert_non_null(config_query(a, m, &longer, NULL, &query));
	assert_null(config_query(a, given, &longer, NULL, &query));
}

static void
pods_of_long_names_are_found_by_what_is_left_of_it(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct compared_release longer = {
		.rollout = "a23456789012345678901234567890123456789012345678901234", .canary = "abcdef", .stable = "b"
	};
	const char *query;

	(void)state;
	assert_null(config_query(a, metric_of(a, ERRORS, "")->provider.plugin->compare, &longer, NULL, &query));
	assert_non_null(strstr(query, "pod=~\"a23456789012345678901234567890123456789012345678901234-abc.*\""));
}

static void
a_run_without_a_rollout_needs_matchers(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct compared_release bad = { .rollout = "x\"} or y{", .canary = "abc", .stable = "def" };
	const char *query;

	(void)state;
	assert_non_null(strstr(err_text(a, config_query(a, metric_of(a, ERRORS, "")->provider.plugin->compare,
					       &(struct compared_release){ 0 }, NULL, &query)),
	    "no Rollout created the AnalysisRun, so that canary: must be set"));
	assert_non_null(config_query(a, metric_of(a, ERRORS, "")->provider.plugin->compare, &bad, NULL, &query));
}

/* --- measurements --- */

static enum measured
step_of(struct arena *a, const struct metric *m, const char *annotation, int64_t resumed_at, const char *body,
    struct step_result *ret)
{
	static const struct string_map none;
	struct response got = { .status = 200, .body = { body, body != NULL ? strlen(body) : 0 } };
	const struct query_input in = { .now = CREATED + 600000,
		.responses = { &got },
		.n = body != NULL ? 1 : 0,
		.run = run_of(a, annotation),
		.metadata = resumed_at != 0 ? &none : NULL,
		.resumed_at = resumed_at,
		.n_like = 1 };

	*ret = (struct step_result){ 0 };
	return compare_provider.step(m, &in, a, ret);
}

static void
a_measurement_is_stored_before_its_first_query(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct step_result r;

	(void)state;
	assert_int_equal(step_of(a, metric_of(a, ERRORS, ""), RELEASE, 0, NULL, &r), MEASURED_RUNNING);
	assert_int_equal(r.wait_ms, 1000);
}

/* From two minutes before the update, 2025-12-01T13:38:00Z, to 10 s before the stored time. */
static void
a_query_is_about_all_the_time_since_the_update_began(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct step_result r;

	(void)state;
	assert_int_equal(step_of(a, metric_of(a, ERRORS, ""), RELEASE, CREATED + 100000, NULL, &r), MEASURED_QUERY);
	assert_string_equal(r.query.request.url, "http://p/api/v1/query_range");
	assert_non_null(strstr(r.query.request.body, "&start=1764596160.000&end=1764596490.000&step=15.000"));
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS ", since: run", ""), RELEASE, CREATED + 100000, NULL, &r), MEASURED_QUERY);
	assert_non_null(strstr(r.query.request.body, "&start=1764596280.000&end=1764596490.000&step=15.000"));
}

#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

static int64_t
body_seconds(const char *body, const char *field)
{
	return strtoll(strstr(body, field) + strlen(field), NULL, 10);
}

/* Queries all counters of a comparison that has bounds, without a sample. Checks that the queries follow each other,
 * sets *ret_start and *ret_end (seconds) to the times of the first and last sample. Returns how many there are. */
static size_t
queries_of(struct arena *a, const char *config, int64_t replicas, int64_t *ret_start, int64_t *ret_end)
{
	static const char body[] = MATRIX("");
	const struct string_pair bounds = { "bounds", "1" };
	const struct string_map metadata = { (struct string_pair *)&bounds, 1 };
	struct response got = { .status = 200, .body = { body, strlen(body) } };
	struct query_input in = { .now = CREATED + 600000,
		.run = run_of(a, arena_printf(a,
				     "{\"rollout\":\"x\",\"canary\":\"a\",\"stable\":\"b\","
				     "\"since\":\"2025-01-01T00:00:00Z\",\"replicas\":%lld}",
				     (long long)replicas)),
		.metadata = &metadata,
		.resumed_at = CREATED + 86400000LL * 2,
		.n_like = 1 };
	const struct metric *m = metric_of(a, config, "");
	struct step_result r = { 0 };

	*ret_end = 0;
	while (compare_provider.step(m, &in, a, &r) == MEASURED_QUERY) {
		int64_t start = body_seconds(r.query.request.body, "&start=");

		if (in.n == 0)
			*ret_start = start;
		else
			assert_int_equal(start, *ret_end + body_seconds(r.query.request.body, "&step="));
		*ret_end = body_seconds(r.query.request.body, "&end=");
		assert_true(in.n < QUERIES_MAX - 1);
		in.responses[in.n++] = &got;
		r = (struct step_result){ 0 };
	}
	assert_null(r.err);
	return in.n;
}

/* Prometheus returns 11,000 samples of a series at most, and a comparison reads 1.5 million. */
static void
an_old_update_of_many_pods_is_compared_from_the_last_hours_on(void **state)
{
	static const struct {
		const char *config;
		int64_t replicas;
		size_t queries, columns;
	} cases[] = {
		{ ERRORS, 0, 8, 9999 },
		{ ERRORS, 10, 4, 9999 },
		{ ERRORS, 50, 10, 7499 },
		{ ERRORS, 100000, 10, 749 },
		{ ERRORS ", by: pod, canary: 'v=\"2\"', stable: 'v=\"1\"'", 50, 10, 7499 },
		{ ERRORS ", canary: 'v=\"2\"', stable: 'v=\"1\"'", 50, 1, 9999 },
		{ ERRORS ", wait: 24h", 10, 4, 9999 },
		{ "slow: d", 50, 10, 881 },
		{ "slow: d", 200, 10, 249 },
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		int64_t start, end;
		size_t n = queries_of(a, cases[i].config, cases[i].replicas, &start, &end);
		size_t columns = (size_t)(end - start) / 15 + 1;

		if (n == cases[i].queries && columns == cases[i].columns)
			continue;
		print_message("%s, %lld replicas: %zu queries, %zu columns\n", cases[i].config,
		    (long long)cases[i].replicas, n, columns);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
pods_that_are_too_many_for_the_time_to_wait_are_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct compare_metric *m = metric_of(a, ERRORS ", wait: 24h", "")->provider.plugin->compare;
	struct compare_config c;
	struct limits l;

	(void)state;
	assert_null(config_read(a, m, &c));
	assert_null(limits_of(a, m, &c, 60, &l));
	assert_string_equal(err_text(a, limits_of(a, m, &c, 70, &l)),
	    "wait: 24h in steps of 15s is 5770 samples of a series, too many for 140 pods: set a longer step");
}

#define SERIES(pod, kind, values) "{\"metric\":{\"pod\":\"" pod "\",\"sluice\":\"" kind "\"},\"values\":[" values "]}"

static void
without_requests_a_measurement_waits_and_then_is_inconclusive(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct step_result r;

	(void)state;
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS, ""), RELEASE, CREATED + 100000, MATRIX(""), &r), MEASURED_RUNNING);
	assert_string_equal(r.message, "waits for traffic: no request has reached the canary");
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS, ""), RELEASE, CREATED + 3700000, MATRIX(""), &r), MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_INCONCLUSIVE);
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS ", otherwise: pass", ""), RELEASE, CREATED + 3700000, MATRIX(""), &r),
	    MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_SUCCESSFUL);
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS ", otherwise: abort", ""), RELEASE, CREATED + 3700000, MATRIX(""), &r),
	    MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_FAILED);
}

/* The samples of a counter that grows by `each` in a step, from a column on. */
static const char *
samples_from(struct arena *a, int64_t start, size_t from, size_t n, int each)
{
	struct str text;
	const char *copy;

	str_init(&text, 1u << 20);
	for (size_t i = from; i < from + n; i++)
		str_addf(&text, "%s[%lld,\"%d\"]", i > from ? "," : "", (long long)(start + 15 * (int64_t)i),
		    100 + (int)i * each);
	copy = arena_strdup(a, str_text(&text));
	str_done(&text);
	return copy;
}

static const char *
samples(struct arena *a, int64_t start, size_t n, int each)
{
	return samples_from(a, start, 0, n, each);
}

static void
a_bad_canary_fails_with_a_message_and_numbers(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const int64_t start = CREATED / 1000 - 120;
	const char *body = MATRIX(""), *all = "";
	struct step_result r;

	(void)state;
	for (int i = 0; i < 6; i++)
		all = arena_printf(a, "%s%s" SERIES("pod-%d", "%s/total", "%s") "," SERIES("pod-%d", "%s/bad", "%s"),
		    all, i > 0 ? "," : "", i, i < 2 ? "canary" : "stable", samples(a, start, 40, 100), i,
		    i < 2 ? "canary" : "stable", samples(a, start, 40, i < 2 ? 20 : 1));
	body = arena_printf(a, MATRIX("%s"), all);
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS ", since: run", ""), RELEASE, CREATED + 490000, body, &r), MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_FAILED);
	assert_string_equal(string_map_get(&r.metadata, "bin"), "2025-12-01T13:41:45Z");
	assert_string_equal(string_map_get(&r.metadata, "canary"), "280 of 1,400 bad (20.00 %), 2 pods");
	assert_string_equal(string_map_get(&r.metadata, COMPARE_COURSE),
	    "{\"from\":\"2025-12-01T13:40:00Z\",\"to\":\"2025-12-01T13:41:45Z\",\"every\":15,"
	    "\"stop\":[243,518,826,1157,1507,1872,2249],\"pass\":[-2081,-3414,-4764,-6126,-7499,-8884,-10279],"
	    "\"canary\":[200000,200000,200000,200000,200000,200000,200000],"
	    "\"stable\":[10000,10000,10000,10000,10000,10000,10000],\"stopAt\":100,\"passAt\":10}");
	assert_string_equal(r.message,
	    "the canary fails 20.00 % of 1,400 requests, the stable version 1.00 % of 2,800: at least 1.25 times as "
	    "many (at most 1 in 100 by chance)");
}

/* Counters of two canary pods, with `bad` of 100 requests in a step, and four stable ones with one; -1: none. */
static const char *
counters_from(struct arena *a, size_t from, size_t n, int bad)
{
	const int64_t start = CREATED / 1000 - 120;
	const char *all = "";

	for (int i = 0; i < 6 && bad >= 0; i++)
		all = arena_printf(a, "%s%s" SERIES("pod-%d", "%s/total", "%s") "," SERIES("pod-%d", "%s/bad", "%s"),
		    all, i > 0 ? "," : "", i, i < 2 ? "canary" : "stable", samples_from(a, start, from, n, 100), i,
		    i < 2 ? "canary" : "stable", samples_from(a, start, from, n, i < 2 ? bad : 1));
	return arena_printf(a, MATRIX("%s"), all);
}

static const char *
counters_of_two_versions(struct arena *a, size_t n, int bad)
{
	return counters_from(a, 0, n, bad);
}

/* With 500 replicas a response has 50 columns. */
static void
parts_of_the_counters_are_judged_like_the_whole(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char many[] = "{\"rollout\":\"x\",\"canary\":\"a\",\"stable\":\"b\",\"replicas\":500}";
	const struct metric *m = metric_of(a, ERRORS ", since: run", "");
	const char *bodies[] = { counters_from(a, 0, 50, 2), counters_from(a, 50, 39, 2) };
	struct response got[] = { { .status = 200, .body = { bodies[0], strlen(bodies[0]) } },
		{ .status = 200, .body = { bodies[1], strlen(bodies[1]) } } };
	const struct string_map none = { 0 };
	struct query_input in = { .now = CREATED + 1300000,
		.responses = { &got[0], &got[1] },
		.n = 1,
		.run = run_of(a, many),
		.metadata = &none,
		.resumed_at = CREATED + 1220000,
		.n_like = 1 };
	struct step_result whole, parts = { 0 };

	(void)state;
	assert_int_equal(
	    step_of(a, m, RELEASE, CREATED + 1220000, counters_of_two_versions(a, 89, 2), &whole), MEASURED_VALUE);
	assert_int_equal(compare_provider.step(m, &in, a, &parts), MEASURED_QUERY);
	in.n = 2;
	assert_int_equal(compare_provider.step(m, &in, a, &parts), MEASURED_VALUE);
	assert_string_equal(parts.message, whole.message);
	assert_string_equal(
	    string_map_get(&parts.metadata, COMPARE_COURSE), string_map_get(&whole.metadata, COMPARE_COURSE));
	in.n = 1;
	got[0].status = 503;
	assert_int_equal(compare_provider.step(m, &in, a, &parts), MEASURED_ERROR);
}

static void
until_the_end_only_evidence_against_the_canary_ends_a_comparison(void **state)
{
	static const struct {
		const char *until;
		int bad;
		int64_t seconds; /* since the start */
		enum measured how;
		enum run_phase phase;
	} cases[] = {
		{ "", 1, 590, MEASURED_VALUE, RUN_SUCCESSFUL },
		{ ", until: verdict", 1, 590, MEASURED_VALUE, RUN_SUCCESSFUL },
		{ ", until: end", 1, 590, MEASURED_RUNNING, RUN_NONE },
		{ ", until: end", 20, 590, MEASURED_VALUE, RUN_FAILED },
		{ ", until: end", 1, 1220, MEASURED_VALUE, RUN_SUCCESSFUL },
		{ ", until: end", -1, 1220, MEASURED_VALUE, RUN_INCONCLUSIVE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct step_result r;
		enum measured how =
		    step_of(a, metric_of(a, arena_printf(a, ERRORS ", since: run, wait: 20m%s", cases[i].until), ""),
			RELEASE, CREATED + cases[i].seconds * 1000,
			counters_of_two_versions(a, 9 + (size_t)(cases[i].seconds - 10) / 15, cases[i].bad), &r);

		if (how != cases[i].how || r.phase != cases[i].phase)
			fail_msg("%d of 100%s: %d, phase %s: %s", cases[i].bad, cases[i].until, how,
			    run_phase_name(r.phase), how == MEASURED_ERROR ? err_text(a, r.err) : r.message);
		if (how == MEASURED_RUNNING)
			assert_string_equal(r.message, "waits for the end of the update, at most 20m");
	}
}

static void
a_comparison_until_the_end_holds_the_promotion_on_request_only(void **state)
{
	static const struct {
		const char *config;
		bool holds;
	} cases[] = { { "", true }, { ", holds: none", false }, { ", until: end", false },
		{ ", until: end, holds: promotion", true }, { ", until: verdict", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const struct metric *m = metric_of(a, arena_printf(a, ERRORS "%s", cases[i].config), "");

		if (config_holds(m->provider.plugin->compare) != cases[i].holds)
			fail_msg("%s: %d", cases[i].config, !cases[i].holds);
	}
}

/* Neither a response nor a release of a tenant is trusted. */
static void
hostile_responses_are_errors(void **state)
{
	static const char *const cases[][2] = {
		{ MATRIX("{\"metric\":{\"pod\":\"x\"},\"values\":[]}"), "lacks the label sluice" },
		{ MATRIX("{\"metric\":{\"sluice\":\"canary/bad\"},\"values\":[]}"), "have no label pod (by)" },
		{ MATRIX("{\"metric\":{\"pod\":\"x\",\"sluice\":\"canary/bad\"},\"values\":[[1764596160,\"NaN\"]]}"),
		    "the value NaN" },
		{ MATRIX("{\"metric\":{\"pod\":\"x\",\"sluice\":\"canary/bad\"},\"values\":[[1,\"1\"]]}"),
		    "a time that was not queried" },
		{ "{}", "prometheus: status 200 without a response of its API: {}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct step_result r;

		assert_int_equal(
		    step_of(a, metric_of(a, ERRORS, ""), RELEASE, CREATED + 100000, cases[i][0], &r), MEASURED_ERROR);
		if (strstr(err_text(a, r.err), cases[i][1]) == NULL)
			fail_msg("%s, want %s", err_text(a, r.err), cases[i][1]);
	}
}

static void
a_release_of_one_version_succeeds(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct step_result r;

	(void)state;
	assert_int_equal(
	    step_of(a, metric_of(a, ERRORS, ""), "{\"rollout\":\"x\",\"canary\":\"a\",\"stable\":\"a\"}", 0, NULL, &r),
	    MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_SUCCESSFUL);
}

/* The bounds that are used: 0.5 to 50 % of 1,000 requests were slower. */
static void
buckets_are_chosen_before_the_update_and_stored(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct metric *m = metric_of(a, "slow: d", "");
	struct step_result r;

	(void)state;
	assert_int_equal(step_of(a, m, RELEASE, CREATED + 100000, NULL, &r), MEASURED_QUERY);
	assert_non_null(strstr(r.query.request.body, "&start=1764595680.000&end=1764596280.000&step=60.000"));
#define BUCKET(le, n) "{\"metric\":{\"le\":\"" le "\"},\"values\":[[1764595680,\"10\"],[1764596280,\"" n "\"]]}"
	assert_int_equal(step_of(a, m, RELEASE, CREATED + 100000,
			     MATRIX(BUCKET("0.05", "410") "," BUCKET("0.1", "510") "," BUCKET("0.5", "1000") "," BUCKET(
				 "1", "1009") "," BUCKET("+Inf", "1010")),
			     &r),
	    MEASURED_RUNNING);
	assert_string_equal(string_map_get(&r.metadata, "bounds"), "0.1,0.5");
	assert_int_equal(step_of(a, m, RELEASE, CREATED + 100000, MATRIX(""), &r), MEASURED_RUNNING);
	assert_non_null(strstr(string_map_get(&r.metadata, "waits"), "for a bucket"));
	assert_int_equal(step_of(a, m, RELEASE, CREATED + 3700000, MATRIX(""), &r), MEASURED_VALUE);
	assert_int_equal(r.phase, RUN_INCONCLUSIVE);
}

static const char *
bounds_of(struct arena *a, size_t most, size_t n, const char *const *le, const double *requests)
{
	struct series_buckets *b = arena_alloc(a, sizeof(*b));

	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < n; i++) {
		double *row = NULL;

		assert_null(series_read_bucket(b, a, arena_printf(a, "{\"le\":\"%s\"}", le[i]), &row));
		row[0] = 5;
		row[SERIES_HISTORY_COLUMNS - 1] = 5 + requests[i];
	}
	return series_choose_bounds(a, b, most);
}

static void
bounds_are_numbers_that_pods_may_write_differently(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const le[] = { "+Inf", "10.0", "1.0", "2", "1", "0.5", "2.0", "+Inf" };
	static const double requests[] = { 400, 399, 300, 580, 560, 700, 390, 600 };

	(void)state;
	assert_string_equal(bounds_of(a, 16, ARRAY_SIZE(le), le, requests), "0.5,1.0,2");
	assert_string_equal(bounds_of(a, 2, ARRAY_SIZE(le), le, requests), "0.5,2");
	assert_string_equal(bounds_of(a, 1, ARRAY_SIZE(le), le, requests), "1.0");
	assert_string_equal(bounds_of(a, 16, 0, le, requests), "");
	assert_string_equal(bounds_of(a, 16, 2, le + 2, requests), "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comparison_without_numbers_has_defaults),
		cmocka_unit_test(invalid_configurations_are_errors_with_their_path),
		cmocka_unit_test(one_query_has_all_counters_of_both_versions),
		cmocka_unit_test(versions_with_the_same_names_of_pods_are_an_error),
		cmocka_unit_test(pods_of_long_names_are_found_by_what_is_left_of_it),
		cmocka_unit_test(a_run_without_a_rollout_needs_matchers),
		cmocka_unit_test(a_measurement_is_stored_before_its_first_query),
		cmocka_unit_test(a_query_is_about_all_the_time_since_the_update_began),
		cmocka_unit_test(an_old_update_of_many_pods_is_compared_from_the_last_hours_on),
		cmocka_unit_test(pods_that_are_too_many_for_the_time_to_wait_are_an_error),
		cmocka_unit_test(without_requests_a_measurement_waits_and_then_is_inconclusive),
		cmocka_unit_test(until_the_end_only_evidence_against_the_canary_ends_a_comparison),
		cmocka_unit_test(a_comparison_until_the_end_holds_the_promotion_on_request_only),
		cmocka_unit_test(parts_of_the_counters_are_judged_like_the_whole),
		cmocka_unit_test(a_bad_canary_fails_with_a_message_and_numbers),
		cmocka_unit_test(hostile_responses_are_errors),
		cmocka_unit_test(a_release_of_one_version_succeeds),
		cmocka_unit_test(bounds_are_numbers_that_pods_may_write_differently),
		cmocka_unit_test(buckets_are_chosen_before_the_update_and_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
