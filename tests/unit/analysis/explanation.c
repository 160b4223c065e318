/* tests/unit/analysis/explanation.c: AnalysisRuns in words, and distances from the limits of conditions. */
#include "analysis/explanation.h"
#include <math.h>
#include <string.h>
#include "analysis/condition/condition.h"
#include "kube/api/yaml.h"
#include "tests/unit/unit.h"

static void
the_deciding_comparison_is_found(void **state)
{
	static const struct {
		const char *condition;
		double result;
		const char *op; /* NULL: the condition has no limit */
		double limit;
		bool holds;
	} cases[] = {
		{ "result[0] < 0.05", 0.04, "<", 0.05, true },
		{ "result[0] < 0.05", 0.05, "<", 0.05, false },
		{ "0.05 >= result[0]", 0.06, "<=", 0.05, false },
		{ "result[0] > -1", 0, ">", -1, true },
		{ "result[0] >= 1 && result[0] < 9", 10, "<", 9, false },
		{ "result[0] >= 1 && result[0] < 9", 8, "<", 9, true },
		{ "result[0] < 1 || result[0] > 9", 10, ">", 9, true },
		{ "result[0] < 1 || result[0] > 9", 7, ">", 9, false },
		{ "isNaN(result[0]) || result[0] < 1", 2, "<", 1, false },
		{ "result[0] == 3", 3, "==", 3, true },
		{ "result[0] != 3", 3, "!=", 3, false },
		{ "all(result, # < 1)", 2, "<", 1, false },
		{ "any(result, # < 1)", 2, "<", 1, false },
		{ "all(result, # * 2 < 1)", 2, NULL, 0, false },
		{ "len(result) > 0 && all(result, # < 1)", 2, "<", 1, false },
		{ "len(result) > 0 && all(result, # < 9)", 2, "<", 9, true },
		{ "len(result) > 1 && result[0] < 9", 2, NULL, 0, false },
		{ "!isNaN(result[0]) && result[0] < 9", 2, "<", 9, true },
		{ "result[0] < 9 && isNaN(result[0])", 2, NULL, 0, false },
		{ "len(result) == 0 || result[0] < 1", 2, "<", 1, false },
		{ "result[1] < 1", 2, NULL, 0, false },
		{ "let a = result[0]; a < 1", 2, NULL, 0, false },
		{ "len(result) in 1..2", 2, NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct value result = value_from_floats(a, &cases[i].result, 1);
		struct condition_program *p;
		struct condition_limit all[CONDITION_LIMITS_MAX] = { 0 }, l;
		size_t n;

		assert_null(condition_parse(a, cases[i].condition, &p));
		n = condition_find_limits(a, p, &result, 0, all);
		l = all[0];
		if (n != (cases[i].op != NULL))
			fail_msg("%s: a comparison is %sfound", cases[i].condition, cases[i].op != NULL ? "not " : "");
		if (cases[i].op != NULL && (strcmp(l.op, cases[i].op) != 0 || l.limit != cases[i].limit ||
					       l.value != cases[i].result || l.holds != cases[i].holds))
			fail_msg("%s: got %g %s %g, %d", cases[i].condition, l.value, l.op, l.limit, l.holds);
		arena_free(a);
	}
}

static void
several_comparisons_may_decide(void **state)
{
	const double measured[] = { NAN, 0.1, 2, INFINITY, 0.4 };
	static const struct {
		const char *condition;
		size_t n;
		double values[2];
	} cases[] = {
		{ "result[1] < 0.05 && result[2] > 3", 2, { 0.1, 2 } },
		{ "result[1] < 0.05 && result[2] > 1", 1, { 0.1 } },
		{ "result[1] > 0.05 || result[2] > 1", 2, { 0.1, 2 } },
		{ "result[1] < 0.2 && result[2] > 1", 1, { 0.1 } },
		{ "all(result, # < 0.2)", 1, { 2 } },
		{ "all(result, # > 0.2)", 1, { 0.1 } },
		{ "all(result[1:3], # < 3)", 1, { 2 } },
		{ "any(result, # > 0.2)", 1, { 2 } },
		{ "any(result[1:3], # > 3)", 1, { 2 } },
		{ "all(result, # < 0.05)", 1, { 2 } },
	};
	struct arena *a = arena_new();
	struct value result = value_from_floats(a, measured, ARRAY_SIZE(measured));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct condition_limit l[CONDITION_LIMITS_MAX] = { 0 };
		struct condition_program *p;
		size_t n;

		assert_null(condition_parse(a, cases[i].condition, &p));
		n = condition_find_limits(a, p, &result, 0, l);
		if (n != cases[i].n || l[0].value != cases[i].values[0] || l[1].value != cases[i].values[1])
			fail_msg("%s: got %zu: %g, %g", cases[i].condition, n, l[0].value, l[1].value);
	}
	arena_free(a);
}

