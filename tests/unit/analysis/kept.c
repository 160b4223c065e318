/* tests/unit/analysis/kept.c: the objects that the cluster keeps of a Rollout's past releases. */
#include "tests/unit/unit.h"
#include "analysis/backtest/kept.h"
#include "base/time.h"

#define OWNED "controller: true, kind: Rollout, name: web, apiVersion: argoproj.io/v1alpha1"

/* A ReplicaSet of the owner with this UID. */
#define SET(hash, revision, created, uid)                                                                              \
	"- {metadata: {name: web-" hash ", namespace: ns, creationTimestamp: '" created "', labels: "                  \
	"{rollouts-pod-template-hash: " hash "}, annotations: {rollout.argoproj.io/revision: '" revision "'}, "        \
	"ownerReferences: [{" OWNED ", uid: " uid "}]}}\n"

/* An AnalysisRun with one metric. */
#define RUN(name, hash, created, uid, metric, status)                                                                  \
	"- {metadata: {name: " name ", namespace: ns, creationTimestamp: '" created "', labels: "                      \
	"{rollouts-pod-template-hash: " hash "}, ownerReferences: [{" OWNED ", uid: " uid "}]}, spec: {metrics: "      \
	"[{name: " metric ", provider: {prometheus: {address: 'http://p', query: q}}}]}, status: {" status "}}\n"

static const char sets[] =
    "items:\n" SET("ccc", "3", "2026-11-23T03:00:00Z", "u") SET("aaa", "1", "2026-11-23T01:00:00Z", "u")
	SET("xxx", "2", "2026-11-23T02:00:00Z", "other") SET("bbb", "2", "2026-11-23T02:00:00Z", "u")
	    SET("ddd", "many", "2026-11-23T04:00:00Z", "u") "- {metadata: {name: web-eee, namespace: ns}}\n";

static const char runs[] = "items:\n" RUN("web-ccc-3-2", "ccc", "2026-11-23T03:20:00Z", "u", "errors",
    "phase: Failed, metricResults: [{name: errors, phase: Failed}]")
    RUN("web-ccc-3", "ccc", "2026-11-23T03:01:00Z", "u", "errors",
	"phase: Successful, metricResults: [{name: other, phase: Failed}, {name: errors, phase: Successful}]")
	RUN("web-ccc-3-1", "ccc", "2026-11-23T03:00:30Z", "u", "latency", "phase: Failed")
	    RUN("web-bbb-2", "bbb", "2026-11-23T02:01:00Z", "other", "errors", "phase: Failed");

static struct kept
read_kept(struct arena *a, const char *uid)
{
	static struct metric metrics[1] = { { .name = "errors" } };
	const struct metric_set set = { .metrics = metrics, .n = 1 };
	json_t *s = yaml(a, sets), *r = yaml(a, runs);
	struct kept k = kept_read(a, s, r, uid, &set);

	json_decref(s);
	json_decref(r);
	return k;
}

static int64_t
at(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse(text, &ms));
	return ms;
}

static void
versions_of_the_rollout_are_in_the_order_of_their_revisions(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct kept k = read_kept(a, "u");

	(void)state;
	assert_int_equal(k.n_versions, 3);
	assert_string_equal(k.versions[0].hash, "aaa");
	assert_string_equal(k.versions[1].hash, "bbb");
	assert_string_equal(k.versions[2].hash, "ccc");
	assert_int_equal(k.versions[2].revision, 3);
	assert_int_equal(k.versions[2].created, at("2026-11-23T03:00:00Z"));
	assert_ptr_equal(kept_version(&k, "bbb"), &k.versions[1]);
	assert_null(kept_version(&k, "xxx"));
}

static void
the_version_before_has_the_next_lower_revision(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct kept k = read_kept(a, "u");

	(void)state;
	assert_ptr_equal(kept_before(&k, &k.versions[2]), &k.versions[1]);
	assert_ptr_equal(kept_before(&k, &k.versions[1]), &k.versions[0]);
	assert_null(kept_before(&k, &k.versions[0]));
}

static void
a_run_is_the_first_one_of_its_version_with_the_metrics_of_the_template(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct kept k = read_kept(a, "u");
	const struct analysis_run *run = kept_run(&k, "ccc", at("2026-11-23T03:00:00Z"), at("2026-11-23T04:00:00Z"));

	(void)state;
	assert_int_equal(k.n_runs, 2);
	assert_non_null(run);
	assert_string_equal(run->object.meta.name, "web-ccc-3");
	run = kept_run(&k, "ccc", at("2026-11-23T03:01:01Z"), at("2026-11-23T03:20:00Z"));
	assert_non_null(run);
	assert_string_equal(run->object.meta.name, "web-ccc-3-2");
	assert_null(kept_run(&k, "ccc", at("2026-11-23T03:01:01Z"), at("2026-11-23T03:19:59Z")));
	assert_null(kept_run(&k, "bbb", 0, INT64_MAX));
}

static void
the_phase_is_that_of_the_metric(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct kept k = read_kept(a, "u");

	(void)state;
	assert_int_equal(kept_phase(k.runs[0], "errors"), RUN_SUCCESSFUL);
	assert_int_equal(kept_phase(k.runs[1], "errors"), RUN_FAILED);
	assert_int_equal(kept_phase(k.runs[0], "latency"), RUN_NONE);
}

static void
without_a_uid_or_lists_nothing_is_kept(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct metric_set set = { 0 };
	struct kept k = read_kept(a, NULL);

	(void)state;
	assert_int_equal(k.n_versions + k.n_runs, 0);
	k = kept_read(a, NULL, NULL, "u", &set);
	assert_int_equal(k.n_versions + k.n_runs, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_of_the_rollout_are_in_the_order_of_their_revisions),
		cmocka_unit_test(the_version_before_has_the_next_lower_revision),
		cmocka_unit_test(a_run_is_the_first_one_of_its_version_with_the_metrics_of_the_template),
		cmocka_unit_test(the_phase_is_that_of_the_metric),
		cmocka_unit_test(without_a_uid_or_lists_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