/* Returns the explanation of a run with one metric and these measurements, as YAML. */
static const char *
explanation_with(struct arena *a, const char *status)
{
	const char *yaml = arena_printf(a,
	    "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\n"
	    "metadata: {name: web-2, namespace: shop, ownerReferences: [{apiVersion: argoproj.io/v1alpha1,\n"
	    "  kind: Rollout, name: web, uid: \"1\", controller: true}],\n"
	    "  annotations: {rollout.argoproj.io/revision: \"2\"}}\n"
	    "spec:\n"
	    "  args: [{name: job, value: web}]\n"
	    "  metrics:\n"
	    "  - name: errors\n    interval: 12s\n    failureLimit: 1\n    successCondition: result[0] < 0.05\n"
	    "    provider: {prometheus: {address: \"http://p\", query: 'x{job=\"{{args.job}}\"}'}}\n"
	    "status:\n%s",
	    status);
	json_t *docs;
	const char *text = "";

	assert_null(yaml_parse(a, yaml, strlen(yaml), &docs));
	assert_null(explanation_of_run(
	    a, (struct analysis_run *)object_decode(&analysis_run_type, json_array_get(docs, 0), a), 60000, &text));
	json_decref(docs);
	return text;
}

static void
a_failed_run_is_explained(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    explanation_with(a,
		"  phase: Failed\n  startedAt: \"2026-12-01T12:00:01Z\"\n  completedAt: \"2026-12-01T12:00:25Z\"\n"
		"  metricResults:\n  - name: errors\n    phase: Failed\n    message: failed (2) > failureLimit (1)\n"
		"    count: 3\n    failed: 2\n    successful: 1\n    error: 1\n    measurements:\n"
		"    - {phase: Error, message: 'no data: the query returned no sample (x)', startedAt: "
		"\"2026-12-01T12:00:01Z\"}\n"
		"    - {phase: Failed, value: '[0.2]', startedAt: \"2026-12-01T12:00:11Z\"}\n"
		"    - {phase: Successful, value: '[0.04]', startedAt: \"2026-12-01T12:00:13Z\"}\n"
		"    - {phase: Failed, value: '[0.055]', startedAt: \"2026-12-01T12:00:25Z\"}\n"),
	    "AnalysisRun shop/web-2 of Rollout web, revision 2: Failed, 24s after its start at 2026-12-01T12:00:01Z. "
	    "Metric errors: failed (2) > failureLimit (1). It measured 0.2, 0.04, 0.055, where success is "
	    "result[0] < 0.05. The first Failed measurement was at 2026-12-01T12:00:11Z, the last one 14s later. "
	    "This aborts the update: all traffic goes back to the stable version.\n"
	    "\n"
	    "errors: Failed\n"
	    "  failed (2) > failureLimit (1)\n"
	    "  success is result[0] < 0.05\n"
	    "  1 successful, 2 failed (1 allowed), 0 inconclusive (0 allowed), 1 errors (4 in a row allowed)\n"
	    "  TIME      VALUE                    PHASE         DISTANCE\n"
	    "  12:00:01  -                        Error         no data\n"
	    "  12:00:11  [0.2]                    Failed        0.15 above 0.05 (4 times)\n"
	    "  12:00:13  [0.04]                   Successful    0.01 below 0.05\n"
	    "  12:00:25  [0.055]                  Failed        0.005 above 0.05\n"
	    "  1 measurement had no data: the query returned no sample or no number. Check its labels, and that the "
	    "metric exists before the first event that it counts.\n");
	arena_free(a);
}

/* Values of a cluster may be anything. */
static void
strange_values_are_explained(void **state)
{
	static const char *const values[] = { "[", "[1", "[x]", "{}", "[NaN]", "[-Inf]", "[]", "", "null", "[[1]]",
		"1e999", "[1e999, 2]" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct arena *a = arena_new();
		const char *text = explanation_with(a,
		    arena_printf(a,
			"  phase: Running\n  startedAt: \"1970-01-01T00:00:01Z\"\n  metricResults:\n  - name: errors\n"
			"    phase: Running\n    measurements:\n"
			"    - {phase: Failed, value: '%s', startedAt: \"1970-01-01T00:00:02Z\"}\n",
			values[i]));

		assert_non_null(strstr(text, "Running for 59s, since 1970-01-01T00:00:01Z. The verdict is open."));
		assert_non_null(strstr(text, "  00:00:02  "));
		arena_free(a);
	}
}

static void
a_template_is_explained(void **state)
{
	static const char yaml[] =
	    "metadata: {name: t}\nspec:\n  metrics:\n  - name: errors\n    interval: 1m\n"
	    "    count: 5\n    initialDelay: 30s\n    failureLimit: 3\n"
	    "    successCondition: result[0] < 0.05\n"
	    "    provider: {prometheus: {address: \"http://p\", query: x}}\n"
	    "  - name: some\n    interval: 10s\n    failureLimit: -1\n    consecutiveSuccessLimit: 3\n"
	    "    successCondition: len(result) == 0 || result[0] < 1\n"
	    "    provider: {prometheus: {address: \"http://p\", query: x}}\n";
	struct arena *a = arena_new();
	const struct analysis_template *t;
	const char *text;
	json_t *docs;

	(void)state;
	assert_null(yaml_parse(a, yaml, strlen(yaml), &docs));
	t = (const struct analysis_template *)object_decode(&analysis_template_type, json_array_get(docs, 0), a);
	assert_null(explanation_of_template(a, t, 0, &text));
	assert_string_equal(text,
	    "Template t: 2 metrics\n"
	    "\n"
	    "errors\n"
	    "  success is result[0] < 0.05\n"
	    "  measured 5 times in 4m, every 60s, for the first time after 30s\n"
	    "  fails when more than 3 measurements have failed, 3m30s after the start at the earliest\n"
	    "  a query without a sample is an error: 5 in a row end the run, 40s after the first\n"
	    "\n"
	    "some\n"
	    "  success is len(result) == 0 || result[0] < 1\n"
	    "  measured every 10s until 3 in a row are successful\n"
	    "  never fails: failureLimit is -1\n"
	    "  a query without a sample is Successful\n");
	json_decref(docs);
	arena_free(a);
}

/* Returns the explanation of a metric with these fields, without its name. */
static const char *
explanation_of_fields(struct arena *a, const char *fields)
{
	const char *yaml = arena_printf(a,
	    "metadata: {name: t}\nspec: {metrics: [{name: m, %s, successCondition: 'result[0] < 1', provider: "
	    "{prometheus: {address: \"http://p\", query: x}}}]}\n",
	    fields);
	const struct analysis_template *t;
	const char *text;
	json_t *docs;

	assert_null(yaml_parse(a, yaml, strlen(yaml), &docs));
	t = (const struct analysis_template *)object_decode(&analysis_template_type, json_array_get(docs, 0), a);
	assert_null(explanation_of_template(a, t, 0, &text));
	json_decref(docs);
	return text;
}

static void
limits_that_are_never_reached_and_long_times_are_explained(void **state)
{
	struct arena *a = arena_new();
	const char *text = explanation_of_fields(a, "interval: 10s, count: 1, failureLimit: 1");

	(void)state;
	assert_non_null(strstr(text, "  measured once\n"));
	assert_non_null(strstr(text, "  never fails: failureLimit is 1, and there are 1 measurements\n"));
	/* 2^31 times 290 years is more than fits in 64 bits */
	text = explanation_of_fields(a, "interval: 2540400h, count: 2147483647, failureLimit: 2147483646");
	assert_non_null(strstr(text, "  measured 2147483647 times in "));
	assert_non_null(strstr(text, "2147483646 measurements have failed, "));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deciding_comparison_is_found),
		cmocka_unit_test(several_comparisons_may_decide),
		cmocka_unit_test(a_failed_run_is_explained),
		cmocka_unit_test(strange_values_are_explained),
		cmocka_unit_test(a_template_is_explained),
		cmocka_unit_test(limits_that_are_never_reached_and_long_times_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
